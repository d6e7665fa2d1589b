"""Keep the papers behind a campaign: invoice, expert's report, act of the council. A file never changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flask import current_app
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from crowdfund import audit
from crowdfund.campaigns.models import Campaign, CampaignDocument
from crowdfund.campaigns.rules import DOCUMENT_TRANSITIONS, CampaignState, DocumentState, check_document
from crowdfund.campaigns.service import campaign_of, touch
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.i18n import N_
from crowdfund.institutions.models import Institution
from crowdfund.storage import Storage
from crowdfund.tenancy import museum_of

NO_TITLE = N_("Give the document a title in at least one language.")
NOT_NOW = N_("This document was withdrawn: bring it back first.")


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file in the storage: its key, the hash of its bytes, its size."""

    key: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDetails:
    """What is said of a document. `kind` is of rules.DocumentKind, `title` is `{locale: text}`, `locale` the paper's own."""

    kind: str
    title: Mapping[str, str]
    locale: str
    dated_on: date
    position: int = 0


def keep_file(institution_id: int, content: bytes) -> KeptFile:
    """Put a PDF into the storage, before the transaction that names it; the same bytes twice are one file.

    Raises Refusal (field "file") for what is no PDF or too large.
    """
    check_document(content)
    sha256 = hashlib.sha256(content).hexdigest()
    key = f"documents/{institution_id}/{sha256}.pdf"
    _storage().write(key, content)
    return KeptFile(key, sha256, len(content))


def add_document(session: Session, campaign_id: int, details: DocumentDetails, file: KeptFile) -> CampaignDocument:
    """File a document with a campaign, for the museum's own eyes until it is published. Raises NotFound, Refusal."""
    campaign = campaign_of(session, campaign_id)
    document = CampaignDocument(
        campaign_id=campaign.id,
        state=DocumentState.INTERNAL,
        storage_key=file.key,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
    )
    _describe(document, details)
    session.add(document)
    session.flush()  # for its id
    audit.record(session, "document.added", f"campaign:{campaign.id}", document=document.id, sha256=file.sha256)
    return document


def describe_document(session: Session, document_id: int, details: DocumentDetails) -> CampaignDocument:
    """Say other words of a document: the file stays. Raises NotFound, Refusal."""
    document = document_of(session, document_id)
    _describe(document, details)
    touch(session, document.campaign_id)
    return document


def move_document(session: Session, document_id: int, state: DocumentState) -> CampaignDocument:
    """Publish a document, take it back from the public, withdraw it, or bring it back to the museum's eyes. Twice is once.

    Raises NotFound, and Conflict for publishing one that was withdrawn.
    """
    document = document_of(session, document_id)
    if document.state == state:
        return document
    if state not in DOCUMENT_TRANSITIONS[DocumentState(document.state)]:
        raise Conflict(NOT_NOW)
    document.state = state
    touch(session, document.campaign_id)
    audit.record(session, f"document.{state}", f"campaign:{document.campaign_id}", document=document.id)
    return document


def document_of(session: Session, document_id: int) -> CampaignDocument:
    """Lock a document of the museum. Raises NotFound."""
    found = session.get(CampaignDocument, (museum_of(session), document_id), with_for_update={"key_share": True})
    if found is None:
        raise NotFound
    return found


def documents_of(session: Session, campaign_id: int) -> list[CampaignDocument]:
    """List a campaign's documents for its staff, withdrawn ones last."""
    found = select(CampaignDocument).where(CampaignDocument.campaign_id == campaign_id)
    withdrawn = CampaignDocument.state == DocumentState.WITHDRAWN
    return list(session.scalars(found.order_by(withdrawn, CampaignDocument.position, CampaignDocument.id)))


def public_document(session: Session, museum: str, slug: str, document_id: int) -> CampaignDocument:
    """Find a published document by the names in its address, by the public role. Raises NotFound for all others."""
    found = session.scalars(
        select(CampaignDocument)
        .join(
            Campaign,
            and_(
                Campaign.institution_id == CampaignDocument.institution_id, Campaign.id == CampaignDocument.campaign_id
            ),
        )
        .join(Institution, Institution.id == CampaignDocument.institution_id)
        .where(
            Institution.slug == museum,
            Campaign.slug == slug,
            Campaign.state != CampaignState.DRAFT,
            CampaignDocument.id == document_id,
            CampaignDocument.state == DocumentState.PUBLIC,
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def content_of(document: CampaignDocument) -> bytes:
    """Read a document's file. Raises StorageError when it is missing."""
    return _storage().read(document.storage_key)


def _describe(document: CampaignDocument, details: DocumentDetails) -> None:
    title = {locale: text.strip() for locale, text in details.title.items() if text.strip()}
    if not title:
        raise Refusal(NO_TITLE, field="title")
    document.kind, document.title, document.locale = details.kind, title, details.locale
    document.dated_on, document.position = details.dated_on, details.position


def _storage() -> Storage:
    storage: Storage = current_app.extensions["storage"]
    return storage
