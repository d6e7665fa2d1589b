"""Serve a kept page before anything else happens.

An evening with many visitors asks for a few pages again and again. What a public view has marked as one to keep is answered
from memory here, headers and all, for `FRESH` seconds; with the moment that `pages/cache` may keep a page, a gift is on its
page within two seconds. Only addresses without a question, a body or a cookie's influence are kept.

Text that everybody may read leaves packed for whoever takes it so; what is kept is packed once. An answer that is not
public is never packed: its length would tell of the secrets in it (https://breachattack.com).
"""

from __future__ import annotations

import gzip
import secrets
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from typing import Any

from werkzeug.http import parse_accept_header

KEEP = "cimaise.keep"  # set in the environ by a view whose answer may be kept
FRESH = 0.9
MOST = 2000
TEXT = ("text/html", "application/json", "application/atom+xml", "application/ld+json", "text/plain")
SMALL = 600  # not worth the trouble
Start = Callable[..., Any]
Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Form:
    """One form of an answer: as it is, or packed."""

    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it left."""

    plain: Form
    packed: Form | None
    etag: str
    rule: str
    until: float

    def form(self, environ: dict[str, Any]) -> Form:
        """Choose the form that the browser takes."""
        return self.packed if self.packed and takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")) else self.plain


class Front:
    """The door before the app."""

    def __init__(self, app: Callable[[dict[str, Any], Start], Iterable[bytes]]) -> None:
        self._app = app
        self._kept: dict[str, Kept] = {}
        self._process = secrets.token_hex(4)
        self._numbers = count()

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        """Answer from memory, or let the app answer and keep what it says may be kept."""
        if environ["REQUEST_METHOD"] != "GET":
            return self._app(environ, start_response)
        path = environ["PATH_INFO"]
        kept = None if environ.get("QUERY_STRING") else self._kept.get(path)
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
        form = kept.form(environ)
        headers = [*form.headers, ("X-Request-Id", number)]
        if known:
            body_only = {"Content-Type", "Content-Length", "Content-Encoding"}
            start_response("304 NOT MODIFIED", [one for one in headers if one[0] not in body_only])
            return ()
        start_response("200 OK", headers)
        return (form.body,)

    def _first(self, path: str, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        said: list[tuple[str, Headers, Any]] = []

        def listen(status: str, headers: Headers, error: Any = None) -> Callable[[bytes], None]:
            said[:] = [(status, list(headers), error)]
            return _write_nothing

        answer = self._app(environ, listen)
        status, headers, error = said[0]
        rule = environ.get(KEEP) if status.startswith("200") and not environ.get("QUERY_STRING") else None
        if error or not (rule or (status.startswith("200") and is_public_text(headers))):
            start_response(status, headers, error) if error else start_response(status, headers)
            return answer
        body = b"".join(answer)
        close = getattr(answer, "close", None)
        if close is not None:
            close()
        number = [one for one in headers if one[0] == "X-Request-Id"]
        kept = _keep([one for one in headers if one[0] != "X-Request-Id"], body, rule or "")
        if rule:
            if len(self._kept) >= MOST:
                self._kept.clear()
            self._kept[path] = kept
        form = kept.form(environ)
        start_response(status, [*form.headers, *number])
        return (form.body,)


def _keep(headers: Headers, body: bytes, rule: str) -> Kept:
    """Make both forms of an answer. Packed, it is another sequence of bytes, so its mark is a weak one."""
    etag = next((value for name, value in headers if name.lower() == "etag"), '""')
    until = time.monotonic() + FRESH
    if len(body) < SMALL or not is_public_text(headers):
        return Kept(Form(headers, body), None, etag, rule, until)
    varied = [*headers, ("Vary", "Accept-Encoding")]
    packed = gzip.compress(body, 6, mtime=0)
    rest = [one for one in varied if one[0].lower() not in {"content-length", "etag"}]
    own = [("Content-Length", str(len(packed))), ("Content-Encoding", "gzip")]
    marked = [("ETag", f"W/{etag.removeprefix('W/')}")] if etag != '""' else []
    return Kept(Form(varied, body), Form([*rest, *own, *marked], packed), etag.removeprefix("W/"), rule, until)


def is_public_text(headers: Headers) -> bool:
    """Say whether everybody may have this answer, and it is text that is not packed yet."""
    said = {name.lower(): value for name, value in headers}
    return (
        said.get("cache-control", "").startswith("public")
        and said.get("content-type", "").startswith(TEXT)
        and "content-encoding" not in said
        and "set-cookie" not in said
    )


@lru_cache(maxsize=500)
def takes_gzip(accepted: str) -> bool:
    """Say whether a browser takes packed answers, from its Accept-Encoding."""
    return parse_accept_header(accepted).quality("gzip") > 0 if accepted else False


def _write_nothing(_data: bytes) -> None:
    """Stand in for WSGI's old write(), which Flask does not use."""
