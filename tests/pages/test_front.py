"""The door before the app: what it keeps, and what it packs."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from typing import Any

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from crowdfund.pages.front import KEEP, Front

PAGE = "<p>La même vallée</p>" * 100
PACKED = {"Accept-Encoding": "br, gzip"}


class House:
    """An app that counts how often it is asked."""

    def __init__(self, **headers: str) -> None:
        self.headers = {"Cache-Control": "public, max-age=2", "ETag": '"abc"'} | headers
        self.kept = True
        self.asked = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.asked += 1
        if self.kept:
            environ[KEEP] = "/<rule>"
        answer = Response(PAGE, mimetype="text/html", headers=self.headers)
        assert Request(environ).method in {"GET", "POST"}
        return answer(environ, start_response)


def test_a_kept_page_is_packed_once_and_sent_as_each_browser_takes_it() -> None:
    house = House()
    client = Client(Front(house))
    for _ in range(2):
        packed = client.get("/", headers=PACKED)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.data).decode() == PAGE
        assert int(packed.headers["Content-Length"]) == len(packed.data) < len(PAGE)
        assert (packed.headers["ETag"], packed.headers["Vary"]) == ('W/"abc"', "Accept-Encoding")
        plain = client.get("/")
        assert (plain.text, plain.headers["ETag"], plain.headers["Vary"]) == (PAGE, '"abc"', "Accept-Encoding")
        assert "Content-Encoding" not in plain.headers
    assert house.asked == 1


@pytest.mark.parametrize("known", ['"abc"', 'W/"abc"'])
def test_a_browser_that_knows_the_page_is_told_so(known: str) -> None:
    client = Client(Front(House()))
    client.get("/")
    told = client.get("/", headers=PACKED | {"If-None-Match": known})
    assert (told.status_code, told.data) == (304, b"")
    assert "Content-Encoding" not in told.headers
    assert told.headers["Vary"] == "Accept-Encoding"


def test_a_public_page_with_a_question_is_packed_and_not_kept() -> None:
    house = House()
    client = Client(Front(house))
    for _ in range(2):
        assert gzip.decompress(client.get("/?q=verdure", headers=PACKED).data).decode() == PAGE
    assert house.asked == 2


@pytest.mark.parametrize(
    "headers", [{"Cache-Control": "private, no-store"}, {"Cache-Control": "no-store"}, {"Set-Cookie": "session=1"}]
)
def test_an_answer_that_may_hold_a_secret_is_never_packed(headers: dict[str, str]) -> None:
    """Its length, with words of a stranger in it, would tell the secret letter by letter."""
    house = House(**headers)
    house.kept = False
    answer = Client(Front(house)).get("/", headers=PACKED)
    assert answer.text == PAGE
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "*;q=0"])
def test_who_does_not_take_gzip_is_not_sent_it(accepted: str) -> None:
    assert Client(Front(House())).get("/", headers={"Accept-Encoding": accepted}).text == PAGE


def test_what_is_packed_already_stays_as_it_is() -> None:
    house = House(**{"Content-Encoding": "gzip"})
    answer = Client(Front(house)).get("/", headers=PACKED)
    assert answer.data == PAGE.encode()
    assert answer.headers.getlist("Vary") == []


def test_a_post_goes_straight_to_the_app() -> None:
    house = House()
    client = Client(Front(house))
    assert client.post("/", headers=PACKED).text == PAGE
    assert client.post("/").text == PAGE
    assert house.asked == 2
