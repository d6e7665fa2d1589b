"""Money that contradicts what was asked waits for a person: its pledge is held, nobody is told an untruth, and it is decided once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from crowdfund import clock
from crowdfund.audit import AuditEntry
from crowdfund.campaigns.models import Campaign
from crowdfund.donors.models import Consent
from crowdfund.errors import Conflict, NotFound
from crowdfund.institutions.models import Issuer
from crowdfund.ledger.rules import AccountKind
from crowdfund.payments import service
from crowdfund.payments.provider import ProviderRefused, ProviderUnavailable
from crowdfund.pledges import service as pledges
from crowdfund.pledges import tasks
from crowdfund.pledges.models import Pledge
from crowdfund.tenancy import transaction
from tests import factories
from tests.payments.conftest import Scene


def forged(scene: Scene, amount: int = 4000, **given: Any) -> tuple[int, str, int]:
    """Let a pledge of 50.00 be paid with another sum; give the pledge, the charge and where it waits."""
    pledge_id = scene.pledge(**given)
    charge = scene.provider.pay(scene.open(pledge_id), amount=amount)
    scene.hear()
    return pledge_id, charge.id, scene.aside()[-1].id


def trail(scene: Scene, aside_id: int) -> list[str]:
    with transaction(scene.scope) as session:
        return list(session.scalars(select(AuditEntry.action).where(AuditEntry.subject == f"charge:{aside_id}")))


def pledge(scene: Scene, pledge_id: int) -> Pledge:
    with transaction(scene.scope) as session:
        return session.get_one(Pledge, (scene.museum, pledge_id))


def test_the_pledge_of_a_charge_set_aside_does_not_end(scene: Scene) -> None:
    with transaction(scene.scope) as session:
        donor = factories.make_donor(session)
        session.add(Consent(donor_id=donor.id, kind="news_museum", wording="Oui", locale="fr", source="test"))
    pledge_id, _charge, _aside = forged(scene, donor_id=donor.id)
    with clock.at(clock.now() + timedelta(days=3)):
        tasks.forget_unpaid(scene.museum)
        service.sweep_checkouts(scene.scope)
        scene.work()
    assert scene.pledge_state(pledge_id) == "made"
    assert scene.mailer.keys("not_finished") == []
    with pytest.raises(Conflict, match="do not pay again"), transaction(scene.scope) as session:
        pledges.reopen(session, pledge_id)


def test_a_charge_of_an_expired_page_holds_its_pledge_too(scene: Scene) -> None:
    pledge_id = scene.pledge()
    page = scene.open(pledge_id)
    scene.provider.close_page(scene.account, page)
    scene.keep(*scene.notices())
    scene.work()
    assert scene.pledge_state(pledge_id) == "expired"
    held = scene.provider.accounts[scene.account].pages[page]
    scene.hear(scene.provider.tell(scene.account, "charge.succeeded", scene.provider.new_charge(
        scene.account, held.amount + held.amount, held.claim).id))  # fmt: skip
    assert pledge(scene, pledge_id).held_at is not None


def test_accepted_it_is_the_gift_of_its_pledge_once(scene: Scene) -> None:
    pledge_id, charge, aside_id = forged(scene)
    gift_id = service.accept(scene.scope, aside_id)
    assert service.accept(scene.scope, aside_id) == gift_id
    gift = scene.gift(pledge_id)
    assert gift is not None
    assert (gift.id, gift.amount_minor, gift.charge) == (gift_id, 4000, charge)
    assert (scene.pledge_state(pledge_id), scene.checkout(pledge_id).state) == ("paid", "paid")
    assert (scene.raised, pledge(scene, pledge_id).held_at) == (4000, None)
    assert trail(scene, aside_id) == ["charge.accepted"]
    scene.provider.settle_fee(charge, 85)
    scene.hear()  # the fee finds the gift, though the charge still is not what was asked
    assert (scene.balance(AccountKind.FEES), scene.balance(AccountKind.CLEARING)) == (85, 3915)
    assert [one.state for one in scene.aside()] == ["accepted"]
    assert service.reconcile(scene.scope).findings == []
    scene.replay()
    scene.check_books()
    with pytest.raises(Conflict, match="decided"):
        service.give_back(scene.scope, aside_id)


def test_what_was_accepted_can_be_given_back_like_any_gift(scene: Scene) -> None:
    pledge_id, charge, aside_id = forged(scene)
    service.accept(scene.scope, aside_id)
    scene.provider.refund_charge(charge, 4000)
    scene.hear()
    gift = scene.gift(pledge_id)
    assert gift is not None
    assert (gift.state, scene.raised) == ("refunded", 0)
    assert service.reconcile(scene.scope).findings == []


def test_given_back_it_ends_its_pledge_in_silence(scene: Scene) -> None:
    with transaction(scene.scope) as session:
        campaign = session.get_one(Campaign, (scene.museum, scene.campaign_id))
        reward = factories.make_reward(session, campaign, stock=1, claimed=1)
    pledge_id, charge, aside_id = forged(scene, reward_id=reward.id, reward_state="claimed")
    service.give_back(scene.scope, aside_id)
    service.give_back(scene.scope, aside_id)
    assert [one.state for one in scene.aside()] == ["refunding"]
    scene.work()
    scene.hear()
    assert scene.provider.accounts[scene.account].charges[charge].refunded.minor == 4000
    assert [(one.state, one.resolved_at is not None) for one in scene.aside()] == [("resolved", True)]
    found = pledge(scene, pledge_id)
    assert (found.state, found.held_at, found.reward_state) == ("cancelled", None, "released")
    assert (scene.raised, scene.gifts(), scene.mailer.keys("not_finished")) == (0, [], [])
    assert trail(scene, aside_id) == ["charge.refund_requested"]
    assert {event.state for event in scene.events()} <= {"processed", "set_aside", "ignored"}
    assert [event.state for event in scene.events() if event.type == "refund.created"] == ["processed"]
    assert service.reconcile(scene.scope).findings == []
    scene.replay()


def test_an_answer_that_was_lost_is_one_refund(scene: Scene) -> None:
    _pledge, charge, aside_id = forged(scene)
    service.give_back(scene.scope, aside_id)
    scene.provider.lose_answer("make_refund")
    with pytest.raises(ProviderUnavailable):
        scene.work()
    with clock.at(clock.now() + timedelta(minutes=5)):
        service.sweep_calls(scene.scope)
    scene.work()
    scene.hear()
    assert len(scene.provider.accounts[scene.account].refunds) == 1
    assert [one.state for one in scene.aside()] == ["resolved"]
    assert scene.provider.accounts[scene.account].charges[charge].refunded.minor == 4000


def test_a_refusal_puts_it_before_the_staff_again(scene: Scene) -> None:
    pledge_id, _charge, aside_id = forged(scene)
    service.give_back(scene.scope, aside_id)
    scene.provider.fail("make_refund", ProviderRefused("balance_insufficient", status=400))
    scene.work()
    assert [one.state for one in scene.aside()] == ["open"]
    assert pledge(scene, pledge_id).held_at is not None
    service.give_back(scene.scope, aside_id)  # a request of its own
    scene.work()
    scene.hear()
    assert [one.state for one in scene.aside()] == ["resolved"]


def test_what_was_given_back_in_the_dashboard_is_not_given_back_again(scene: Scene) -> None:
    _pledge, charge, aside_id = forged(scene)
    scene.provider.refund_charge(charge, 4000)
    with pytest.raises(Conflict, match="changed at the provider"):
        service.accept(scene.scope, aside_id)
    service.give_back(scene.scope, aside_id)
    scene.work()
    assert len(scene.provider.accounts[scene.account].refunds) == 1
    assert [one.state for one in scene.aside()] == ["resolved"]


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("twice", "paid by another payment"),
        ("unknown", "No pledge"),
        ("account", "account that is not the campaign’s"),
        ("reward", "less than the chosen reward"),
    ],
)
def test_the_rules_forbid_to_accept(scene: Scene, case: str, sentence: str) -> None:
    if case == "twice":
        pledge_id, _charge = scene.paid()
        scene.hear()
        page = scene.provider.accounts[scene.account].pages[str(scene.checkout(pledge_id).session)]
        scene.provider.new_charge(scene.account, page.amount, page.claim)
        scene.hear()
    elif case == "unknown":
        pledge_id = scene.pledge()
        page = scene.provider.accounts[scene.account].pages[scene.open(pledge_id)]
        scene.provider.new_charge(scene.account, page.amount, replace(page.claim, attempt=uuid4()))
        scene.hear()
    elif case == "reward":
        with transaction(scene.scope) as session:
            reward = factories.make_reward(session, session.get_one(Campaign, (scene.museum, scene.campaign_id)))
        forged(scene, reward_id=reward.id, reward_state="claimed")
    else:
        forged(scene)
        with transaction(scene.scope) as session:
            session.get_one(Issuer, (scene.museum, scene.issuer_id)).payment_account = "acct_new"
    [row] = scene.aside()
    with pytest.raises(Conflict, match=sentence):
        service.accept(scene.scope, row.id)
    assert [one.state for one in scene.aside()] == ["open"]
    assert trail(scene, row.id) == []


def test_nobody_decides_on_what_is_not_there(scene: Scene) -> None:
    for decide in (service.accept, service.give_back):
        with pytest.raises(NotFound):
            decide(scene.scope, 10**9)
