"""Let people follow by mail: asked for, confirmed by a link, stopped by another, with the proof of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns import service as campaigns
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState
from crowdfund.conversation.models import Dispatch, Follower
from crowdfund.conversation.rules import CONFIRM_WITHIN, FOLLOW_TRANSITIONS, FollowState, Purpose, purpose_in
from crowdfund.conversation.tokens import follow_token
from crowdfund.donors import service as donors
from crowdfund.donors.models import Donor
from crowdfund.donors.rules import ConsentKind
from crowdfund.errors import NotFound
from crowdfund.links import digest
from crowdfund.outbox import publish
from crowdfund.tenancy import museum_of


def follow(session: Session, campaign_id: int, email: str, *, locale: str, wording: str, source: str) -> None:
    """Note that an address wants to be told, and send it the link that confirms. One that follows already gets nothing.

    Raises NotFound for a draft's or another museum's campaign. Asking again while it waits sends a new mail.
    """
    campaign = campaigns.campaign_of(session, campaign_id)
    if campaign.state == CampaignState.DRAFT:
        raise NotFound
    same = {"campaign_id": campaign.id, "purpose": purpose_in(campaign.state), "email": email}
    said = {"locale": locale, "wording": wording, "source": source, "asked_at": clock.now()}
    _add(session, same | said)
    follower = session.scalars(select(Follower).filter_by(**same).with_for_update(key_share=True)).one()
    if follower.state != FollowState.WAITING:
        return
    follower.times_asked += 1
    for name, value in said.items():  # the proof is of the last time, which is the one that is confirmed
        setattr(follower, name, value)
    publish(
        session,
        "follow.asked",
        key=f"{follower.id}:{follower.times_asked}",
        follower_id=follower.id,
        time=follower.times_asked,
    )


def _add(session: Session, values: dict[str, Any]) -> None:
    """Add a follower who waits, unless the address is there already."""
    museum, key = museum_of(session), uuid4()
    made = insert(Follower).values(
        institution_id=museum,
        state=FollowState.WAITING,
        key=key,
        token_hash=digest(follow_token(museum, key)),
        times_asked=0,
        **values,
    )
    session.execute(made.on_conflict_do_nothing(index_elements=["institution_id", "campaign_id", "purpose", "email"]))


def by_token(session: Session, token: str, *, lock: bool = False) -> Follower:
    """Find whom a link belongs to. Raises NotFound for any other, and for one that was not confirmed in time."""
    found = select(Follower).where(Follower.token_hash == digest(token))
    if lock:
        found = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    follower = session.scalars(found).one_or_none()
    if follower is None:
        raise NotFound
    if follower.state == FollowState.WAITING and follower.asked_at < clock.now() - CONFIRM_WITHIN:
        raise NotFound
    return follower


def confirm(session: Session, token: str) -> Follower:
    """Confirm that the address is theirs: they follow from now on. Twice is once; after the end it changes nothing."""
    follower = by_token(session, token, lock=True)
    if follower.state == FollowState.WAITING:
        _move(session, follower, FollowState.CONFIRMED)
        follower.confirmed_at = clock.now()
    return follower


def stop(session: Session, token: str) -> Follower:
    """End what the token's owner follows, and forget the address."""
    follower = by_token(session, token, lock=True)
    end(session, follower)
    return follower


def end(session: Session, follower: Follower) -> None:
    """End one, whose row this transaction holds."""
    if follower.state == FollowState.ENDED:
        return
    _move(session, follower, FollowState.ENDED)
    follower.email, follower.ended_at = None, clock.now()


def _move(session: Session, follower: Follower, state: FollowState) -> None:
    """Change a follower's state and keep the campaign's count with it."""
    before = FollowState(follower.state)
    if state not in FOLLOW_TRANSITIONS[before]:
        raise ValueError(f"follower {follower.id} cannot go from {before} to {state}")
    follower.state = state
    session.flush()
    change = (state == FollowState.CONFIRMED) - (before == FollowState.CONFIRMED)
    if change and follower.purpose == Purpose.NEWS:
        session.execute(
            update(Campaign)
            .where(Campaign.id == follower.campaign_id)
            .values(followers=Campaign.followers + change, version=Campaign.version + 1)
            .execution_options(synchronize_session=False)
        )


def dispatch_by_token(session: Session, token: str) -> Dispatch:
    """Find the mail whose link stops its kind. Raises NotFound."""
    found = session.scalars(select(Dispatch).where(Dispatch.token_hash == digest(token))).one_or_none()
    if found is None:
        raise NotFound
    return found


def stop_dispatch(session: Session, token: str, *, everything: bool = False) -> Dispatch:
    """Stop the mails of the kind that this one was, for whom it was sent to: RFC 8058. Twice is once.

    Ends the follow of this campaign and withdraws the consent to this museum's news, by either of which the next mail would
    come; `everything` ends each follow of the address at this museum.
    """
    sent = dispatch_by_token(session, token)
    email = _address_of(session, sent)
    if email is None:
        return sent
    here = [] if everything else [Follower.campaign_id == sent.campaign_id]
    rows = select(Follower).where(Follower.email == email, *here).order_by(Follower.id)
    for follower in session.scalars(rows.with_for_update(key_share=True)):
        end(session, follower)
    if sent.follower_id is not None:  # followed another campaign, to hear of this one
        end(
            session,
            session.get_one(Follower, (sent.institution_id, sent.follower_id), with_for_update={"key_share": True}),
        )
    for donor_id in session.scalars(select(Donor.id).where(Donor.email == email).order_by(Donor.id)):
        donors.withdraw_consent(session, donor_id, ConsentKind.NEWS_MUSEUM)
    return sent


def _address_of(session: Session, sent: Dispatch) -> str | None:
    follower = session.get(Follower, (sent.institution_id, sent.follower_id)) if sent.follower_id else None
    donor = session.get(Donor, (sent.institution_id, sent.donor_id)) if sent.donor_id else None
    return (follower.email if follower else None) or (donor.email if donor else None)


def end_told(session: Session, dispatch_ids: Sequence[int]) -> None:
    """End those who wanted to be told the next time, once they were."""
    told = select(Dispatch.follower_id).where(Dispatch.id.in_(dispatch_ids), Dispatch.follower_id.is_not(None))
    rows = select(Follower).where(Follower.id.in_(told), Follower.purpose == Purpose.NEXT_TIME).order_by(Follower.id)
    for follower in session.scalars(rows.with_for_update(key_share=True)):
        end(session, follower)


def forget_unconfirmed(session: Session, now: datetime) -> int:
    """Delete the addresses that were never confirmed; tell how many."""
    late = delete(Follower).where(Follower.state == FollowState.WAITING, Follower.asked_at < now - CONFIRM_WITHIN)
    return len(session.execute(late.returning(Follower.id)).all())


def of_person(session: Session, email: str) -> list[Follower]:
    """List what an address follows at this museum, with the proofs: what a person may see and take with them."""
    return list(session.scalars(select(Follower).where(Follower.email == email.lower()).order_by(Follower.id)))


def forget_person(session: Session, email: str) -> None:
    """Forget an address: it follows nothing more."""
    rows = select(Follower).where(Follower.email == email.lower()).order_by(Follower.id)
    for follower in session.scalars(rows.with_for_update(key_share=True)):
        end(session, follower)
