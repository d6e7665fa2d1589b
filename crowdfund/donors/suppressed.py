"""Remember which addresses were erased here, by their hash alone, so that no file brings anybody back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.donors.models import ErasedAddress
from crowdfund.tenancy import museum_of


def note_erased(session: Session, email: str) -> None:
    """Note that an address was erased at this museum. Twice is once."""
    values = {"institution_id": museum_of(session), "to_hash": _hash(email), "at": clock.now()}
    session.execute(insert(ErasedAddress).values(values).on_conflict_do_nothing())


def erased_among(session: Session, emails: Iterable[str]) -> set[str]:
    """Tell which of these addresses were erased at this museum."""
    by_hash = {_hash(email): email for email in emails}
    if not by_hash:
        return set()
    found = session.scalars(select(ErasedAddress.to_hash).where(ErasedAddress.to_hash.in_(by_hash)))
    return {by_hash[one] for one in found}


def _hash(email: str) -> str:
    """Name an address as the mails that were sent name it."""
    return hashlib.sha256(email.lower().encode()).hexdigest()
