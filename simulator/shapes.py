"""The vocabulary in which the contract is written: what a value may look like."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plain:
    """One value: str, int, float, bool, null, decimal, object (any JSON object) or anything."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some fixed values."""

    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of several shapes."""

    shapes: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Many:
    """A list."""

    item: object


@dataclass(frozen=True, slots=True)
class Keyed:
    """An object with free keys and values of one shape."""

    value: object


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list of resources."""

    item: object
    generation: str


@dataclass(frozen=True, slots=True)
class Ref:
    """A class of the SDK, read when it is needed."""

    module: str
    name: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a class: its shape, and whether it must be there."""

    shape: object
    required: bool


@dataclass(frozen=True)
class Record:
    """The fields of a class of the SDK."""

    name: str
    fields: dict[str, Field]


@dataclass(frozen=True, slots=True)
class Lazy:
    """An annotation read on first use (there are six hundred endpoints, a run uses thirty)."""

    text: str
    module: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One call of the interface."""

    method: str
    path: str
    params: Lazy | None
    answer: Lazy | None
