"""The museum's pictures at the desk, and on the pages that show them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from crowdfund.campaigns import illustration
from crowdfund.campaigns.models import Artwork, Campaign
from crowdfund.campaigns.view import picture_at, reference
from crowdfund.institutions.rules import Role
from crowdfund.pages import views
from crowdfund.pictures.models import Picture
from crowdfund.pictures.rules import LARGEST_FILE, REASONS
from crowdfund.tenancy import transaction
from tests.desk import enter, form_token, make_colleague
from tests.factories import make_campaign, make_institution, make_picture, make_reward, scope
from tests.pictures import hostile

# of a body that is refused, the part that had come already is left to the collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@dataclass
class Studio:
    """A museum with its curator at the desk."""

    id: int
    client: FlaskClient
    token: str

    def send(self, content: bytes | None, path: str = "/pictures", **form: str) -> Any:
        data: dict[str, Any] = {"csrf_token": self.token, "alt_fr": "Une hirondelle"} | form
        if content is not None:
            data["file"] = (io.BytesIO(content), "../../photo.php")
        return self.client.post(f"/staff/studio{path}", data=data, content_type="multipart/form-data")

    def kept(self) -> list[Picture]:
        with transaction(scope(self.id)) as session:
            return list(session.scalars(select(Picture)))


@pytest.fixture
def studio(app: Flask) -> Studio:
    views._cache.__init__()  # type: ignore[misc] # empties it, as a new process begins
    museum = make_institution(slug="studio", name="Studio")
    client = enter(app, make_colleague(museum, Role.CURATOR, "curator@example.org"))
    return Studio(museum, client, form_token(client, "/account/"))


def test_without_pictures_the_page_says_what_to_do(studio: Studio) -> None:
    page = studio.client.get("/staff/studio/pictures")
    assert page.status_code == 200
    assert "No picture yet" in page.text


def test_a_picture_is_sent_described_and_given_out_for_ever(studio: Studio, client: FlaskClient) -> None:
    asking = "/staff/studio/campaigns/7/edit/picture"
    answer = studio.send(hostile.with_place(), credit="Photo: J. Rey", focus_x="20", focus_y="80", back=asking)
    assert answer.status_code == 303
    assert answer.location.startswith(f"{asking}?kept=")
    [kept] = studio.kept()
    assert (kept.alt, kept.credit, kept.focus_x, kept.focus_y) == ({"fr": "Une hirondelle"}, "Photo: J. Rey", 20, 80)
    listed = studio.client.get("/staff/studio/pictures").text
    assert "Not described in Italian, English" in listed
    assert "focus-x2 focus-y8" in listed
    assert f"/pictures/{kept.digest}/480.avif 480w" in listed
    for kind, mime in (("avif", "image/avif"), ("webp", "image/webp"), ("jpg", "image/jpeg")):
        file = client.get(f"/pictures/{kept.digest}/480.{kind}")
        assert (file.status_code, file.mimetype) == (200, mime)
        assert file.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert file.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "Set-Cookie" not in file.headers
        assert hostile.PLACE not in file.data


@pytest.mark.parametrize(
    "path",
    [
        f"{'0' * 64}/480.avif",
        f"{'0' * 64}/480.exe",
        "..%2f..%2fetc/480.jpg",
        f"{'0' * 64}/999999.jpg",
        f"{'G' * 64}/480.jpg",
    ],
)
def test_a_file_that_is_none_is_not_there(client: FlaskClient, studio: Studio, path: str) -> None:
    answer = client.get(f"/pictures/{path}")
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("content", "form", "field", "said"),
    [
        (None, {}, "file", REASONS["nothing"]),
        (hostile.drawing(), {}, "file", REASONS["kind"]),
        (hostile.bomb(), {}, "file", REASONS["pixels"]),
        (hostile.photo(640, 480), {"alt_fr": ""}, "alt_fr", "Say what the picture shows"),
        (hostile.photo(640, 480), {"focus_x": "101"}, "focus_x", "from 0 to 100"),
        (hostile.photo(640, 480), {"focus_y": "½"}, "focus_y", "from 0 to 100"),
        (hostile.photo(640, 480), {"credit": "x" * 201}, "credit", "too long"),
        (bytes(LARGEST_FILE + 1), {}, "file", "larger than 10 MB"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_the_words_stay(
    studio: Studio, content: bytes | None, form: dict[str, str], field: str, said: str
) -> None:
    answer = studio.send(content, alt_it="Una rondine", **form)
    assert answer.status_code == 422
    assert f'id="e-{field}"' in answer.text
    assert said in answer.text
    assert "Una rondine" in answer.text
    assert studio.kept() == []


def test_only_this_address_takes_a_large_body(studio: Studio) -> None:
    large = hostile.photo(640, 480) + bytes(2 * 1024 * 1024)
    assert studio.send(large).status_code == 303
    assert studio.send(large, f"/pictures/{studio.kept()[0].id}").status_code == 413
    assert studio.send(bytes(LARGEST_FILE + 300 * 1024)).status_code == 413


def test_the_same_picture_twice_is_one(studio: Studio) -> None:
    for _time in range(2):
        assert studio.send(hostile.photo(640, 480)).status_code == 303
    assert len(studio.kept()) == 1


def test_new_words_follow_where_the_picture_hangs(studio: Studio, client: FlaskClient) -> None:
    with transaction(scope(studio.id)) as session:
        kept, campaign = make_picture(session), make_campaign(session, slug="hung")
        illustration.hang(session.get_one(Artwork, (studio.id, campaign.artwork_id)), kept)
        make_reward(session, campaign, image=illustration.reference_of(kept))
        before = campaign.version
    page = client.get("/fr/studio/hung/").text
    assert f'<source type="image/avif" srcset="/pictures/{kept.digest}/480.avif 480w, ' in page
    assert f'src="/pictures/{kept.digest}/960.jpg"' in page
    assert 'alt="Picture (fr)"' in page
    assert f"/pictures/{kept.digest}/960.jpg" in client.get("/fr/studio/hung/give").text
    assert studio.client.get(f"/staff/studio/pictures/{kept.id}").status_code == 200
    assert studio.send(None, f"/pictures/{kept.id}", alt_fr="Autre chose").status_code == 303
    with transaction(scope(studio.id)) as session:
        campaign = session.scalars(select(Campaign)).one()
        assert session.get_one(Artwork, (studio.id, campaign.artwork_id)).image_alt == {"fr": "Autre chose"}
        assert campaign.version > before


def test_a_picture_without_words_is_refused_and_another_museums_is_not_there(studio: Studio) -> None:
    other = make_institution()
    with transaction(scope(studio.id)) as session:
        own = make_picture(session)
    with transaction(scope(other)) as session:
        foreign = make_picture(session)
    assert studio.send(None, f"/pictures/{own.id}", alt_fr="").status_code == 422
    for path in (f"/pictures/{foreign.id}", "/pictures/999999999"):
        assert studio.send(None, path).status_code == 404
        assert studio.client.get(f"/staff/studio{path}").status_code == 404


def test_who_does_not_edit_sends_no_pictures(app: Flask, studio: Studio) -> None:
    client = enter(app, make_colleague(studio.id, Role.DESK, "desk@example.org"))
    assert client.get("/staff/studio/pictures").status_code == 403
    token = form_token(client, "/account/")
    assert client.post("/staff/studio/pictures", data={"csrf_token": token}).status_code == 403


def test_a_drawing_keeps_its_own_way_and_an_upload_has_several_sizes() -> None:
    assert picture_at("viole.svg", 10, 20).hanging == "standing"
    assert picture_at("viole.svg", 10, 20).avif == ""
    small = picture_at(reference("a" * 64, 500, 700), None, None, "x")
    assert (small.src, small.width, small.tall) == (f"/pictures/{'a' * 64}/500.jpg", 500, True)
    assert small.webp == f"/pictures/{'a' * 64}/480.webp 480w, /pictures/{'a' * 64}/500.webp 500w"
