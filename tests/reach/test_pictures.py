"""Pictures under shared links, and the small total."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from crowdfund.campaigns import art
from crowdfund.campaigns.view import Picture
from crowdfund.i18n import LOCALES, use_locale
from crowdfund.reach import share
from crowdfund.tenancy import transaction
from tests import preview
from tests.pixels import drawings
from tests.reach.conftest import Museum, receive

HERE = "http://127.0.0.1:8000"


@pytest.mark.parametrize("lang", LOCALES)
def test_the_shared_picture_is_a_png_of_its_size(client: FlaskClient, museum: Museum, lang: str) -> None:
    answer = client.get(f"/share/{museum.path}.{lang}.png?v=0")
    image = Image.open(io.BytesIO(answer.data))
    assert (answer.mimetype, image.format, image.size) == ("image/png", "PNG", (1200, 630))
    assert len(answer.data) < 600_000  # what messengers still fetch
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert "Set-Cookie" not in answer.headers
    again = client.get(f"/share/{museum.path}.{lang}.png", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_languages_and_steps_have_pictures_of_their_own(client: FlaskClient, museum: Museum) -> None:
    def seen(lang: str = "fr") -> tuple[bytes, str]:
        page = client.get(f"/{lang}/{museum.path}/?a=1").text
        address = re.search(r'property="og:image" content="([^"]+)"', page)
        assert address is not None
        return client.get(address[1].removeprefix(HERE)).data, address[1]

    first, italian = seen(), seen("it")
    assert first[0] != italian[0]
    with transaction(museum.scope) as session:
        receive(session, museum.campaign_id, 100_000)  # 2.4 %: the step is the same
    assert seen() == first
    with transaction(museum.scope) as session:
        receive(session, museum.campaign_id, 200_000)
    later = seen()
    assert later[1] != first[1]
    assert later[0] != first[0]


@pytest.mark.parametrize("phase", ["scheduled", "live", "succeeded", "failed", "withdrawn"])
@pytest.mark.parametrize("lang", LOCALES)
def test_every_phase_can_be_drawn(app: Flask, phase: str, lang: str) -> None:
    with app.test_request_context("/fr/"), use_locale(lang):
        for title in ("Œ", "Un titre " * 20, "Unmot" * 30):
            shown = preview.appeal(phase=phase, title=title, days_left=None)
            for body in (share.shared_picture(shown, "Cimaise"), share.small_total(shown, "Cimaise")):
                assert Image.open(io.BytesIO(body)).size in {(1200, 630), (720, 220)}


@pytest.mark.parametrize("title", ["Un très long titre " * 9, "Unmot" * 30])
def test_nothing_written_leaves_the_label(title: str) -> None:
    lines, size = share.fitted(title, 492, (74, 42))
    assert len(lines) <= share.MOST_LINES
    assert lines[-1].endswith("…")
    assert all(share.measure(line, art.DISPLAY, size) <= 492 for line in lines)


def test_a_picture_is_drawn_once() -> None:
    kept, drawn = share.Kept(most=2), []

    def draw() -> bytes:
        drawn.append(1)
        return b"png"

    assert [kept.get("a", draw) for _one in range(3)] == [b"png"] * 3
    kept.get("b", draw)
    kept.get("c", draw)
    kept.get("a", draw)  # it had to go
    assert len(drawn) == 4


def test_every_work_of_the_demo_has_its_pixels() -> None:
    missing = {name for name in drawings() if not (art.READY / f"{name}.webp").is_file()}
    assert missing == set()  # `python -m tests.pixels` draws them
    assert art.pixels_of(Picture("art/../../config.py", 1, 1)) == art.READY / art.NOTHING_YET
    assert art.pixels_of(Picture("/uploads/x.webp", 1, 1)) == art.READY / art.NOTHING_YET


def test_the_small_total_is_a_picture_for_other_sites(client: FlaskClient, museum: Museum) -> None:
    answer = client.get(f"/totals/{museum.path}.it.png")
    assert Image.open(io.BytesIO(answer.data)).size == (720, 220)
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
