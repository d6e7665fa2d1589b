"""Whatever is posted and reversed: transactions sum to zero, a balance is the sum of its entries."""

from __future__ import annotations

from collections import defaultdict
from itertools import count

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from crowdfund import books
from crowdfund.ledger import service
from crowdfund.ledger.rules import AccountKind, Line, UnbalancedError, check_balanced, fund_code
from crowdfund.money import Money
from crowdfund.tenancy import transaction
from tests import factories

AMOUNTS = st.integers(-(10**6), 10**6).filter(bool)
STEPS = st.lists(
    st.tuples(st.booleans(), st.lists(st.tuples(st.integers(0, 3), AMOUNTS), min_size=1, max_size=4)), max_size=8
)
_numbers = count(1)


@given(st.lists(st.tuples(st.sampled_from(["EUR", "CHF"]), st.integers(-5, 5)), max_size=6))
def test_lines_are_balanced_or_refused(given_lines: list[tuple[str, int]]) -> None:
    sums: dict[str, int] = defaultdict(int)
    for currency, minor in given_lines:
        sums[currency] += minor
    right = len(given_lines) >= 2 and all(minor for _, minor in given_lines) and not any(sums.values())
    lines = [Line(f"bank:{i}", Money(minor, currency)) for i, (currency, minor) in enumerate(given_lines)]
    if right:
        check_balanced(lines)
    else:
        with pytest.raises(UnbalancedError):
            check_balanced(lines)


def _accounts(session: Session) -> list[str]:
    issuer = factories.make_issuer(session)
    campaign = factories.make_campaign(session, issuer_id=issuer.id)
    kinds = (AccountKind.CLEARING, AccountKind.FEES, AccountKind.BANK)
    return [fund_code(campaign.code), *(service.issuer_account(session, kind, issuer.id, "EUR") for kind in kinds)]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_balances_follow_any_story(app: Flask, steps: list[tuple[bool, list[tuple[int, int]]]]) -> None:
    model: dict[str, int] = defaultdict(int)
    museum = factories.make_institution()
    with transaction(factories.scope(museum)) as session:
        accounts = _accounts(session)
        for reversed_too, parts in steps:
            reference = f"story:{next(_numbers)}"
            lines = [Line(accounts[where], Money(minor, "EUR")) for where, minor in parts]
            rest = -sum(minor for _, minor in parts)
            if rest:
                lines.append(Line(accounts[0], Money(rest, "EUR")))
            if len(lines) < 2:
                continue
            assert service.post(session, reference, "story", lines) is not None
            assert service.post(session, reference, "story", lines) is None
            for line in lines:
                model[line.account] += line.amount.minor
            if reversed_too:
                assert service.reverse(session, reference, "undone") is not None
                assert service.reverse(session, reference, "undone") is None
                for line in lines:
                    model[line.account] -= line.amount.minor
    with transaction(factories.scope(museum)) as session:
        for account in accounts:
            assert service.balance(session, account).amount.minor == model[account]
        assert session.execute(text("SELECT coalesce(sum(amount_minor), 0) FROM ledger_entries")).scalar_one() == 0
        assert not [found for found in books.broken(session) if found.startswith("1 ")]
