"""Erasing: nothing tells who it was, the books and the receipts stand, and it survives a bad day."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from crowdfund import books, clock
from crowdfund.audit import AuditEntry
from crowdfund.conversation import followers, questions
from crowdfund.conversation.models import Follower, Question
from crowdfund.crm import merging
from crowdfund.crm import service as crm
from crowdfund.donors.models import Consent, Donor
from crowdfund.forms import form_token
from crowdfund.gifts import tasks as gift_tasks
from crowdfund.gifts.dedications import stored_card
from crowdfund.mail import SentMail
from crowdfund.me import erasure, export, tasks
from crowdfund.me.models import DonorLink, DonorVisit, Erasure
from crowdfund.payments.models import Checkout, ProviderCall
from crowdfund.pledges.models import Group, Pledge, Reminder, WallEntry
from crowdfund.pledges.service import gift_token
from crowdfund.receipts.rendering import stored
from crowdfund.receipts.verification import verify_pdf
from crowdfund.tenancy import PlatformScope, TaskScope, transaction
from tests import factories
from tests.me.conftest import EMAIL, OTHER, Town, csrf, enter
from tests.me.test_gifts import change_consents, dedicate, pledge_of, slug, wall_address
from tests.receipts.conftest import MailKeeper


def wish(client: FlaskClient) -> int:
    """Ask to be erased, as the person does; give the wish."""
    page = client.get("/fr/me/erase")
    answer = client.post("/fr/me/erase", data={"csrf_token": csrf(page), "understood": "1"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/fr/me/erased")
    with transaction(PlatformScope()) as session:
        return session.scalars(select(Erasure.id)).one()


def carry_out(town: Town, wish_id: int) -> None:
    tasks.erase(TaskScope(town.first.id, 0), erasure_id=wish_id)


def everything(town: Town) -> str:
    """Read every row of every table that the application may read, in both museums, save the receipts' own copies."""
    found: list[str] = []
    for scope in (town.first.scope, town.second.scope):
        with transaction(scope) as session:
            tables = session.scalars(
                text(
                    "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'"
                    " AND relkind = 'r' AND has_table_privilege(oid_of, 'SELECT') AND relname NOT IN ('receipts')".replace(
                        "oid_of", "c.oid"
                    )
                )
            ).all()
            for table in tables:
                found += session.scalars(text(f"SELECT to_jsonb(t)::text FROM {table} t")).all()
    return "\n".join(found)


def test_nothing_but_the_receipts_tells_who_it_was(town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    gift_tasks.thank(TaskScope(town.first.id, 0), gift_id=town.gifts[0])
    enter(client, town, mails)
    address = wall_address(town.first, town.gifts[0])
    dedicate(town, "Ysoline")
    shown = {"wall": "other", "wall_name": "Famille Xylographe", "message": "Quetzal", "town": "Zwevegem",
             "dedication": "1"}  # fmt: skip
    assert client.post(address, data={"csrf_token": csrf(client.get(address)), **shown}).status_code == 303
    change_consents(client, {slug(town.first), "network"}, set(), {slug(town.first), "network"})
    before = everything(town)
    for word in (EMAIL, "Tanneurs", "Xylographe", "Quetzal", "Zwevegem", "Ysoline"):
        assert word in before, word  # or the next lines prove nothing
    carry_out(town, wish(client))
    after = everything(town)
    for word in (EMAIL, "Xylographe", "Quetzal", "Zwevegem", "Ysoline"):
        assert word not in after, word
    assert after.count("Tanneurs") == 1  # the other donor's
    assert OTHER in after


def test_books_and_receipts_stand_after_it(house: Flask, town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    enter(client, town, mails)
    contents = [stored(receipt) for museum in (town.first, town.second) for receipt in museum.receipts()]
    with town.first.open() as session:
        before = books.broken(session)
    carry_out(town, wish(client))
    for content in contents:
        assert content is not None
        assert verify_pdf(house, content).in_force
    with town.first.open() as session:
        assert books.broken(session) == before
        assert books.audit_breaks(session) == []
        assert "donor.erased" in session.scalars(select(AuditEntry.action)).all()
        actors = session.scalars(select(AuditEntry.actor).where(AuditEntry.action == "donor.erased")).all()
        assert actors == ["donor"]


def test_what_was_left_without_giving_is_forgotten_too(town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    with town.first.open() as session:
        about: dict[str, Any] = {"campaign_id": town.first.campaign_id, "locale": "fr"}
        session.add(Reminder(email=EMAIL, due_on=clock.now().date(), **about))
        session.add(Group(code="bcdfghjk", name="CM2", organiser_email=EMAIL, **about))
        followers.follow(session, town.first.campaign_id, EMAIL, locale="fr", wording="words", source="here")
        questions.ask(session, town.first.campaign_id, "Why?", locale="fr", email=EMAIL)
    dedicate(town, "Ysoline")
    pledge = pledge_of(town.first, town.gifts[0])
    storage = client.application.extensions["storage"]
    storage.write(f"cards/{pledge.institution_id}/{pledge.id}.pdf", b"%PDF Camille Rey")
    with town.second.open() as session:
        session.scalars(select(Pledge).where(Pledge.donor_id.is_not(None))).all()[-1].dedication_email = EMAIL
    enter(client, town, mails)
    carry_out(town, wish(client))
    after = everything(town)
    assert EMAIL not in after
    assert stored_card(pledge) is None
    with town.first.open() as session:
        assert session.scalars(select(Reminder)).all() == []
        assert session.scalars(select(Follower.state)).all() == ["ended"]
        assert session.scalars(select(Question.asker_email)).all() == [None]
        assert session.scalars(select(Group.name)).all() == ["CM2"]


def test_consents_end_and_their_proof_stays(town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    enter(client, town, mails)
    change_consents(client, {slug(town.first)}, set(), {slug(town.first)})
    carry_out(town, wish(client))
    with town.first.open() as session:
        [proof] = session.scalars(select(Consent)).all()
        assert proof.withdrawn_at is not None
        assert proof.wording
        [donor] = session.scalars(select(Donor).where(Donor.id == proof.donor_id)).all()
        assert (donor.email, donor.first_name, donor.last_name) == (None, None, None)
        assert donor.erased_at is not None
        assert session.scalars(select(WallEntry)).all() == []


def test_a_last_mail_confirms_and_then_nobody_knows_the_address(
    town: Town, client: FlaskClient, mails: MailKeeper
) -> None:
    enter(client, town, mails)
    mails.kept.clear()
    wish_id = wish(client)
    assert "Camille" not in client.get("/fr/me/").text  # every visit has ended
    carry_out(town, wish_id)
    carry_out(town, wish_id)  # the courier may bring a fact twice
    [(_key, last)] = mails.kept
    assert last["To"] == EMAIL
    assert last["Subject"] == "Vos données ont été effacées"
    assert "Camille" not in last.as_string()
    with transaction(PlatformScope()) as session:
        done = session.scalars(select(Erasure)).one()
        assert done.email is None
        assert done.done_at is not None
        assert session.scalar(select(func.count()).select_from(DonorLink)) == 0
        assert {visit.email for visit in session.scalars(select(DonorVisit))} == {None}
    with town.second.open() as session:
        assert session.scalars(select(SentMail.to_address).where(SentMail.kind == "me_erased")).all() in ([], [None])


def test_a_mail_server_that_is_down_only_delays_it(town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    enter(client, town, mails)
    wish_id = wish(client)
    mails.kept.clear()
    mails.down = OSError("away")
    with pytest.raises(OSError, match="away"):
        carry_out(town, wish_id)
    assert town.donors(EMAIL) == []
    mails.down = None
    carry_out(town, wish_id)
    assert len(mails.kept) == 1
    with transaction(PlatformScope()) as session:
        assert session.scalars(select(Erasure.email)).one() is None


def test_an_open_question_to_the_provider_is_waited_for(town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    enter(client, town, mails)
    pledge = pledge_of(town.first, town.gifts[0])
    with town.first.open() as session:
        checkout = Checkout(
            pledge_id=pledge.id, number=1, account="acct_x", state="unknown", amount_minor=5000, currency="EUR",
            expires_at=pledge.created_at,
        )  # fmt: skip
        session.add(checkout)
        session.flush()
        session.add(
            ProviderCall(
                key=str(uuid4()), operation="checkout", account="acct_x", subject=f"checkout:{checkout.id}",
                params={"mode": "payment", "customer_email": EMAIL}, state="unknown",
            )
        )  # fmt: skip
    wish_id = wish(client)
    with pytest.raises(erasure.StillPaying):
        carry_out(town, wish_id)
    with town.first.open() as session:
        session.scalars(select(ProviderCall)).one().state = "ok"
    carry_out(town, wish_id)
    with town.first.open() as session:
        assert session.scalars(select(ProviderCall)).one().params == {"mode": "payment"}


def test_without_the_tick_nothing_happens(town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    enter(client, town, mails)
    page = client.get("/fr/me/erase")
    assert "Ce qui reste, et pourquoi" in page.text
    answer = client.post("/fr/me/erase", data={"csrf_token": csrf(page)})
    assert answer.status_code == 422
    assert 'id="e-understood"' in answer.text
    with transaction(PlatformScope()) as session:
        assert session.scalars(select(Erasure)).all() == []
    assert len(town.donors(EMAIL)) == 2


def test_the_gifts_page_and_later_facts_stand_an_erased_donor(
    town: Town, client: FlaskClient, mails: MailKeeper
) -> None:
    enter(client, town, mails)
    carry_out(town, wish(client))
    mails.kept.clear()
    gift_tasks.thank(TaskScope(town.first.id, 0), gift_id=town.gifts[0])
    assert mails.kept == []
    with town.first.open() as session:
        pledge = session.scalars(select(Pledge)).one()
        token = gift_token(pledge)
    page = client.get(f"/fr/gifts/{token}")
    assert page.status_code == 200
    assert "Camille" not in page.text
    assert "sont effacés, comme vous l’avez demandé" in unescape(page.text)
    for promised in ("Nous vous écrirons", "le musée vous écrira", "J’amène dix personnes", "demander au musée"):
        assert promised.lower() not in unescape(page.text).lower()


def test_the_link_of_a_gift_writes_nothing_of_an_erased_donor_any_more(
    town: Town, client: FlaskClient, mails: MailKeeper
) -> None:
    with town.first.open() as session:
        token = gift_token(session.scalars(select(Pledge)).one())
    base, open_page = f"/fr/gifts/{token}", form_token(token)
    enter(client, town, mails)
    carry_out(town, wish(client))
    said = {
        "csrf_token": open_page,
        "wall": "other",
        "wall_name": "Camille again",
        "name": "Camille again",
        "goal": "3",
    }
    for door in ("wall", "share", "bring"):
        assert client.post(f"{base}/{door}", data=said).status_code == 404, door
    assert client.get(f"{base}/bring").status_code == 404
    assert "Camille again" not in everything(town)


def test_the_operators_commands_share_the_services(house: Flask, town: Town, mails: MailKeeper, tmp_path: Path) -> None:
    runner = house.test_cli_runner()
    told = runner.invoke(args=["privacy", "export", EMAIL.upper(), "--to", str(tmp_path / "all.zip"), "--json"])
    assert told.exit_code == 0, told.output
    assert len(json.loads(told.output)["museums"]) == 2
    assert (tmp_path / "all.zip").read_bytes().startswith(b"PK")
    done = runner.invoke(args=["privacy", "erase", EMAIL, "--json"])
    assert (done.exit_code, json.loads(done.output)) == (
        0,
        {"museums": 2, "records": 2, "state": "erased"},
    )
    assert town.donors(EMAIL) == []
    assert [key.split(":")[1] for key, _message in mails.kept] == ["me_erased"]
    for command in ("export", "erase"):
        nobody = runner.invoke(args=["privacy", command, EMAIL])
        assert nobody.exit_code == 1
        assert "not known" in nobody.output


def test_the_operator_is_told_what_the_worker_finishes(house: Flask, town: Town, mails: MailKeeper) -> None:
    mails.down = OSError("away")
    done = house.test_cli_runner().invoke(args=["privacy", "erase", EMAIL, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["state"] == "erased; the last mail waits for the mail server"
    assert town.donors(EMAIL) == []
    mails.down = None
    with transaction(PlatformScope()) as session:
        wish_id = session.scalars(select(Erasure.id)).one()
    carry_out(town, wish_id)
    assert len(mails.kept) == 1


def test_who_gives_again_is_somebody_new(town: Town, client: FlaskClient, mails: MailKeeper) -> None:
    enter(client, town, mails)
    carry_out(town, wish(client))
    with town.first.open() as session:
        from crowdfund.donors.rules import DonorDetails  # noqa: PLC0415
        from crowdfund.donors.service import find_or_add  # noqa: PLC0415

        again = find_or_add(session, DonorDetails(first_name="Camille", last_name="Rey", email=EMAIL, locale="fr"))
        assert session.scalar(select(func.count()).where(Donor.erased_at.is_not(None))) == 1
        assert again.erased_at is None


def test_a_merged_record_with_another_address_is_parted_and_stays(town: Town) -> None:
    """Who asks has shown one address; a museum that merged a couple by mistake loses nobody else's record."""
    with town.first.open() as session:
        camille = town.donors(EMAIL)[0]
        claude = factories.make_donor(session, first_name="Claude", last_name="Rey", email="claude@example.org")
        by_post = factories.make_donor(session, first_name="Camille", last_name="Rey", email=None)
        for one in (claude, by_post):
            merging.merge(session, camille.id, one.id)
        crm.write_note(session, camille.id, "note", "Calls in the morning")
    with town.first.open() as session:
        told = export.told_at_museum(session, EMAIL)
        assert told is not None
        assert [one["text"] for one in told.document["notes"]] == ["Calls in the morning"]
        assert erasure.at_museum(session, EMAIL) == 2
    with town.first.open() as session:
        found = {one.id: one for one in session.scalars(select(Donor))}
        assert {found[one.id].email for one in (camille, by_post)} == {None}
        assert all(found[one.id].erased_at for one in (camille, by_post))
        assert (found[claude.id].email, found[claude.id].merged_into_id) == ("claude@example.org", None)
        assert erasure.at_museum(session, "claude@example.org") == 1


def test_a_record_into_which_another_persons_was_merged_stays(town: Town) -> None:
    with town.first.open() as session:
        camille = town.donors(EMAIL)[0]
        claude = factories.make_donor(session, first_name="Claude", last_name="Rey", email="claude@example.org")
        merging.merge(session, claude.id, camille.id)
    with town.first.open() as session:
        assert erasure.at_museum(session, EMAIL) == 1
        rows = session.execute(select(Donor.email, Donor.merged_into_id).where(Donor.id.in_([camille.id, claude.id])))
        assert {tuple(row) for row in rows} == {(None, None), ("claude@example.org", None)}
