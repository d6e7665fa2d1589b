"""Read the first sheet of a workbook. A program of its own, started by `workbooks` and by nothing else.

It knows nothing of the house and inherits none of its settings. It sets its own limits before it reads a byte, reads `source` in
the folder it is given, and says in JSON each row that holds something, with its line; or in one word why it takes the file not.

A workbook is a ZIP archive of XML. What it would unpack to is bounded before a byte is unpacked (`zipfile` reads no more than an
entry declares), entities are refused (openpyxl reads by defusedxml), formulas are not computed: their last result is taken. What
the parts make of themselves (a text of a megabyte that stands in every cell, rows without end) is bounded by reading no further
than the first that is too much, and by the limits of the process.
"""

from __future__ import annotations

import json
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

MEMORY = 512 * 1024 * 1024
SECONDS = 10
ENTRIES = 2_000  # files inside an archive: a workbook has a dozen


class Refused(Exception):
    """The workbook is not taken; the message is one word."""


def bind() -> None:
    """Bound what this process may use, whatever the file makes of it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def look(source: Path) -> list[tuple[int, list[str]]]:
    """Read a workbook by the limits that stand before it in `source`. Raises Refused."""
    with source.open("rb") as file:
        most: dict[str, int] = json.loads(file.readline())
        try:
            check(zipfile.ZipFile(file).infolist(), most["unpacked"])
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            return list(read(book.worksheets[0], most))
        except Refused:
            raise
        except MemoryError:
            raise Refused("bytes") from None
        except Exception as error:  # what a broken or hostile workbook raises inside the library is not told by it
            raise Refused("broken") from error


def check(parts: list[zipfile.ZipInfo], unpacked: int) -> None:
    """Look at what an archive declares of its parts before one is unpacked. Raises Refused."""
    if len(parts) > ENTRIES or sum(one.file_size for one in parts) > unpacked:
        raise Refused("bytes")


def read(sheet: Any, most: dict[str, int]) -> Iterator[tuple[int, list[str]]]:
    """Give the rows that hold something, each with its line; none after the first that is too many. Raises Refused."""
    sheet.reset_dimensions()  # what the file says of its own size may be wrong
    rows = cells = signs = 0
    for line, row in enumerate(sheet.iter_rows(max_col=most["columns"] + 1, values_only=True), start=1):
        if line > most["lines"]:
            raise Refused("rows")
        if row.count(None) == len(row):
            continue
        filled = [written(one) for one in row]
        while filled and not filled[-1].strip():
            filled.pop()
        if not filled:
            continue
        yield line, filled
        rows, cells, signs = rows + 1, cells + len(filled), signs + sum(map(len, filled))
        if signs > most["unpacked"]:  # one long text that many cells refer to
            raise Refused("bytes")
        if rows > most["rows"] + 1 or cells > most["cells"] or len(filled) > most["columns"]:
            return


def written(value: Any) -> str:
    """Write a cell as it is meant: a day without its hour, a whole number without its point."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


if __name__ == "__main__":
    bind()
    try:
        sys.stdout.write(json.dumps(look(Path(sys.argv[1], "source"))))
    except Refused as refused:
        sys.stdout.write(str(refused))
        sys.exit(3)
    except MemoryError:
        sys.stdout.write("bytes")
        sys.exit(3)
