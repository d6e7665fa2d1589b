"""What the pages of the files of donors show: frozen plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.dashboard.queries import donor_name
from crowdfund.dashboard.trail import names_of
from crowdfund.donors.models import Donor
from crowdfund.i18n import country_name, gettext
from crowdfund.intake import words
from crowdfund.intake.entries import FIELDS, Entry
from crowdfund.intake.models import BroughtDonor, DonorFile
from crowdfund.intake.rules import UNDO_WITHIN, FileState, Problem, report_of
from crowdfund.intake.service import columns_for, may_undo, table_of
from crowdfund.intake.taking import Reading
from crowdfund.sheets import Table

SHOWN, MOST_FILES, MOST_PROBLEMS, MOST_STAYING = 5, 50, 50, 100


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file. `state` is a code (intake.rules.FileState); `counts` are by outcome."""

    id: int
    filename: str
    at: datetime
    by: str
    state: str
    rows: int
    counts: dict[str, int]
    url: str


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """Something about a row of the file; `weight` says in a word what it does to it."""

    line: int
    column: str
    sentence: str
    weight: str


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A row as it would be kept. `consent` is the day and the proof of a yes."""

    line: int
    name: str
    email: str
    phone: str
    address: str
    language: str
    consent: tuple[date, str] | None
    wrong: bool


@dataclass(frozen=True, slots=True)
class Staying:
    """A record that taking the file back left."""

    name: str
    url: str
    why: str


@dataclass(frozen=True, slots=True)
class FilePage:
    """One file, as far as it is. `table` holds its first rows while they are kept."""

    row: FileRow
    encoding: str
    delimiter: str
    timezone: str
    picked: dict[str, str]
    fields: tuple[tuple[str, str], ...]
    table: Table | None = None
    sample: tuple[SampleRow, ...] = ()
    problems: tuple[ProblemRow, ...] = ()
    problems_total: int = 0
    done: int = 0
    origin: str = ""
    document_url: str = ""
    undo_until: datetime | None = None
    staying: tuple[Staying, ...] = ()
    staying_total: int = 0
    again: bool = False  # the same file was taken in before


def list_files(session: Session, here: str) -> tuple[FileRow, ...]:
    """List the files, the latest first. Two statements."""
    files = session.scalars(select(DonorFile).order_by(DonorFile.id.desc()).limit(MOST_FILES)).all()
    names = names_of(session, [one.recorded_by for one in files])
    return tuple(_row(one, here, names) for one in files)


def read_file_page(session: Session, file: DonorFile, here: str, timezone: str) -> FilePage:
    """Read one file's page."""
    table = table_of(file)
    report = report_of(file.report)
    staying, total = _staying(session, file, here) if file.state == FileState.UNDONE else ((), 0)
    until = file.applied_at + UNDO_WITHIN if file.applied_at and may_undo(file, clock.now()) else None
    checked = table is not None and file.state == FileState.CHECKED
    row = _row(file, here, names_of(session, [file.recorded_by]))
    return FilePage(
        row=row,
        encoding=file.encoding,
        delimiter=file.delimiter,
        timezone=timezone,
        picked=columns_for(session, file, table) if table is not None else {},
        fields=tuple((name, words.field_name(name)) for name in FIELDS),
        table=table,
        sample=_sample(session, file, table) if checked and table is not None else (),
        problems=tuple(problem_row(one) for one in report.problems[:MOST_PROBLEMS]),
        problems_total=len(report.problems) + report.more,
        done=file.done,
        origin=file.origin or "",
        document_url=f"{row.url}/document" if file.document_key else "",
        undo_until=until,
        staying=staying,
        staying_total=total,
        again=_again(session, file),
    )


def problem_row(problem: Problem) -> ProblemRow:
    """Say a problem in the page's language."""
    weight = gettext(words.WEIGHTS[words.weight(problem)])
    return ProblemRow(problem.line, words.field_name(problem.field), words.sentence(problem), weight)


def _again(session: Session, file: DonorFile) -> bool:
    same = select(DonorFile.id).where(
        DonorFile.sha256 == file.sha256, DonorFile.id != file.id, DonorFile.state == FileState.APPLIED
    )
    return session.scalar(same.limit(1)) is not None


def _sample(session: Session, file: DonorFile, table: Table) -> tuple[SampleRow, ...]:
    return tuple(_sample_row(one) for one in Reading(session, file, table).entries(0, SHOWN))


def _sample_row(entry: Entry) -> SampleRow:
    told = entry.details
    town = " ".join(filter(None, (told.postcode, told.city)))
    country = country_name(told.country) if told.country else ""
    return SampleRow(
        line=entry.line,
        name=told.company_name or " ".join(filter(None, (told.first_name, told.last_name))),
        email=told.email,
        phone=entry.phone or "",
        address=", ".join(filter(None, (told.address_line, town, country))),
        language=told.locale,
        consent=entry.consent,
        wrong=bool(entry.problems),
    )


def _staying(session: Session, file: DonorFile, here: str) -> tuple[tuple[Staying, ...], int]:
    """List the first records that stayed, and tell how many there are."""
    donors = here.removesuffix("/files")
    which = (BroughtDonor.file_id == file.id, BroughtDonor.stays.is_not(None))
    found = session.execute(
        select(Donor, BroughtDonor.stays)
        .join(Donor, Donor.id == BroughtDonor.donor_id)
        .where(*which)
        .order_by(BroughtDonor.id)
        .limit(MOST_STAYING)
    ).all()
    total = session.scalar(select(func.count()).select_from(BroughtDonor).where(*which)) or 0
    return tuple(Staying(donor_name(donor), f"{donors}/{donor.id}", str(why)) for donor, why in found), total


def _row(file: DonorFile, here: str, names: dict[str, str]) -> FileRow:
    counts = {name: int(number) for name, number in file.report.get("counts", {}).items()}
    by = names.get(file.recorded_by, "")
    return FileRow(file.id, file.filename, file.created_at, by, file.state, file.rows, counts, f"{here}/{file.id}")
