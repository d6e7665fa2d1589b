"""Say whose a bank's line may be: by its reference, by one with a slip in it, by amount and name. Pure; a person decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from crowdfund.donors.rules import name_key
from crowdfund.money import Money
from crowdfund.pledges.references import Nearby, plain, references_in

MOST = 5
SHORTEST_NAME = 3  # a name of two letters is found in every line


class Why(StrEnum):
    """Why a promise is suggested, the surest first."""

    REFERENCE = "reference"
    NEAR_REFERENCE = "near_reference"
    AMOUNT_AND_NAME = "amount_and_name"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Promise:
    """What is known of an announced gift: its number, reference, amount, who it is owed to, and who announced it."""

    id: int
    reference: str
    amount: Money
    issuer_id: int
    names: tuple[str, ...]
    paid: bool = False
    called_off: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A promise a line may be for. `difference` is what came less what was announced."""

    promise: Promise
    why: Why
    difference: Money

    @property
    def is_sure(self) -> bool:
        """Say whether nothing is left to ask: the reference is whole, the sum is the one announced, and it is awaited."""
        return self.why == Why.REFERENCE and not (self.difference or self.promise.paid or self.promise.called_off)


class Awaited:
    """The promises a line may be for, kept so that many lines are looked at quickly."""

    def __init__(self, promises: Iterable[Promise]) -> None:
        self._by_reference: Mapping[str, Promise] = {one.reference: one for one in promises}
        self._nearby = Nearby(self._by_reference)
        self._by_amount: dict[Money, list[Promise]] = {}
        self._by_name: dict[str, list[Promise]] = {}
        for one in self._by_reference.values():
            if one.paid or one.called_off:
                continue
            self._by_amount.setdefault(one.amount, []).append(one)
            for name in _words(one.names):
                self._by_name.setdefault(name, []).append(one)

    def suggest(self, payer: str, text: str, amount: Money, issuer_id: int) -> list[Suggestion]:
        """Suggest whose a line is, the surest first; at most five. None in another currency or on another account."""
        found: dict[int, Suggestion] = {}

        def add(promises: Iterable[Promise], why: Why) -> None:
            for one in promises:
                if (one.amount.currency, one.issuer_id) == (amount.currency, issuer_id):
                    found.setdefault(one.id, Suggestion(one, why, amount - one.amount))

        whole = [one for one in references_in(text) if one in self._by_reference]
        add((self._by_reference[one] for one in whole), Why.REFERENCE)
        if not whole and len(plain(text)) >= 9:
            near = self._nearby.found_in(text)
            add((self._by_reference[one] for one in sorted(near)), Why.NEAR_REFERENCE)
        named = {one.id for word in _words((payer,)) for one in self._by_name.get(word, ())}
        same_sum = self._by_amount.get(amount, [])
        add((one for one in same_sum if one.id in named), Why.AMOUNT_AND_NAME)
        if not found:
            add((one for word in sorted(_words((payer,))) for one in self._by_name.get(word, ())), Why.NAME)
        return list(found.values())[:MOST]


def _words(names: Sequence[str]) -> set[str]:
    """Give the words of names in which two spellings meet; those too short to tell people apart are left out."""
    split = (
        word for name in names for word in name_key(name).replace("-", " ").replace("'", " ").replace("’", " ").split()
    )
    return {word for word in split if len(word) >= SHORTEST_NAME}
