"""What the pages of the desk show: frozen plain values, formatted by the templates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from crowdfund.money import Money


@dataclass(frozen=True, slots=True)
class CampaignChoice:
    """A campaign that may be given to, and its currency."""

    id: int
    title: str
    currency: str
    issuer_id: int = 0
    running: bool = True  # takes gifts now; money may still come for one that is over


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """Money that is announced, or was. `reference` is printed with its hyphen; states are codes."""

    id: int
    reference: str
    name: str
    amount: Money
    method: str
    campaign: str
    state: str
    on: date
    address: tuple[str, ...] = ()
    email: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class PromiseList:
    """A page of what is announced; `sums` has one sum per currency of all that is."""

    rows: tuple[PromiseRow, ...]
    query: str
    total: int
    sums: tuple[Money, ...]
    next_url: str = ""


@dataclass(frozen=True, slots=True)
class IssuerBank:
    """An issuer's bank details as they stand; `changed_at` is None while nothing was told."""

    issuer_id: int
    legal_name: str
    values: dict[str, str]
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SuggestionRow:
    """A promise that a line may be for. `why` is a code; `paid` says that it was paid already."""

    pledge_id: int
    reference: str
    name: str
    campaign: str
    amount: Money
    why: str
    difference: Money
    paid: bool = False
    called_off: bool = False  # by the donor: the money came all the same
    sure: bool = False


@dataclass(frozen=True, slots=True)
class LineRow:
    """One credit on the account, and whose it is said or suggested to be. States are codes."""

    id: int
    on: date
    payer: str
    text: str
    amount: Money
    state: str
    note: str = ""
    suggestions: tuple[SuggestionRow, ...] = ()
    whose: str = ""
    reference: str = ""
    difference: Money | None = None
    campaign: str = ""
    matched_by: str = ""
    matched_actor: str = ""
    approved_by: str = ""
    gift_id: int | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class LineList:
    """The lines in one state; `counts` says how many are in each."""

    state: str
    rows: tuple[LineRow, ...]
    counts: dict[str, int]
    next_url: str = ""


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One file of the bank's; `by` is who brought it."""

    id: int
    filename: str
    at: datetime
    state: str
    new: int
    known: int
    by: str
    url: str


@dataclass(frozen=True, slots=True)
class CreditRow:
    """A credit of a file that is looked at; `known` says that it is here already."""

    on: date
    payer: str
    text: str
    amount: Money
    known: bool


@dataclass(frozen=True, slots=True)
class StatementPage:
    """What a file would bring."""

    row: StatementRow
    account: str
    credits: tuple[CreditRow, ...] = ()
    total: int = 0
    new: int = 0
    others: int = 0
    sum: Money | None = None


@dataclass(frozen=True, slots=True)
class KnownPromise:
    """The promise that a reference names."""

    id: int
    reference: str
    name: str
    amount: Money


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch of cheques; `number` is that of its deposit slip, once it is counted."""

    id: int
    number: int | None
    state: str
    on: date
    cheques: int
    total: Money
    counted_by: str
    approved_by: str
    accountant_reference: str
    url: str


@dataclass(frozen=True, slots=True)
class ChequeRow:
    """One cheque of a batch. `difference` is what it says less what was announced."""

    id: int
    name: str
    reference: str
    campaign: str
    amount: Money
    number: str
    bank: str
    received_on: date
    handed: bool
    state: str
    difference: Money | None = None
    gift_id: int | None = None
    campaign_id: int = 0


@dataclass(frozen=True, slots=True)
class RowToCorrect:
    """A cheque in the row it was typed in. `known` is the address of a record that was there before it, else empty."""

    id: int
    name: str
    values: dict[str, str]
    known: str


@dataclass(frozen=True, slots=True)
class BatchPage:
    """A batch with its cheques; `recorders` are the actors who may not approve it."""

    row: BatchRow
    cheques: tuple[ChequeRow, ...]
    recorders: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CountRow:
    """A count; `pieces` say what one is worth, how many there are, and what they make."""

    id: int
    kind: str
    campaign: str
    place: str
    day: date
    total: Money
    units: int
    state: str
    counted_by: str
    counted_actor: str
    confirmed_by: str
    gift_id: int | None
    pieces: tuple[tuple[Money, int, Money], ...]
    url: str
