"""A campaign from an empty sheet to its announcement, by the pages that people use."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from crowdfund import clock
from crowdfund.campaigns.editing import Author, edit_campaign
from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.campaigns.preparation import Approval, Change
from crowdfund.institutions.rules import Role
from crowdfund.tenancy import transaction
from tests.desk import enter, form_token, make_colleague
from tests.factories import make_campaign, make_institution, make_issuer, make_picture, make_ready, make_reward, scope


@dataclass
class Desk:
    """A museum, and somebody of its staff at one of its drafts."""

    app: Flask
    museum: int
    campaign: int
    role: Role = Role.CURATOR

    def __post_init__(self) -> None:
        self.client: FlaskClient = enter(self.app, make_colleague(self.museum, self.role, f"{self.role}@example.org"))
        self.token = form_token(self.client, "/account/")

    def url(self, part: str = "", campaign: int | None = None) -> str:
        return f"/staff/atelier/campaigns/{campaign or self.campaign}/edit{'/' + part if part else ''}"

    def get(self, part: str = "") -> str:
        answer = self.client.get(self.url(part))
        assert answer.status_code == 200, part
        return answer.text

    def send(self, page: str, given: dict[str, str] | None = None, /, *, script: bool = False, **form: Any) -> Any:
        named = {name.replace("__", "."): value for name, value in form.items()}
        data = {"csrf_token": self.token} | (given or {}) | named
        headers = {"Accept": "application/json"} if script else {}
        return self.client.post(self.url(page), data=data, headers=headers)

    def row(self) -> Campaign:
        with transaction(scope(self.museum)) as session:
            return session.get_one(Campaign, (self.museum, self.campaign))


@pytest.fixture
def museum(app: Flask) -> int:
    return make_institution(slug="atelier", name="Atelier", code="ATE")


@pytest.fixture
def desk(app: Flask, museum: int) -> Desk:
    with transaction(scope(museum)) as session:
        campaign = make_campaign(session, state="draft", slug="pastel", opens_at=clock.now() + timedelta(days=9))
        return Desk(app, museum, campaign.id)


def other(desk: Desk, **fields: Any) -> None:
    """Let a colleague change something meanwhile."""
    wanted = {name.replace("__", "."): value for name, value in fields.items()}
    with transaction(scope(desk.museum)) as session:
        edit_campaign(session, desk.campaign, wanted, seen=99, author=Author(None, "Léa Perrier"))


def test_a_museum_without_campaigns_is_told_how_to_begin(app: Flask, museum: int) -> None:
    client = enter(app, make_colleague(museum, Role.CAMPAIGN_LEAD, "lead@example.org"))
    page = client.get("/staff/atelier/campaigns").text
    assert "No campaign yet" in page
    token = form_token(client, "/account/")
    with transaction(scope(museum)) as session:
        make_issuer(session)
    answer = client.post(
        "/staff/atelier/campaigns", data={"csrf_token": token, "title": "Jeanne", "from": "outline-portrait"}
    )
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "Title of the work" in page
    listed = client.get("/staff/atelier/campaigns").text
    assert "ATE-01" in listed
    assert "points open" in listed
    with transaction(scope(museum)) as session:
        [made] = session.scalars(select(Campaign)).all()
    assert made.story["en"][0]["source"].startswith("## Who is it?")
    again = client.post(
        "/staff/atelier/campaigns", data={"csrf_token": token, "title": "Again", "from": f"copy-{made.id}"}
    )
    assert again.status_code == 303
    refused = client.post("/staff/atelier/campaigns", data={"csrf_token": token, "title": ""})
    assert refused.status_code == 422
    assert "Give the campaign a working title." in refused.text
    for copied, status in (("999999", 404), ("²", 303), ("9" * 30, 303)):  # what is no number begins an empty draft
        sent = {"csrf_token": token, "title": "x", "from": f"copy-{copied}"}
        assert client.post("/staff/atelier/campaigns", data=sent).status_code == status


@pytest.mark.parametrize(
    "part",
    ["", "object", "story", "money", "plan", "rewards", "source/0", "stage/0", "reward/0", "picture", "languages", "decisions",
     "approvals", "preview", "page", "versions", "object?lang=it", "story?lang=xx", "page?lang=it"],
)  # fmt: skip
def test_every_part_opens(desk: Desk, part: str) -> None:
    assert "pastel" in desk.get(part) or "Title" in desk.get(part)


def test_words_and_values_are_kept_in_their_language(desk: Desk) -> None:
    answer = desk.send(
        "object",
        lang="it",
        artwork__title="Ritratto",
        artwork__price_minor="105 000",
        artwork__option_until="2030-05-01",
    )
    assert answer.status_code == 303
    page = desk.get("object?lang=it")
    assert 'value="Ritratto"' in page
    assert 'value="105000"' in page
    assert "The work (fr)" in page  # what the museum's own language says, beside
    assert 'value="The work (fr)"' in desk.get("object")
    desk.send(
        "money",
        campaign__closes_at="2030-06-30",
        campaign__suggested_minor="10 20 50",
        campaign__funding_model="threshold",
    )
    row = desk.row()
    assert row.closes_at.isoformat() == "2030-06-30T22:00:00+00:00"  # midnight in Paris
    assert (row.suggested_minor, row.funding_model) == ([1000, 2000, 5000], "threshold")
    assert 'value="2030-06-30"' in desk.get("money")


@pytest.mark.parametrize(
    ("part", "field", "typed", "said"),
    [
        ("object", "artwork__title", "x" * 201, "too long"),
        ("object", "artwork__price_minor", "much", "Write the amount in figures"),
        ("object", "artwork__price_minor", "-5", "above zero"),
        ("object", "artwork__option_until", "spring", "Write the day like this"),
        ("money", "campaign__closes_at", "", "Write the day like this"),
        ("money", "campaign__funding_model", "luck", "Choose one"),
        ("money", "campaign__tax_regime", "it_art_bonus", "Choose one"),
        ("money", "campaign__suggested_minor", "1 2 3 4 5 6", "one to five"),
        ("money", "campaign__minimum_minor", "", "This is missing"),
        ("story", "story", "<div>" * 200, "nested too deeply"),
        ("story", "story", "x" * 60_001, "60000"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    desk: Desk, part: str, field: str, typed: str, said: str
) -> None:
    answer = desk.send(part, {field.replace("__", "."): typed}, artwork__maker="Anonymous, Savoy")
    assert answer.status_code == 422
    assert said in answer.text
    assert f'id="e-{field.replace("__", ".")}"' in answer.text
    if part == "object":
        assert "Anonymous, Savoy" in answer.text
    assert desk.row().revision == 0


def test_a_script_keeps_while_one_types(desk: Desk) -> None:
    answer = desk.send("story", script=True, revision="0", campaign__title="Jeanne")
    told = json.loads(answer.text)
    assert (answer.status_code, told["revision"]) == (200, 1)
    assert told["said"].startswith("Kept at")
    refused = desk.send("story", script=True, revision="1", campaign__title="x" * 300)
    assert refused.status_code == 422
    assert "too long" in json.loads(refused.text)["said"]


def test_two_people_see_both_versions_and_lose_nothing(desk: Desk) -> None:
    form = desk.get("story")
    seen = re.search(r'name="revision" value="(\d+)"', form)
    assert seen is not None
    other(desk, campaign__title__fr="By Léa")
    script = desk.send("story", script=True, revision=seen[1], campaign__title="By Solène")
    assert script.status_code == 409
    answer = desk.send("story", revision=seen[1], campaign__title="By Solène", campaign__summary="My words")
    assert answer.status_code == 409
    assert "By Léa" in answer.text
    assert 'value="By Solène"' in answer.text
    assert "My words" in answer.text
    assert desk.row().title["fr"] == "By Léa"
    now = re.search(r'name="revision" value="(\d+)"', answer.text)
    assert now is not None
    assert desk.send("story", revision=now[1], campaign__title="By Solène").status_code == 303
    assert desk.row().title["fr"] == "By Solène"
    page = desk.get("versions")
    assert "<del>Léa</del>" in page
    assert "<ins>Solène</ins>" in page


def test_a_reward_is_judged_as_it_is_kept(desk: Desk) -> None:
    wrong = {
        "title": "Le catalogue",
        "price_minor": "150",
        "fair_value_minor": "45",
        "fulfilment": "postal",
        "state": "offered",
    }
    answer = desk.send("reward/0", wrong)
    assert answer.status_code == 303
    page = desk.client.get(answer.location).text
    assert "30 per cent of the gift" in page
    assert "€37.50" in page
    assert "Too much" in desk.get("rewards")
    assert "breaks the tax rules" in desk.get()
    with transaction(scope(desk.museum)) as session:
        reward = session.scalars(select(Reward)).one()
    told = json.loads(
        desk.send(f"reward/{reward.id}", wrong | {"fair_value_minor": "37"}, script=True, revision="1").text
    )
    assert told["fine"] is True
    assert "within what the law allows" in told["law"]
    assert desk.send(f"reward/{reward.id}/remove").status_code == 303
    with transaction(scope(desk.museum)) as session:
        assert session.scalars(select(Reward)).all() == []


@pytest.mark.parametrize(
    ("kind", "form", "field"),
    [
        ("reward", {"title": "", "price_minor": "5", "fulfilment": "wall", "state": "offered"}, "title"),
        ("reward", {"title": "x", "price_minor": "0", "fulfilment": "wall", "state": "offered"}, "price_minor"),
        ("reward", {"title": "x", "price_minor": "5", "fulfilment": "pigeon", "state": "offered"}, "fulfilment"),
        (
            "reward",
            {"title": "x", "price_minor": "5", "fulfilment": "wall", "state": "offered", "stock": "none"},
            "stock",
        ),
        ("source", {"label": "", "kind": "city", "amount_minor": "5", "certainty": "firm"}, "label"),
        ("stage", {"title": "x", "amount_minor": "much"}, "amount_minor"),
    ],
)
def test_a_wrong_row_keeps_its_form(desk: Desk, kind: str, form: dict[str, str], field: str) -> None:
    answer = desk.send(f"{kind}/0", form)
    assert answer.status_code == 422
    assert f'id="e-{field}"' in answer.text


def test_rows_of_another_campaign_or_of_none_are_not_there(desk: Desk) -> None:
    with transaction(scope(desk.museum)) as session:
        foreign = make_reward(session, make_campaign(session)).id
    for part in (f"reward/{foreign}", "reward/999999", f"reward/{2**63}"):
        assert desk.client.get(desk.url(part)).status_code == 404
        assert desk.send(part, title="x", price_minor="5", fulfilment="wall", state="offered").status_code == 404
        assert desk.send(f"{part}/remove").status_code == 404


def test_the_work_is_shown_by_a_picture_of_the_museum_alone(desk: Desk) -> None:
    with transaction(scope(desk.museum)) as session:
        own = make_picture(session).id
    with transaction(scope(make_institution())) as session:
        foreign = make_picture(session).id
    assert desk.send("picture", picture=str(own)).status_code == 303
    assert "checked" in desk.get("picture")
    assert "/pictures/" in desk.get("page")
    assert desk.send("picture", picture=str(foreign)).status_code == 404
    assert desk.send("picture", picture="").status_code == 422


def test_a_reward_is_shown_by_a_picture_of_the_museum_or_by_none(desk: Desk) -> None:
    with transaction(scope(desk.museum)) as session:
        own = make_picture(session)
        reward = make_reward(session, session.get_one(Campaign, (desk.museum, desk.campaign))).id
        elsewhere = make_reward(session, make_campaign(session)).id
    with transaction(scope(make_institution())) as session:
        foreign = make_picture(session).id
    here = f"reward/{reward}/picture"
    assert "No picture" in desk.get(here)
    assert desk.send(here, picture=str(own.id)).status_code == 303
    assert "checked" in desk.get(here).split(f'value="{own.id}"')[1][:9]
    assert f"/pictures/{own.digest}/" in desk.get(f"reward/{reward}")
    tier = desk.get("page?lang=it").split('class="tier"')[1]
    assert f'src="/pictures/{own.digest}/960.jpg"' in tier
    assert 'alt="Picture (it)"' in tier
    assert desk.send(here, picture=str(foreign)).status_code == 404
    assert desk.send(here, picture="x").status_code == 422
    for number in (elsewhere, 2**63):
        assert desk.client.get(desk.url(f"reward/{number}/picture")).status_code == 404
        assert desk.send(f"reward/{number}/picture", picture=str(own.id)).status_code == 404
    assert desk.send(here, picture="").status_code == 303
    assert f"/pictures/{own.digest}/" not in desk.get("page?lang=it")


def test_a_picture_without_words_in_a_language_that_is_read_holds_the_gate(desk: Desk) -> None:
    with transaction(scope(desk.museum)) as session:
        mute = make_picture(session, alt={"fr": "Une couturière"})
        told = make_picture(session, alt={"fr": "Un dos", "en": "A back"})
        unused = make_picture(session, alt={"fr": "Ailleurs"})
        reward = make_reward(session, session.get_one(Campaign, (desk.museum, desk.campaign))).id
    desk.send("picture", picture=str(mute.id))
    desk.send(f"reward/{reward}/picture", picture=str(told.id))
    page = desk.get()
    for number, locale in ((mute.id, "it"), (mute.id, "en"), (told.id, "it")):
        assert f'href="/staff/atelier/pictures/{number}#alt_{locale}"' in page
    assert f"pictures/{unused.id}#" not in page
    assert f"pictures/{told.id}#alt_en" not in page
    assert "“Une couturière” is not described in Italian." in page
    other(desk, campaign__summary__it="")  # nobody will read the page in Italian
    assert "#alt_it" not in desk.get()
    desk.client.post(
        f"/staff/atelier/pictures/{mute.id}",
        data={"csrf_token": desk.token, "alt_fr": "Une couturière", "alt_en": "A seamstress"},
    )
    assert "Pictures in words" in desk.get()
    assert "#alt_" not in desk.get()


def test_the_story_shows_pictures_and_no_script(desk: Desk) -> None:
    with transaction(scope(desk.museum)) as session:
        picture = make_picture(session, credit="Photo J. Rey")
    story = f"Words.\n\n[picture:{picture.id} The back]\n\n<script>alert(1)</script>More"
    assert desk.send("story", story=story).status_code == 303
    page = desk.get("page")
    assert f"/pictures/{picture.digest}/480.avif" in page
    assert "The back Photo J. Rey" in page
    assert "alert(1)" not in page


def test_the_preview_is_framed_by_its_own_site_alone(desk: Desk, client: FlaskClient) -> None:
    holder = desk.client.get(desk.url("preview"))
    assert "frame-src 'self'" in holder.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in holder.headers["Content-Security-Policy"]
    page = desk.client.get(desk.url("page?lang=en"))
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "only the museum" in page.text
    assert client.get("/en/atelier/pastel/").status_code == 404  # a draft stays one


def test_a_page_that_is_not_written_in_a_language_says_so(desk: Desk) -> None:
    other(desk, campaign__title__it="")
    assert "Il museo non ha ancora scritto questa pagina" in desk.get("page?lang=it")


def test_from_a_draft_to_its_announcement(app: Flask, desk: Desk) -> None:
    lead = Desk(app, desk.museum, desk.campaign, Role.CAMPAIGN_LEAD)
    soon = (clock.now() + timedelta(days=5)).strftime("%Y-%m-%dT09:00")
    refused = lead.send("schedule", opens=soon)
    assert refused.status_code == 409
    assert "Something is still missing" in refused.text
    with transaction(scope(desk.museum)) as session:
        make_ready(session, session.get_one(Campaign, (desk.museum, desk.campaign)))
    assert "Everything is settled" in desk.get()
    assert lead.send("schedule", opens="whenever").status_code == 422
    assert desk.send("schedule", opens=soon).status_code == 403  # a curator does not decide when
    assert lead.send("schedule", opens=soon).status_code == 303
    assert desk.row().state == "scheduled"
    assert "Make it a draft again" in lead.get()
    desk.send("story", campaign__summary="Other words", revision="0")
    assert "It does not open while a point is open." in lead.get()
    assert lead.send("unschedule").status_code == 303
    assert desk.row().state == "draft"
    assert lead.send("unschedule").status_code == 409


def test_each_agrees_for_themselves_and_the_owner_for_who_wrote_elsewhere(app: Flask, desk: Desk) -> None:
    yes = {"name": "S. Favre", "agreed_on": clock.now().date().isoformat(), "document": "Mail of Monday"}
    assert desk.send("approvals", {"part": "curator"} | yes).status_code == 303
    assert desk.send("approvals", {"part": "finance"} | yes).status_code == 403
    finance = Desk(app, desk.museum, desk.campaign, Role.FINANCE)
    assert finance.send("approvals", {"part": "finance"} | yes).status_code == 303
    assert finance.client.get(desk.url("story")).status_code == 403  # reads the preview, edits nothing
    owner = Desk(app, desk.museum, desk.campaign, Role.OWNER)
    assert owner.send("approvals", {"part": "director"} | yes).status_code == 303
    lead = Desk(app, desk.museum, desk.campaign, Role.CAMPAIGN_LEAD)
    assert lead.send("approvals", {"part": "curator"} | yes).status_code == 403
    with transaction(scope(desk.museum)) as session:
        assert {one.part for one in session.scalars(select(Approval))} == {"curator", "director", "finance"}
    for wrong in ({"name": ""}, {"agreed_on": "soon"}, {"part": "cat"}, {"agreed_on": "2999-01-01"}):
        field = next(iter(wrong))
        answer = owner.send("approvals", {"part": "director"} | yes | wrong)
        assert answer.status_code == 422
        assert f'href="#{field}"' in answer.text


def test_decisions_are_noted_with_day_and_place(desk: Desk) -> None:
    noted = {"kind": "council", "reference": "2026-114", "dated_on": "2026-02-01"}
    assert desk.send("decisions", noted).status_code == 303
    assert "2026-114" in desk.get("decisions")
    for wrong in ({"kind": "rumour"}, {"reference": ""}, {"dated_on": ""}, {"dated_on": "2999-01-01"}):
        assert desk.send("decisions", noted | wrong).status_code == 422


def test_a_language_is_approved_by_who_may(app: Flask, desk: Desk) -> None:
    assert desk.send("languages", locale="it", state="machine").status_code == 303
    assert "Machine translation" in desk.get("languages")
    assert desk.send("languages", locale="it", state="approved").status_code == 303
    lead = Desk(app, desk.museum, desk.campaign, Role.CAMPAIGN_LEAD)
    assert lead.send("languages", locale="fr", state="approved").status_code == 403
    assert desk.send("languages", locale="xx", state="approved").status_code == 422
    assert desk.send("languages", locale="fr", state="perfect").status_code == 422
    other(desk, campaign__title__en="")
    assert desk.send("languages", locale="en", state="approved").status_code == 422


def test_versions_lead_back(desk: Desk) -> None:
    other(desk, campaign__title__fr="One")
    desk.send("story", campaign__title="Two", revision="1")
    assert desk.send("versions/1/restore").status_code == 303
    assert desk.row().title["fr"] == "One"
    assert "Back to version 1" in desk.get("versions")
    assert desk.send("versions/99/restore").status_code == 404


def test_an_open_campaign_asks_for_a_reason_and_shows_what_is_fixed(desk: Desk) -> None:
    with transaction(scope(desk.museum)) as session:
        live = make_campaign(session, slug="live")
        reward = make_reward(session, live)
        desk.campaign = live.id
    page = desk.get("money")
    assert "Donors give on this promise" in page
    assert "readonly" in page
    assert "data-autosave" not in page
    refused = desk.send("story", campaign__summary="Better", revision="0")
    assert refused.status_code == 422
    assert 'id="e-note"' in refused.text
    assert desk.send("story", campaign__summary="Better", revision="0", note="A slip").status_code == 303
    assert desk.send("money", campaign__goal_minor="1", revision="1", note="x").status_code == 409
    assert desk.send(f"reward/{reward.id}/remove", note="x").status_code == 409
    with transaction(scope(desk.museum)) as session:
        assert [one.note for one in session.scalars(select(Change))] == ["A slip"]
