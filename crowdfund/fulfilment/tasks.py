"""The worker's door: a gift owes its reward, or owes it no more; those whose reward waits are written to."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from crowdfund.fulfilment import mails, record, service
from crowdfund.gifts.models import Gift
from crowdfund.mail import send_once
from crowdfund.outbox import subscribes
from crowdfund.pledges.models import Pledge
from crowdfund.tenancy import OperatorScope, TaskScope, museum_of, transaction
from crowdfund.worker import sweeps_every


def _has_reward(session: Session, gift_id: int) -> bool:
    """Say whether a gift was given with a reward; `owe` looks closer. Reads what the session of the gift holds already."""
    gift = session.get_one(Gift, (museum_of(session), gift_id))
    pledge = session.get(Pledge, (gift.institution_id, gift.pledge_id)) if gift.pledge_id is not None else None
    return pledge is not None and pledge.reward_id is not None


@subscribes("gift.received", when=_has_reward)
def owe(session: Session, gift_id: int) -> None:
    """Owe the reward of a gift."""
    service.owe(session, gift_id)


@subscribes("gift.refunded")
@subscribes("gift.refund_failed")
@subscribes("gift.disputed")
@subscribes("gift.dispute_closed")
def follow(session: Session, *, gift_id: int, **_ids: int) -> None:
    """Cancel what is owed for a gift that went back, and free its stock."""
    service.follow_gift(session, gift_id)


@subscribes("pledge.topped_up")
def exchange(session: Session, pledge_id: int) -> None:
    """Owe what a gift earns with what was added to it, in the place of what it earned before."""
    service.exchange(session, pledge_id)


@subscribes("counterpart.reminded", outside=True)
def remind(scope: TaskScope, counterpart_id: int, time: int) -> None:
    """Write to a donor that the reward is ready."""
    send_once(
        scope, f"reward_ready:{counterpart_id}:{time}", lambda session: mails.reward_ready(session, counterpart_id)
    )


@subscribes("donor.erased")
def forget(session: Session, donor_id: int) -> None:
    """Forget what was noted."""
    service.forget_donor(session, donor_id)


@sweeps_every(timedelta(hours=1))
def count_rewards(institution_id: int) -> None:
    """Count anew which rewards were kept."""
    with transaction(OperatorScope(institution_id, "rewards kept")) as session:
        record.count_rewards(session)
