"""Take the rows of a file in, portion by portion: who is new becomes a record, a yes is kept with its proof."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.database import hold
from crowdfund.donors.models import Donor
from crowdfund.donors.rules import ConsentKind
from crowdfund.donors.service import Said, keys_of, record_consents
from crowdfund.institutions.models import Institution
from crowdfund.intake.entries import Entry, Home, filled, reader_of
from crowdfund.intake.judging import Key, Verdict, judge, objecting
from crowdfund.intake.models import BroughtDonor, DonorFile
from crowdfund.intake.rules import PORTION, FileState, Outcome, Report, report_of, unpacked
from crowdfund.sheets import Table
from crowdfund.tenancy import museum_of

SAID = (
    "kind", "first_name", "last_name", "company_name", "email", "phone", "address_line", "postcode", "city", "country",
    "locale", "tax_number",
)  # fmt: skip


class Reading:
    """A file's table, read row by row as its columns are mapped."""

    def __init__(self, session: Session, file: DonorFile, table: Table) -> None:
        museum = session.get_one(Institution, museum_of(session))
        self.zone = ZoneInfo(museum.time_zone)
        home = Home(museum.default_locale, museum.country, clock.now().astimezone(self.zone).date())
        self._read = reader_of(table, file.columns, home)
        self.rows = len(table.rows)
        self.objectors: set[Key] = set()
        if "objection" in file.columns:
            self.objectors = objecting(map(self._read, filled(table, file.columns["objection"])))

    def entries(self, start: int, end: int) -> list[Entry]:
        """Read the rows from one to another, the last one not among them."""
        return [self._read(number) for number in range(start, min(end, self.rows))]


def reading_of(session: Session, file: DonorFile) -> Reading:
    """Open a file's table."""
    if file.source is None:
        raise ValueError(f"file {file.id} has no rows any more")
    return Reading(session, file, unpacked(file.source))


def look_through(session: Session, file: DonorFile) -> Report:
    """Tell what the whole file would bring. Changes nothing."""
    reading, report = reading_of(session, file), Report()
    seen: dict[Key, int] = {}
    for start in range(0, reading.rows, PORTION):
        _count(report, judge(session, reading.entries(start, start + PORTION), reading.objectors, seen))
    return report


def take_portion(session: Session, file: DonorFile, most: int = PORTION) -> None:
    """Take the next rows in; after the last one the file is taken in and its rows are forgotten. Holds the addresses."""
    reading = reading_of(session, file)
    entries = reading.entries(file.done, file.done + most)
    hold(session, keys_of(session, [entry.details for entry in entries]))
    verdicts = judge(session, entries, reading.objectors, {})
    report = report_of(file.report)
    _count(report, verdicts)
    _add(session, file, reading.zone, [one.entry for one in verdicts if one.outcome == Outcome.NEW])
    file.report, file.done = report.told(), file.done + len(entries)
    if file.done >= reading.rows:
        file.state, file.source = FileState.APPLIED, None
    session.flush()


def _count(report: Report, verdicts: Sequence[Verdict]) -> None:
    for one in verdicts:
        report.add(
            one.outcome, one.told, consent=one.outcome == Outcome.NEW and one.entry.consent is not None
        )  # fmt: skip


def _add(session: Session, file: DonorFile, zone: ZoneInfo, entries: Sequence[Entry]) -> None:
    now = clock.now()
    made = [Donor(created_at=now, phone=entry.phone, **entry.details.told()) for entry in entries]
    session.add_all(made)
    session.flush()  # for their ids
    session.add_all(
        BroughtDonor(file_id=file.id, donor_id=donor.id, line=entry.line, said_sha256=said_sha256(donor))
        for donor, entry in zip(made, entries, strict=True)
    )
    record_consents(
        session,
        [
            Said(
                donor_id=donor.id, kind=ConsentKind.NEWS_MUSEUM, wording=entry.consent[1], locale=donor.locale,
                source=source_of(file), at=datetime.combine(entry.consent[0], time(), zone).astimezone(UTC),
            )
            for donor, entry in zip(made, entries, strict=True) if entry.consent is not None
        ],
    )  # fmt: skip


def source_of(file: DonorFile) -> str:
    """Say where a consent comes from that a file brought."""
    return f"{file.filename} · {file.origin}"


def said_sha256(donor: Donor) -> str:
    """Give the hash of what a record says: another one, and somebody has changed it."""
    said = "\x1f".join(str(getattr(donor, name) or "") for name in SAID)
    return hashlib.sha256(said.encode()).hexdigest()
