"""The legal date of a gift (cases D-01 to D-08 of the tax note; D-09 is in test_law)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from crowdfund.tax.dates import GiftDate, NoGiftDate, gift_date

PARIS = ZoneInfo("Europe/Paris")


def test_d01_a_cheque_handed_over_counts_that_day() -> None:
    found = gift_date("cheque", PARIS, handed_at=date(2025, 12, 31), credited_at=date(2026, 1, 5))
    assert found == GiftDate(date(2025, 12, 31), "handed_over")


def test_d02_a_posted_cheque_counts_when_received() -> None:
    found = gift_date("cheque", PARIS, received_at=date(2026, 1, 2), credited_at=date(2026, 1, 8))
    assert found == GiftDate(date(2026, 1, 2), "received")


def test_d03_a_transfer_counts_when_credited() -> None:
    found = gift_date("bank_transfer", PARIS, handed_at=date(2025, 12, 30), credited_at=date(2026, 1, 2))
    assert found == GiftDate(date(2026, 1, 2), "credited")


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2025, 12, 31, 22, 30, tzinfo=UTC), date(2025, 12, 31)),  # D-05
        (datetime(2025, 12, 31, 23, 30, tzinfo=UTC), date(2026, 1, 1)),  # D-06
    ],
)
def test_d05_d06_a_card_counts_when_credited_in_the_issuer_s_zone(instant: datetime, day: date) -> None:
    assert gift_date("card", PARIS, credited_at=instant) == GiftDate(day, "credited")


def test_d08_a_waived_refund_is_a_gift_of_the_day_of_the_waiver() -> None:
    found = gift_date(
        "card", ZoneInfo("Europe/London"), credited_at=date(2025, 12, 1), waived_at=datetime(2026, 2, 10, 9, tzinfo=UTC)
    )
    assert found == GiftDate(date(2026, 2, 10), "waived")


def test_cash_counts_when_handed_over_and_a_box_when_it_is_counted() -> None:
    assert gift_date("cash", PARIS, handed_at=date(2026, 3, 1), credited_at=date(2026, 3, 4)).basis == "handed_over"
    assert gift_date("box", PARIS, received_at=date(2026, 3, 2), handed_at=date(2026, 3, 1)).day == date(2026, 3, 2)


@pytest.mark.parametrize("method", ["card", "terminal", "direct_debit", "bank_transfer", "cheque", "cash", "box"])
def test_no_date_is_guessed(method: str) -> None:
    with pytest.raises(NoGiftDate):
        gift_date(method, PARIS)


def test_a_credit_alone_does_not_date_a_cheque() -> None:
    with pytest.raises(NoGiftDate):
        gift_date("cheque", PARIS, credited_at=date(2026, 1, 5))


def test_instants_need_a_zone_and_methods_are_known() -> None:
    with pytest.raises(ValueError, match="zone"):
        gift_date("card", PARIS, credited_at=datetime(2026, 1, 5))  # noqa: DTZ001 - the fault under test
    with pytest.raises(ValueError, match="means of payment"):
        gift_date("gold", PARIS, credited_at=date(2026, 1, 5))
