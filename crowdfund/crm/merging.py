"""Say that two records are one person, and take it back. Nothing but a pointer changes: gifts, receipts and consents stay."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.crm.models import DonorApart, DonorMerge
from crowdfund.crm.rules import Alike, alike
from crowdfund.donors.models import Donor
from crowdfund.errors import Conflict, NotFound
from crowdfund.i18n import N_
from crowdfund.tenancy import scope_of

SAME = N_("This is the same record already.")
LATER = N_("These records were merged again since: undo the later merge first.")
UNDONE = N_("This merge has been undone already.")
MOST_CANDIDATES = 400
MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Twin:
    """A record that may be the same person as another."""

    donor: Donor
    why: Alike


def merge(session: Session, kept_id: int, merged_id: int) -> DonorMerge:
    """Let one record stand for another's person too. Holds both until the end. Raises NotFound, Conflict.

    Each record keeps what it says, its gifts, receipts and consents.
    """
    held = _hold(session, {kept_id, merged_id}, below=merged_id)
    if kept_id == merged_id:
        raise Conflict(SAME)
    if any(held[one].erased_at is not None for one in (kept_id, merged_id)):
        raise NotFound
    if any(held[one].merged_into_id is not None for one in (kept_id, merged_id)):
        raise Conflict(SAME if held[merged_id].merged_into_id == kept_id else LATER)
    # Asked again: one that came below it while its record was waited for was not seen.
    below = session.scalars(select(Donor).where(Donor.merged_into_id == merged_id).with_for_update()).all()
    moved = [held[merged_id], *sorted(below, key=lambda one: one.id)]
    for one in moved:
        one.merged_into_id = kept_id
    made = DonorMerge(
        kept_id=kept_id, merged_id=merged_id, moved=[one.id for one in moved], merged_by=scope_of(session).actor
    )
    session.add(made)
    session.flush()  # for its id
    audit.record(session, "donor.merged", f"donor:{kept_id}", merged=merged_id)
    return made


def undo(session: Session, kept_id: int, merge_id: int) -> None:
    """Take a merge back: each record stands where it stood. Raises NotFound, Conflict."""
    made = session.scalars(
        select(DonorMerge).where(DonorMerge.id == merge_id, DonorMerge.kept_id == kept_id).with_for_update()
    ).one_or_none()
    if made is None:
        raise NotFound
    if made.undone_at is not None:
        raise Conflict(UNDONE)
    held = _hold(session, {kept_id, *made.moved})
    if held[kept_id].merged_into_id is not None or any(held[one].merged_into_id != kept_id for one in made.moved):
        raise Conflict(LATER)
    for one in made.moved:
        held[one].merged_into_id = None if one == made.merged_id else made.merged_id
    made.undone_at = clock.now()
    audit.record(session, "donor.separated", f"donor:{kept_id}", merged=made.merged_id)


def part(session: Session, these: Collection[Donor], others: Collection[Donor]) -> None:
    """Let records of a person stand apart from others that were merged with them. Holds all, where there are others."""
    if not others:
        return
    held = _hold(session, {one.id for one in (*these, *others)})
    side = {one.id for one in these}
    for one in held.values():
        if one.merged_into_id is not None and (one.id in side) != (one.merged_into_id in side):
            audit.record(session, "donor.separated", f"donor:{one.merged_into_id}", merged=one.id)
            one.merged_into_id = None
    session.flush()


def merges_of(session: Session, kept_id: int) -> list[DonorMerge]:
    """List the merges that stand, the last one first: it is the first to be undone."""
    standing = select(DonorMerge).where(DonorMerge.kept_id == kept_id, DonorMerge.undone_at.is_(None))
    return list(session.scalars(standing.order_by(DonorMerge.id.desc())))


def twins_of(session: Session, records: Iterable[Donor]) -> list[Twin]:
    """Suggest records that may be the same person: the same mail; the same or nearly the same name at one postcode."""
    own = list(records)
    emails = [one.email for one in own if one.email]
    places = [one.postcode for one in own if one.postcode]
    near = or_(Donor.email.in_(emails), and_(Donor.postcode.in_(places), Donor.postcode.is_not(None)))
    standing = and_(Donor.merged_into_id.is_(None), Donor.erased_at.is_(None), Donor.id.not_in([one.id for one in own]))
    found = session.scalars(select(Donor).where(near, standing).order_by(Donor.id.desc()).limit(MOST_CANDIDATES))
    apart = _apart(session, [one.id for one in own])
    twins = [Twin(other, why) for other in found if other.id not in apart and (why := likeness(own, other)) is not None]
    return sorted(twins, key=lambda twin: list(Alike).index(twin.why))[:MOST_SHOWN]


def _apart(session: Session, ids: Collection[int]) -> set[int]:
    """Tell who was said to be another person than these records."""
    pair = select(DonorApart.lower_id, DonorApart.higher_id)
    found = session.execute(pair.where(or_(DonorApart.lower_id.in_(ids), DonorApart.higher_id.in_(ids))))
    return {number for row in found for number in row}


def likeness(own: Iterable[Donor], other: Donor) -> Alike | None:
    """Say why another record may be the person of these; None when nothing says so."""
    for one in own:
        why = alike(
            _names(one),
            _names(other),
            same_email=bool(one.email) and one.email == other.email and one.kind == other.kind,
            same_place=bool(one.postcode) and one.postcode == other.postcode,
        )
        if why is not None:
            return why
    return None


def _names(donor: Donor) -> tuple[str, str, str]:
    return (donor.first_name or "", donor.last_name or "", donor.company_name or "")


def _hold(session: Session, ids: set[int], *, below: int | None = None) -> dict[int, Donor]:
    """Hold records against gifts and other merges until the end, in order, with those `below` one. Raises NotFound."""
    asked = Donor.id.in_(ids) if below is None else or_(Donor.id.in_(ids), Donor.merged_into_id == below)
    rows = select(Donor).where(asked).order_by(Donor.id).with_for_update()
    held = {one.id: one for one in session.scalars(rows.execution_options(populate_existing=True))}
    if not ids <= set(held):
        raise NotFound
    return held
