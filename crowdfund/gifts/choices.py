"""Ask donors what becomes of their gifts when a purchase came to nothing: give them back, or move them to another work.

Answers are noted, and may change, until the day that was told; then they are carried out (`closing.settling`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import Config
from crowdfund import audit, clock
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState, FundingModel, is_open
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.gifts import sums
from crowdfund.gifts.models import Asking, Gift, GiftChoice
from crowdfund.gifts.rules import GIVEN_BACK, Heard, Outcome, Wish
from crowdfund.i18n import N_
from crowdfund.institutions.models import Institution
from crowdfund.links import digest, token_for
from crowdfund.outbox import publish
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import Fallback
from crowdfund.tenancy import museum_of

# Gifts that are asked about, or dealt with, before the next are read.
PART = 500
# How long a donor has whose money came after the day.
LATE_ANSWER = timedelta(days=14)
OVER = N_("The day to choose has passed: your gift is dealt with as this page says.")
DONE = N_("This gift has been dealt with already: nothing is left to choose.")
CLOSED = N_("This work no longer takes gifts. Choose another one, or have the money back.")
CHOOSE = N_("Choose one of the answers")
THEIRS = N_("The donor has answered. Only they change it, through the link they received.")
NOT_NOTED = N_("No answer was noted here: only the donor takes back what they answered.")
ASKED_ALREADY = N_("The donors of this campaign have been asked already.")


def ask_donors(
    session: Session, campaign_id: int, *, words: Mapping[str, str], until: datetime, otherwise: Wish
) -> Asking:
    """Ask the donors of a campaign, until a moment (UTC); who does not answer gets what `otherwise` says.

    Publishes `campaign.asked`: the worker asks about gift by gift. Raises Conflict the second time.
    """
    known = session.scalars(select(Asking.id).where(Asking.campaign_id == campaign_id)).one_or_none()
    if known is not None:
        raise Conflict(ASKED_ALREADY)
    asking = Asking(campaign_id=campaign_id, words=dict(words), otherwise=otherwise, until=until)
    session.add(asking)
    session.flush()  # for its id
    publish(session, "campaign.asked", key=str(asking.id), asking_id=asking.id)
    return asking


def ask_about_some(session: Session, asking_id: int, after: int = 0) -> int | None:
    """Ask about the next gifts of donors of which something is left, in the order of their numbers. Twice is once.

    Gives the number behind which the rest waits; None when all were asked about.
    """
    asking = session.get_one(Asking, (museum_of(session), asking_id))
    gifts = session.scalars(
        select(Gift)
        .where(Gift.campaign_id == asking.campaign_id, Gift.donor_id.is_not(None), Gift.state.not_in(GIVEN_BACK))
        .where(Gift.id > after)
        .order_by(Gift.id)
        .limit(PART)
    ).all()
    _ask(session, asking, gifts)
    return gifts[-1].id if len(gifts) == PART else None


def ask_about_late(session: Session, gift_id: int) -> None:
    """Ask about a gift whose money came after its campaign's donors were asked, with time of its own to answer."""
    gift = session.get_one(Gift, (museum_of(session), gift_id))
    asking = session.scalars(select(Asking).where(Asking.campaign_id == gift.campaign_id)).one_or_none()
    if asking is not None and gift.donor_id is not None:
        _ask(session, asking, [gift])


def _ask(session: Session, asking: Asking, gifts: Sequence[Gift]) -> None:
    numbers = [gift.id for gift in gifts]
    known = set(session.scalars(select(GiftChoice.gift_id).where(GiftChoice.gift_id.in_(numbers))))
    wishes = _wished_before(session, gifts)
    soon = clock.now() + LATE_ANSWER / 2
    until = asking.until
    if until < soon:
        zone = session.get_one(Institution, asking.institution_id).time_zone
        until = end_of(last_day(clock.now() + LATE_ANSWER, zone), zone)
    made = []
    for gift in gifts:
        if gift.id in known or sums.left(gift) <= 0:
            continue
        key = uuid4()
        otherwise = Wish.REFUND if wishes.get(gift.pledge_id or 0) == Fallback.REFUND else Wish(asking.otherwise)
        token = token_for(_secret(), "choice", gift.institution_id, str(key))
        made.append(
            GiftChoice(
                asking_id=asking.id,
                gift_id=gift.id,
                key=key,
                token_hash=digest(token),
                otherwise=otherwise,
                until=until,
            )
        )
    session.add_all(made)
    session.flush()  # for their ids
    for choice in made:
        publish(session, "choice.asked", key=str(choice.id), choice_id=choice.id)


def _wished_before(session: Session, gifts: Sequence[Gift]) -> dict[int, str]:
    """Read what donors had wished for, when they gave, should the purchase fail."""
    numbers = {gift.pledge_id for gift in gifts if gift.pledge_id is not None}
    rows = session.execute(select(Pledge.id, Pledge.fallback).where(Pledge.id.in_(numbers)))
    return dict(rows.all())


def _secret() -> str:
    config: Config = current_app.extensions["config"]
    return config.secret_key


def choice_token(choice: GiftChoice) -> str:
    """Give the token that opens the page of one question."""
    return token_for(_secret(), "choice", choice.institution_id, str(choice.key))


def choice_by_token(session: Session, token: str) -> GiftChoice:
    """Find the question that a token opens. Raises NotFound, whatever is wrong with the token."""
    found = session.scalars(select(GiftChoice).where(GiftChoice.token_hash == digest(token))).one_or_none()
    if found is None:
        raise NotFound
    return found


def open_choices(session: Session, gift_ids: Collection[int]) -> dict[int, GiftChoice]:
    """Find the questions about these gifts that may still be answered, by gift."""
    found = session.scalars(
        select(GiftChoice).where(
            GiftChoice.gift_id.in_(gift_ids), GiftChoice.done_at.is_(None), GiftChoice.until > clock.now()
        )
    )
    return {choice.gift_id: choice for choice in found}


def last_day(until: datetime, time_zone: str) -> date:
    """Tell the last day on which an answer counts, on the museum's calendar."""
    return (until - timedelta(seconds=1)).astimezone(ZoneInfo(time_zone)).date()


def end_of(day: date, time_zone: str) -> datetime:
    """Give the moment (UTC) at which a day of the museum's calendar is over."""
    return datetime.combine(day + timedelta(days=1), time(0), ZoneInfo(time_zone)).astimezone(UTC)


def takes(target: Campaign, source: Campaign) -> bool:
    """Say whether a campaign takes a gift of another: open now, a work of the same issuer that keeps what is given."""
    return (
        target.id != source.id
        and (target.issuer_id, target.currency) == (source.issuer_id, source.currency)
        and target.funding_model == FundingModel.KEEP
        and target.goal_minor is not None
        and is_open(target.state, target.opens_at, target.closes_at, clock.now())
    )


def targets(session: Session, source: Campaign) -> list[Campaign]:
    """List the campaigns a gift may move to, those that end soonest first."""
    live = session.scalars(
        select(Campaign).where(Campaign.state == CampaignState.LIVE).order_by(Campaign.closes_at, Campaign.id)
    )
    return [one for one in live if takes(one, source)]


def locked_choice(session: Session, choice_id: int) -> GiftChoice:
    """Lock a question until the transaction ends, before its gift, and read it anew."""
    return session.scalars(
        select(GiftChoice)
        .where(GiftChoice.id == choice_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def choice_of(session: Session, gift_id: int) -> GiftChoice:
    """Find the question about a gift. Raises NotFound when nothing was asked."""
    found = session.scalars(select(GiftChoice).where(GiftChoice.gift_id == gift_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def answer(
    session: Session, choice_id: int, wish: str, target_id: int | None = None, heard: Heard | None = None
) -> GiftChoice:
    """Note what a donor wishes; the same again changes nothing, another wish takes its place. Locks the question.

    `heard` is how the wish came where the desk notes it; None where the donor answers.

    Raises Conflict when the day is past, the gift is dealt with or given back, the other work takes no gifts any more, or
    the desk would write over what the donor answered; Refusal for an answer that was not offered.
    """
    choice = locked_choice(session, choice_id)
    gift = _still_open(session, choice)
    if heard and choice.wish and not choice.heard:
        raise Conflict(THEIRS)
    if wish not in answers(choice):
        raise Refusal(CHOOSE, field="wish")
    if wish == Wish.MOVE:
        source = session.get_one(Campaign, (choice.institution_id, gift.campaign_id))
        target = session.get(Campaign, (choice.institution_id, target_id)) if target_id is not None else None
        if target is None:
            raise Refusal(CHOOSE, field="wish")
        if not takes(target, source):
            raise Conflict(CLOSED)
    wanted = target_id if wish == Wish.MOVE else None
    if (choice.wish, choice.target_id, choice.heard) != (wish, wanted, heard):
        choice.wish, choice.target_id, choice.heard, choice.answered_at = wish, wanted, heard, clock.now()
        act, way = ("gift.choice_noted", {"heard": heard}) if heard else ("gift.choice", {})
        audit.record(session, act, f"gift:{gift.id}", wish=wish, target_id=wanted, **way)
    return choice


def take_back(session: Session, choice_id: int) -> None:
    """Take back an answer that the desk noted. Locks the question.

    Raises Conflict when the donor gave it, none was noted, the day is past, or the gift is dealt with.
    """
    choice = locked_choice(session, choice_id)
    gift = _still_open(session, choice)
    if choice.heard is None:
        raise Conflict(NOT_NOTED)
    choice.wish = choice.target_id = choice.heard = choice.answered_at = None
    audit.record(session, "gift.choice_taken_back", f"gift:{gift.id}")


def _still_open(session: Session, choice: GiftChoice) -> Gift:
    gift = session.get_one(Gift, (choice.institution_id, choice.gift_id))
    if choice.done_at is not None or sums.left(gift) - sums.asked_for(session, gift) <= 0:
        raise Conflict(DONE)
    if choice.until <= clock.now():
        raise Conflict(OVER)
    return gift


def answers(choice: GiftChoice) -> tuple[Wish, ...]:
    """List what may be chosen. That the museum keeps a gift is offered only where that was the promise."""
    return (Wish.REFUND, Wish.MOVE, Wish.KEEP) if choice.otherwise == Wish.KEEP else (Wish.REFUND, Wish.MOVE)


def due(session: Session, now: datetime, after: int = 0) -> list[int]:
    """List the next questions whose day is past (UTC) and that are still to be carried out, at most `PART`."""
    waiting = select(GiftChoice.id).where(GiftChoice.done_at.is_(None), GiftChoice.until <= now, GiftChoice.id > after)
    return list(session.scalars(waiting.order_by(GiftChoice.id).limit(PART)))


def conclude(session: Session, choice: GiftChoice, outcome: Outcome) -> None:
    """Write down what became of a locked question's gift. Publishes `choice.done`."""
    choice.outcome, choice.done_at = outcome, clock.now()
    publish(session, "choice.done", key=str(choice.id), choice_id=choice.id)
