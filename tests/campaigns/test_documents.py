"""The papers of a campaign: what the public may download, and what it may not."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import DBAPIError

from crowdfund.campaigns import documents
from crowdfund.campaigns.models import CampaignDocument
from crowdfund.campaigns.rules import LARGEST_DOCUMENT, DocumentState, check_document
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.pages import views
from crowdfund.tenancy import transaction
from tests import factories

PAPER = b"%PDF-1.7\nan expert's report\n%%EOF\n"
SAID = documents.DocumentDetails(
    kind="report", title={"fr": "Expertise", "en": "Expert’s report"}, locale="fr", dated_on=date(2026, 3, 14)
)


@pytest.fixture(autouse=True)
def forget_pages(house: Flask) -> None:
    views._cache.__init__()  # type: ignore[misc] # empties it, as a new process begins
    house.wsgi_app.forget()  # type: ignore[attr-defined] # the gate that keeps public pages


def _filed(slug: str = "aubigneux", state: str = "live", *, public: bool = True) -> tuple[int, int]:
    museum = factories.make_institution(slug=slug)
    file = documents.keep_file(museum, PAPER)
    with transaction(factories.scope(museum)) as session:
        campaign = factories.make_campaign(session, slug="pastel", state=state)
        document = documents.add_document(session, campaign.id, SAID, file)
        if public:
            documents.move_document(session, document.id, DocumentState.PUBLIC)
        return museum, document.id


def test_a_public_document_is_listed_and_handed_out_as_a_file(app: Flask, client: FlaskClient) -> None:
    _museum, number = _filed()
    page = client.get("/en/aubigneux/pastel/").text
    assert "Expert’s report" in page
    assert "14 March 2026" in page
    assert "PDF, 1 kB" in page
    answer = client.get(f"/en/aubigneux/pastel/documents/{number}")
    assert answer.data == PAPER
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"] == f"attachment; filename=pastel-report-{number}.pdf"
    assert answer.headers["Content-Security-Policy"].endswith("sandbox")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
    again = client.get(answer.request.path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_document_in_another_language_says_so(app: Flask, client: FlaskClient) -> None:
    _filed()
    assert "Français" in client.get("/en/aubigneux/pastel/").text.split('id="documents"')[1].split("</section>")[0]
    assert "Français" not in client.get("/fr/aubigneux/pastel/").text.split('id="documents"')[1].split("</section>")[0]


def test_a_campaign_without_documents_has_no_place_for_them(app: Flask, client: FlaskClient) -> None:
    _filed(public=False)
    assert "The documents" not in client.get("/en/aubigneux/pastel/").text


@pytest.mark.parametrize("state", [DocumentState.INTERNAL, DocumentState.WITHDRAWN])
def test_what_is_not_public_is_not_there(app: Flask, client: FlaskClient, state: DocumentState) -> None:
    museum, number = _filed()
    with transaction(factories.scope(museum)) as session:
        documents.move_document(session, number, state)
    assert client.get(f"/en/aubigneux/pastel/documents/{number}").status_code == 404
    assert "Expert’s report" not in client.get("/en/aubigneux/pastel/").text


def test_a_drafts_document_and_another_museums_are_not_there(app: Flask, client: FlaskClient) -> None:
    _museum, number = _filed(state="draft")
    assert client.get(f"/en/aubigneux/pastel/documents/{number}").status_code == 404
    other = factories.make_institution(slug="elsewhere")
    with transaction(factories.scope(other)) as session:
        factories.make_campaign(session, slug="pastel")
    _filed("third")
    assert client.get(f"/en/elsewhere/pastel/documents/{number}").status_code == 404
    with transaction(factories.scope(other)) as session, pytest.raises(NotFound):
        documents.move_document(session, number, DocumentState.PUBLIC)


def test_a_withdrawn_document_comes_back_to_the_museum_first(app: Flask) -> None:
    museum, number = _filed()
    with transaction(factories.scope(museum)) as session:
        documents.move_document(session, number, DocumentState.WITHDRAWN)
        documents.move_document(session, number, DocumentState.WITHDRAWN)  # twice is once
        with pytest.raises(Conflict):
            documents.move_document(session, number, DocumentState.PUBLIC)
        documents.move_document(session, number, DocumentState.INTERNAL)
        documents.move_document(session, number, DocumentState.PUBLIC)
        assert [
            one.id for one in documents.documents_of(session, documents.document_of(session, number).campaign_id)
        ] == [number]


def test_words_may_change_and_the_file_may_not(app: Flask) -> None:
    museum, number = _filed()
    scope = factories.scope(museum)
    with transaction(scope) as session:
        told = documents.describe_document(session, number, documents.DocumentDetails(
            kind="act", title={"it": " Delibera ", "fr": ""}, locale="it", dated_on=date(2026, 4, 1)))  # fmt: skip
        assert (told.kind, told.title) == ("act", {"it": "Delibera"})
        with pytest.raises(Refusal) as refused:
            documents.describe_document(session, number, documents.DocumentDetails(
                kind="act", title={"it": " "}, locale="it", dated_on=date(2026, 4, 1)))  # fmt: skip
        assert refused.value.field == "title"
    with transaction(scope) as session:
        session.get_one(CampaignDocument, (museum, number)).sha256 = "0" * 64
        with pytest.raises(DBAPIError, match="never changes"):
            session.flush()
        session.rollback()


@pytest.mark.parametrize("content", [b"", b"GIF89a", PAPER[:-8], b"%PDF-" + b"x" * LARGEST_DOCUMENT])
def test_only_a_whole_pdf_of_a_bearable_size_is_kept(content: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        check_document(content)
    assert refused.value.field == "file"
