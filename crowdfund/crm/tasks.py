"""The worker's door: the doubles among a museum's donors are counted now and then."""

from __future__ import annotations

from datetime import timedelta

from crowdfund.crm import doubles
from crowdfund.tenancy import OperatorScope, transaction
from crowdfund.worker import sweeps_every


@sweeps_every(timedelta(hours=1))
def count_doubles(institution_id: int) -> None:
    """Count the doubles for the day's page."""
    with transaction(OperatorScope(institution_id, "count doubles")) as session:
        doubles.count_again(session)
