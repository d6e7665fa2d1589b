"""Hang uploaded pictures in campaigns. Works and rewards carry a picture's reference and words beside their own."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Artwork, Campaign
from crowdfund.campaigns.service import touch
from crowdfund.campaigns.view import reference
from crowdfund.pictures.models import Picture


def reference_of(picture: Picture) -> str:
    """Write down a picture as works and rewards do."""
    return reference(picture.digest, picture.width, picture.height)


def hang(artwork: Artwork, picture: Picture) -> None:
    """Show a work by this picture."""
    artwork.image = reference_of(picture)
    artwork.image_width, artwork.image_height = picture.width, picture.height
    artwork.image_alt = dict(picture.alt)


def follow(session: Session, picture: Picture) -> None:
    """Let the works that show a picture say what is said of it now."""
    shown_by = session.execute(
        select(Artwork, Campaign.id)
        .join(Campaign, Campaign.artwork_id == Artwork.id)
        .where(Artwork.image == reference_of(picture))
    ).all()
    for artwork, campaign_id in shown_by:
        artwork.image_alt = dict(picture.alt)
        touch(session, campaign_id)
