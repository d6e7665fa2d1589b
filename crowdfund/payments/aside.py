"""Charges set aside: money at the provider that contradicts what was asked, kept until a person decides."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crowdfund import clock, log
from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.errors import NotFound
from crowdfund.i18n import N_
from crowdfund.institutions.models import Issuer
from crowdfund.payments.models import Checkout, QuarantinedCharge
from crowdfund.payments.provider import Charge
from crowdfund.payments.rules import AsideState
from crowdfund.pledges import service as pledges
from crowdfund.pledges import unpaid
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import PledgeState, RewardState
from crowdfund.tenancy import museum_of

NO_PLEDGE = N_("No pledge of this museum belongs to this payment.")
OTHER_MUSEUM = N_("The payment names another museum.")
PAID_ALREADY = N_("The pledge has been paid by another payment.")
OTHER_CURRENCY = N_("The payment is not in the campaign’s currency.")
OTHER_ACCOUNT = N_("The money lies in an account that is not the campaign’s.")
BELOW_REWARD = N_("The payment is less than the chosen reward asks for.")


def keep(session: Session, checkout: Checkout | None, charge: Charge, reason: str) -> None:
    """Keep a charge apart, and hold its pledge meanwhile. Again is once."""
    added = session.scalar(
        insert(QuarantinedCharge)
        .values(
            institution_id=museum_of(session),
            charge=charge.id,
            account=charge.account,
            payment=charge.payment,
            pledge_id=None if checkout is None else checkout.pledge_id,
            amount_minor=charge.amount.minor,
            currency=charge.amount.currency,
            reason=reason,
            state=AsideState.OPEN,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["institution_id", "charge"])
        .returning(QuarantinedCharge.id)
    )
    if added is None:
        return
    log.get().error("charge_set_aside", object_id=charge.id, account=charge.account, reason=reason)
    if checkout is not None:
        unpaid.hold(session, checkout.pledge_id)


def locked(session: Session, aside_id: int) -> QuarantinedCharge:
    """Lock a charge that was set aside, and read it anew. Raises NotFound."""
    found = select(QuarantinedCharge).where(QuarantinedCharge.id == aside_id).with_for_update(key_share=True)
    row = session.scalars(found.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound
    return row


def is_kept(session: Session, charge_id: str) -> bool:
    """Say whether a charge was set aside and has not become a gift."""
    found = select(QuarantinedCharge.id).where(
        QuarantinedCharge.charge == charge_id, QuarantinedCharge.state != AsideState.ACCEPTED
    )
    return session.scalar(found) is not None


def objection(session: Session, row: QuarantinedCharge) -> str | None:
    """Name the rule by which a charge cannot be the gift of its pledge (a message id); None when it can."""
    if row.reason == "other_museum":
        return OTHER_MUSEUM
    if row.pledge_id is None:
        return NO_PLEDGE
    pledge = pledges.pledge_of(session, row.pledge_id)
    campaign = session.get_one(Campaign, (row.institution_id, pledge.campaign_id))
    issuer = session.get_one(Issuer, (row.institution_id, campaign.issuer_id))
    rules = {
        PAID_ALREADY: pledge.state == PledgeState.PAID,
        OTHER_CURRENCY: row.currency != campaign.currency,
        OTHER_ACCOUNT: row.account != issuer.payment_account,
        BELOW_REWARD: _below_reward(session, pledge, row.amount_minor),
    }
    return next((sentence for sentence, broken in rules.items() if broken), None)


def _below_reward(session: Session, pledge: Pledge, amount_minor: int) -> bool:
    """Say whether a payment does not reach the reward that the pledge holds, or would claim again."""
    if pledge.reward_id is None or pledge.reward_state not in {RewardState.CLAIMED, RewardState.RELEASED}:
        return False
    return amount_minor < session.get_one(Reward, (pledge.institution_id, pledge.reward_id)).price_minor


def follow(session: Session, charge: Charge) -> None:
    """Bring a charge that was set aside to what the provider says: given back in full, or there again."""
    found = select(QuarantinedCharge.id).where(QuarantinedCharge.charge == charge.id)
    aside_id = session.scalar(found)
    if aside_id is None:
        return
    row = locked(session, aside_id)
    if charge.refunded == charge.amount and row.state in {AsideState.OPEN, AsideState.REFUNDING}:
        row.state, row.resolved_at = AsideState.RESOLVED, clock.now()
        _let_go(session, row)
    elif charge.refunded < charge.amount and row.state == AsideState.RESOLVED:  # the refund has failed
        reopen(session, row)


def reopen(session: Session, row: QuarantinedCharge) -> None:
    """Put a locked charge before the staff again: it could not be given back."""
    row.state, row.refund_request, row.resolved_at = AsideState.OPEN, None, None
    if row.pledge_id is not None:
        unpaid.hold(session, row.pledge_id)


def _let_go(session: Session, row: QuarantinedCharge) -> None:
    """End the pledge whose money was given back: nothing is expected any more, and nobody is reminded of it."""
    if row.pledge_id is None:
        return
    session.flush()
    others = select(QuarantinedCharge.id).where(
        QuarantinedCharge.pledge_id == row.pledge_id,
        QuarantinedCharge.state.in_([AsideState.OPEN, AsideState.REFUNDING]),
    )
    if session.scalar(others.limit(1)) is None:
        unpaid.let_go(session, row.pledge_id)
