"""Cheques in batches, boxes and tickets: entered by one person, approved or counted again by another."""

from __future__ import annotations

import io
from datetime import date
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from crowdfund import clock
from crowdfund.crm.models import DonorNote
from crowdfund.desk import cheques
from crowdfund.desk.models import Batch, Cheque, Count
from crowdfund.donors.models import Donor, DonorWord
from crowdfund.gifts.models import Gift
from crowdfund.institutions.rules import Role
from crowdfund.pledges.references import printed
from crowdfund.receipts.models import Receipt
from tests.counter.conftest import House, Person
from tests.doubles import MemoryMailer
from tests.factories import campaign_in, make_campaign, make_donor, make_issuer

pytestmark = pytest.mark.filterwarnings("ignore:.*sRGB2014.icc:pytest.PytestUnraisableExceptionWarning")


def begin(person: Person, house: House) -> str:
    """Begin a batch and give its path."""
    answer = person.post("/cheques", issuer=str(house.issuer_id), attempt=str(uuid4()))
    assert answer.status_code == 303
    return f"/cheques/{answer.location.rsplit('/', 1)[1].partition('?')[0]}"


def row(**fields: str) -> dict[str, str]:
    return {"attempt": str(uuid4()), "received_on": "2026-11-10"} | fields


def enter(person: Person, path: str, **fields: str) -> Any:
    return person.post(f"{path}/rows", row(**fields))


def gifts_of(house: House) -> list[Gift]:
    with house.open() as session:
        return list(session.scalars(select(Gift).order_by(Gift.id)))


def one(house: House, model: Any) -> Any:
    with house.open() as session:
        return session.scalars(select(model).order_by(model.id.desc())).first()


def test_a_batch_is_entered_counted_numbered_and_approved(museum: House, mailer: MemoryMailer) -> None:
    pledge = museum.promise(30000, "cheque", address=True)
    path = begin(museum.desk, museum)
    scanned = enter(museum.desk, path, reference=printed(pledge.reference or ""))
    assert scanned.status_code == 200  # as a scanner sends it: the row is filled, nothing is entered
    assert "Odette Chevrier" in scanned.text
    assert 'value="300.00"' in scanned.text
    assert one(museum, Cheque) is None
    form = row(reference=printed(pledge.reference or ""), amount="300", number="0012", bank="CA")
    assert museum.desk.post(f"{path}/rows", form).status_code == 303
    assert museum.desk.post(f"{path}/rows", form).status_code == 303  # twice is one cheque
    enter(museum.desk, path, last_name="Rey", amount="20,50", campaign=str(museum.campaign_id), handed="1")
    page = museum.desk.get(path).text
    assert "2 cheques" in page
    for number, total, field in (
        ("1", "320.50", "control_count"),
        ("2", "320", "control_total"),
        ("", "1", "control_count"),
    ):
        wrong = museum.desk.post(f"{path}/count", control_count=number, control_total=total)
        assert wrong.status_code == 422
        assert f'id="e-{field}"' in wrong.text
    assert museum.desk.get(f"{path}/slip.pdf").status_code == 404
    assert museum.desk.post(f"{path}/count", control_count="2", control_total="320,50").status_code == 303
    slip = "".join(
        page.extract_text() for page in PdfReader(io.BytesIO(museum.desk.get(f"{path}/slip.pdf").data)).pages
    )
    assert "Odette Chevrier" in slip
    assert "320.50" in slip
    assert enter(museum.desk, path, last_name="Late", amount="5", campaign=str(museum.campaign_id)).status_code == 409
    assert museum.desk.post(f"{path}/approve").status_code == 403
    assert gifts_of(museum) == []
    assert museum.finance.post(f"{path}/approve", accountant_reference="T-77").status_code == 303
    assert museum.finance.post(f"{path}/approve").status_code == 303  # twice is once
    first, second = gifts_of(museum)
    assert (first.gift_date, first.gift_date_basis, first.method) == (date(2026, 11, 10), "received", "cheque")
    assert (second.gift_date_basis, second.amount_minor, second.pledge_id) == ("handed_over", 2050, None)
    assert museum.state_of(pledge) == "paid"
    museum.work()
    with museum.open() as session:
        assert session.scalars(select(Receipt)).one().gift_date == date(2026, 11, 10)
    assert "T-77" in museum.finance.get(path).text
    museum.check_books()


def test_a_cheque_taken_out_takes_the_record_made_for_it_and_no_other(museum: House) -> None:
    path = begin(museum.desk, museum)
    campaign = str(museum.campaign_id)
    with museum.open() as session:
        known = make_donor(session, first_name="Ada", last_name="Rey", email="ada@example.org")
        before = set(session.scalars(select(Donor.id)))
    for last, more in (("Roux", {}), ("Rey", {"first_name": "Ada", "email": "ada@example.org"}), ("Noted", {})):
        enter(museum.desk, path, last_name=last, amount="200", campaign=campaign, **more)
    with museum.open() as session:
        roux, ada, noted = session.scalars(select(Cheque).order_by(Cheque.id))
        assert ada.donor_id == known.id
        session.add(DonorNote(donor_id=noted.donor_id, kind="note", text="Called", written_by="x"))
        kept = before | {noted.donor_id}
    for cheque in (roux, ada, noted):
        assert museum.desk.post(f"{path}/rows/{cheque.id}/remove").status_code == 303
    with museum.open() as session:
        assert set(session.scalars(select(Donor.id))) == kept
        assert list(session.scalars(select(DonorWord.id).where(DonorWord.donor_id == roux.donor_id))) == []


def test_a_batch_is_begun_for_a_campaign_where_several_take_gifts(museum: House) -> None:
    with museum.open() as session:
        first = campaign_in(session, museum.campaign_id)
        other = make_campaign(session, issuer_id=first.issuer_id, title={"fr": "Le Pastel"}).id
        over = make_campaign(session, issuer_id=first.issuer_id, title={"fr": "Finie"}, state="ended").id
    page = museum.desk.get("/cheques").text
    assert page.index(f'<option value="{other}"') < page.index("<optgroup") < page.index(f'<option value="{over}"')
    unsaid = museum.desk.post("/cheques", attempt=str(uuid4()))
    assert (unsaid.status_code, 'id="e-campaign"' in unsaid.text) == (422, True)
    begun = museum.desk.post("/cheques", attempt=str(uuid4()), campaign=str(other))
    path = begun.location.partition("/desk")[2]
    batch = museum.desk.get(path).text
    assert "Le Pastel</h2>" in batch
    assert f'<option value="{other}" selected' in batch
    path = path.partition("?")[0]
    assert " selected" not in museum.desk.get(path).text.partition('name="campaign"')[2].partition("</select>")[
        0
    ].replace('value="" selected', "")
    refused = enter(museum.desk, path, last_name="Rey", amount="5")
    assert (refused.status_code, 'id="e-campaign"' in refused.text) == (422, True)
    enter(museum.desk, path, last_name="Rey", amount="5", campaign=str(other))
    assert f'<option value="{other}" selected' in museum.desk.get(path).text  # the batch's own
    new = museum.desk.get("/counts/new?kind=cash").text
    assert '<option value="" selected' in new


def test_slips_are_numbered_one_after_the_other_and_keep_their_number(museum: House) -> None:
    numbers = []
    for _batch in range(2):
        path = begin(museum.desk, museum)
        enter(museum.desk, path, last_name="Rey", amount="5", campaign=str(museum.campaign_id))
        museum.desk.post(f"{path}/count", control_count="1", control_total="5")
        numbers.append(one(museum, Batch).number)
    assert numbers == [1, 2]
    museum.desk.post(f"{path}/reopen")
    museum.desk.post(f"{path}/count", control_count="1", control_total="5")
    assert one(museum, Batch).number == 2


def test_a_returned_cheque_takes_its_gift_and_receipt_with_it(museum: House, mailer: MemoryMailer) -> None:
    pledge = museum.promise(8000, "cheque", email="yves@example.org", address=True)
    path = begin(museum.desk, museum)
    enter(museum.desk, path, reference=printed(pledge.reference or ""), amount="80")
    museum.desk.post(f"{path}/count", control_count="1", control_total="80")
    museum.finance.post(f"{path}/approve")
    museum.work()
    cheque = one(museum, Cheque)
    assert museum.desk.post(f"{path}/rows/{cheque.id}/returned").status_code == 403
    assert museum.finance.post(f"{path}/rows/{cheque.id}/returned").status_code == 303
    museum.finance.post(f"{path}/rows/{cheque.id}/returned")  # twice is once
    museum.work()
    [gift] = gifts_of(museum)
    assert gift.state == "refunded"
    assert one(museum, Receipt).state == "cancelled"
    told = {key.partition(":")[0]: mail for key, mail in mailer.sent}
    assert told["reversed"].to == "yves@example.org"
    assert "did not pay" in told["reversed"].text or "n’a pas payé" in told["reversed"].text
    assert told["cheque_returned"].to.startswith("finance")
    assert "refunded" not in told
    assert "Returned by the bank" in museum.finance.get(path).text
    museum.check_books()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"amount": ""}, "amount"), ({"amount": "x"}, "amount"), ({"amount": "0"}, "amount"), ({"last_name": ""}, "last_name"),
        ({"reference": "T2KH5-KWH45"}, "reference"), ({"received_on": "2099-01-01"}, "received_on"),
        ({"received_on": "soon"}, "received_on"),
    ],
)  # fmt: skip
def test_a_wrong_cheque_is_said_beside_its_field_and_kept(museum: House, fields: dict[str, str], field: str) -> None:
    path = begin(museum.desk, museum)
    form = row(last_name="Rey", amount="5", bank="Banque de Savoie", campaign=str(museum.campaign_id)) | fields
    answer = museum.desk.post(f"{path}/rows", form)
    assert answer.status_code == 422
    assert f'id="e-{field}"' in answer.text
    assert "Banque de Savoie" in answer.text
    assert one(museum, Cheque) is None


def test_a_cheque_is_taken_out_and_an_empty_batch_dropped(museum: House) -> None:
    path = begin(museum.desk, museum)
    enter(museum.desk, path, last_name="Rey", amount="5", campaign=str(museum.campaign_id))
    cheque = one(museum, Cheque)
    other = begin(museum.desk, museum)
    assert museum.desk.post(f"{other}/rows/{cheque.id}/remove").status_code == 404
    assert museum.desk.post(f"{path}/rows/{cheque.id}/remove").status_code == 303
    assert museum.desk.post(f"{path}/count", control_count="0", control_total="0").status_code == 422
    assert museum.desk.post(f"{path}/drop").status_code == 303
    assert enter(museum.desk, path, last_name="Rey", amount="5", campaign=str(museum.campaign_id)).status_code == 409


def test_who_entered_one_cheque_cannot_approve_the_batch(museum: House) -> None:
    path = begin(museum.desk, museum)
    enter(museum.finance, path, last_name="Rey", amount="5", campaign=str(museum.campaign_id))
    museum.desk.post(f"{path}/count", control_count="1", control_total="5")
    answer = museum.finance.post(f"{path}/approve")
    assert answer.status_code == 409
    assert "Somebody else must approve" in answer.text
    with pytest.raises(IntegrityError, match="two_people"), museum.open() as session:
        session.execute(update(Batch).values(approved_by=Batch.recorded_by))
    assert museum.person(Role.OWNER).post(f"{path}/approve").status_code == 303
    museum.check_books()


def test_the_database_lets_no_cheque_into_a_batch_that_is_counted(museum: House) -> None:
    path = begin(museum.desk, museum)
    enter(museum.desk, path, last_name="Rey", amount="5", campaign=str(museum.campaign_id))
    museum.desk.post(f"{path}/count", control_count="1", control_total="5")
    with museum.open() as session:
        cheque = session.scalars(select(Cheque)).one()
    gone = delete(Cheque).where(Cheque.id == cheque.id)
    with museum.open() as session, pytest.raises(IntegrityError, match="the batch is counted"), session.begin_nested():
        session.execute(gone)


def test_a_batch_of_another_museum_is_not_there(app: Flask, museum: House) -> None:
    path = begin(museum.desk, museum)
    other = House(app)
    for answer in (
        other.desk.get(path),
        enter(other.desk, path, last_name="X", amount="5"),
        other.desk.post(f"{path}/drop"),
    ):
        assert answer.status_code == 404
    assert other.desk.post("/cheques", issuer=str(museum.issuer_id), attempt=str(uuid4())).status_code == 404


# counts


def sheet(house: House, kind: str = "box", **pieces: str) -> dict[str, str]:
    return {
        "attempt": str(uuid4()),
        "kind": kind,
        "campaign": str(house.campaign_id),
        "day": "2026-11-10",
        "place": "Hall",
    } | pieces


def test_a_box_is_counted_by_two_people_and_is_one_anonymous_gift(museum: House) -> None:
    form = sheet(museum, n2000="2", n200="10", n1="3")
    answer = museum.desk.post("/counts", form)
    assert museum.desk.post("/counts", form).location == answer.location  # twice is one count
    path = "/counts/" + answer.location.rsplit("/", 1)[1]
    second = museum.person(Role.DESK, "second")
    shown = second.get(path).text
    assert "60.03" not in shown  # who counts again does not see the first sum
    assert "60.03" in museum.desk.get(path).text
    assert museum.desk.post(f"{path}/confirm", total="60.03").status_code == 409
    wrong = second.post(f"{path}/confirm", total="60")
    assert wrong.status_code == 422
    assert gifts_of(museum) == []
    assert second.post(f"{path}/confirm", total="60,03").status_code == 303
    assert second.post(f"{path}/confirm", total="60,03").status_code == 303
    [gift] = gifts_of(museum)
    assert (gift.amount_minor, gift.method, gift.units, gift.donor_id, gift.wants_receipt) == (
        6003,
        "box",
        15,
        None,
        False,
    )
    assert gift.gift_date == date(2026, 11, 10)
    museum.work()
    assert one(museum, Receipt) is None
    museum.check_books()


def test_tickets_of_a_day_are_a_sheet_too(museum: House) -> None:
    answer = museum.desk.post("/counts", sheet(museum, "ticket", quantity="31", price="2"))
    assert answer.status_code == 303
    path = "/counts/" + answer.location.rsplit("/", 1)[1]
    museum.finance.post(f"{path}/confirm", total="62")
    [gift] = gifts_of(museum)
    assert (gift.amount_minor, gift.method, gift.units) == (6200, "ticket", 31)
    museum.check_books()


def test_francs_have_their_own_notes(app: Flask, mailer: MemoryMailer) -> None:
    house = House(app, currency="CHF")
    page = house.desk.get("/counts/new?kind=box").text
    assert 'id="n100000"' in page
    assert 'id="n1"' not in page
    answer = house.desk.post("/counts", sheet(house, n100000="1", n5="1"))
    assert one(house, Count).total_minor == 100005
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"n2000": ""}, "pieces"), ({"n2000": "x"}, "n2000"), ({"n2000": "-1"}, "n2000"), ({"day": "2099-01-01"}, "day"),
        ({"campaign": "9999999"}, "campaign"),
    ],
)  # fmt: skip
def test_a_wrong_sheet_is_refused_and_kept(museum: House, fields: dict[str, str], field: str) -> None:
    answer = museum.desk.post("/counts", sheet(museum, n2000="2") | fields)
    assert answer.status_code == 422
    assert f'id="e-{field}"' in answer.text
    assert "Hall" in answer.text


def test_a_count_is_dropped_and_counts_no_more(museum: House) -> None:
    path = "/counts/" + museum.desk.post("/counts", sheet(museum, n100="5")).location.rsplit("/", 1)[1]
    assert museum.desk.post(f"{path}/drop").status_code == 303
    assert museum.finance.post(f"{path}/confirm", total="5").status_code == 409
    assert clock.now() > one(museum, Count).created_at
    assert "Dropped" in unescape(museum.desk.get("/counts").text)


def test_a_cheque_is_corrected_in_its_place_until_it_is_counted(museum: House) -> None:
    path, campaign = begin(museum.desk, museum), str(museum.campaign_id)
    enter(museum.desk, path, last_name="Roy", amount="200", campaign=campaign, postcode="73000")
    typed, slug = one(museum, Cheque), museum.slug
    here = f"{path}/rows/{typed.id}"
    page = museum.desk.get(here).text
    assert 'value="200.00"' in page
    assert 'value="73000"' in page  # all that was typed is there to be changed
    wrong = museum.desk.post(here, row(last_name="Rey", amount="much", campaign=campaign))
    assert (wrong.status_code, 'id="e-amount"' in wrong.text, f"/desk{here}" in wrong.text) == (422, True, True)
    later = museum.desk.post(here, row(last_name="Rey", amount="20", campaign=campaign, received_on="2199-01-01"))
    assert (later.status_code, 'id="e-received_on"' in later.text) == (422, True)
    fixed = row(last_name="Rey", first_name="Ada", amount="20,50", campaign=campaign, city="Aix", bank="CA")
    assert museum.person(Role.OWNER).post(here, fixed).status_code == 303
    cheque, donor = one(museum, Cheque), one(museum, Donor)
    assert (cheque.id, cheque.amount_minor, cheque.bank, cheque.donor_id) == (typed.id, 2050, "CA", typed.donor_id)
    assert (donor.first_name, donor.last_name, donor.city, donor.postcode) == ("Ada", "Rey", "Aix", None)
    assert "corrected a cheque" in museum.person(Role.OWNER).client.get(f"/staff/{slug}/audit").text
    museum.desk.post(f"{path}/count", control_count="1", control_total="20,50")
    assert museum.desk.get(here).status_code == 303  # the slip is numbered: the batch is opened again first
    assert museum.desk.post(here, fixed).status_code == 409
    assert museum.person(Role.OWNER).post(f"{path}/approve").status_code == 409  # who corrects has recorded it
    assert museum.finance.post(f"{path}/approve").status_code == 303
    assert [gift.amount_minor for gift in gifts_of(museum)] == [2050]
    assert (
        museum.desk.post(f"{begin(museum.desk, museum)}/rows/{typed.id}", fixed).status_code == 404
    )  # another batch's


def test_a_corrected_cheque_may_be_somebody_elses(museum: House) -> None:
    path, campaign = begin(museum.desk, museum), str(museum.campaign_id)
    with museum.open() as session:
        ada = make_donor(session, first_name="Ada", last_name="Rey", email="ada@example.org").id
    promise = museum.promise(8000, "cheque")
    enter(museum.desk, path, last_name="Roy", amount="80", campaign=campaign)
    here = f"{path}/rows/{one(museum, Cheque).id}"
    told = {"first_name": "Ada", "last_name": "Rey", "email": "ada@example.org", "amount": "80", "campaign": campaign}
    people = []
    for fields in (told, told, {"reference": printed(promise.reference or ""), "amount": "80"}):
        assert museum.desk.post(here, row(**fields)).status_code == 303
        people.append(one(museum, Cheque).donor_id)
    assert people == [ada, ada, promise.donor_id]
    assert "corrected in their own file" not in museum.desk.get(here).text
    with museum.open() as session:  # the record of the slip of the pen is gone, the others stand
        assert set(session.scalars(select(Donor.id))) == {ada, promise.donor_id}
    museum.desk.post(here, row(**told))
    assert f"/donors/{ada}" in museum.desk.get(here).text
    assert museum.state_of(promise) == "made"


def test_a_dropped_batch_leaves_nothing_behind(museum: House) -> None:
    path, campaign = begin(museum.desk, museum), str(museum.campaign_id)
    promise = museum.promise(8000, "cheque")
    enter(museum.desk, path, reference=printed(promise.reference or ""), amount="80")
    enter(museum.desk, path, last_name="Roux", amount="20", campaign=campaign)
    desk = f"/staff/{museum.slug}/donors"
    assert "Waits for approval" in museum.desk.client.get(f"{desk}?q=roux").text  # not among those who gave
    assert museum.desk.post(f"{path}/drop").status_code == 303
    assert museum.desk.post(f"{path}/drop").status_code == 303  # twice is once
    with museum.open() as session:
        assert list(session.scalars(select(Cheque))) == []
        assert list(session.scalars(select(Donor.id))) == [promise.donor_id]
    assert museum.state_of(promise) == "made"
    assert enter(museum.desk, path, last_name="Late", amount="5", campaign=campaign).status_code == 409
    museum.check_books()


def test_one_form_begins_one_batch_even_in_two_windows_and_for_another_account(museum: House) -> None:
    attempt = uuid4()
    with museum.open() as session:
        other = make_issuer(session).id
        first = cheques.open_batch(session, museum.issuer_id, attempt).id
        assert cheques.open_batch(session, other, attempt).id == first
    sent = museum.desk.post("/cheques", issuer=str(other), attempt=str(attempt))
    assert sent.location.partition("?")[0].endswith(f"/cheques/{first}")


def test_a_number_that_is_taken_is_a_clear_answer(museum: House) -> None:
    with museum.open() as session:
        taken = cheques.open_batch(session, museum.issuer_id, uuid4()).id + 1
        told = {"issuer_id": museum.issuer_id, "currency": "EUR", "state": "recorded", "opened_by": "x"}
        session.add(Batch(id=taken, attempt=uuid4(), **told))
    form = {"issuer": str(museum.issuer_id), "attempt": str(uuid4())}
    assert museum.desk.post("/cheques", form).status_code == 409
    assert museum.desk.post("/cheques", form).status_code == 303  # again, and it goes
