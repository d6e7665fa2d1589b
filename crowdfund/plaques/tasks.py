"""Fix the names of a plaque when its day is over."""

from __future__ import annotations

from datetime import timedelta

from crowdfund.plaques import keeping
from crowdfund.tenancy import OperatorScope, transaction
from crowdfund.worker import sweeps_every


@sweeps_every(timedelta(minutes=10))
def fix_names(institution_id: int) -> None:
    """Fix the names of each plaque that is due, in a transaction of its own."""
    scope = OperatorScope(institution_id, "plaque names")
    with transaction(scope) as session:
        due = keeping.due_campaigns(session)
    for campaign_id in due:
        with transaction(scope) as session:
            keeping.fix_names(session, campaign_id)
