"""The bank's files and lines: read, matched, approved by a second person, and each line once whatever comes."""

from __future__ import annotations

import io
import runpy
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, update
from sqlalchemy.exc import IntegrityError

from crowdfund import clock, schema
from crowdfund.audit import AuditEntry
from crowdfund.desk.camt import read_camt
from crowdfund.desk.matching import Awaited, Promise, Why
from crowdfund.desk.models import BankLine, Statement
from crowdfund.desk.reading import Credit, read_amount, with_keys
from crowdfund.desk.tables import guessed, read_rows, read_table
from crowdfund.desk.tasks import forget_statements
from crowdfund.donors.models import Donor
from crowdfund.embedded import EmbeddedPostgres
from crowdfund.errors import Refusal
from crowdfund.gifts.models import Gift
from crowdfund.institutions import bank
from crowdfund.institutions.rules import Role
from crowdfund.me import erasure
from crowdfund.money import Money
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.references import draw_reference, printed
from crowdfund.receipts.models import Receipt
from tests import factories
from tests.counter.conftest import ADDRESS, DETAILS, IBAN, House, Person
from tests.doubles import MemoryMailer

pytestmark = pytest.mark.filterwarnings("ignore:.*sRGB2014.icc:pytest.PytestUnraisableExceptionWarning")


Line = tuple[str, str, str, str, str]  # day, amount, payer, text, the bank's reference


def camt(*lines: Line, iban: str = IBAN, version: str = "08", currency: str = "EUR") -> bytes:
    """Write a statement as a bank does, in a version of the schema."""
    party = "<Dbtr><Pty><Nm>{}</Nm></Pty></Dbtr>" if int(version) >= 8 else "<Dbtr><Nm>{}</Nm></Dbtr>"
    state = "<Sts><Cd>BOOK</Cd></Sts>" if int(version) >= 4 else "<Sts>BOOK</Sts>"
    entries = "".join(
        f"<Ntry><Amt Ccy='{currency}'>{amount.lstrip('-')}</Amt>"
        f"<CdtDbtInd>{'DBIT' if amount.startswith('-') else 'CRDT'}</CdtDbtInd>{state}<BookgDt><Dt>{day}</Dt></BookgDt>"
        + (f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else "")
        + f"<NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><RltdPties>{party.format(payer)}</RltdPties>"
        f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
        for day, amount, payer, text, reference in lines
    )
    return (
        f"<?xml version='1.0' encoding='UTF-8'?><Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}'>"
        f"<BkToCstmrStmt><Stmt><Acct><Id><IBAN>{iban}</IBAN></Id></Acct>{entries}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def bring(person: Person, house: House, content: bytes, name: str = "statement.xml") -> Any:
    return person.post("/statements", {"issuer": str(house.issuer_id), "file": (io.BytesIO(content), name)})


def take_in(person: Person, house: House, content: bytes, name: str = "statement.xml") -> int:
    """Bring a file and take its lines in; give the statement's number."""
    answer = bring(person, house, content, name)
    assert answer.status_code == 303, answer.text
    number = int(answer.location.rsplit("/", 1)[1])
    assert person.post(f"/statements/{number}/take-in").status_code == 303
    return number


def lines_of(house: House) -> list[BankLine]:
    with house.open() as session:
        return list(session.scalars(select(BankLine).order_by(BankLine.id)))


def gifts_of(house: House) -> list[Gift]:
    with house.open() as session:
        return list(session.scalars(select(Gift).order_by(Gift.id)))


def approve(person: Person, *lines: BankLine) -> Any:
    return person.post("/lines/approve", {"line": [str(one.id) for one in lines]})


def paid(pledge: Pledge, amount: str = "50.00", reference: str = "R1") -> Line:
    return ("2026-11-20", amount, "MME CHEVRIER ODETTE", f"don {printed(pledge.reference or '')} merci", reference)


def test_a_transfer_becomes_a_gift_by_two_people(museum: House, mailer: MemoryMailer) -> None:
    pledge = museum.promise(email="odette@example.org", address=True)
    number = take_in(museum.desk, museum, camt(paid(pledge), ("2026-11-20", "-12.00", "EDF", "facture", "R2")))
    [line] = lines_of(museum)
    page = unescape(museum.desk.get("/lines").text)
    assert "fits exactly" in page
    assert museum.desk.post("/lines/sure").status_code == 303
    assert museum.state_of(pledge) == "made"  # not before somebody else has looked
    assert gifts_of(museum) == []
    assert approve(museum.desk, line).status_code == 403
    assert "To be approved" in museum.finance.get(f"/lines/{line.id}").text
    assert approve(museum.finance, line).status_code == 303
    [gift] = gifts_of(museum)
    assert (gift.amount_minor, gift.method, gift.gift_date, gift.gift_date_basis) == (
        5000,
        "bank_transfer",
        date(2026, 11, 20),
        "credited",
    )
    assert museum.state_of(pledge) == "paid"
    museum.work()
    with museum.open() as session:
        assert session.scalars(select(Receipt)).one().amount_minor == 5000
        acts = list(session.scalars(select(AuditEntry.action)))
    assert {"statement.imported", "line.matched", "line.approved"} <= set(acts)
    assert mailer.keys("thanks")
    assert approve(museum.finance, line).status_code == 303  # twice is once
    assert len(gifts_of(museum)) == 1
    assert "1 line was taken in" in museum.desk.get(f"/statements/{number}").text
    museum.check_books()


def test_a_transfer_under_a_reference_that_was_called_off_is_found_and_booked(museum: House) -> None:
    pledge = museum.promise(email="odette@example.org")
    with museum.open() as session:
        pledges.cancel(session, pledge.id)
    take_in(museum.desk, museum, camt(paid(pledge)))
    [line] = lines_of(museum)
    page = unescape(museum.desk.get(f"/lines/{line.id}").text)
    assert "Odette Chevrier" in page
    assert "called off by the donor" in page
    assert museum.desk.post("/lines/sure").status_code == 303
    assert lines_of(museum)[0].state == "recorded"  # a person looks at it
    museum.desk.post(f"/lines/{line.id}/match", promise=str(pledge.id))
    assert approve(museum.finance, line).status_code == 303
    assert museum.state_of(pledge) == "paid"
    assert [gift.pledge_id for gift in gifts_of(museum)] == [pledge.id]
    museum.check_books()


def test_who_has_matched_cannot_approve_and_the_database_holds_it(museum: House) -> None:
    pledge = museum.promise()
    take_in(museum.finance, museum, camt(paid(pledge)))
    [line] = lines_of(museum)
    museum.finance.post(f"/lines/{line.id}/match", promise=str(pledge.id))
    answer = approve(museum.finance, line)
    assert answer.status_code == 409
    assert "Somebody else must approve" in answer.text
    assert gifts_of(museum) == []
    with pytest.raises(IntegrityError, match="two_people"), museum.open() as session:
        session.execute(update(BankLine).values(approved_by=BankLine.recorded_by))
    assert approve(museum.person(Role.OWNER), line).status_code == 303
    museum.check_books()


def test_less_than_announced_is_taken_as_it_came(museum: House) -> None:
    pledge = museum.promise()
    take_in(museum.desk, museum, camt(paid(pledge, "49.97")))
    [line] = lines_of(museum)
    page = unescape(museum.desk.get("/lines").text)
    assert "€0.03 less than announced" in page
    museum.desk.post("/lines/sure")
    assert lines_of(museum)[0].state == "recorded"  # a person looks at a difference
    museum.desk.post(f"/lines/{line.id}/match", promise=str(pledge.id))
    assert "€0.03 less than announced" in unescape(museum.finance.get("/lines?state=matched").text)
    approve(museum.finance, line)
    [gift] = gifts_of(museum)
    assert gift.amount_minor == 4997
    assert museum.state_of(pledge) == "paid"
    museum.check_books()


def test_what_comes_in_parts_is_one_donors_two_gifts(museum: House) -> None:
    pledge = museum.promise()
    take_in(museum.desk, museum, camt(paid(pledge, "30.00", "A"), paid(pledge, "20.00", "B")))
    first, second = lines_of(museum)
    for line in (first, second):
        assert museum.desk.post(f"/lines/{line.id}/match", promise=str(pledge.id)).status_code == 303
    approve(museum.finance, first, second)
    gifts = gifts_of(museum)
    assert [gift.amount_minor for gift in gifts] == [3000, 2000]
    assert [gift.pledge_id for gift in gifts] == [pledge.id, None]
    assert {gift.donor_id for gift in gifts} == {pledge.donor_id}
    museum.check_books()


def test_the_same_file_twice_and_one_that_overlaps_change_nothing(museum: House) -> None:
    week = [
        ("2026-11-20", "20.00", "A", "x", ""),
        ("2026-11-20", "20.00", "A", "x", ""),
        ("2026-11-21", "5.00", "B", "y", "R9"),
    ]
    take_in(museum.desk, museum, camt(*week))
    again = take_in(museum.desk, museum, camt(*week))
    assert len(lines_of(museum)) == 3  # two that say the same on one day are two
    with museum.open() as session:
        statement = session.get_one(Statement, (museum.id, again))
        assert (statement.lines_new, statement.lines_known, statement.source) == (0, 3, None)
    take_in(museum.desk, museum, camt(*week[1:], ("2026-11-22", "7.00", "C", "z", "R10")))
    assert [line.amount_minor for line in lines_of(museum)] == [2000, 2000, 500, 700]
    museum.check_books()


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["2026-11-20", "2026-11-21"]),
            st.sampled_from(["5.00", "20.00"]),
            st.sampled_from("AB"),
            st.just("x"),
            st.just(""),
        ),
        min_size=1,
        max_size=12,
    ),
    st.integers(0, 12),
)
def test_a_file_cut_anywhere_gives_each_line_one_key(lines: list[Line], cut: int) -> None:
    """Banks list whole days: a file that ends with a day and one that starts with it overlap in that day."""
    ordered = sorted(lines)
    whole = read_camt(camt(*ordered), IBAN).credits
    keys = [one.key for one in whole]
    assert len(set(keys)) == len(keys)
    first = [line for line in ordered if line[0] == "2026-11-20"]
    later = [line for line in ordered if line[0] == "2026-11-21"]
    parts = [one.key for part in (first, later, ordered) if part for one in read_camt(camt(*part), IBAN).credits]
    assert set(parts) == set(keys)
    assert cut >= 0


@pytest.mark.parametrize("version", ["02", "04", "06", "08", "10", "13"])
def test_every_version_of_the_schema_is_read(version: str) -> None:
    [credit] = read_camt(camt(("2026-11-20", "49.97", "Odette", "merci", "R1"), version=version), IBAN).credits
    assert (credit.amount, credit.payer, credit.text, credit.booked_on) == (
        Money(4997, "EUR"), "Odette", "merci", date(2026, 11, 20))  # fmt: skip


def test_entries_of_several_transactions_are_taken_apart() -> None:
    one = camt(("2026-11-20", "70.00", "X", "y", "R1")).decode()
    details = one[one.index("<NtryDtls>") : one.index("</Ntry>")]
    two = "<NtryDtls>" + "".join(
        f"<TxDtls><Amt Ccy='EUR'>{amount}</Amt><RltdPties><Dbtr><Pty><Nm>{name}</Nm></Pty></Dbtr></RltdPties></TxDtls>"
        for amount, name in (("50.00", "A"), ("20.00", "B"))
    ) + "</NtryDtls>"  # fmt: skip
    credits_ = read_camt(one.replace(details, two).encode(), IBAN).credits
    assert [(one.payer, one.amount.minor) for one in credits_] == [("A", 5000), ("B", 2000)]
    assert len({one.key for one in credits_}) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Choose the bank"),
        (b"<broken", "broken"),
        (b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pain.001.001.03'/>", "no CAMT.053"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><Document>&b;</Document>", "broken"),
        (camt(("2026-11-20", "1.00", "A", "x", ""), iban="DE89370400440532013000"), "another account"),
        (camt(("2026-11-20", "1.234", "A", "x", "")), "cannot be read"),
        (camt(("2026-11-20", "1E999999", "A", "x", "")), "cannot be read"),
        (camt(("nonsense", "1.00", "A", "x", "")), "cannot be read"),
        (camt(("0001-01-01", "1.00", "A", "x", "")), "cannot be read"),
        (b"just words", "neither CAMT.053 nor a table"),
        (b"a;b\x00\n1;2", "neither CAMT.053 nor a table"),
        # To give so many columns a name each would take minutes.
        pytest.param(b"a;" * 400_000 + b"a\n1;2", "neither CAMT.053 nor a table", id="columns"),
        pytest.param(b"a;b\n" + b"1;2\n" * 5001, "more than 5000 lines", id="rows"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_and_nothing_is_kept(museum: House, content: bytes, said: str) -> None:
    answer = bring(museum.desk, museum, content)
    assert answer.status_code == 422
    assert said in unescape(answer.text)
    with museum.open() as session:
        assert session.scalars(select(Statement)).all() == []


def test_without_an_iban_no_statement_is_taken(app: Flask, mailer: MemoryMailer) -> None:
    house = House(app)
    answer = bring(house.desk, house, camt(("2026-11-20", "1.00", "A", "x", "")))
    assert answer.status_code == 422
    assert "IBAN is not told yet" in unescape(answer.text)


CSV = "Date;Libellé;Nom;Débit;Crédit\n20/11/2026;VIR {reference};DUPONT;;1 050,00\n21/11/2026;EDF;EDF;-12,00;\n"


def test_a_table_is_mapped_once_and_remembered(museum: House) -> None:
    pledge = museum.promise(105000)
    content = CSV.format(reference=printed(pledge.reference or "")).encode("cp1252")
    answer = bring(museum.desk, museum, content, "releve.csv")
    number = answer.location.rsplit("/", 1)[1]
    assert "Say once which column" in museum.desk.get(f"/statements/{number}").text
    assert museum.desk.post(f"/statements/{number}/take-in").status_code == 422
    wrong = museum.desk.post(f"/statements/{number}/columns", column_date="Date")
    assert wrong.status_code == 422
    assert 'id="e-column_amount"' in wrong.text
    columns = {"column_date": "Date", "column_amount": "Crédit", "column_text": "Libellé", "column_payer": "Nom"}
    bad = museum.desk.post(f"/statements/{number}/columns", columns | {"column_date": "Nom"})
    assert bad.status_code == 422
    assert "no date that can be read" in unescape(bad.text)
    assert museum.desk.post(f"/statements/{number}/columns", columns).status_code == 303
    shown = unescape(museum.desk.get(f"/statements/{number}").text)
    assert "€1,050.00" in shown
    assert museum.desk.post(f"/statements/{number}/take-in").status_code == 303
    take_in(museum.desk, museum, content, "again.csv")  # its columns are remembered
    [line] = lines_of(museum)
    assert (line.amount_minor, line.payer) == (105000, "DUPONT")


def test_a_table_of_an_italian_bank_is_guessed_and_read() -> None:
    table = read_table(b'Data,Causale,Ordinante,Importo\n2026-11-20,dono,Rossi,"1.250,50"\n2026-11-20,spese,Banca,-3\n')
    columns = guessed(table)
    assert columns == {"date": "Data", "amount": "Importo", "payer": "Ordinante", "text": "Causale"}
    read = read_rows(table, columns, IBAN, "EUR")
    assert [one.amount.minor for one in read.credits] == [125050]
    assert read.others == 1


@pytest.mark.parametrize(
    ("text", "minor"),
    [("1 234,56", 123456), ("1.234,56", 123456), ("1,234.56", 123456), ("1'234.50", 123450), ("+50", 5000), ("-3,5", -350),
     ("1.000", 100000), ("0,03", 3), ("12.345.678,9", 1234567890)],
)  # fmt: skip
def test_amounts_are_read_as_banks_write_them(text: str, minor: int) -> None:
    assert read_amount(text, "EUR", 2).minor == minor


@pytest.mark.parametrize("text", ["x", "", "1,2,x", "1.0005x", "NaN", "1e5"])
def test_what_is_no_amount_is_named_with_its_line(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_amount(text, "EUR", 7)
    assert refused.value.params["line"] == 7


def test_an_unknown_payer_is_noted_set_aside_sent_back_and_undone(museum: House) -> None:
    take_in(museum.desk, museum, camt(("2026-11-20", "200.00", "INCONNU", "bon courage", "R1")))
    [line] = lines_of(museum)
    assert "Nobody is known" in museum.desk.get("/lines").text
    assert museum.desk.post(f"/lines/{line.id}/match").status_code == 422  # no promise is named
    assert museum.desk.post(f"/lines/{line.id}/aside", how="aside", note="").status_code == 422
    assert museum.desk.post(f"/lines/{line.id}/aside", how="returned", note="wrong account").status_code == 303
    assert lines_of(museum)[0].state == "returned"
    assert museum.desk.post(f"/lines/{line.id}/undo").status_code == 303
    assert museum.desk.post(f"/lines/{line.id}/aside", how="aside", note="rent of the hall").status_code == 303
    assert (
        museum.desk.post(f"/lines/{line.id}/gift", campaign=str(museum.campaign_id), last_name="Rey").status_code == 409
    )
    museum.desk.post(f"/lines/{line.id}/undo")
    assert museum.desk.post(f"/lines/{line.id}/gift", campaign=str(museum.campaign_id)).status_code == 422
    form = {
        "campaign": str(museum.campaign_id),
        "last_name": "Rey",
        "first_name": "Paul",
        "wants_receipt": "1",
        **ADDRESS,
    }
    assert museum.desk.post(f"/lines/{line.id}/gift", form).status_code == 303
    approve(museum.finance, line)
    [gift] = gifts_of(museum)
    assert (gift.amount_minor, gift.wants_receipt, gift.pledge_id) == (20000, True, None)
    museum.work()
    museum.check_books()


def test_what_was_matched_is_told_and_undone_until_a_colleague_approves(museum: House) -> None:
    take_in(museum.desk, museum, camt(("2026-11-20", "200.00", "INCONNU", "bon courage", "R1")))
    [line] = lines_of(museum)
    told = museum.desk.post(f"/lines/{line.id}/gift", campaign=str(museum.campaign_id), last_name="Roux")
    page = museum.desk.client.get(told.location).text
    assert "is noted for Roux" in page
    assert f'formaction="/staff/{museum.slug}/desk/lines/{line.id}/undo"' in page
    assert "Waits for approval" in museum.desk.client.get(f"/staff/{museum.slug}/donors?q=roux").text
    waiting = museum.desk.get("/lines?state=matched").text  # who matched it, and who may approve, find the undo there
    assert ("/undo" in waiting, "Approve what is ticked" in waiting) == (True, False)
    assert "/undo" in museum.finance.get("/lines?state=matched").text
    nothing = museum.finance.post("/lines/approve")
    assert (nothing.status_code, "Tick what you have looked at" in nothing.text) == (422, True)
    assert museum.desk.post(f"/lines/{line.id}/undo").status_code == 303
    assert lines_of(museum)[0].state == "recorded"
    with museum.open() as session:
        assert session.scalars(select(Donor)).all() == []  # the record made by the same act went with it
    assert "is noted for" not in museum.desk.client.get(told.location).text
    museum.desk.post(f"/lines/{line.id}/gift", campaign=str(museum.campaign_id), last_name="Rey")
    booked = approve(museum.finance, line)
    assert "1 gift is booked" in museum.finance.client.get(booked.location).text
    assert museum.desk.post(f"/lines/{line.id}/undo").status_code == 409


def test_a_gift_under_a_wrong_name_is_taken_back_and_matched_anew(museum: House, mailer: MemoryMailer) -> None:
    wrong = museum.promise(email="wrong@example.org", last_name="Faux", address=True)
    right = museum.promise(email="right@example.org")
    take_in(museum.desk, museum, camt(("2026-11-20", "50.00", "X", "?", "R1")))
    [line] = lines_of(museum)
    museum.desk.post(f"/lines/{line.id}/match", promise=str(wrong.id))
    approve(museum.finance, line)
    museum.work()
    assert museum.finance.post(f"/lines/{line.id}/take-back").status_code == 303
    museum.work()
    museum.check_books()
    with museum.open() as session:
        assert session.scalars(select(Receipt)).one().state == "cancelled"
    [(_key, mail)] = [one for one in mailer.sent if one[0].startswith("reversed:")]
    assert mail.to == "wrong@example.org"
    assert not mailer.keys("refunded")  # no money goes back to anybody
    museum.desk.post(f"/lines/{line.id}/match", promise=str(right.id))
    approve(museum.finance, line)
    museum.work()
    assert [gift.amount_minor - gift.refunded_minor for gift in gifts_of(museum)] == [0, 5000]
    assert museum.finance.post(f"/lines/{line.id}/take-back").status_code == 303
    museum.work()
    museum.check_books()


def test_who_is_erased_is_not_named_by_the_bank_any_more(museum: House) -> None:
    pledge = museum.promise(email="odette@example.org")
    take_in(museum.desk, museum, camt(paid(pledge)))
    [line] = lines_of(museum)
    museum.desk.post(f"/lines/{line.id}/match", promise=str(pledge.id))
    approve(museum.finance, line)
    museum.work()
    with museum.open() as session:
        assert erasure.at_museum(session, "odette@example.org") == 1
    [line] = lines_of(museum)
    assert (line.payer, line.text, line.amount_minor) == ("", "", 5000)
    museum.check_books()


def test_a_reference_of_another_museum_is_nobodys_here(app: Flask, museum: House) -> None:
    other = House(app)
    other.take()
    foreign = other.promise()
    take_in(museum.desk, museum, camt(paid(foreign)))
    [line] = lines_of(museum)
    assert "Nobody is known" in museum.desk.get("/lines").text
    assert museum.desk.post(f"/lines/{line.id}/match", promise=str(foreign.id)).status_code == 404
    assert lines_of(museum)[0].state == "recorded"
    assert other.state_of(foreign) == "made"
    assert other.desk.get(f"/lines/{line.id}").status_code == 404
    museum.check_books()


def test_approval_is_of_all_or_of_none(museum: House) -> None:
    first, second = museum.promise(), museum.promise(last_name="Autre")
    take_in(museum.desk, museum, camt(paid(first, reference="A"), paid(second, reference="B")))
    one, two = lines_of(museum)
    museum.desk.post(f"/lines/{one.id}/match", promise=str(first.id))
    museum.finance.post(f"/lines/{two.id}/match", promise=str(second.id))  # the approver's own
    assert approve(museum.finance, one, two).status_code == 409
    assert gifts_of(museum) == []
    assert [line.state for line in lines_of(museum)] == ["matched", "matched"]


def test_the_queue_is_read_in_a_fixed_number_of_statements(museum: House, app: Flask) -> None:
    seen: list[str] = []
    engine = app.extensions["database"].engine

    def note(*told: Any) -> None:
        seen.append(told[2])

    take_in(museum.desk, museum, camt(*[("2026-11-20", "5.00", f"P{n}", "x", f"R{n}") for n in range(2)]))
    event.listen(engine, "before_cursor_execute", note)
    try:
        museum.desk.get("/lines")
        few = len(seen)
        take_in(museum.desk, museum, camt(*[("2026-11-20", "5.00", f"Q{n}", "x", f"S{n}") for n in range(20)]))
        seen.clear()
        museum.desk.get("/lines")
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(seen) == few


@pytest.mark.parametrize("word", ["NONREF", "NOTPROVIDED", "DON"])
def test_a_reference_that_is_on_every_line_hides_none(museum: House, word: str) -> None:
    """Some banks write one word for all; what the payer wrote may stand in a table's column of references."""
    first = ("2026-11-02", "50.00", "DUPONT", "don A", word)
    later = ("2026-11-20", "500.00", "MARTIN", "don B", word)
    same = ("2026-11-02", "50.00", "DUPONT", "don A", word)
    for lines in ((first,), (later,), (first, later), (first, same, later)):
        take_in(museum.desk, museum, camt(*lines))
    found = [(line.payer, line.amount_minor) for line in lines_of(museum)]
    assert found == [("DUPONT", 5000), ("MARTIN", 50000), ("DUPONT", 5000)]


def test_lines_taken_in_before_are_known_by_their_new_names(migrated: EmbeddedPostgres) -> None:
    """The migration names what is there as the next file will: nothing of it comes in twice."""
    [found] = (schema.FOLDER / "versions").glob("*_tell_bank_lines_apart.py")
    renaming = runpy.run_path(str(found))
    day, amount = date(2026, 11, 2), Money(5000, "EUR")
    lines = with_keys(
        Credit(booked_on=day, amount=amount, payer="DUPONT", text="don", bank_reference=word)
        for word in ("A:1", "NONREF", "", "DON")
    )
    before = ["ref:A:1:1", "ref:NONREF:1", lines[2].key, "ref:DON:7"]
    with migrated.connect() as database:  # its own table hides the museum's
        database.execute(
            "CREATE TEMP TABLE bank_lines (institution_id int, id int, account text, key text, booked_on date,"
            " amount_minor bigint, currency char(3), payer text, text text)"
        )
        for number, (line, key) in enumerate(zip(lines, before, strict=True)):
            database.execute(
                "INSERT INTO bank_lines VALUES (1, %s, 'FR76', %s, %s, 5000, 'EUR', %s, %s)",
                [number, key, line.booked_on, line.payer, line.text],
            )
        database.execute(renaming["NAMED"])
        rows = database.execute("SELECT key FROM bank_lines ORDER BY id").fetchall()
    assert [key for (key,) in rows] == [line.key for line in lines]


def test_a_sure_line_is_matched_beside_one_on_another_account(museum: House) -> None:
    mine = museum.promise()
    with museum.open() as session:
        friends = factories.make_issuer(session, series="ZZ9", legal_name="Les Amis")
        other = factories.make_campaign(session, issuer_id=friends.id, slug="autre").id
        bank.set_bank_details(session, friends.id, replace(DETAILS, iban="FR1420041010050500013M02606"))
    mine_first, museum.campaign_id = museum.campaign_id, other
    theirs, museum.campaign_id = museum.promise(), mine_first
    take_in(museum.desk, museum, camt(paid(theirs, reference="R1"), paid(mine, reference="R2")))
    assert museum.desk.post("/lines/sure").status_code == 303
    assert [line.state for line in lines_of(museum)] == ["recorded", "matched"]


def test_a_number_that_no_row_has_is_not_there(museum: House) -> None:
    take_in(museum.desk, museum, camt(paid(museum.promise())))
    [line] = lines_of(museum)
    huge = "9" * 25
    for page in ("lines", "promises", "cheques", "counts", "statements"):
        assert museum.desk.get(f"/{page}/{huge}").status_code == 404
    assert museum.desk.post(f"/lines/{line.id}/match", promise=huge).status_code == 422
    assert museum.desk.post(f"/lines/{line.id}/gift", campaign=huge, last_name="X", language="fr").status_code == 404
    assert museum.desk.post("/statements", {"issuer": huge, "file": (io.BytesIO(camt()), "x.xml")}).status_code == 404


def test_a_file_that_nobody_takes_in_is_thrown_away_after_a_week(museum: House) -> None:
    number = int(bring(museum.desk, museum, camt(paid(museum.promise()))).location.rsplit("/", 1)[1])
    kept = {}
    for days in (6, 8):
        with clock.at(clock.now() + timedelta(days=days)):
            forget_statements(museum.id)
        with museum.open() as session:
            row = session.execute(select(Statement.state, Statement.source).where(Statement.id == number)).one()
            kept[days] = (row.state, row.source is not None)
    assert kept == {6: ("read", True), 8: ("dropped", False)}


names = st.sampled_from(["Chevrier", "de la Tour", "Müller", "Al-Hashimi"])
promises = st.builds(
    lambda n, minor, name: Promise(n, draw_reference("s" * 40, 1, str(n)), Money(minor, "EUR"), 1, (name,)),
    st.integers(1, 400), st.sampled_from([2000, 5000, 10000]), names,
)  # fmt: skip


@settings(max_examples=50)
@given(st.lists(promises, min_size=1, max_size=30, unique_by=lambda one: one.id), st.data())
def test_a_whole_reference_is_always_first_and_never_another(known: list[Promise], data: Any) -> None:
    meant = data.draw(st.sampled_from(known))
    found = Awaited(known).suggest("X", f"vir {printed(meant.reference)}", meant.amount, 1)
    assert (found[0].promise.id, found[0].why, found[0].is_sure) == (meant.id, Why.REFERENCE, True)


@settings(max_examples=50)
@given(
    st.lists(promises, min_size=1, max_size=30, unique_by=lambda one: one.id),
    names,
    st.sampled_from([2000, 5000, 4997]),
)
def test_without_a_reference_nothing_is_sure(known: list[Promise], name: str, minor: int) -> None:
    found = Awaited(known).suggest(f"M {name.upper()} PAUL", "don pour le musée", Money(minor, "EUR"), 1)
    assert not any(one.is_sure for one in found)
    assert len(found) <= 5
    for one in found:
        assert one.why in {Why.AMOUNT_AND_NAME, Why.NAME}
        assert name in one.promise.names
    for amount, issuer in ((Money(minor, "CHF"), 1), (Money(minor, "EUR"), 2)):  # another currency, another account
        assert Awaited(known).suggest(name, printed(known[0].reference), amount, issuer) == []
