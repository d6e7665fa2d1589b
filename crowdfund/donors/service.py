"""Keep a museum's record of its donors and of what they said yes to."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.database import Base, hold
from crowdfund.donors.models import Consent, Donor
from crowdfund.donors.rules import ADDRESS, DonorDetails, name_key
from crowdfund.errors import NotFound
from crowdfund.tenancy import museum_of

MADE_WITH_A_RECORD = frozenset({"donor_words", "donor_standings"})


def find_or_add(session: Session, details: DonorDetails) -> Donor:
    """Find the museum's record of this donor by e-mail address, kind and name, or add one.

    A record that is found stays as it is: what is told anew is taken over once the money has come (`update_details`).
    Without an e-mail address a new record is added: two people may bear one name. Holds the address until the
    transaction ends, so that two forms at once make one donor.
    """
    return find_or_add_all(session, [(details, clock.now())])[0]


def find_or_add_all(session: Session, told: Sequence[tuple[DonorDetails, datetime]]) -> list[Donor]:
    """Find or add several donors, each as `find_or_add` does at its moment (UTC), in few rounds to the database."""
    known = _known(session, [details for details, _moment in told if details.email])
    found, added = [], []
    for details, moment in told:
        same = known[_place(details)] if details.email else []
        donor = next((one for one in same if names_of(one) == details.names), None)
        if donor is None:
            donor = Donor(created_at=moment, **details.told())
            same.append(donor)
            added.append(donor)
        found.append(donor)
    session.add_all(added)
    session.flush()  # for their ids
    return found


def find(session: Session, details: DonorDetails) -> Donor | None:
    """Find the record that `find_or_add` would find, and add none."""
    if not details.email:
        return None
    same = _known(session, [details])[_place(details)]
    return next((one for one in same if names_of(one) == details.names), None)


def _place(details: DonorDetails) -> tuple[str, str]:
    return details.email.lower(), details.kind


def _known(session: Session, told: Sequence[DonorDetails]) -> defaultdict[tuple[str, str], list[Donor]]:
    """Hold the addresses of these donors, and list who is known by each address and kind, the oldest record first."""
    known: defaultdict[tuple[str, str], list[Donor]] = defaultdict(list)
    emails = sorted({details.email.lower() for details in told})
    if emails:
        hold(session, keys_of(session, told))
        rows = select(Donor).where(Donor.email.in_(emails), Donor.erased_at.is_(None)).order_by(Donor.id)
        for donor in session.scalars(rows):
            known[donor.email or "", donor.kind].append(donor)
    return known


def keys_of(session: Session, told: Iterable[DonorDetails]) -> set[int]:
    """Give the keys under which the addresses of donors are held: who holds more besides can do it in one round."""
    return {_key(museum_of(session), details.email.lower()) for details in told if details.email}


def _key(museum: int, email: str) -> int:
    drawn = hashlib.sha256(f"donor\x1f{museum}\x1f{email}".encode()).digest()
    return int.from_bytes(drawn[:8], "big", signed=True)


def names_of(donor: Donor) -> tuple[str, str, str]:
    """Give what tells one donor of a kind from another, as `DonorDetails.names` does."""
    return (name_key(donor.first_name), name_key(donor.last_name), name_key(donor.company_name))


def update_details(session: Session, donor: Donor, details: DonorDetails) -> None:
    """Take over what was told anew, and write it."""
    take_over(donor, details)
    session.flush()


def take_over(donor: Donor, details: DonorDetails) -> None:
    """Take over what was told anew. An address is taken as a whole; what was not told stays as it was."""
    told = details.told()
    if any(told.get(name) for name in ADDRESS if name != "country"):
        told = dict.fromkeys(ADDRESS) | told  # type: ignore[assignment] # a part not told is emptied with the rest
    else:
        told = {name: value for name, value in told.items() if name not in ADDRESS}
    for name, value in told.items():
        setattr(donor, name, value)


def correct_details(session: Session, donor: Donor, details: DonorDetails) -> None:
    """Write what was typed in place of what was, emptied parts too; what is not asked at the desk stays."""
    for name in (*ADDRESS, "kind", "first_name", "last_name", "company_name", "email", "tax_number", "locale"):
        setattr(donor, name, getattr(details, name) or None)
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


def known_donor(session: Session, donor_id: int) -> Donor:
    """Find a donor of whom something may still be written: one who was not erased, as it is now. Raises NotFound.

    Whoever writes of a pledge's donor locks the pledge first: an erasure that is under way is waited for.
    """
    found = select(Donor).where(Donor.id == donor_id, Donor.erased_at.is_(None))
    donor = session.scalars(found.execution_options(populate_existing=True)).one_or_none()
    if donor is None:
        raise NotFound
    return donor


def donors_of(session: Session, donor_ids: Collection[int]) -> dict[int, Donor]:
    """Find several donors of the museum, by id."""
    if not donor_ids:
        return {}
    return {donor.id: donor for donor in session.scalars(select(Donor).where(Donor.id.in_(donor_ids)))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A donor has said yes to `kind` (rules.ConsentKind) at a moment (UTC): the words shown, their language, where."""

    donor_id: int
    kind: str
    wording: str
    locale: str
    source: str
    at: datetime


def record_consent(session: Session, donor_id: int, kind: str, *, wording: str, locale: str, source: str) -> Consent:
    """Keep the proof of a consent: the words shown, their language, where and when. One in force is not doubled."""
    said = Said(donor_id=donor_id, kind=kind, wording=wording, locale=locale, source=source, at=clock.now())
    return record_consents(session, [said])[0]


def record_consents(session: Session, said: Sequence[Said]) -> list[Consent]:
    """Keep the proof of several consents, each as `record_consent` does at its moment."""
    if not said:
        return []
    in_force = select(Consent).where(
        Consent.donor_id.in_({one.donor_id for one in said}), Consent.withdrawn_at.is_(None)
    )
    given = {(consent.donor_id, consent.kind): consent for consent in session.scalars(in_force)}
    for one in said:
        if (one.donor_id, one.kind) not in given:
            given[one.donor_id, one.kind] = consent = Consent(
                donor_id=one.donor_id, kind=one.kind, wording=one.wording, locale=one.locale, source=one.source,
                given_at=one.at,
            )  # fmt: skip
            session.add(consent)
    session.flush()  # so that a second call finds them
    return [given[one.donor_id, one.kind] for one in said]


def drop_unused(session: Session, donor_id: int) -> bool:
    """Delete a record that nothing hangs on: no money, no word, no file. Gives whether it went. Holds the record."""
    held = select(Donor).where(Donor.id == donor_id).with_for_update()
    donor = session.scalars(held.execution_options(populate_existing=True)).one_or_none()
    if donor is None or donor.merged_into_id is not None or donor.erased_at is not None:
        return False
    session.flush()  # what was taken away in this transaction hangs on it no more
    if session.scalar(select(or_(*_hanging_on(donor.id)))):
        return False
    session.delete(donor)
    session.flush()
    return True


def _hanging_on(donor_id: int) -> Iterator[ColumnElement[bool]]:
    """Ask of every table that points at donors whether it names this one, but for those that are made with a record."""
    for table in Base.metadata.sorted_tables:
        if table.name in MADE_WITH_A_RECORD:
            continue
        for constraint in table.foreign_key_constraints:
            if constraint.referred_table.name == "donors":
                columns = [table.c[name] for name in constraint.column_keys if name != "institution_id"]
                yield from (select(column).where(column == donor_id).exists() for column in columns)


def withdraw_consent(session: Session, donor_id: int, kind: str) -> None:
    """End a consent; its proof stays."""
    for given in session.scalars(
        select(Consent).where(Consent.donor_id == donor_id, Consent.kind == kind, Consent.withdrawn_at.is_(None))
    ):
        given.withdrawn_at = clock.now()
