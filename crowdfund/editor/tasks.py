"""The worker's door: write to those whose yes a campaign waits for."""

from __future__ import annotations

from sqlalchemy.orm import Session

from crowdfund.editor import asking
from crowdfund.mail import Mail, send_once
from crowdfund.outbox import subscribes
from crowdfund.tenancy import TaskScope, transaction


@subscribes("campaign.agreement_asked", outside=True)
def write_to_givers(scope: TaskScope, campaign_id: int, by_id: int) -> None:
    """Write to each once, but not to the one who asks."""
    with transaction(scope) as session:
        asked = sorted(asking.asked_of(session, campaign_id).keys() - {by_id})
    for account_id in asked:
        _send(scope, campaign_id, account_id, by_id)


def _send(scope: TaskScope, campaign_id: int, account_id: int, by_id: int) -> None:
    def compose(session: Session) -> Mail | None:
        return asking.letter(session, campaign_id, account_id, by_id)

    send_once(scope, f"agreement:{scope.outbox_id}:{account_id}", compose)
