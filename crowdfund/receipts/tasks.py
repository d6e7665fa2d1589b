"""What receipts do about facts: issue, render, send, and follow refunds and disputes."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app
from sqlalchemy.orm import Session

from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Refund
from crowdfund.mail import send_once
from crowdfund.outbox import subscribes
from crowdfund.receipts import mails, rendering, service
from crowdfund.tenancy import MuseumScope, OperatorScope, museum_of, transaction
from crowdfund.worker import sweeps_every

HELD_AT_ONCE = 200
PUT_RIGHT = frozenset({"returned", "correction"})  # kinds of refunds of which no money goes to the donor


@subscribes("gift.received")
def issue_receipt(session: Session, *, gift_id: int) -> None:
    """Issue the receipt of a gift that has come in, if its donor wants one."""
    service.issue(session, gift_id)


@subscribes("gift.identity_completed")
def issue_asked_later(session: Session, *, gift_id: int) -> None:
    """Issue the receipt of a donor who asks for it afterwards, or has told what was missing."""
    service.issue(session, gift_id)


@subscribes("gift.identity_completed")
def issue_after_all(session: Session, *, gift_id: int) -> None:
    """Issue the receipt that waited for its donor's details."""
    service.issue(session, gift_id)


@subscribes("gift.refund_requested")
def make_way(session: Session, *, refund_id: int) -> None:
    """Cancel the receipt before money is given back, then let the provider be asked."""
    refund = session.get_one(Refund, (museum_of(session), refund_id))
    gifts.clear_refund(session, refund_id)  # books first, the audit trail last: everybody locks in this order
    service.cancel(session, refund.gift_id, refund.kind if refund.kind in PUT_RIGHT else "refund_requested")


@subscribes("gift.refunded")
def follow_refund(session: Session, *, refund_id: int, gift_id: int) -> None:  # noqa: ARG001 - the gift tells all
    """Keep the receipt true to what is kept: made by us or in the provider's dashboard."""
    service.follow(session, gift_id)


@subscribes("gift.refund_failed")
def follow_failed_refund(session: Session, *, refund_id: int, gift_id: int) -> None:  # noqa: ARG001
    """Give the donor a receipt again: the money has stayed."""
    service.align(session, gift_id, "refund_failed")


@subscribes("gift.disputed")
def follow_dispute(session: Session, *, dispute_id: int, gift_id: int) -> None:  # noqa: ARG001
    """Suspend the receipt while the donor's bank examines the payment."""
    service.follow(session, gift_id)


@subscribes("gift.dispute_closed")
def follow_closed_dispute(session: Session, *, dispute_id: int, gift_id: int) -> None:  # noqa: ARG001
    """Reinstate the receipt of a dispute that was won; cancel that of a lost one."""
    service.follow(session, gift_id)


@subscribes("receipt.issued", outside=True)
def render_and_send(scope: MuseumScope, *, receipt_id: int) -> None:
    """Render a receipt and bring it to its donor. What was done before is not done again."""
    rendering.keep(scope, receipt_id)
    _bring(scope, receipt_id)


@subscribes("receipt.reinstated", outside=True)
def send_reinstated(scope: MuseumScope, *, receipt_id: int) -> None:
    """Bring the receipt that a dispute had held back, unless it had left before."""
    rendering.keep(scope, receipt_id)
    _bring(scope, receipt_id)


@subscribes("receipt.cancelled", outside=True)
def send_cancellation(scope: MuseumScope, *, receipt_id: int) -> None:
    """Tell the donor in writing that a receipt is void."""
    send_once(scope, f"receipt_cancelled:{receipt_id}", lambda session: mails.cancelled_mail(session, receipt_id))


def _bring(scope: MuseumScope, receipt_id: int) -> None:
    with transaction(scope) as session:
        key = mails.key_of(session, receipt_id)
    send_once(scope, key, lambda session: mails.receipt_mail(session, receipt_id))


@sweeps_every(timedelta(minutes=30))
def release_held(institution_id: int) -> None:
    """Look again at gifts that wait: the issuer's mandate, its signatory or a donor's details may have come."""
    scope = OperatorScope(institution_id, "receipts held")
    with transaction(scope) as session:
        waiting = service.held_gifts(session, HELD_AT_ONCE)
    for gift_id in waiting:
        try:
            with transaction(scope) as session:
                service.issue(session, gift_id)
        except LookupError:  # one gift that cannot be read does not hold up the others
            current_app.logger.exception("gift %s of museum %s cannot be looked at", gift_id, institution_id)
