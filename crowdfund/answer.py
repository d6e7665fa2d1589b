"""How the operator's commands answer: words for a person, or one JSON document."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def say(document: Any, *, as_json: bool, plain: Callable[[], str]) -> None:
    """Print the document, for a program or for a person."""
    click.echo(json.dumps(document, ensure_ascii=False, default=str) if as_json else plain())
