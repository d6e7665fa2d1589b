"""Checks requests and answers against the types of the installed `stripe` package.

`check_request` reads what a client sent, `check_answer` what the simulator is about to say. Both return a list of
problems, empty when the value fits. Enums count as closed, though the SDK leaves them open for the future.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulator import sdk, shapes

NUMBER = re.compile(r"-?\d+(\.\d+)?")
LISTS = {"v1": {"object", "data", "has_more", "url"}, "v2": {"data", "next_page_url", "previous_page_url"}}


@dataclass(frozen=True, slots=True)
class Problem:
    """One way in which a value does not fit: `kind` is unknown, missing, integer, boolean, choice or type."""

    param: str
    kind: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.param}: {self.kind}" + (f" ({self.detail})" if self.detail else "")


def check_request(endpoint: shapes.Endpoint, params: Mapping[str, Any], *, form: bool) -> list[Problem]:
    """Check the parameters of a request; `form` says that numbers and booleans come as text."""
    if endpoint.params is None:
        return [Problem(name, "unknown") for name in params]
    shape = sdk.settle(endpoint.params)
    if isinstance(shape, shapes.Either):  # Optional["SomethingParams"]
        shape = next(one for one in shape.shapes if isinstance(one, shapes.Ref))
    return list(_Checker(form=form, strict_text=False).check(dict(params), shape, ""))


def check_answer(endpoint: shapes.Endpoint, body: object) -> list[Problem]:
    """Check the body of an answer against the type that the SDK promises for this call."""
    if not isinstance(endpoint.answer, shapes.Lazy):
        return []
    return list(_Checker(form=False, strict_text=True).check(body, sdk.settle(endpoint.answer), ""))


def check_resource(body: Mapping[str, Any]) -> list[Problem]:
    """Check an object by the name it carries in `object`, as the objects inside events do."""
    ref = sdk.resources().get(str(body.get("object")))
    if ref is None:
        return [Problem("object", "choice", str(body.get("object")))]
    return list(_Checker(form=False, strict_text=True).check(dict(body), ref, ""))


def blank(name: str) -> dict[str, Any]:
    """Give a resource whose optional fields are all null, as the provider answers them."""
    record = sdk.record(sdk.resources()[name])
    return {field: None for field, kind in record.fields.items() if not kind.required and field != "deleted"}


@dataclass(frozen=True, slots=True)
class _Checker:
    """Walks a value and a shape together."""

    form: bool
    strict_text: bool

    def check(self, value: object, shape: object, at: str) -> Iterator[Problem]:
        if isinstance(shape, shapes.Plain):
            yield from self._plain(value, shape.name, at)
        elif isinstance(shape, shapes.Choice):
            texts = {_as_text(one) for one in shape.values} if self.form and isinstance(value, str) else set()
            if value not in shape.values and (not isinstance(value, str) or value not in texts):
                yield Problem(at, "choice", ", ".join(str(one) for one in shape.values))
        elif isinstance(shape, shapes.Either):
            yield from self._either(value, shape, at)
        elif isinstance(shape, shapes.Many):
            yield from self._many(value, shape, at)
        elif isinstance(shape, shapes.Keyed):
            yield from self._keyed(value, shape, at)
        elif isinstance(shape, shapes.Page):
            yield from self._page(value, shape, at)
        elif isinstance(shape, shapes.Ref):
            yield from self._record(value, sdk.record(shape), at)

    def _either(self, value: object, shape: shapes.Either, at: str) -> Iterator[Problem]:
        best: list[Problem] | None = None
        for one in shape.shapes:
            problems = list(self.check(value, one, at))
            if not problems:
                return
            if best is None or (isinstance(value, dict) and isinstance(one, shapes.Ref)) or len(problems) < len(best):
                best = problems
        yield from best or []

    def _many(self, value: object, shape: shapes.Many, at: str) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield Problem(at, "type", "array")
            return
        for index, item in enumerate(value):
            yield from self.check(item, shape.item, f"{at}[{index}]")

    def _keyed(self, value: object, shape: shapes.Keyed, at: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem(at, "type", "object")
            return
        for key, item in value.items():
            yield from self.check(item, shape.value, _under(at, key))

    def _page(self, value: object, shape: shapes.Page, at: str) -> Iterator[Problem]:
        if not isinstance(value, dict) or not isinstance(value.get("data"), list):
            yield Problem(at, "type", "list")
            return
        for key in value.keys() ^ LISTS[shape.generation]:
            yield Problem(_under(at, key), "unknown" if key in value else "missing")
        for index, item in enumerate(value["data"]):
            yield from self.check(item, shape.item, f"{at}data[{index}]")

    def _record(self, value: object, record: shapes.Record, at: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem(at, "type", "object")
            return
        for key, item in value.items():
            field = record.fields.get(key)
            if field is None:
                yield Problem(_under(at, key), "unknown")
            else:
                yield from self.check(item, field.shape, _under(at, key))
        for key, field in record.fields.items():
            if field.required and key not in value:
                yield Problem(_under(at, key), "missing")

    def _plain(self, value: object, name: str, at: str) -> Iterator[Problem]:
        if name == "anything" or _is_plain(value, name):
            return
        if name == "int":
            if not ((self.form or not self.strict_text) and isinstance(value, str) and re.fullmatch(r"-?\d+", value)):
                yield Problem(at, "integer", str(value))
        elif name in {"float", "decimal"}:
            if not (isinstance(value, str) and NUMBER.fullmatch(value)):
                yield Problem(at, "type", "number")
        elif name == "bool":
            if not (self.form and value in {"true", "false"}):
                yield Problem(at, "boolean", str(value))
        else:
            yield Problem(at, "type", {"str": "string", "object": "object"}.get(name, name))


def _is_plain(value: object, name: str) -> bool:
    if name == "bool":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    expected: dict[str, type | tuple[type, ...]] = {"str": str, "int": int, "float": (int, float), "object": dict}
    return value is None if name == "null" else isinstance(value, expected.get(name, ()))


def _under(at: str, key: str) -> str:
    return f"{at}[{key}]" if at else key


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
