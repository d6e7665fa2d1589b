"""The public check and the donor's download."""

from __future__ import annotations

import hashlib

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from crowdfund.accounts.models import Bucket
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.receipts import rendering, service
from crowdfund.receipts.models import Receipt
from tests.receipts.conftest import Museum

pytestmark = pytest.mark.filterwarnings("ignore:.*sRGB2014.icc:pytest.PytestUnraisableExceptionWarning")

WORDS = {
    "issued": {"fr": "Ce reçu est valable", "it": "Questa ricevuta è valida", "en": "This receipt is valid"},
}


@pytest.fixture
def gift(museum: Museum) -> int:
    return museum.gift(pledged=True, donor={"first_name": "Zoroastre", "last_name": "Quatrebarbes"})


def issue(museum: Museum, gift: int) -> Receipt:
    with museum.open() as session:
        receipt = service.issue(session, gift)
    assert receipt is not None
    return receipt


def code_of(receipt: Receipt) -> str:
    code = receipt.snapshot["verification_code"]
    assert isinstance(code, str)
    return code


def address(museum: Museum) -> str:
    with museum.open() as session:
        return f"/fr/gifts/{pledges.gift_token(session.scalars(select(Pledge)).one())}/receipt.pdf"


@pytest.mark.parametrize("lang", ["fr", "it", "en"])
@pytest.mark.parametrize("state", ["issued", "suspended", "replaced", "cancelled"])
def test_check_tells_state_issuer_number_year_and_amount_but_no_name(
    client: FlaskClient, museum: Museum, gift: int, lang: str, state: str
) -> None:
    receipt = issue(museum, gift)
    with museum.open() as session:
        if state == "suspended":
            service.suspend(session, gift)
        if state == "replaced":
            service.replace(session, gift, "corrected")
        if state == "cancelled":
            service.cancel(session, gift, "refunded")
    answer = client.get(f"/{lang}/receipts/{code_of(receipt)}")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    for hidden in ("Zoroastre", "Quatrebarbes", "Tanneurs", "example.org"):
        assert hidden not in page.replace("musee@example.org", "")
    assert receipt.snapshot["number"] in page
    assert receipt.snapshot["issuer"]["legal_name"].replace("'", "&#39;") in page
    assert "2026" in page
    assert "50.00" in page or "50,00" in page
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers


def test_states_are_told_apart_in_words(client: FlaskClient, museum: Museum) -> None:
    pages = set()
    for change in ("none", "suspend", "replace", "cancel"):
        gift = museum.gift()
        receipt = issue(museum, gift)
        with museum.open() as session:
            if change == "suspend":
                service.suspend(session, gift)
            elif change != "none":
                getattr(service, change)(session, gift, "corrected")
        page = client.get(f"/en/receipts/{code_of(receipt)}").get_data(as_text=True)
        pages.add(page.partition('id="result"')[2].partition("</h2>")[0])
    assert len(pages) == 4


def test_replaced_receipt_names_its_successor(client: FlaskClient, museum: Museum, gift: int) -> None:
    old = issue(museum, gift)
    with museum.open() as session:
        new = service.replace(session, gift, "corrected")
    assert new is not None
    assert new.snapshot["number"] in client.get(f"/en/receipts/{code_of(old)}").get_data(as_text=True)


def test_unknown_codes_all_get_the_same_answer(client: FlaskClient, museum: Museum, gift: int) -> None:
    code = code_of(issue(museum, gift))
    other = f"{museum.id + 999:x}-{code.partition('-')[2]}"
    wrong = [code[:-1] + ("a" if code[-1] != "a" else "b"), other, "nothing", "%00", "x" * 500, code.upper()]
    answers = [client.get(f"/en/receipts/{one}") for one in wrong]
    assert {answer.status_code for answer in answers} == {404}
    pages = {answer.get_data(as_text=True).partition('name="code"')[0].partition("<main")[2] for answer in answers}
    assert len(pages) == 1


def test_code_of_one_museum_finds_nothing_through_another(client: FlaskClient, museum: Museum, italian: Museum) -> None:
    code = code_of(issue(museum, museum.gift()))
    assert client.get(f"/en/receipts/{italian.id:x}-{code.partition('-')[2]}").status_code == 404


def test_typed_code_leads_to_its_page(client: FlaskClient, museum: Museum, gift: int) -> None:
    code = code_of(issue(museum, gift))
    answer = client.get("/fr/receipts/", query_string={"code": f" {code.upper()} "})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/fr/receipts/{code}")
    assert client.get("/fr/receipts/").status_code == 200
    assert client.get("/fr/receipts/?code=rubbish").status_code == 404


def test_checks_are_counted(client: FlaskClient, app: Flask, museum: Museum, gift: int) -> None:
    code = code_of(issue(museum, gift))
    answers = [client.get(f"/en/receipts/{code}").status_code for _ in range(61)]
    assert answers == [200] * 60 + [429]
    with museum.open() as session:
        assert session.query(Bucket).filter(Bucket.key.like("receipt_check_ip:%")).count() == 1


def test_donor_downloads_the_bytes_that_were_issued(client: FlaskClient, museum: Museum, gift: int) -> None:
    receipt = issue(museum, gift)
    waiting = client.get(address(museum))
    assert (waiting.status_code, waiting.headers["Retry-After"]) == (202, "5")
    rendering.keep(museum.scope, receipt.id)
    answer = client.get(address(museum))
    assert answer.status_code == 200
    assert hashlib.sha256(answer.data).hexdigest() == museum.receipts()[0].sha256
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "private" in answer.headers["Cache-Control"]
    assert "no-store" in answer.headers["Cache-Control"]


def test_download_before_issue_waits_or_says_why(client: FlaskClient, museum: Museum) -> None:
    museum.issuer(signatory_name=None)
    gift = museum.gift(pledged=True)
    assert client.get(address(museum)).status_code == 202
    with museum.open() as session:
        service.issue(session, gift)
    answer = client.get(address(museum).replace("/fr/", "/en/"))
    assert answer.status_code == 409
    assert "who signs its receipts" in answer.get_data(as_text=True)


@pytest.mark.parametrize("change", ["suspend", "cancel"])
def test_no_copy_of_a_receipt_that_does_not_count(client: FlaskClient, museum: Museum, gift: int, change: str) -> None:
    receipt = issue(museum, gift)
    rendering.keep(museum.scope, receipt.id)
    with museum.open() as session:
        if change == "suspend":
            service.suspend(session, gift)
        else:
            service.cancel(session, gift, "refunded")
    assert client.get(address(museum)).status_code == 409


def test_unknown_token_and_unwanted_receipt_are_not_there(client: FlaskClient, museum: Museum) -> None:
    museum.gift(pledged=True, wants_receipt=False)
    good = address(museum)
    assert client.get(good).status_code == 404
    wrong = good.replace("/receipt.pdf", "")[:-1] + ("a" if good.replace("/receipt.pdf", "")[-1] != "a" else "b")
    assert client.get(f"{wrong}/receipt.pdf").status_code == 404
    assert client.get("/fr/gifts/rubbish/receipt.pdf").status_code == 404
