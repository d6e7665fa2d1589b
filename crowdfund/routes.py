"""Every address and what guards it, for the operator and for outside checks."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.routing import Rule

DOORS = (  # the first prefix that fits
    ("/webhooks/", "webhook"),
    ("/api/", "api"),
    ("/staff/", "staff"),
    ("/network/", "network"),
    ("/account/", "account"),
    ("/<lang:lang>/me/link/", "token"),
    ("/<lang:lang>/me/", "account"),
    ("/health/", "ops"),
    ("/metrics", "ops"),
    ("/_mail/", "ops"),
)
HIDDEN = {"HEAD", "OPTIONS"}


def listed(app: Flask) -> list[dict[str, Any]]:
    """List the app's rules."""
    return [_described(app, rule) for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)]


def _described(app: Flask, rule: Rule) -> dict[str, Any]:
    view = app.view_functions[rule.endpoint]
    permission = getattr(view, "permission", None)
    door = next((name for prefix, name in DOORS if rule.rule.startswith(prefix)), None)
    if door is None:
        door = "token" if "token" in rule.arguments or "code" in rule.arguments else "public"
    return {
        "rule": rule.rule,
        "endpoint": rule.endpoint,
        "methods": sorted((rule.methods or set()) - HIDDEN),
        "parameters": {
            name: type(converter).__name__.removesuffix("Converter").lower()
            for name, converter in rule._converters.items()  # noqa: SLF001 - werkzeug has no other way to tell
        },
        "door": door,
        "permission": getattr(permission, "value", permission),
        "framable": rule.rule.startswith("/embed/"),
        "cacheable": door == "public"
        and "GET" in (rule.methods or set())
        and not rule.rule.endswith(("/give", "/ask", "/follow", "/here"))
        and not rule.rule.startswith(("/c/", "/with/")),  # short links: counted each time, in the reader’s language
    }
