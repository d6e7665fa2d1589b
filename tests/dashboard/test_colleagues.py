"""What one colleague has prepared is told to the other who goes on with it, and to nobody who may not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, update

from crowdfund import clock
from crowdfund.campaigns import gate
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.promises import Approver
from crowdfund.dashboard.todo import cards
from crowdfund.dashboard.view import Card
from crowdfund.desk.models import BankLine, Batch, Cheque
from crowdfund.desk.queries import what_waits
from crowdfund.i18n import use_locale
from crowdfund.institutions.current import Membership
from crowdfund.institutions.rules import PERMISSIONS, Role
from crowdfund.tenancy import OperatorScope, transaction
from tests.factories import campaign_in, make_campaign, make_desk, make_institution, make_news, scope

NOW = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)


@pytest.fixture
def museum(app: Flask) -> Iterator[Membership]:
    museum_id = make_institution(slug="arvieres", name="Musée d’Arvières")
    with clock.at(NOW):
        yield Membership(museum_id, "arvieres", "Musée d’Arvières", "Europe/Paris", "fr", Role.OWNER)


def told(museum: Membership, role: Role, actor: str = "somebody else") -> list[Card]:
    """Give the cards of a person in a role."""
    mine = replace(museum, role=role)
    with transaction(OperatorScope(museum.institution_id, actor)) as session, use_locale("en"):
        return list(cards(session, mine, None, lambda permission: permission in PERMISSIONS[role]))


def places(museum: Membership, role: Role, actor: str = "somebody else") -> dict[str, str]:
    return {card.url.removeprefix("/staff/arvieres"): card.title for card in told(museum, role, actor)}


ME = OperatorScope(0, "paul").actor


def _counted(museum: Membership) -> int:
    """Let a colleague record a batch, a count and a line, and leave another line to be attributed."""
    with transaction(scope(museum.institution_id)) as session:
        campaign = make_campaign(session)
        make_news(session, campaign)
        make_desk(session, campaign, 7_001)
        session.add(BankLine(
            id=7_002, statement_id=7_001, issuer_id=campaign.issuer_id, account="FR76", key="ref:7002", booked_on=NOW.date(),
            amount_minor=100, currency="EUR", payer="Rey", text="Rey", state="recorded"))  # fmt: skip
        first = session.scalars(select(Cheque)).one()
        session.add(Cheque(
            attempt=uuid4(), batch_id=first.batch_id, donor_id=first.donor_id, campaign_id=campaign.id, amount_minor=100, currency="EUR",
            number="", bank="", received_on=NOW.date(), handed=False, wants_receipt=False, state="recorded", recorded_by=ME))  # fmt: skip
        session.flush()
        session.execute(update(BankLine).where(BankLine.id == 7_001).values(state="matched", recorded_by=ME))
        session.execute(
            update(Batch)
            .where(Batch.id == first.batch_id)
            .values(state="counted", number=1, recorded_by="test", counted_at=NOW - timedelta(days=3))
        )
        return first.batch_id


def test_money_that_was_recorded_waits_for_those_who_may_go_on_with_it(museum: Membership) -> None:
    batch = _counted(museum)
    attribute = {"/desk/lines": "1 bank line to attribute", "/desk/counts": "1 count to confirm"}
    approve = {
        f"/desk/cheques/{batch}": "1 batch of cheques to approve",
        "/desk/lines?state=matched": "1 bank line to approve",
    }
    assert places(museum, Role.DESK) == attribute
    assert places(museum, Role.FINANCE) == approve | attribute
    assert places(museum, Role.DIRECTOR) == {}
    assert places(museum, Role.AUDITOR) == {}
    [late] = [card.title for card in told(museum, Role.FINANCE) if card.late]
    assert late == "1 batch of cheques to approve"


def test_what_somebody_recorded_does_not_wait_for_the_same_person(museum: Membership) -> None:
    _counted(museum)
    assert places(museum, Role.FINANCE, "paul") == {
        "/desk/lines": "1 bank line to attribute",
        "/desk/counts": "1 count to confirm",
    }
    with transaction(OperatorScope(museum.institution_id, "paul")) as session:
        assert what_waits(session).for_those_who(record=True, approve=True) == 2
        assert what_waits(session).batches == 0  # Paul typed a cheque of it


def test_a_yes_is_asked_of_those_whose_it_is_until_it_is_given_to_what_is_said_now(museum: Membership) -> None:
    with transaction(scope(museum.institution_id)) as session:
        campaign = make_campaign(session, state="draft", opens_at=NOW + timedelta(days=9))
        make_campaign(session, state="draft", opens_at=NOW + timedelta(days=9), summary={})  # nothing to read yet
        campaign_id = campaign.id
    place = f"/campaigns/{campaign_id}/edit/approvals"
    asked = {place: "Your agreement is asked: Title (en)"}
    for role in (Role.OWNER, Role.DIRECTOR, Role.CURATOR, Role.FINANCE):
        assert places(museum, role) == asked
    for role in (Role.DESK, Role.CAMPAIGN_LEAD, Role.AUDITOR):
        assert places(museum, role) == {}
    _agree(museum, campaign_id, Approver.DIRECTOR)
    assert places(museum, Role.DIRECTOR) == asked  # the curator's yes may be noted by the director too
    _agree(museum, campaign_id, Approver.CURATOR)
    assert places(museum, Role.DIRECTOR) == places(museum, Role.CURATOR) == {}
    assert places(museum, Role.FINANCE) == places(museum, Role.OWNER) == asked
    with transaction(scope(museum.institution_id)) as session:
        session.execute(update(Campaign).where(Campaign.id == campaign_id).values(revision=Campaign.revision + 1))
    assert places(museum, Role.CURATOR) == asked


def _agree(museum: Membership, campaign_id: int, part: Approver) -> None:
    with transaction(scope(museum.institution_id)) as session:
        gate.approve(
            session, campaign_in(session, campaign_id), part, name="N", agreed_on=NOW.date(), document="", account_id=None
        )  # fmt: skip


def test_silence_is_counted_for_each_campaign_since_it_opened_or_last_told_something(museum: Membership) -> None:
    with transaction(scope(museum.institution_id)) as session:
        for name, opened, news in (
            ("Fresh", 8, 20),
            ("Told", 40, 3),
            ("Silent", 12, 20),
            ("Old", 40, 31),
            ("Mute", 15, None),
        ):
            campaign = make_campaign(session, title={"en": name}, opens_at=NOW - timedelta(days=opened))
            if news is not None:
                make_news(session, campaign, published_at=NOW - timedelta(days=news))
    assert [(card.title, card.text) for card in told(museum, Role.DIRECTOR)] == [
        ("Tell how “Old” goes", "31 days without news in the journal"),
        ("Tell how “Mute” goes", "15 days without news in the journal"),
        ("Tell how “Silent” goes", "12 days without news in the journal"),
    ]
