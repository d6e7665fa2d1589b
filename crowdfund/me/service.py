"""Ask for a link, use it once; give and withdraw consents."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from flask import current_app
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from config import Config
from crowdfund import audit, clock
from crowdfund.donors import service as donors
from crowdfund.donors.models import Consent, Donor
from crowdfund.errors import NotFound
from crowdfund.links import digest, token_for
from crowdfund.me.models import DonorLink
from crowdfund.me.rules import LINK_LIFE
from crowdfund.outbox import publish

Spent = Literal["used", "old", "unknown"]
NO_MUSEUM = 0  # a link opens gifts at all museums
SOURCE = "my gifts"


def ask_link(session: Session, email: str) -> DonorLink:
    """Note that somebody asks for a link. Whether the address has given is looked at later, by the worker.

    The session is of the museum whose outbox carries the fact; the fact names the link and nobody.
    """
    key = uuid4()
    link = DonorLink(key=key, token_hash=digest(link_token(key)), email=email.lower(), asked_at=clock.now())
    session.add(link)
    session.flush()  # for its id
    publish(session, "me.link_asked", key=str(link.id), link_id=link.id)
    return link


def link_token(key: UUID) -> str:
    """Give the token of a link: derived, so that the mail written later can carry it."""
    config: Config = current_app.extensions["config"]
    return token_for(config.secret_key, "me", NO_MUSEUM, str(key))


def usable(token: str, since: datetime) -> tuple[object, ...]:
    """Give the conditions under which a link still opens something."""
    return (DonorLink.token_hash == digest(token), DonorLink.used_at.is_(None), DonorLink.asked_at > since)


def opens(session: Session, token: str) -> bool:
    """Say whether a link still opens something. Looking uses nothing up: mail scanners look too."""
    found = select(DonorLink.id).where(*usable(token, clock.now() - LINK_LIFE))  # type: ignore[arg-type]
    return session.scalar(found) is not None


def use_link(session: Session, token: str) -> str:
    """Use a link and give the address it was sent to. Of two at once one wins. Raises NotFound when it is no longer good."""
    now = clock.now()
    email = session.scalar(
        update(DonorLink)
        .where(*usable(token, now - LINK_LIFE))  # type: ignore[arg-type]
        .values(used_at=now)
        .returning(DonorLink.email)
        .execution_options(synchronize_session=False)
    )
    if email is None:
        raise NotFound
    return str(email)


def spent(session: Session, token: str) -> tuple[Spent, str | None]:
    """Tell why a link opens nothing, and to whom it was sent; what is unknown or forgotten was sent to nobody we know."""
    link = session.scalars(select(DonorLink).where(DonorLink.token_hash == digest(token))).one_or_none()
    if link is None:
        return "unknown", None
    return "used" if link.used_at is not None else "old", link.email


def forget_links(session: Session, email: str) -> None:
    """Forget every link asked for by an address."""
    session.execute(delete(DonorLink).where(DonorLink.email == email).execution_options(synchronize_session=False))


def records_of(session: Session, email: str) -> list[Donor]:
    """List the museum's records of an address, the newest first: it may be shared, or give as a company too."""
    mine = select(Donor).where(Donor.email == email, Donor.erased_at.is_(None))
    return list(session.scalars(mine.order_by(Donor.id.desc())))


def consents_of(session: Session, records: list[Donor]) -> list[Consent]:
    """List what was ever consented to, the newest first."""
    of = [donor.id for donor in records]
    return list(session.scalars(select(Consent).where(Consent.donor_id.in_(of)).order_by(Consent.id.desc())))


def give_consent(session: Session, email: str, kind: str, *, wording: str, locale: str) -> None:
    """Keep a consent given on the donor's own page, with the words shown there. Given twice is once."""
    records = records_of(session, email)
    if not records:
        raise NotFound
    given = {consent.kind for consent in consents_of(session, records) if consent.withdrawn_at is None}
    if kind in given:
        return
    donors.record_consent(session, records[0].id, kind, wording=wording, locale=locale, source=SOURCE)
    _note(session, "consent.given", records[0], kind)


def withdraw_consent(session: Session, email: str, kind: str) -> None:
    """End a consent in all the museum's records of an address; the proofs stay."""
    records = records_of(session, email)
    ended = [c for c in consents_of(session, records) if c.kind == kind and c.withdrawn_at is None]
    for donor in records:
        if any(consent.donor_id == donor.id for consent in ended):
            donors.withdraw_consent(session, donor.id, kind)
            _note(session, "consent.withdrawn", donor, kind)


def _note(session: Session, fact: str, donor: Donor, kind: str) -> None:
    publish(session, fact, key=f"{donor.id}:{kind}:{clock.now().isoformat()}", donor_id=donor.id)
    audit.record(session, fact, f"donor:{donor.id}", kind=kind)
