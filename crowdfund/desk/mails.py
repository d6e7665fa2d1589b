"""Write to donors, and to the museum, about money that comes by itself: messages from rows; sending is done elsewhere."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from crowdfund.desk.slip import FILE
from crowdfund.desk.ways import WayToPay, way_to_pay
from crowdfund.gifts import mails
from crowdfund.gifts.models import Gift, Refund
from crowdfund.i18n import gettext, money_exact, use_locale
from crowdfund.mail import Attachment, Mail
from crowdfund.money import Money
from crowdfund.pledges import service as pledges
from crowdfund.tenancy import museum_of


def announced_mail(session: Session, pledge_id: int, slip_key: str) -> Mail | None:
    """Tell a donor how to pay what they have announced, with the slip; None when nobody can be told, or it is paid."""
    pledge = pledges.pledge_of(session, pledge_id)
    whole = mails.around(session, pledge.campaign_id, pledge.donor_id, pledge.id)
    way = way_to_pay(session, pledge)
    if whole is None or way is None:
        return None
    content = mails.content("announced", whole, pledge.amount)
    told = replace(content, method=way.method, facts=_facts(way, whole.locale))
    return replace(mails.written(told, whole), attachments=(Attachment(slip_key, FILE),))


def reversal_mail(session: Session, refund_id: int) -> Mail | None:
    """Tell a donor that a gift was taken back in the books, and why; None when nobody can be told."""
    refund = session.get_one(Refund, (museum_of(session), refund_id))
    gift = session.get_one(Gift, (refund.institution_id, refund.gift_id))
    whole = mails.around(session, gift.campaign_id, gift.donor_id, gift.pledge_id)
    if whole is None or gift.imported:
        return None
    amount = Money(refund.amount_minor, refund.currency)
    return mails.written(replace(mails.content("gift_reversed", whole, amount), method=refund.kind), whole)


def _facts(way: WayToPay, locale: str) -> tuple[tuple[str, str], ...]:
    with use_locale(locale):
        facts = [(gettext("Amount"), money_exact(way.amount))]
        if way.method == "cheque":
            facts.append((gettext("Cheque made out to"), way.cheque_order))
            facts.append((gettext("To be sent to"), ", ".join(way.cheque_address)))
        else:
            facts += [(gettext("Account holder"), way.beneficiary), ("IBAN", way.iban_printed)]
            facts += [("BIC", way.bic)] if way.bic else []
        return (*facts, (gettext("Reference"), way.reference))
