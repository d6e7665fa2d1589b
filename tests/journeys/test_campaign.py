"""A campaign from an empty sheet to its plaque, by three people in three browsers; each is refused what is not theirs."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from crowdfund import books, clock
from crowdfund.institutions.bank import set_bank_details
from crowdfund.institutions.rules import Role
from crowdfund.tenancy import transaction
from tests.counter.conftest import DETAILS
from tests.counter.test_statements import camt, paid
from tests.journeys.test_desk import at_desk, promise
from tests.journeys.town import Town

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.timeout(600)]


@dataclass
class Staff:
    """One person of the museum at a browser of their own."""

    page: Page
    home: str

    def go(self, path: str) -> Page:
        """Open a page of the desk, as somebody who may."""
        answer = self.page.goto(f"{self.home}{path}")
        assert answer is not None
        assert answer.status == 200, (path, answer.status)
        return self.page

    def refused(self, path: str) -> None:
        """Open a page that is not theirs."""
        answer = self.page.goto(f"{self.home}{path}")
        assert answer is not None
        assert answer.status == 403, (path, answer.status)

    def press(self, name: str, *, exact: bool = True) -> None:
        """Press a button and wait for what it leads to; anything but success fails the test."""
        with self.page.expect_navigation() as led:
            self.page.get_by_role("button", name=name, exact=exact).first.click()
        assert led.value is not None
        assert led.value.status == 200, self.page.locator("main").inner_text()


@dataclass
class People:
    """The director, the volunteer at the desk and the finance officer of one town."""

    town: Town
    director: Staff
    desk: Staff
    finance: Staff
    draft: str = ""  # the editor's address of the campaign, within the desk


@pytest.fixture
def people(town: Town, browser: Browser) -> Iterator[People]:
    with transaction(town.scope) as session:
        set_bank_details(session, town.issuer_id, DETAILS)
    contexts = [at_desk(browser, town, role) for role in (Role.DIRECTOR, Role.DESK, Role.FINANCE)]
    home = f"{town.stack.url}/staff/{town.slug}"
    director, desk, finance = (Staff(context.new_page(), home) for context in contexts)
    yield People(town, director, desk, finance)
    for context in contexts:
        context.close()


def test_a_campaign_from_its_empty_sheet_to_its_end(people: People) -> None:
    a_draft_is_written(people)
    three_agree_and_it_opens(people)
    a_card_three_cheques_a_transfer_and_a_box(people)
    a_question_and_a_letter(people)
    rewards_go_out(people)
    it_ends(people)
    a_plaque_is_signed(people)
    people.town.work()
    assert list(books.check_museum(people.town.museum, people.town.slug)) == []


def a_draft_is_written(people: People) -> None:
    """Begin with nothing, and fill in every part that the checklist asks for."""
    director = people.director
    page = director.go("/campaigns")
    page.fill("#title", "La viole d’Arvières")
    director.press("Begin")
    people.draft = page.url.removeprefix(director.home).removesuffix("/object")
    expect(director.go(people.draft).get_by_text("points are open").first).to_be_visible()
    people.finance.refused(f"{people.draft}/object")
    people.desk.refused(f"{people.draft}/object")

    page = director.go("/pictures")
    page.set_input_files("#file", {"name": "viole.png", "mimeType": "image/png", "buffer": _drawing()})
    for lang in ("fr", "it", "en"):
        page.fill(f"#alt_{lang}", "A bass viol of dark wood")
    director.press("Add the picture")
    page = director.go(f"{people.draft}/picture")
    page.locator("input[name=picture]").first.check()
    director.press("Show the work by this picture")

    part(people, "object", {
        "artwork.title": "Basse de viole", "artwork.provenance": "Famille de Savoie, depuis 1712",
        "artwork.seller": "Une famille de Savoie", "artwork.price_minor": "1 000",
    })  # fmt: skip
    part(people, "story", {
        "campaign.title": "La viole d’Arvières", "campaign.summary": "Elle a sonné ici, elle revient.",
        "story": "## Trois siècles\n\nElle est **intacte**.",
    })  # fmt: skip
    last_day = (clock.now() + timedelta(days=40)).date().isoformat()
    part(people, "money", {
        "campaign.goal_minor": "800", "campaign.fallback": "Au fonds d’acquisition", "campaign.surplus": "À son archet",
        "campaign.closes_at": last_day,
    })  # fmt: skip
    part(people, "source/0", {"label": "Ville", "amount_minor": "200"})
    part(
        people,
        "reward/0",
        {"title": "Une carte de la viole", "price_minor": "20", "fulfilment": "pick_up", "symbolic": "1"},
    )


def part(people: People, name: str, fields: dict[str, str]) -> None:
    """Fill in one part of the editor and keep it."""
    page = people.director.go(f"{people.draft}/{name}")
    for field, value in fields.items():
        at = page.locator(f"[id='{field}']")
        match at.evaluate("one => one.tagName + one.type"):
            case "INPUTcheckbox":
                at.check()
            case "SELECTselect-one":
                at.select_option(value)
            case _:
                at.fill(value)
    people.director.press("Keep")


def three_agree_and_it_opens(people: People) -> None:
    """Note the decisions, approve the words, agree one by one; only then it may be announced. Then let its minute come."""
    director, town = people.director, people.town
    for kind in ("commission", "council"):
        page = director.go(f"{people.draft}/decisions")
        page.select_option("#kind", kind)
        page.fill("#reference", "2026-114")
        page.fill("#dated_on", "2026-02-01")
        director.press("Note it")
    director.go(f"{people.draft}/languages")
    director.page.locator("button[value=approved]").first.click()
    page = director.go(people.draft)
    page.get_by_role("button", name="Announce the campaign").click()
    expect(page.get_by_text("Something is still missing").first).to_be_visible()
    for who, yes in ((director, "curator"), (director, "director"), (people.finance, "finance")):
        page = who.go(f"{people.draft}/approvals")
        page.select_option("#part", yes)
        who.press("Agree")
    assert people.desk.go(f"{people.draft}/approvals").get_by_role("button", name="Agree", exact=True).count() == 0

    page = director.go(people.draft)
    expect(page.get_by_text("Everything is settled")).to_be_visible()
    director.press("Announce the campaign")
    campaign_id = int(re.findall(r"/campaigns/(\d+)/", people.draft)[0])
    town.stack.sql("UPDATE campaigns SET opens_at = now() WHERE id = %s", campaign_id)  # its minute comes
    town.wait(lambda: _state(town, campaign_id) == "live", 90)
    town.campaign_id = campaign_id
    [row] = town.stack.sql("SELECT slug FROM campaigns WHERE id = %s", campaign_id)
    town.campaign_slug = row["slug"]


def a_card_three_cheques_a_transfer_and_a_box(people: People) -> None:
    """Let money come in every way the desk knows; what one person notes another approves."""
    town, desk, finance = people.town, people.desk, people.finance
    page = town.page(reward=str(reward_of(town)), wall="short", news_museum="1")
    town.come_back(town.pay(page))
    town.booked()

    desk.go("/desk/cheques")
    desk.page.select_option("#campaign", str(town.campaign_id))  # kept from cheque to cheque
    desk.press("Begin a batch")
    for number, amount in enumerate(("20", "30", "40")):
        desk.page.fill("#amount", amount)
        desk.page.fill("#last_name", f"Martinod{number}")
        desk.page.keyboard.press("Enter")
        expect(desk.page.get_by_text(f"Martinod{number}").first).to_be_visible()
    desk.page.fill("#control_count", "3")
    desk.page.fill("#control_total", "90")
    with desk.page.expect_navigation():
        desk.page.locator("#control_total").press("Enter")
    assert desk.page.get_by_role("button", name="Approve the batch").count() == 0
    finance.go("/desk/cheques").get_by_role("link", name="Slip no. 1").click()
    finance.press("Approve the batch")

    pledge = promise(town, 5000, "bank_transfer", "Huart")
    desk.go("/desk/statements")
    content = camt(paid(pledge, "49.97"))
    desk.page.set_input_files("#file", {"name": "week.xml", "mimeType": "text/xml", "buffer": content})
    desk.press("Look at it")
    desk.press("Take 1 line in")
    desk.go("/desk/lines")
    desk.press("It is this one", exact=False)
    finance.go("/desk/lines?state=matched")
    finance.press("Approve what is ticked")

    desk.go("/desk/counts/new?kind=box")
    desk.page.select_option("#campaign", str(town.campaign_id))
    desk.page.fill("#n1000", "3")
    desk.press("Keep my count")
    finance.go("/desk/counts").get_by_role("link", name="Glass box").click()
    finance.page.fill("#total", "30")
    finance.press("Confirm my count")
    people.director.refused("/desk/counts/new?kind=box")
    [kept] = town.stack.sql("SELECT sum(amount_minor) AS n FROM gifts WHERE campaign_id = %s", town.campaign_id)
    assert kept["n"] == 5000 + 9000 + 4997 + 3000


def a_question_and_a_letter(people: People) -> None:
    """Somebody asks on the public page; the director answers signed, then writes to those who asked for news."""
    town, director = people.town, people.director
    donor = director.page.context.browser.new_page()  # type: ignore[union-attr] # a page of the tests has its browser
    donor.goto(f"{town.address.removesuffix('give')}ask")
    donor.fill("#question", "Pourra-t-on l’entendre ?")
    donor.locator("form button[type=submit]").last.click()
    donor.wait_for_url("**/ask?sent=1")
    people.desk.refused("/questions")
    page = director.go("/questions")
    page.locator("textarea[name=answer]").fill("Oui, au concert d’ouverture.")
    page.locator("input[name=role]").fill("directrice")
    director.press("Publish the answer")
    donor.goto(town.address.removesuffix("give"))
    expect(donor.get_by_text("Oui, au concert d’ouverture.").first).to_be_attached()
    donor.close()

    page = director.go("/news")
    page.select_option("#campaign", str(town.campaign_id))
    director.press("Write news")
    page.fill("#title", "La viole est arrivée")
    page.fill("#text", "Elle a voyagé trois jours.")
    page.check("#approved")
    director.press("Keep this text")
    director.press("Publish")
    people.finance.refused("/news")
    town.wait(lambda: town.mails("news") == 1, 60)


def rewards_go_out(people: People) -> None:
    """The volunteer hands over what is owed; finance does not."""
    town, desk = people.town, people.desk
    reward = reward_of(town)
    page = desk.go(f"/rewards/{reward}")
    page.locator("input[name=rows]").first.check()
    desk.press("Given")
    expect(page.get_by_text("1 row was marked.")).to_be_visible()
    assert people.finance.go(f"/rewards/{reward}?tab=all").locator("input[name=rows]").count() == 0


def it_ends(people: People) -> None:
    """The director closes it; the finance officer signs sums that are to the cent what came."""
    town, director = people.town, people.director
    page = director.go(f"/ending/{town.campaign_id}")
    director.press("Close the campaign now")
    assert page.get_by_role("button", name="Sign", exact=True).count() == 0
    page = people.finance.go(f"/ending/{town.campaign_id}")
    assert page.get_by_role("button", name="Tell it").count() == 0
    page.fill("#quality", "agent comptable")
    people.finance.press("Sign")
    expect(page.get_by_text("Statement 1: €219.97")).to_be_visible()
    page = director.go(f"/ending/{town.campaign_id}")
    page.fill("#on", clock.now().date().isoformat())
    page.fill("#title_fr", "Le contrat est signé")
    director.press("Tell it")


def a_plaque_is_signed(people: People) -> None:
    """The director tells donors a day; once it is over, the names are fixed, signed and kept for the engraver."""
    town, director = people.town, people.director
    here = f"/plaques/{town.campaign_id}"
    page = director.go(here)
    assert page.get_by_role("button", name="Sign version 1").count() == 0
    page.fill("#locks_on", (clock.now() + timedelta(days=1)).date().isoformat())
    director.press("Tell them this day")
    town.stack.sql("UPDATE plaques SET locks_on = current_date - 2 WHERE campaign_id = %s", town.campaign_id)
    assert people.finance.go(here).get_by_role("button", name="Sign version 1").count() == 0
    page = director.go(here)
    page.fill("#quality", "directrice")
    director.press("Sign version 1")
    answer = page.request.get(f"{director.home}{here}/version-1.pdf")
    said = "".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(answer.body())).pages)
    assert "Camille R." in said
    assert "Martinod" not in said  # who gave at the desk without a word did not ask to be named


def reward_of(town: Town) -> int:
    [row] = town.stack.sql("SELECT id FROM rewards WHERE campaign_id = %s", town.campaign_id)
    return int(row["id"])


def _drawing() -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (1200, 900), (90, 60, 30)).save(held, "PNG")
    return held.getvalue()


def _state(town: Town, campaign_id: int) -> str:
    [row] = town.stack.sql("SELECT state FROM campaigns WHERE id = %s", campaign_id)
    return str(row["state"])
