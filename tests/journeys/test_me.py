"""A donor's own pages, by a browser without scripts: the link in the mail, the wall, the copy, the end."""

from __future__ import annotations

import io
import json
import re
import zipfile

import pytest
import requests
from playwright.sync_api import Browser, Page

from tests.journeys.town import Town

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.timeout(180)]


def _told(town: Town, address: str, subject: str) -> str:
    """Wait for a mail of this subject; give its source."""

    def arrived() -> str | None:
        for one in town.stack.mails():
            if address in str(one["to"]) and subject in one["subject"]:
                answer = requests.get(f"{town.stack.mail}/_mail/{one['id']}.eml", timeout=10)
                return answer.content.decode()
        return None

    return str(town.wait(arrived, 60))


def _enter(town: Town, page: Page, address: str) -> None:
    """Ask for a link, and use it after a scanner has looked at it."""
    site = town.stack.url
    page.goto(f"{site}/fr/me/")
    page.get_by_label("Votre adresse électronique").fill(address.upper())
    page.get_by_role("button", name="M’envoyer mon lien").click()
    assert page.url == f"{site}/fr/me/sent"
    assert page.context.cookies() == []
    mail = _told(town, address, "Votre lien vers vos dons")
    link = re.search(r"/fr/me/link/[0-9a-z-]+", mail.replace("=\r\n", ""))
    assert link is not None
    assert requests.get(f"{site}{link[0]}", timeout=10).status_code == 200
    page.goto(f"{site}{link[0]}")
    page.get_by_role("button", name="Ouvrir mes dons").click()
    assert "Camille R." in page.locator("li.gift").inner_text()


def _change_the_wall(town: Town, page: Page) -> None:
    page.get_by_role("link", name="modifier").click()
    page.get_by_label("Un autre nom").check()
    page.get_by_label("Nom à inscrire au mur").fill("Les enfants de Lucienne")
    page.get_by_label("Ma ville").fill("Aix-les-Bains")
    page.get_by_role("button", name="Enregistrer").click()
    assert "Les enfants de Lucienne" in page.locator("li.gift").inner_text()
    [row] = town.stack.audit("SELECT display_name, town FROM reporting.wall WHERE institution = %s", town.slug)
    assert (row["display_name"], row["town"]) == ("Les enfants de Lucienne", "Aix-les-Bains")


def _take_a_copy(page: Page, address: str) -> None:
    with page.expect_download() as copy:
        page.get_by_role("button", name="Télécharger toutes mes données").click()
    archive = zipfile.ZipFile(io.BytesIO(copy.value.path().read_bytes()))
    assert json.loads(archive.read("data.json"))["email"] == address
    assert any(name.endswith(".pdf") for name in archive.namelist())


def _go(town: Town, page: Page, address: str) -> None:
    page.get_by_role("link", name="Effacer mes données").click()
    page.get_by_label("J’ai lu ce qui disparaît").check()
    page.get_by_role("button", name="Effacer définitivement").click()
    assert "C’est en cours" in page.locator("h1").inner_text()
    _told(town, address, "Vos données ont été effacées")
    page.goto(f"{town.stack.url}/fr/me/")
    assert page.locator("li.gift").count() == 0


def test_a_donor_comes_back_changes_takes_a_copy_and_goes(town: Town, browser: Browser) -> None:
    address = f"back{town.museum}@example.org"
    town.come_back(town.pay(town.page(email=address, last_name="Rey", wall="short")))
    town.booked()
    _told(town, address, "reçu fiscal n")
    context = browser.new_context(java_script_enabled=False, accept_downloads=True, locale="fr-FR")
    page = context.new_page()
    _enter(town, page, address)
    _change_the_wall(town, page)
    _take_a_copy(page, address)
    _go(town, page, address)
    context.close()
    town.wait(lambda: town.stack.sql("SELECT 1 FROM mails WHERE to_address = %s", address) == [])
    assert town.stack.sql("SELECT 1 FROM donors WHERE email = %s", address) == []
    assert town.stack.audit("SELECT * FROM reporting.wall WHERE institution = %s", town.slug) == []
    assert town.stack.audit("SELECT * FROM reporting.sessions WHERE reason = 'erased'")
    town.stack.flask("books", "check", "--institution", town.slug)
    refused = town.stack.flask("privacy", "export", address, "--json", check=False)
    assert json.loads(refused)["museums"] == []
