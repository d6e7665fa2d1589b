"""Announcing a transfer or a cheque: on the giving form, at the desk, what is shown, sent and counted."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import func, select

from crowdfund import clock
from crowdfund.audit import AuditEntry
from crowdfund.campaigns.models import CampaignTotal
from crowdfund.desk.slip import barcode
from crowdfund.donors.models import Donor
from crowdfund.errors import Refusal
from crowdfund.institutions import bank
from crowdfund.institutions.models import BankDetails
from crowdfund.institutions.rules import Role
from crowdfund.pages import views
from crowdfund.pledges import unpaid
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.references import printed
from crowdfund.pledges.rules import AWAITED_FOR
from tests.counter.conftest import ADDRESS, DETAILS, IBAN, House, hidden
from tests.doubles import MemoryMailer

pytestmark = pytest.mark.filterwarnings("ignore:.*sRGB2014.icc:pytest.PytestUnraisableExceptionWarning")
PERSON = {"first_name": "Odette", "last_name": "Chevrier", "email": "odette@example.org", "wall": "short"}


@pytest.fixture(autouse=True)
def fresh(app: Flask) -> None:
    views._cache.__init__()  # type: ignore[misc] # empties it, as a new process begins
    app.wsgi_app.forget()  # type: ignore[attr-defined] # the gate that keeps public pages


def give(client: FlaskClient, museum: House, **fields: str) -> Any:
    url = f"/en/{museum.slug}/{museum.campaign}/give"
    step = client.post(url, data={"step": "1", "amount": "50"})
    with soon():
        return client.post(url, data=hidden(step.text) | PERSON | fields)


def soon() -> Any:
    """Let a person take half a minute over the form."""
    return clock.at(clock.now() + timedelta(seconds=30))


def totals(museum: House) -> tuple[int, int]:
    with museum.open() as session:
        row = session.execute(
            select(func.coalesce(func.sum(CampaignTotal.announced_count), 0),
                   func.coalesce(func.sum(CampaignTotal.announced_minor), 0))
            .where(CampaignTotal.institution_id == museum.id)
        ).one()  # fmt: skip
    return int(row[0]), int(row[1])


def words(content: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def test_a_transfer_is_announced_shown_sent_and_counted(
    client: FlaskClient, museum: House, mailer: MemoryMailer
) -> None:
    answer = give(client, museum, method="bank_transfer", cover_fees="1")
    assert answer.status_code == 303
    assert re.fullmatch(r"/en/gifts/[^/]+", answer.location)
    with museum.open() as session:
        pledge = session.scalars(select(Pledge)).one()
    reference = printed(pledge.reference or "")
    page = unescape(client.get(answer.location).text)
    assert reference in page
    assert bank.printed_iban(IBAN) in page
    assert "Ville d’Essai" in page
    assert 'class="bank-code"' in page
    assert pledge.cover_minor == 0  # a transfer costs nothing
    sheet = words(client.get(f"{answer.location}/slip.pdf").data)
    assert reference in sheet
    assert bank.printed_iban(IBAN) in sheet
    assert totals(museum) == (1, 5000)
    public = unescape(client.get(f"/en/{museum.slug}/{museum.campaign}/").text)
    assert "€50 announced by transfer or cheque" in public
    museum.work()
    [(_key, mail)] = [one for one in mailer.sent if one[0].startswith("announced:")]
    assert reference in mail.text
    assert bank.printed_iban(IBAN) in mail.html
    assert [one.filename for one in mail.attachments] == ["slip.pdf"]
    museum.check_books()


def test_a_transfer_needs_no_e_mail_address_when_nothing_is_sent(
    client: FlaskClient, museum: House, mailer: MemoryMailer
) -> None:
    for sent in ({"method": "card"}, {"wants_receipt": "1", **ADDRESS}, {"news_museum": "1"}):
        refused = give(client, museum, **{"method": "bank_transfer", "email": ""} | sent)
        assert refused.status_code == 422
        assert 'id="e-email"' in refused.text
    address = give(client, museum, method="bank_transfer", email="").location
    page = unescape(client.get(address).text)
    assert "You left no e-mail address" in page
    assert "We write to you when it has arrived" not in page
    assert client.get(f"{address}/slip.pdf").status_code == 200
    assert totals(museum) == (1, 5000)
    museum.work()
    assert mailer.sent == []
    museum.check_books()


def test_a_cheque_has_a_slip_with_its_bars_and_the_address(client: FlaskClient, museum: House) -> None:
    answer = give(client, museum, method="cheque")
    page = unescape(client.get(answer.location).text)
    assert "1 place du Palais" in page
    assert "bank-code" not in page
    sheet = words(client.get(f"{answer.location}/slip.pdf").data)
    assert "73000 Chambéry" in sheet
    assert "Ville d’Essai" in sheet


def test_an_announced_gift_is_called_off_by_a_second_look_only_and_keeps_its_reference(
    client: FlaskClient, museum: House
) -> None:
    address = give(client, museum, method="bank_transfer").location
    page = client.get(address).text
    with museum.open() as session:
        pledge = session.scalars(select(Pledge)).one()
    assert "there is nothing to do: it counts when it arrives" in page
    assert f"{address}/differently" not in page.split('id="differently"')[0]  # the button above only leads there
    assert client.get(f"{address}/differently").location == address  # looking calls nothing off
    assert museum.state_of(pledge) == "made"
    answer = client.post(f"{address}/differently", data=hidden(page))
    assert "Odette" in client.get(answer.location).text
    assert museum.state_of(pledge) == "cancelled"
    after = client.get(address).text
    assert "called off" in after
    assert bank.printed_iban(IBAN) in after
    assert printed(pledge.reference or "") in after
    assert client.get(f"{address}/slip.pdf").status_code == 404


def test_the_same_form_twice_is_one_promise(client: FlaskClient, museum: House) -> None:
    url = f"/en/{museum.slug}/{museum.campaign}/give"
    form = hidden(client.post(url, data={"step": "1", "amount": "50"}).text) | PERSON | {"method": "cheque"}
    with soon():
        first, second = client.post(url, data=form), client.post(url, data=form)
    assert first.location == second.location
    assert totals(museum) == (1, 5000)


def test_what_the_museum_does_not_take_is_not_offered(app: Flask, client: FlaskClient, mailer: MemoryMailer) -> None:
    museum = House(app)
    step = client.post(f"/en/{museum.slug}/{museum.campaign}/give", data={"step": "1", "amount": "50"})
    assert "Bank transfer" not in step.text
    assert give(client, museum, method="cheque").status_code == 422
    museum.take(bank.Details(beneficiary="Ville", iban=IBAN, takes_transfers=True))
    step = client.post(f"/en/{museum.slug}/{museum.campaign}/give", data={"step": "1", "amount": "50"})
    assert "Bank transfer" in step.text
    assert 'value="cheque"' not in step.text
    assert give(client, museum, method="cheque").status_code == 422


def test_in_francs_the_sheet_is_a_swiss_bill(app: Flask, client: FlaskClient, mailer: MemoryMailer) -> None:
    museum = House(app, currency="CHF", country="CH", jurisdiction="CH")
    museum.take(bank.Details(beneficiary="Fondation", iban="CH9300762011623852957", takes_transfers=True))
    answer = give(client, museum, method="bank_transfer")
    sheet = words(client.get(f"{answer.location}/slip.pdf").data)
    assert "Payment part" in sheet
    assert sheet.count("Payable by (name/address)") == 2  # no address is known: room to write it
    assert "CH93 0076 2011 6238 5295 7" in sheet
    assert "RF" in sheet


def test_the_desk_notes_a_promise_of_somebody_without_an_address(museum: House, mailer: MemoryMailer) -> None:
    form = {
        "attempt": str(uuid4()), "campaign": str(museum.campaign_id), "method": "cheque", "amount": "300", "last_name": "Chevrier",
        "first_name": "Odette", "language": "fr", "wants_receipt": "1", **ADDRESS,
    }  # fmt: skip
    answer = museum.desk.post("/promises", form)
    assert answer.status_code == 303
    again = museum.desk.post("/promises", form)
    assert again.location == answer.location
    page = museum.desk.client.get(answer.location).text
    assert "Odette Chevrier" in page
    sheet = words(museum.desk.client.get(f"{answer.location}/slip.pdf").data)
    assert "Odette Chevrier" in sheet
    assert "À joindre à votre chèque" in sheet  # in the donor's language
    with museum.open() as session:
        donor = session.scalars(select(Donor)).one()
        acts = session.scalars(select(AuditEntry.action)).all()
    assert (donor.email, donor.postcode) == (None, "73000")
    assert acts.count("pledge.announced_at_desk") == 1
    museum.work()
    assert mailer.keys("announced") == []
    museum.check_books()


@pytest.mark.parametrize(
    ("field", "value"), [("amount", ""), ("amount", "x"), ("last_name", ""), ("method", ""), ("campaign", "999999"), ("amount", "0.1")]
)  # fmt: skip
def test_a_bad_promise_is_said_beside_its_field_and_kept(museum: House, field: str, value: str) -> None:
    form = {
        "attempt": str(uuid4()),
        "campaign": str(museum.campaign_id),
        "method": "cheque",
        "amount": "30",
        "last_name": "Rey",
    }
    answer = museum.desk.post("/promises", form | {field: value})
    assert answer.status_code == 422
    assert f'id="e-{field}"' in answer.text
    assert "Rey" in answer.text or field == "last_name"
    assert totals(museum) == (0, 0)


def test_what_is_missing_is_listed_in_the_order_of_the_page(museum: House) -> None:
    page = museum.desk.post("/promises", {"attempt": str(uuid4()), "campaign": str(museum.campaign_id)}).text
    listed = re.findall(
        r'<a href="#([\w-]+)">', page[page.index("err-list") : page.index("</ul>", page.index("err-list"))]
    )
    assert [one.partition("-")[0] for one in listed] == ["method", "amount", "last_name"]


def test_a_promise_is_found_by_its_reference_and_called_off_once(museum: House) -> None:
    pledge = museum.promise()
    museum.promise(last_name="Autre")
    found = museum.desk.get(f"/promises?q={printed(pledge.reference or '').lower()}").text
    assert "Odette Chevrier" in found
    assert "Autre" not in found
    assert "Autre" in museum.desk.get("/promises?q=autr").text
    assert museum.desk.post(f"/promises/{pledge.id}/call-off").status_code == 303
    assert totals(museum) == (1, 5000)
    assert museum.desk.post(f"/promises/{pledge.id}/call-off").status_code == 303  # twice is once
    assert "Will not come" in museum.desk.get(f"/promises/{pledge.id}").text
    assert museum.desk.get(f"/promises/{pledge.id}/slip.pdf").status_code == 404


def test_who_may_not_note_may_read_and_other_museums_see_nothing(app: Flask, museum: House) -> None:
    pledge = museum.promise()
    auditor = museum.person(Role.AUDITOR)
    assert auditor.get(f"/promises/{pledge.id}").status_code == 200
    assert auditor.get("/promises/new").status_code == 403
    assert auditor.post(f"/promises/{pledge.id}/call-off").status_code == 403
    assert museum.person(Role.CURATOR).get("/promises").status_code == 403
    other = House(app)
    assert other.desk.get(f"/promises/{pledge.id}").status_code == 404
    assert other.desk.post(f"/promises/{pledge.id}/call-off").status_code == 404


def test_what_never_comes_is_not_awaited_for_ever(museum: House) -> None:
    pledge = museum.promise()
    with museum.open() as session:
        assert unpaid.forgotten(session, clock.now()) == []
        later = clock.now() + AWAITED_FOR + (clock.now() - pledge.created_at)
        assert unpaid.forgotten(session, later) == [pledge.id]
        unpaid.forget(session, pledge.id, later)
    assert museum.state_of(pledge) == "expired"
    assert totals(museum) == (0, 0)


def test_bank_details_are_checked_kept_and_told(museum: House, mailer: MemoryMailer) -> None:
    form = {"issuer": str(museum.issuer_id), "beneficiary": "Ville", "takes_transfers": "1"}
    for iban, status in (
        ("FR76 3000 6000 0112 3456 7890 188", 422),
        ("", 422),
        ("FR76 3000 6000 0112 3456 7890 189", 303),
    ):
        answer = museum.finance.post("/bank", form | {"iban": iban})
        assert answer.status_code == status, iban
        assert status == 303 or 'id="e-iban"' in answer.text
    assert museum.desk.post("/bank", form | {"iban": IBAN}).status_code == 403
    with museum.open() as session:
        details = session.scalars(select(BankDetails)).one()
        acts = session.scalars(select(AuditEntry).where(AuditEntry.action == "bank_details.changed")).all()
    assert (details.iban, details.takes_cheques) == (IBAN, False)
    assert len(acts) == 2
    museum.work()
    assert {mail.to.partition(".")[0] for key, mail in mailer.sent if key.startswith("bank_changed:")} == {"finance"}
    assert IBAN not in str(acts[-1].detail)
    assert museum.finance.post("/bank", form | {"issuer": "999999", "iban": IBAN}).status_code == 404


def test_bank_details_need_a_fresh_sign_in(museum: House) -> None:
    form = {"issuer": str(museum.issuer_id), "iban": IBAN, "beneficiary": "Ville", "takes_transfers": "1"}
    assert museum.finance.get("/bank").status_code == 200
    with clock.at(clock.now() + timedelta(minutes=15)):
        assert "/account/confirm" in museum.finance.post("/bank", form).location
        assert "Confirm who you are" in museum.finance.get("/bank").text


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"bic": "NOPE"}, "bic"),
        ({"cheque_order": ""}, "cheque_order"),
        ({"cheque_address": ""}, "cheque_address"),
        ({"beneficiary": ""}, "beneficiary"),
        ({"iban": "CH4431999123000889012"}, "iban"),  # a QR-IBAN takes other references
    ],
)
def test_bank_details_that_are_wrong_are_refused(museum: House, told: dict[str, str], field: str) -> None:
    values = {name: getattr(DETAILS, name) for name in DETAILS.__slots__} | told
    with museum.open() as session, pytest.raises(Refusal) as refused:
        bank.set_bank_details(session, museum.issuer_id, bank.Details(**values))
    assert refused.value.field == field


def test_bars_are_whole_pixels_between_quiet_zones() -> None:
    image = Image.open(io.BytesIO(barcode("T2KH5-KWH44"))).convert("L")
    row = [image.getpixel((x, 10)) for x in range(image.width)]
    assert row[:40] == [255] * 40
    assert row[-40:] == [255] * 40
    assert set(row) == {0, 255}
    edges = [x for x in range(1, len(row)) if row[x] != row[x - 1]]
    assert all((edge - edges[0]) % 4 == 0 for edge in edges)
