from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.donors.models import Consent, Donor
from crowdfund.donors.rules import DonorDetails
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.links import institution_of
from crowdfund.money import Money
from crowdfund.outbox import OutboxRow
from crowdfund.pledges import changes, service, tasks, unpaid
from crowdfund.pledges.models import Pledge, WallEntry
from crowdfund.pledges.rules import TRANSITIONS, PledgeRequest, PledgeState
from crowdfund.tenancy import transaction
from tests import factories

CAMILLE = DonorDetails(first_name="Camille", last_name="Rey", email="camille@example.org", locale="fr")


@pytest.fixture
def museum(app: Flask) -> int:
    return factories.make_institution()


@pytest.fixture
def session(museum: int) -> Iterator[Session]:
    with transaction(factories.scope(museum)) as opened:
        yield opened


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return factories.make_campaign(session)


def asked(campaign: Campaign, **changed: Any) -> PledgeRequest:
    plain = PledgeRequest(
        attempt=uuid4(), campaign_id=campaign.id, amount=Money(5000, "EUR"), donor=CAMILLE, wall="short"
    )
    return replace(plain, **changed)


def count(session: Session, model: Any) -> int:
    return int(session.scalar(select(func.count()).select_from(model)) or 0)


def count_wishes(session: Session) -> int:
    return int(session.scalar(select(func.count()).select_from(Pledge).where(Pledge.wants_receipt)) or 0)


def facts(session: Session) -> list[str]:
    return list(session.scalars(select(OutboxRow.topic).order_by(OutboxRow.id)))


def test_a_pledge_is_made_with_its_donor_and_said_once(session: Session, campaign: Campaign) -> None:
    pledge = service.make_pledge(session, asked(campaign, consents={"news_museum": "Oui"}))
    assert (pledge.state, pledge.amount_minor, pledge.reward_state) == ("made", 5000, "none")
    assert facts(session) == ["pledge.made"]
    assert count(session, Donor) == count(session, Consent) == 1
    assert count(session, WallEntry) == 0


def test_one_attempt_makes_one_pledge_whatever_it_says(session: Session, campaign: Campaign) -> None:
    first = asked(campaign)
    pledge = service.make_pledge(session, first)
    again = service.make_pledge(
        session, replace(first, amount=Money(1, "EUR"), donor=replace(CAMILLE, last_name="Other"), campaign_id=10**9)
    )
    assert again is pledge
    assert (count(session, Pledge), count(session, Donor), facts(session)) == (1, 1, ["pledge.made"])


def test_covered_fees_are_part_of_the_pledge(session: Session, campaign: Campaign) -> None:
    pledge = service.make_pledge(session, asked(campaign, cover_fees=True))
    assert (pledge.amount_minor, pledge.cover_minor) == (5102, 102)


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"state": "draft"}, 404),
        ({"state": "scheduled"}, 409),
        ({"state": "ended"}, 409),
        ({"state": "withdrawn"}, 409),
    ],
)
def test_a_campaign_that_is_not_open_refuses(session: Session, given: dict[str, Any], refused: int) -> None:
    with pytest.raises(Refusal) as refusal:
        service.make_pledge(session, asked(factories.make_campaign(session, **given)))
    assert refusal.value.status == refused
    assert count(session, Pledge) == 0


@pytest.mark.parametrize(
    ("reward", "status"),
    [
        ({"price_minor": 5001}, 422), ({"state": "draft"}, 404), ({"state": "withdrawn"}, 409), ({"stock": 0}, 409),
        ({"available_until": clock.now() - timedelta(days=1)}, 409), ({"available_from": clock.now() + timedelta(days=1)}, 409),
    ],
)  # fmt: skip
def test_a_reward_that_cannot_be_had_is_refused(
    session: Session, campaign: Campaign, reward: dict[str, Any], status: int
) -> None:
    made = factories.make_reward(session, campaign, **reward)
    with pytest.raises(Refusal) as refusal:
        service.make_pledge(session, asked(campaign, reward_id=made.id))
    assert (refusal.value.status, refusal.value.field) == (status, "reward")


def test_a_claimed_reward_counts_its_fair_value_and_a_symbolic_one_does_not(
    session: Session, campaign: Campaign
) -> None:
    dinner = factories.make_reward(session, campaign, stock=5, fair_value_minor=1200)
    name = factories.make_reward(session, campaign, symbolic=True, fair_value_minor=1200)
    first = service.make_pledge(session, asked(campaign, reward_id=dinner.id))
    second = service.make_pledge(session, asked(campaign, reward_id=name.id))
    third = service.make_pledge(session, asked(campaign, reward_id=dinner.id, waive_reward=True))
    assert [one.counterpart_minor for one in (first, second, third)] == [1200, 0, 0]
    assert [one.reward_state for one in (first, second, third)] == ["claimed", "claimed", "waived"]
    assert dinner.claimed == 1


def test_an_expired_pledge_frees_its_reward_once(session: Session, campaign: Campaign) -> None:
    reward = factories.make_reward(session, campaign, stock=1)
    pledge = service.make_pledge(session, asked(campaign, reward_id=reward.id))
    for _ in range(2):
        service.expire(session, pledge.id)
    assert (pledge.state, pledge.reward_state, reward.claimed) == ("expired", "released", 0)
    assert pledge.closed_at is not None
    assert facts(session).count("pledge.expired") == 1


def test_a_donor_may_try_again_and_gets_the_reward_back(session: Session, campaign: Campaign) -> None:
    reward = factories.make_reward(session, campaign, stock=1)
    pledge = service.make_pledge(session, asked(campaign, reward_id=reward.id))
    service.expire(session, pledge.id)
    service.reopen(session, pledge.id)
    assert (pledge.state, pledge.reward_state, reward.claimed, pledge.closed_at) == ("made", "claimed", 1, None)
    assert service.reopen(session, pledge.id).state == "made"


def test_trying_again_without_the_reward_that_has_gone_is_refused(session: Session, campaign: Campaign) -> None:
    reward = factories.make_reward(session, campaign, stock=1)
    first = service.make_pledge(session, asked(campaign, reward_id=reward.id))
    service.expire(session, first.id)
    service.make_pledge(session, asked(campaign, reward_id=reward.id))
    with pytest.raises(Conflict):
        service.reopen(session, first.id)
    assert first.state == "expired"


def test_what_is_paid_cancelled_or_over_is_not_reopened(session: Session, campaign: Campaign) -> None:
    paid = service.make_pledge(session, asked(campaign))
    service.fulfil(session, paid.id)
    cancelled = service.make_pledge(session, asked(campaign))
    service.cancel(session, cancelled.id)
    late = service.make_pledge(session, asked(campaign))
    service.expire(session, late.id)
    for pledge in (paid, cancelled):
        with pytest.raises(Conflict):
            service.reopen(session, pledge.id)
    campaign.state = "ended"
    session.flush()
    with pytest.raises(Conflict):
        service.reopen(session, late.id)


@pytest.mark.parametrize("before", [PledgeState.MADE, PledgeState.EXPIRED, PledgeState.CANCELLED])
def test_money_that_has_come_fulfils_whatever_the_pledge_had_become(
    session: Session, campaign: Campaign, before: PledgeState
) -> None:
    reward = factories.make_reward(session, campaign, stock=1)
    pledge = service.make_pledge(session, asked(campaign, reward_id=reward.id))
    if before == PledgeState.EXPIRED:
        service.expire(session, pledge.id)
    elif before == PledgeState.CANCELLED:
        service.cancel(session, pledge.id)
    for _ in range(2):
        service.fulfil(session, pledge.id)
    assert (pledge.state, pledge.reward_state, reward.claimed) == ("paid", "claimed", 1)
    assert facts(session).count("pledge.paid") == 1
    assert service.expire(session, pledge.id).state == "paid"
    assert service.cancel(session, pledge.id).state == "paid"


def test_money_that_comes_after_the_last_reward_has_gone_is_taken_without_it(
    session: Session, campaign: Campaign
) -> None:
    reward = factories.make_reward(session, campaign, stock=1)
    late = service.make_pledge(session, asked(campaign, reward_id=reward.id))
    service.expire(session, late.id)
    service.fulfil(session, service.make_pledge(session, asked(campaign, reward_id=reward.id)).id)
    service.fulfil(session, late.id)
    assert (late.state, late.reward_state, late.counterpart_minor, reward.claimed) == ("paid", "unavailable", 0, 1)


@pytest.mark.parametrize("before", PledgeState)
@pytest.mark.parametrize("after", PledgeState)
def test_the_database_knows_the_same_table_of_states(
    session: Session, campaign: Campaign, before: PledgeState, after: PledgeState
) -> None:
    pledge = factories.make_pledge(session, campaign, state=before)
    nested = session.begin_nested()
    pledge.state = after
    try:
        session.flush()
        allowed = True
    except DBAPIError:
        allowed = False
        nested.rollback()
    assert allowed == (before == after or after in TRANSITIONS[before])


def test_a_token_opens_its_pledge_in_its_museum_alone(session: Session, campaign: Campaign, museum: int) -> None:
    pledge = service.make_pledge(session, asked(campaign))
    token = service.gift_token(pledge)
    assert institution_of(token) == museum
    assert service.pledge_by_token(session, token).id == pledge.id
    for wrong in ("", "x", token[:-1], token.upper(), token + " "):
        with pytest.raises(NotFound):
            service.pledge_by_token(session, wrong)
    session.commit()  # one transaction at a time speaks for a museum
    with transaction(factories.scope(factories.make_institution())) as other, pytest.raises(NotFound):
        service.pledge_by_token(other, token)


@pytest.mark.parametrize(
    ("wall", "name", "donor", "shown"),
    [
        ("short", "", {}, "Camille R."), ("other", "Classe de CM2", {}, "Classe de CM2"), ("anonymous", "", {}, None),
        ("short", "", {"kind": "company", "company_name": "Verrerie", "first_name": ""}, "Verrerie"),
    ],
)  # fmt: skip
def test_the_wall_shows_what_the_donor_chose_and_only_once_paid(
    session: Session, campaign: Campaign, wall: str, name: str, donor: dict[str, str], shown: str | None
) -> None:
    pledge = service.make_pledge(
        session, asked(campaign, wall=wall, wall_name=name, message="Bravo", donor=replace(CAMILLE, **donor))
    )
    assert count(session, WallEntry) == 0
    service.fulfil(session, pledge.id)
    entries = list(session.scalars(select(WallEntry)))
    assert [entry.display_name for entry in entries] == ([] if shown is None else [shown])
    for entry in entries:
        assert (entry.message, entry.message_approved) == ("Bravo", False)
        assert entry.shown_from > clock.now()


def test_an_identity_is_completed_by_the_law_of_the_issuer(session: Session, campaign: Campaign) -> None:
    pledge = service.make_pledge(session, asked(campaign))
    service.fulfil(session, pledge.id)
    with pytest.raises(Refusal) as refusal:
        changes.complete_identity(session, pledge.id, DonorDetails(locale="fr", city="Chambéry", country="FR"))
    assert refusal.value.field in {"address_line", "postcode"}
    assert count_wishes(session) == 0
    home = DonorDetails(
        locale="it",
        first_name="Other",
        email="other@example.org",
        address_line="1 rue",
        postcode="73000",
        city="Chambéry",
        country="FR",
    )
    changes.complete_identity(session, pledge.id, home)
    donor = session.get_one(Donor, (pledge.institution_id, pledge.donor_id))
    assert count_wishes(session) == 1
    assert (donor.first_name, donor.email, donor.city, donor.locale) == (
        "Camille",
        "camille@example.org",
        "Chambéry",
        "fr",
    )


def test_forgotten_pledges_are_let_go_after_a_day(museum: int) -> None:
    with transaction(factories.scope(museum)) as session:
        campaign = factories.make_campaign(session)
        old, new = (
            factories.make_pledge(session, campaign, created_at=clock.now() - timedelta(hours=hours)).id
            for hours in (25, 23)
        )
    tasks.forget_unpaid(museum)
    with transaction(factories.scope(museum)) as session:
        assert service.pledge_of(session, old).state == "expired"
        assert service.pledge_of(session, new).state == "made"


def test_a_reopened_pledge_is_expected_for_a_day_from_then_on(museum: int) -> None:
    with transaction(factories.scope(museum)) as session:
        campaign = factories.make_campaign(session)
        made = factories.make_pledge(session, campaign, created_at=clock.now() - timedelta(days=3)).id
    tasks.forget_unpaid(museum)
    with transaction(factories.scope(museum)) as session:
        service.reopen(session, made)
    tasks.forget_unpaid(museum)
    with transaction(factories.scope(museum)) as session:
        assert service.pledge_of(session, made).state == "made"
        unpaid.forget(session, made, clock.now())  # listed before its donor came back
        assert service.pledge_of(session, made).state == "made"
    with clock.at(clock.now() + timedelta(hours=25)):
        tasks.forget_unpaid(museum)
    with transaction(factories.scope(museum)) as session:
        assert service.pledge_of(session, made).state == "expired"


def test_a_held_pledge_neither_ends_nor_opens_again(session: Session, campaign: Campaign) -> None:
    pledge = service.make_pledge(session, asked(campaign))
    unpaid.hold(session, pledge.id)
    assert service.expire(session, pledge.id).state == "made"
    assert unpaid.forgotten(session, clock.now() + timedelta(days=9)) == []
    with pytest.raises(Conflict, match="do not pay again"):
        service.reopen(session, pledge.id)
    assert service.fulfil(session, pledge.id).held_at is None


HOME = {"address_line": "8 rue des Tanneurs", "postcode": "73000", "city": "Chambéry", "country": "FR"}
AWAY = {"address_line": "Via Po 1", "postcode": "10124", "city": "Torino", "country": "IT"}


def test_what_a_known_donor_tells_anew_counts_once_it_is_paid_for(session: Session, campaign: Campaign) -> None:
    first = service.make_pledge(session, asked(campaign, donor=replace(CAMILLE, **HOME)))
    service.fulfil(session, first.id)
    second = service.make_pledge(session, asked(campaign, donor=replace(CAMILLE, **AWAY)))
    donor = session.scalars(select(Donor)).one()
    assert donor.city == "Chambéry"  # nothing was paid: anybody can type a name
    service.fulfil(session, second.id)
    assert (donor.address_line, donor.city, second.told) == ("Via Po 1", "Torino", None)


def test_what_was_told_for_nothing_is_forgotten(session: Session, campaign: Campaign) -> None:
    service.make_pledge(session, asked(campaign, donor=replace(CAMILLE, **HOME)))
    second = service.make_pledge(session, asked(campaign, donor=replace(CAMILLE, **AWAY)))
    assert second.told is not None
    service.expire(session, second.id)
    service.reopen(session, second.id)
    service.fulfil(session, second.id)
    assert session.scalars(select(Donor.city)).one() == "Chambéry"


def test_the_link_of_an_unpaid_pledge_changes_no_known_address(session: Session, campaign: Campaign) -> None:
    first = service.make_pledge(session, asked(campaign, donor=replace(CAMILLE, **HOME)))
    service.fulfil(session, first.id)
    second = service.make_pledge(session, asked(campaign))
    changes.complete_identity(session, second.id, DonorDetails(locale="fr", **AWAY | {"country": "FR"}))
    donor = session.scalars(select(Donor)).one()
    assert (donor.city, second.wants_receipt) == ("Chambéry", True)
    service.fulfil(session, second.id)
    assert (donor.city, donor.first_name) == ("Torino", "Camille")


def test_a_pledge_in_another_currency_is_a_fault_of_ours(session: Session, campaign: Campaign) -> None:
    with pytest.raises(ValueError, match="kept in EUR"):
        service.make_pledge(session, asked(campaign, amount=Money(5000, "CHF")))


def test_the_reward_of_another_campaign_does_not_exist(session: Session, campaign: Campaign) -> None:
    other = factories.make_reward(session, factories.make_campaign(session))
    with pytest.raises(Refusal) as refusal:
        service.make_pledge(session, asked(campaign, reward_id=other.id))
    assert refusal.value.status == 404
    assert session.scalars(select(Reward.claimed)).one() == 0
