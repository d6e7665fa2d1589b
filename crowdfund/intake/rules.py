"""What a file of donors may be, what becomes of it and of its rows. Pure: no database, no web."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from crowdfund.errors import Conflict
from crowdfund.i18n import N_
from crowdfund.sheets import Most, Table

LARGEST_FILE = 10 * 1024 * 1024
MOST = Most(rows=50_000, columns=60, cells=1_000_000)
WORKBOOK = replace(MOST, cells=300_000)  # some seconds of reading, while somebody waits
INLINE = 2_000  # rows that are looked at and taken in while the person waits; more are the worker's
PORTION = 500  # rows in one transaction of the worker
MOST_WAITING = 10  # files that are neither taken in nor dropped
MOST_TOLD = 10_000  # problems listed; more are only counted
KEPT_FOR = timedelta(days=7)  # the rows of a file that is not taken in
UNDO_WITHIN = timedelta(days=30)
LONGEST_ORIGIN = 300

EMPTY = N_("Choose the file.")
TOO_HEAVY = N_("This file is larger than 10 MB. Save the table alone, without pictures, or bring it in parts.")
NO_TABLE = N_("This file is no table that can be read. Save it as XLSX or as CSV.")
TOO_LARGE: Mapping[str, str] = {
    "rows": N_("This file holds more than %(most)s rows. Bring it in parts."),
    "columns": N_("This file holds more than %(most)s columns. Keep those that are needed."),
    "cells": N_("This file holds more than %(most)s cells. Bring it in parts, or as CSV."),
    "bytes": N_("This workbook unpacks to more than it may. Save the table alone as CSV."),
    "seconds": N_("This workbook takes too long to read. Save the table alone as CSV."),
}
CHOOSE_KEY = N_(
    "Say which column holds the e-mail address, or the name and the postcode: by these people are told apart."
)
CHOOSE_PROOF = N_("A column of consents needs the columns of its day and of its proof too.")
SAY_ORIGIN = N_("Say where this file comes from: it is kept with each record.")
MOVED_ON = N_("This file has moved on meanwhile. Look at it as it is now.")
TOO_LATE = N_("More than thirty days have passed: this file can no longer be taken back as a whole.")
ENOUGH = N_("Ten files wait already: take them in or drop them first.")


class FileState(StrEnum):
    """Where a file stands."""

    READ = "read"  # its columns are to be confirmed
    CHECKING = "checking"  # the worker looks at it
    CHECKED = "checked"
    APPLYING = "applying"
    APPLIED = "applied"
    UNDOING = "undoing"
    UNDONE = "undone"
    DROPPED = "dropped"


WAITING = (FileState.READ, FileState.CHECKING, FileState.CHECKED)
TRANSITIONS: Mapping[FileState, frozenset[FileState]] = {
    FileState.READ: frozenset({FileState.CHECKING, FileState.CHECKED, FileState.DROPPED}),
    FileState.CHECKING: frozenset({FileState.CHECKED, FileState.DROPPED}),
    FileState.CHECKED: frozenset({FileState.CHECKING, FileState.APPLYING, FileState.DROPPED}),
    FileState.APPLYING: frozenset({FileState.APPLIED}),
    FileState.APPLIED: frozenset({FileState.UNDOING}),
    FileState.UNDOING: frozenset({FileState.UNDONE}),
    FileState.UNDONE: frozenset(),
    FileState.DROPPED: frozenset(),
}


class Outcome(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    KNOWN = "known"
    LEFT_OUT = "left_out"
    WRONG = "wrong"


class Stays(StrEnum):
    """Why a record stays when its file is taken back: what has happened to it since."""

    GIFT = "gift"
    CONSENT = "consent"
    EDITED = "edited"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about one field of a row: `code` names the sentence (words.SENTENCES), `line` and `other` are lines of the file."""

    line: int
    field: str
    code: str
    other: int = 0


@dataclass(slots=True)
class Report:
    """What a look at the whole file found; no identity, only numbers, fields and codes."""

    counts: Counter[str] = field(default_factory=Counter)  # by Outcome; "consents"
    problems: list[Problem] = field(default_factory=list)
    more: int = 0  # problems that are not listed

    def add(self, outcome: str, problems: Iterable[Problem], *, consent: bool) -> None:
        """Count one row."""
        self.counts[outcome] += 1
        self.counts["consents"] += consent
        for one in problems:
            if len(self.problems) < MOST_TOLD:
                self.problems.append(one)
            else:
                self.more += 1

    def told(self) -> dict[str, Any]:
        """Write it down."""
        return {
            "counts": dict(self.counts),
            "problems": [[one.line, one.field, one.code, one.other] for one in self.problems],
            "more": self.more,
        }


def report_of(told: Mapping[str, Any]) -> Report:
    """Read what was written down."""
    problems = [Problem(*one) for one in told.get("problems", ())]
    return Report(Counter(told.get("counts", {})), problems, int(told.get("more", 0)))


def check_move(state: str, wanted: FileState) -> None:
    """Make sure that a file may go from its state to another. Raises Conflict."""
    if wanted not in TRANSITIONS[FileState(state)]:
        raise Conflict(MOVED_ON)


def packed(table: Table) -> bytes:
    """Write a table down, small."""
    return zlib.compress(json.dumps([table.columns, table.rows, table.lines]).encode(), 6)


def unpacked(source: bytes) -> Table:
    """Read a table that `packed` wrote."""
    columns, rows, lines = json.loads(zlib.decompress(source))
    return Table(tuple(columns), tuple(map(tuple, rows)), tuple(lines))
