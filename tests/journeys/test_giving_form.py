"""The way into giving in a real browser: the card that asks holds all that is written on it, and going back loses nothing."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from tests.journeys.town import Town, found

SMALL, PHONE, DESK = 320, 390, 1280
OUTSIDE = """card => {
  const edge = card.getBoundingClientRect(), most = document.documentElement.clientWidth;
  const text = [...card.querySelectorAll("b, small, label, button, p, span:not(.sr), svg, input")];
  const out = text.filter(one => { const box = one.getBoundingClientRect(); return box.width && box.right > edge.right + 0.5; });
  const torn = [...card.querySelectorAll(".amount label")].filter(one => one.scrollWidth > one.clientWidth);
  const slides = card.scrollWidth > card.clientWidth || document.documentElement.scrollWidth > most;
  return [...out, ...torn].map(one => one.textContent.trim().slice(0, 40) || one.tagName).concat(slides ? ["it slides"] : []);
}"""

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def test_nothing_runs_off_the_giving_card(town: Town, beside: Flask, browser: Browser) -> None:
    francs = found(
        beside, town.stack, currency="CHF", tax_regime="ch_ifd", suggested_minor=[2000, 6000, 12000, 100_000]
    )
    page = browser.new_page()
    wrong = []
    for museum in (town, francs):
        for lang in ("fr", "it", "en"):
            page.goto(f"{town.stack.url}/{lang}/{museum.slug}/{museum.campaign_slug}/")
            for width in (SMALL, PHONE, DESK):
                page.set_viewport_size({"width": width, "height": 800})
                out = page.locator(".hero-label").evaluate(OUTSIDE)
                wrong += [(museum.slug, lang, width, text) for text in out]
    page.close()
    assert wrong == []


def test_going_back_gives_back_what_was_typed(town: Town, browser: Browser) -> None:
    """Back from the payment page, and back to a page that was the answer with errors, which no browser shows again."""
    page = browser.new_page(viewport={"width": PHONE, "height": 844})
    page.goto(f"{town.address}?step=2&amount=50")
    page.locator("details[data-told] summary").click()
    page.check("#dedication_kind-memory")
    typed = {"dedication_name": "Lucienne Morel", "first_name": "Camille", "email": f"back{town.museum}@example.org"}
    for name, text in typed.items():
        page.fill(f"#{name}", text)
    send = "main form .pay button[type=submit]"
    page.locator(send).click()
    page.locator("#errors").wait_for()
    page.fill("#last_name", "Rey")
    page.locator(send).click()
    page.wait_for_url(re.compile("/c/pay/"))
    page.go_back()
    page.locator("#first_name").wait_for()
    for name, text in (typed | {"last_name": "Rey"}).items():
        expect(page.locator(f"#{name}")).to_have_value(text)
    expect(page.locator("#dedication_name")).to_be_visible()
    assert "Lucienne" not in page.url
    page.close()
