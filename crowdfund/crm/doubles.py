"""Find the records of a museum that may be one person, by an index and a page at a time; remember which are not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.crm.merging import SAME, likeness
from crowdfund.crm.models import DonorApart, DoublesCount
from crowdfund.crm.rules import Alike
from crowdfund.donors.models import Donor
from crowdfund.errors import Conflict, NotFound
from crowdfund.tenancy import museum_of, scope_of

PAGE = 20
KEYS = 60  # looked at in one round
ROUNDS = 5  # a page asks no more often than this, however many were said to be different
MOST_OF_ONE = 6  # records of one address or name that are compared with each other
MOST_COUNTED = 200
BY = ("name", "email")


@dataclass(frozen=True, slots=True)
class Double:
    """Two records that may be one person, the older first, and why."""

    one: Donor
    other: Donor
    why: Alike


@dataclass(frozen=True, slots=True)
class DoublePage:
    """Some doubles; `after` is the record behind which the next page begins, none at the end."""

    doubles: tuple[Double, ...]
    after: int | None = None


def doubles(session: Session, by: str, after: int | None = None) -> DoublePage:
    """List pairs of records with one address ("email"), or with nearly one name at one postcode ("name"); a page at a time.

    The groups come out of the index in its order, so that no more is read than a page needs. One pair of a group at a time.
    """
    column = Donor.email if by == "email" else Donor.twin_key
    key = session.scalar(select(column).where(Donor.id == after)) if after is not None else None
    found: list[Double] = []
    for _round in range(ROUNDS):
        groups = _groups(session, column, key)
        apart = _apart(session, [one.id for group in groups.values() for one in group])
        for own, group in groups.items():
            key = own  # behind which the next round begins
            pair = _pair(group, apart)
            if pair is not None:
                found.append(pair)
            if len(found) == PAGE:
                return DoublePage(tuple(found), group[0].id)
        if len(groups) < KEYS:
            return DoublePage(tuple(found))
    return DoublePage(tuple(found), group[0].id)


def _groups(session: Session, column: Any, key: str | None) -> dict[str, list[Donor]]:
    """Read the next groups of records that share a key, in the order of the index."""
    here = (column.is_not(None), Donor.merged_into_id.is_(None))
    behind = () if key is None else (column > key,)
    shared = select(column).where(*here, *behind).group_by(column).having(func.count() > 1).order_by(column).limit(KEYS)
    keys = list(session.scalars(shared))
    place = func.row_number().over(partition_by=column, order_by=Donor.id).label("place")
    ranked = select(Donor.id, column.label("key"), place).where(column.in_(keys), *here).subquery()
    rows = session.execute(
        select(Donor, ranked.c.key).join(ranked, ranked.c.id == Donor.id).where(ranked.c.place <= MOST_OF_ONE)
    ).all()
    groups: dict[str, list[Donor]] = {one: [] for one in keys}
    for donor, own in sorted(rows, key=lambda row: row[0].id):
        groups[own].append(donor)
    return groups


def _pair(group: Sequence[Donor], apart: Collection[tuple[int, int]]) -> Double | None:
    for one, other in combinations(group, 2):
        if (one.id, other.id) not in apart and (why := likeness([one], other)) is not None:
            return Double(one, other, why)
    return None


def _apart(session: Session, ids: Sequence[int]) -> set[tuple[int, int]]:
    """Tell which of these records were said to be different people: pairs, the lower number first."""
    found = select(DonorApart.lower_id, DonorApart.higher_id).where(DonorApart.lower_id.in_(ids))
    return {(row.lower_id, row.higher_id) for row in session.execute(found)}


def say_apart(session: Session, one_id: int, other_id: int) -> None:
    """Remember that two records are two people. Twice is once. Raises NotFound, Conflict for a record and itself."""
    known = set(session.scalars(select(Donor.id).where(Donor.id.in_({one_id, other_id}), Donor.erased_at.is_(None))))
    if known != {one_id, other_id}:
        raise NotFound
    if one_id == other_id:
        raise Conflict(SAME)
    lower, higher = sorted((one_id, other_id))
    values = {"lower_id": lower, "higher_id": higher, "said_by": scope_of(session).actor, "said_at": clock.now()}
    made = insert(DonorApart).values(institution_id=museum_of(session), **values).on_conflict_do_nothing()
    if session.scalar(made.returning(DonorApart.id)) is not None:
        audit.record(session, "donor.apart", f"donor:{lower}", other=higher)


def ask_again(session: Session, pair_id: int) -> None:
    """Forget that two records were said to be different. Raises NotFound."""
    pair = session.scalars(select(DonorApart).where(DonorApart.id == pair_id)).one_or_none()
    if pair is None:
        raise NotFound
    audit.record(session, "donor.apart_again", f"donor:{pair.lower_id}", other=pair.higher_id)
    session.execute(delete(DonorApart).where(DonorApart.id == pair_id))


def said_apart(session: Session, after: int | None) -> list[tuple[DonorApart, Donor, Donor]]:
    """List who was said to be different, the last first; one more than a page when there are more. Two statements."""
    asked = select(DonorApart).order_by(DonorApart.id.desc()).limit(PAGE + 1)
    pairs = session.scalars(asked if after is None else asked.where(DonorApart.id < after)).all()
    ids = {number for one in pairs for number in (one.lower_id, one.higher_id)}
    people = {one.id: one for one in session.scalars(select(Donor).where(Donor.id.in_(ids)))}
    return [(one, people[one.lower_id], people[one.higher_id]) for one in pairs]


def count_again(session: Session) -> None:
    """Count the doubles, up to `MOST_COUNTED`, for pages that cannot wait for it."""
    found = 0
    for _page in _pages(session):
        found += len(_page.doubles)
        if found >= MOST_COUNTED:
            break
    values = {"found": min(found, MOST_COUNTED), "counted_at": clock.now()}
    session.execute(
        insert(DoublesCount)
        .values(institution_id=museum_of(session), **values)
        .on_conflict_do_update(index_elements=["institution_id"], set_=values)
    )


def _pages(session: Session) -> Iterator[DoublePage]:
    for by in BY:
        after: int | None = None
        for _turn in range(MOST_COUNTED // PAGE):
            page = doubles(session, by, after)
            yield page
            if page.after is None:
                break
            after = page.after


def doubles_counted(session: Session) -> int:
    """Tell how many doubles were counted last. One statement."""
    return session.scalar(select(DoublesCount.found)) or 0


def one_less(session: Session) -> None:
    """Take the one that was just decided off the count, until it is counted again."""
    count = session.scalars(select(DoublesCount).where(DoublesCount.found > 0).with_for_update()).one_or_none()
    if count is not None:
        count.found -= 1
