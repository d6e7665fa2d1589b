"""Static files by address: `asset("css/ui.css")` is `/static/css/ui.css?v=…`, which may be cached for ever.

The mark is the hash of the content, so a changed file has a new address. Files that a stylesheet names itself (fonts
and two small drawings) keep their plain address, so that a preload and the stylesheet ask for one and the same.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import StrictUndefined

if TYPE_CHECKING:
    from flask import Flask

    from config import Config

FOLDER = Path(__file__).parent.parent / "static"
PLAIN = ("fonts/",)


@cache
def mark(path: str) -> str:
    """Give the first characters of the content's hash. Raises FileNotFoundError for a file that is not there."""
    return hashlib.sha256((FOLDER / path).read_bytes()).hexdigest()[:12]


def asset(path: str) -> str:
    """Give the address of a file below static/. What already is an address (it starts with "/") stays as it is."""
    if path.startswith(("/", "https://", "http://")):
        return path
    if path.startswith(PLAIN):
        return f"/static/{path}"
    return f"/static/{path}?v={mark(path)}"


def register(app: Flask, config: Config) -> None:
    """Give templates `asset()`, what the platform is called and where it lives, and an error for each misspelt name."""
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    environment.trim_blocks = True
    environment.lstrip_blocks = True
    environment.globals.update(
        asset=asset,
        platform_name=config.platform_name,
        public_url=config.public_url,
        simulated=config.simulated,
    )
