"""Hang uploaded pictures in campaigns. Works and rewards carry a picture's reference and words beside their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Artwork, Campaign
from crowdfund.campaigns.service import touch
from crowdfund.campaigns.view import UPLOADED, reference, uploaded
from crowdfund.campaigns.view import Picture as Drawn
from crowdfund.pictures.models import Picture
from crowdfund.pictures.service import pictures_here


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture in the list: `missing` are the languages it is not described in."""

    id: int
    picture: Drawn
    credit: str
    missing: tuple[str, ...]


def reference_of(picture: Picture) -> str:
    """Write down a picture as works and rewards do."""
    return reference(picture.digest, picture.width, picture.height)


def words_of(session: Session, images: Iterable[str | None]) -> dict[str, dict[str, str]]:
    """Give what uploaded pictures show, in words by language, under their references. Drawings have none."""
    digests = {found[1]: image for image in images if image and (found := UPLOADED.fullmatch(image))}
    if not digests:
        return {}
    kept = session.execute(select(Picture.digest, Picture.alt).where(Picture.digest.in_(digests)))
    return {digests[digest]: dict(alt) for digest, alt in kept}


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


def shown_picture(kept: Picture, languages: list[str]) -> Shown:
    """Turn a picture's row into what lists show."""
    alt = next((kept.alt[locale] for locale in languages if kept.alt.get(locale)), "")
    drawn = uploaded(kept.digest, kept.width, kept.height, alt, (kept.focus_x, kept.focus_y))
    return Shown(kept.id, drawn, kept.credit, tuple(locale for locale in languages if not kept.alt.get(locale)))


def picture_choices(session: Session, image: str | None, languages: Sequence[str]) -> list[tuple[Shown, bool]]:
    """List the museum's pictures to choose among, each with whether it is what `image` refers to."""
    return [
        (shown_picture(one, list(languages)), reference(one.digest, one.width, one.height) == image)
        for one in pictures_here(session)
    ]
