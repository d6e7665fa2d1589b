"""Keep public pages for a moment, in the process's memory.

A page is made once and served from memory for `FRESH` seconds, so a busy evening costs the database one reading a second
and a gift is on its page within two. One request makes a page that is due; the others wait for it, not for the database.
Only addresses without questions are kept: the number of pages is bounded by what museums publish.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, request

FRESH = 0.9
MOST = 2000


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was sent."""

    body: bytes
    etag: str
    content_type: str
    made_at: float

    @classmethod
    def of(cls, text: str, content_type: str) -> Page:
        """Make the page of a text."""
        body = text.encode()
        return cls(body, hashlib.sha256(body).hexdigest()[:20], content_type, time.monotonic())


class PageCache:
    """Pages by address."""

    def __init__(self, fresh: float = FRESH) -> None:
        self._fresh = fresh
        self._pages: dict[str, Page] = {}
        self._making: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def get(self, address: str, make: Callable[[], tuple[str, str]]) -> Page:
        """Give the page of an address; `make` answers its body and content type."""
        kept = self._pages.get(address)
        if kept is not None and time.monotonic() - kept.made_at < self._fresh:
            return kept
        with self._guard:
            making = self._making.setdefault(address, threading.Lock())
        with making:
            kept = self._pages.get(address)
            if kept is not None and time.monotonic() - kept.made_at < self._fresh:
                return kept
            page = Page.of(*make())
            with self._guard:
                if len(self._pages) >= MOST:
                    self._pages.clear()
                    self._making.clear()
                self._pages[address] = page
            return page


def answer(page: Page, max_age: int) -> Response:
    """Answer with a page, or with 304 when the reader has it."""
    known = page.etag in request.if_none_match
    response = Response(status=304) if known else Response(page.body, content_type=page.content_type)
    response.set_etag(page.etag)
    response.headers["Cache-Control"] = f"public, max-age={max_age}"
    return response
