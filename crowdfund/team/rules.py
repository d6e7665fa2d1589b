"""How long an invitation is open and a lost second factor waits; who may be invited as what. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from crowdfund.i18n import N_

INVITATION_LIFE = timedelta(days=7)
FORGOTTEN_AFTER = timedelta(days=30)  # an invitation nobody took up
RESET_DELAY = timedelta(hours=24)
MOST_SENT = 5

INVITED_ALREADY = N_("This person is invited already: send the invitation again, or withdraw it.")
MEMBER_ALREADY = N_("This person is a member already")
NO_LONGER_OPEN = N_("This invitation is no longer open.")
SENT_ENOUGH = N_("This invitation was sent five times. Ask whether the address is right, and invite anew.")
OWN_RESET = N_("Another owner must start this for you.")
ASKED_ALREADY = N_("This was asked for already.")
NOTHING_TO_STOP = N_("There is nothing to stop any more.")
NO_FACTOR = N_("This person has no second step to lose.")


def is_open(expires_at: datetime, accepted_at: datetime | None, withdrawn_at: datetime | None, now: datetime) -> bool:
    """Say whether an invitation can still be taken up."""
    return accepted_at is None and withdrawn_at is None and now < expires_at
