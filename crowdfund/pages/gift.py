"""Read one gift as its donor sees it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from flask import current_app, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config import Config
from crowdfund import clock, qr
from crowdfund.campaigns.models import Campaign, Piece, Reward
from crowdfund.campaigns.rules import is_open
from crowdfund.campaigns.texts import named_piece, said
from crowdfund.desk.ways import bank_code, way_to_pay
from crowdfund.donors.models import Donor
from crowdfund.gifts import choices, dedications
from crowdfund.gifts.chain import chain_of
from crowdfund.gifts.models import Gift, Refund
from crowdfund.i18n import current_locale, gettext
from crowdfund.institutions.models import Institution, Issuer
from crowdfund.invitations.queries import invitations_of
from crowdfund.invitations.rules import visit_code, written_code
from crowdfund.money import Money
from crowdfund.pages.after import cost_after_tax, is_wall_reward, next_reward, on_the_wall, rank_of, share_card
from crowdfund.pages.cards import card_of, card_statement
from crowdfund.pages.view.gift import (
    GiftPage,
    GiftState,
    HowToPay,
    ReceiptQuestions,
    ReceiptState,
)
from crowdfund.payments.models import Checkout, QuarantinedCharge
from crowdfund.payments.rules import AsideState, CheckoutState
from crowdfund.plaques.keeping import notice
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.queries import asks_tax_number, countries_from
from crowdfund.pledges.rules import AWAITED_FOR, PledgeState, RewardState
from crowdfund.pledges.wall import name_if_short
from crowdfund.receipts import service as receipts
from crowdfund.receipts.holds import DONOR_CAN_COMPLETE, closed_text, reason_text
from crowdfund.receipts.numbering import check_address, code_of, printed_number

RETRIED = frozenset({"failed", "expired", "cancelled"})


def gift_page(session: Session, token: str, *, waiting: bool = False) -> GiftPage:
    """Read the page behind a token: the pledge, and its gift once the money has come. Raises NotFound.

    `waiting` says that the donor comes from the payment page and the provider could not be asked yet.
    """
    pledge = pledges.pledge_by_token(session, token)
    # The newest: one that was moved is where the money is now.
    gift = session.scalars(select(Gift).where(Gift.pledge_id == pledge.id).order_by(Gift.id.desc()).limit(1)).first()
    campaign_id = gift.campaign_id if gift else pledge.campaign_id
    row = session.execute(
        card_statement().where(Campaign.institution_id == pledge.institution_id, Campaign.id == campaign_id)
    ).one()
    donor = session.get_one(Donor, (pledge.institution_id, pledge.donor_id))
    first = pledges.first_in_chain(session, pledge)
    card = card_of(row)
    state = _state(session, pledge, gift)
    if waiting and state == "cancelled" and pledge.state == PledgeState.MADE:
        state = "processing"
    known = state == "paid" and donor.erased_at is None
    receipt = _receipt(session, gift, token) if gift else _no_gift(pledge, state)
    more = url_for("giving.add_more", token=token) if state == "paid" and _may_add(session, pledge, donor) else ""
    config: Config = current_app.extensions["config"]
    share_url = f"{config.public_url}{card.url}" if state in {"paid", "announced"} else ""
    return GiftPage(
        museum=card.museum,
        campaign_title=card.title,
        campaign_url=card.url,
        picture=card.picture,
        progress=card.progress,
        first_name=(donor.first_name or "") if donor.kind == "individual" else (donor.company_name or ""),
        amount=gift.amount if gift else pledge.amount,
        state=state,
        given_at=gift.received_at if gift else None,
        timezone=row.time_zone,
        charged=pledge.amount,
        email_shown=donor.email or "",
        erased=donor.erased_at is not None,
        contact=session.get_one(Institution, pledge.institution_id).contact_email,
        rank=rank_of(session, gift),
        refunded=Money(gift.refunded_minor, gift.currency) if gift and gift.refunded_minor else None,
        refunded_on=_refunded_on(session, gift),
        reward=_reward(session, pledge, row.default_locale),
        receipt_state=receipt.state,
        receipt_number=receipt.number,
        receipt_url=receipt.url,
        receipt_reason=receipt.reason,
        receipt_check_url=receipt.check_url,
        wall_choice=first.wall if first.wall in {"short", "other"} else "anonymous",  # type: ignore[arg-type] # the words of the choice, told apart here
        wall_short=name_if_short(donor) or "",
        by_company=donor.kind == "company",
        wall_name=first.wall_name or "",
        plaque=notice(session, first),
        message=first.message or "",
        town=first.wall_town or "",
        dedication_shown=first.wall_dedication,
        **on_the_wall(session, first),
        change_url=url_for("pages.change_wall", token=token) if donor.erased_at is None else "",
        receipt_questions=_questions(session, pledge, donor, gift, token),
        retry_url=url_for("giving.pay", token=token) if state in RETRIED and _may_retry(session, pledge) else "",
        how_to_pay=_how_to_pay(session, pledge, token) if gift is None else None,
        change_mind_url=url_for("giving.give_differently", token=token) if pledge.state == PledgeState.MADE else "",
        again_url=url_for("giving.start_again", token=token) if _ended(session, pledge, gift) else "",
        share_url=share_url,
        share_code=qr.draw(share_url) if share_url and card.phase == "live" else None,
        decision_on=card.ended_on,
        live=card.phase == "live",
        choice_url=_choice_url(session, gift),
        invitations_url=f"/{current_locale()}/gifts/{token}/invitations" if known else "",
        invited=bool(gift) and known and bool(invitations_of(session, pledge)),
        bring_url=f"/{current_locale()}/gifts/{token}/bring" if known and _open(session, pledge) else "",
        visit_code=written_code(visit_code(first.token_hash)) if known else "",
        calendar_url=url_for("gifts.end_of_appeal", token=token) if gift and _open(session, pledge) else "",
        opening=said(row.opening, row.default_locale),
        dedication=first.dedication_kind or "",  # type: ignore[arg-type] # the table holds the same words
        dedicated_to=first.dedication_name or "",
        card_url=url_for("gifts.card", token=pledges.gift_token(first))
        if gift and dedications.stored_card(first)
        else "",
        in_all=chain_of(session, pledge).given if gift and first is not pledge else None,
        has_piece=pledge.piece_id is not None,
        wall_reward=is_wall_reward(session, pledge),
        cost=cost_after_tax(session, pledge, donor, gift) if state == "paid" else None,
        more_url=more,
        share_card=share_card(pledge, token) if known else None,
        ahead=next_reward(session, pledge, row.default_locale, more) if more else None,
    )


def _choice_url(session: Session, gift: Gift | None) -> str:
    """Lead to the question what becomes of a gift whose purchase came to nothing, while it may be answered."""
    asked = choices.open_choices(session, [gift.id]).get(gift.id) if gift is not None else None
    return f"/{current_locale()}/choices/{choices.choice_token(asked)}" if asked is not None else ""


def _may_add(session: Session, pledge: Pledge, donor: Donor) -> bool:
    return donor.email is not None and donor.erased_at is None and _open(session, pledge)


def _ended(session: Session, pledge: Pledge, gift: Gift | None) -> bool:
    ended = pledge.state in {PledgeState.CANCELLED, PledgeState.EXPIRED} and pledge.held_at is None
    return gift is None and ended and _open(session, pledge)


def _may_retry(session: Session, pledge: Pledge) -> bool:
    """Say whether the card may be tried again: not for what was called off, nor for money that comes by itself."""
    by_card = pledge.reference is None and pledge.state in {PledgeState.MADE, PledgeState.EXPIRED}
    return by_card and _open(session, pledge)


def _open(session: Session, pledge: Pledge) -> bool:
    campaign = session.get_one(Campaign, (pledge.institution_id, pledge.campaign_id))
    return is_open(campaign.state, campaign.opens_at, campaign.closes_at, clock.now())


def _state(session: Session, pledge: Pledge, gift: Gift | None) -> GiftState:
    if gift is not None:
        whole: dict[str, GiftState] = {
            "received": "paid",
            "partly_refunded": "partly_refunded",
            "refunded": "refunded",
            "disputed": "disputed",
            "lost": "refunded",
        }
        return whole[gift.state]
    return _state_aside(session, pledge) or _state_unpaid(session, pledge)


def _state_aside(session: Session, pledge: Pledge) -> GiftState | None:
    """Say what became of money that came and was not what was asked for; None when none came."""
    aside = session.scalars(
        select(QuarantinedCharge.state)
        .where(QuarantinedCharge.pledge_id == pledge.id)
        .order_by(QuarantinedCharge.id.desc())
        .limit(1)
    ).first()
    if aside is None:
        return None
    return "refunded" if aside == AsideState.RESOLVED else "held"


def _how_to_pay(session: Session, pledge: Pledge, token: str) -> HowToPay | None:
    way = way_to_pay(session, pledge)
    if way is None:
        return None
    code = bank_code(way)
    return HowToPay(
        way=way,
        slip_url=url_for("slips.slip", token=token),
        until=(pledge.created_at + AWAITED_FOR).date(),
        code=qr.draw_code(code) if code is not None else None,
        cross=way.is_swiss,
    )


def _state_unpaid(session: Session, pledge: Pledge) -> GiftState:
    if pledge.reference is not None and pledge.state == PledgeState.MADE:
        return "announced"
    last = session.scalars(
        select(Checkout).where(Checkout.pledge_id == pledge.id).order_by(Checkout.number.desc()).limit(1)
    ).one_or_none()
    if pledge.state == PledgeState.CANCELLED:
        return "cancelled"
    if pledge.state == PledgeState.EXPIRED or (last and last.state == CheckoutState.EXPIRED):
        return "expired"
    if last and last.state == CheckoutState.FAILED:
        return "failed"
    if last and last.state in {CheckoutState.PROCESSING, CheckoutState.PAID, CheckoutState.UNKNOWN}:
        return "processing"
    return "cancelled"  # the payment page is open, or the donor came back from it: nothing was taken


class _Receipt:
    """What the page says of the receipt."""

    def __init__(
        self, state: ReceiptState, number: str = "", url: str = "", reason: str = "", check_url: str = ""
    ) -> None:
        self.state, self.number, self.url, self.reason, self.check_url = state, number, url, reason, check_url


def _no_gift(pledge: Pledge, state: GiftState) -> _Receipt:
    if state == "refunded":
        return _Receipt("none", reason=gettext(reason_text("nothing_kept")))
    return _Receipt("coming" if pledge.wants_receipt else "not_wanted")


def _receipt(session: Session, gift: Gift, token: str) -> _Receipt:
    receipt = receipts.live_receipt(session, gift.id) or receipts.last_receipt(session, gift.id)
    if receipt is not None:
        number = printed_number(receipt)
        if receipt.state in {"cancelled", "replaced"}:
            state: Literal["cancelled", "replaced"] = "cancelled" if receipt.state == "cancelled" else "replaced"
            return _Receipt(state, number, reason=closed_text(receipt.close_reason))
        ready = receipt.storage_key is not None
        return _Receipt(
            "issued" if ready else "coming",
            number,
            url_for("receipts.download", token=token) if ready else "",
            check_url=check_address(code_of(receipt.institution_id, number)),
        )
    if not gift.wants_receipt:
        return _Receipt("not_wanted")
    hold = receipts.hold_of(session, gift.id)
    if hold is None or hold.released_at is not None:
        return _Receipt("coming")
    return _Receipt("held" if hold.outcome == "hold" else "none", reason=gettext(reason_text(hold.reason)))


def _questions(
    session: Session, pledge: Pledge, donor: Donor, gift: Gift | None, token: str
) -> ReceiptQuestions | None:
    """Ask what the receipt still needs, where the donor can tell it and the campaign gives receipts."""
    campaign = session.get_one(Campaign, (pledge.institution_id, pledge.campaign_id))
    if gift is None or gift.kept.minor <= 0 or donor.erased_at is not None or campaign.tax_regime is None:
        return None
    hold = receipts.hold_of(session, gift.id)
    waits = hold is not None and hold.released_at is None and hold.reason in DONOR_CAN_COMPLETE
    if gift.wants_receipt and not waits:
        return None
    issuer = session.get_one(Issuer, (pledge.institution_id, campaign.issuer_id))
    return ReceiptQuestions(
        url=url_for("pages.ask_receipt", token=token),
        countries=countries_from(issuer.country),
        country=donor.country or issuer.country,
        for_company=donor.kind == "company",
        asks_tax_number=asks_tax_number(issuer.jurisdiction),
    )


def _refunded_on(session: Session, gift: Gift | None) -> date | None:
    return (
        None
        if gift is None
        else session.scalar(
            select(func.max(func.date(Refund.closed_at))).where(Refund.gift_id == gift.id, Refund.state == "succeeded")
        )
    )


def _reward(session: Session, pledge: Pledge, fallback: str) -> str:
    if pledge.reward_id is None or pledge.reward_state != RewardState.CLAIMED:
        return ""
    title = str(said(session.get_one(Reward, (pledge.institution_id, pledge.reward_id)).title, fallback))
    if pledge.piece_id is None:
        return title
    piece = session.get_one(Piece, (pledge.institution_id, pledge.piece_id))
    return named_piece(said(piece.title, fallback), title, piece.number)
