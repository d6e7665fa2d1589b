from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund.donors import service
from crowdfund.donors.models import Consent, Donor
from crowdfund.donors.rules import DonorDetails
from crowdfund.errors import NotFound
from crowdfund.tenancy import transaction
from tests import factories

CAMILLE = DonorDetails(first_name="Camille", last_name="Rey", email="camille@example.org", locale="fr")
HOME = {"address_line": "8 rue des Tanneurs", "postcode": "73000", "city": "Chambéry", "country": "FR"}


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    with transaction(factories.scope(factories.make_institution())) as opened:
        yield opened


def test_the_same_person_is_found_again(session: Session) -> None:
    first = service.find_or_add(session, CAMILLE)
    again = service.find_or_add(session, replace(CAMILLE, first_name="camille ", last_name="REY", locale="it"))
    assert again.id == first.id
    assert again.locale == "fr"  # what is told anew is taken over with the money
    assert session.scalar(select(func.count()).select_from(Donor)) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"first_name": "Léa"},
        {"last_name": "Rex"},
        {"email": "c@example.org"},
        {"kind": "company", "company_name": "Verrerie"},
    ],
)
def test_another_name_address_or_kind_is_another_donor(session: Session, other: dict[str, str]) -> None:
    first = service.find_or_add(session, CAMILLE)
    assert service.find_or_add(session, replace(CAMILLE, **other)).id != first.id


def test_people_without_address_are_not_mixed_up(session: Session) -> None:
    nobody = replace(CAMILLE, email="")
    assert service.find_or_add(session, nobody).id != service.find_or_add(session, nobody).id


def test_the_newest_address_wins_and_is_taken_whole(session: Session) -> None:
    donor = service.find_or_add(session, replace(CAMILLE, **HOME))
    service.update_details(session, donor, replace(CAMILLE, country="IT"))
    assert (donor.city, donor.country) == ("Chambéry", "FR")  # a country alone is no address
    service.update_details(session, donor, replace(CAMILLE, address_line="Via Po 1", city="Torino", country="IT"))
    assert (donor.address_line, donor.postcode, donor.city, donor.country) == ("Via Po 1", None, "Torino", "IT")


def test_one_museum_does_not_know_the_donors_of_another(session: Session) -> None:
    donor = service.find_or_add(session, CAMILLE)
    with transaction(factories.scope(factories.make_institution())) as other:
        assert service.find_or_add(other, CAMILLE).id != donor.id
        with pytest.raises(NotFound):
            service.donor_of(other, donor.id)


def test_a_consent_keeps_its_words_and_is_not_doubled(session: Session) -> None:
    donor = service.find_or_add(session, CAMILLE)
    for _ in range(2):
        service.record_consent(session, donor.id, "news_museum", wording="Oui", locale="fr", source="giving form")
    proof = session.scalars(select(Consent)).one()
    assert (proof.wording, proof.locale, proof.source, proof.withdrawn_at) == ("Oui", "fr", "giving form", None)
    service.withdraw_consent(session, donor.id, "news_museum")
    session.flush()
    assert proof.withdrawn_at is not None
    service.record_consent(session, donor.id, "news_museum", wording="Oui", locale="fr", source="giving form")
    assert session.scalar(select(func.count()).select_from(Consent)) == 2
