"""Receipts follow refunds and disputes, in whatever order and however often the news come."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.donors.models import Donor
from crowdfund.gifts.models import Dispute, Gift, Refund
from crowdfund.i18n import use_locale
from crowdfund.ledger import service as ledger
from crowdfund.receipts import service, tasks
from crowdfund.receipts.holds import closed_text
from crowdfund.receipts.models import Receipt, ReceiptGift
from tests.receipts.conftest import Museum


def issued(museum: Museum, **given: Any) -> tuple[int, Receipt]:
    gift = museum.gift(**given)
    with museum.open() as session:
        tasks.issue_receipt(session, gift_id=gift)
    return gift, museum.receipts()[-1]


def change(museum: Museum, gift_id: int, **values: Any) -> None:
    with museum.open() as session:
        gift = session.get_one(Gift, (museum.id, gift_id))
        for name, value in values.items():
            setattr(gift, name, value)


def refund(museum: Museum, gift_id: int, amount: int, state: str = "requested") -> int:
    with museum.open() as session:
        row = Refund(request=uuid4(), gift_id=gift_id, kind="refund", state=state, amount_minor=amount, currency="EUR",
                     reason="", requested_by="test", created_at=clock.now())  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def close_refund(museum: Museum, refund_id: int, state: str) -> None:
    with museum.open() as session:
        session.get_one(Refund, (museum.id, refund_id)).state = state


def dispute(museum: Museum, gift_id: int, state: str = "open") -> int:
    with museum.open() as session:
        row = Dispute(provider_dispute=f"dp_{uuid4().hex}", gift_id=gift_id, state=state, amount_minor=5000,
                      currency="EUR", fee_minor=0, opened_at=clock.now())  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def follow(museum: Museum, gift_id: int) -> None:
    with museum.open() as session:
        service.follow(session, gift_id)


def states(museum: Museum) -> list[tuple[int, str, int]]:
    return [(receipt.number, receipt.state, receipt.amount_minor) for receipt in museum.receipts()]


def test_whole_refund_cancels_and_the_number_stays(museum: Museum) -> None:
    gift, receipt = issued(museum)
    asked = refund(museum, gift, 5000)
    with museum.open() as session:
        tasks.make_way(session, refund_id=asked)
    assert states(museum) == [(1, "cancelled", 5000)]
    assert [row.payload for row in museum.facts("gift.refund_cleared")] == [{"refund_id": asked}]
    close_refund(museum, asked, "succeeded")
    change(museum, gift, refunded_minor=5000, state="refunded")
    for _twice in range(2):
        with museum.open() as session:
            tasks.follow_refund(session, refund_id=asked, gift_id=gift)
    assert states(museum) == [(1, "cancelled", 5000)]
    assert museum.hold(gift) == ("none", "nothing_kept")
    assert issued(museum)[1].number == 2
    assert museum.receipts()[0].id == receipt.id


def test_partial_refund_cancels_then_issues_for_what_is_kept(museum: Museum) -> None:
    gift, old = issued(museum)
    asked = refund(museum, gift, 2000)
    with museum.open() as session:
        tasks.make_way(session, refund_id=asked)
    follow(museum, gift)  # too early: the refund is asked for, not made
    assert states(museum) == [(1, "cancelled", 5000)]
    assert museum.hold(gift) == ("hold", "refund_pending")
    close_refund(museum, asked, "succeeded")
    change(museum, gift, refunded_minor=2000, state="partly_refunded")
    follow(museum, gift)
    follow(museum, gift)
    assert states(museum) == [(1, "cancelled", 5000), (2, "issued", 3000)]
    new = museum.receipts()[-1]
    assert new.replaces_id == old.id
    assert new.snapshot["replaces"] == old.snapshot["number"]
    assert new.snapshot["amount_words"] == "trente euros"
    assert museum.hold(gift) is None


def test_refund_in_the_providers_dashboard_replaces_at_once(museum: Museum) -> None:
    gift, old = issued(museum)
    refund(museum, gift, 2000, "succeeded")
    change(museum, gift, refunded_minor=2000, state="partly_refunded")
    follow(museum, gift)
    assert states(museum) == [(1, "replaced", 5000), (2, "issued", 3000)]
    assert [row.payload for row in museum.facts("receipt.replaced")] == [{"receipt_id": old.id}]
    assert museum.facts("receipt.cancelled") == []


def test_refund_that_fails_gives_the_receipt_back_under_a_new_number(museum: Museum) -> None:
    gift, _old = issued(museum)
    asked = refund(museum, gift, 5000)
    with museum.open() as session:
        tasks.make_way(session, refund_id=asked)
    close_refund(museum, asked, "failed")
    with museum.open() as session:
        tasks.follow_failed_refund(session, refund_id=asked, gift_id=gift)
    assert states(museum) == [(1, "cancelled", 5000), (2, "issued", 5000)]


def test_refund_below_four_times_the_counterpart_leaves_no_receipt(museum: Museum) -> None:
    gift, _old = issued(museum, counterpart_minor=1000)
    refund(museum, gift, 2000, "succeeded")
    change(museum, gift, refunded_minor=2000, state="partly_refunded")
    follow(museum, gift)
    assert states(museum) == [(1, "cancelled", 5000)]
    assert museum.hold(gift) == ("none", "counterpart_share")


def test_dispute_suspends_and_a_won_one_reinstates(museum: Museum) -> None:
    gift, _receipt = issued(museum)
    opened = dispute(museum, gift)
    change(museum, gift, disputed_minor=5000, state="disputed")
    for _twice in range(2):
        with museum.open() as session:
            tasks.follow_dispute(session, dispute_id=opened, gift_id=gift)
    assert states(museum) == [(1, "suspended", 5000)]
    with museum.open() as session:
        session.get_one(Dispute, (museum.id, opened)).state = "won"
    change(museum, gift, disputed_minor=0, state="received")
    with museum.open() as session:
        tasks.follow_closed_dispute(session, dispute_id=opened, gift_id=gift)
    assert states(museum) == [(1, "issued", 5000)]
    assert len(museum.facts("receipt.suspended")) == len(museum.facts("receipt.reinstated")) == 1


def test_lost_dispute_cancels(museum: Museum) -> None:
    gift, _receipt = issued(museum)
    opened = dispute(museum, gift)
    change(museum, gift, disputed_minor=5000, state="disputed")
    follow(museum, gift)
    with museum.open() as session:
        session.get_one(Dispute, (museum.id, opened)).state = "lost"
    change(museum, gift, disputed_minor=0, lost_minor=5000, state="lost")
    follow(museum, gift)
    assert states(museum) == [(1, "cancelled", 5000)]
    assert museum.receipts()[0].close_reason == "lost"


def test_inquiry_that_moves_no_money_changes_nothing(museum: Museum) -> None:
    gift, _receipt = issued(museum)
    dispute(museum, gift, "warning")
    follow(museum, gift)
    assert states(museum) == [(1, "issued", 5000)]


def test_late_news_find_the_gift_as_it_is(museum: Museum) -> None:
    """The dispute is over before its opening is heard of; the gift tells, not the order of the facts."""
    gift, _receipt = issued(museum)
    opened = dispute(museum, gift, "won")
    news: list[Callable[[Session], None]] = [
        lambda session: tasks.follow_dispute(session, dispute_id=opened, gift_id=gift),
        lambda session: tasks.follow_closed_dispute(session, dispute_id=opened, gift_id=gift),
        lambda session: tasks.issue_receipt(session, gift_id=gift),
    ]
    for order in itertools.permutations(news):
        for hear in order:
            with museum.open() as session:
                hear(session)
    assert states(museum) == [(1, "issued", 5000)]


def test_gift_given_back_before_its_news_came_gets_no_receipt(museum: Museum) -> None:
    gift = museum.gift(refunded_minor=5000, state="refunded")
    with museum.open() as session:
        tasks.follow_refund(session, refund_id=0, gift_id=gift)
        tasks.issue_receipt(session, gift_id=gift)
    assert states(museum) == []


def test_corrected_address_needs_a_new_receipt(museum: Museum) -> None:
    gift, old = issued(museum)
    before = dict(old.snapshot)
    with museum.open() as session:
        donor = session.scalars(select(Donor)).one()
        donor.address_line = "12 rue Neuve"
    assert museum.receipts()[0].snapshot == before
    with museum.open() as session:
        new = service.replace(session, gift, "corrected")
    assert new is not None
    assert new.snapshot["donor"]["address_lines"][0] == "12 rue Neuve"
    assert museum.receipts()[0].snapshot == before
    assert states(museum) == [(1, "replaced", 5000), (2, "issued", 5000)]


def test_cancelling_twice_is_once_and_without_receipt_is_nothing(museum: Museum) -> None:
    gift, _receipt = issued(museum)
    with museum.open() as session:
        assert service.cancel(session, gift, "corrected") is not None
        assert service.cancel(session, gift, "corrected") is None
    assert len(museum.facts("receipt.cancelled")) == 1
    with museum.open() as session:
        assert list(session.scalars(select(ReceiptGift.live))) == [False]


def test_what_a_person_has_cancelled_stays_so_until_a_person_wants_it_again(museum: Museum) -> None:
    gift, _receipt = issued(museum)
    with museum.open() as session:
        service.cancel(session, gift, "the donor is the seller")
    assert museum.hold(gift) == ("none", "withdrawn")
    asked = refund(museum, gift, 2000)
    with museum.open() as session:
        tasks.make_way(session, refund_id=asked)
    close_refund(museum, asked, "succeeded")
    change(museum, gift, state="partly_refunded", refunded_minor=2000)
    follow(museum, gift)
    with museum.open() as session:
        tasks.follow_failed_refund(session, refund_id=asked, gift_id=gift)
        tasks.issue_asked_later(session, gift_id=gift)
    tasks.release_held(museum.id)
    assert states(museum) == [(1, "cancelled", 5000)]
    with museum.open() as session:
        service.replace(session, gift, "corrected")
    assert states(museum) == [(1, "cancelled", 5000), (2, "issued", 3000)]
    assert museum.hold(gift) is None


def test_the_receipt_of_a_gift_that_was_moved_says_so(museum: Museum) -> None:
    gift, receipt = issued(museum)
    with museum.open() as session:
        session.add(
            Refund(request=uuid4(), gift_id=gift, kind="move", state="succeeded", amount_minor=5000, currency="EUR",
                   reason="moved", requested_by="test", created_at=clock.now())
        )  # fmt: skip
    change(museum, gift, state="refunded", refunded_minor=5000)
    follow(museum, gift)
    assert [(one.state, one.close_reason) for one in museum.receipts()] == [("cancelled", "moved")]
    with use_locale("en"):
        assert "moved to another campaign" in closed_text(museum.receipts()[0].close_reason)
    assert receipt.id == museum.receipts()[0].id


def test_erased_donor_keeps_the_receipt_that_was_issued(museum: Museum) -> None:
    _gift, receipt = issued(museum)
    with museum.open() as session:
        donor = session.scalars(select(Donor)).one()
        donor.first_name = donor.last_name = donor.email = None
        donor.erased_at = clock.now()
    assert museum.receipts()[0].snapshot["donor"]["name"] == receipt.snapshot["donor"]["name"] != ""


@pytest.mark.parametrize("kind", ["cheque", "card"])
def test_request_goes_on_to_the_provider_whether_or_not_there_was_a_receipt(museum: Museum, kind: str) -> None:
    gift = museum.gift(wants_receipt=False, method=kind)
    asked = refund(museum, gift, 5000)
    with museum.open() as session:
        if kind == "cheque":
            assert ledger.received(session, museum.campaign(session).code).minor == 0
        tasks.make_way(session, refund_id=asked)
    assert len(museum.facts("gift.refund_cleared")) == 1
