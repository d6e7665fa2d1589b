"""Tell of a dedicated gift: a card for the donor to print, and one mail to the person the donor named.

Both say who gave, to whom and for which work, and never how much. The person's address is forgotten with the mail.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.errors import Conflict
from crowdfund.gifts import mails, wall
from crowdfund.gifts.models import Gift
from crowdfund.i18n import N_, gettext, use_locale
from crowdfund.mail import Attachment, Mail, SentMail
from crowdfund.outbox import publish
from crowdfund.pdf import renderer
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import PledgeState
from crowdfund.storage import Storage, StorageError

FILE = "dedication.pdf"
NOTICE_LEFT = N_("The message has left meanwhile: to whom it goes cannot be changed any more.")
Standing = Literal["none", "waits", "left", "came_back"]


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says, in the language of its pledge. `kind` is honour or memory."""

    kind: str
    name: str
    giver: str
    work: str
    museum: str
    day: date


@dataclass(frozen=True, slots=True)
class Notice:
    """Where the mail to the person named stands: nobody is told, it waits for the money, has left, or came back undelivered."""

    standing: Standing
    at: datetime | None = None


def card_of(gift: Gift, whole: mails.Around) -> Card | None:
    """Give the card of a gift; None when it is dedicated to nobody."""
    pledge = whole.pledge
    if pledge is None or not pledge.dedication_kind or not pledge.dedication_name:
        return None
    return Card(
        kind=pledge.dedication_kind,
        name=pledge.dedication_name,
        giver=mails.name_of(whole.donor),
        work=mails.in_their_words(whole, whole.campaign.title),
        museum=whole.museum.name,
        day=gift.received_at.astimezone(ZoneInfo(whole.museum.time_zone)).date(),
    )


def keep_card(gift: Gift, whole: mails.Around, card: Card, work: bytes | None = None) -> None:
    """Make the card's PDF, with the picture of the work (PNG), and keep it in the place of an earlier one.

    Called without a transaction: a PDF takes its time.
    """
    if whole.pledge is None:
        return
    with use_locale(whole.locale):
        html = current_app.jinja_env.get_template("letters/card.html").render(card=card, work=work is not None)
        title = gettext("A gift for %(name)s", name=card.name)
    pdf = renderer().render(
        html, title=title, lang=whole.locale, created_at=gift.received_at, passing={"work.png": work} if work else None
    )
    forget_card(whole.pledge)  # what is stored is never written over
    _storage().write(_key(whole.pledge), pdf)


def stored_card(pledge: Pledge) -> bytes | None:
    """Read the card of a pledge; None while there is none."""
    try:
        return _storage().read(_key(pledge))
    except StorageError:
        return None


def forget_card(pledge: Pledge) -> None:
    """Throw away the card of a pledge: its donor wishes to be erased."""
    _storage().forget(_key(pledge))


def notice(gift: Gift, whole: mails.Around, card: Card) -> Mail | None:
    """Write to the person the donor named; None when there is nobody to tell, or it was done."""
    pledge = whole.pledge
    if pledge is None or pledge.dedication_email is None:
        return None
    content = replace(
        mails.content("dedication", whole, gift.amount),
        giver=card.giver,
        dedication=card.kind,
        dedicated_to=card.name,
    )
    return replace(
        mails.written(content, whole),
        to=pledge.dedication_email,
        to_name=card.name if card.kind == "honour" else "",
        attachments=(Attachment(_key(pledge), FILE),),
        keep_address=False,
    )


def notice_of(session: Session, pledge: Pledge) -> Notice:
    """Tell where the mail to the person named stands."""
    sent = session.scalars(select(SentMail).filter_by(key=notice_key(pledge.id))).one_or_none()
    if sent is not None and sent.state in {"sending", "sent"}:
        return Notice("left", sent.sent_at or sent.created_at)
    if sent is not None and sent.state == "bounced":
        return Notice("came_back", sent.created_at)
    return Notice("waits" if pledge.dedication_email or pledge.state != PledgeState.PAID else "none")


def correct(session: Session, pledge: Pledge, kind: str, name: str, email: str = "") -> None:
    """Correct the words of a locked pledge's dedication: on the wall at once, on its card by the worker. Audited.

    `email` is whom the notice goes to, or empty for nobody. Raises Conflict for an address once the notice has left.
    """
    before = (pledge.dedication_kind, pledge.dedication_name, pledge.dedication_email)
    if notice_of(session, pledge).standing == "waits":
        pledge.dedication_email = email or None
    elif email:
        raise Conflict(NOTICE_LEFT)
    pledge.dedication_kind, pledge.dedication_name = kind, name
    if before == (pledge.dedication_kind, pledge.dedication_name, pledge.dedication_email):
        return
    session.flush()
    if pledge.state == PledgeState.PAID:
        wall.show(session, pledge)
    publish(session, "dedication.corrected", key=f"{pledge.id}:{clock.now().isoformat()}", pledge_id=pledge.id)
    audit.record(session, "dedication.corrected", f"pledge:{pledge.id}")


def forget_address(session: Session, pledge_id: int) -> None:
    """Forget whom the mail went to."""
    pledges.pledge_of(session, pledge_id, lock=True).dedication_email = None


def notice_key(pledge_id: int) -> str:
    """Name the one mail to the person whom a pledge's donor named."""
    return f"dedication:{pledge_id}"


def _key(pledge: Pledge) -> str:
    return f"cards/{pledge.institution_id}/{pledge.id}.pdf"


def _storage() -> Storage:
    storage: Storage = current_app.extensions["storage"]
    return storage
