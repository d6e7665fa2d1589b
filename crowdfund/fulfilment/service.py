"""Owe a reward, mark it ready or given, undo that, follow refunds. The only writer of counterparts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.campaigns.models import Reward
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.fulfilment.models import Counterpart, CounterpartStep
from crowdfund.fulfilment.rules import MOST_MARKED, CounterpartState, can_become, is_given_by_itself, may_remind
from crowdfund.gifts.models import Gift
from crowdfund.gifts.rules import GiftState
from crowdfund.i18n import N_
from crowdfund.outbox import publish
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import RewardState
from crowdfund.tenancy import museum_of, scope_of

GIVEN_BACK = (GiftState.REFUNDED, GiftState.LOST)
NOTHING_MARKED = N_("Choose at least one row.")
MARKED_ALREADY = N_("Somebody has marked one of these in the meantime. Look again.")
WHY = N_("Say why: the donor may ask.")
NOBODY_WAITS = N_("Nobody is to be reminded: what is ready was told within the last seven days.")


def owe(session: Session, gift_id: int) -> None:
    """Write down what a gift's reward promises. Twice is once.

    Nothing for a gift without a claimed reward, and none for a gift that was moved here: its reward belongs to the other
    campaign. The pledge is locked.
    """
    gift = session.get_one(Gift, (museum_of(session), gift_id))
    if gift.pledge_id is None or gift.moved_from_id is not None:
        return
    owe_all(session, [gift])


def owe_all(session: Session, gifts: Collection[Gift]) -> None:
    """Write down what several gifts promise, each at the moment when it was entered."""
    locked = pledges.lock_pledges(session, {gift.pledge_id for gift in gifts if gift.pledge_id is not None})
    known = set(session.scalars(select(Counterpart.pledge_id).where(Counterpart.pledge_id.in_(locked))))
    made: list[Counterpart] = []
    for gift in gifts:
        pledge = locked.get(gift.pledge_id or 0)
        if pledge is None or pledge.id in known or pledge.reward_id is None or gift.state in GIVEN_BACK:
            continue
        if pledge.reward_state != RewardState.CLAIMED or gift.campaign_id != pledge.campaign_id:
            continue
        known.add(pledge.id)
        made.append(_counterpart(gift, pledge, pledge.reward_id))
    session.add_all(made)
    session.flush()  # for their ids
    act = uuid4()
    session.add_all(_step(session, one, None, act) for one in made)
    session.flush()  # the first step comes before the second
    for one in made:
        if by_itself(session.get_one(Reward, (one.institution_id, one.reward_id))):
            one.state = CounterpartState.HANDED_OVER
            session.add(_step(session, one, CounterpartState.PROMISED, act))


def by_itself(reward: Reward) -> bool:
    """Say whether a reward is given without anybody's doing."""
    return is_given_by_itself(reward.fulfilment, symbolic=reward.symbolic)


def _counterpart(gift: Gift, pledge: Pledge, reward_id: int) -> Counterpart:
    return Counterpart(
        gift_id=gift.id,
        pledge_id=pledge.id,
        reward_id=reward_id,
        campaign_id=gift.campaign_id,
        donor_id=pledge.donor_id,
        state=CounterpartState.PROMISED,
        value_minor=gift.counterpart_minor,
        currency=gift.currency,
        made_at=gift.created_at,
        changed_at=gift.created_at,
    )


def _step(session: Session, one: Counterpart, before: str | None, act: UUID) -> CounterpartStep:
    return CounterpartStep(
        counterpart_id=one.id, before=before, after=one.state, act=act, by=scope_of(session).actor, at=one.changed_at
    )


def mark(
    session: Session, reward_id: int, ids: Collection[int], state: CounterpartState, act: UUID, note: str = ""
) -> Sequence[Counterpart]:
    """Bring counterparts of one reward to a state in one go, named by `act`; the same act again changes nothing.

    All or none. Raises Refusal (nothing chosen, no reason where one is needed), NotFound (one is not of this reward),
    Conflict (one is in a state that does not allow it, or the gift went back).
    """
    if not ids or len(ids) > MOST_MARKED:
        raise Refusal(NOTHING_MARKED, field="rows")
    if state == CounterpartState.IMPOSSIBLE and not note:
        raise Refusal(WHY, field="note")
    if session.scalars(select(CounterpartStep.id).where(CounterpartStep.act == act).limit(1)).first() is not None:
        return []
    rows = _locked(session, Counterpart.id.in_(ids), Counterpart.reward_id == reward_id)
    if len(rows) < len(set(ids)):
        raise NotFound
    for one in rows:
        if one.state == CounterpartState.CANCELLED or not can_become(one.state, state):
            raise Conflict(MARKED_ALREADY)
        _become(session, one, state, act)
        one.note = note or None
    audit.record(session, f"rewards.{state}", f"reward:{reward_id}", count=len(rows), act=str(act))
    return rows


def undo(session: Session, reward_id: int, act: UUID) -> int:
    """Take back what was marked in one go, where nothing came after it; tell how many that were. Raises Conflict."""
    steps = {
        step.counterpart_id: step
        for step in session.scalars(select(CounterpartStep).where(CounterpartStep.act == act))
        if step.before is not None
    }
    rows = _locked(session, Counterpart.id.in_(steps), Counterpart.reward_id == reward_id)
    if not rows:
        raise Conflict(MARKED_ALREADY)
    latest = _latest_steps(session, [one.id for one in rows])
    undone, back = 0, uuid4()
    for one in rows:
        before = CounterpartState(str(steps[one.id].before))
        if latest[one.id] == steps[one.id].id and can_become(one.state, before):
            _become(session, one, before, back)
            undone += 1
    if not undone:
        raise Conflict(MARKED_ALREADY)
    audit.record(session, "rewards.undone", f"reward:{reward_id}", count=undone, act=str(act))
    return undone


def _latest_steps(session: Session, ids: Sequence[int]) -> dict[int, int]:
    found = session.execute(
        select(CounterpartStep.counterpart_id, func.max(CounterpartStep.id))
        .where(CounterpartStep.counterpart_id.in_(ids))
        .group_by(CounterpartStep.counterpart_id)
    )
    return {counterpart_id: int(step_id) for counterpart_id, step_id in found}


def _become(session: Session, one: Counterpart, state: CounterpartState, act: UUID) -> None:
    before, one.state, one.changed_at = one.state, state, clock.now()
    session.add(_step(session, one, before, act))


def _locked(session: Session, *which: ColumnElement[bool]) -> Sequence[Counterpart]:
    """Lock counterparts in the order of their ids, read anew."""
    return session.scalars(
        select(Counterpart)
        .where(*which)
        .order_by(Counterpart.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def follow_gift(session: Session, gift_id: int) -> None:
    """Cancel what a gift owes when nothing of it is kept, and free the stock; owe it again when the money stays after all.

    What was handed over stays so: it is out of the house, and its place in the stock is used.
    """
    gift = session.get_one(Gift, (museum_of(session), gift_id))
    if gift.pledge_id is None:
        return
    pledge = pledges.pledge_of(session, gift.pledge_id, lock=True)  # before the counterpart, here and everywhere
    rows = _locked(session, Counterpart.gift_id == gift_id)
    for one in rows:
        if gift.state in GIVEN_BACK and can_become(one.state, CounterpartState.CANCELLED):
            _become(session, one, CounterpartState.CANCELLED, uuid4())
            pledges.give_up_reward(session, pledge, RewardState.RELEASED)
        elif gift.state not in GIVEN_BACK and one.state == CounterpartState.CANCELLED:
            _owe_again(session, one, pledge)


def _owe_again(session: Session, one: Counterpart, pledge: Pledge) -> None:
    """Claim the reward anew; the last one may have gone meanwhile, and then a person must find another answer.

    One that was exchanged for a higher one stays cancelled.
    """
    if pledge.reward_state == RewardState.EXCHANGED:
        return
    if pledge.reward_state != RewardState.CLAIMED:
        pledge.reward_state = RewardState.RELEASED
        pledges.take_up_reward(session, pledge)
    claimed = pledge.reward_state == RewardState.CLAIMED
    _become(session, one, CounterpartState.PROMISED if claimed else CounterpartState.IMPOSSIBLE, uuid4())


def exchange(session: Session, pledge_id: int) -> None:
    """Let the reward that a paid top-up has earned take the place of those before it, save what was handed over already."""
    before = pledges.earlier_in_chain(session, pledge_id)
    rows = _locked(session, Counterpart.pledge_id.in_([pledge.id for pledge in before]))
    given = {one.pledge_id for one in rows if one.state == CounterpartState.HANDED_OVER}
    pledges.exchange_rewards(session, pledge_id, [pledge for pledge in before if pledge.id not in given])
    for one in rows:
        if can_become(one.state, CounterpartState.CANCELLED):
            _become(session, one, CounterpartState.CANCELLED, uuid4())


def remind(session: Session, reward_id: int) -> int:
    """Ask that everybody whose reward is ready be written to, each once in seven days; tell how many. Raises Conflict.

    Publishes `counterpart.reminded`.
    """
    rows = _locked(session, Counterpart.reward_id == reward_id, Counterpart.state == CounterpartState.READY)
    now = clock.now()
    due = [one for one in rows if may_remind(one.state, one.reminded_at, now)]
    if not due:
        raise Conflict(NOBODY_WAITS)
    for one in due:
        one.reminded_at, one.times_reminded = now, one.times_reminded + 1
        publish(
            session, "counterpart.reminded", key=f"{one.id}:{one.times_reminded}",
            counterpart_id=one.id, time=one.times_reminded,
        )  # fmt: skip
    audit.record(session, "rewards.reminded", f"reward:{reward_id}", count=len(due))
    return len(due)


def forget_donor(session: Session, donor_id: int) -> None:
    """Forget what was noted for a donor who wishes to be erased."""
    for one in _locked(session, Counterpart.donor_id == donor_id, Counterpart.note.is_not(None)):
        one.note = None
