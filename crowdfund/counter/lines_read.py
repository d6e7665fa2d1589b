"""Read the bank's lines as the desk works on them: each with whose it may be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from crowdfund.accounts.models import Account
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.texts import said
from crowdfund.counter.view import LineList, LineRow, StatementRow, SuggestionRow
from crowdfund.desk.matching import Awaited, Promise, Suggestion
from crowdfund.desk.models import BankLine, Statement
from crowdfund.desk.rules import LineState
from crowdfund.donors.models import Donor
from crowdfund.gifts.mails import name_of
from crowdfund.institutions.current import Membership
from crowdfund.institutions.models import Member
from crowdfund.money import Money
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.references import printed, references_in
from crowdfund.pledges.rules import PledgeState

PAGE = 50
MOST_AWAITED = 5000  # promises that are looked through for slips and names; whole references are found among all


def awaited(session: Session, lines: Iterable[BankLine]) -> Awaited:
    """Gather the promises that lines may be for: all that are awaited, the newest first, and those named by a reference.

    Money may come for one that was called off: its reference tells whose it is all the same.
    """
    named = {one for line in lines for one in references_in(line.text)}
    open_ = select(Pledge.id).where(Pledge.state == PledgeState.MADE, Pledge.reference.is_not(None))
    newest = open_.order_by(Pledge.id.desc()).limit(MOST_AWAITED)
    rows = session.execute(
        select(Pledge, Donor, Campaign.issuer_id)
        .join(Donor, Donor.id == Pledge.donor_id)
        .join(Campaign, Campaign.id == Pledge.campaign_id)
        .where(or_(Pledge.id.in_(newest), Pledge.reference.in_(named)))
    )
    return Awaited(
        Promise(
            pledge.id,
            pledge.reference or "",
            pledge.amount,
            issuer_id,
            (donor.last_name or "", donor.company_name or ""),
            paid=pledge.state == PledgeState.PAID,
            called_off=pledge.state == PledgeState.CANCELLED,
        )
        for pledge, donor, issuer_id in rows
    )


def suggestions(session: Session, lines: Sequence[BankLine]) -> dict[int, list[Suggestion]]:
    """Suggest whose each line is."""
    if not lines:
        return {}
    known = awaited(session, lines)
    return {line.id: known.suggest(line.payer, line.text, line.amount, line.issuer_id) for line in lines}


def list_lines(session: Session, museum: Membership, state: LineState, after: int | None) -> LineList:
    """List the lines in one state, the oldest first while they wait, the latest first once they are dealt with."""
    waiting = state in {LineState.RECORDED, LineState.MATCHED}
    found = select(BankLine).where(BankLine.state == state)
    if after is not None:
        found = found.where(BankLine.id > after if waiting else BankLine.id < after)
    ordered = found.order_by(BankLine.id if waiting else BankLine.id.desc()).limit(PAGE + 1)
    lines = list(session.scalars(ordered))
    shown = lines[:PAGE]
    counts = {
        row[0]: int(row[1]) for row in session.execute(select(BankLine.state, func.count()).group_by(BankLine.state))
    }
    rows = line_rows(session, museum, shown, suggest=state == LineState.RECORDED)
    more = f"/staff/{museum.slug}/desk/lines?state={state}&after={shown[-1].id}" if len(lines) > PAGE else ""
    return LineList(state, rows, {str(one): counts.get(one, 0) for one in LineState}, more)


def line_rows(session: Session, museum: Membership, lines: Sequence[BankLine], *, suggest: bool) -> tuple[LineRow, ...]:
    """Show lines, with whose they are said to be, or with suggestions."""
    proposed = suggestions(session, lines) if suggest else {}
    promised = {one.promise.id for found in proposed.values() for one in found} | {line.pledge_id for line in lines}
    people = _people(session, museum, {one for one in promised if one is not None})
    donors = {
        one.id: one for one in session.scalars(select(Donor).where(Donor.id.in_({line.donor_id for line in lines})))
    }
    titles = {
        one.id: said(one.title, museum.default_locale)
        for one in session.scalars(select(Campaign).where(Campaign.id.in_({line.campaign_id for line in lines})))
    }
    names = colleagues(session)

    def row(line: BankLine) -> LineRow:
        said_ = people.get(line.pledge_id or 0)
        donor = donors.get(line.donor_id or 0)
        return LineRow(
            id=line.id,
            on=line.booked_on,
            payer=line.payer,
            text=line.text,
            amount=line.amount,
            state=line.state,
            note=line.note or "",
            suggestions=tuple(_suggestion(one, people) for one in proposed.get(line.id, ())),
            whose=name_of(donor) if donor is not None else "",
            reference=said_.reference if said_ else "",
            difference=line.amount - said_.amount if said_ and said_.amount.currency == line.currency else None,
            campaign=titles.get(line.campaign_id or 0, ""),
            matched_by=names.get(line.recorded_by or "", ""),
            matched_actor=line.recorded_by or "",
            approved_by=names.get(line.approved_by or "", ""),
            gift_id=line.gift_id,
            url=f"/staff/{museum.slug}/desk/lines/{line.id}",
        )

    return tuple(row(line) for line in lines)


class _Person:
    def __init__(self, reference: str, name: str, campaign: str, amount: Money) -> None:
        self.reference, self.name, self.campaign, self.amount = reference, name, campaign, amount


def _people(session: Session, museum: Membership, pledge_ids: set[int]) -> dict[int, _Person]:
    if not pledge_ids:
        return {}
    rows = session.execute(
        select(Pledge, Donor, Campaign)
        .join(Donor, Donor.id == Pledge.donor_id)
        .join(Campaign, Campaign.id == Pledge.campaign_id)
        .where(Pledge.id.in_(pledge_ids))
    )
    return {
        pledge.id: _Person(
            printed(pledge.reference or ""), name_of(donor), said(campaign.title, museum.default_locale), pledge.amount
        )
        for pledge, donor, campaign in rows
    }


def _suggestion(found: Suggestion, people: dict[int, _Person]) -> SuggestionRow:
    person = people[found.promise.id]
    return SuggestionRow(
        pledge_id=found.promise.id,
        reference=person.reference,
        name=person.name,
        campaign=person.campaign,
        amount=found.promise.amount,
        why=found.why,
        difference=found.difference,
        paid=found.promise.paid,
        called_off=found.promise.called_off,
        sure=found.is_sure,
    )


def colleagues(session: Session) -> dict[str, str]:
    """Name the museum's people, those who left too, by what the trail calls them."""
    rows = session.execute(select(Account.id, Account.name).join(Member, Member.account_id == Account.id))
    return {f"account:{row.id}": row.name for row in rows}


def list_statements(session: Session, museum: Membership) -> list[StatementRow]:
    """List the bank's files, the latest first."""
    names = colleagues(session)
    found = session.scalars(select(Statement).order_by(Statement.id.desc()).limit(PAGE))
    return [
        StatementRow(
            id=one.id,
            filename=one.filename,
            at=one.created_at,
            state=one.state,
            new=one.lines_new,
            known=one.lines_known,
            by=names.get(one.recorded_by, ""),
            url=f"/staff/{museum.slug}/desk/statements/{one.id}",
        )
        for one in found
    ]
