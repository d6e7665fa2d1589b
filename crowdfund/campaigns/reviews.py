"""Ask a partner museum to read a draft: one link for one museum's people, remarks that come back, and nothing else shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import Config
from crowdfund import audit, clock
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.preparation import Remark, Review
from crowdfund.campaigns.promises import check_approvable
from crowdfund.campaigns.service import campaign_of
from crowdfund.errors import NotFound, Refusal
from crowdfund.i18n import N_
from crowdfund.institutions.models import Institution
from crowdfund.links import digest, token_for
from crowdfund.tenancy import museum_of

NO_PARTNER = N_("Choose one of the other museums.")
LONGEST_REMARK = 2000


@dataclass(frozen=True, slots=True)
class Asked:
    """A museum that was asked, its link, and what it said."""

    id: int
    museum: str
    slug: str
    token: str
    asked_at: datetime
    remarks: tuple[Remark, ...]


def review_token(review: Review) -> str:
    """Give the token of a review's link: the desk may show it again and again."""
    config: Config = current_app.extensions["config"]
    return token_for(config.secret_key, "review", review.institution_id, str(review.key))


def partners_of(session: Session) -> list[tuple[str, str]]:
    """List the museums that may be asked: slug and name of all but one's own."""
    found = select(Institution.slug, Institution.name).where(Institution.id != museum_of(session))
    return [(slug, name) for slug, name in session.execute(found.order_by(Institution.name))]


def ask_for_review(session: Session, campaign_id: int, partner: str) -> Review:
    """Ask a museum to read a campaign that is not open yet. Asked already, it keeps its link.

    Raises Conflict once the campaign is open, Refusal for a museum that is none or one's own.
    """
    campaign = campaign_of(session, campaign_id)
    check_approvable(campaign.state)
    guest = session.scalars(select(Institution).where(Institution.slug == partner)).one_or_none()
    if guest is None or guest.id == museum_of(session):
        raise Refusal(NO_PARTNER, field="partner")
    there = select(Review).where(
        Review.campaign_id == campaign.id, Review.guest_id == guest.id, Review.closed_at.is_(None)
    )
    review = session.scalars(there).one_or_none()
    if review is not None:
        return review
    review = Review(campaign_id=campaign.id, guest_id=guest.id, key=uuid4(), token_hash="")
    session.add(review)
    review.institution_id = museum_of(session)
    review.token_hash = digest(review_token(review))
    session.flush()
    audit.record(session, "review.asked", f"campaign:{campaign.id}", guest=guest.slug)
    return review


def end_review(session: Session, campaign_id: int, review_id: int) -> None:
    """Close a review's link; what was said stays. Twice is once. Raises NotFound."""
    review = session.get(Review, (museum_of(session), review_id))
    if review is None or review.campaign_id != campaign_id:
        raise NotFound
    if review.closed_at is None:
        review.closed_at = clock.now()
        audit.record(session, "review.ended", f"campaign:{campaign_id}", review=review.id)


def reviews_of(session: Session, campaign_id: int) -> list[Asked]:
    """List who was asked to read a campaign, with what they said; links that are closed only for what was said."""
    rows = session.execute(
        select(Review, Institution.name, Institution.slug)
        .join(Institution, Institution.id == Review.guest_id)
        .where(Review.campaign_id == campaign_id)
        .order_by(Review.id)
    ).all()
    said: dict[int, list[Remark]] = {}
    for remark in session.scalars(select(Remark).where(Remark.campaign_id == campaign_id).order_by(Remark.id)):
        said.setdefault(remark.review_id, []).append(remark)
    return [
        Asked(one.id, name, slug, "" if one.closed_at else review_token(one), one.asked_at, tuple(said.get(one.id, ())))
        for one, name, slug in rows
        if one.closed_at is None or one.id in said
    ]


def review_by_token(session: Session, token: str, guest_id: int) -> tuple[Review, Campaign]:
    """Find what a guest museum was asked to read.

    Raises NotFound for a link that is closed, not ours, or another museum's, and once the campaign is open.
    """
    found = select(Review).where(
        Review.token_hash == digest(token), Review.guest_id == guest_id, Review.closed_at.is_(None)
    )
    review = session.scalars(found).one_or_none()
    if review is None:
        raise NotFound
    campaign = campaign_of(session, review.campaign_id)
    if campaign.state not in {"draft", "scheduled"}:
        raise NotFound
    return review, campaign


def remark(session: Session, review: Review, name: str, text: str) -> Remark:
    """Keep what a guest says of a draft."""
    said = Remark(campaign_id=review.campaign_id, review_id=review.id, name=name, text=text)
    session.add(said)
    session.flush()
    return said
