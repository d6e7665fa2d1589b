"""Letters of thanks on A4, with the address where the envelope has its window; a batch is one file, one page for each.

Positions: at the right as French, Italian, Belgian and Swiss envelopes have it (AFNOR NF Z 11-001: 110 mm from the left, 50 mm
from the top); at the left as DIN 5008 form B has it (20 mm from the left, 45 mm from the top, 85 by 45 mm).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import current_app
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.texts import said
from crowdfund.donors.models import Donor
from crowdfund.gifts.mails import name_of
from crowdfund.gifts.models import Gift
from crowdfund.i18n import country_name, use_locale
from crowdfund.institutions.models import Institution, Issuer
from crowdfund.money import Money
from crowdfund.pdf import renderer
from crowdfund.tenancy import museum_of
from crowdfund.thanks.models import LetterBatch, ThankLetter


@dataclass(frozen=True, slots=True)
class Letter:
    """What one letter says; `lines` is the address as the post reads it."""

    locale: str
    lines: tuple[str, ...]
    name: str
    amount: Money
    given_on: date
    campaign: str
    words: tuple[str, ...]
    signed_by: str
    signed_as: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A batch, ready to be set."""

    number: int
    window: str
    made_at: datetime
    made_on: date
    museum: str
    city: str
    sender: str
    letters: tuple[Letter, ...]


def read_batch(session: Session, batch: LetterBatch) -> Sheet:
    """Read a batch as it is printed now: who was erased meanwhile is left out."""
    museum = session.get_one(Institution, museum_of(session))
    zone = ZoneInfo(museum.time_zone)
    found = session.execute(
        select(ThankLetter, Gift, Donor, Campaign, Issuer)
        .join(Gift, Gift.id == ThankLetter.gift_id)
        .join(Donor, Donor.id == ThankLetter.donor_id)
        .join(Campaign, Campaign.id == Gift.campaign_id)
        .join(Issuer, Issuer.id == Campaign.issuer_id)
        .where(ThankLetter.batch_id == batch.id, Donor.erased_at.is_(None))
        .order_by(ThankLetter.id)
    ).all()
    issuer = found[0].Issuer if found else None
    return Sheet(
        number=batch.number,
        window=batch.window,
        made_at=batch.made_at,
        made_on=batch.made_at.astimezone(zone).date(),
        museum=museum.name,
        city=museum.city,
        sender=f"{museum.name}, {issuer.address_line}, {issuer.postcode} {issuer.city}" if issuer else museum.name,
        letters=tuple(_letter(row.ThankLetter, row.Gift, row.Donor, row.Campaign, museum) for row in found),
    )


def _letter(letter: ThankLetter, gift: Gift, donor: Donor, campaign: Campaign, museum: Institution) -> Letter:
    with use_locale(donor.locale):
        title = str(said(campaign.title, museum.default_locale))
    return Letter(
        locale=donor.locale,
        lines=address_lines(donor, museum),
        name=name_of(donor),
        amount=gift.kept,
        given_on=gift.gift_date,
        campaign=title,
        words=tuple(part for part in (letter.words or "").split("\n\n") if part.strip()),
        signed_by=letter.signed_by or museum.name,
        signed_as=letter.signed_as or "",
    )


def address_lines(donor: Donor, museum: Institution) -> tuple[str, ...]:
    """Write a donor's address as the post reads it, the country in the donor's language where it is another one."""
    with use_locale(donor.locale):
        abroad = country_name(donor.country).upper() if donor.country and donor.country != museum.country else ""
    place = " ".join(part for part in (donor.postcode, donor.city) if part)
    return tuple(part for part in (name_of(donor), donor.address_line or "", place, abroad) if part)


def printed(sheet: Sheet) -> bytes:
    """Make the PDF, each letter in its reader's language. Called without a transaction: a PDF takes its time."""
    letter_page = current_app.jinja_env.get_template("letters/thanks_page.html")
    pages = []
    for letter in sheet.letters:
        with use_locale(letter.locale):
            pages.append(Markup(letter_page.render(sheet=sheet, letter=letter)))  # noqa: S704 - the template has escaped it
    lang = sheet.letters[0].locale if sheet.letters else "fr"
    html = current_app.jinja_env.get_template("letters/thanks.html").render(pages=pages, lang=lang, sheet=sheet)
    return renderer().render(html, title=f"{sheet.museum} {sheet.number}", lang=lang, created_at=sheet.made_at)
