"""The legal date of a gift: decided once, in the issuer's time zone, and stored with its basis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Literal

from crowdfund.tax.law import METHODS

Basis = Literal["credited", "handed_over", "received", "waived"]
Moment = datetime | date

# France: BOI-IR-RICI-250-20 §20 (cheque: handed over, or received by post) and §30 (transfer, debit, card: credited to
# the beneficiary's account). Cash counts when it is handed over, a box when it is opened and counted. The same order is
# kept for the other countries: none of their texts that were read says otherwise.
_BASES: Mapping[str, tuple[Basis, ...]] = {
    "cheque": ("handed_over", "received"),
    "cash": ("handed_over", "received"),
    "box": ("received",),
}
_OTHERWISE: tuple[Basis, ...] = ("credited",)


class NoGiftDate(ValueError):
    """The moment that decides the date is not known yet."""


@dataclass(frozen=True, slots=True)
class GiftDate:
    """The day of the gift, and which moment decided it."""

    day: date
    basis: Basis


def gift_date(
    method: str,
    zone: tzinfo,
    *,
    handed_at: Moment | None = None,
    received_at: Moment | None = None,
    credited_at: Moment | None = None,
    waived_at: Moment | None = None,
) -> GiftDate:
    """Decide the legal date of a gift. Instants are aware; a plain date is taken as written by the desk.

    `waived_at` is the moment a donor gave up a refund that was due: the money is then a gift of that day.
    Raises NoGiftDate when the deciding moment is missing, ValueError for an instant without zone.
    """
    if method not in METHODS:
        raise ValueError(f"not a means of payment: {method!r}")
    moments: dict[Basis, Moment | None] = {
        "handed_over": handed_at, "received": received_at, "credited": credited_at, "waived": waived_at,
    }  # fmt: skip
    for basis in ("waived", *_BASES.get(method, _OTHERWISE)):
        moment = moments[basis]
        if moment is not None:
            return GiftDate(_day(moment, zone), basis)
    raise NoGiftDate(f"a {method} gift has no date before its money has come")


def _day(moment: Moment, zone: tzinfo) -> date:
    if not isinstance(moment, datetime):
        return moment
    if moment.tzinfo is None:
        raise ValueError("instants carry their time zone")
    return moment.astimezone(zone).date()
