"""Write down to whom a mailing goes, each address once, before anything is sent; then send it part by part.

The list is made in one transaction, with one fact for each part. A part that is cut off is delivered again, and `mail.send_once`
leaves out what has left: nobody gets it twice, nobody is missed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.conversation.models import Dispatch, Follower, News
from crowdfund.conversation.rules import FollowState, Purpose
from crowdfund.conversation.tokens import address_hash, stop_token
from crowdfund.donors.models import Consent, Donor
from crowdfund.donors.rules import ConsentKind
from crowdfund.gifts.models import Gift
from crowdfund.gifts.rules import GiftState
from crowdfund.links import digest
from crowdfund.outbox import publish
from crowdfund.tenancy import museum_of

PART = 40
GIVEN_BACK = (GiftState.REFUNDED, GiftState.LOST)


@dataclass(frozen=True, slots=True)
class Reader:
    """An address, why it is written to, and in which language."""

    locale: str
    follower_id: int | None = None
    donor_id: int | None = None


def address_news(session: Session, news_id: int) -> int:
    """List who gets a piece of news: followers, and donors to its campaign who agreed to this museum's news."""
    news = session.get_one(News, (museum_of(session), news_id))
    readers = followers_of(session, news.campaign_id) | {}
    for email, donor in donors_of(session, news.campaign_id).items():
        known = readers.get(email)
        readers[email] = replace(known, donor_id=donor.donor_id) if known else donor
    return _address(session, f"news:{news_id}", news.campaign_id, readers, news_id)


def address_opening(session: Session, campaign_id: int) -> int:
    """List who is told that a campaign is open: its followers, and those who asked to be told the next time."""
    readers = _next_time(session) | followers_of(session, campaign_id)
    return _address(session, f"opened:{campaign_id}", campaign_id, readers, None)


def followers_of(session: Session, campaign_id: int) -> dict[str, Reader]:
    """Give the confirmed followers of a campaign, by address."""
    return _followers(session, Follower.campaign_id == campaign_id, Follower.purpose == Purpose.NEWS)


def _next_time(session: Session) -> dict[str, Reader]:
    return _followers(session, Follower.purpose == Purpose.NEXT_TIME)


def _followers(session: Session, *which: object) -> dict[str, Reader]:
    found = session.execute(
        select(Follower.id, Follower.email, Follower.locale)
        .where(Follower.state == FollowState.CONFIRMED, Follower.email.is_not(None), *which)  # type: ignore[arg-type]
        .order_by(Follower.id)
    )
    return {row.email: Reader(row.locale, follower_id=row.id) for row in found}


def donors_of(session: Session, campaign_id: int) -> dict[str, Reader]:
    """Give the donors to a campaign who agreed to this museum's news, by address."""
    gave = select(Gift.donor_id).where(Gift.campaign_id == campaign_id, Gift.state.not_in(GIVEN_BACK))
    agreed = select(Consent.donor_id).where(Consent.kind == ConsentKind.NEWS_MUSEUM, Consent.withdrawn_at.is_(None))
    found = session.execute(
        select(Donor.id, Donor.email, Donor.locale)
        .where(Donor.id.in_(gave), Donor.id.in_(agreed), Donor.email.is_not(None), Donor.erased_at.is_(None))
        .order_by(Donor.id)
    )
    return {row.email.lower(): Reader(row.locale, donor_id=row.id) for row in found}


def _address(session: Session, occasion: str, campaign_id: int, readers: dict[str, Reader], news_id: int | None) -> int:
    """Write the list down and hand its parts to the outbox; tell how many addresses are new on it."""
    museum, now = museum_of(session), clock.now()
    rows = []
    for email, reader in readers.items():
        hashed = address_hash(museum, email)
        rows.append({
            "institution_id": museum, "occasion": occasion, "address_hash": hashed, "campaign_id": campaign_id,
            "token_hash": digest(stop_token(museum, occasion, hashed)), "news_id": news_id, "created_at": now,
            "follower_id": reader.follower_id, "donor_id": reader.donor_id, "locale": reader.locale,
        })  # fmt: skip
    made: list[int] = []
    for start in range(0, len(rows), PART):
        statement = insert(Dispatch).values(rows[start : start + PART])
        listed = statement.on_conflict_do_nothing(index_elements=["institution_id", "occasion", "address_hash"])
        made += session.scalars(listed.returning(Dispatch.id))
    for start in range(0, len(made), PART):
        part = made[start : start + PART]
        publish(session, "dispatch.part", key=f"{occasion}:{part[0]}", dispatch_ids=part)
    return len(made)
