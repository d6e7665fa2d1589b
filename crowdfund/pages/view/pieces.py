"""What the page shows of a work in many parts: frozen plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

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
    key: int = 0

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


ACROSS = 1000  # the drawing's own width; its height follows the picture's
WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Mark:
    """A piece on the picture, in the drawing's units. `label` stands in it, `size` is how large; `url` leads to adopting it."""

    key: str
    label: str
    x: int
    y: int
    width: int
    height: int
    size: int
    adopted: bool
    url: str

    @property
    def middle(self) -> tuple[int, int]:
        """Give its middle."""
        return self.x + self.width // 2, self.y + self.height // 2


@dataclass(frozen=True, slots=True)
class PieceMap:
    """The pieces as they lie on a picture; `height` is the drawing's."""

    picture: Picture
    height: int
    marks: tuple[Mark, ...]


class Placed(Protocol):
    """What lies on a picture, in hundredths of a percent of it."""

    x: int | None
    y: int | None
    width: int | None
    height: int | None
    claimed: int
    shares: int


def drawn_on(picture: Picture, found: Iterable[tuple[str, str, Placed, str]]) -> PieceMap:
    """Draw pieces (key, label, piece, address) on a picture; those that lie nowhere are in the list alone."""
    height = round(ACROSS * picture.height / picture.width)
    marks = []
    for key, label, piece, url in found:
        if piece.x is None or piece.y is None or piece.width is None or piece.height is None:
            continue
        left, right = (ACROSS * one // WHOLE for one in (piece.x, piece.x + piece.width))
        top, bottom = (height * one // WHOLE for one in (piece.y, piece.y + piece.height))
        size = max(14, min(36, (right - left) // 3, (bottom - top) // 2))
        adopted = piece.claimed >= piece.shares
        marks.append(Mark(key, label, left, top, right - left, bottom - top, size, adopted, url))
    return PieceMap(picture, height, tuple(marks))


@dataclass(frozen=True, slots=True)
class Assembly:
    """A work in parts coming together. `kinds` are its pieces where they are adopted one by one.

    `price` is what one part costs, `missing` what the next one still needs. `shelves` are the pieces as they stand side by
    side, `map` as they lie on the picture; without either, the parts are shown as dots.
    """

    total: int
    here: int
    price: Money
    missing: Money | None
    shelves: tuple[tuple[Shelf, ...], ...]
    sentence: str
    note: str = ""
    kinds: tuple[PieceKind, ...] = ()
    map: PieceMap | None = None
