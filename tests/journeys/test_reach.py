"""A campaign outside its page, in a real browser: framed by another site, on a kiosk that loses its network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import troubles
from tests.journeys.town import Town


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Give a touch screen of its own."""
    opened = browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True, reduced_motion="reduce")
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Give a page; whatever its policy refuses, or its scripts stumble over, fails the test."""
    page = context.new_page()
    wrong = troubles(page)
    yield page
    assert [one for one in wrong if "net::ERR_INTERNET_DISCONNECTED" not in one] == []


def test_what_machines_read_is_no_code_to_the_browser(page: Page, town: Town) -> None:
    page.goto(f"{town.stack.url}/fr/{town.slug}/{town.campaign_slug}/")
    read = page.locator("script[type='application/ld+json']").text_content()
    assert json.loads(read or "")["@context"] == "https://schema.org"


def test_a_kiosk_without_a_network_says_so_and_keeps_its_sum(page: Page, context: BrowserContext, town: Town) -> None:
    address = f"{town.stack.url}/kiosk/{town.slug}/{town.campaign_slug}?lang=en"
    page.goto(address)
    note, before = page.locator("[data-offline]"), page.locator("[data-live-sum]").text_content()
    expect(note).to_be_empty()
    context.set_offline(True)
    expect(note).to_contain_text("No network since")
    assert page.locator("[data-live-sum]").text_content() == before
    page.locator("[data-needs-network]").first.click(force=True)
    assert page.url == address
    expect(page.locator("#code")).to_be_focused()
    context.set_offline(False)
    expect(note).to_be_empty()
    page.locator("[data-needs-network]").first.click()
    page.wait_for_url("**/give?c=kiosk**")
    assert page.locator("input[name=c]").first.get_attribute("value") == "kiosk"
    assert page.evaluate("sessionStorage.getItem('kiosk')").startswith("/kiosk/")
    assert context.cookies() == []


def test_a_kiosk_left_alone_goes_back_to_its_first_page(page: Page, town: Town) -> None:
    page.clock.install()
    page.goto(f"{town.stack.url}/kiosk/{town.slug}/{town.campaign_slug}?lang=it")
    page.locator("[data-needs-network]").first.click()
    page.wait_for_url("**/give?c=kiosk**")
    page.fill("#first_name", "Camille")
    page.clock.run_for(60_000)
    assert "/give" in page.url
    page.clock.run_for(40_000)
    page.wait_for_url(f"**/kiosk/{town.slug}/**")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """Serve another site, whose front page is in the folder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_another_site_frames_the_card_and_no_other_page(
    context: BrowserContext, town: Town, elsewhere: str, tmp_path: Path
) -> None:
    page, path = context.new_page(), f"{town.slug}/{town.campaign_slug}"
    frames = "".join(f'<iframe id="{one}" src="{town.stack.url}/{one}/{path}"></iframe>' for one in ("embed", "screen"))
    (tmp_path / "index.html").write_text(frames)
    page.goto(elsewhere)
    expect(page.frame_locator("#embed").locator("main.embed")).to_be_visible()
    expect(page.frame_locator("#screen").locator("main.kiosk")).to_have_count(0)
    assert context.cookies() == []
