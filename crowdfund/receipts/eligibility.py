"""Whether a gift has its receipt: the rows are read, the law is asked, doubts are named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import extract, func, or_, select, tuple_
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Campaign
from crowdfund.donors.models import Donor
from crowdfund.gifts.models import Gift, Refund
from crowdfund.gifts.rules import GiftState, Method, RefundState
from crowdfund.institutions.models import Institution, Issuer
from crowdfund.money import Money
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


def read_case(session: Session, gift_id: int) -> Case:
    """Read a gift and what belongs to it. Locks the gift. Raises LookupError when there is none."""
    museum = museum_of(session)
    gift = session.get(Gift, (museum, gift_id), with_for_update=True, populate_existing=True)
    if gift is None:
        raise LookupError(f"no gift {gift_id}")
    campaign = session.get_one(Campaign, (museum, gift.campaign_id))
    return Case(
        gift=gift,
        donor=session.get(Donor, (museum, gift.donor_id)) if gift.donor_id else None,
        campaign=campaign,
        issuer=session.get_one(Issuer, (museum, campaign.issuer_id)),
        institution=session.get_one(Institution, museum),
    )


def judge(session: Session, case: Case, moment: datetime) -> Verdict:
    """Decide: a receipt now, none at all, or held until what is missing has come."""
    if case.donor is None or case.donor.erased_at is not None:
        return Verdict("none", "no_donor")
    if case.campaign.tax_regime is None:
        return Verdict("none", "no_regime")
    unsettled = _unsettled(session, case.gift)
    if unsettled is not None:
        return unsettled
    today = moment.astimezone(ZoneInfo(case.issuer.time_zone)).date()
    try:
        return _ask_law(session, case, case.donor, case.campaign.tax_regime, today)
    except (UnknownRegime, UnknownJurisdiction, NoParameter):
        return Verdict("hold", "law_unknown")


def _unsettled(session: Session, gift: Gift) -> Verdict | None:
    if gift.kept.minor <= 0:
        return Verdict("none", "nothing_kept")
    if is_disputed(gift):
        return Verdict("hold", "dispute")
    return Verdict("hold", "refund_pending") if is_refund_open(session, gift) else None


def _ask_law(session: Session, case: Case, donor: Donor, campaign_regime: str, today: date) -> Verdict:
    regime = countries.regime_for(campaign_regime, donor.kind)
    if regime is None:
        return Verdict("none", "no_regime")
    method = legal_method(session, case.gift)
    if method is None:
        return Verdict("hold", "method")
    decision = countries.decide(_facts(session, case, donor, regime, method, today))
    problem = issuer_problem(case.issuer, today, regime, decision.legal_articles)
    if decision.outcome == "yes":
        return Verdict("hold", problem) if problem else Verdict("yes", "", decision=decision, regime=regime)
    return _unsure(decision)


def _unsure(decision: Decision) -> Verdict:
    # Who has told nothing of themselves yet may still do so: the gift waits for it.
    if decision.outcome == "no" and decision.reason != "no_identity":
        return Verdict("none", decision.reason)
    return Verdict("hold", decision.reason, missing=decision.missing)


def _facts(session: Session, case: Case, donor: Donor, regime: str, method: str, today: date) -> GiftFacts:
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
        counterparts_this_year=counterparts_before(session, case) if gift.counterpart_minor else None,
        refunded=gift.amount - gift.kept,
        issued_on=today,
        art_bonus_intervention=case.campaign.art_bonus_id or "",
    )


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


def is_refund_open(session: Session, gift: Gift) -> bool:
    """Say whether a refund was asked for that is not booked yet: what will be kept is not certain."""
    found = select(Refund.id).where(Refund.gift_id == gift.id, Refund.state == RefundState.REQUESTED).limit(1)
    return session.scalar(found) is not None


def counterparts_before(session: Session, case: Case) -> Money:
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
            or_(earlier, receipted),
        )
    )
    return Money(int(total or 0), gift.currency)


def siblings_with_counterpart(session: Session, case: Case) -> list[int]:
    """List the live receipts that rest on a counterpart of the same donor, issuer and year."""
    gift = case.gift
    return list(
        session.scalars(
            select(ReceiptGift.receipt_id)
            .join(Gift, Gift.id == ReceiptGift.gift_id)
            .join(Campaign, Campaign.id == Gift.campaign_id)
            .where(
                ReceiptGift.live,
                Gift.donor_id == gift.donor_id,
                Gift.id != gift.id,
                Gift.counterpart_minor > 0,
                Campaign.issuer_id == case.issuer.id,
                extract("year", Gift.gift_date) == gift.gift_date.year,
            )
            .order_by(ReceiptGift.receipt_id)
        )
    )
