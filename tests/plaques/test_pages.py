"""The plaque at the desk: its page, its forms, its files, who may sign; and what donors are told."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from crowdfund import clock
from crowdfund.audit import AuditEntry
from crowdfund.closing.rules import Point
from crowdfund.i18n import use_locale
from crowdfund.me import export
from crowdfund.plaques.models import Plaque, PlaqueVersion
from tests.after import Desk, found
from tests.factories import campaign_in, make_reward
from tests.plaques.conftest import Hall

PLAN = {"size": "a4", "columns": "2", "line_mm": "6", "order_by": "name", "locale": "fr", "counts_others": "1"}


def here(hall: Hall, part: str = "") -> str:
    return f"plaques/{hall.museum.campaign_id}{part}"


def read(desk: Desk, hall: Hall, part: str = "") -> Any:
    answer = desk.get(here(hall, part))
    assert answer.status_code == 200, answer.text
    return answer


def pdf_text(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def test_the_page_shows_names_hints_and_links_to_their_gifts(hall: Hall) -> None:
    gift = hall.give("JEAN <B>BOUVIER</B>")
    desk = hall.museum.desk("desk")
    page = read(desk, hall).text
    assert "JEAN &lt;B&gt;BOUVIER&lt;/B&gt;" in page
    assert f'href="/staff/{hall.museum.slug}/gifts/{gift}"' in page
    assert "in capitals throughout" in page
    assert "in capitals throughout" not in read(desk, hall, "?show=out").text
    assert "<svg" in page
    assert f"{desk.base}/{here(hall)}" in desk.get("plaques").text
    assert "/plaques" in desk.get("rewards").text
    assert desk.get(here(hall, "?show=all&q=bouv")).text.count("/gifts/") == 1
    assert "/gifts/" not in desk.get(here(hall, "?show=all&q=nobody")).text.split('id="names"')[1]


def test_the_plan_is_saved_or_told_what_is_wrong_beside_its_field(hall: Hall) -> None:
    hall.give("Anne Martin", 150_000)
    hall.give("Luc Perrin", 5000)
    desk = hall.museum.desk("campaign_lead")
    wrong = desk.post(
        here(hall, "/plan"), **(PLAN | {"size": "a9", "from_1": "x", "heading_2_fr": "Amis", "least": "-3"})
    )
    assert wrong.status_code == 422
    for field in ("e-size", "e-from_1", "e-from_2", "e-least"):
        assert f'id="{field}"' in wrong.text, field
    assert 'value="Amis"' in wrong.text  # what was typed is kept
    lang = desk.post(here(hall, "/plan"), **(PLAN | {"locale": "xx"}))
    assert lang.status_code == 422
    same = {"from_1": "1000", "from_2": "1000", "heading_1_fr": "A", "heading_2_fr": "B"}
    twice = desk.post(here(hall, "/plan"), **(PLAN | same))
    assert twice.status_code == 422
    saved = desk.post(
        here(hall, "/plan"), **(PLAN | {"from_1": "1000", "heading_1_fr": "Dès 1 000 €", "heading_fr": "Merci à"})
    )
    assert saved.status_code == 303
    page = read(desk, hall).text
    assert "Dès 1 000 €" in page
    assert "Merci à" in page
    assert 'value="1000"' in page


def test_a_language_may_be_said_for_all_plaques_of_the_museum(hall: Hall) -> None:
    desk = hall.museum.desk("director")
    assert desk.post(here(hall, "/plan"), **(PLAN | {"locale": "it", "everywhere": "1"})).status_code == 303
    with hall.museum.open() as session:
        assert session.scalars(select(Plaque.locale)).all() == ["it"]


def test_a_lower_role_is_refused_and_another_museum_is_not_there(hall: Hall) -> None:
    gift = hall.give("Anne Martin")
    day = {"locks_on": str(clock.now().date() + timedelta(days=9))}
    for role, part, data, status in (
        ("desk", "/plan", PLAN, 403), ("finance", "/lock", day, 403), ("auditor", "/name", {"key": hall.key(gift)}, 403),
        ("campaign_lead", "/sign", {}, 403), ("finance", "/sign", {}, 403),
    ):  # fmt: skip
        assert hall.museum.desk(role).post(here(hall, part), **data).status_code == status, (role, part)
    assert hall.museum.desk("curator").get(here(hall)).status_code == 403
    with found(hall.museum.app) as other:
        stranger = other.desk("owner")
        for part in ("", "/proof.pdf", "/version-1.pdf", f"/name?key={hall.key(gift)}"):
            assert stranger.get(here(hall, part)).status_code == 404, part
        for part in ("/plan", "/lock", "/name", "/sign"):
            answer = stranger.post(
                here(hall, part), **(PLAN | day | {"name": "A", "quality": "b", "note": "c", "key": "p1"})
            )
            assert answer.status_code == 404, part


def test_a_name_is_corrected_with_its_reason_and_a_wrong_key_is_not_there(hall: Hall) -> None:
    gift = hall.give("Anne Martn")
    desk = hall.museum.desk("desk")
    key = hall.key(gift)
    assert 'value="Anne Martn"' in read(desk, hall, f"/name?key={key}").text
    missing = desk.post(here(hall, "/name"), key=key, name="Anne Martin")
    assert missing.status_code == 422
    assert 'id="e-note"' in missing.text
    assert 'value="Anne Martin"' in missing.text
    told = {"key": key, "name": "Anne Martin", "note": "elle-même"}
    assert desk.post(here(hall, "/name"), **told).status_code == 303
    assert "Anne Martn → Anne Martin" in read(desk, hall, f"/name?key={key}").text
    assert desk.get(here(hall, "/name?key=p0")).status_code == 404
    for strange in ("p0", "x", "g", "pp", "p" + "9" * 22):
        assert desk.post(here(hall, "/name"), **(told | {"key": strange})).status_code == 409, strange
    hall.museum.give_back(gift)
    assert desk.post(here(hall, "/name"), **told).status_code == 409


def test_the_day_is_told_to_donors_and_cannot_move_once_it_is_over(hall: Hall) -> None:
    gift = hall.give("Anne Martin")
    desk = hall.museum.desk("campaign_lead")
    assert desk.post(here(hall, "/lock"), locks_on="soon").status_code == 422
    past = desk.post(here(hall, "/lock"), locks_on=str(clock.now().date() - timedelta(days=3)))
    assert past.status_code == 422
    assert 'id="e-locks_on"' in past.text
    day = clock.now().date() + timedelta(days=3)
    donors_page = f"/fr/gifts/{hall.museum.token(gift)}"
    assert "sur une plaque" not in desk.client.get(donors_page).text
    assert desk.post(here(hall, "/lock"), locks_on=str(day)).status_code == 303
    assert "sur une plaque" in desk.client.get(donors_page).text
    with clock.at(clock.now() + timedelta(days=5)):
        assert "sont arrêtés depuis" in desk.client.get(donors_page).text
        later = hall.museum.desk("campaign_lead")
        moved = later.post(here(hall, "/lock"), locks_on=str(day + timedelta(days=30)))
        assert moved.status_code == 409
        assert "The names are fixed: the day cannot be moved any more." in moved.text


def test_signing_gives_files_that_do_not_change(hall: Hall) -> None:
    hall.give("Anne Martin")
    hall.give("=cmd|' /C calc'!A0")
    hall.end()
    with hall.after_the_day():
        director = hall.museum.desk("director")
        early = director.post(here(hall, "/sign"), name="", quality="directrice", seen="0" * 64)
        assert early.status_code == 422
        assert 'id="e-name"' in early.text
        moved = director.post(here(hall, "/sign"), name="Rose Cartier", quality="directrice", seen="0" * 64)
        assert moved.status_code == 409
        told = {"name": "Rose Cartier", "quality": "directrice", "seen": hall.proof().fingerprint}
        assert director.post(here(hall, "/sign"), **told).status_code == 303
        assert director.post(here(hall, "/sign"), **told).status_code == 409
        page = read(director, hall).text
        with hall.museum.open() as session:
            signed = session.scalars(select(PlaqueVersion)).one()
            assert session.scalars(select(AuditEntry.action)).all().count("plaque.signed") == 1
        assert signed.sha256 in page
        assert "Rose Cartier, directrice" in page
        first = director.get(here(hall, "/version-1.pdf"))
        assert first.mimetype == "application/pdf"
        assert "Anne Martin" in pdf_text(first.data)
        assert first.data == director.get(here(hall, "/version-1.pdf")).data
        table = director.get(here(hall, "/version-1.csv")).get_data(as_text=True)
        assert "'=cmd" in table
        assert ";=cmd" not in table
        book = zipfile.ZipFile(io.BytesIO(director.get(here(hall, "/version-1.xlsx")).data))
        assert "Anne Martin" in book.read("xl/worksheets/sheet1.xml").decode()
        assert director.get(here(hall, "/version-2.pdf")).status_code == 404


def test_the_sheet_has_its_size_its_marks_and_every_sign(hall: Hall) -> None:
    names = ["Łukasz Åström-Đorđević", "Ève Œhlert", "Ольга Петрова", "Νίκος Παπάς", "Ann O’Brien & “friends”"]
    for name in names:
        hall.give(name)
    hall.plan(size="a3", columns=2, line_mm=8)
    desk = hall.museum.desk("desk")
    plain = PdfReader(io.BytesIO(desk.get(here(hall, "/proof.pdf")).data))
    marked = PdfReader(io.BytesIO(desk.get(here(hall, "/proof.pdf?for=printers")).data))
    width, height = (float(one) * 25.4 / 72 for one in plain.pages[0].mediabox.upper_right)
    assert (round(width), round(height)) == (297, 420)
    assert float(marked.pages[0].mediabox.width) > float(marked.pages[0].trimbox.width) > 0
    assert round(float(marked.pages[0].trimbox.width) * 25.4 / 72) == 297
    text = plain.pages[0].extract_text()
    for name in names:
        assert name in text, name
    fonts = {str(font["/FontDescriptor"]["/FontName"]) for font in _fonts(plain)}
    assert any("Hedvig" in font for font in fonts)
    assert all("+" in font for font in fonts)  # embedded, as parts


def _fonts(reader: PdfReader) -> list[Any]:
    resources: Any = reader.pages[0]["/Resources"]
    found = resources["/Font"].values()
    return [one.get_object()["/DescendantFonts"][0].get_object() for one in found]


def test_the_end_asks_for_the_plaque_that_was_promised(hall: Hall) -> None:
    from crowdfund.closing.figures import findings  # noqa: PLC0415 - of this test alone

    def waiting() -> int:
        with hall.museum.open() as session:
            return next(one.count for one in findings(session, hall.museum.campaign_id) if one.point == Point.PLAQUE)

    hall.give("Anne Martin")
    assert waiting() == 0
    with hall.museum.open() as session:
        make_reward(session, campaign_in(session, hall.museum.campaign_id), fulfilment="wall", symbolic=False)
    assert waiting() == 1
    hall.end()
    with hall.after_the_day():
        assert "/plaques/" in hall.museum.desk("director").get(f"ending/{hall.museum.campaign_id}").text
        hall.sign()
        assert waiting() == 0


def test_a_donor_takes_along_what_is_kept_of_their_name(hall: Hall) -> None:
    email = "anne@example.org"
    gift = hall.give("Anne Martin", donor={"email": email})
    hall.end()
    with hall.after_the_day():
        hall.museum.desk("director").get(here(hall))
        from crowdfund.plaques import tasks  # noqa: PLC0415 - of this test alone

        tasks.fix_names(hall.museum.id)
        hall.correct(gift, "Anne Martin-Roy")
        hall.sign()
        with hall.museum.open() as session:
            told = export.told_at_museum(session, email)
        assert told is not None
        assert [one["frozen"] for one in told.document["plaques"]] == ["Anne Martin"]
        [correction] = told.document["corrections"]
        assert (correction["before"], correction["after"]) == ("Anne Martin", "Anne Martin-Roy")
        assert "by_name" not in correction  # a colleague's
        assert [one["name"] for one in told.document["engraved"]] == ["Anne Martin-Roy"]


@pytest.mark.parametrize(
    ("locale", "heading"), [("it", "Acquistato grazie a"), ("en", "Acquired thanks to"), ("fr", "Acquis grâce à")]
)
def test_the_plaque_speaks_its_own_language_whoever_looks(hall: Hall, locale: str, heading: str) -> None:
    hall.give("Anne Martin")
    hall.give()
    hall.plan(locale=locale)
    with use_locale("en"):
        proof = hall.proof()
    assert proof.words.heading == heading
    assert proof.words.caption.startswith(f"The work ({locale})")
