"""What is put on paper: the poster of one place and an ambassador's letter to their neighbours, A4, fonts embedded.

Each has a code and a short link of its own.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, datetime

from flask import render_template
from PIL import Image

from crowdfund import qr
from crowdfund.campaigns.art import hang, wall_colours
from crowdfund.i18n import current_locale
from crowdfund.pdf import TooLong, renderer
from crowdfund.reach.view import Appeal

# 150 points an inch on a sheet with its bleed: what a picture of this kind needs at arm's length.
ART = (1300, 880)
SIZES = ((30, 50), (46, 40), (70, 32))  # letters of the title → its size in points
SMALLEST = 25
LONGEST_LEDE = 125  # letters that take two lines at most: a longer sentence would reach into the picture


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a poster shows beside its campaign. `opened` is the address in its code, `typed` the one in words."""

    name: str
    opened: str
    typed: str
    takes_cash: bool
    made_at: datetime
    for_printers: bool = False
    day: date | None = None  # of a letter, in the museum's time


def poster(appeal: Appeal, sheet: Sheet) -> bytes:
    """Make the PDF of a poster in the current language. With `for_printers` it has its bleed and the marks to cut it by."""
    _light, own, deep = wall_colours(appeal.wall)
    size = next((size for letters, size in SIZES if len(appeal.title) <= letters), SMALLEST)
    html = render_template(
        "letters/poster.html",
        appeal=appeal,
        sheet=sheet,
        wall=_hex(own),
        deep=_hex(deep),
        size=size,
        lede=appeal.lede if size > SMALLEST and len(appeal.lede) <= LONGEST_LEDE else "",
        lang=current_locale(),
    )
    return renderer().render(
        html,
        title=f"{appeal.title} — {sheet.name}",
        lang=current_locale(),
        created_at=sheet.made_at,
        passing={"work.png": _work(appeal, own), "qr.png": qr.png(sheet.opened)},
        pages=1,
    )


def letter(appeal: Appeal, sheet: Sheet) -> bytes:
    """Make the PDF of a letter from `sheet.name` to a neighbour, in the current language, as things stand on its day.

    A story too long for the one page is left out: the page behind the code tells it.
    """
    _light, own, _deep = wall_colours(appeal.wall)
    pictures = {"work.png": _work(appeal, own), "qr.png": qr.png(sheet.opened)}

    def made(story: str) -> bytes:
        html = render_template(
            "letters/neighbour.html", appeal=appeal, sheet=sheet, wall=_hex(own), story=story, lang=current_locale()
        )
        return renderer().render(
            html, title=appeal.title, lang=current_locale(), created_at=sheet.made_at, passing=pictures, pages=1
        )

    try:
        return made(appeal.lede)
    except TooLong:
        return made("")


def _work(appeal: Appeal, wall: tuple[int, int, int]) -> bytes:
    canvas = Image.new("RGB", ART, wall)
    width, height = ART
    hang(canvas, appeal.picture, (30, 30, width - 30, height - 40))
    written = io.BytesIO()
    canvas.save(written, "PNG")  # JPEG would shift the wall's colour, and its edge would show
    return written.getvalue()


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
