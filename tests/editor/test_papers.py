"""The papers of a campaign at the desk: filed, shown, replaced, withdrawn and brought back, and the points they settle."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from crowdfund import clock
from crowdfund.campaigns import drafts, filing
from crowdfund.campaigns.editing import Author
from crowdfund.campaigns.models import Campaign, CampaignDocument
from crowdfund.campaigns.preparation import Change
from crowdfund.campaigns.rules import LARGEST_DOCUMENT, CampaignState, DocumentState
from crowdfund.institutions.rules import Role
from crowdfund.pages import views
from crowdfund.tenancy import transaction
from tests.campaigns import papers
from tests.editor.test_campaigns import Desk
from tests.factories import make_campaign, make_document, make_institution, scope

# of a body that is refused, the part that had come already is left to the collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
SAID: dict[str, Any] = {"kind": "act", "title_fr": "Délibération 2026-114", "locale": "fr", "dated_on": "2026-02-01"}


@pytest.fixture
def desk(house: Flask, app: Flask) -> Desk:
    views._cache.__init__()  # type: ignore[misc] # empties it, as a new process begins
    house.wsgi_app.forget()  # type: ignore[attr-defined] # the gate that keeps public pages
    museum = make_institution(slug="atelier", name="Atelier", code="ATE")
    with transaction(scope(museum)) as session:
        campaign = make_campaign(session, state="draft", slug="pastel", opens_at=clock.now() + timedelta(days=9))
        return Desk(app, museum, campaign.id)


def send(desk: Desk, path: str = "documents", content: bytes | None = None, **form: Any) -> Any:
    data: dict[str, Any] = {"csrf_token": desk.token} | form
    if content is not None:
        data["file"] = (io.BytesIO(content), "../../act.php")
    return desk.client.post(desk.url(path), data=data, content_type="multipart/form-data")


def filed(desk: Desk) -> list[CampaignDocument]:
    with transaction(scope(desk.museum)) as session:
        return list(session.scalars(select(CampaignDocument).order_by(CampaignDocument.id)))


def open_it(desk: Desk) -> None:
    with transaction(scope(desk.museum)) as session:
        session.get_one(Campaign, (desk.museum, desk.campaign)).state = CampaignState.SCHEDULED
        session.flush()
        session.get_one(Campaign, (desk.museum, desk.campaign)).state = CampaignState.LIVE


def test_the_gate_leads_to_the_paper_that_settles_its_point(desk: Desk) -> None:
    assert "No document yet" in desk.get("documents")
    assert f"{desk.url('documents')}?kind=act#add" in desk.get()
    assert f"{desk.url('documents')}?kind=act#add" in desk.get("decisions")
    assert '<option value="act" selected>' in desk.get("documents?kind=act")
    assert send(desk, content=papers.paper(), **SAID).status_code == 303
    [kept] = filed(desk)
    assert (kept.kind, kept.state, kept.title) == ("act", "internal", {"fr": "Délibération 2026-114"})
    assert "?kind=act#add" not in desk.get()
    assert desk.row().revision == 0  # what is for the museum alone changes nothing that was agreed to


def test_a_paper_goes_out_to_the_museums_people_as_a_file_that_does_nothing(app: Flask, desk: Desk) -> None:
    content = papers.paper()
    send(desk, content=content, **SAID)
    [kept] = filed(desk)
    reader = Desk(app, desk.museum, desk.campaign, Role.FINANCE)  # who agrees reads it first
    assert "Délibération 2026-114" in reader.get("documents")
    answer = reader.client.get(desk.url(f"documents/{kept.id}/file"))
    assert answer.data == content
    assert answer.headers["Content-Disposition"] == f"attachment; filename=act-{kept.id}.pdf"
    assert answer.headers["Content-Security-Policy"].endswith("sandbox")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert reader.client.get(desk.url(f"documents/{kept.id}")).status_code == 403


@pytest.mark.parametrize(
    ("content", "form", "field"),
    [
        (None, {}, "file"),
        (papers.paper(papers.opening), {}, "file"),
        (b"<html>", {}, "file"),
        (bytes(LARGEST_DOCUMENT + 1), {}, "file"),
        (papers.paper(), {"kind": "rumour"}, "kind"),
        (papers.paper(), {"title_fr": "", "title_it": ""}, "title_fr"),
        (papers.paper(), {"title_fr": "x" * 201}, "title_fr"),
        (papers.paper(), {"locale": "xx"}, "locale"),
        (papers.paper(), {"dated_on": "soon"}, "dated_on"),
        (papers.paper(), {"shown": "friends"}, "shown"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_the_words_stay(
    desk: Desk, content: bytes | None, form: dict[str, str], field: str
) -> None:
    answer = send(desk, content=content, **(SAID | {"title_it": "Delibera"} | form))
    assert answer.status_code == 422
    assert f'id="e-{field}"' in answer.text
    assert form.get("title_it", "Delibera") in answer.text
    assert filed(desk) == []
    assert send(desk, content=bytes(LARGEST_DOCUMENT + 300 * 1024), **SAID).status_code == 413


def test_a_public_paper_is_a_change_that_the_versions_tell_and_take_back(desk: Desk, client: FlaskClient) -> None:
    send(desk, content=papers.paper(), shown="public", **SAID)
    [kept] = filed(desk)
    assert desk.row().revision == 1
    assert "A document for everybody: Title" in desk.get("versions")
    assert "Delibera" not in desk.get("page")
    assert send(desk, f"documents/{kept.id}", **(SAID | {"title_fr": "Un acte"})).status_code == 303
    assert "Un acte" in desk.get("page")
    assert send(desk, f"documents/{kept.id}/move", state="withdrawn").status_code == 303
    assert "Un acte" not in desk.get("page")
    assert send(desk, f"documents/{kept.id}/move", state="public").status_code == 409
    assert desk.send("versions/1/restore").status_code == 303
    [kept] = filed(desk)
    assert (kept.state, kept.title) == (DocumentState.PUBLIC, {"fr": "Délibération 2026-114"})
    assert send(desk, f"documents/{kept.id}/move", state="shredded").status_code == 422


def test_a_file_is_replaced_by_a_new_one_and_the_old_one_is_kept(desk: Desk) -> None:
    content = papers.paper()
    send(desk, content=content, shown="public", **SAID)
    [old] = filed(desk)
    kept = send(desk, f"documents/{old.id}", **SAID, title_en="Act 114")
    assert "Kept at" in desk.client.get(kept.location).text  # as every other form of the editor says it
    assert send(desk, f"documents/{old.id}/replace", papers.paper(papers.opening)).status_code == 422
    assert send(desk, f"documents/{old.id}/replace", content).status_code == 303  # the same: no change
    assert len(filed(desk)) == 1
    other = papers.paper(papers.clicked("URI", URI="https://example.org/"))
    assert send(desk, f"documents/{old.id}/replace", other).status_code == 303
    old, new = filed(desk)
    assert (old.state, new.state, new.title, new.position) == ("withdrawn", "public", old.title, old.position)
    assert old.sha256 != new.sha256
    assert send(desk, f"documents/{old.id}/replace", other).status_code == 409
    assert send(desk, f"documents/{old.id}/move", state="internal").status_code == 303  # the undo
    assert filed(desk)[0].state == "internal"


def test_an_open_campaign_asks_for_a_reason_where_the_public_reads_and_an_ended_one_takes_papers(
    desk: Desk, client: FlaskClient
) -> None:
    open_it(desk)
    assert send(desk, content=papers.paper(), **SAID).status_code == 303
    [kept] = filed(desk)
    refused = send(desk, content=papers.paper(), shown="public", **SAID)
    assert refused.status_code == 422
    assert 'id="e-note"' in refused.text
    assert send(desk, f"documents/{kept.id}/move", state="public").status_code == 422
    assert send(desk, f"documents/{kept.id}/move", state="public", note="Asked for").status_code == 303
    with transaction(scope(desk.museum)) as session:
        assert [one.note for one in session.scalars(select(Change))] == ["Asked for"]
        session.get_one(Campaign, (desk.museum, desk.campaign)).state = CampaignState.ENDED
    assert client.get(f"/fr/atelier/pastel/documents/{kept.id}").status_code == 200
    assert send(desk, content=papers.paper(), shown="public", **SAID).status_code == 303


def test_another_campaigns_paper_and_another_museums_are_not_there(desk: Desk) -> None:
    with transaction(scope(desk.museum)) as session:
        elsewhere = make_document(session, make_campaign(session)).id
    with transaction(scope(make_institution())) as session:
        foreign = make_document(session, make_campaign(session)).id
    for number in (elsewhere, foreign, 2**63):
        for path in (f"documents/{number}", f"documents/{number}/file"):
            assert desk.client.get(desk.url(path)).status_code == 404
        for path in ("", "/move", "/replace"):
            answer = send(desk, f"documents/{number}{path}", papers.paper(), state="public", **SAID)
            assert answer.status_code == 404


def test_a_copy_has_no_papers_and_a_campaign_holds_a_hundred(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    send(desk, content=papers.paper(), shown="public", **SAID)
    with transaction(scope(desk.museum)) as session:
        copied = drafts.copy_campaign(session, desk.campaign, "Encore", author=Author(None, "Léa"))
        assert session.scalars(select(CampaignDocument).where(CampaignDocument.campaign_id == copied.id)).all() == []
    monkeypatch.setattr(filing, "MOST_DOCUMENTS", 1)
    refused = send(desk, content=papers.paper(), **SAID)
    assert refused.status_code == 422
    assert 'id="e-file"' in refused.text
