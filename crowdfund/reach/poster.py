"""The poster of one place, ready for print: A4, fonts embedded, a code and a short link that are this place's own."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime

from flask import render_template
from PIL import Image

from crowdfund import qr
from crowdfund.campaigns.art import hang, wall_colours
from crowdfund.i18n import current_locale
from crowdfund.pdf import renderer
from crowdfund.reach.view import Appeal

# 150 points an inch on a sheet with its bleed: what a picture of this kind needs at arm's length.
ART = (1300, 880)
SIZES = ((30, 50), (46, 40), (70, 32))  # letters of the title → its size in points
SMALLEST = 25


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a poster shows beside its campaign. `opened` is the address in its code, `typed` the one in words."""

    name: str
    opened: str
    typed: str
    takes_cash: bool
    made_at: datetime
    for_printers: bool = False


def poster(appeal: Appeal, sheet: Sheet) -> bytes:
    """Make the PDF of a poster in the current language. With `for_printers` it has its bleed and the marks to cut it by."""
    _light, own, deep = wall_colours(appeal.wall)
    html = render_template(
        "letters/poster.html",
        appeal=appeal,
        sheet=sheet,
        wall=_hex(own),
        deep=_hex(deep),
        size=next((size for letters, size in SIZES if len(appeal.title) <= letters), SMALLEST),
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


def _work(appeal: Appeal, wall: tuple[int, int, int]) -> bytes:
    canvas = Image.new("RGB", ART, wall)
    width, height = ART
    hang(canvas, appeal.picture, (30, 30, width - 30, height - 40))
    written = io.BytesIO()
    canvas.save(written, "PNG")  # JPEG would shift the wall's colour, and its edge would show
    return written.getvalue()


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
