"""What a donor sees and changes: their gifts at all museums, nobody else's."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from crowdfund import clock
from crowdfund.audit import AuditEntry
from crowdfund.campaigns.models import Campaign
from crowdfund.donors.models import Consent, Donor
from crowdfund.gifts.models import Gift
from crowdfund.institutions import bank
from crowdfund.institutions.models import Institution
from crowdfund.invitations import service as invitations
from crowdfund.invitations.service import GatheringDetails
from crowdfund.me import door, queries
from crowdfund.me.queries import PLACES
from crowdfund.pledges.models import Pledge, WallEntry
from crowdfund.pledges.references import printed
from crowdfund.receipts.verification import verify_pdf
from tests import factories
from tests.me.conftest import EMAIL, OTHER, Town, csrf, enter
from tests.receipts.conftest import MailKeeper, Museum


def slug(museum: Museum) -> str:
    with museum.open() as session:
        return str(session.get_one(Institution, museum.id).slug)


def pledge_of(museum: Museum, gift_id: int) -> Pledge:
    with museum.open() as session:
        gift = session.get_one(Gift, (museum.id, gift_id))
        pledge: Pledge = session.get_one(Pledge, (museum.id, gift.pledge_id))
        return pledge


def wall_address(museum: Museum, gift_id: int) -> str:
    return f"/fr/me/wall/{slug(museum)}/{pledge_of(museum, gift_id).id}"


def dedicate(town: Town, name: str) -> None:
    """Let the gift at the first museum be dedicated."""
    pledge_id = pledge_of(town.first, town.gifts[0]).id
    with town.first.open() as session:
        pledge = session.get_one(Pledge, (town.first.id, pledge_id))
        pledge.dedication_kind, pledge.dedication_name = "memory", name


def consents(museum: Museum) -> list[Consent]:
    with museum.open() as session:
        return list(session.scalars(select(Consent).order_by(Consent.id)))


def change_consents(client: FlaskClient, want: set[str], was: set[str], names: set[str]) -> Any:
    page = client.get("/fr/me/")
    data = {"csrf_token": csrf(page)}
    data |= {f"want-{name}": "1" for name in want}
    data |= {f"was-{name}": "1" if name in was else "0" for name in names}
    return client.post("/fr/me/consents", data=data)


def test_gifts_of_all_museums_stand_side_by_side(town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    enter(client, town, mails)
    page = client.get("/fr/me/")
    assert page.text.count('class="gift"') == 2
    assert "2 œuvres vous doivent quelque chose" in page.text
    assert "100 €" in page.text.replace("\xa0", " ").replace("\u202f", " ")  # given
    assert "34 €" in page.text.replace("\xa0", " ").replace("\u202f", " ")  # what that costs after tax
    assert page.headers["Cache-Control"] == "private, no-store"
    assert OTHER not in page.text


def test_the_receipts_bytes_are_those_that_were_issued(
    house: Flask, town: Town, client: FlaskClient, mails: MailKeeper
) -> None:
    enter(client, town, mails)
    [receipt] = town.first.receipts()
    answer = client.get(f"/fr/me/receipts/{slug(town.first)}/{receipt.id}.pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert verify_pdf(house, answer.data).in_force


def test_nobody_reads_or_changes_anothers_gift(town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    enter(client, town, mails)
    others = pledge_of(town.second, town.others_gift)
    theirs = next(
        r
        for r in town.second.receipts()
        if r.snapshot["gift"]["amount_minor"] and r.id != min(x.id for x in town.second.receipts())
    )
    here, there = slug(town.first), slug(town.second)
    token = csrf(client.get("/fr/me/"))
    for address in (
        f"wall/{there}/{others.id}",
        f"wall/{here}/{others.id}",
        f"wall/{here}/{2**63 - 1}",
        f"wall/{here}/{10**30}",
        f"wall/no-museum/{others.id}",
        f"wall/%00/{others.id}",
        f"receipts/{there}/{theirs.id}.pdf",
        f"receipts/{here}/{theirs.id}.pdf",
    ):
        assert client.get(f"/fr/me/{address}").status_code == 404, address
    sent = client.post(f"/fr/me/wall/{there}/{others.id}", data={"csrf_token": token, "wall": "anonymous"})
    assert sent.status_code == 404
    assert pledge_of(town.second, town.others_gift).wall == others.wall


def test_each_part_of_what_is_shown_is_changed_by_itself(town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    enter(client, town, mails)
    address = wall_address(town.first, town.gifts[0])
    dedicate(town, "Lucienne")
    token = csrf(client.get(address))
    chosen = {
        "wall": "other", "wall_name": "La classe de CM2", "message": "Pour toujours", "town": "Aix-les-Bains",
        "dedication": "1",
    }  # fmt: skip
    assert client.post(address, data={"csrf_token": token, **chosen}).status_code == 303
    with town.first.open() as session:
        entry = session.scalars(select(WallEntry)).one()
        assert (entry.display_name, entry.town, entry.dedication) == ("La classe de CM2", "Aix-les-Bains", "Lucienne")
        assert (entry.message, entry.message_approved) == ("Pour toujours", False)
    assert 'value="Aix-les-Bains"' in client.get(address).text
    client.post(address, data={"csrf_token": token, **chosen, "town": "", "dedication": ""})
    with town.first.open() as session:
        entry = session.scalars(select(WallEntry)).one()
        assert (entry.town, entry.dedication, entry.display_name) == (None, None, "La classe de CM2")
    client.post(address, data={"csrf_token": token, "wall": "anonymous"})
    with town.first.open() as session:
        assert session.scalars(select(WallEntry)).all() == []
    with town.second.open() as session:  # the other gift is as it was
        assert session.scalars(select(Pledge.wall)).all() == ["anonymous", "anonymous"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("wall_name", ""), ("wall_name", "x" * 10_000), ("wall_name", "a\x00b"), ("town", "x" * 61), ("wall", "king"),
        ("message", "x" * 10_000),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_said_beside_its_field(
    town: Town, client: FlaskClient, mails: MailKeeper, field: str, value: str
) -> None:
    enter(client, town, mails)
    address = wall_address(town.first, town.gifts[0])
    data = {"wall": "other", "wall_name": "Nous", field: value}
    answer = client.post(address, data={"csrf_token": csrf(client.get(address)), **data})
    assert answer.status_code == 422
    assert f'id="e-{field}"' in answer.text
    assert "<title>Erreur" in answer.text
    assert pledge_of(town.first, town.gifts[0]).wall == "anonymous"


def test_a_consent_is_given_with_its_proof_and_withdrawn_with_it_kept(
    town: Town, client: FlaskClient, mails: MailKeeper
) -> None:
    enter(client, town, mails)
    here, there = slug(town.first), slug(town.second)
    names = {here, there, "network"}
    assert change_consents(client, {here}, set(), names).status_code == 303
    [given] = consents(town.first)
    assert (given.kind, given.locale, given.source) == ("news_museum", "fr", "my gifts")
    assert given.wording.startswith("Le journal des œuvres que j’ai aidées, par Museum")
    assert consents(town.second) == []
    page = client.get("/fr/me/").text
    assert "sur cette page" in page
    assert given.wording in page
    change_consents(client, set(), {here}, names)
    [ended] = consents(town.first)
    assert ended.withdrawn_at is not None
    assert ended.wording == given.wording
    assert "non depuis" in client.get("/fr/me/").text
    change_consents(client, {here}, set(), names)
    assert [one.withdrawn_at is None for one in consents(town.first)] == [
        False,
        True,
    ]  # each yes has a proof of its own


def test_the_network_is_asked_once_and_left_everywhere(town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    enter(client, town, mails)
    change_consents(client, {"network"}, set(), {"network"})
    kinds = [(c.kind, c.withdrawn_at is None) for m in (town.first, town.second) for c in consents(m)]
    assert kinds == [("news_network", True)]
    change_consents(client, set(), {"network"}, {"network"})
    assert all(c.withdrawn_at is not None for m in (town.first, town.second) for c in consents(m))


def test_a_stale_tab_changes_only_what_was_changed_in_it(town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    enter(client, town, mails)
    here, there = slug(town.first), slug(town.second)
    change_consents(client, {here}, set(), {here, there, "network"})
    # A tab opened before: there `here` was unticked, and only `there` is ticked now.
    change_consents(client, {there}, set(), {here, there, "network"})
    assert [c.withdrawn_at for c in consents(town.first)] == [None]
    assert [c.withdrawn_at for c in consents(town.second)] == [None]


def test_a_museum_of_somebody_else_takes_no_consent(town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    enter(client, town, mails, OTHER)  # gave to the second only
    change_consents(client, {slug(town.first)}, set(), {slug(town.first)})
    assert consents(town.first) == []


def test_the_export_holds_all_of_one_and_nothing_of_another(
    house: Flask, town: Town, client: FlaskClient, mails: MailKeeper
) -> None:
    enter(client, town, mails)
    answer = client.post("/fr/me/export", data={"csrf_token": csrf(client.get("/fr/me/"))})
    assert answer.mimetype == "application/zip"
    assert answer.headers["Cache-Control"] == "private, no-store"
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    answer.close()
    document = json.loads(archive.read("data.json"))
    assert [len(part["gifts"]) for part in document["museums"]] == [1, 1]
    assert document["museums"][0]["records"][0]["address_line"] == "8 rue des Tanneurs"
    assert OTHER not in archive.read("data.json").decode()
    table = archive.read("gifts.csv").decode("utf-8-sig").splitlines()
    assert table[0] == "museum,day,amount,given back,currency,way,state"
    assert [line.split(",")[2] for line in table[1:]] == ["50.00", "50.00"]
    assert "hash" not in " ".join(document["museums"][0]["pledges"][0])
    files = [name for name in archive.namelist() if name.endswith(".pdf")]
    named = [one["file"] for part in document["museums"] for one in part["receipts"]]
    assert sorted(files) == sorted(named)
    assert len(files) == 2
    assert all(verify_pdf(house, archive.read(name)).in_force for name in files)
    with town.first.open() as session:
        assert session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq.desc())).first() == "donor.exported"


def test_each_museum_is_read_in_its_own_scope(house: Flask, town: Town) -> None:
    with house.test_request_context("/fr/me/"):
        found = [(scope.institution_id, part) for scope, part in door.at_each(lambda s: queries.at_museum(s, EMAIL))]
    known = {museum: part for museum, part in found if part is not None}
    assert set(known) == {town.first.id, town.second.id}
    for museum, part in known.items():
        assert {gift.work.museum.slug for gift in part.gifts} == {
            slug(town.first if museum == town.first.id else town.second)
        }


def test_every_place_of_a_consent_has_its_words() -> None:
    assert {"giving form", "my gifts"} <= set(PLACES)


def test_invitations_of_all_museums_are_booked_shown_and_given_back(
    town: Town, client: FlaskClient, mails: MailKeeper, later: Callable[..., None]
) -> None:
    made = []
    for museum, gift in zip((town.first, town.second), town.gifts, strict=True):
        pledge = pledge_of(museum, gift)
        with museum.open() as session:
            starts = clock.now() + timedelta(days=9)
            planned = invitations.plan_gathering(session, pledge.campaign_id, GatheringDetails(
                kind="evening", title={"fr": f"Soirée {museum.id}"}, place="Salle", starts_at=starts,
                ends_at=starts + timedelta(hours=2), capacity=9, most_each=3))  # fmt: skip
            invitations.open_gathering(session, planned.id)
            made.append((museum, pledge, planned.id))
    (first, pledge, evening), (second, _mine, others_evening) = made
    with first.open() as session:
        invitations.book(session, evening, pledge, 2)
    with second.open() as session:  # somebody else at the same museum
        invitations.book(session, others_evening, pledge_of(second, town.others_gift), 3)
    enter(client, town, mails)
    page = client.get("/fr/me/").text
    assert f"Soirée {first.id}" in page
    assert f"Soirée {second.id}" in page
    assert (page.count("2 places réservées"), page.count("3 places"), page.count('class="ticket-code"')) == (1, 0, 1)
    token = csrf(client.get("/fr/me/"))
    stranger = pledge_of(second, town.others_gift)
    for museum, number, gathering in (
        (second, stranger.id, others_evening),
        (first, pledge.id, "x"),
        (second, pledge.id, evening),
    ):
        address = f"/fr/me/invitations/{slug(museum)}/{number}"
        assert client.post(address, data={"csrf_token": token, "g": gathering}).status_code == 404
    address = f"/fr/me/invitations/{slug(first)}/{pledge.id}"
    assert client.post(address, data={"csrf_token": "x", "g": evening}).status_code == 422
    assert client.post(address, data={"csrf_token": token, "g": evening}).status_code == 303
    assert "Vous avez rendu vos places" in client.get("/fr/me/").text
    with first.open() as session:
        invitations.book(session, evening, pledge, 1)
    later(days=12)
    enter(client, town, mails)
    assert "Là où vous êtes venu" in client.get("/fr/me/").text


def test_announced_money_is_awaited_among_the_gifts_with_what_it_takes_to_send_it(
    town: Town, client: FlaskClient, mails: MailKeeper
) -> None:
    with town.first.open() as session:
        gift = session.get_one(Gift, (town.first.id, town.gifts[0]))
        campaign = session.get_one(Campaign, (town.first.id, gift.campaign_id))
        donor = session.scalars(select(Donor).where(Donor.email == EMAIL)).one()
        details = bank.Details(beneficiary="Ville d’Essai", iban="FR7630006000011234567890189", takes_transfers=True)
        bank.set_bank_details(session, campaign.issuer_id, details)
        factories.make_pledge(session, campaign, donor, method="bank_transfer", reference="3FC8R2M4Q")
    enter(client, town, mails)
    page = client.get("/fr/me/").text
    assert page.count('class="gift"') == 3
    assert "Annoncé, et attendu" in page
    assert bank.printed_iban("FR7630006000011234567890189") in page
    assert printed("3FC8R2M4Q") in page
    assert "/slip.pdf" in page
    assert "100 €" in page.replace("\xa0", " ").replace("\u202f", " ")  # what is awaited is not given yet
