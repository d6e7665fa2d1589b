"""The worker's door: before the names of a plaque are fixed, each donor is shown theirs."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from datetime import timedelta

from crowdfund.mail import send_once
from crowdfund.outbox import subscribes
from crowdfund.proofs import mails, reminding
from crowdfund.tenancy import OperatorScope, TaskScope, transaction
from crowdfund.worker import sweeps_every


@sweeps_every(timedelta(hours=1))
def show_names(institution_id: int) -> None:
    """Have the donors written to whose plaque is about to be fixed."""
    with transaction(OperatorScope(institution_id, "plaque reminder")) as session:
        reminding.remind_due(session)


@subscribes("plaque.names_close", outside=True)
def remind(scope: TaskScope, campaign_id: int, day: str, pledge_ids: Sequence[int]) -> None:
    """Send one part of the mails. One address that is refused for now does not hold up those behind it."""
    refused: smtplib.SMTPException | None = None
    for pledge_id in pledge_ids:
        try:
            send_once(
                scope,
                f"plaque:{campaign_id}:{day}:{pledge_id}",
                lambda session, one=pledge_id: mails.name_stands(session, campaign_id, one),  # type: ignore[misc] # mypy reads no default of a lambda
            )
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
            refused = error
    if refused is not None:
        raise refused
