"""The worker's door: invitations leave part by part, a booking is confirmed, a gift went back."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence

from sqlalchemy.orm import Session

from crowdfund.invitations import mails, service
from crowdfund.mail import send_once
from crowdfund.outbox import subscribes
from crowdfund.tenancy import TaskScope


@subscribes("gathering.invited", outside=True)
def invite(scope: TaskScope, gathering_id: int, pledge_ids: Sequence[int]) -> None:
    """Send one part of the invitations. One address that is refused for now does not hold up those behind it."""
    refused: smtplib.SMTPException | None = None
    for pledge_id in pledge_ids:
        try:
            send_once(
                scope,
                f"invited:{gathering_id}:{pledge_id}",
                lambda session, one=pledge_id: mails.invited(session, gathering_id, one),  # type: ignore[misc]
            )
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
            refused = error
    if refused is not None:
        raise refused


@subscribes("booking.changed", outside=True)
def confirm(scope: TaskScope, booking_id: int, version: int) -> None:
    """Say how a booking stands."""
    send_once(scope, f"booking:{booking_id}:{version}", lambda session: mails.changed(session, booking_id, version))


@subscribes("gift.refunded")
@subscribes("gift.disputed")
@subscribes("gift.dispute_closed")
def follow(session: Session, *, gift_id: int, **_ids: int) -> None:
    """Give back the places of a gift that went back."""
    service.follow_gift(session, gift_id)
