"""Static files: packed for those who take it, whole for the others."""

from __future__ import annotations

import gzip

import pytest
from flask.testing import FlaskClient

from crowdfund.assets import FOLDER


@pytest.mark.parametrize("path", ["css/ui.css", "js/campaign.js", "art/dot.svg"])
def test_text_is_packed_for_those_who_take_it(client: FlaskClient, path: str) -> None:
    whole = (FOLDER / path).read_bytes()
    packed = client.get(f"/static/{path}", headers={"Accept-Encoding": "gzip, br"}, buffered=True)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == whole
    assert packed.headers["Content-Length"] == str(len(packed.data))
    plain = client.get(f"/static/{path}", buffered=True)
    assert plain.data == whole
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


def test_what_a_reader_has_is_not_sent_again(client: FlaskClient) -> None:
    takes = {"Accept-Encoding": "gzip"}
    first = client.get("/static/css/ui.css", headers=takes, buffered=True)
    again = client.get("/static/css/ui.css", headers=takes | {"If-None-Match": first.headers["ETag"]}, buffered=True)
    assert (again.status_code, again.data) == (304, b"")


def test_fonts_and_pictures_are_left_as_they_are(client: FlaskClient) -> None:
    font = client.get("/static/fonts/instrument-sans.woff2", headers={"Accept-Encoding": "gzip"}, buffered=True)
    assert "Content-Encoding" not in font.headers
