"""Open and close campaigns to the minute."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from crowdfund import clock
from crowdfund.campaigns import service
from crowdfund.errors import Conflict
from crowdfund.tenancy import OperatorScope, transaction
from crowdfund.worker import sweeps_every


@sweeps_every(timedelta(seconds=30))
def keep_dates(institution_id: int) -> None:
    """Open what was announced and close what is over, each campaign in a transaction of its own."""
    scope = OperatorScope(institution_id, "campaign dates")
    with transaction(scope) as session:
        opening, closing = service.due_campaigns(session, clock.now())
    for change, campaigns in ((service.open_campaign, opening), (service.close_campaign, closing)):
        for campaign_id in campaigns:
            with suppress(Conflict), transaction(scope) as session:  # another sweep, or a person, was faster
                change(session, campaign_id)
