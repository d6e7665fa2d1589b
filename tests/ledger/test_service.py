"""The books: balanced, append only, cheap to read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crowdfund.ledger import service
from crowdfund.ledger.rules import AccountKind, Line, UnbalancedError, fund_code
from crowdfund.money import Money
from crowdfund.tenancy import Scope, transaction
from tests import factories

Opened = Callable[[Scope], AbstractContextManager[Session]]


@pytest.fixture
def museum(app: Flask) -> int:
    """Found a museum with one campaign, C-BOOKS."""
    museum = factories.make_institution()
    with transaction(factories.scope(museum)) as session:
        issuer = factories.make_issuer(session)
        factories.make_campaign(session, code="BOOKS", issuer_id=issuer.id)
    return museum


def _gift(session: Session, reference: str, minor: int) -> int | None:
    campaign = session.execute(text("SELECT issuer_id FROM campaigns WHERE code = 'BOOKS'")).one()
    clearing = service.issuer_account(session, AccountKind.CLEARING, campaign.issuer_id, "EUR")
    money = Money(minor, "EUR")
    return service.post(session, reference, "gift", [Line(clearing, money), Line(fund_code("BOOKS"), -money)])


def test_a_gift_raises_the_fund_by_its_gross(museum: int, opened: Opened) -> None:
    with opened(factories.scope(museum)) as session:
        assert _gift(session, "gift:1", 5000)
        assert _gift(session, "gift:2", 1250)
    with opened(factories.scope(museum)) as session:
        assert service.received(session, "BOOKS") == Money(6250, "EUR")
        assert service.balance(session, fund_code("BOOKS")).entries == 2


def test_posting_twice_is_once(museum: int, opened: Opened) -> None:
    with opened(factories.scope(museum)) as session:
        assert _gift(session, "gift:1", 5000)
        assert _gift(session, "gift:1", 5000) is None
        assert service.received(session, "BOOKS") == Money(5000, "EUR")


def test_reversing_restores_the_balance_and_keeps_both(museum: int, opened: Opened) -> None:
    with opened(factories.scope(museum)) as session:
        _gift(session, "gift:1", 5000)
        assert service.reverse(session, "gift:1", "mistake")
        assert service.received(session, "BOOKS") == Money(0, "EUR")
        assert service.balance(session, fund_code("BOOKS")).entries == 2


def test_unbalanced_lines_are_refused_before_the_database(museum: int, opened: Opened) -> None:
    with opened(factories.scope(museum)) as session, pytest.raises(UnbalancedError):
        service.post(
            session, "x", "x", [Line(fund_code("BOOKS"), Money(1, "EUR")), Line(fund_code("BOOKS"), Money(1, "EUR"))]
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entries SET amount_minor = amount_minor + 1",
        "DELETE FROM ledger_entries",
        "UPDATE ledger_transactions SET memo = 'other'",
        "TRUNCATE ledger_entries",
        "UPDATE ledger_totals SET balance_minor = 0",
        (
            "INSERT INTO ledger_entries (institution_id, transaction_id, account_id, amount_minor, currency)"
            " SELECT institution_id, transaction_id, account_id, 1, currency FROM ledger_entries LIMIT 1"
        ),
    ],
)
def test_the_database_refuses_to_change_the_books(museum: int, opened: Opened, statement: str) -> None:
    with opened(factories.scope(museum)) as session:
        _gift(session, "gift:1", 5000)
    with (
        pytest.raises(Exception, match=r"permission denied|only grows|does not balance|never"),
        opened(factories.scope(museum)) as session,
    ):
        session.execute(text(statement))


def test_the_database_refuses_a_transaction_without_lines(museum: int, opened: Opened) -> None:
    with pytest.raises(IntegrityError, match="does not balance"), opened(factories.scope(museum)) as session:
        session.execute(
            text(
                "INSERT INTO ledger_transactions (institution_id, reference, memo, booked_at) VALUES (:m, 'r', 'm', now())"
            ),
            {"m": museum},
        )


def test_of_two_postings_under_one_reference_the_first_counts(museum: int, opened: Opened) -> None:
    with opened(factories.scope(museum)) as session:
        assert _gift(session, "gift:1", 5000)
        issuer = session.execute(text("SELECT issuer_id FROM campaigns WHERE code = 'BOOKS'")).one().issuer_id
        fund = fund_code("BOOKS")
        clearing = service.issuer_account(session, AccountKind.CLEARING, issuer, "EUR")
        service.post_all(session, [
            service.Posting(reference, "gift", [Line(clearing, Money(minor, "EUR")), Line(fund, Money(-minor, "EUR"))])
            for reference, minor in [("gift:2", 100), ("gift:1", 7), ("gift:2", 300), ("gift:3", 20)]
        ])  # fmt: skip
    with opened(factories.scope(museum)) as session:
        assert service.received(session, "BOOKS") == Money(5120, "EUR")
        assert service.balance(session, clearing).entries == 3
        order = session.execute(text("SELECT reference FROM ledger_transactions ORDER BY id")).scalars().all()
        assert order == ["gift:1", "gift:2", "gift:3"]


def test_one_posting_that_does_not_balance_stops_all(museum: int, opened: Opened) -> None:
    with opened(factories.scope(museum)) as session:
        issuer = session.execute(text("SELECT issuer_id FROM campaigns WHERE code = 'BOOKS'")).one().issuer_id
        clearing = service.issuer_account(session, AccountKind.CLEARING, issuer, "EUR")
        with pytest.raises(UnbalancedError):
            service.post_all(session, [
                service.Posting("gift:1", "gift", [Line(clearing, Money(5, "EUR")), Line(fund_code("BOOKS"), Money(-5, "EUR"))]),
                service.Posting("gift:2", "gift", [Line(clearing, Money(5, "EUR")), Line(fund_code("BOOKS"), Money(-4, "EUR"))]),
            ])  # fmt: skip
    with opened(factories.scope(museum)) as session:
        assert service.balance(session, fund_code("BOOKS")).entries == 0
