"""The marks of who gave and of what is answered stay true in every state that a gift, a receipt and a record may reach."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from crowdfund import books
from crowdfund.crm import merging
from crowdfund.donors.models import Donor
from crowdfund.gifts import moves
from crowdfund.gifts.models import Gift
from crowdfund.me import erasure
from crowdfund.receipts import service
from tests import factories
from tests.receipts.conftest import MailKeeper, Museum
from tests.receipts.test_follow import change, close_refund, dispute, follow, issued, refund

RULES = (
    "2 what a person gave in all is counted right",
    "4 a gift is marked as answered once it has a receipt or a reason for none",
)


def marks(museum: Museum, gift_id: int) -> tuple[bool, bool]:
    """Give whether the gift's donor gave, and whether the gift is answered, after looking that both checks find nothing."""
    with museum.open() as session:
        session.flush()
        assert not [rule for rule in RULES if session.execute(text(books.CHECKS[rule])).all()]
        gave, answered = session.execute(
            select(Donor.gave, Gift.receipt_answered).join(Gift, Gift.donor_id == Donor.id).where(Gift.id == gift_id)
        ).one()
        return gave, answered


def test_marks_follow_a_receipt_cancelled_written_again_and_replaced(museum: Museum) -> None:
    gift, _receipt = issued(museum)
    assert marks(museum, gift) == (True, True)
    acts: list[Callable[[Session], object]] = [
        lambda session: service.cancel(session, gift, "the donor asked"),
        lambda session: service.issue(session, gift, again=True),
        lambda session: service.replace(session, gift, "corrected"),
    ]
    for act in acts:
        with museum.open() as session:
            act(session)
        assert marks(museum, gift) == (True, True)


def test_marks_follow_a_hold_that_ends_and_a_wish_that_comes_later(museum: Museum) -> None:
    gift, later = museum.gift(donor={"address_line": None}), museum.gift(wants_receipt=False)
    assert marks(museum, gift) == (True, False)
    with museum.open() as session:
        assert service.issue(session, gift) is None
        assert service.issue(session, later) is None  # not wished for: no reason is written down
    assert (marks(museum, gift), marks(museum, later)) == ((True, True), (True, False))
    with museum.open() as session:
        session.scalars(
            select(Donor).join(Gift, Gift.donor_id == Donor.id).where(Gift.id == gift)
        ).one().address_line = "8 Mill Lane"
        assert service.issue(session, gift) is not None
        session.get_one(Gift, (museum.id, later)).wants_receipt = True
    assert (marks(museum, gift), marks(museum, later)) == ((True, True), (True, False))
    with museum.open() as session:
        assert service.issue(session, later) is not None
    assert marks(museum, later) == (True, True)


@pytest.mark.parametrize("closed", ["won", "lost"])
def test_marks_follow_a_dispute(museum: Museum, closed: str) -> None:
    gift, _receipt = issued(museum)
    dispute(museum, gift)
    change(museum, gift, disputed_minor=5000, state="disputed")
    follow(museum, gift)
    assert marks(museum, gift) == (True, True)
    change(
        museum,
        gift,
        disputed_minor=0,
        **({"state": "received"} if closed == "won" else {"state": "lost", "lost_minor": 5000}),
    )
    follow(museum, gift)
    assert marks(museum, gift) == (closed == "won", True)


def test_marks_follow_a_refund_that_is_made_and_comes_back(museum: Museum) -> None:
    gift, _receipt = issued(museum)
    asked = refund(museum, gift, 5000)
    follow(museum, gift)
    close_refund(museum, asked, "succeeded")
    change(museum, gift, refunded_minor=5000, state="refunded")
    follow(museum, gift)
    assert marks(museum, gift) == (False, True)
    close_refund(museum, asked, "failed")
    change(museum, gift, refunded_minor=0, state="received")
    follow(museum, gift)
    assert marks(museum, gift) == (True, True)


def test_marks_follow_records_merged_twice_a_gift_moved_and_an_erasure(museum: Museum, mails: MailKeeper) -> None:
    gift, _receipt = issued(museum, donor={"email": "giver@example.org"})
    with museum.open() as session:
        giver = session.get_one(Gift, (museum.id, gift)).donor_id or 0
        kept, last = factories.make_donor(session).id, factories.make_donor(session).id
        first = merging.merge(session, kept, giver).id
        second = merging.merge(session, last, kept).id
    assert marks(museum, gift) == (False, True)  # the record that stands for them gave
    with museum.open() as session:
        assert session.scalars(select(Donor.id).where(Donor.gave)).all() == [last]
        target = factories.make_campaign(session, issuer_id=museum.issuer_id)
        moved = moves.move_gift(session, gift, target.id, uuid4()).id
    follow(museum, gift)
    assert (marks(museum, gift), marks(museum, moved)) == ((False, True), (False, False))
    with museum.open() as session:
        assert service.issue(session, moved) is not None
        merging.undo(session, last, second)
    assert marks(museum, moved) == (False, True)
    with museum.open() as session:
        merging.undo(session, kept, first)
    assert marks(museum, moved) == (True, True)
    with museum.open() as session:
        merging.merge(session, kept, giver)
    with museum.open() as session:
        assert erasure.at_museum(session, "giver@example.org") == 1
    assert marks(museum, moved) == (True, True)
