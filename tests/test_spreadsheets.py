"""Files for spreadsheets: what is in them, what no program runs, and that they are written as they are read."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from crowdfund import spreadsheets
from crowdfund.spreadsheets import Cell, Row, csv_parts, harmless, xlsx_parts

MOMENT = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
ROWS: list[Row] = [
    ("Camille", 12, Decimal("50.00"), date(2026, 11, 22), MOMENT, None),
    ("=1+1", -3, Decimal("-17.50"), date(1900, 3, 1), NEW_YEAR, "a\x00b & <c>\nd"),
]
HEAD = ("Name", "Number", "Sum", "Day", "Moment", "Words")
M = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def read_csv(parts: Iterator[bytes], separator: str = ";") -> list[list[str]]:
    text = b"".join(parts).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def read_xlsx(parts: Iterator[bytes]) -> list[list[str]]:
    book = zipfile.ZipFile(io.BytesIO(b"".join(parts)))
    assert book.testzip() is None
    sheet = etree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    assert sheet.findall(f".//{M}f") == []  # no formula anywhere
    return [["".join(cell.itertext()) for cell in row] for row in sheet.iter(f"{M}row")]


@pytest.mark.parametrize(
    "text", ["=SUM(A1)", "+1", "-1", "@x", "\tx", "\rx", "\n=x", "  =x", "\uff1dx", "\uff0bx", "\uff0dx", "\uff20x"]
)
def test_what_a_program_would_run_is_made_a_text(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", " ", "Camille", "a=b", "1+1", "'=x", "é", "– dash"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


def test_csv_has_the_signs_of_its_language() -> None:
    assert read_csv(csv_parts(HEAD, ROWS, separator=";", decimal=",")) == [
        list(HEAD),
        ["Camille", "12", "50,00", "2026-11-22", "2026-11-22 14:02", ""],
        ["'=1+1", "-3", "-17,50", "1900-03-01", "2026-01-01 00:00", "a\x00b & <c>\nd"],
    ]
    assert read_csv(csv_parts(HEAD, ROWS, separator=",", decimal="."), ",")[1][2] == "50.00"


def test_a_workbook_has_numbers_days_and_texts() -> None:
    rows = read_xlsx(xlsx_parts('Gifts & "more"', HEAD, ROWS))
    assert rows[0] == list(HEAD)
    assert rows[1] == ["Camille", "12", "50.00", "46348", "46348.584722", ""]
    assert rows[2] == ["'=1+1", "-3", "-17.50", "61", "46023.000000", "ab & <c>\nd"]


@settings(max_examples=50)
@given(text=st.text(max_size=40))
@example(text="\x08=")
def test_any_text_goes_into_both_and_is_never_a_formula(text: str) -> None:
    cells: list[Row] = [(text,)]
    [_head, [said]] = read_xlsx(xlsx_parts("x", ("H",), cells))
    assert said[:1] not in tuple("=+-@")
    if all(one not in text for one in "\ud800\r") and text.isprintable():
        [[_name], [written]] = [row or [""] for row in read_csv(csv_parts(("H",), cells, separator=";", decimal=","))]
        assert written == harmless(text)


def test_a_long_table_leaves_in_parts_and_keeps_nothing() -> None:
    def rows() -> Iterator[tuple[Cell, ...]]:
        for n in range(spreadsheets.PORTION * 3):
            seen.append(n)
            yield (f"row {n}", n)

    seen: list[int] = []
    for parts in (csv_parts(("a", "b"), rows(), separator=";", decimal=","), xlsx_parts("x", ("a", "b"), rows())):
        seen.clear()
        next(parts)
        assert len(seen) <= spreadsheets.PORTION
        whole = list(parts)
        assert len(whole) >= 3
        assert len(seen) == spreadsheets.PORTION * 3


def test_a_sheet_takes_no_more_rows_than_a_program_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "MOST_ROWS", 5)
    assert len(read_xlsx(xlsx_parts("x", ("a",), ((n,) for n in range(100))))) == 5
