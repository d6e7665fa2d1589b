"""The provider's way of writing nested values in a form: `line_items[0][price_data][currency]=eur`."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

PART = re.compile(r"\[([^\]]*)\]")


def decode_form(text: str) -> dict[str, Any]:
    """Read a form body or a query string into nested objects and lists."""
    root: dict[str, Any] = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        name, bracket, _rest = key.partition("[")
        path = [name, *PART.findall(key[len(name) :])] if bracket else [key]
        _put(root, path, value)
    return {key: _listed(value, key) for key, value in root.items()}


def _put(node: dict[str, Any], path: list[str], value: str) -> None:
    for part in path[:-1]:
        step = part or str(len(node))
        inner = node.get(step)
        if not isinstance(inner, dict):
            inner = node[step] = {}
        node = inner
    node[path[-1] or str(len(node))] = value


def _listed(value: Any, name: str) -> Any:
    """Turn objects whose keys are 0, 1, 2… into lists (metadata may have any keys and stays an object)."""
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(item, key) for key, item in value.items()}
    if inner and name != "metadata" and all(key.isdigit() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner


def as_bool(value: object) -> bool:
    """Read a boolean as it comes in a form or in JSON."""
    return value is True or value == "true"
