"""File papers with a campaign at the desk. What the public reads of them is a change of the campaign like any other.

A paper for the museum's own eyes may come, change and go without a version: it is evidence, not what the campaign says. Once donors
give, a change of what they read asks for its reason; after the end papers still come, since the accounts are told then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund import audit
from crowdfund.campaigns import documents
from crowdfund.campaigns.content import read_content
from crowdfund.campaigns.documents import DocumentDetails, KeptFile
from crowdfund.campaigns.editing import Author, record_rows
from crowdfund.campaigns.models import Campaign, CampaignDocument
from crowdfund.campaigns.promises import NOTE_MISSING
from crowdfund.campaigns.rules import MOST_DOCUMENTS, CampaignState, DocumentState
from crowdfund.campaigns.service import campaign_of
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.i18n import N_

TOO_MANY = N_("A campaign holds 100 documents. Put several into one file.")
GONE = N_("This document was withdrawn: bring it back before you replace its file.")


def file_document(
    session: Session, campaign_id: int, details: DocumentDetails, file: KeptFile, *, public: bool, author: Author, note: str = ""
) -> CampaignDocument:  # fmt: skip
    """File a paper as the last one, for the public or for the museum alone.

    Raises NotFound, Refusal: without a title, for one too many, for a public one of an open campaign without a note.
    """
    with _noted(session, campaign_id, author, note) as campaign:
        here = select(func.count(), func.max(CampaignDocument.position)).where(
            CampaignDocument.campaign_id == campaign.id
        )
        count, last = session.execute(here).one()
        if count >= MOST_DOCUMENTS:
            raise Refusal(TOO_MANY, field="file")
        filed = documents.add_document(session, campaign.id, details, file)
        filed.position = (last or 0) + 1
        if public:
            documents.move_document(session, filed.id, DocumentState.PUBLIC)
    return filed


def describe_document(
    session: Session, campaign_id: int, document_id: int, details: DocumentDetails, *, author: Author, note: str = ""
) -> CampaignDocument:
    """Say other words of a paper. Raises NotFound, Refusal as `file_document` does."""
    with _noted(session, campaign_id, author, note) as campaign:
        position = document_in(session, campaign, document_id).position
        told = documents.describe_document(session, document_id, details)
        told.position = position
        audit.record(session, "document.described", f"campaign:{campaign.id}", document=document_id)
    return told


def move_document(
    session: Session, campaign_id: int, document_id: int, state: DocumentState, *, author: Author, note: str = ""
) -> CampaignDocument:
    """Show a paper to the public, keep it from them, withdraw it, bring it back. Raises NotFound, Conflict, Refusal."""
    with _noted(session, campaign_id, author, note) as campaign:
        document_in(session, campaign, document_id)
        return documents.move_document(session, document_id, state)


def replace_document(
    session: Session, campaign_id: int, document_id: int, file: KeptFile, *, author: Author, note: str = ""
) -> CampaignDocument:
    """Put a new file in a paper's place: under its words, to be read by whom it was read. The old one is withdrawn, and kept.

    The same file is no change. Raises NotFound, Conflict for one that was withdrawn, Refusal.
    """
    with _noted(session, campaign_id, author, note) as campaign:
        old = document_in(session, campaign, document_id)
        if old.state == DocumentState.WITHDRAWN:
            raise Conflict(GONE)
        if old.sha256 == file.sha256:
            return old
        details = DocumentDetails(
            kind=old.kind, title=old.title, locale=old.locale, dated_on=old.dated_on, position=old.position
        )
        state = DocumentState(old.state)
        new = documents.add_document(session, campaign.id, details, file)
        documents.move_document(session, old.id, DocumentState.WITHDRAWN)
        documents.move_document(session, new.id, state)
        audit.record(session, "document.replaced", f"campaign:{campaign.id}", document=old.id, by=new.id)
    return new


def document_in(session: Session, campaign: Campaign, document_id: int) -> CampaignDocument:
    """Lock a paper of this campaign. Raises NotFound, for a number that none can have too."""
    if document_id >= 2**63:
        raise NotFound
    found = documents.document_of(session, document_id)
    if found.campaign_id != campaign.id:
        raise NotFound
    return found


@contextmanager
def _noted(session: Session, campaign_id: int, author: Author, note: str) -> Iterator[Campaign]:
    """Keep in the versions what a step changes in what the public reads. Raises Refusal for an open campaign without a note."""
    campaign = campaign_of(session, campaign_id, lock=True)
    before = read_content(session, campaign)
    yield campaign
    session.flush()  # the change is read back from the rows
    if campaign.state == CampaignState.LIVE and not note and read_content(session, campaign) != before:
        raise Refusal(NOTE_MISSING, field="note")
    record_rows(session, campaign, before, author, note)
