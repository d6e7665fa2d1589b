"""Read tables that people bring: CSV of whatever encoding and delimiter, each column under a name of its own. Pure."""

from __future__ import annotations

import csv
import hashlib
import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

DELIMITERS = ";,\t|"
LONGEST_NAME = 80  # of a column
DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%y", "%d.%m.%y", "%Y%m%d")


class NoTable(ValueError):
    """The bytes hold no table that can be read."""


class TooLarge(ValueError):
    """The table is larger than it may be: `what` is rows, columns, cells, bytes or seconds; `most` is how many there may be."""

    def __init__(self, what: str, most: int) -> None:
        super().__init__(f"more than {most} {what}")
        self.what, self.most = what, most


@dataclass(frozen=True, slots=True)
class Most:
    """How large a table may be; of a workbook, `lines` counts the empty rows too, and `unpacked` the bytes of its parts."""

    rows: int
    columns: int
    cells: int
    unpacked: int = 40 * 1024 * 1024
    lines: int = 1_048_576  # of a sheet, by Excel's own limits


@dataclass(frozen=True, slots=True)
class Table:
    """The names of its columns, each once; its rows; the line of the file on which each row stands; how it was read."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...] = ()
    encoding: str = ""
    delimiter: str = ""

    @property
    def head_sha256(self) -> str:
        """Tell one layout from another."""
        return hashlib.sha256("\x1f".join(self.columns).encode()).hexdigest()


def one_line(text: str, longest: int) -> str:
    """Write a text on one line, without signs that no page may hold."""
    shown = "".join(
        " " if unicodedata.category(one) in {"Cc", "Zl", "Zp"} else one
        for one in text
        if one.isprintable() or one.isspace()
    )
    return " ".join(unicodedata.normalize("NFC", shown).split())[:longest]


def read_csv(content: bytes, most: Most) -> Table:
    """Read a CSV file: UTF-8, UTF-16 or Windows' Latin letters; `;`, `,`, `|` or tabs. Raises NoTable, TooLarge."""
    text, encoding = _decoded(content)
    if "\x00" in text:
        raise NoTable
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and rest:  # a line of Excel's own
        text, first = rest, rest.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return table_of(((reader.line_num, row) for row in reader), most, encoding=encoding, delimiter=delimiter)
    except csv.Error:
        raise NoTable from None


def _decoded(content: bytes) -> tuple[str, str]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16"), "UTF-16"
        except UnicodeDecodeError:
            raise NoTable from None
    try:
        return content.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), "Windows-1252"


def table_of(found: Iterable[tuple[int, list[str]]], most: Most, **how: str) -> Table:
    """Make a table of rows, each with its line; the first is its head. Raises NoTable, TooLarge."""
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    cells = 0
    for line, row in _filled(found):
        rows.append(row)
        lines.append(line)
        cells += len(row)
        for what, count, limit in (
            ("rows", len(rows) - 1, most.rows), ("columns", len(row), most.columns), ("cells", cells, most.cells),
        ):  # fmt: skip
            if count > limit:
                raise TooLarge(what, limit)
    if len(rows) < 2:
        raise NoTable
    return Table(tuple(_named(rows[0])), tuple(rows[1:]), tuple(lines[1:]), **how)


def _filled(found: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Leave out empty rows, and the empty cells at the end of a row."""
    for line, row in found:
        while row and not row[-1].strip():
            row.pop()
        if row:
            yield line, tuple(row)


def _named(head: tuple[str, ...]) -> Iterator[str]:
    """Name each column once: by its heading, by its place where it has none, and by a number where the name is taken."""
    headings = [one_line(heading, LONGEST_NAME) or f"{place}" for place, heading in enumerate(head, start=1)]
    written, given = set(headings), set[str]()
    for heading in headings:
        name, again = heading, 1
        while name in given or (again > 1 and name in written):
            again += 1
            name = f"{heading} ({again})"
        given.add(name)
        yield name


def guess(columns: Iterable[str], hints: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Guess which column holds which field: the first whose name holds one of the field's hints, each column once."""
    names = list(columns)
    found: dict[str, str] = {}
    for field, parts in hints.items():
        for name in names:
            if name not in found.values() and any(part in name.casefold() for part in parts):
                found[field] = name
                break
    return found


def read_day(text: str) -> date | None:
    """Read a day as banks and offices write it, from the year 2000 on; None for what is none."""
    for form in DAYS:
        try:
            found = datetime.strptime(text.strip()[:10], form).date()  # noqa: DTZ007 - a day, as it is written
        except ValueError:
            continue
        if found.year > 1999:
            return found
    return None
