"""Change what a campaign says and promises: by anybody of the museum, at the same time, with nothing lost.

A form names the revision it was loaded at. What others changed since then and the form leaves as it was stays as they left it; where
both changed the same field, nothing is written and both are shown (`Clash`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crowdfund import audit
from crowdfund.campaigns.binding import is_binding
from crowdfund.campaigns.content import Content, put, read_content
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.pieces import check_taken, settled
from crowdfund.campaigns.preparation import Change
from crowdfund.campaigns.promises import WordState, check_change, check_editable
from crowdfund.campaigns.rules import CampaignState
from crowdfund.campaigns.service import campaign_of
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.i18n import N_

PROMISES = {"pledges", "wall_entries"}
IS_NAMED = N_("A promise names it, kept or not: it stays. Take the reward off the offer instead.")
RESTORED = "restored "  # begins the note of a change that goes back, before the number
ENDS_FIRST = N_("The campaign would open after its end.")
CHANGED_BY_BOTH = N_("%(name)s changed the same words meanwhile. Nothing was lost: compare, and keep what is right.")


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something: their account, and how they are called."""

    account_id: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Theirs:
    """What somebody else made of a field meanwhile."""

    field: str
    value: Any
    name: str
    made_at: datetime


class Clash(Conflict):
    """Two people changed the same field. `theirs` says what the other one wrote, `revision` what was compared with."""

    def __init__(self, theirs: Iterable[Theirs], revision: int) -> None:
        self.theirs = tuple(theirs)
        self.revision = revision
        super().__init__(CHANGED_BY_BOTH, {"name": self.theirs[0].name})


def edit_campaign(
    session: Session, campaign_id: int, wanted: Mapping[str, Any], *, seen: int, author: Author, note: str = ""
) -> Campaign:
    """Bring fields to the values wanted, as one change with a number. What is so already is no change.

    Raises Clash, Conflict for a campaign that is over or a field that is fixed, Refusal without a note where donors give on it.
    """
    campaign = campaign_of(session, campaign_id, lock=True)
    check_editable(campaign.state)
    return write_changes(session, campaign, compared(session, campaign, wanted, seen), author, note)


def compared(session: Session, campaign: Campaign, wanted: Mapping[str, Any], seen: int) -> Content:
    """Tell which fields would change (name → before, after) when a form that was loaded at `seen` is kept. Raises Clash."""
    now = read_content(session, campaign)
    others = _changed_since(session, campaign, seen)
    changes: Content = {}
    clashes: list[Theirs] = []
    for field, value in wanted.items():
        there = now.get(field)
        if _same(value, there):
            continue
        if field in others:
            before, theirs = others[field]
            if _same(value, before):
                continue  # the form only shows what was there when it was loaded
            clashes.append(Theirs(field, there, theirs.name, theirs.made_at))
        changes[field] = [there, value]
    if clashes:
        raise Clash(clashes, campaign.revision)
    return changes


def add_row(
    session: Session, campaign_id: int, kind: str, values: Mapping[str, Any], *, author: Author, note: str = ""
) -> int:
    """Add a row (source, stage, reward) to a campaign and give its id. Raises what `edit_campaign` raises."""
    campaign = campaign_of(session, campaign_id, lock=True)
    check_editable(campaign.state)
    if is_binding(session, campaign):
        check_change(campaign.state, {f"{kind}.0": [None, values]}, note)
    before = read_content(session, campaign)
    put(session, campaign, f"{kind}.0", values)
    session.flush()  # for its id
    now = read_content(session, campaign)
    record_rows(session, campaign, before, author, note)
    added = next(name for name in now if name.startswith(f"{kind}.") and name not in before)
    return int(added.partition(".")[2])


def restore_campaign(session: Session, campaign_id: int, number: int, *, author: Author, note: str = "") -> Campaign:
    """Bring all fields back to what they were after change `number` (0: before the first). It is a change itself.

    Raises NotFound for a number that never was, and what `edit_campaign` raises.
    """
    campaign = campaign_of(session, campaign_id, lock=True)
    if not 0 <= number <= campaign.revision:
        raise NotFound
    check_editable(campaign.state)
    wanted = {field: before for field, (before, _by) in _changed_since(session, campaign, number).items()}
    now = read_content(session, campaign)
    changes = {field: [now.get(field), value] for field, value in wanted.items() if not _same(value, now.get(field))}
    return write_changes(session, campaign, changes, author, note or f"{RESTORED}{number}")


def record_rows(session: Session, campaign: Campaign, before: Content, author: Author, note: str = "") -> Campaign:
    """Write down as one change what was added to a campaign since `before` was read."""
    now = read_content(session, campaign)
    fields = {one for one in (*before, *now) if not _same(before.get(one), now.get(one))}
    changes = {field: [before.get(field), now.get(field)] for field in sorted(fields)}
    return _recorded(session, campaign, changes, author, note) if changes else campaign


def changes_of(session: Session, campaign_id: int) -> list[Change]:
    """List a campaign's changes, the latest first."""
    found = select(Change).where(Change.campaign_id == campaign_id).order_by(Change.number.desc())
    return list(session.scalars(found))


def _changed_since(session: Session, campaign: Campaign, seen: int) -> dict[str, tuple[Any, Change]]:
    """Tell what each field was at a revision, and who changed it last since."""
    later = session.scalars(
        select(Change).where(Change.campaign_id == campaign.id, Change.number > seen).order_by(Change.number)
    )
    found: dict[str, tuple[Any, Change]] = {}
    for change in later:
        for field, (before, _after) in change.fields.items():
            found[field] = (found[field][0] if field in found else before, change)
    return found


def write_changes(session: Session, campaign: Campaign, changes: Content, author: Author, note: str) -> Campaign:
    """Write changes (name → before, after) with all that follows from them, as one with a number. The campaign is locked.

    Raises Conflict for what is fixed, adopted or named by a promise, Refusal without a note where donors give on it.
    """
    if not changes:
        return campaign
    changes = settled(read_content(session, campaign), changes)
    if is_binding(session, campaign):
        check_change(campaign.state, changes, note)
    check_taken(session, changes)
    try:
        for field in sorted(changes, key=lambda one: _turn(one, changes[one][1])):
            put(session, campaign, field, changes[field][1])
            if field == "campaign.closes_at":
                _keep_order(campaign)  # before anything is flushed: the table holds the order, too
        session.flush()
    except IntegrityError as error:
        if getattr(getattr(error.orig, "diag", None), "table_name", "") not in PROMISES:
            raise
        raise Conflict(IS_NAMED) from error
    return _recorded(session, campaign, changes, author, note)


def _turn(field: str, after: Any) -> int:
    """Order what leans on something else: a reward is there before its pieces, and goes after them."""
    kind = field.partition(".")[0]
    if kind == "piece":
        return 1 if after is None else 2
    return 3 if kind == "reward" and after is None else 0


def _keep_order(campaign: Campaign) -> None:
    """Let a campaign open before it ends. A draft's opening is a proposal and gives way; an announced one stands. Raises Refusal."""
    if campaign.opens_at < campaign.closes_at:
        return
    if campaign.state != CampaignState.DRAFT:
        raise Refusal(ENDS_FIRST, field="campaign.closes_at")
    campaign.opens_at = campaign.closes_at - timedelta(days=1)


def _recorded(session: Session, campaign: Campaign, changes: Content, author: Author, note: str) -> Campaign:
    campaign.revision += 1
    campaign.version = Campaign.version + 1
    _unapprove(campaign, changes)
    change = Change(
        campaign_id=campaign.id,
        number=campaign.revision,
        account_id=author.account_id,
        name=author.name,
        note=note,
        fields=changes,
    )
    session.add(change)
    session.flush()
    audit.record(
        session, "campaign.edited", f"campaign:{campaign.id}", revision=campaign.revision, fields=sorted(changes)
    )
    return campaign


def _unapprove(campaign: Campaign, changes: Content) -> None:
    """Take the approval back from languages whose words changed before anybody read them."""
    if campaign.state not in {"draft", "scheduled"}:
        return
    touched = {field.rpartition(".")[2] for field in changes if field.startswith(("artwork.", "campaign.", "story."))}
    campaign.word_states = {
        locale: WordState.DRAFT if locale in touched and state == WordState.APPROVED else state
        for locale, state in campaign.word_states.items()
    }


def _same(one: Any, other: Any) -> bool:
    """Compare two values; a text that is empty and one that is not there are the same."""
    return one == other or (one in {None, ""} and other in {None, ""} if _is_text(one) and _is_text(other) else False)


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)
