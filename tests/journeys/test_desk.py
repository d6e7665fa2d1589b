"""A Monday at the desk, in a browser: twenty cheques by keyboard, a statement twice, a box by two people; then the books."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from crowdfund import books
from crowdfund.accounts import sessions
from crowdfund.accounts.rules import Level
from crowdfund.donors.rules import DonorDetails
from crowdfund.institutions.bank import set_bank_details
from crowdfund.institutions.rules import Role
from crowdfund.money import Money
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.references import printed
from crowdfund.pledges.rules import PledgeRequest
from crowdfund.tenancy import PlatformScope, transaction
from tests.counter.conftest import DETAILS
from tests.counter.test_statements import camt, paid
from tests.desk import make_colleague
from tests.journeys.town import Town

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.timeout(600)]
CHEQUES = 20


def promise(town: Town, minor: int, method: str, name: str) -> Pledge:
    """Let somebody announce an amount."""
    with transaction(town.scope) as session:
        return pledges.make_pledge(session, PledgeRequest(
            attempt=uuid4(), campaign_id=town.campaign_id, amount=Money(minor, "EUR"), method=method,
            donor=DonorDetails(first_name="Odette", last_name=name, locale="fr")))  # fmt: skip


def at_desk(browser: Browser, town: Town, role: Role) -> BrowserContext:
    """Give the browser of somebody who is signed in."""
    account = make_colleague(town.museum, role, f"{role}.{uuid4().hex[:6]}@example.org")
    with transaction(PlatformScope()) as session:
        token = sessions.open_session(session, account, Level.FULL, "127.0.0.1", "Test browser")
    context = browser.new_context(locale="en-GB")
    context.add_cookies([{"name": "session", "value": token, "url": town.stack.url}])
    return context


def go(page: Page, town: Town, path: str) -> None:
    """Open a page of the desk."""
    page.goto(f"{town.stack.url}/staff/{town.slug}/desk{path}")


def enter(page: Page, *typed: str) -> None:
    """Type into the fields one after the other, from where the cursor is, and send the row."""
    for place, text in enumerate(typed):
        if place:
            page.keyboard.press("Tab")
        page.keyboard.type(text)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def states(town: Town, table: str) -> dict[str, int]:
    """Count a table's rows by state."""
    rows: Any = town.stack.sql(
        f"SELECT state, count(*) AS n FROM {table} WHERE institution_id = %s GROUP BY 1", town.museum
    )
    return {row["state"]: int(row["n"]) for row in rows}


def test_a_monday_at_the_desk(town: Town, browser: Browser) -> None:
    with transaction(town.scope) as session:
        set_bank_details(session, town.issuer_id, DETAILS)
    desk, finance = at_desk(browser, town, Role.DESK), at_desk(browser, town, Role.FINANCE)
    page, other = desk.new_page(), finance.new_page()
    try:
        twenty_cheques(town, page, other)
        a_statement_twice(town, page, other)
        a_box(town, page, other)
    finally:
        desk.close()
        finance.close()
    town.work()
    assert list(books.check_museum(town.museum, town.slug)) == []


def twenty_cheques(town: Town, page: Page, other: Page) -> None:
    """Type a batch by keyboard alone: half by the reference on the slip, half by name."""
    promised = [promise(town, 5000, "cheque", f"Chevrier{n}") for n in range(CHEQUES // 2)]
    go(page, town, "/cheques")
    page.get_by_role("button", name="Begin a batch").press("Enter")
    page.wait_for_url("**/cheques/*")
    expect(page.locator("#reference")).to_be_focused()
    for number, pledge in enumerate(promised):
        enter(page, printed(pledge.reference or "").lower())  # as a scanner does: the sign, and Enter
        expect(page.locator("#amount")).to_be_focused()
        enter(page)
        expect(page.locator("#reference")).to_be_focused()
        enter(page, "", "12,50", f"Rey{number}")
        expect(page.locator("#reference")).to_be_focused()
    expect(page.get_by_text("20 cheques").first).to_be_visible()
    page.fill("#control_count", str(CHEQUES))
    page.fill("#control_total", "625")
    page.locator("#control_total").press("Enter")
    expect(page.get_by_role("link", name="Print the deposit slip (PDF)")).to_be_visible()
    assert states(town, "cheques") == {"recorded": CHEQUES}
    go(other, town, "/cheques")
    other.get_by_role("link", name="Slip no. 1").click()
    other.get_by_role("button", name="Approve the batch").click()
    expect(other.get_by_text("Gifts").first).to_be_visible()
    assert states(town, "cheques") == {"closed": CHEQUES}


def a_statement_twice(town: Town, page: Page, other: Page) -> None:
    """Bring the same statement twice; 49.97 comes for 50."""
    pledge = promise(town, 5000, "bank_transfer", "Martinod")
    content = camt(paid(pledge, "49.97"), ("2026-11-20", "200.00", "INCONNU", "bon courage", "R7"))
    for _time in range(2):
        go(page, town, "/statements")
        page.set_input_files("#file", {"name": "week.xml", "mimeType": "text/xml", "buffer": content})
        page.get_by_role("button", name="Look at it").click()
        take = page.get_by_role("button", name="Take 2 lines in")
        if take.count():
            take.click()
            page.wait_for_url("**/lines")
    assert states(town, "bank_lines") == {"recorded": 2}
    go(page, town, "/lines")
    expect(page.get_by_text("€0.03 less than announced")).to_be_visible()
    page.get_by_role("button", name="It is this one").click()
    go(other, town, "/lines?state=matched")
    other.get_by_role("button", name="Approve what is ticked").click()
    expect(other.get_by_text("Nothing waits for approval")).to_be_visible()
    assert states(town, "bank_lines") == {"recorded": 1, "closed": 1}


def a_box(town: Town, page: Page, other: Page) -> None:
    """Count a box by two people."""
    go(page, town, "/counts/new?kind=box")
    page.fill("#n2000", "2")
    page.fill("#n200", "5")
    page.get_by_role("button", name="Keep my count").click()
    go(other, town, "/counts")
    expect(other.get_by_text("hidden until counted again")).to_be_visible()
    other.get_by_role("link", name="Glass box").click()
    other.fill("#total", "50")
    other.get_by_role("button", name="Confirm my count").click()
    expect(other.get_by_text("€50.00").first).to_be_visible()
    assert states(town, "counts") == {"closed": 1}
