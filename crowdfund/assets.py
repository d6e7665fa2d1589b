"""Static files by address: `asset("css/ui.css")` is `/static/css/ui.css?v=…`, which may be cached for ever.

The mark is the hash of the content, so a changed file has a new address. Files that a stylesheet names itself (fonts
and two small drawings) keep their plain address, so that a preload and the stylesheet ask for one and the same. Text is
sent packed to whoever takes it; it holds nothing secret, so its length may be known.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Response, request
from jinja2 import StrictUndefined

if TYPE_CHECKING:
    from flask import Flask

    from config import Config

FOLDER = Path(__file__).parent.parent / "static"
PLAIN = ("fonts/",)
PACKED = (".css", ".js", ".svg")


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


@lru_cache(maxsize=256)
def _packed(whole: bytes) -> bytes:
    return gzip.compress(whole, mtime=0)


def pack(response: Response) -> Response:
    """Send a stylesheet, a script or a drawing packed to a browser that takes it so."""
    path = (request.view_args or {}).get("filename", "")
    if request.endpoint != "static" or not path.endswith(PACKED):
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code != 200 or not request.accept_encodings.quality("gzip") or request.method != "GET":
        return response
    etag, _weak = response.get_etag()
    response.direct_passthrough = False
    response.set_data(_packed(response.get_data()))
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)
    response.set_etag(etag or mark(path), weak=True)
    return response


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
    app.after_request(pack)
