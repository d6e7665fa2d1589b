"""The order of names, by language: each rule in a row of its own."""

from __future__ import annotations

import pytest

from crowdfund.plaques.order import COMPANY, GROUP, PERSON, filed, sort_key

FILED = [
    # French: particles in small letters are left out; Le and La count
    ("fr", "Jeanne Morel", ("Morel", "Jeanne")),
    ("fr", "Camille R.", ("R.", "Camille")),
    ("fr", "Alfred de Vigny", ("Vigny", "Alfred")),
    ("fr", "Jeanne d'Arc", ("Arc", "Jeanne")),
    ("fr", "Jeanne d’Arc", ("Arc", "Jeanne")),
    ("fr", "Joachim du Bellay", ("Bellay", "Joachim")),
    ("fr", "Bonaventure des Périers", ("Périers", "Bonaventure")),
    ("fr", "Jean de La Fontaine", ("La Fontaine", "Jean")),
    ("fr", "Yann Le Goff", ("Le Goff", "Yann")),
    ("fr", "Pieter De Smet", ("De Smet", "Pieter")),
    ("fr", "Anna van der Meer", ("van der Meer", "Anna")),
    ("fr", "M. et Mme Paul Girod", ("Girod", "Paul")),
    ("fr", "Famille Chevrier", ("Chevrier", "")),
    ("fr", "La famille de Rocheville", ("Rocheville", "")),
    ("fr", "Anna et Luc Perrin", ("Perrin", "Anna et Luc")),
    ("fr", "Jean Dupont et Marie Zwahlen", ("Dupont", "Jean et Marie Zwahlen")),
    ("fr", "Camille et les siens", ("Camille et les siens", "")),
    ("fr", "En souvenir de Lucienne", ("En souvenir de Lucienne", "")),
    ("fr", "Classe de CE2", ("Classe de CE2", "")),
    # Italian: De, Di, Della count
    ("it", "Maria De Luca", ("De Luca", "Maria")),
    ("it", "Giulia di Stefano", ("di Stefano", "Giulia")),
    ("it", "Paolo Della Casa", ("Della Casa", "Paolo")),
    ("it", "Elena D'Angelo", ("D'Angelo", "Elena")),
    ("it", "Sig.ra Anna Rossi", ("Rossi", "Anna")),
    ("it", "Famiglia Bianchi", ("Bianchi", "")),
    ("it", "In memoria di Jean", ("In memoria di Jean", "")),
    # English: as typed
    ("en", "Daphne du Maurier", ("du Maurier", "Daphne")),
    ("en", "Walter de la Mare", ("de la Mare", "Walter")),
    ("en", "The Morel family", ("Morel", "")),
    ("en", "Flann O’Brien", ("O’Brien", "Flann")),
    ("en", "Cher", ("Cher", "")),
]


@pytest.mark.parametrize(("locale", "name", "expected"), FILED, ids=[f"{one[0]} {one[1]}" for one in FILED])
def test_a_name_is_filed_as_its_language_does(locale: str, name: str, expected: tuple[str, str]) -> None:
    assert filed(name, PERSON, locale) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Fonderie Bouvier SAS", "Fonderie Bouvier"),
        ("SARL Menuiserie Rey", "Menuiserie Rey"),
        ("Orsini S.r.l.", "Orsini"),
        ("Cotonificio Valle S.p.A.", "Cotonificio Valle"),
        ("Smith & Sons Ltd", "Smith & Sons"),
        ("De Smet nv", "De Smet"),
        ("SA", "SA"),
        ("Les Amis du Musée", "Les Amis du Musée"),
    ],
)
def test_a_company_is_filed_without_its_legal_form(name: str, expected: str) -> None:
    assert filed(name, COMPANY, "fr") == (expected, "")
    assert filed("Classe de SARL", GROUP, "fr") == ("Classe de", "")


# Apostrophes join what they stand between, spaces part it: "D'Alba" as "Dalba", after "Da Col".
IN_ORDER = {
    "fr": ["Anne Abel", "Zoé Abel", "Éric Abelle", "Jean d'Aubigné", "Luc Aubry", "Eve De Smet", "Ève De Smet", "Anne Dean",
           "Paul Dupont", "Anne Le Goff", "Luc Legrand", "Ida Œhler", "Ida Offner", "Kåre Østby", "Luc Othe", "Jean-Paul Roux"],
    "it": ["Ugo Da Col", "Ugo D'Alba", "Ada Dalla Riva", "Ada De Amicis", "Ugo De Luca", "Ada Deamicis", "Ugo Della Rovere",
           "Ada Di Maggio", "Ugo Dini", "Ada Èco", "Ugo Eco"],
    "en": ["Ann d'Arcy", "Ann De Vere", "Bob de Winter", "Ann Dean", "Bob du Maurier", "Bob Oakes", "Ann O'Brien"],
}  # fmt: skip


@pytest.mark.parametrize("locale", IN_ORDER)
def test_names_are_put_in_the_order_of_their_language(locale: str) -> None:
    names = IN_ORDER[locale]
    mixed = [*names[1::2], *names[::2]]
    assert sorted(mixed, key=lambda one: sort_key(one, PERSON, locale)) == names


def test_a_word_set_by_hand_goes_before_the_guess() -> None:
    assert sort_key("Anna Rossi Bianchi", PERSON, "it") < sort_key("Anna Rossi", PERSON, "it")
    assert sort_key("Anna Rossi Bianchi", PERSON, "it", by_hand="Rossi Bianchi") > sort_key("Anna Rossi", PERSON, "it")


def test_accents_part_what_letters_do_not_and_case_comes_last() -> None:
    keys = [sort_key(one, PERSON, "fr") for one in ("Eve Roux", "Ève Roux", "eve roux")]
    assert keys[0][:2] == keys[1][:2]
    assert keys[0] < keys[1]
