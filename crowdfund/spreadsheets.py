"""Write tables as CSV and as XLSX, part by part: a million rows take no more memory than a thousand.

A cell of text that a spreadsheet would take for a formula is made harmless by an apostrophe before it (OWASP, "CSV
Injection"). XLSX is written here and not by a library: those that stream a sheet to a reader who is already waiting keep it
in memory or in a file first.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from xml.sax.saxutils import escape

Cell = str | int | Decimal | date | datetime | None
Row = Sequence[Cell]

MOST_ROWS = 1_048_576  # of a sheet, its head among them
PORTION = 2_000  # rows written before they leave
DANGEROUS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
# XML 1.0 takes none of these (https://www.w3.org/TR/xml/#charsets).
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LONGEST = 32_767  # signs in a cell
_FIRST_DAY = date(1899, 12, 30)  # serial numbers of days count from here

_TYPES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" \
ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>\
<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>\
<Override PartName="/xl/worksheets/sheet1.xml" \
ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" \
ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>"""
_RELS = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" \
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"""
_BOOK = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" \
xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="{name}" sheetId="1" r:id="rId1"/>\
</sheets></workbook>"""
_BOOK_RELS = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" \
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship \
Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"""
# Number formats of the standard: 14 is a day, 22 a day with its hour, 4 a sum.
_STYLES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="2"><font/><font><b/></font></fonts>\
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>\
<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="5"><xf/>\
<xf numFmtId="14" applyNumberFormat="1"/><xf numFmtId="22" applyNumberFormat="1"/><xf numFmtId="4" applyNumberFormat="1"/>\
<xf fontId="1" applyFont="1"/></cellXfs></styleSheet>"""
_SHEET = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0">\
<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>"""


def harmless(text: str) -> str:
    """Make sure that no spreadsheet takes a text for a formula, after signs are dropped that a workbook cannot hold, too."""
    seen = _FORBIDDEN.sub("", text).strip(" ")
    return f"'{text}" if seen and seen[0] in DANGEROUS else text


def csv_parts(head: Sequence[str], rows: Iterable[Row], *, separator: str, decimal: str) -> Iterator[bytes]:
    """Write a table as CSV (RFC 4180, UTF-8 with its mark), with the separator and the decimal sign of a language."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow([harmless(one) for one in head])
    for number, row in enumerate(rows, 1):
        writer.writerow([_plain(cell, decimal) for cell in row])
        if number % PORTION == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def xlsx_parts(name: str, head: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """Write a table as a workbook of one sheet. Rows beyond what a sheet holds are left out."""
    out = _Outlet()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as book:
        for path, text in (
            ("[Content_Types].xml", _TYPES),
            ("_rels/.rels", _RELS),
            ("xl/workbook.xml", _BOOK.format(name=escape(name[:31], {'"': "&quot;"}))),
            ("xl/_rels/workbook.xml.rels", _BOOK_RELS),
            ("xl/styles.xml", _STYLES),
        ):
            book.writestr(path, text)
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write((_SHEET + _xml_row(head, lambda text: _text(str(text), 4))).encode())
            waiting: list[str] = []
            for number, row in enumerate(rows, 2):
                if number > MOST_ROWS:
                    break
                waiting.append(_xml_row(row, _xml_cell))
                if number % PORTION == 0:
                    sheet.write("".join(waiting).encode())
                    waiting.clear()
                    yield out.taken()
            sheet.write(("".join(waiting) + "</sheetData></worksheet>").encode())
        yield out.taken()
    yield out.taken()


class _Outlet(io.RawIOBase):
    """What the archive is written to: kept until it is taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """Take bytes."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override] # bytes are all it is given
        """Keep bytes."""
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """Give what was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _plain(cell: Cell, decimal: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return harmless(cell)
    if isinstance(cell, Decimal):
        return str(cell).replace(".", decimal)
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M")
    return str(cell)


def _xml_row(row: Sequence[Cell], cell: Callable[[Cell], str]) -> str:
    return f"<row>{''.join(map(cell, row))}</row>"


def _xml_cell(cell: Cell) -> str:
    if cell is None or cell == "":
        return "<c/>"
    if isinstance(cell, str):
        return _text(cell)
    if isinstance(cell, datetime):
        part = (cell.hour * 3600 + cell.minute * 60 + cell.second) / 86_400
        return f'<c s="2"><v>{(cell.date() - _FIRST_DAY).days + part:.6f}</v></c>'
    if isinstance(cell, date):
        return f'<c s="1"><v>{(cell - _FIRST_DAY).days}</v></c>'
    style = ' s="3"' if isinstance(cell, Decimal) else ""
    return f"<c{style}><v>{cell}</v></c>"


def _text(text: str, style: int = 0) -> str:
    said = escape(_FORBIDDEN.sub("", harmless(text))[:_LONGEST])
    return f'<c{f" s={chr(34)}{style}{chr(34)}" if style else ""} t="inlineStr"><is><t xml:space="preserve">{said}</t></is></c>'
