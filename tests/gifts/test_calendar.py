"""The end of an appeal as a calendar file: what RFC 5545 asks, and who may have it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.gifts.calendar import Moment, calendar_file
from crowdfund.institutions.models import Institution
from crowdfund.links import digest, token_for
from crowdfund.tenancy import transaction
from tests.payments.conftest import Scene

AT = datetime(2026, 12, 14, 22, 59, tzinfo=UTC)


def written(title: str) -> bytes:
    return calendar_file(Moment("appeal-1-2@example.org", AT, AT, title, "Musée", "https://example.org/fr/a/b/"))


def unfolded(content: bytes) -> list[str]:
    return content.decode().replace("\r\n ", "").split("\r\n")


def test_a_long_title_is_folded_between_characters_and_reads_as_it_was() -> None:
    title = "Élise d’Ornélie سارة 🕊 " * 12
    content = written(title)
    lines = content.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert [line.decode() for line in lines]  # each line alone is UTF-8
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert f"SUMMARY:{title}" in unfolded(content)


def test_a_title_cannot_write_a_property_of_its_own() -> None:
    lines = unfolded(written("a;b,c\\d\r\nATTENDEE:mailto:x@example.org\u2028END:VEVENT"))
    assert lines.count("END:VEVENT") == 1
    assert not any(line.startswith("ATTENDEE") for line in lines)
    assert "SUMMARY:a\\;b\\,c\\\\d\\nATTENDEE:mailto:x@example.org\\nEND:VEVENT" in lines


def test_the_moment_is_told_in_utc() -> None:
    assert "DTSTART:20261214T225900Z" in unfolded(written("x"))


def test_the_file_opens_by_the_gifts_token_alone_and_does_not_hold_it(scene: Scene) -> None:
    attempt = uuid4()
    token = token_for(scene.app.extensions["config"].secret_key, "gift", scene.museum, str(attempt))
    gift, _charge = scene.given(attempt=attempt, token_hash=digest(token))
    client = scene.app.test_client()
    answer = client.get(f"/fr/gifts/{token}/end.ics")
    assert answer.status_code == 200
    assert answer.mimetype == "text/calendar"
    assert answer.headers["Cache-Control"] == "private, no-store"
    with transaction(scene.scope) as session:
        campaign = session.get_one(Campaign, (scene.museum, gift.campaign_id))
    assert f"DTSTART:{campaign.closes_at.astimezone(UTC):%Y%m%dT%H%M%SZ}" in unfolded(answer.data)
    assert token not in answer.text.replace("\r\n ", "")
    assert f'href="/fr/gifts/{token}/end.ics"' in client.get(f"/fr/gifts/{token}").text
    museum, _, secret = token.partition("-")
    for wrong in (f"{museum}-{secret[::-1]}", f"{int(museum, 16) + 1:x}-{secret}", "nonsense"):
        assert client.get(f"/fr/gifts/{wrong}/end.ics").status_code == 404
    with clock.at(campaign.closes_at):
        assert client.get(f"/fr/gifts/{token}/end.ics").status_code == 404


def test_the_page_tells_when_the_museum_is_open_only_where_it_says_so(scene: Scene) -> None:
    attempt = uuid4()
    token = token_for(scene.app.extensions["config"].secret_key, "gift", scene.museum, str(attempt))
    scene.given(attempt=attempt, token_hash=digest(token))
    client = scene.app.test_client()
    for opening, shown in (({}, False), ({"fr": "Le jeudi jusqu’à 21 h."}, True)):
        with transaction(scene.scope) as session:
            session.get_one(Institution, scene.museum).opening = opening
        assert ("Le jeudi jusqu’à 21 h." in client.get(f"/fr/gifts/{token}").text) is shown
        assert ("Heures d’ouverture" in client.get(f"/fr/gifts/{token}").text) is shown
