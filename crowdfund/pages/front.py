"""Serve a kept page before anything else happens.

An evening with many visitors asks for a few pages again and again. What a public view has marked as one to keep is answered
from memory here, headers and all, for `FRESH` seconds; with the moment that `pages/cache` may keep a page, a gift is on its
page within two seconds. Only addresses without a question, a body or a cookie's influence come this way.
"""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

KEEP = "cimaise.keep"  # set in the environ by a view whose answer may be kept
FRESH = 0.9
MOST = 2000
Start = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it left."""

    headers: list[tuple[str, str]]
    body: bytes
    etag: str
    rule: str
    until: float


class Front:
    """The door before the app."""

    def __init__(self, app: Callable[[dict[str, Any], Start], Iterable[bytes]]) -> None:
        self._app = app
        self._kept: dict[str, Kept] = {}
        self._process = secrets.token_hex(4)
        self._numbers = count()

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        """Answer from memory, or let the app answer and keep what it says may be kept."""
        if environ["REQUEST_METHOD"] != "GET" or environ.get("QUERY_STRING"):
            return self._app(environ, start_response)
        path = environ["PATH_INFO"]
        kept = self._kept.get(path)
        if kept is not None and time.monotonic() < kept.until:
            return self._again(kept, environ, start_response)
        return self._first(path, environ, start_response)

    def forget(self) -> None:
        """Throw the kept pages away."""
        self._kept.clear()

    def _again(self, kept: Kept, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        number = f"{self._process}{next(self._numbers):08x}"
        known = kept.etag in environ.get("HTTP_IF_NONE_MATCH", "")
        status = 304 if known else 200
        sys.stderr.write(
            f'{{"event": "request", "method": "GET", "path": "{kept.rule}", "status": {status}, "ms": 0.0,'
            f' "request_id": "{number}", "level": "info", "timestamp": "{datetime.now(UTC).isoformat()}"}}\n'
        )
        headers = [*kept.headers, ("X-Request-Id", number)]
        if known:
            start_response(
                "304 NOT MODIFIED", [one for one in headers if one[0] not in {"Content-Type", "Content-Length"}]
            )
            return ()
        start_response("200 OK", headers)
        return (kept.body,)

    def _first(self, path: str, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        said: list[tuple[str, list[tuple[str, str]]]] = []

        def listen(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            said.append((status, list(headers)))
            return start_response(status, headers, error) if error else start_response(status, headers)

        answer = self._app(environ, listen)
        rule = environ.get(KEEP)
        if rule and said and said[0][0].startswith("200"):
            body = b"".join(answer)
            close = getattr(answer, "close", None)
            if close is not None:
                close()
            headers = [one for one in said[0][1] if one[0] != "X-Request-Id"]
            etag = next((value for name, value in headers if name.lower() == "etag"), '""')
            if len(self._kept) >= MOST:
                self._kept.clear()
            self._kept[path] = Kept(headers, body, etag, rule, time.monotonic() + FRESH)
            return (body,)
        return answer
