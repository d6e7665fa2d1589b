"""Whether a gift has its receipt: the rows are read, the law is asked, doubts are named."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import extract, func, or_, select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from crowdfund.campaigns.models import Campaign
from crowdfund.donors.models import Donor
from crowdfund.gifts.chain import chain_of
from crowdfund.gifts.models import Gift, Refund
from crowdfund.gifts.rules import GiftState, Method, RefundState
from crowdfund.institutions.models import Institution, Issuer
from crowdfund.money import Money
from crowdfund.pledges.models import Pledge
from crowdfund.receipts.holds import Verdict, issuer_problem
from crowdfund.receipts.models import ReceiptGift
from crowdfund.tax import countries
from crowdfund.tax.countries import UnknownJurisdiction
from crowdfund.tax.law import Decision, GiftFacts, UnknownRegime
from crowdfund.tax.parameters import NoParameter
from crowdfund.tenancy import museum_of

IDENTITY = (
    "first_name", "last_name", "company_name", "company_number", "address_line", "postcode", "city", "country",
    "tax_number",
)  # fmt: skip
# Our means of payment as the law names them; a gift that was moved keeps the means by which it came.
LEGAL_METHODS = {
    Method.CARD: "card", Method.BANK_TRANSFER: "bank_transfer", Method.CHEQUE: "cheque", Method.CASH: "cash",
    Method.BOX: "box",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """A gift and the rows that its receipt speaks of."""

    gift: Gift
    donor: Donor | None
    campaign: Campaign
    issuer: Issuer
    institution: Institution
    refund_open: bool  # asked for and not booked yet: what will be kept is not certain


Row = TypeVar("Row", Donor, Pledge)


def read_case(session: Session, gift_id: int) -> Case:
    """Read a gift and what belongs to it. Locks the gift. Raises LookupError when there is none."""
    return read_cases(session, [gift_id])[0]


def read_cases(session: Session, gift_ids: Collection[int]) -> list[Case]:
    """Read several gifts and what belongs to them, each as `read_case` does. Locks the gifts in the order of their ids."""
    museum = museum_of(session)
    found = select(Gift).where(Gift.id.in_(gift_ids)).order_by(Gift.id).with_for_update()
    gifts = {gift.id: gift for gift in session.scalars(found.execution_options(populate_existing=True))}
    for gift_id in gift_ids:
        if gift_id not in gifts:
            raise LookupError(f"no gift {gift_id}")
    donors = _rows(session, Donor, {gift.donor_id for gift in gifts.values()})
    _rows(session, Pledge, {gift.pledge_id for gift in gifts.values()})  # what a receipt states asks for each
    unsettled = _refunds_asked_for(session, gift_ids)
    campaigns = {gift.campaign_id: session.get_one(Campaign, (museum, gift.campaign_id)) for gift in gifts.values()}
    return [
        Case(
            gift=gift,
            donor=donors.get(gift.donor_id),
            campaign=campaigns[gift.campaign_id],
            issuer=session.get_one(Issuer, (museum, campaigns[gift.campaign_id].issuer_id)),
            institution=session.get_one(Institution, museum),
            refund_open=gift.id in unsettled,
        )
        for gift in (gifts[gift_id] for gift_id in gift_ids)
    ]


def _rows(session: Session, table: type[Row], ids: Collection[int | None]) -> dict[int | None, Row]:
    """Give rows of the museum by id. The session is asked first; the database, once, for those it does not know."""
    museum = museum_of(session)
    known = {one: session.identity_map.get(identity_key(table, (museum, one))) for one in ids if one is not None}
    rows: dict[int | None, Row] = {one: row for one, row in known.items() if row is not None}
    if missing := known.keys() - rows.keys():
        rows |= {row.id: row for row in session.scalars(select(table).where(table.id.in_(missing)))}
    return rows


def _refunds_asked_for(session: Session, gift_ids: Collection[int]) -> set[int]:
    """List the gifts of which a refund was asked for that is not booked yet: what will be kept is not certain."""
    open_ = select(Refund.gift_id).where(Refund.gift_id.in_(gift_ids), Refund.state == RefundState.REQUESTED)
    return set(session.scalars(open_))


def judge(session: Session, case: Case, moment: datetime, just_now: Collection[int] = ()) -> Verdict:
    """Decide: a receipt now, none at all, or held until what is missing has come.

    `just_now` are the gifts decided a moment ago in the same batch: their receipts count, though not yet written.
    """
    if case.donor is None or case.donor.erased_at is not None:
        return Verdict("none", "no_donor")
    if case.campaign.tax_regime is None:
        return Verdict("none", "no_regime")
    unsettled = _unsettled(case)
    if unsettled is not None:
        return unsettled
    today = moment.astimezone(ZoneInfo(case.issuer.time_zone)).date()
    try:
        return _ask_law(session, case, case.donor, today, just_now)
    except (UnknownRegime, UnknownJurisdiction, NoParameter):
        return Verdict("hold", "law_unknown")


def _unsettled(case: Case) -> Verdict | None:
    gift = case.gift
    if gift.kept.minor <= 0:
        return Verdict("none", "nothing_kept")
    if is_disputed(gift):
        return Verdict("hold", "dispute")
    return Verdict("hold", "refund_pending") if case.refund_open else None


def _ask_law(session: Session, case: Case, donor: Donor, today: date, just_now: Collection[int]) -> Verdict:
    regime = countries.regime_for(case.campaign.tax_regime or "", donor.kind)
    if regime is None:
        return Verdict("none", "no_regime")
    method = legal_method(session, case.gift)
    if method is None:
        return Verdict("hold", "method")
    before = counterparts_before(session, case, just_now) if case.gift.counterpart_minor else None
    facts = _facts(case, donor, regime, method, today, before)
    if case.gift.counterpart_minor:
        facts = _with_what_it_adds_to(session, case.gift, facts)
    decision = countries.decide(facts)
    problem = issuer_problem(case.issuer, today, regime, decision.legal_articles)
    if decision.outcome == "yes":
        return Verdict("hold", problem) if problem else Verdict("yes", "", decision=decision, regime=regime)
    return _unsure(decision)


def _unsure(decision: Decision) -> Verdict:
    # Who has told nothing of themselves yet may still do so: the gift waits for it.
    if decision.outcome == "no" and decision.reason != "no_identity":
        return Verdict("none", decision.reason)
    return Verdict("hold", decision.reason, missing=decision.missing)


def _facts(case: Case, donor: Donor, regime: str, method: str, today: date, before: Money | None) -> GiftFacts:
    gift = case.gift
    return GiftFacts(
        jurisdiction=case.issuer.jurisdiction,
        issuer_kind=case.issuer.kind,
        regime=regime,
        donor_kind=donor.kind,
        amount=gift.amount,
        gift_date=gift.gift_date,
        method=method,
        identity=countries.filled_identity(case.issuer.jurisdiction, donor.kind, identity_of(donor)),
        counterpart_value=Money(gift.counterpart_minor, gift.currency),
        counterparts_this_year=before,
        refunded=gift.amount - gift.kept,
        issued_on=today,
        art_bonus_intervention=case.campaign.art_bonus_id or "",
    )


def _with_what_it_adds_to(session: Session, gift: Gift, facts: GiftFacts) -> GiftFacts:
    """Tell the law what a gift tops up, which its counterpart is earned by, too."""
    pledge = session.get(Pledge, (gift.institution_id, gift.pledge_id)) if gift.pledge_id else None
    if pledge is None or pledge.tops_up_id is None:
        return facts
    chain = chain_of(session, pledge, before=pledge.id)
    return replace(facts, added_to=chain.given, counterpart_of_those=chain.counterpart)


def identity_of(donor: Donor) -> dict[str, str]:
    """List what is known of a donor by the names that the law uses; what is not known is empty."""
    values = {name: getattr(donor, name) or "" for name in IDENTITY}
    return values | {"company_form": donor.legal_form or ""}


def legal_method(session: Session, gift: Gift) -> str | None:
    """Name the means of payment as the law does; None where it cannot be told."""
    while gift.method == Method.MOVED and gift.moved_from_id is not None:
        gift = session.get_one(Gift, (gift.institution_id, gift.moved_from_id))
    return LEGAL_METHODS.get(Method(gift.method))


def is_disputed(gift: Gift) -> bool:
    """Say whether the donor's bank holds the payment back. An inquiry, which moves no money, does not count."""
    return gift.disputed_minor > 0


def counterparts_before(session: Session, case: Case, just_now: Collection[int]) -> Money:
    """Add up the counterparts that this issuer handed to this donor in the gift's year, before this gift.

    Before means: the money came earlier, or a receipt counts on it already. So the order in which receipts are issued
    changes nothing: of two gifts that pass the ceiling together, the later one is held.
    """
    gift = case.gift
    earlier = tuple_(Gift.received_at, Gift.id) < tuple_(gift.received_at, gift.id)
    receipted = select(ReceiptGift.id).where(ReceiptGift.gift_id == Gift.id, ReceiptGift.live).exists()
    total = session.scalar(
        select(func.coalesce(func.sum(Gift.counterpart_minor), 0))
        .join(Campaign, Campaign.id == Gift.campaign_id)
        .where(
            Gift.donor_id == gift.donor_id,
            Gift.id != gift.id,
            Gift.currency == gift.currency,
            Campaign.issuer_id == case.issuer.id,
            extract("year", Gift.gift_date) == gift.gift_date.year,
            Gift.state.not_in((GiftState.REFUNDED, GiftState.LOST)),
            or_(earlier, receipted, Gift.id.in_(just_now)) if just_now else or_(earlier, receipted),
        )
    )
    return Money(int(total or 0), gift.currency)


def siblings_with_counterpart(session: Session, case: Case, save: Collection[int]) -> list[int]:
    """List the live receipts that rest on a counterpart of the same donor, issuer and year, `save` those of these gifts."""
    gift = case.gift
    return list(
        session.scalars(
            select(ReceiptGift.receipt_id)
            .join(Gift, Gift.id == ReceiptGift.gift_id)
            .join(Campaign, Campaign.id == Gift.campaign_id)
            .where(
                ReceiptGift.live,
                Gift.donor_id == gift.donor_id,
                Gift.id.not_in({gift.id, *save}),
                Gift.counterpart_minor > 0,
                Campaign.issuer_id == case.issuer.id,
                extract("year", Gift.gift_date) == gift.gift_date.year,
            )
            .order_by(ReceiptGift.receipt_id)
        )
    )
