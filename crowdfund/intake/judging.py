"""Say what becomes of each row of a file: new, known already, left out by the person's own wish, or wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund.conversation.models import Dispatch, Follower
from crowdfund.conversation.rules import FollowState, Purpose
from crowdfund.conversation.tokens import address_hash
from crowdfund.donors.models import Donor
from crowdfund.donors.rules import name_key
from crowdfund.donors.suppressed import erased_among
from crowdfund.intake.entries import Entry
from crowdfund.intake.rules import Outcome, Problem
from crowdfund.tenancy import museum_of

Key = str | tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A row and what becomes of it; `told` are its problems and notes."""

    entry: Entry
    outcome: Outcome
    told: tuple[Problem, ...] = ()


def keys_of(entry: Entry) -> tuple[Key, ...]:
    """Give what a person is told apart by: the address, and the names at a postcode."""
    return tuple(one for one in (entry.details.email, entry.place) if one)


def objecting(entries: Iterable[Entry]) -> set[Key]:
    """Gather who objects anywhere in the file: no other line of theirs brings them in."""
    return {key for entry in entries if entry.objects for key in keys_of(entry)}


def judge(session: Session, entries: Sequence[Entry], objectors: set[Key], seen: dict[Key, int]) -> list[Verdict]:
    """Judge rows against the museum's records and the lines before them, which `seen` holds and keeps. A few statements."""
    right = [entry for entry in entries if not entry.problems]
    erased = erased_among(session, {entry.details.email for entry in right if entry.details.email})
    known = _known(session, right)
    stopped = _stopped(session, {entry.details.email for entry in right if entry.consent and entry.details.email})
    found = []
    for entry in entries:
        verdict = _verdict(entry, erased, objectors, known, seen)
        if verdict.outcome == Outcome.NEW:
            seen |= dict.fromkeys(keys_of(entry), entry.line)
            if entry.consent and (not entry.details.email or entry.details.email in stopped):
                code = "stopped" if entry.details.email else "no_address"
                verdict = Verdict(
                    replace(entry, consent=None), Outcome.NEW, (*verdict.told, Problem(entry.line, "consent", code))
                )
        found.append(verdict)
    return found


def _verdict(entry: Entry, erased: set[str], objectors: set[Key], known: set[Key], seen: dict[Key, int]) -> Verdict:
    if entry.problems:
        return Verdict(entry, Outcome.WRONG, entry.problems)
    keys = keys_of(entry)
    if entry.details.email in erased:
        return Verdict(entry, Outcome.LEFT_OUT, (Problem(entry.line, "email", "erased"),))
    if not objectors.isdisjoint(keys):
        return Verdict(entry, Outcome.LEFT_OUT, (Problem(entry.line, "objection", "objects"),))
    before = next((seen[key] for key in keys if key in seen), None)
    if before is not None:
        field = "email" if entry.details.email in seen else "last_name"
        return Verdict(entry, Outcome.KNOWN, (Problem(entry.line, field, "repeated", before),))
    if not known.isdisjoint(keys):
        return Verdict(entry, Outcome.KNOWN)
    return Verdict(entry, Outcome.NEW, entry.notes)


def _known(session: Session, entries: Sequence[Entry]) -> set[Key]:
    """Find which of these people the museum knows: by address, or by names at a postcode."""
    emails = {entry.details.email for entry in entries if entry.details.email}
    here = Donor.erased_at.is_(None)
    known: set[Key] = set()
    if emails:
        known.update(session.scalars(select(Donor.email).where(Donor.email.in_(emails), here).distinct()))
    places = {entry.place: entry.details for entry in entries if entry.place}
    if places:
        keys = [func.twin_key(one.first_name, one.last_name, one.company_name, one.postcode) for one in places.values()]
        rows = session.execute(
            select(Donor.postcode, Donor.first_name, Donor.last_name, Donor.company_name)
            .where(Donor.twin_key.in_(keys), here)
            .distinct()
        )
        known.update(
            (str(postcode), tuple(sorted(filter(None, map(name_key, names))))) for postcode, *names in rows
        )  # fmt: skip
    return known


def _stopped(session: Session, emails: set[str]) -> set[str]:
    """Tell which of these addresses have stopped the museum's mails by a link of one."""
    museum = museum_of(session)
    by_hash = {address_hash(museum, email): email for email in emails}
    if not by_hash:
        return set()
    found = session.scalars(
        select(Dispatch.address_hash)
        .join(Follower, Follower.id == Dispatch.follower_id)
        .where(
            Dispatch.address_hash.in_(by_hash), Follower.state == FollowState.ENDED, Follower.purpose == Purpose.NEWS
        )
        .distinct()
    )
    return {by_hash[one] for one in found}
