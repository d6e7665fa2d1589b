"""Issue receipts, one or many: read, judge, number, write, or write down why there is none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund import audit, clock, links
from crowdfund.outbox import publish
from crowdfund.receipts import numbering, statement
from crowdfund.receipts.eligibility import Case, judge, read_cases, siblings_with_counterpart
from crowdfund.receipts.holds import Verdict
from crowdfund.receipts.models import Receipt, ReceiptGift, ReceiptHold
from crowdfund.receipts.rules import ReceiptState, number_text
from crowdfund.receipts.snapshot import Snapshot

LIVE = frozenset({ReceiptState.ISSUED, ReceiptState.SUSPENDED})
# Reasons that together pass the yearly ceiling: what was issued before is looked at again.
REVIEWED = frozenset({"counterparts_of_year", "ceiling_unknown"})
WITHDRAWN = "withdrawn"
# A history entered afterwards is rendered at a walk, so that new gifts do not queue behind it.
AT_ONCE = timedelta(0)
PACE = timedelta(seconds=2)
LONGEST_HISTORY = 2000


@dataclass(frozen=True, slots=True)
class Judged:
    """A locked gift, what was decided about it at a moment (UTC), and the last receipt it had."""

    case: Case
    verdict: Verdict
    moment: datetime
    before: Receipt | None = None


def issue(session: Session, gift_id: int, *, again: bool = False) -> Receipt | None:
    """Issue the receipt of a gift, if the law gives one; else write down why not. Issuing twice is once.

    One that a person has cancelled stays so until a person wants it `again`, whatever becomes of the gift.

    Locks the gift, and the series' counter until the transaction ends.
    """
    return _issue(session, {gift_id: clock.now()}, again=again)[gift_id]


def issue_all(session: Session, due: Mapping[int, datetime]) -> dict[int, Receipt | None]:
    """Issue the receipts of several gifts, each as `issue` does at its moment (UTC) and in this order.

    Locks all gifts, then all counters they need. Call it once in a transaction.
    """
    return _issue(session, due, again=False) if due else {}


def _issue(session: Session, due: Mapping[int, datetime], *, again: bool) -> dict[int, Receipt | None]:
    cases = read_cases(session, list(due))
    last = last_receipts(session, list(due))
    found: dict[int, Receipt | None] = {
        one: last[one] if one in last and last[one].state in LIVE else None for one in due
    }
    open_ = [case for case in cases if found[case.gift.id] is None and case.gift.wants_receipt]
    if not again:
        withdrawn = {
            hold.gift_id for hold in _holds(session, open_) if hold.released_at is None and hold.reason == WITHDRAWN
        }
        open_ = [case for case in open_ if case.gift.id not in withdrawn]
    judged: list[Judged] = []
    yes: defaultdict[int | None, list[int]] = defaultdict(list)  # by donor
    for case in open_:
        moment = due[case.gift.id]
        verdict = judge(session, case, moment, yes[case.gift.donor_id])
        if verdict.outcome == "yes":
            yes[case.gift.donor_id].append(case.gift.id)
        judged.append(Judged(case, verdict, moment, last.get(case.gift.id)))
    given = [one for one in judged if one.verdict.outcome == "yes"]
    for one, receipt in zip(given, write(session, given), strict=True):
        found[one.case.gift.id] = receipt
    hold(session, judged)
    return found


def last_receipts(session: Session, gift_ids: Collection[int]) -> dict[int, Receipt]:
    """Find the newest receipt of each gift that has one, in force or not."""
    # By the gifts' own lines: walking the receipts backwards takes longer with each one issued.
    lines = select(ReceiptGift.gift_id, func.max(ReceiptGift.receipt_id).label("receipt_id"))
    newest = lines.where(ReceiptGift.gift_id.in_(gift_ids)).group_by(ReceiptGift.gift_id).subquery()
    rows = select(newest.c.gift_id, Receipt).join(Receipt, Receipt.id == newest.c.receipt_id)
    return {row.gift_id: row.Receipt for row in session.execute(rows.execution_options(populate_existing=True))}


def last_receipt(session: Session, gift_id: int) -> Receipt | None:
    """Find the newest receipt of a gift, in force or not."""
    return last_receipts(session, [gift_id]).get(gift_id)


def live_receipt(session: Session, gift_id: int) -> Receipt | None:
    """Find the receipt in force of a gift, suspended ones among them: the last one, if it was not closed."""
    last = last_receipt(session, gift_id)
    return last if last is not None and last.state in LIVE else None


def hold_of(session: Session, gift_id: int) -> ReceiptHold | None:
    """Find why a gift has no receipt, while that lasts."""
    return session.scalars(select(ReceiptHold).filter_by(gift_id=gift_id, released_at=None)).one_or_none()


def _holds(session: Session, cases: Collection[Case]) -> list[ReceiptHold]:
    """Read what was written down about gifts without a receipt, as long as it lasted or lasts."""
    if not cases:
        return []
    rows = select(ReceiptHold).where(ReceiptHold.gift_id.in_([case.gift.id for case in cases]))
    return list(session.scalars(rows.execution_options(populate_existing=True)))


def write(session: Session, given: Sequence[Judged]) -> list[Receipt]:
    """Number and write the receipts of gifts that are locked and whose verdict is yes, in this order."""
    if not given:
        return []
    drafts = [statement.draft(session, one.case, one.verdict, one.moment, one.before) for one in given]
    moments = {one.case.gift.id: one.moment for one in given}
    for row in _holds(session, [one.case for one in given]):
        row.released_at = row.released_at or moments[row.gift_id]
    session.flush()  # nothing waits to be written while the counters are locked
    numbers = _numbers(session, given, drafts)
    receipts = [_receipt(*each) for each in zip(given, drafts, numbers, strict=True)]
    session.add_all(receipts)
    session.flush()  # for their ids
    for one, receipt in zip(given, receipts, strict=True):
        gift = one.case.gift
        session.add(ReceiptGift(receipt_id=receipt.id, gift_id=gift.id, amount_minor=receipt.amount_minor, live=True))
        delay = AT_ONCE if not gift.imported else PACE * (receipt.number % LONGEST_HISTORY)
        with clock.at(one.moment):
            publish(session, "receipt.issued", key=str(receipt.id), delay=delay, receipt_id=receipt.id)
    audit.record_all(session, [
        audit.Act(
            "receipt.issued", numbering.printed_number(receipt),
            {"amount_minor": receipt.amount_minor, "currency": receipt.currency}, receipt.issued_at,
        )
        for receipt in receipts
    ])  # fmt: skip
    return receipts


def _numbers(session: Session, given: Sequence[Judged], drafts: Sequence[Snapshot]) -> list[int]:
    """Take a number for each draft. Each counter is locked once, and all of them in one order."""
    places: defaultdict[tuple[int, str, int], list[int]] = defaultdict(list)
    for place, (one, draft) in enumerate(zip(given, drafts, strict=True)):
        places[one.case.issuer.id, draft.series, draft.year].append(place)
    numbers = [0] * len(drafts)
    for (issuer_id, series, year), wanted in sorted(places.items()):
        taken = numbering.next_numbers(session, issuer_id, series, year, len(wanted))
        for number, place in zip(taken, wanted, strict=True):
            numbers[place] = number
    return numbers


def _receipt(one: Judged, draft: Snapshot, number: int) -> Receipt:
    printed = number_text(draft.series, draft.year, number)
    code = numbering.code_of(one.case.gift.institution_id, printed)
    return Receipt(
        issuer_id=one.case.issuer.id, series=draft.series, year=draft.year, number=number, state=ReceiptState.ISSUED,
        donor_kind=draft.donor.kind, form=draft.form, amount_minor=draft.gift.amount_minor,
        currency=draft.gift.currency, gift_date=draft.gift.date, issued_at=one.moment, locale=draft.locale,
        snapshot=statement.numbered(draft, printed, code).to_json(), code_hash=links.digest(code),
        replaces_id=one.before.id if one.before else None,
    )  # fmt: skip


def hold(session: Session, judged: Sequence[Judged]) -> None:
    """Write down why gifts have no receipt; nothing changes where it was known, nor for those that have one."""
    held = [(place, one) for place, one in enumerate(judged) if one.verdict.outcome != "yes"]
    rows = {row.gift_id: row for row in _holds(session, [one.case for _place, one in held])}
    for place, one in held:
        gift_id, verdict = one.case.gift.id, one.verdict
        row = rows.get(gift_id)
        if row is None:
            row = ReceiptHold(gift_id=gift_id, outcome="", reason="", held_at=one.moment)
            session.add(row)
        if (row.outcome, row.reason, row.released_at) == (verdict.outcome, verdict.reason, None):
            continue
        row.outcome, row.reason, row.held_at, row.released_at = verdict.outcome, verdict.reason, one.moment, None
        later = [other.case.gift.id for other in judged[place + 1 :]]
        with clock.at(one.moment):
            _say_held(session, one, later)


def _say_held(session: Session, one: Judged, later: Collection[int]) -> None:
    """State that a gift waits, and have looked at again what rests on the same ceiling, `later` gifts of the batch aside."""
    gift_id, moment = one.case.gift.id, one.moment
    publish(session, "receipt.held", key=f"{gift_id}:{moment.isoformat()}", gift_id=gift_id, reason=one.verdict.reason)
    if one.verdict.reason in REVIEWED:
        for receipt_id in siblings_with_counterpart(session, one.case, later):
            publish(
                session,
                "receipt.to_review",
                key=f"{receipt_id}:{gift_id}:{moment.isoformat()}",
                receipt_id=receipt_id,
                gift_id=gift_id,
            )
