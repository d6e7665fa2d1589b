"""Find rewards owed or given over all campaigns, by who chose them, by what they are, and by how far they are."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.campaigns.texts import said
from crowdfund.donors.models import Donor
from crowdfund.donors.search import found_by_words
from crowdfund.fulfilment.models import Counterpart
from crowdfund.fulfilment.queries import PAGE, row_of
from crowdfund.fulfilment.rules import OWED, CounterpartState
from crowdfund.fulfilment.view import CounterpartRow
from crowdfund.pledges.models import Pledge
from crowdfund.tenancy import museum_of

STILL_OWED, ALL = "owed", "all"
STATES = {STILL_OWED: OWED, ALL: tuple(CounterpartState)} | {one.value: (one,) for one in CounterpartState}


@dataclass(frozen=True, slots=True)
class FoundReward:
    """A reward of one donor, with its title and its campaign's."""

    row: CounterpartRow
    reward_id: int
    reward: str
    campaign: str


@dataclass(frozen=True, slots=True)
class FoundRewards:
    """A page of what was found, the latest chosen first; `next_after` is empty on the last page."""

    rows: tuple[FoundReward, ...]
    query: str
    state: str
    next_after: int | None


def find_rewards(session: Session, query: str, state: str, after: int, fallback: str) -> FoundRewards:
    """Read a page of the rewards in a state, by words of the donor's name or of the reward's title where any are asked for.

    `fallback` is the language of titles that are not in the reader's. What is no state is: still owed.
    """
    state = state if state in STATES else STILL_OWED
    titles = dict(
        session.execute(select(Reward.id, Reward.title).where(Reward.institution_id == museum_of(session))).all()
    )
    which: list[ColumnElement[bool]] = [Counterpart.state.in_(STATES[state])]
    if query:
        named = [number for number, title in titles.items() if query.casefold() in said(title, fallback).casefold()]
        which.append(or_(Counterpart.donor_id.in_(found_by_words(session, query)), Counterpart.reward_id.in_(named)))
    if after:
        which.append(Counterpart.id < after)
    found = session.execute(
        select(Counterpart, Donor, Pledge, Campaign.title)
        .join(Donor, Donor.id == Counterpart.donor_id)
        .join(Pledge, Pledge.id == Counterpart.pledge_id)
        .join(Campaign, Campaign.id == Counterpart.campaign_id)
        .where(*which)
        .order_by(Counterpart.id.desc())
        .limit(PAGE + 1)
    ).all()
    rows = tuple(
        FoundReward(
            row_of(*row[:3]), row[0].reward_id, said(titles[row[0].reward_id], fallback), said(row[3], fallback)
        )
        for row in found[:PAGE]
    )
    return FoundRewards(rows, query, state, rows[-1].row.id if len(found) > PAGE else None)
