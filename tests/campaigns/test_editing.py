"""Two people at one campaign: nothing is lost; every change has its before; what donors gave on stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns import drafts, gate
from crowdfund.campaigns.content import read_content, rows_of
from crowdfund.campaigns.editing import Author, Clash, add_row, changes_of, edit_campaign, restore_campaign
from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.campaigns.preparation import Approval, Decision
from crowdfund.campaigns.promises import WordState
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.tenancy import transaction
from tests import factories

LEA, SOLENE = Author(1, "Léa Perrier"), Author(2, "Solène Favre")
TITLE, SUMMARY = "campaign.title.fr", "campaign.summary.fr"
REWARD = {
    "position": 1, "title": {"fr": "Carte"}, "description": {}, "price_minor": 5000, "fair_value_minor": 100,
    "valued_on": "2026-01-01", "symbolic": False, "fulfilment": "postal", "stock": None, "state": "offered", "image": None,
}  # fmt: skip


@pytest.fixture
def museum(app: object) -> int:
    return factories.make_institution(code="ESS")


@pytest.fixture
def session(museum: int) -> Iterator[Session]:
    with transaction(factories.scope(museum)) as opened:
        yield opened


@pytest.fixture
def draft(session: Session) -> Campaign:
    return factories.make_campaign(session, state="draft")


def content(session: Session, campaign: Campaign) -> dict[str, object]:
    session.expire_all()
    return read_content(session, campaign)


def test_a_change_is_kept_with_what_was_there(session: Session, draft: Campaign) -> None:
    version = draft.version
    edit_campaign(session, draft.id, {TITLE: "Jeanne", "campaign.goal_minor": 4_200_000}, seen=0, author=LEA)
    [change] = changes_of(session, draft.id)
    assert change.fields == {TITLE: ["Title (fr)", "Jeanne"]}  # the goal was so already
    assert (change.number, change.name) == (1, "Léa Perrier")
    assert content(session, draft)[TITLE] == "Jeanne"
    assert draft.version > version
    edit_campaign(session, draft.id, {TITLE: "Jeanne"}, seen=1, author=LEA)
    assert draft.revision == 1  # nothing changed: no version


def test_what_two_people_change_in_different_fields_is_both_kept(session: Session, draft: Campaign) -> None:
    edit_campaign(session, draft.id, {TITLE: "By Léa", SUMMARY: "Summary (fr)"}, seen=0, author=LEA)
    edit_campaign(session, draft.id, {TITLE: "Title (fr)", SUMMARY: "By Solène"}, seen=0, author=SOLENE)
    after = content(session, draft)
    assert (after[TITLE], after[SUMMARY]) == ("By Léa", "By Solène")


def test_where_both_changed_the_same_nothing_is_written_and_both_are_told(session: Session, draft: Campaign) -> None:
    edit_campaign(session, draft.id, {TITLE: "By Léa"}, seen=0, author=LEA)
    with pytest.raises(Clash) as clash:
        edit_campaign(session, draft.id, {TITLE: "By Solène", SUMMARY: "Also"}, seen=0, author=SOLENE)
    [theirs] = clash.value.theirs
    assert (theirs.field, theirs.value, theirs.name) == (TITLE, "By Léa", "Léa Perrier")
    assert clash.value.status == 409
    after = content(session, draft)
    assert (after[TITLE], after[SUMMARY]) == ("By Léa", "Summary (fr)")
    # shown both, Solène keeps hers
    edit_campaign(session, draft.id, {TITLE: "By Solène"}, seen=clash.value.revision, author=SOLENE)
    assert content(session, draft)[TITLE] == "By Solène"
    # and where both wrote the same, there is nothing to tell
    edit_campaign(session, draft.id, {TITLE: "By Solène"}, seen=0, author=LEA)


def test_going_back_brings_everything_back_and_can_be_undone(session: Session, draft: Campaign) -> None:
    edit_campaign(session, draft.id, {TITLE: "One"}, seen=0, author=LEA)
    number = add_row(session, draft.id, "reward", REWARD, author=LEA)
    edit_campaign(session, draft.id, {TITLE: "Two", "story.fr": "# A story"}, seen=2, author=LEA)
    edit_campaign(session, draft.id, {f"reward.{number}": None}, seen=3, author=SOLENE)
    assert rows_of(session, "reward", draft.id) == []
    restore_campaign(session, draft.id, 2, author=SOLENE)
    session.flush()
    after = content(session, draft)
    assert (after[TITLE], after.get("story.fr")) == ("One", None)
    assert after[f"reward.{number}"] == REWARD  # under the number it had
    assert draft.revision == 5
    restore_campaign(session, draft.id, 4, author=LEA)
    session.flush()
    after = content(session, draft)
    assert (after[TITLE], after["story.fr"], f"reward.{number}" in after) == ("Two", "# A story", False)
    for wrong in (-1, 99):
        with pytest.raises(NotFound):
            restore_campaign(session, draft.id, wrong, author=LEA)


def test_new_words_take_back_the_approval_of_their_language_alone(session: Session, draft: Campaign) -> None:
    factories.make_ready(session, draft)
    edit_campaign(session, draft.id, {"campaign.title.it": "Altro"}, seen=0, author=LEA)
    assert draft.word_states == {"fr": WordState.APPROVED, "it": WordState.DRAFT, "en": WordState.APPROVED}
    assert [item.key for item in gate.checklist_of(session, draft) if item.open] == ["words", "approvals"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"campaign.goal_minor": 1},
        {"campaign.funding_model": "all_or_nothing"},
        {"campaign.fallback.fr": "Otherwise"},
        {"campaign.fallback.it": ""},
        {"campaign.minimum_minor": 9999},
        {"campaign.closes_at": "2030-01-01T00:00:00+00:00"},
        {"artwork.price_minor": 1},
    ],
)
def test_what_donors_gave_on_stays(session: Session, wanted: dict[str, object]) -> None:
    live = factories.make_campaign(session)
    before = content(session, live)
    with pytest.raises(Conflict):
        edit_campaign(session, live.id, wanted, seen=0, author=LEA, note="because")
    with pytest.raises(Conflict):  # not in company either
        edit_campaign(session, live.id, {TITLE: "New", **wanted}, seen=0, author=LEA, note="because")
    assert content(session, live) == before


def test_other_words_of_an_open_campaign_change_with_a_reason(session: Session) -> None:
    live = factories.make_campaign(session)
    with pytest.raises(Refusal) as refused:
        edit_campaign(session, live.id, {SUMMARY: "Better"}, seen=0, author=LEA)
    assert refused.value.field == "note"
    edit_campaign(session, live.id, {SUMMARY: "Better"}, seen=0, author=LEA, note="A slip")
    assert changes_of(session, live.id)[0].note == "A slip"


def test_rewards_of_an_open_campaign_may_come_and_end_but_not_change(session: Session) -> None:
    live = factories.make_campaign(session)
    number = add_row(session, live.id, "reward", REWARD, author=LEA, note="One more")
    field = f"reward.{number}"
    for changed in ({**REWARD, "price_minor": 6000}, {**REWARD, "fair_value_minor": 1}, None):
        with pytest.raises(Conflict):
            edit_campaign(session, live.id, {field: changed}, seen=live.revision, author=LEA, note="x")
    edit_campaign(session, live.id, {field: {**REWARD, "state": "withdrawn"}}, seen=live.revision, author=LEA, note="x")
    assert session.get_one(Reward, (live.institution_id, number)).state == "withdrawn"


def test_no_less_of_a_reward_is_offered_than_donors_have_chosen(session: Session) -> None:
    campaign = factories.make_campaign(session)
    reward = factories.make_reward(session, campaign, stock=5, claimed=3)
    less = content(session, campaign)[f"reward.{reward.id}"] | {"stock": 2}  # type: ignore[operator] # a row is a mapping
    with pytest.raises(Refusal) as refused:
        edit_campaign(session, campaign.id, {f"reward.{reward.id}": less}, seen=0, author=LEA, note="Fewer")
    assert refused.value.field == "stock"
    edit_campaign(session, campaign.id, {f"reward.{reward.id}": less | {"stock": 3}}, seen=0, author=LEA, note="Fewer")
    assert session.get_one(Reward, (campaign.institution_id, reward.id)).stock == 3


def test_a_drafts_opening_gives_way_to_its_last_day_and_an_announced_one_stands(
    session: Session, draft: Campaign
) -> None:
    draft.opens_at = clock.now() + timedelta(days=42)
    wanted = {"campaign.closes_at": (clock.now() + timedelta(days=30)).isoformat()}
    edit_campaign(session, draft.id, wanted, seen=0, author=LEA)
    assert draft.opens_at < draft.closes_at < clock.now() + timedelta(days=31)
    other = factories.make_ready(session, factories.make_campaign(session, state="draft"), "scheduled")
    before = other.closes_at
    wanted = {"campaign.closes_at": (other.opens_at - timedelta(days=1)).isoformat()}
    with pytest.raises(Refusal) as refused:
        edit_campaign(session, other.id, wanted, seen=0, author=LEA)
    assert refused.value.field == "campaign.closes_at"
    session.refresh(other)
    assert other.closes_at == before


@pytest.mark.parametrize("state", ["ended", "succeeded", "withdrawn"])
def test_what_is_over_stays_as_it_is(session: Session, state: str) -> None:
    over = factories.make_campaign(session, state=state)
    with pytest.raises(Conflict):
        edit_campaign(session, over.id, {SUMMARY: "x"}, seen=0, author=LEA, note="x")
    with pytest.raises(Conflict):
        add_row(session, over.id, "reward", REWARD, author=LEA, note="x")
    with pytest.raises(Conflict):
        restore_campaign(session, over.id, 0, author=LEA, note="x")


def test_a_row_of_another_campaign_is_not_touched(session: Session, draft: Campaign) -> None:
    other = factories.make_reward(session, factories.make_campaign(session))
    edit_campaign(session, draft.id, {f"reward.{other.id}": None}, seen=0, author=LEA)
    session.flush()
    assert session.get_one(Reward, (draft.institution_id, other.id)) is not None


def test_another_museums_campaign_is_not_there(draft: Campaign) -> None:
    with transaction(factories.scope(factories.make_institution())) as other:
        with pytest.raises(NotFound):
            edit_campaign(other, draft.id, {TITLE: "x"}, seen=0, author=LEA)
        with pytest.raises(NotFound):
            restore_campaign(other, draft.id, 0, author=LEA)
        with pytest.raises(NotFound):
            drafts.copy_campaign(other, draft.id, "x", author=LEA)


def test_a_draft_begins_empty_with_its_own_code_and_address(session: Session) -> None:
    factories.make_issuer(session)
    made = [drafts.begin_draft(session, "L’Œuvre de la rue Croix-d’Or !", author=LEA) for _ in range(2)]
    assert [one.slug for one in made] == ["l-oeuvre-de-la-rue-croix-d-or", "l-oeuvre-de-la-rue-croix-d-or-2"]
    assert [one.code for one in made] == ["ESS-01", "ESS-02"]
    assert made[0].state == "draft"
    assert made[0].closes_at > made[0].opens_at > clock.now() + timedelta(days=30)
    with pytest.raises(Refusal) as refused:
        drafts.begin_draft(session, "", author=LEA)
    assert refused.value.field == "title"


def test_a_museum_without_an_issuer_hears_so(session: Session) -> None:
    with pytest.raises(Refusal):
        drafts.begin_draft(session, "x", author=LEA)


@pytest.mark.parametrize("template", list(drafts.TEMPLATES))
def test_an_outline_stands_in_each_language_of_the_museum(session: Session, template: str) -> None:
    factories.make_issuer(session)
    made = drafts.begin_draft(session, "x", author=LEA, template=template)
    assert {locale for locale, blocks in made.story.items() if blocks} == {"fr", "it", "en"}
    assert made.kind == drafts.TEMPLATES[template].kind


def test_a_copy_says_what_its_model_says_and_nobody_has_agreed_to_it(session: Session) -> None:
    model = factories.make_ready(session, factories.make_campaign(session, state="draft"))
    factories.make_reward(session, model)
    made = drafts.copy_campaign(session, model.id, "Again", author=LEA)
    session.expire_all()
    before, after = read_content(session, model), read_content(session, made)
    changed = {name for name in before if not name.startswith("reward.") and before[name] != after.get(name)}
    assert changed == {TITLE, "campaign.closes_at"}
    assert [row.price_minor for row in rows_of(session, "reward", made.id)] == [5000]
    assert made.word_states == {}
    for table in (Approval, Decision):
        assert session.scalars(select(table).where(table.campaign_id == made.id)).all() == []
