"""Letters of thanks on A4, with the address where the envelope has its window; a batch is one file, one page for each.

Positions: at the right as French, Italian, Belgian and Swiss envelopes have it (AFNOR NF Z 11-001: 110 mm from the left, 50 mm
from the top); at the left as DIN 5008 form B has it (20 mm from the left, 45 mm from the top, 85 by 45 mm).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What letters that leave together have in common."""

    window: str
    made_at: datetime
    made_on: date
    museum: str
    city: str
    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet(Post):
    """A batch, ready to be set."""

    number: int
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
        sender=sender_line(museum, issuer),
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


def sender_line(museum: Institution, issuer: Issuer | None) -> str:
    """Write in one line who sends, for the window of an envelope."""
    return f"{museum.name}, {issuer.address_line}, {issuer.postcode} {issuer.city}" if issuer else museum.name


def address_lines(donor: Donor, museum: Institution) -> tuple[str, ...]:
    """Write a donor's address as the post reads it, the country in the donor's language where it is another one."""
    with use_locale(donor.locale):
        abroad = country_name(donor.country).upper() if donor.country and donor.country != museum.country else ""
    place = " ".join(part for part in (donor.postcode, donor.city) if part)
    return tuple(part for part in (name_of(donor), donor.address_line or "", place, abroad) if part)


def printed(sheet: Sheet) -> bytes:
    """Make the PDF, each letter in its reader's language. Called without a transaction: a PDF takes its time."""
    page = current_app.jinja_env.get_template("letters/thanks_page.html")
    pages = []
    for letter in sheet.letters:
        with use_locale(letter.locale):
            pages.append(page.render(sheet=sheet, letter=letter))
    lang = sheet.letters[0].locale if sheet.letters else "fr"
    return set_letters(sheet, pages, lang, f"{sheet.museum} {sheet.number}")


def set_letters(
    post: Post, pages: Sequence[str], lang: str, title: str, passing: Mapping[str, bytes] | None = None
) -> bytes:
    """Set pages, each made by its template in its reader's language, as one PDF; `passing` are pictures by name."""
    escaped = [Markup(page) for page in pages]  # noqa: S704 - their templates have escaped them
    html = current_app.jinja_env.get_template("letters/thanks.html").render(pages=escaped, lang=lang, sheet=post)
    return renderer().render(html, title=title, lang=lang, created_at=post.made_at, passing=passing)
