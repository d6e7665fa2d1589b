"""What the floors above tell gifts: money came in, went back, was called back. Plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from crowdfund.gifts.rules import DisputeState, Method, RefundState
from crowdfund.money import Money


@dataclass(frozen=True, slots=True)
class FeeReported:
    """A fee the provider took (or, negative, gave back), under the id of its balance transaction."""

    balance_transaction: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyReceived:
    """Money that has come in.

    `reference` names what made it ("pledge:12", "box:…"): one reference, one gift. With a pledge, the donor, the wish
    for a receipt and the counterpart are the pledge's, whatever is said here. `received_at` is the moment the money was
    credited, or counted for a box; `handed_at` the moment a cheque or cash was handed over, where the law dates the
    gift by it. `fee` is the provider's, when it is known by then; else `record_fee` books it later.
    """

    reference: str
    campaign_id: int
    amount: Money
    method: Method
    received_at: datetime
    pledge_id: int | None = None
    donor_id: int | None = None
    charge: str | None = None
    payment: str | None = None
    fee: FeeReported | None = None
    wants_receipt: bool = False
    counterpart_minor: int = 0
    units: int = 1
    handed_at: datetime | date | None = None
    imported: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundReported:
    """What is known now of a refund at the provider. `request` is ours; none: made in the museum's dashboard."""

    provider_refund: str
    charge: str
    amount: Money
    state: RefundState
    at: datetime
    request: UUID | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeReported:
    """What is known now of a dispute. `fees` are those of its own balance transactions."""

    provider_dispute: str
    charge: str
    amount: Money
    state: DisputeState
    opened_at: datetime
    fees: tuple[FeeReported, ...] = ()
