"""Ask on paper: the donors without an e-mail address whose purchase came to nothing, and the letter that asks them.

They are on the list until they answer or the day is over. A letter is printed until somebody says that it was posted; it
leads to the page of its question, by a code and by an address.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import Row, select
from sqlalchemy.orm import Session, aliased

from config import Config
from crowdfund import audit, clock, qr
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState
from crowdfund.campaigns.texts import said
from crowdfund.donors.models import Donor
from crowdfund.errors import NotFound
from crowdfund.gifts import choices
from crowdfund.gifts.mails import name_of
from crowdfund.gifts.models import Asking, Gift, GiftChoice
from crowdfund.gifts.rules import GIVEN_BACK
from crowdfund.i18n import use_locale
from crowdfund.institutions.models import Institution, Issuer
from crowdfund.money import Money
from crowdfund.tenancy import museum_of
from crowdfund.thanks.letters import Post, address_lines, sender_line, set_letters
from crowdfund.thanks.rules import LARGEST_BATCH, Window
from crowdfund.thanks.view import AskedRow, NotedRow

Found = Row[GiftChoice, Gift, Donor, Campaign, Asking]


@dataclass(frozen=True, slots=True)
class Question:
    """What one letter asks; `lines` is the address as the post reads it, `url` the page of the question."""

    locale: str
    lines: tuple[str, ...]
    name: str
    amount: Money
    campaign: str
    words: tuple[str, ...]
    withdrawn: bool
    otherwise: str
    until: date
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet(Post):
    """Letters that ask, ready to be set."""

    letters: tuple[Question, ...]


def to_ask(session: Session, fallback: str) -> tuple[AskedRow, ...]:
    """List who is to be asked on paper, the nearest day first; `fallback` is the museum's own language."""
    museum = session.get_one(Institution, museum_of(session))
    return tuple(
        AskedRow(
            gift_id=gift.id,
            donor_id=donor.id,
            donor=name_of(donor),
            town=donor.city or "",
            locale=donor.locale,
            amount=gift.kept,
            campaign=said(campaign.title, fallback),
            until=choices.last_day(choice.until, museum.time_zone),
            otherwise=choice.otherwise,
            reachable=_reachable(donor),
            posted_at=choice.posted_at,
        )
        for choice, gift, donor, campaign, _asking in _open(session)
    )


def noted(session: Session, fallback: str) -> tuple[NotedRow, ...]:
    """List the answers that the desk noted and that may still change, the last first."""
    target = aliased(Campaign)
    rows = session.execute(
        select(GiftChoice, Gift, Donor, target.title)
        .join(Gift, Gift.id == GiftChoice.gift_id)
        .join(Donor, Donor.id == Gift.donor_id)
        .outerjoin(target, target.id == GiftChoice.target_id)
        .where(GiftChoice.done_at.is_(None), GiftChoice.heard.is_not(None), GiftChoice.until > clock.now())
        .order_by(GiftChoice.answered_at.desc(), GiftChoice.id)
        .limit(LARGEST_BATCH)
    ).all()
    return tuple(
        NotedRow(gift.id, name_of(donor), gift.kept, choice.wish or "", choice.heard or "",
                 said(title, fallback) if title else "")
        for choice, gift, donor, title in rows
    )  # fmt: skip


def mark_posted(session: Session, gift_ids: Collection[int], *, posted: bool) -> None:
    """Note that the letters about these gifts were posted, or that they were not. Twice is once.

    Raises NotFound when one of the gifts was not asked about.
    """
    found = session.scalars(
        select(GiftChoice)
        .where(GiftChoice.gift_id.in_(gift_ids))
        .order_by(GiftChoice.id)
        .with_for_update(key_share=True)
    ).all()
    if len(found) != len(set(gift_ids)):
        raise NotFound
    for choice in found:
        if (choice.posted_at is not None) != posted:
            choice.posted_at = clock.now() if posted else None
            act = "gift.question_posted" if posted else "gift.question_not_posted"
            audit.record(session, act, f"gift:{choice.gift_id}")


def _open(session: Session) -> Sequence[Found]:
    return session.execute(
        select(GiftChoice, Gift, Donor, Campaign, Asking)
        .join(Gift, Gift.id == GiftChoice.gift_id)
        .join(Donor, Donor.id == Gift.donor_id)
        .join(Campaign, Campaign.id == Gift.campaign_id)
        .join(Asking, Asking.id == GiftChoice.asking_id)
        .where(
            GiftChoice.done_at.is_(None),
            GiftChoice.wish.is_(None),
            GiftChoice.until > clock.now(),
            Gift.state.not_in(GIVEN_BACK),
            Donor.email.is_(None),
            Donor.erased_at.is_(None),
        )
        .order_by(GiftChoice.until, GiftChoice.id)
        .limit(LARGEST_BATCH)
    ).all()


def _reachable(donor: Donor) -> bool:
    return bool(donor.address_line and donor.city)


def read_questions(session: Session, window: Window) -> Sheet:
    """Read the letters that can leave now: there is an address, and nobody said that they were posted."""
    museum = session.get_one(Institution, museum_of(session))
    found = [row for row in _open(session) if _reachable(row.Donor) and row.GiftChoice.posted_at is None]
    issuer = session.get_one(Issuer, (museum.id, found[0].Campaign.issuer_id)) if found else None
    return Sheet(
        window=window,
        made_at=clock.now(),
        made_on=clock.now().astimezone(ZoneInfo(museum.time_zone)).date(),
        museum=museum.name,
        city=museum.city,
        sender=sender_line(museum, issuer),
        letters=tuple(_question(row, museum) for row in found),
    )


def _question(row: Found, museum: Institution) -> Question:
    choice, gift, donor, campaign, asking = row
    config: Config = current_app.extensions["config"]
    with use_locale(donor.locale):
        title, words = said(campaign.title, museum.default_locale), said(asking.words, museum.default_locale)
    return Question(
        locale=donor.locale,
        lines=address_lines(donor, museum),
        name=name_of(donor),
        amount=gift.kept,
        campaign=str(title),
        words=tuple(part for part in str(words).split("\n\n") if part.strip()),
        withdrawn=campaign.state == CampaignState.WITHDRAWN,
        otherwise=choice.otherwise,
        until=choices.last_day(choice.until, museum.time_zone),
        url=f"{config.public_url}/{donor.locale}/choices/{choices.choice_token(choice)}",
    )


def printed(sheet: Sheet) -> bytes:
    """Make the PDF, each letter in its reader's language. Called without a transaction: a PDF takes its time."""
    page = current_app.jinja_env.get_template("letters/choice_page.html")
    pages = []
    for place, letter in enumerate(sheet.letters):
        with use_locale(letter.locale):
            pages.append(page.render(sheet=sheet, letter=letter, code=f"qr-{place}.png"))
    codes = {f"qr-{place}.png": qr.png(letter.url) for place, letter in enumerate(sheet.letters)}
    return set_letters(sheet, pages, sheet.letters[0].locale, sheet.museum, codes)
