"""Keep pictures with what must be said of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import audit
from crowdfund.errors import NotFound
from crowdfund.pictures.encoding import Encoded
from crowdfund.pictures.models import Picture
from crowdfund.pictures.rules import check_alt, check_focus
from crowdfund.tenancy import museum_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is said of a picture: in words by language, whose it is, and the point that matters most (percents)."""

    alt: Mapping[str, str]
    credit: str = ""
    focus_x: int = 50
    focus_y: int = 50


def add_picture(session: Session, encoded: Encoded, said: Said, home: str) -> Picture:
    """Keep a picture whose files are in the storage. The same one again is the one that is there, with what is said now.

    Raises Refusal when it is not described in the museum's own language (`home`).
    """
    check_alt(said.alt, home)
    check_focus(said.focus_x, said.focus_y)
    picture = session.scalars(select(Picture).where(Picture.digest == encoded.digest)).one_or_none()
    if picture is None:
        picture = Picture(
            digest=encoded.digest, width=encoded.width, height=encoded.height, widths=list(encoded.widths), alt={}
        )
        session.add(picture)
    _say(picture, said)
    session.flush()  # for its id
    audit.record(session, "picture.added", f"picture:{picture.id}", digest=picture.digest)
    return picture


def describe_picture(session: Session, picture_id: int, said: Said, home: str) -> Picture:
    """Say something else of a picture. Raises NotFound, and Refusal as `add_picture` does."""
    picture = picture_of(session, picture_id)
    check_alt(said.alt, home)
    check_focus(said.focus_x, said.focus_y)
    _say(picture, said)
    audit.record(session, "picture.described", f"picture:{picture.id}")
    return picture


def picture_of(session: Session, picture_id: int) -> Picture:
    """Find a picture of the museum. Raises NotFound."""
    picture = session.get(Picture, (museum_of(session), picture_id))
    if picture is None:
        raise NotFound
    return picture


def pictures_here(session: Session) -> list[Picture]:
    """List the museum's pictures, the latest first."""
    return list(session.scalars(select(Picture).order_by(Picture.id.desc())))


def _say(picture: Picture, said: Said) -> None:
    picture.alt = {locale: text for locale, text in said.alt.items() if text}
    picture.credit = said.credit
    picture.focus_x, picture.focus_y = said.focus_x, said.focus_y
