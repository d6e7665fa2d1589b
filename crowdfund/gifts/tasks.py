"""The worker's door: what donors are written about. Each mail has a key of its own and is sent once."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns import art
from crowdfund.campaigns.rules import is_open
from crowdfund.donors.models import Donor
from crowdfund.gifts import days, dedications, mails, outcomes, people, visitors, wall
from crowdfund.gifts.models import Gift, Refund
from crowdfund.gifts.rules import Method, RefundState
from crowdfund.institutions.models import Institution
from crowdfund.mail import Mail, send_once
from crowdfund.outbox import subscribes
from crowdfund.pledges import reminders as wishes
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Group, Pledge, Reminder
from crowdfund.pledges.rules import PledgeState, RewardState
from crowdfund.tenancy import OperatorScope, TaskScope, museum_of, transaction
from crowdfund.worker import sweeps_every

# Two gifts of one donor to one campaign within this time may be one too many.
CLOSE_TOGETHER = timedelta(minutes=15)
# A reminder that could not leave for so long says nothing to anybody any more.
TOO_LATE = timedelta(days=2)


@subscribes("gift.received", outside=True)
def thank(scope: TaskScope, gift_id: int) -> None:
    """Thank for a gift; ask what to do when its reward had gone, and whether two gifts shortly after one another were meant.

    Whichever of the two is heard of last finds the other.
    """

    def compose(session: Session) -> Mail | None:
        gift, whole = _read(session, gift_id)
        return None if whole is None else mails.with_the_work(session, mails.thanks(session, gift, whole), whole)

    def ask(session: Session) -> Mail | None:
        gift, whole = _read(session, gift_id)
        content = None if whole is None else mails.reward_unavailable(session, gift, whole)
        return None if content is None or whole is None else mails.written(content, whole)

    send_once(scope, f"thanks:{gift_id}", compose)
    with transaction(scope) as session:
        gift = session.get_one(Gift, (scope.institution_id, gift_id))
        gone, others = _reward_is_gone(session, gift), _close_gifts(session, gift)
    if gone:
        send_once(scope, f"reward_unavailable:{gift_id}", ask)
    for other_id in others:
        _ask_about_two(scope, *sorted((gift_id, other_id)))


def _reward_is_gone(session: Session, gift: Gift) -> bool:
    pledge = session.get(Pledge, (gift.institution_id, gift.pledge_id)) if gift.pledge_id is not None else None
    return pledge is not None and pledge.reward_state == RewardState.UNAVAILABLE


def _is_dedicated(session: Session, gift_id: int) -> bool:
    gift = session.get_one(Gift, (museum_of(session), gift_id))
    pledge = session.get(Pledge, (gift.institution_id, gift.pledge_id)) if gift.pledge_id is not None else None
    return pledge is not None and bool(pledge.dedication_kind)


@subscribes("gift.received", outside=True, when=_is_dedicated)
def tell_dedication(scope: TaskScope, gift_id: int) -> None:
    """Make the card of a dedicated gift, tell the person the donor named, and forget that address."""
    while made := _make_card(scope, gift_id):
        pledge_id, card = made
        if _sent_with(scope, gift_id, pledge_id, card):
            with transaction(scope) as session:
                dedications.forget_address(session, pledge_id)
            return


def _sent_with(scope: TaskScope, gift_id: int, pledge_id: int, drawn: dedications.Card) -> bool:
    """Send the notice with the card that was drawn; say whether its words were still the donor's."""
    same = True

    def compose(session: Session) -> Mail | None:
        nonlocal same
        pledges.pledge_of(
            session, pledge_id, lock=True
        )  # a correction comes before this mail, or learns that it has left
        gift, whole = _read(session, gift_id)
        card = dedications.card_of(gift, whole) if whole is not None else None
        same = card is None or card == drawn
        return dedications.notice(gift, whole, card) if whole is not None and card is not None and same else None

    send_once(scope, dedications.notice_key(pledge_id), compose)
    return same


@subscribes("dedication.corrected", outside=True)
def make_card_anew(scope: TaskScope, pledge_id: int) -> None:
    """Make the card of a dedication anew, whose words were corrected; nothing while no money has come."""
    with transaction(scope) as session:
        first = session.scalars(select(Gift.id).where(Gift.pledge_id == pledge_id).order_by(Gift.id).limit(1)).first()
    if first is not None:
        _make_card(scope, first)


def _make_card(scope: TaskScope, gift_id: int) -> tuple[int, dedications.Card] | None:
    """Make the card of a gift's pledge, again as long as its words are corrected meanwhile; None where there is none to make."""
    made: Pledge | None = None
    while True:
        with transaction(scope) as session:
            gift, whole = _read(session, gift_id)
            hung = mails.hung_on(session, whole) if whole is not None else None
        card = dedications.card_of(gift, whole) if whole is not None else None
        if whole is None or whole.pledge is None or card is None:
            if made is not None:  # erased while it was being made
                dedications.forget_card(made)
            return None
        made = whole.pledge
        dedications.keep_card(gift, whole, card, art.for_card(*hung) if hung is not None else None)
        with transaction(scope) as session:
            gift, whole = _read(session, gift_id)
        if whole is not None and dedications.card_of(gift, whole) == card:
            return made.id, card


def _ask_about_two(scope: TaskScope, first_id: int, second_id: int) -> None:
    def compose(session: Session) -> Mail | None:
        second, whole = _read(session, second_id)
        first = session.get_one(Gift, (museum_of(session), first_id))
        return None if whole is None else mails.written(mails.two_gifts(first, second, whole), whole)

    send_once(scope, f"two_gifts:{first_id}-{second_id}", compose)


def _adds(session: Session, gift: Gift) -> bool:
    pledge = session.get(Pledge, (gift.institution_id, gift.pledge_id)) if gift.pledge_id is not None else None
    return pledge is not None and pledge.tops_up_id is not None


def _close_gifts(session: Session, gift: Gift) -> list[int]:
    """List the gifts so near to this one that one may be too many. What was added on purpose, by a gift's link, never is."""
    if gift.donor_id is None or gift.imported or gift.method != Method.CARD or _adds(session, gift):
        return []
    near = (gift.received_at - CLOSE_TOGETHER, gift.received_at + CLOSE_TOGETHER)
    return list(
        session.scalars(
            select(Gift.id)
            .outerjoin(Pledge, Pledge.id == Gift.pledge_id)
            .where(
                Pledge.tops_up_id.is_(None),
                Gift.donor_id == gift.donor_id,
                Gift.campaign_id == gift.campaign_id,
                Gift.id != gift.id,
                Gift.method == Method.CARD,
                Gift.imported.is_(False),
                Gift.received_at.between(*near),
            )
        )
    )


@subscribes("reminder.due", outside=True)
def remind_once(scope: TaskScope, reminder_id: int) -> None:
    """Send the reminder a visitor asked for and forget the address; one that was moved to a later day stays."""
    with transaction(scope) as session:
        asked = session.get(Reminder, (scope.institution_id, reminder_id))
        if asked is None or not visitors.is_due(session, asked):
            return
    send_once(scope, f"reminder:{reminder_id}", lambda session: visitors.reminder(session, reminder_id))
    with transaction(scope) as session:
        wishes.forget(session, reminder_id)


@subscribes("group.started", outside=True)
def send_group_link(scope: TaskScope, group_id: int) -> None:
    """Send the organiser the link of a new group, and forget the address."""
    send_once(scope, f"group:{group_id}", lambda session: visitors.group_link(session, group_id))
    with transaction(scope) as session:
        session.get_one(Group, (scope.institution_id, group_id)).organiser_email = None


@subscribes("gift.refunded", outside=True)
def tell_refund(scope: TaskScope, refund_id: int, gift_id: int) -> None:
    """Tell the donor of money given back, once that is final."""
    _tell_refund(scope, refund_id, gift_id)


@subscribes("gift.refund_succeeded", outside=True)
def tell_late_refund(scope: TaskScope, refund_id: int, gift_id: int) -> None:
    """Tell the donor of money given back that was on its way for a while."""
    _tell_refund(scope, refund_id, gift_id)


def _tell_refund(scope: TaskScope, refund_id: int, gift_id: int) -> None:
    def compose(session: Session) -> Mail | None:
        refund = session.get_one(Refund, (museum_of(session), refund_id))
        if refund.state != RefundState.SUCCEEDED or refund.kind != "refund":
            return None
        gift, whole = _read(session, gift_id)
        return None if whole is None else mails.written(mails.refunded(gift, refund, whole), whole)

    send_once(scope, f"refunded:{refund_id}", compose)


def _given_since(session: Session, pledge: Pledge) -> bool:
    """Say whether the same address has given to the campaign, or announced it, since the pledge was made."""
    mine = select(Donor.email).where(Donor.id == pledge.donor_id).scalar_subquery()
    expected = and_(Pledge.state == PledgeState.MADE, Pledge.reference.is_not(None))
    found = (
        select(Pledge.id)
        .join(Donor, Donor.id == Pledge.donor_id)
        .where(
            Donor.email == mine,
            Pledge.campaign_id == pledge.campaign_id,
            Pledge.created_at >= pledge.created_at,
            or_(Pledge.state == PledgeState.PAID, expected),
        )
    )
    return session.scalars(found.limit(1)).first() is not None


@subscribes("pledge.expired", outside=True)
def remind(scope: TaskScope, pledge_id: int) -> None:
    """Remind a donor once of a payment that was not finished, while the campaign is open.

    It is told an hour late: who has given or announced meanwhile, in whatever way, is not written to.
    """

    def compose(session: Session) -> Mail | None:
        pledge = session.get_one(Pledge, (museum_of(session), pledge_id))
        whole = mails.around(session, pledge.campaign_id, pledge.donor_id, pledge.id)
        if whole is None or pledge.state != PledgeState.EXPIRED or pledge.method != Method.CARD or pledge.held_at:
            return None
        if pledge.closed_at is None or clock.now() - pledge.closed_at > TOO_LATE or _given_since(session, pledge):
            return None
        if not is_open(whole.campaign.state, whole.campaign.opens_at, whole.campaign.closes_at, clock.now()):
            return None
        content = mails.not_finished(session, whole)
        return None if content is None else mails.written(content, whole)

    send_once(scope, f"not_finished:{pledge_id}", compose)


@subscribes("gift.refunded")
@subscribes("gift.refund_failed")
@subscribes("gift.disputed")
@subscribes("gift.dispute_closed")
def follow_on_wall(session: Session, *, gift_id: int, **_ids: int) -> None:
    """Show a donor as long as the campaign keeps something of what they gave, and again when it comes back."""
    gift = session.get_one(Gift, (museum_of(session), gift_id))
    if gift.pledge_id is None:
        return
    # Under lock: of two facts told at once the later one must see what the earlier one saw.
    wall.show(session, pledges.pledge_of(session, gift.pledge_id, lock=True))


@sweeps_every(timedelta(hours=1))
def sum_up_days(institution_id: int) -> None:
    """Sum up the days of the campaigns, for the pace that the desk sees."""
    with transaction(OperatorScope(institution_id, "days")) as session:
        museum = session.get_one(Institution, institution_id)
        days.sum_up(session, ZoneInfo(museum.time_zone))


@sweeps_every(timedelta(minutes=10))
def count_people(institution_id: int) -> None:
    """Count anew who gave to the campaigns that have moved on, each in a transaction of its own."""
    scope = OperatorScope(institution_id, "people and places")
    with transaction(scope) as session:
        due = people.due_counts(session)
    for campaign_id in due:
        with transaction(scope) as session:
            people.count_people(session, campaign_id)


@sweeps_every(timedelta(minutes=10))
def count_outcomes(institution_id: int) -> None:
    """Count anew what became of the gifts of campaigns that came to nothing, each in a transaction of its own."""
    scope = OperatorScope(institution_id, "what became of gifts")
    with transaction(scope) as session:
        due = outcomes.due_outcomes(session)
    for campaign_id in due:
        with transaction(scope) as session:
            outcomes.count_outcome(session, campaign_id)


def _read(session: Session, gift_id: int) -> tuple[Gift, mails.Around | None]:
    """Read a gift and whom to write to about it: nobody for history, for boxes, and for what was only moved."""
    gift = session.get_one(Gift, (museum_of(session), gift_id))
    if gift.imported or gift.method == Method.MOVED:
        return gift, None
    return gift, mails.around(session, gift.campaign_id, gift.donor_id, gift.pledge_id)
