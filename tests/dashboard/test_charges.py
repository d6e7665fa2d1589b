"""Payments set aside at the desk: who may see them, what they say, and how they are decided on."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from crowdfund.audit import AuditEntry
from crowdfund.campaigns.models import Campaign
from crowdfund.donors.models import Donor
from crowdfund.donors.rules import DonorDetails
from crowdfund.institutions.models import Institution
from crowdfund.institutions.rules import Role
from crowdfund.money import Money
from crowdfund.payments.provider import ProviderUnavailable
from crowdfund.pledges import service as pledges
from crowdfund.pledges.rules import PledgeRequest
from crowdfund.tenancy import PlatformScope, transaction
from tests import factories
from tests.desk import enter, form_token, make_colleague
from tests.payments.conftest import Scene, later, scene

__all__ = ["later", "scene"]


class Desk:
    """Somebody of a museum at its desk, before one payment of 40.00 for a pledge of 50.00."""

    def __init__(self, scene: Scene, role: Role = Role.FINANCE) -> None:
        self.scene = scene
        with transaction(PlatformScope()) as session:
            self.slug = session.get_one(Institution, scene.museum).slug
        self.account = make_colleague(scene.museum, role, f"{role}@example.org")
        self.client: FlaskClient = enter(scene.app, self.account)
        self.token = form_token(self.client, "/account/")

    def url(self, path: str = "") -> str:
        return f"/staff/{self.slug}/charges{path}"

    def post(self, path: str) -> Any:
        return self.client.post(self.url(path), data={"csrf_token": self.token})


def forged(scene: Scene, **given: Any) -> tuple[int, int]:
    pledge_id = scene.pledge(**given)
    scene.provider.pay(scene.open(pledge_id), amount=4000)
    scene.hear()
    return pledge_id, scene.aside()[-1].id


def test_the_list_and_the_page_tell_what_arrived_and_what_was_expected(scene: Scene) -> None:
    desk = Desk(scene)
    assert "No payment waits for a decision." in desk.client.get(desk.url()).text
    _pledge, aside_id = forged(scene)
    shown = desk.client.get(desk.url()).text
    assert re.search(r"€40\.00.*instead of €50\.00", shown, re.DOTALL)
    for words in ("Another sum than was asked", "1 payment waits for a decision", "To be decided"):
        assert words in shown
    page = desk.client.get(desk.url(f"/{aside_id}")).text
    for words in ("€40.00 set aside", "What was expected", "€50.00", scene.account, scene.aside()[0].charge):
        assert words in page
    assert "Book it as this gift" in page
    assert "Give it back" in page


def test_it_is_booked_by_a_person_with_their_name(scene: Scene) -> None:
    desk = Desk(scene)
    pledge_id, aside_id = forged(scene)
    answer = desk.post(f"/{aside_id}/accept")
    gift = scene.gift(pledge_id)
    assert gift is not None
    assert (answer.status_code, answer.location) == (303, f"/staff/{desk.slug}/gifts/{gift.id}")
    with transaction(scene.scope) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "charge.accepted")).one()
    assert (entry.actor, entry.subject) == (f"account:{desk.account}", f"charge:{aside_id}")
    page = desk.client.get(desk.url(f"/{aside_id}")).text
    assert "Book it as this gift" not in page
    assert f'href="/staff/{desk.slug}/gifts/{gift.id}"' in page
    assert "Person finance" in page
    assert desk.post(f"/{aside_id}/refund").status_code == 409
    assert "decided on already" in desk.post(f"/{aside_id}/refund").text


def test_it_is_given_back_by_a_person_with_their_name(scene: Scene) -> None:
    desk = Desk(scene, Role.OWNER)
    pledge_id, aside_id = forged(scene)
    assert desk.post(f"/{aside_id}/refund").location == f"/staff/{desk.slug}/charges/{aside_id}"
    assert "Being given back" in desk.client.get(desk.url(f"/{aside_id}")).text
    scene.work()
    scene.hear()
    assert "Given back" in desk.client.get(desk.url()).text
    assert (scene.gift(pledge_id), scene.pledge_state(pledge_id)) == (None, "cancelled")
    with transaction(scene.scope) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "charge.refund_requested")).one()
    assert entry.actor == f"account:{desk.account}"


def test_what_the_rules_forbid_is_not_offered_and_refused_with_words(scene: Scene) -> None:
    desk = Desk(scene)
    pledge_id, _charge = scene.paid()
    scene.hear()
    page = scene.provider.accounts[scene.account].pages[str(scene.checkout(pledge_id).session)]
    scene.provider.new_charge(scene.account, page.amount, page.claim)
    scene.hear()
    [row] = scene.aside()
    shown = desk.client.get(desk.url(f"/{row.id}")).text
    assert "The pledge has been paid by another payment." in shown
    assert "Book it as this gift" not in shown
    answer = desk.post(f"/{row.id}/accept")
    assert answer.status_code == 409
    assert "<title>Error — " in answer.text


def test_a_provider_that_does_not_answer_decides_nothing(scene: Scene) -> None:
    desk = Desk(scene)
    _pledge, aside_id = forged(scene)
    scene.provider.fail("charge", ProviderUnavailable("away"))
    answer = desk.post(f"/{aside_id}/accept")
    assert answer.status_code == 503
    assert "Nothing was decided" in answer.text
    assert scene.aside()[0].state == "open"


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.DESK, Role.DIRECTOR])
def test_who_only_reads_decides_nothing(scene: Scene, role: Role) -> None:
    desk = Desk(scene, role)
    _pledge, aside_id = forged(scene)
    assert "Give it back" not in desk.client.get(desk.url(f"/{aside_id}")).text
    assert [desk.post(f"/{aside_id}/{what}").status_code for what in ("accept", "refund")] == [403, 403]
    assert scene.aside()[0].state == "open"


def test_the_donor_is_told_the_truth_on_the_gifts_page(scene: Scene) -> None:
    with transaction(scene.scope) as session:
        campaign = session.get_one(Campaign, (scene.museum, scene.campaign_id))
        donor = factories.make_donor(session)
        made = pledges.make_pledge(session, _request(campaign, donor))
        token = pledges.gift_token(made)
    scene.provider.pay(scene.open(made.id), amount=4000)
    scene.hear()
    shown = scene.app.test_client().get(f"/en/gifts/{token}").text
    assert "The museum is looking at your payment." in shown
    assert "Nothing was taken" not in shown
    desk = Desk(scene)
    desk.post(f"/{scene.aside()[0].id}/refund")
    scene.work()
    scene.hear()
    shown = scene.app.test_client().get(f"/en/gifts/{token}").text
    assert "Your gift was given back." in shown
    assert "Nothing was taken" not in shown


def _request(campaign: Campaign, donor: Donor) -> PledgeRequest:
    details = DonorDetails(
        first_name=str(donor.first_name), last_name=str(donor.last_name), email=str(donor.email), locale="en"
    )
    return PledgeRequest(attempt=uuid4(), campaign_id=campaign.id, amount=Money(5000, "EUR"), donor=details)
