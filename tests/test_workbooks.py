"""What workbooks that are brought may make of themselves."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import Workbook

from crowdfund.sheets import Most, TooLarge, read_csv
from crowdfund.workbooks import read_workbook

MOST = Most(rows=50, columns=20, cells=500, unpacked=100_000, lines=1_000)
SHARED = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>%s</t></si></sst>'
SHARED_PART = (
    b'<Override PartName="/xl/sharedStrings.xml" '
    b'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)


def book(*rows: list[Any]) -> bytes:
    made = Workbook()
    for row in rows:
        made.active.append(row)
    kept = io.BytesIO()
    made.save(kept)
    return kept.getvalue()


def hostile(change: Callable[[bytes], bytes], shared: bytes = b"") -> bytes:
    """Write a workbook whose sheet is changed by hand, and whose cells may refer to one `shared` text."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book(["Nom", "Courriel"], ["a", "b"]))) as source,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for one in source.namelist():
            text = source.read(one)
            if one.endswith("sheet1.xml"):
                text = change(text)
            elif one == "[Content_Types].xml" and shared:
                text = text.replace(b"</Types>", SHARED_PART + b"</Types>")
            archive.writestr(one, text)
        archive.writestr("xl/sharedStrings.xml", SHARED % shared)
    return made.getvalue()


def rows_after(more: bytes) -> Callable[[bytes], bytes]:
    return lambda sheet: sheet.replace(b"</sheetData>", more + b"</sheetData>")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (hostile(rows_after(b"<row/>" * 2_000)), "rows"),  # empty, without end
        (hostile(rows_after(b'<row r="900000"><c><v>5</v></c></row>')), "rows"),  # far below all others
        (hostile(rows_after(b'<row r="3">' + b'<c t="s"><v>0</v></c>' * 5 + b"</row>"), b"x" * 30_000), "bytes"),
    ],
)
def test_a_workbook_is_read_no_further_than_it_may_be(content: bytes, what: str) -> None:
    with pytest.raises(TooLarge) as told:
        read_workbook(content, MOST)
    assert told.value.what == what


def test_what_a_workbook_says_of_its_own_size_hides_no_row() -> None:
    lied = hostile(lambda sheet: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1"', sheet))
    table = read_workbook(lied, MOST)
    assert (table.columns, table.rows, table.lines) == (("Nom", "Courriel"), (("a", "b"),), (2,))


@pytest.mark.parametrize(
    ("head", "names"),
    [
        ("A;A;A (2)", ("A", "A (3)", "A (2)")),
        ("A (2);A;A;A", ("A (2)", "A", "A (3)", "A (4)")),
        (";1;B;B", ("1", "1 (2)", "B", "B (2)")),
    ],
)
def test_columns_of_one_name_are_told_apart(head: str, names: tuple[str, ...]) -> None:
    assert read_csv(f"{head}\nv;w;x;y\n".encode(), MOST).columns == names
