"""What the page shows of a work in many parts: frozen plain values."""

from __future__ import annotations

from dataclasses import dataclass

from crowdfund.campaigns.view import Picture
from crowdfund.money import Money


@dataclass(frozen=True, slots=True)
class Shelf:
    """One kind of piece, drawn `total` times, the first `here` of them in colour."""

    name: str
    picture: Picture
    total: int
    here: int


@dataclass(frozen=True, slots=True)
class Adopter:
    """Who adopted a piece, as they let it be seen."""

    name: str
    dedication: str = ""


@dataclass(frozen=True, slots=True)
class PieceRow:
    """One piece: `shares` may adopt it together, `taken` have. `url` leads to adopting it, where it is free."""

    title: str
    shares: int
    taken: int
    adopters: tuple[Adopter, ...] = ()
    url: str = ""

    @property
    def adopted(self) -> bool:
        """Say whether it has found all its supporters."""
        return self.taken >= self.shares


@dataclass(frozen=True, slots=True)
class PieceKind:
    """Pieces of one price."""

    title: str
    price: Money
    pieces: tuple[PieceRow, ...]
    picture: Picture | None = None

    @property
    def adopted(self) -> int:
        """Count the pieces that have found their supporters."""
        return sum(piece.adopted for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Assembly:
    """A work in parts coming together. `kinds` are its pieces where they are adopted one by one.

    `price` is what one part costs, `missing` what the next one still needs. `shelves` are the pieces as they stand side by
    side; without pictures of them, the parts are shown as dots.
    """

    total: int
    here: int
    price: Money
    missing: Money | None
    shelves: tuple[tuple[Shelf, ...], ...]
    sentence: str
    note: str = ""
    kinds: tuple[PieceKind, ...] = ()
