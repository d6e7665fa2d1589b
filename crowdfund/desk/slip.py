"""The slip of an announced gift, on paper: where the money goes, its reference, and the codes that machines read."""

from __future__ import annotations

import io
from datetime import datetime

from barcode import Code128
from flask import current_app
from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from crowdfund import qr
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.texts import said
from crowdfund.desk.ways import WayToPay, bank_code, swiss_bill, way_to_pay
from crowdfund.donors.models import Donor
from crowdfund.errors import NotFound
from crowdfund.gifts.mails import name_of
from crowdfund.i18n import current_locale, gettext
from crowdfund.institutions.models import Institution
from crowdfund.pdf import renderer
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import PledgeState

BAR, HEIGHT, QUIET = 4, 120, 10  # pixels of the thinnest bar, of its height; quiet zone in bars (ISO/IEC 15417)
# The cross in the middle of a Swiss code: 7 of 46 mm.
CROSS = 7 / 46
FILE = "slip.pdf"


class Slip:
    """What a slip says, read in one transaction and drawn outside it."""

    def __init__(self, session: Session, pledge: Pledge) -> None:
        way = way_to_pay(session, pledge)
        if way is None or pledge.state == PledgeState.CANCELLED:  # nobody is asked to send what was called off
            raise NotFound
        museum = session.get_one(Institution, pledge.institution_id)
        campaign = session.get_one(Campaign, (pledge.institution_id, pledge.campaign_id))
        donor = session.get_one(Donor, (pledge.institution_id, pledge.donor_id))
        self.way: WayToPay = way
        self.museum = museum.name
        self.campaign = said(campaign.title, museum.default_locale)
        self.donor = name_of(donor)
        self.made_at: datetime = pledge.created_at

    def pdf(self) -> bytes:
        """Draw it in the current language: one A4 page; in francs with the payment part of a Swiss QR-bill."""
        code, passing = bank_code(self.way), {}
        if code is not None:
            picture = qr.png_of(code, border=0 if self.way.is_swiss else qr.QUIET)
            passing["code.png"] = _crossed(picture) if self.way.is_swiss else picture
        if self.way.method == "cheque":
            passing["bars.png"] = barcode(self.way.reference)
        html = current_app.jinja_env.get_template("letters/slip.html").render(
            slip=self, way=self.way, lang=current_locale(), bill=swiss_bill(self.way) if self.way.is_swiss else None
        )
        return renderer().render(
            html, title=gettext("Your gift: how to pay"), lang=current_locale(), created_at=self.made_at, passing=passing,
            pages=1,
        )  # fmt: skip


def barcode(text: str) -> bytes:
    """Draw a text as Code 128, in PNG: bars whole pixels wide, with the quiet zones that scanners need."""
    [bars] = Code128(text).build()
    image = Image.new("1", ((len(bars) + 2 * QUIET) * BAR, HEIGHT), 1)
    pen = ImageDraw.Draw(image)
    for place, bar in enumerate(bars, start=QUIET):
        if bar == "1":
            pen.rectangle((place * BAR, 0, place * BAR + BAR - 1, HEIGHT - 1), fill=0)
    return _png(image)


def _crossed(code: bytes) -> bytes:
    """Lay the Swiss cross into the middle of a code: white on black, in a white frame."""
    image = Image.open(io.BytesIO(code)).convert("L")
    size = round(image.width * CROSS)
    start = (image.width - size) // 2
    pen = ImageDraw.Draw(image)

    def square(left: float, top: float, right: float, bottom: float, shade: int) -> None:
        box = (left, top, right, bottom)
        pen.rectangle(tuple(start + round(size * one) for one in box), fill=shade)

    square(0, 0, 1, 1, 255)
    square(0.07, 0.07, 0.93, 0.93, 0)
    square(0.42, 0.22, 0.58, 0.78, 255)
    square(0.22, 0.42, 0.78, 0.58, 255)
    return _png(image)


def _png(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()
