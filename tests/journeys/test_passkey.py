"""A passkey in a browser: its device is Chromium's own virtual one, and it is told whether its person's finger was right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from crowdfund.institutions.rules import Role
from crowdfund.tenancy import transaction
from tests.browser import troubles
from tests.desk import PASSWORD, make_person
from tests.factories import make_member
from tests.journeys.town import Town

pytestmark = [pytest.mark.stack, pytest.mark.browser]
DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@dataclass
class Device:
    """The browser's virtual authenticator (WebAuthn Level 2, section 11)."""

    line: CDPSession
    id: str

    def finger(self, right: bool) -> None:
        """Say whether the next finger is its person's."""
        self.line.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": right})

    def keys(self) -> int:
        """Count the passkeys it holds."""
        return len(self.line.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"])


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    wrong = troubles(page)
    yield page
    context.close()
    assert wrong == []


@pytest.fixture
def device(page: Page) -> Device:
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    return Device(line, line.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"])


def sign_in(page: Page, home: str, email: str) -> None:
    """Take the first step, as far as the second."""
    page.goto(f"{home}/account/sign-in")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Continue").click()


def test_a_director_guards_her_account_with_a_passkey(town: Town, page: Page, device: Device) -> None:
    home = f"http://localhost:{town.stack.port}"  # a number is no site that a passkey could belong to
    email = f"director.{uuid4().hex[:6]}@example.org"
    account = make_person(email)
    with transaction(town.scope) as session:
        make_member(session, account, Role.DIRECTOR)

    sign_in(page, home, email)
    page.goto(f"{home}/account/passkeys/new")
    device.finger(right=False)
    page.fill("#name", "My telephone")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("The browser has not used a passkey")
    assert device.keys() == 0
    device.finger(right=True)
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    page.goto(f"{home}/account/")
    expect(page.get_by_text("My telephone", exact=True)).to_be_visible()
    assert device.keys() == 1
    page.get_by_role("button", name="Sign out").click()

    sign_in(page, home, email)
    expect(page.get_by_role("heading", level=1)).to_have_text("Second step")
    page.goto(f"{home}/staff/{town.slug}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Second step")
    device.finger(right=False)
    page.get_by_role("button", name="Use my passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("The browser has not used a passkey")
    device.finger(right=True)
    page.get_by_role("button", name="Use my passkey").click()
    page.wait_for_url(f"**/staff/{town.slug}/")
    expect(page.get_by_role("navigation").first).to_be_visible()
