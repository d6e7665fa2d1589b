"""Write to the people of the museum about its money."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import Config
from crowdfund.accounts.models import Account
from crowdfund.campaigns.models import Campaign
from crowdfund.gifts import mails
from crowdfund.gifts.models import Gift, Refund
from crowdfund.gifts.view import GiftMail
from crowdfund.institutions.colours import oklch
from crowdfund.institutions.models import Institution, Issuer, Member
from crowdfund.institutions.rules import PERMISSIONS, Permission
from crowdfund.mail import Mail
from crowdfund.money import Money
from crowdfund.tenancy import museum_of


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody of the museum who is written to."""

    account_id: int
    email: str
    name: str
    locale: str


def answerable(session: Session) -> list[int]:
    """List the accounts that may approve money at this museum."""
    roles = [role.value for role, may in PERMISSIONS.items() if Permission.APPROVE_MONEY in may]
    found = select(Member.account_id).where(Member.state == "active", Member.role.in_(roles))
    return list(session.scalars(found.order_by(Member.account_id)))


def readers(session: Session, account_ids: Collection[int]) -> list[Reader]:
    """Give whom to write to (in no museum's scope)."""
    rows = session.scalars(select(Account).where(Account.id.in_(account_ids)).order_by(Account.id))
    return [Reader(one.id, one.email, one.name, one.locale) for one in rows]


def bank_changed(session: Session, *, issuer_id: int, reader: Reader) -> Mail:
    """Say that the bank details of an issuer were changed."""
    return _notice(session, "bank_changed", issuer_id, "desk/bank", Money(0, "EUR"), reader)


def cheque_returned(session: Session, *, refund_id: int, reader: Reader) -> Mail:
    """Say that the bank did not pay a cheque."""
    refund = session.get_one(Refund, (museum_of(session), refund_id))
    gift = session.get_one(Gift, (refund.institution_id, refund.gift_id))
    campaign = session.get_one(Campaign, (refund.institution_id, gift.campaign_id))
    amount = Money(refund.amount_minor, refund.currency)
    return _notice(session, "cheque_returned", campaign.issuer_id, f"gifts/{gift.id}", amount, reader)


def _notice(session: Session, kind: str, issuer_id: int, path: str, amount: Money, reader: Reader) -> Mail:
    museum = session.get_one(Institution, museum_of(session))
    issuer = session.get_one(Issuer, (museum.id, issuer_id))
    config: Config = current_app.extensions["config"]
    page = f"{config.public_url}/staff/{museum.slug}/{path}"
    content = GiftMail(
        kind=kind,
        museum_name=museum.name,
        museum_address=f"{issuer.address_line}, {issuer.postcode} {issuer.city}",
        campaign_title=issuer.legal_name,
        campaign_url=page,
        gift_url=page,
        first_name=reader.name,
        amount=amount,
        timezone=museum.time_zone,
        wall=oklch(mails.WALL_LIGHTNESS, museum.wall_chroma, museum.wall_hue),
    )
    return mails.written_to(content, museum, locale=reader.locale, to=reader.email, to_name=reader.name)
