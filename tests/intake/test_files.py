"""A file of donors: read, mapped, looked through, taken in once with the proof of each yes, taken back."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import UniqueConstraint, func, select
from sqlalchemy.orm import Session

from crowdfund import clock, workbooks
from crowdfund.audit import AuditEntry
from crowdfund.conversation.models import Dispatch, Follower
from crowdfund.conversation.tokens import address_hash
from crowdfund.crm import service as crm
from crowdfund.donors import service as donors
from crowdfund.donors.models import Consent, Donor
from crowdfund.errors import Conflict
from crowdfund.institutions.rules import Role
from crowdfund.intake import rules, service, taking, tasks, undoing
from crowdfund.intake.entries import suggested
from crowdfund.intake.models import BroughtDonor
from crowdfund.intake.reading import read_file
from crowdfund.intake.rules import Outcome
from crowdfund.me import erasure, export
from crowdfund.sheets import Most, NoTable, Table, TooLarge, read_csv
from crowdfund.tenancy import TaskScope, transaction
from crowdfund.workbooks import read_workbook
from tests.desk import enter, form_token, make_colleague
from tests.factories import make_campaign, make_donor, make_gift, make_institution, scope
from tests.test_workbooks import book, hostile, rows_after

NOW = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
HEAD = "Nom;Prénom;Courriel;Code postal;Ville;Téléphone;Infolettre;Date du consentement;Preuve;Opposition"
ROWS = [
    "Rey;Camille;CAMILLE@exemple.fr;73000;Chambéry;+33 4 79 00 00 00;oui;12/03/2024;Bulletin signé, salon 2024;",  # 2 new, yes
    "Huart;Viviane;viviane@exemple.fr;73100;Aix;appelez-moi;oui;;Bulletin;",  # 3 new, two remarks
    "Noël;Zoé;;01000;Bourg;;;;;",  # 4 new by name and postcode
    "Rey;Camille;camille@exemple.fr;73000;Chambéry;;;;;",  # 5 repeated
    "Faux;Paul;paul@exemple;73000;Chambéry;;;;;",  # 6 wrong address
    "Seul;Jean;;;;;;;;",  # 7 cannot be told apart
    "Connu;Anne;anne@exemple.fr;;;;oui;12/03/2024;Bulletin;",  # 8 known by her address
    "CONNU;Bérengère;;73000;;;;;;",  # 9 known by name and postcode
    "Oubli;Luc;luc@exemple.fr;;;;;;;",  # 10 erased here
    "Non;Ève;eve@exemple.fr;;;;oui;12/03/2024;Bulletin;x",  # 11 wants no contact
    "Non;Ève;eve@exemple.fr;;;;;;;",  # 12 the same person again
]
MINE = "\r\n".join([HEAD, *ROWS]).encode("cp1252")


@pytest.fixture
def museum(app: Flask) -> Iterator[int]:
    with clock.at(NOW):
        yield make_institution(slug="arvieres", name="Musée d’Arvières")


@contextmanager
def opened(museum: int) -> Iterator[Session]:
    with transaction(scope(museum)) as session:
        yield session


@pytest.fixture
def town(museum: int) -> None:
    """Two who are known, and one who was erased."""
    with opened(museum) as session:
        make_donor(session, first_name="Anne", last_name="Autre", email="anne@exemple.fr")
        make_donor(session, first_name="Berengere", last_name="Connu", email=None, postcode="73000")
        make_donor(session, first_name="Luc", last_name="Oubli", email="luc@exemple.fr")
    with opened(museum) as session:
        assert erasure.at_museum(session, "luc@exemple.fr") == 1


@pytest.fixture
def client(app: Flask, museum: int) -> FlaskClient:
    return enter(app, make_colleague(museum, Role.OWNER, "owner@arvieres.example"))


@pytest.fixture
def post(client: FlaskClient) -> Callable[..., Any]:
    token = form_token(client, "/account/")

    def send(path: str, file: tuple[str, bytes] | None = None, field: str = "file", **data: Any) -> Any:
        sent = {"csrf_token": token, **data} | ({field: (io.BytesIO(file[1]), file[0])} if file else {})
        return client.post(f"/staff/arvieres/donors/files{path}", data=sent, content_type="multipart/form-data")

    return send


def bring(museum: int, content: bytes = MINE, name: str = "amis.csv") -> int:
    with opened(museum) as session:
        return service.bring(session, name, content, read_file(content)).id


def mapped(museum: int, content: bytes = MINE, name: str = "amis.csv") -> int:
    file_id = bring(museum, content, name)
    with opened(museum) as session:
        file = service.file_of(session, file_id)
        table = service.table_of(file)
        assert table is not None
        service.map_columns(session, file_id, service.columns_for(session, file, table))
    return file_id


def taken(museum: int, content: bytes = MINE, name: str = "amis.csv") -> int:
    file_id = mapped(museum, content, name)
    with opened(museum) as session:
        service.apply(session, file_id, "Friends, list of 2024", None)
    return file_id


def counts(museum: int, file_id: int) -> dict[str, int]:
    with opened(museum) as session:
        found: dict[str, int] = service.file_of(session, file_id).report["counts"]
        return found


def people(session: Session) -> list[tuple[str | None, str | None]]:
    found = session.execute(select(Donor.last_name, Donor.email).where(Donor.erased_at.is_(None)).order_by(Donor.id))
    return [(row.last_name, row.email) for row in found]


@pytest.mark.parametrize(
    ("headings", "first", "last"),
    [
        ("Nome;Cognome;E-mail", "Nome", "Cognome"),
        ("Cognome;Nome;Città", "Nome", "Cognome"),
        ("Name;Surname;Company name", "Name", "Surname"),
        ("First name;Last name", "First name", "Last name"),
        ("Nom;Prénom", "Prénom", "Nom"),
        ("Vorname;Name", "Vorname", "Name"),
        ("Nome;E-mail", None, "Nome"),
    ],
)
def test_first_and_last_names_are_told_apart_by_their_headings(headings: str, first: str | None, last: str) -> None:
    columns = suggested(Table(tuple(headings.split(";")), (), ()))
    assert (columns.get("first_name"), columns.get("last_name")) == (first, last)


def test_the_first_look_tells_each_row_and_changes_nothing(museum: int, town: None) -> None:
    with opened(museum) as session:
        before = people(session)
    file_id = mapped(museum)
    with opened(museum) as session:
        file = service.file_of(session, file_id)
        assert (file.encoding, file.delimiter, file.state) == ("Windows-1252", ";", "checked")
        report = rules.report_of(file.report)
        assert people(session) == before
    assert report.counts == {"new": 3, "known": 3, "left_out": 3, "wrong": 2, "consents": 1}
    assert [(one.line, one.field, one.code, one.other) for one in report.problems] == [
        (3, "phone", "phone", 0), (3, "consent_date", "consent_date", 0), (5, "email", "repeated", 2),
        (6, "email", "email", 0), (7, "email", "keyless", 0), (10, "email", "erased", 0),
        (11, "objection", "objects", 0), (12, "objection", "objects", 0),
    ]  # fmt: skip
    # what the report keeps names nobody
    assert "exemple" not in str(report.told())


def test_it_is_taken_in_once_with_the_proof_of_each_yes(museum: int, town: None) -> None:
    file_id = taken(museum)
    with opened(museum) as session:
        file = service.file_of(session, file_id)
        assert (file.state, service.table_of(file)) == ("applied", None)
        assert people(session)[2:] == [
            ("Rey", "camille@exemple.fr"), ("Huart", "viviane@exemple.fr"), ("Noël", None),
        ]  # fmt: skip
        rey = session.scalars(select(Donor).where(Donor.email == "camille@exemple.fr")).one()
        assert (rey.phone, rey.postcode, rey.country, rey.locale) == ("+33 4 79 00 00 00", "73000", "FR", "fr")
        [yes] = session.scalars(select(Consent))
        assert (yes.donor_id, yes.kind, yes.wording) == (rey.id, "news_museum", "Bulletin signé, salon 2024")
        assert (yes.source, yes.given_at) == ("amis.csv · Friends, list of 2024", datetime(2024, 3, 11, 23, tzinfo=UTC))
        told = export.told_at_museum(session, "camille@exemple.fr")
        assert told is not None
        assert told.document["brought"][0]["origin"] == "Friends, list of 2024"
        acts = session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("donor_file"))).all()
        assert acts == ["donor_file.brought", "donor_file.applied"]
        service.apply(session, file_id, "again", None)
        before = people(session)
    again = taken(museum)
    with opened(museum) as session:
        assert people(session) == before
        assert session.scalar(select(func.count()).select_from(Consent)) == 1
    assert counts(museum, again)["known"] == 6
    assert "new" not in counts(museum, again)


def test_taking_it_back_leaves_those_to_whom_something_has_happened(museum: int, town: None) -> None:
    with opened(museum) as session:
        before = people(session)
    heads = "Nom;Courriel;Code postal;Infolettre;Date du consentement;Preuve\n"
    names = ("free", "yes", "gave", "noted", "edited", "said", "stopped", "erased")
    yes = {"yes", "stopped"}
    lines = [f"{name};{name}@exemple.fr;73000;{'oui;01/02/2024;Salon' if name in yes else ';;'}" for name in names]
    file_id = taken(museum, (heads + "\n".join(lines)).encode())
    with opened(museum) as session:
        ids = dict(session.execute(select(Donor.last_name, Donor.id).where(Donor.last_name.in_(names))).all())
        gave = session.scalars(select(Donor).where(Donor.id == ids["gave"])).one()
        make_gift(session, make_campaign(session), gave)
        crm.write_note(session, ids["noted"], "call", "Likes porcelain")
        crm.put_phone(session, ids["edited"], "04 79 00 00 00")
        donors.record_consent(session, ids["said"], "news_museum", wording="Yes", locale="fr", source="form")
        donors.withdraw_consent(session, ids["stopped"], "news_museum")
    with opened(museum) as session:
        erasure.at_museum(session, "erased@exemple.fr")
        tasks.forget(session, ids["erased"])
    with opened(museum) as session:
        file = service.undo(session, file_id)
        assert (file.state, file.done) == ("undone", 2)
        kept = dict(
            session.execute(
                select(Donor.last_name, BroughtDonor.stays).join(BroughtDonor, BroughtDonor.donor_id == Donor.id)
            ).all()
        )
        assert kept == {
            "gave": "gift", "noted": "edited", "edited": "edited", "said": "consent", "stopped": "consent",
        }  # fmt: skip
        assert {name for name, _email in people(session)} - {name for name, _email in before} == set(kept)
        assert service.undo(session, file_id).done == 2  # twice is once


def test_nobody_who_stopped_the_mails_is_made_to_say_yes(museum: int) -> None:
    with opened(museum) as session:
        campaign = make_campaign(session)
        follower = Follower(
            campaign_id=campaign.id, purpose="news", email=None, locale="fr", wording="x", source="x", state="ended",
            key="00000000-0000-0000-0000-000000000001", token_hash="f", times_asked=1,
        )  # fmt: skip
        session.add(follower)
        session.flush()
        session.add(
            Dispatch(
                occasion="news:1", address_hash=address_hash(museum, "camille@exemple.fr"), token_hash="d",
                campaign_id=campaign.id, follower_id=follower.id, locale="fr",
            )
        )  # fmt: skip
    file_id = taken(museum)
    assert counts(museum, file_id)["consents"] == 1
    with opened(museum) as session:
        codes = [one.code for one in rules.report_of(service.file_of(session, file_id).report).problems]
        assert "stopped" in codes
        said = session.scalars(select(Donor.email).join(Consent, Consent.donor_id == Donor.id)).all()
        assert said == ["anne@exemple.fr"]


def test_a_long_file_is_the_workers_and_goes_on_where_it_stopped(museum: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "INLINE", 3)
    monkeypatch.setattr(taking.take_portion, "__defaults__", (4,))
    monkeypatch.setattr(undoing.undo_portion, "__defaults__", (4,))
    lines = [f"Name{n};name{n}@exemple.fr" for n in range(10)]
    file_id = mapped(museum, ("Nom;Courriel\n" + "\n".join(lines)).encode())
    with opened(museum) as session:
        assert service.file_of(session, file_id).state == "checking"
        service.check(session, file_id)
        assert service.file_of(session, file_id).report["counts"]["new"] == 10
    seen = []
    acts: dict[str, Callable[[Session], Any]] = {
        "applied": lambda session: service.apply(session, file_id, "Friends", None),
        "undone": lambda session: service.undo(session, file_id),
    }
    for state, act in acts.items():
        with opened(museum) as session:
            act(session)
        for _turn in range(6):
            with transaction(TaskScope(museum, 1)) as session:
                service.move_on(session, file_id)
                file = service.file_of(session, file_id)
                seen.append((file.state, file.done))
            if file.state == state:
                break
    assert seen == [("applying", 4), ("applying", 8), ("applied", 10), ("undoing", 4), ("undoing", 8), ("undone", 10)]
    with opened(museum) as session:
        service.move_on(session, file_id)  # a fact that comes twice
        assert people(session) == []


def test_who_is_erased_is_struck_from_the_files_that_wait(museum: int) -> None:
    file_id = mapped(museum)
    with opened(museum) as session:
        assert erasure.at_museum(session, "camille@exemple.fr") == 0  # no record yet, but a line in a file
    with opened(museum) as session:
        table = service.table_of(service.file_of(session, file_id))
        assert table is not None
        assert (table.lines[:3], "Camille" in str(table.rows)) == ((3, 4, 6), False)
        service.apply(session, file_id, "Friends", None)
        assert service.file_of(session, file_id).state == "applied"
    again = taken(museum, MINE + b"\r\n")
    with opened(museum) as session:
        assert session.scalars(select(Donor).where(Donor.email == "camille@exemple.fr")).all() == []
        problems = rules.report_of(service.file_of(session, again).report).problems
        assert [one.line for one in problems if one.code == "erased"] == [2, 5]


def test_an_address_is_struck_however_it_is_written_and_no_other(museum: int) -> None:
    written = ("<anne@exemple.fr>", "Anne Rey <Anne@exemple.fr>", "joanne@exemple.fr", "anne@exemple.fr.example")
    lines = [HEAD, *(f"Rey;Anne;{one};73000;Chambéry;;;;;" for one in written)]
    file_id = mapped(museum, "\r\n".join(lines).encode())
    with opened(museum) as session:
        erasure.at_museum(session, "anne@exemple.fr")
        table = service.table_of(service.file_of(session, file_id))
        assert table is not None
        assert [row[2] for row in table.rows] == list(written[2:])


def test_each_table_that_points_at_donors_is_quick_to_look_into() -> None:
    for table, column in undoing.pointing():
        first = [list(index.columns.keys())[:2] for index in table.__table__.indexes]
        first += [
            [one.name for one in constraint.columns][:2]
            for constraint in table.__table__.constraints
            if isinstance(constraint, UniqueConstraint)
        ]
        assert ["institution_id", column.key] in first, f"{table.__tablename__}.{column.key} has no index"


def test_what_nobody_takes_in_is_forgotten_after_a_week(museum: int) -> None:
    waiting, applied = mapped(museum), taken(museum, MINE + b"\r\n")
    with clock.at(NOW + timedelta(days=8)):
        tasks.forget_old(museum)
    with opened(museum) as session:
        assert service.file_of(session, waiting).state == "dropped"
        assert service.table_of(service.file_of(session, waiting)) is None
        assert session.scalars(select(BroughtDonor.said_sha256)).first() != ""
    with clock.at(NOW + timedelta(days=31)):
        tasks.forget_old(museum)
        with opened(museum) as session:
            assert set(session.scalars(select(BroughtDonor.said_sha256))) == {""}
            with pytest.raises(Conflict, match="thirty days"):
                service.undo(session, applied)


def test_a_person_brings_it_by_the_pages(
    client: FlaskClient, post: Callable[..., Any], town: None, museum: int
) -> None:
    assert "No file yet" in client.get("/staff/arvieres/donors/files").text
    sent = post("", ("amis.csv", MINE))
    assert sent.status_code == 303
    here = sent.location.removeprefix("/staff/arvieres/donors/files")
    page = client.get(sent.location).text
    for words in ("Windows-1252", "semicolons", 'value="Courriel" selected', 'value="Preuve" selected'):
        assert words in page
    wrong = post(f"{here}/columns", column_last_name="Nom")
    assert (wrong.status_code, "by these people are told apart" in wrong.text) == (422, True)
    assert 'value="Nom" selected' in wrong.text  # what was chosen is kept
    unproved = post(f"{here}/columns", column_email="Courriel", column_consent="Infolettre")
    assert (unproved.status_code, "its day and of its proof" in unproved.text) == (422, True)
    chosen = {"email": "Courriel", "last_name": "Nom", "first_name": "Prénom", "postcode": "Code postal", "phone": "Téléphone",
              "consent": "Infolettre", "consent_date": "Date du consentement", "consent_proof": "Preuve",
              "objection": "Opposition"}  # fmt: skip
    assert post(f"{here}/columns", **{f"column_{name}": column for name, column in chosen.items()}).status_code == 303
    looked = client.get(sent.location).text
    for words in ("Take 3 records in", "The same person stands on line 2.", "Bulletin signé, salon 2024", "Line 6"):
        assert words in looked
    listed = client.get(f"{sent.location}/problems.csv")
    rows = list(csv.reader(io.StringIO(listed.data.decode("utf-8-sig"), newline="")))
    assert (len(rows), rows[3][0], rows[3][3]) == (9, "5", "known already")
    refused = post(f"{here}/take-in", ("x.pdf", b"no pdf"), "document", origin="Friends of 2024")
    assert (refused.status_code, "Friends of 2024" in refused.text) == (422, True)
    assert post(f"{here}/take-in", origin=" ").status_code == 422
    paper = b"%PDF-1.4 proof %%EOF"
    assert post(f"{here}/take-in", ("x.pdf", paper), "document", origin="Friends of 2024").status_code == 303
    done = client.get(sent.location).text
    assert "Take this file back" in done
    assert client.get(f"{sent.location}/document").data == paper
    assert "camille@exemple.fr" in client.get("/staff/arvieres/donors").text
    with opened(museum) as session:
        rey = session.scalars(select(Donor.id).where(Donor.email == "camille@exemple.fr")).one()
    assert "Came with a file" in client.get(f"/staff/arvieres/donors/{rey}").text
    assert post(f"{here}/drop").status_code == 409
    assert post(f"{here}/columns", column_email="Courriel").status_code == 409
    remembered = post("", ("encore.csv", MINE))
    assert "This very file was taken in before" in client.get(remembered.location).text
    assert post(f"{remembered.location.removeprefix('/staff/arvieres/donors/files')}/drop").status_code == 303
    assert post(f"{here}/undo").status_code == 303
    assert "It was taken back: 3 records went. None stayed." in client.get(sent.location).text


@pytest.mark.parametrize(
    ("name", "content", "status", "said"),
    [
        ("a.csv", b"", 422, "Choose the file."),
        ("a.csv", b"\x00\x01", 422, "no table"),
        ("a.csv", b"Nom;Courriel", 422, "no table"),
        ("a.xlsx", b"PK\x03\x04 broken", 422, "no table"),
        ("a.csv", b"a" * (rules.LARGEST_FILE + 1), 413, "larger than 10 MB"),
        ("a.csv", b";".join([b"x"] * 61) + b"\n1", 422, "more than 60 columns"),
        ("a.csv", b"a\n" + b"1\n" * 50_001, 422, "more than 50000 rows"),
    ],
)
def test_what_is_no_table_is_told(post: Callable[..., Any], name: str, content: bytes, status: int, said: str) -> None:
    answer = post("", (name, content))
    assert (answer.status_code, said in answer.text) == (status, True)


def test_ten_files_wait_at_most(post: Callable[..., Any]) -> None:
    for _n in range(10):
        assert post("", ("a.csv", MINE)).status_code == 303
    assert post("", ("a.csv", MINE)).status_code == 409


def test_who_signed_in_a_while_ago_confirms_first(
    client: FlaskClient, post: Callable[..., Any], museum: int, town: None
) -> None:
    file_id = mapped(museum)
    with clock.at(NOW + timedelta(minutes=20)):
        assert "Confirm who you are to go on" in client.get(f"/staff/arvieres/donors/files/{file_id}").text
        answer = post(f"/{file_id}/take-in", origin="Friends")
        assert (answer.status_code, "/account/confirm" in answer.location) == (303, True)
    with opened(museum) as session:
        assert service.file_of(session, file_id).state == "checked"


def test_a_workbook_is_read_with_its_days_numbers_and_lost_noughts(museum: int) -> None:
    content = book(
        ["Cognome", "E-mail", "CAP", "Paese", "Newsletter", "Data consenso", "Fonte"],
        [None],
        ["Rossi", "rossi@example.it", 1100.0, "Italia", True, datetime(2024, 5, 1), "Modulo firmato"],  # noqa: DTZ001 - a cell of a workbook has no zone
        ["Bianchi", "b@example.it", 10121, "Narnia", None, None, None],
    )
    file_id = taken(museum, content, "amici.xlsx")
    assert counts(museum, file_id) == {"new": 1, "wrong": 1, "consents": 1}
    with opened(museum) as session:
        [rossi] = session.scalars(select(Donor))
        assert (rossi.postcode, rossi.country) == ("01100", "IT")
        assert [one.line for one in rules.report_of(service.file_of(session, file_id).report).problems] == [4]


def test_a_workbook_that_would_unpack_to_too_much_or_hides_entities_is_refused() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (41 * 1024 * 1024))
    with pytest.raises(TooLarge) as told:
        read_workbook(bomb.getvalue(), rules.MOST)
    assert told.value.what == "bytes"
    sheet = book(["Nom", "Courriel"], ["a", "b"])
    laughing = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sheet)) as source, zipfile.ZipFile(laughing, "w") as archive:
        for one in source.namelist():
            text = source.read(one)
            if one.endswith("sheet1.xml"):
                text = b'<!DOCTYPE a [<!ENTITY b "bbbb">]>' + text
            archive.writestr(one, text)
    with pytest.raises(NoTable):
        read_workbook(laughing.getvalue(), rules.MOST)
    with pytest.raises(TooLarge):
        read_workbook(book(["a"], *[["x"]] * 9), Most(rows=5, columns=5, cells=50))


def test_a_small_workbook_of_rows_without_end_is_refused_and_holds_up_nobody(
    post: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = ("amis.xlsx", hostile(rows_after(b"<row/>" * 2_500_000)))
    assert len(file[1]) < 100_000
    monkeypatch.setattr(workbooks, "PATIENCE", 0)  # the reading is another process, which is stopped
    answer = post("", file)
    assert (answer.status_code, "This workbook takes too long to read" in answer.text) == (422, True)
    monkeypatch.setattr(workbooks, "ANOTHER", 0)
    with workbooks._turn:
        answer = post("", file)
    assert (answer.status_code, "Another workbook is being read" in answer.text) == (503, True)


@pytest.mark.parametrize(
    ("content", "encoding", "delimiter", "columns"),
    [
        ("\ufeffNom,Prénom\nRey,Zoé\n".encode(), "UTF-8", ",", ("Nom", "Prénom")),
        ("Nom\tNom\nRey\tZoé\n".encode("utf-16"), "UTF-16", "\t", ("Nom", "Nom (2)")),
        (b"sep=|\r\nNom|\r\nRey|x\r\n", "UTF-8", "|", ("Nom",)),
        ('Nom;Note\n"Rey";"two\nlines"\n'.encode("cp1252"), "UTF-8", ";", ("Nom", "Note")),
    ],
)
def test_how_a_text_is_read(content: bytes, encoding: str, delimiter: str, columns: tuple[str, ...]) -> None:
    table = read_csv(content, rules.MOST)
    assert (table.encoding, table.delimiter, table.columns) == (encoding, delimiter, columns)


def test_every_problem_has_its_sentence(app: Flask) -> None:
    from crowdfund.intake import words  # noqa: PLC0415 - of this test alone

    assert {words.weight(rules.Problem(1, "email", code)) for code in words.SENTENCES} <= set(words.WEIGHTS)
    assert set(Outcome) == {"new", "known", "left_out", "wrong"}
