"""How objects are shown: expansion of nested objects, pages of lists, and what depends on the clock."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from simulator.errors import invalid
from simulator.store import PLATFORM, Document
from simulator.world import World

KINDS = {
    "pi": "payment_intent",
    "ch": "charge",
    "re": "refund",
    "txn": "balance_transaction",
    "cs": "checkout.session",
    "po": "payout",
    "du": "dispute",
    "fee": "application_fee",
    "issfr": "radar.early_fraud_warning",
    "pm": "payment_method",
}
# Lists that are shown only on demand, with what they hold.
ON_DEMAND = {("charge", "refunds"), ("checkout.session", "line_items")}
DEEPEST = 4


def show(world: World, account: str, document: Document, expand: Iterable[str] = ()) -> Document:
    """Show an object as a client sees it, with the wished nested objects."""
    shown = {key: copy.deepcopy(value) for key, value in document.items() if not key.startswith("_")}
    _by_clock(world, account, shown)
    wishes = _wishes(expand)
    for kind, field in ON_DEMAND:
        if shown["object"] == kind and field not in wishes:
            shown.pop(field, None)
    for field, deeper in wishes.items():
        _expand(world, account, document, shown, field, deeper)
    return shown


def _wishes(expand: Iterable[str]) -> dict[str, list[str]]:
    wishes: dict[str, list[str]] = {}
    for path in expand:
        if path.count(".") >= DEEPEST:
            raise invalid(
                f"You cannot expand more than {DEEPEST} levels of a property (property: {path})", param="expand"
            )
        field, _dot, rest = path.partition(".")
        wishes.setdefault(field, []).extend([rest] if rest else [])
    return wishes


def _expand(world: World, account: str, document: Document, shown: Document, field: str, deeper: list[str]) -> None:
    if (shown["object"], field) in ON_DEMAND:
        shown[field] = _on_demand(world, account, document, field)
        return
    if field not in shown:
        raise invalid(f"This property cannot be expanded ({field}).", param="expand")
    value = shown[field]
    if isinstance(value, list):
        if deeper:
            found = [_by_id(world, account, item["id"]) for item in value if isinstance(item, dict) and "id" in item]
            shown[field] = [show(world, account, item, deeper) for item in found if item]
        return
    if value is None:
        return
    found_one = _by_id(world, account, str(value))
    if found_one is None:
        raise invalid(f"This property cannot be expanded ({field}).", param="expand")
    shown[field] = show(world, account, found_one, deeper)


def _by_id(world: World, account: str, ident: str) -> Document | None:
    kind = KINDS.get(ident.split("_", 1)[0], "")
    return world.store.find(account, kind, ident) or world.store.find(PLATFORM, kind, ident)


def _on_demand(world: World, account: str, document: Document, field: str) -> Document:
    if field == "line_items":
        url = f"/v1/checkout/sessions/{document['id']}/line_items"
        return {"object": "list", "data": copy.deepcopy(document["_line_items"]), "has_more": False, "url": url}
    refunds = [one for one in reversed(world.store.every(account, "refund")) if one["charge"] == document["id"]]
    data = [show(world, account, one) for one in refunds]
    return {"object": "list", "data": data, "has_more": False, "url": f"/v1/charges/{document['id']}/refunds"}


def _by_clock(world: World, account: str, shown: Document) -> None:
    """Fill in what the clock or other objects decide."""
    if shown["object"] == "balance_transaction":
        shown["status"] = "available" if shown["available_on"] <= world.now() else "pending"
    elif shown["object"] == "dispute":
        lines = [world.get(account, "balance_transaction", ident) for ident in shown["balance_transactions"]]
        shown["balance_transactions"] = [show(world, account, line) for line in lines]


def page(
    world: World,
    account: str,
    documents: list[Document],
    params: dict[str, Any],
    url: str,
    keep: Callable[[Document], bool] = lambda _document: True,
) -> Document:
    """Show a page of a list, newest first, as `limit`, `starting_after`, `ending_before` and `created` ask."""
    newest_first = [one for one in reversed(documents) if _created_fits(one, params.get("created")) and keep(one)]
    rows, more = _window(newest_first, documents, params)
    expand = _inner(params.get("expand", []))
    return {"object": "list", "data": [show(world, account, one, expand) for one in rows], "has_more": more, "url": url}


def _inner(expand: list[str]) -> list[str]:
    for path in expand:
        if not path.startswith("data."):
            raise invalid(
                f"This property cannot be expanded ({path}). You may want to try 'data.{path}'.", param="expand"
            )
    return [path.removeprefix("data.") for path in expand]


def limit_of(params: dict[str, Any]) -> int:
    """Read how many rows a page may have."""
    limit = int(params.get("limit", 10))
    if not 1 <= limit <= 100:
        raise invalid("This value must be between 1 and 100.", param="limit")
    return limit


def _window(rows: list[Document], known: list[Document], params: dict[str, Any]) -> tuple[list[Document], bool]:
    limit = limit_of(params)
    after, before = params.get("starting_after"), params.get("ending_before")
    if before is not None:
        newer = rows[: _position(rows, known, before, "ending_before")]
        return newer[-limit:], len(newer) > limit
    if after is not None:
        start = _position(rows, known, after, "starting_after")
        rows = rows[start + 1 :] if start < len(rows) and rows[start]["id"] == after else rows[start:]
    return rows[:limit], len(rows) > limit


def _position(rows: list[Document], known: list[Document], ident: str, param: str) -> int:
    """Find where the cursor stands among the rows, also when a filter leaves the cursor itself out."""
    order = {one["id"]: index for index, one in enumerate(known)}
    if ident not in order:
        raise invalid(f"No such object: '{ident}'", param=param, code="resource_missing")
    return sum(1 for one in rows if order[one["id"]] > order[ident])


def _created_fits(document: Document, wanted: object) -> bool:
    created = int(document.get("created", 0))
    if wanted is None:
        return True
    if not isinstance(wanted, dict):
        return created == int(str(wanted))
    tests = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}
    return all(tests[name](created, int(value)) for name, value in wanted.items())


def page_v2(documents: list[Document], params: dict[str, Any], path: str) -> Document:
    """Show a page of a list of the second generation of the interface, newest first."""
    limit = limit_of(params)
    start = int(params.get("page") or 0)
    rows = list(reversed(documents))
    query = {key: value for key, value in params.items() if key != "page" and isinstance(value, str)}

    def address(offset: int) -> str:
        return f"{path}?{urlencode({**query, 'page': offset})}"

    return {
        "data": rows[start : start + limit],
        "next_page_url": address(start + limit) if start + limit < len(rows) else None,
        "previous_page_url": address(max(0, start - limit)) if start else None,
    }
