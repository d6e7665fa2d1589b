"""A plaque: who stands on it and how, until when names change, what is signed and never changes."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from crowdfund import books, clock
from crowdfund.audit import AuditEntry
from crowdfund.errors import Conflict, Refusal
from crowdfund.gifts.wall import change_wall
from crowdfund.me import erasure
from crowdfund.plaques import keeping, tasks
from crowdfund.plaques.looks import Look
from crowdfund.plaques.models import Plaque, PlaqueCorrection, PlaqueLine, PlaqueName
from crowdfund.plaques.rules import Change, Section, differences
from crowdfund.pledges.groups import start_group
from crowdfund.pledges.models import Pledge, WallEntry
from crowdfund.proofs import preparing, signing
from tests import factories
from tests.plaques.conftest import Hall


def texts(words: str) -> dict[str, str]:
    return {"fr": words}


def test_names_stand_as_typed_in_order_and_the_others_are_counted(hall: Hall) -> None:
    hall.give("famille de ROCHEVILLE")
    hall.give("Zoé Abel")
    hall.give("Jeanne d’Arc")
    hall.give()  # anonymous
    gone = hall.give("Gone Away")
    hall.museum.give_back(gone)
    proof = hall.proof()
    assert [one.name for one in proof.names] == ["Zoé Abel", "Jeanne d’Arc", "famille de ROCHEVILLE"]
    assert "1" in proof.words.others
    assert not proof.begun
    assert len(proof.sheets) == 1
    assert {line.text for line in proof.sheets[0].lines} >= {"Zoé Abel", "Jeanne d’Arc", "famille de ROCHEVILLE"}


def test_a_group_is_one_name_and_a_company_goes_without_its_form_in_the_order_alone(hall: Hall) -> None:
    with hall.museum.open() as session:
        group_id = start_group(
            session, hall.museum.campaign_id, name="Classe de CM2", email="cm2@example.org", locale="fr"
        ).id
    first = hall.give(group_id=group_id, wall="anonymous")
    hall.give(group_id=group_id, wall="anonymous")
    company = {"kind": "company", "company_name": "SARL Ardoin", "first_name": None, "last_name": None}
    hall.museum.give(None, 5000, wall="short", donor=company)
    assert hall.names() == ["SARL Ardoin", "Classe de CM2"]
    assert hall.proof().names[1].gift_id == first


def test_sections_and_the_least_amount_count_all_that_somebody_gave(hall: Hall) -> None:
    hall.give("Small", 500)
    hall.give("Middle", 5000)
    with hall.museum.open() as session:
        donor_id = factories.make_donor(session).id
    hall.give("Twice", 60_000, donor_id=donor_id)
    hall.museum.give(None, 50_000, wall="anonymous", donor_id=donor_id)
    hall.plan(least_minor=1000, sections=(Section(100_000, texts("Dès mille")), Section(200_000, texts("Nobody"))))
    proof = hall.proof()
    assert [(part.heading, [one.name for one in part.names]) for part in proof.parts] == [
        ("Dès mille", ["Twice"]), ("", ["Middle"])]  # fmt: skip
    assert proof.below == 1
    assert next(line.kind for line in proof.sheets[0].lines if line.text == "Dès mille") == "heading"


def test_by_date_the_first_gift_stands_first(hall: Hall) -> None:
    hall.give("Zoé Zwahlen")
    with clock.at(clock.now() + timedelta(minutes=1)):
        hall.give("Anne Abel")
        hall.plan(order_by="date")
        assert hall.names() == ["Zoé Zwahlen", "Anne Abel"]
        hall.plan()
        assert hall.names() == ["Anne Abel", "Zoé Zwahlen"]


def test_until_the_day_is_over_donors_change_their_names_and_then_no_more(hall: Hall) -> None:
    anne, luc = hall.give("Anne Martin"), hall.give("Luc Perrin")
    quiet = hall.give()
    hall.correct(anne, "Anne MARTIN")
    hall.lock(clock.now().date())
    with hall.museum.open() as session:  # her own word is later: it counts anew
        change_wall(session, hall.pledge_id(anne), shown="other", name="Anne Martin-Roy")
    assert hall.names() == ["Anne Martin-Roy", "Luc Perrin"]
    with clock.at(clock.now() + timedelta(days=2)):
        with hall.museum.open() as session:
            told = keeping.notice(session, session.get_one(Pledge, (hall.museum.id, hall.pledge_id(anne))))
            assert told is not None
            assert told.fixed
            change_wall(session, hall.pledge_id(anne), shown="anonymous")
            change_wall(session, hall.pledge_id(quiet), shown="other", name="Late Thought")
        assert hall.names() == ["Anne Martin-Roy", "Luc Perrin"]
        with hall.museum.open() as session:
            shown = session.scalars(select(WallEntry.display_name)).all()
        assert sorted(shown) == ["Late Thought", "Luc Perrin"]  # the wall of the site changes as ever
        hall.give("Late Giver")  # a transfer that came late: with the name it was given under
        assert "Late Giver" in hall.names()
        hall.museum.give_back(luc)
        assert "Luc Perrin" not in hall.names()
        with pytest.raises(Conflict):
            hall.lock(clock.now().date())


def test_the_worker_fixes_names_once_and_the_database_holds_the_day(hall: Hall) -> None:
    hall.give("Anne Martin")
    with hall.after_the_day():
        tasks.fix_names(hall.museum.id)
        tasks.fix_names(hall.museum.id)
        with hall.museum.open() as session:
            assert session.scalars(select(PlaqueName.frozen)).all() == ["Anne Martin"]
            assert session.scalars(select(AuditEntry.action)).all().count("plaque.names_fixed") == 1
        for change in ({"locks_on": None}, {"frozen_at": None}):
            with pytest.raises(DBAPIError), hall.museum.open() as session:
                session.execute(update(Plaque).values(change))
        with pytest.raises(DBAPIError), hall.museum.open() as session:
            session.execute(update(PlaqueName).values(frozen="Other"))


def test_a_day_that_is_over_cannot_be_told(hall: Hall) -> None:
    with pytest.raises(Refusal) as refused:
        hall.lock(clock.now().date() - timedelta(days=2))
    assert refused.value.field == "locks_on"


def test_a_correction_says_who_when_from_and_to_and_the_trail_names_nobody(hall: Hall) -> None:
    gift = hall.give("Anne Rossi Bianchi")
    assert hall.correct(gift, "Anna Rossi Bianchi", sort_word="Rossi Bianchi") == 2
    assert hall.correct(gift, "Anna Rossi Bianchi", sort_word="Rossi Bianchi") == 0
    [one] = hall.proof().names
    assert (one.name, one.typed, one.filed, one.corrected) == (
        "Anna Rossi Bianchi", "Anne Rossi Bianchi", "Rossi Bianchi", True)  # fmt: skip
    with hall.museum.open() as session:
        [word, name] = preparing.corrections_of(session, hall.museum.campaign_id, one.key)
        assert (name.before, name.after, name.by_name) == ("Anne Rossi Bianchi", "Anna Rossi Bianchi", "Zoé Desbois")
        assert (word.what, word.after) == ("sort_word", "Rossi Bianchi")
        details = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "plaque.name")).all()
    assert "Rossi" not in str(details)
    hall.correct(gift, "Anne Rossi Bianchi", left_out=True)
    proof = hall.proof()
    assert (proof.names, [one.name for one in proof.out]) == ((), ["Anne Rossi Bianchi"])


def test_nothing_is_signed_too_early(hall: Hall) -> None:
    hall.give("Anne Martin")
    with pytest.raises(Conflict, match="once its campaign has ended"):
        hall.sign()
    hall.end()
    with pytest.raises(Conflict, match="on which day"):
        hall.sign()
    hall.lock(clock.now().date() + timedelta(days=3))
    with pytest.raises(Conflict, match="may still change"):
        hall.sign()
    with clock.at(clock.now() + timedelta(days=6)):
        with pytest.raises(Conflict, match="since you opened"):
            hall.sign("0" * 64)
        assert hall.sign() == 1


@pytest.mark.parametrize(("name", "sentence"), [("Anne \U0001f3fa", "lack a sign"), ("Anne" * 15, "wider than")])
def test_what_cannot_be_cut_is_not_signed(hall: Hall, name: str, sentence: str) -> None:
    hall.give(name)
    hall.end()
    hall.plan(size="a4", columns=4, line_mm=10)
    with hall.after_the_day(), pytest.raises(Conflict, match=sentence):
        hall.sign()


def test_what_is_signed_never_changes_and_what_changes_is_a_new_version(hall: Hall) -> None:
    anne, _luc = hall.give("Anne Martin"), hall.give("Luc Perrin")
    out = hall.give("Paul Gone")
    hall.end()
    with hall.after_the_day():
        assert hall.sign() == 1
        with pytest.raises(Conflict, match="Nothing has changed"):
            hall.sign()
        with hall.museum.open() as session:
            [first] = signing.versions_of(session, hall.museum.campaign_id)
            content = signing.content_of(first)
        assert content.startswith(b"%PDF")
        assert hashlib.sha256(content).hexdigest() == first.sha256
        hall.museum.give_back(out)
        hall.correct(anne, "Anne Martin-Roy")
        hall.give("Late Giver")
        assert hall.sign() == 2
        with hall.museum.open() as session:
            second, first_row = signing.read_versions(session, hall.museum.campaign_id)
            assert signing.content_of(signing.version_of(session, hall.museum.campaign_id, 1)) == content
            assert [line.name for line in signing.lines_of(session, first)] == [
                "Paul Gone",
                "Anne Martin",
                "Luc Perrin",
            ]
        assert second.changes == (
            Change("Anne Martin", "Anne Martin-Roy"), Change("", "Late Giver"), Change("Paul Gone", ""))  # fmt: skip
        assert [one.intact for one in signing.looked_at((second, first_row))] == [True, True]
    for change in ("UPDATE plaque_versions SET sha256 = ''", "DELETE FROM plaque_versions", "DELETE FROM plaque_lines",
                   "UPDATE plaque_lines SET name = ''"):  # fmt: skip
        with pytest.raises(DBAPIError), hall.museum.open() as session:
            session.execute(text(change))


def test_a_file_that_was_touched_is_found_on_the_page_and_by_the_books(hall: Hall) -> None:
    hall.give("Anne Martin")
    hall.end()
    with hall.after_the_day():
        hall.sign()
        rule = "5 the bytes of a signed plaque never change"
        assert rule not in [one.invariant for one in books.check_museum(hall.museum.id, hall.museum.slug)]
        with hall.museum.open() as session:
            [version] = signing.versions_of(session, hall.museum.campaign_id)
        path = hall.museum.app.extensions["storage"].root / version.storage_key
        path.write_bytes(path.read_bytes() + b" ")
        assert not signing.is_intact(version)
        page = hall.museum.desk("director").get(f"plaques/{hall.museum.campaign_id}").text
        assert "The file is missing or no longer has this fingerprint" in page
        assert rule in [one.invariant for one in books.check_museum(hall.museum.id, hall.museum.slug)]


def test_who_is_erased_leaves_the_proof_and_stays_as_an_engraved_fact(hall: Hall) -> None:
    email = "anne@example.org"
    gift = hall.give("Anne Xylographe", donor={"email": email})
    hall.give("Luc Perrin")
    hall.end()
    with hall.after_the_day():
        hall.correct(gift, "Anne Xylographe-Roy")
        hall.sign()
        with hall.museum.open() as session:
            erasure.at_museum(session, email)
        assert hall.names() == ["Luc Perrin"]
        with hall.museum.open() as session:
            lines = session.scalars(select(PlaqueLine).order_by(PlaqueLine.position)).all()
            assert [(line.name, line.pledge_id is None) for line in lines] == [
                ("Luc Perrin", False), ("Anne Xylographe-Roy", True)]  # fmt: skip
            assert session.scalars(select(PlaqueCorrection)).all() == []
            assert "Xylographe" not in str(session.scalars(select(PlaqueName.frozen)).all())
        with hall.museum.open() as session:
            [version] = signing.versions_of(session, hall.museum.campaign_id)
            assert signing.is_intact(version)
        assert hall.sign() == 2
        with hall.museum.open() as session:
            second, _first = signing.read_versions(session, hall.museum.campaign_id)
        assert second.changes == (Change("Anne Xylographe-Roy", ""),)


def test_an_unsigned_plaque_forgets_who_is_erased(hall: Hall) -> None:
    email = "anne@example.org"
    gift = hall.give("Anne Xylographe", donor={"email": email})
    with hall.after_the_day():
        hall.correct(gift, "Anne Xylo")
        with hall.museum.open() as session:
            erasure.at_museum(session, email)
            assert session.scalars(select(PlaqueName)).all() == []
            assert session.scalars(select(Pledge.wall)).all() == ["anonymous"]
        assert hall.names() == []


def test_hints_say_what_to_look_at_and_change_nothing(hall: Hall) -> None:
    told = {
        "Anne Martin": (),
        "JEAN BOUVIER": (Look.CAPITALS,),
        "jean valjean": (Look.SMALL,),
        "Léa www.lea.example": (Look.ADDRESS,),
        "Élie Roux": (Look.TWICE,),
        "Elie roux": (Look.TWICE,),
        "Association des amis de la Maison des Arts et du Patrimoine": (Look.LINES,),
    }
    for name in told:
        hall.give(name)
    hall.plan(size="a4", columns=3, line_mm=6)
    assert {one.name: one.looks for one in hall.proof().names} == told


def test_many_names_take_several_sheets_and_too_many_are_refused(hall: Hall) -> None:
    for number in range(60):
        hall.give(f"Anne{number} Martin")
    hall.plan(size="a4", columns=1, line_mm=10)
    proof = hall.proof()
    assert len(proof.sheets) > 1
    engraved = [line.text for sheet in proof.sheets for line in sheet.lines if line.kind == "name"]
    assert engraved == [one.name for one in proof.names]
    assert all(0 < line.y < sheet.height for sheet in proof.sheets for line in sheet.lines)


def test_an_erased_donors_line_is_known_by_its_words() -> None:
    assert differences([("", "Anne"), ("p1", "Luc")], [("", "Anne"), ("p1", "Luc")]) == ()
    assert differences([("", "Anne")], []) == (Change("Anne", ""),)
