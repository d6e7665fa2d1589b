"""Let go of what nobody came to pay."""

from __future__ import annotations

from datetime import timedelta

from crowdfund import clock
from crowdfund.pledges import unpaid
from crowdfund.tenancy import OperatorScope, transaction
from crowdfund.worker import sweeps_every


@sweeps_every(timedelta(minutes=10))
def forget_unpaid(institution_id: int) -> None:
    """Expire the pledges of which the payment never came; payment pages that end in time are heard of sooner."""
    scope = OperatorScope(institution_id, "unpaid pledges")
    with transaction(scope) as session:
        waiting = unpaid.forgotten(session, clock.now())
    for pledge_id in waiting:
        with transaction(scope) as session:
            unpaid.forget(session, pledge_id, clock.now())
