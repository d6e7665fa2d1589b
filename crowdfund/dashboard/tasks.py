"""The worker's door: check the books that are too long to be checked while somebody waits."""

from __future__ import annotations

from crowdfund import books
from crowdfund.reckoning import BOOKS, EVERY, has_long_books, keep
from crowdfund.tenancy import OperatorScope, transaction
from crowdfund.worker import sweeps_every


@sweeps_every(EVERY)
def check_long_books(institution_id: int) -> None:
    """Check the rules of a museum with very many gifts, for its page of the books."""
    with transaction(OperatorScope(institution_id, "books check")) as session:
        if has_long_books(session):
            keep(session, BOOKS, books.look(session))
