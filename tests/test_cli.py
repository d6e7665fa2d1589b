"""The operator's commands answer in words or one JSON document, and with their exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from crowdfund import clock
from crowdfund.money import Money
from crowdfund.tax.words import words
from crowdfund.tenancy import transaction
from tests import factories

VECTORS = Path(__file__).parent / "data" / "tax-vectors.csv"


@pytest.fixture
def museum(app: Flask) -> int:
    return factories.make_institution(slug="desk-of-the-operator")


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=list(arguments))


@pytest.mark.parametrize(
    "arguments",
    ["books check --institution desk-of-the-operator",
     "security rls", "institution list", "audit verify", "outbox status", "outbox drain", "limits", "routes",
     "demo credentials", "db current"],
)  # fmt: skip
def test_a_command_prints_one_document(app: Flask, museum: int, arguments: str) -> None:
    answer = run(app, *arguments.split(), "--json")
    assert answer.exit_code == 0, answer.output
    json.loads(answer.output)
    assert run(app, *arguments.split()).exit_code == 0
    assert run(app, *arguments.split(), "--help").exit_code == 0


def test_books_that_are_wrong_are_named(app: Flask, museum: int) -> None:
    with transaction(factories.scope(museum)) as session:
        factories.make_gift(session, factories.make_campaign(session), reference="without:entries")
    answer = run(app, "books", "check", "--institution", "desk-of-the-operator", "--json")
    assert answer.exit_code == 1
    found = json.loads(answer.output)
    assert not found["ok"]
    assert {finding["institution"] for finding in found["findings"]} == {"desk-of-the-operator"}


def test_an_amount_in_words(app: Flask) -> None:
    answer = run(app, "tax", "words", "--lang", "fr", "--amount", "50,20", "--currency", "EUR")
    assert answer.output.strip() == words(Money(5020, "EUR"), "fr")
    assert run(app, "tax", "words", "--lang", "fr", "--amount", "1e9").exit_code == 2


def test_the_tax_vectors_hold_and_a_wrong_one_is_found(app: Flask, tmp_path: Path) -> None:
    assert run(app, "tax", "vectors", str(VECTORS)).exit_code == 0
    assert run(app, "tax", "vectors", str(tmp_path / "none.csv")).exit_code == 2


def test_a_file_that_is_no_receipt_is_refused(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "x.pdf"
    path.write_bytes(b"%PDF-1.7 of somebody else")
    answer = run(app, "receipts", "verify", str(path), "--json")
    assert answer.exit_code == 1
    assert json.loads(answer.output)["state"] == "unknown"


def test_a_member_is_invited_once(app: Flask, museum: int) -> None:
    email = f"new{clock.now().timestamp()}@example.org"
    call = ("member", "invite", "desk-of-the-operator", email, "Nora Vial")
    answer = run(app, *call, "--json")
    assert answer.exit_code == 0, answer.output
    assert "/account/invitation/" in json.loads(answer.output)["link"]
    assert run(app, *call).exit_code == 1
    assert run(app, "member", "invite", "nowhere", email, "Nora Vial").exit_code == 2


def test_a_trail_that_lost_its_tail_is_told_by_the_anchor(app: Flask, museum: int, tmp_path: Path) -> None:
    anchor = tmp_path / "heads"
    anchor.write_text("desk-of-the-operator 7:feed\n")
    answer = run(app, "audit", "verify", "--anchor", str(anchor), "--json")
    assert answer.exit_code == 1
    assert "the kept head 7" in json.loads(answer.output)["broken"][0]
