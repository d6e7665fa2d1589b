"""Nothing opens past an open item: each item, and the door itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns import gate, service, tasks
from crowdfund.campaigns.checklist import Facts, open_items
from crowdfund.campaigns.content import read_content
from crowdfund.campaigns.editing import Author, edit_campaign
from crowdfund.campaigns.models import Artwork, Campaign, CampaignDocument
from crowdfund.campaigns.promises import Approver, DecisionKind, WordState
from crowdfund.errors import Conflict, Refusal
from crowdfund.tenancy import transaction
from tests import factories

SOMEBODY = Author(None, "Léa Perrier")


@pytest.fixture
def museum(app: object) -> int:
    return factories.make_institution()


@pytest.fixture
def session(museum: int) -> Iterator[Session]:
    with transaction(factories.scope(museum)) as opened:
        yield opened


@pytest.fixture
def ready(session: Session) -> Campaign:
    later = clock.now() + timedelta(days=3)
    return factories.make_ready(session, factories.make_campaign(session, state="draft", opens_at=later))


def without(name: str) -> Callable[[Facts], Facts]:
    return lambda facts: replace(facts, content={k: v for k, v in facts.content.items() if not k.startswith(name)})


def given(**values: Any) -> Callable[[Facts], Facts]:
    named = {name.replace("__", "."): value for name, value in values.items()}
    return lambda facts: replace(facts, content={**facts.content, **named})


def told(**values: Any) -> Callable[[Facts], Facts]:
    return lambda facts: replace(facts, **values)


@pytest.mark.parametrize(
    ("change", "item"),
    [
        (without("artwork.title"), "object"),
        (without("artwork.provenance"), "object"),
        (without("artwork.image"), "object"),
        (without("campaign.title.fr"), "story"),
        (without("campaign.summary"), "story"),
        (without("story"), "story"),
        (without("artwork.price_minor"), "purchase"),
        (without("artwork.seller"), "purchase"),
        (given(artwork__option_until="2020-01-01"), "deadline"),
        (given(campaign__closes_at="2020-01-01T00:00:00+00:00"), "deadline"),
        (without("campaign.goal_minor"), "funding"),
        (given(campaign__funding_model="threshold"), "funding"),
        (given(campaign__funding_model="threshold", campaign__threshold_minor=10**9), "funding"),
        (given(campaign__tax_regime="it_art_bonus"), "funding"),
        (without("campaign.fallback"), "fallback"),
        (without("campaign.surplus"), "surplus"),
        (given(artwork__price_minor=4_200_001), "plan"),
        (told(refused_rewards=("The catalogue",)), "rewards"),
        (told(decisions=frozenset({"council", "mandate", "accountant"})), "decisions"),
        (told(word_states={"fr": "draft", "it": "approved", "en": "approved"}), "words"),
        (told(word_states={"fr": "approved", "it": "machine", "en": "approved"}), "words"),
        (told(approvals={"curator": 0, "director": 0}), "approvals"),
        (told(revision=1), "approvals"),
    ],
)
def test_each_thing_that_is_missing_opens_its_item_alone(
    session: Session, ready: Campaign, change: Callable[[Facts], Facts], item: str
) -> None:
    facts = gate.facts_of(session, ready)
    assert open_items(facts) == ()
    assert [one.key for one in open_items(change(facts))] == [item]


def test_what_does_not_concern_a_campaign_is_not_asked(session: Session, ready: Campaign) -> None:
    facts = gate.facts_of(session, ready)
    restoration = without("artwork.provenance")(without("artwork.seller")(replace(facts, kind="restoration")))
    assert open_items(replace(restoration, decisions=frozenset({"council", "mandate", "accountant"}))) == ()
    friends = replace(facts, issuer_kind="association_ig", decisions=frozenset({"council"}))
    assert open_items(friends) == ()
    nothing_promised = given(campaign__funding_model="all_or_nothing")(without("campaign.fallback")(facts))
    assert open_items(nothing_promised) == ()


def test_a_draft_with_an_open_item_is_neither_announced_nor_opened(session: Session) -> None:
    campaign = factories.make_campaign(session, state="draft")
    for way in (service.schedule_campaign, service.open_campaign):
        with pytest.raises(Conflict):
            way(session, campaign.id)
    assert campaign.state == "draft"
    factories.make_ready(session, campaign)
    assert service.schedule_campaign(session, campaign.id).state == "scheduled"
    assert service.open_campaign(session, campaign.id).state == "live"


def test_an_announced_campaign_does_not_open_by_itself_past_an_open_item(museum: int) -> None:
    opens = clock.now() + timedelta(hours=1)
    with transaction(factories.scope(museum)) as session:
        campaign = factories.make_ready(session, factories.make_campaign(session, state="draft", opens_at=opens))
        number = service.schedule_campaign(session, campaign.id).id
    with transaction(factories.scope(museum)) as session:
        edit_campaign(session, number, {"campaign.summary.fr": "Other words"}, seen=0, author=SOMEBODY)
    with clock.at(opens + timedelta(minutes=1)):
        tasks.keep_dates(museum)
        with transaction(factories.scope(museum)) as session:
            campaign = session.get_one(Campaign, (museum, number))
            assert campaign.state == "scheduled"
            assert campaign.word_states["fr"] == WordState.DRAFT  # nobody has read the new words
            gate.approve_words(session, campaign, "fr", WordState.APPROVED)
            for part in Approver:
                gate.approve(
                    session, campaign, part, name="A", agreed_on=gate.today_at(session), document="", account_id=None
                )
        tasks.keep_dates(museum)
        with transaction(factories.scope(museum)) as session:
            assert session.get_one(Campaign, (museum, number)).state == "live"


def test_taken_back_a_campaign_is_a_draft(session: Session, ready: Campaign) -> None:
    service.schedule_campaign(session, ready.id)
    assert service.take_back_campaign(session, ready.id).state == "draft"
    with pytest.raises(Conflict):
        service.take_back_campaign(session, ready.id)


def test_a_wrong_reward_holds_the_door_and_names_itself(session: Session, ready: Campaign) -> None:
    wrong = factories.make_reward(
        session, ready, price_minor=15000, fair_value_minor=4500, title={"fr": "Le catalogue"}
    )
    [item] = [one for one in gate.checklist_of(session, ready) if one.open]
    assert (item.key, item.place, item.problems[0][1]) == ("rewards", "rewards", {"title": "Le catalogue"})
    wrong.state = "draft"
    session.flush()
    gate.check_gate(session, ready)


def test_the_issuers_own_mandate_and_the_campaigns_documents_count(session: Session) -> None:
    campaign = factories.make_campaign(session, state="draft")
    given = gate.facts_of(session, campaign).decisions
    assert given == {DecisionKind.MANDATE, DecisionKind.ACCOUNTANT}
    session.add(
        CampaignDocument(campaign_id=campaign.id, state="internal", kind="advice", title={}, locale="fr", position=0,
                         dated_on=date(2026, 1, 1), storage_key="documents/x", sha256="0", size_bytes=1)
    )  # fmt: skip
    assert DecisionKind.COMMISSION in gate.facts_of(session, campaign).decisions
    bare = factories.make_issuer(session, mandate_signed_on=None, accountant_agreed_on=None)
    other = factories.make_campaign(session, state="draft", issuer_id=bare.id)
    assert gate.facts_of(session, other).decisions == set()


def test_a_day_to_come_and_words_that_are_not_there_are_refused(session: Session, ready: Campaign) -> None:
    tomorrow = gate.today_at(session) + timedelta(days=1)
    with pytest.raises(Refusal) as refused:
        gate.note_decision(session, ready, DecisionKind.COUNCIL, reference="1", dated_on=tomorrow, account_id=None)
    assert refused.value.field == "dated_on"
    with pytest.raises(Refusal) as refused:
        gate.approve(session, ready, Approver.CURATOR, name="A", agreed_on=tomorrow, document="", account_id=None)
    assert refused.value.field == "agreed_on"
    ready.title = {"fr": "Only French"}
    with pytest.raises(Refusal):
        gate.approve_words(session, ready, "it", WordState.APPROVED)


def test_once_open_nothing_is_left_to_agree_to(session: Session) -> None:
    live = factories.make_campaign(session)
    with pytest.raises(Conflict):
        gate.approve(
            session, live, Approver.CURATOR, name="A", agreed_on=date(2026, 1, 1), document="", account_id=None
        )


def test_the_flat_table_holds_the_work_and_the_campaign(session: Session, ready: Campaign) -> None:
    content = read_content(session, ready)
    artwork = session.get_one(Artwork, (ready.institution_id, ready.artwork_id))
    assert content["artwork.title.it"] == artwork.title["it"]
    assert content["campaign.goal_minor"] == 4_200_000
    assert content["story.fr"] == "A story"
