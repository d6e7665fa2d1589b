"""What the page of the pieces reads and shows: each piece as a line of the table, and as a field of the picture."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from crowdfund.campaigns import illustration
from crowdfund.campaigns.adopting import Drawn
from crowdfund.campaigns.content import artwork_of, pieces_of, rows_of
from crowdfund.campaigns.editing import Clash
from crowdfund.campaigns.models import Campaign, Piece
from crowdfund.campaigns.places import MOST_PIECES, SIDES, Place, overlapping, percents, read_place
from crowdfund.campaigns.texts import named_piece, said
from crowdfund.campaigns.view import Picture, picture_at
from crowdfund.editor.frame import Head, frame_of
from crowdfund.editor.parts import Field
from crowdfund.editor.reading import Frame, read, written
from crowdfund.editor.view import Other
from crowdfund.errors import Refusal
from crowdfund.forms import text_problem, tidy
from crowdfund.i18n import N_, gettext, in_words
from crowdfund.institutions.permissions import membership_here
from crowdfund.money import Money
from crowdfund.pages.view.pieces import PieceMap, drawn_on

NEW = "new"  # the piece that is not kept yet
MOST_SIDES = 20
LONGEST_NAME = 120
NOTHING_PASTED = N_("Write one piece a line: its name; its price.")
NO_LINE = N_("Line %(line)s: write a name, a semicolon and a price, for example: Left wing; 50")
TOO_MANY_LINES = N_("These are more than 400 lines.")
NO_SHAPE = N_("Write how many columns and rows there are, from 1 to 20.")
NOT_THERE = N_("taken away")


@dataclass(frozen=True, slots=True)
class PieceLine:
    """A piece in the table. `key` ends the names of its fields, `mark` is its number on the picture, `taken` counts who adopted it."""

    key: str
    mark: int
    name: str
    values: Mapping[str, str]
    taken: int = 0


def read_piece(key: str, form: Mapping[str, str], frame: Frame) -> tuple[Drawn | None, dict[str, str]]:
    """Read one line of the table: the piece (none when something is wrong), and what is wrong by name of the field."""
    name, price, shares = (f"{field}-{key}" for field in ("title", "price", "shares"))
    asked = (Field(name, ""), Field(price, "", "money"), Field(shares, "", "count"))
    found, errors = read(asked, {field.name: form.get(field.name, "") for field in asked}, frame)
    if (problem := text_problem(found.get(name, ""), LONGEST_NAME)) is not None:
        errors[name] = problem
    place = None
    try:
        place = read_place({side: form.get(f"{side}-{key}", "") for side in SIDES})
    except Refusal as refusal:
        errors[f"{refusal.field}-{key}"] = in_words(refusal)
    if errors:
        return None, errors
    title = {frame.locale: found[name]}
    return Drawn(title=title, price_minor=found[price], shares=found[shares] or 1, place=place), {}


def read_list(text: str, frame: Frame) -> list[Drawn]:
    """Read pasted lines of name and price, divided by a semicolon or a tab. Raises Refusal with the line that is wrong."""
    lines = [line for line in tidy(text).splitlines() if line.strip()]
    if not lines:
        raise Refusal(NOTHING_PASTED, field="list")
    if len(lines) > MOST_PIECES:
        raise Refusal(TOO_MANY_LINES, field="list")
    found = []
    for number, line in enumerate(lines, start=1):
        parts = [part.strip() for part in re.split(r"[;\t]", line)]
        drawn, errors = read_piece("", {"title-": parts[0], "price-": parts[-1]}, frame)
        if len(parts) != 2 or not parts[0] or drawn is None or errors:
            raise Refusal(NO_LINE, field="list", params={"line": number})
        found.append(drawn)
    return found


def read_shape(form: Mapping[str, str], frame: Frame) -> tuple[tuple[int, int] | None, int | None, dict[str, str]]:
    """Read columns, rows and the price of new pieces (none: it is not said)."""
    errors: dict[str, str] = {}
    shape = []
    for name in ("columns", "rows"):
        typed = form.get(name, "").strip()
        if typed.isascii() and typed.isdigit() and 1 <= int(typed[:4]) <= MOST_SIDES:
            shape.append(int(typed))
        else:
            errors[name] = gettext(NO_SHAPE)
    price = None
    if form.get("price-grid", "").strip():
        found, wrong = read((Field("price-grid", "", "money"),), form, frame)
        price, errors = found.get("price-grid"), errors | wrong
    return (None, None, errors) if errors else ((shape[0], shape[1]), price, {})


def sheet(
    session: Session, campaign: Campaign, head: Head, typed: Mapping[str, str], clash: Clash | None
) -> dict[str, Any]:
    """Read all that the page shows; what was typed wins over what is kept, until it is right."""
    home, frame = membership_here().default_locale, frame_of(campaign, head)
    rewards = {reward.id: reward for reward in rows_of(session, "reward", campaign.id)}
    found = pieces_of(session, campaign.id)
    lines = []
    for mark, piece in enumerate(found, start=1):
        reward = rewards[piece.reward_id]
        values = _written(piece, reward.price_minor, frame)
        name = named_piece(said(piece.title, home), said(reward.title, home), piece.number)
        lines.append(PieceLine(str(piece.id), mark, name, _typed(str(piece.id), values, typed), piece.claimed))
    blank = dict.fromkeys(("title", "price", *SIDES), "") | {"shares": "1"}
    if lines:
        blank["price"] = lines[-1].values["price"]
    kinds = {reward.id: said(reward.title, home) for reward in rewards.values()}
    used = {piece.reward_id for piece in found}
    return {
        "lines": lines,
        "new": PieceLine(NEW, len(lines) + 1, "", _typed(NEW, blank, typed)),
        "map": _map(session, campaign, home, found, lines),
        "overlaps": list(overlapping(_placed(found))),
        "kinds": [
            (one, kinds[one], Money(rewards[one].price_minor, campaign.currency)) for one in rewards if one in used
        ],
        "pictures": illustration.picture_choices(session, campaign.pieces_image, head.languages),
        "others": _others(clash, lines, frame),
        "typed": typed,
    }


def _written(piece: Piece, price_minor: int, frame: Frame) -> dict[str, str]:
    return {
        "title": piece.title.get(frame.locale, ""),
        "price": written(Field("price", "", "money"), price_minor, frame),
        "shares": str(piece.shares),
    } | {side: percents(getattr(piece, side)) for side in SIDES}


def _typed(key: str, values: Mapping[str, str], typed: Mapping[str, str]) -> dict[str, str]:
    return {name: typed.get(f"{name}-{key}", value) for name, value in values.items()}


def _placed(found: list[Piece]) -> list[tuple[int, Place]]:
    return [
        (mark, Place(piece.x, piece.y or 0, piece.width or 0, piece.height or 0))
        for mark, piece in enumerate(found, start=1)
        if piece.x is not None
    ]


def picture_of_pieces(session: Session, campaign: Campaign, home: str) -> Picture | None:
    """Give the picture that the pieces are drawn on, where there is one."""
    artwork = artwork_of(session, campaign)
    image = campaign.pieces_image or artwork.image
    if not image:
        return None
    alt = said(artwork.image_alt, home) if image == artwork.image else ""
    return picture_at(image, artwork.image_width, artwork.image_height, alt)


def _map(
    session: Session, campaign: Campaign, home: str, found: list[Piece], lines: list[PieceLine]
) -> PieceMap | None:
    picture = picture_of_pieces(session, campaign, home)
    if picture is None:
        return None
    marks = [(one.key, str(one.mark), piece, "") for one, piece in zip(lines, found, strict=True)]
    return drawn_on(picture, marks)


def _others(clash: Clash | None, lines: list[PieceLine], frame: Frame) -> tuple[Other, ...]:
    """Say what the other person made of a piece: its words, its places, where it lies."""
    names = {f"piece.{one.key}": one.name for one in lines}
    found = []
    for one in clash.theirs if clash else ():
        value = one.value or {}
        place = " ".join(percents(value.get(side)) for side in SIDES)
        words = " · ".join(filter(None, ((value.get("title") or {}).get(frame.locale, ""), place.strip())))
        found.append(Other(names.get(one.field, ""), words if one.value else gettext(NOT_THERE), one.name, one.made_at))
    return tuple(found)
