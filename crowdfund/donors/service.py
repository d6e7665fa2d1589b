"""Keep a museum's record of its donors and of what they said yes to."""

from __future__ import annotations

import hashlib

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.donors.models import Consent, Donor
from crowdfund.donors.rules import ADDRESS, DonorDetails, name_key
from crowdfund.errors import NotFound
from crowdfund.tenancy import museum_of


def find_or_add(session: Session, details: DonorDetails) -> Donor:
    """Find the museum's record of this donor by e-mail address, kind and name, or add one.

    A record that is found stays as it is: what is told anew is taken over once the money has come (`update_details`).
    Without an e-mail address a new record is added: two people may bear one name. Holds the address until the
    transaction ends, so that two forms at once make one donor.
    """
    donor = _find(session, details) if details.email else None
    if donor is None:
        donor = Donor(**details.told())
        session.add(donor)
        session.flush()  # for its id
    return donor


def _find(session: Session, details: DonorDetails) -> Donor | None:
    email = details.email.lower()
    drawn = hashlib.sha256(f"donor\x1f{museum_of(session)}\x1f{email}".encode()).digest()
    session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(drawn[:8], "big", signed=True))))
    known = session.scalars(
        select(Donor)
        .where(Donor.email == email, Donor.kind == details.kind, Donor.erased_at.is_(None))
        .order_by(Donor.id)
    )
    return next((donor for donor in known if _names(donor) == details.names), None)


def _names(donor: Donor) -> tuple[str, str, str]:
    return (name_key(donor.first_name), name_key(donor.last_name), name_key(donor.company_name))


def update_details(session: Session, donor: Donor, details: DonorDetails) -> None:
    """Take over what was told anew. An address is taken as a whole; what was not told stays as it was."""
    told = details.told()
    if any(told.get(name) for name in ADDRESS if name != "country"):
        told = dict.fromkeys(ADDRESS) | told  # type: ignore[assignment] # a part not told is emptied with the rest
    else:
        told = {name: value for name, value in told.items() if name not in ADDRESS}
    for name, value in told.items():
        setattr(donor, name, value)
    session.flush()


def news_of(donor: Donor, details: DonorDetails) -> dict[str, str] | None:
    """Give what is told, by column, when it is not all known already."""
    told = details.told()
    return told if any(getattr(donor, name) != value for name, value in told.items()) else None


def donor_of(session: Session, donor_id: int) -> Donor:
    """Find a donor of the museum. Raises NotFound."""
    donor = session.scalars(select(Donor).where(Donor.id == donor_id)).one_or_none()
    if donor is None:
        raise NotFound
    return donor


def record_consent(session: Session, donor_id: int, kind: str, *, wording: str, locale: str, source: str) -> Consent:
    """Keep the proof of a consent: the words shown, their language, where and when. One in force is not doubled."""
    given = session.scalars(
        select(Consent).where(Consent.donor_id == donor_id, Consent.kind == kind, Consent.withdrawn_at.is_(None))
    ).first()
    if given is None:
        given = Consent(
            donor_id=donor_id, kind=kind, wording=wording, locale=locale, source=source, given_at=clock.now()
        )
        session.add(given)
        session.flush()  # so that a second call finds it
    return given


def withdraw_consent(session: Session, donor_id: int, kind: str) -> None:
    """End a consent; its proof stays."""
    for given in session.scalars(
        select(Consent).where(Consent.donor_id == donor_id, Consent.kind == kind, Consent.withdrawn_at.is_(None))
    ):
        given.withdrawn_at = clock.now()
