"""Random stories of pledges, payments, refunds, disputes and events dropped, doubled and shuffled, held against a small model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from crowdfund.institutions.models import Issuer
from crowdfund.ledger.rules import AccountKind
from crowdfund.payments import service
from crowdfund.payments.provider import DisputeStage, Fate, Notice, PageState, ProviderUnavailable
from crowdfund.tenancy import transaction
from tests import factories
from tests.doubles import FakeProvider, MemoryMailer
from tests.payments.conftest import Scene


def story(app: Flask) -> type[RuleBasedStateMachine]:  # noqa: C901 - one machine, many small rules
    """Make the machine of one app; each example is a museum of its own."""

    class Story(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.pages: list[tuple[int, str]] = []
            self.refunds: list[str] = []
            self.disputes: list[str] = []

        @initialize()
        def found_a_museum(self) -> None:
            provider = FakeProvider()
            mailer = MemoryMailer(app.extensions["config"], app.extensions["storage"])
            app.extensions.update(provider=provider, mailer=mailer)
            self.scene = Scene(app, provider, mailer, factories.make_institution())
            with transaction(self.scene.scope) as session:
                campaign = factories.make_campaign(session)
                self.scene.campaign_id, self.scene.code = campaign.id, campaign.code
                self.scene.issuer_id = campaign.issuer_id
                issuer = session.get_one(Issuer, (self.scene.museum, campaign.issuer_id))
                self.scene.account = str(issuer.payment_account)
            self.provider = provider

        @rule(amount=st.integers(100, 900), lost=st.booleans())
        def pledge_and_open(self, amount: int, *, lost: bool) -> None:
            pledge_id = self.scene.pledge(amount)
            if lost:  # the answer: the donor clicks again
                self.provider.lose_answer("open_page")
                with pytest.raises(ProviderUnavailable):
                    self.scene.open(pledge_id)
            page = self.scene.open(pledge_id)
            self.pages.append((pledge_id, page))

        @precondition(lambda self: self.pages)
        @rule(data=st.data())
        def try_again(self, data: st.DataObject) -> None:
            pledge_id, _page = data.draw(st.sampled_from(self.pages))
            try:
                service.open_checkout(self.scene.scope, pledge_id)
            except ProviderUnavailable:
                return
            page = self.scene.checkout(pledge_id).session
            if page is not None and (pledge_id, page) not in self.pages:
                self.pages.append((pledge_id, page))

        @precondition(lambda self: self.pages)
        @rule(data=st.data())
        def pay(self, data: st.DataObject) -> None:
            _pledge, page = data.draw(st.sampled_from(self.pages))
            if self.provider.accounts[self.scene.account].pages[page].state == PageState.OPEN:
                self.provider.pay(page)

        @precondition(lambda self: self.pages)
        @rule(data=st.data(), decline=st.booleans())
        def decline_or_expire(self, data: st.DataObject, *, decline: bool) -> None:
            _pledge, page = data.draw(st.sampled_from(self.pages))
            if self.provider.accounts[self.scene.account].pages[page].state != PageState.OPEN:
                return
            if decline:
                self.provider.decline(page)
            else:
                self.provider.close_page(self.scene.account, page)

        def charges(self) -> list[str]:
            return [one.id for one in self.provider.accounts[self.scene.account].charges.values() if one.paid]

        @precondition(lambda self: self.charges())
        @rule(data=st.data(), fate=st.sampled_from([Fate.PENDING, Fate.SUCCEEDED]))
        def refund_some(self, data: st.DataObject, fate: Fate) -> None:
            charge = self.provider.accounts[self.scene.account].charges[data.draw(st.sampled_from(self.charges()))]
            left = charge.amount.minor - charge.refunded.minor
            if left and not charge.disputed:
                amount = data.draw(st.integers(1, left))
                self.refunds.append(self.provider.refund_charge(charge.id, amount, fate=fate).id)

        @precondition(lambda self: self.refunds)
        @rule(data=st.data(), fate=st.sampled_from([Fate.SUCCEEDED, Fate.FAILED]))
        def end_a_refund(self, data: st.DataObject, fate: Fate) -> None:
            refund = data.draw(st.sampled_from(self.refunds))
            if self.provider.accounts[self.scene.account].refunds[refund].fate == Fate.PENDING:
                self.provider.end_refund(refund, fate)

        @precondition(lambda self: self.charges())
        @rule(data=st.data(), stage=st.sampled_from([DisputeStage.OPEN, DisputeStage.WARNING]), whole=st.booleans())
        def dispute_one(self, data: st.DataObject, stage: DisputeStage, *, whole: bool) -> None:
            charge = self.provider.accounts[self.scene.account].charges[data.draw(st.sampled_from(self.charges()))]
            taken = charge.amount.minor - (0 if whole else charge.refunded.minor)  # a bank may not know of the refund
            before = sum(
                one.amount.minor
                for one in self.provider.accounts[self.scene.account].disputes.values()
                if one.charge == charge.id
            )
            if not charge.disputed and taken and not before:
                self.disputes.append(self.provider.dispute_charge(charge.id, taken, stage=stage).id)

        @precondition(lambda self: self.disputes)
        @rule(data=st.data(), stage=st.sampled_from([DisputeStage.WON, DisputeStage.LOST]))
        def decide_a_dispute(self, data: st.DataObject, stage: DisputeStage) -> None:
            dispute = data.draw(st.sampled_from(self.disputes))
            before = self.provider.accounts[self.scene.account].disputes[dispute].stage
            if before == DisputeStage.OPEN or (before == DisputeStage.WARNING and stage == DisputeStage.WON):
                self.provider.close_dispute(dispute, stage)

        @precondition(lambda self: self.charges())
        @rule(data=st.data())
        def tell_a_fee(self, data: st.DataObject) -> None:
            charge = data.draw(st.sampled_from(self.charges()))
            if self.provider.accounts[self.scene.account].charges[charge].fee is None:
                self.provider.settle_fee(charge, 30)

        @precondition(lambda self: self.scene.notices())
        @rule(data=st.data())
        def hear_some_events(self, data: st.DataObject) -> None:
            notices: list[Notice] = data.draw(st.lists(st.sampled_from(self.scene.notices()), min_size=1, max_size=6))
            self.scene.hear(*notices)

        @precondition(lambda self: self.pages)
        @rule(data=st.data())
        def come_back(self, data: st.DataObject) -> None:
            pledge_id, page = data.draw(st.sampled_from(self.pages))
            service.settle_checkout(self.scene.scope, page, pledge_id)

        @invariant()
        def the_books_hold(self) -> None:
            if hasattr(self, "scene"):
                self.scene.check_books()

        def teardown(self) -> None:
            """At last everything is compared: every paid charge is a gift or set aside, and nothing is left to say."""
            if not hasattr(self, "scene"):
                return
            service.reconcile(self.scene.scope)
            self.scene.work()
            books = self.provider.accounts[self.scene.account]
            claims = [page.claim for page in books.pages.values()]
            assert len(claims) == len(set(claims))  # one page for each try, or the donor might pay on both
            gifts = {gift.charge: gift for gift in self.scene.gifts()}
            aside = {one.charge for one in self.scene.aside()}
            kept = apart = twice = 0
            for charge in books.charges.values():
                assert (charge.id in gifts) + (charge.id in aside) == (1 if charge.paid else 0)
                if charge.id in gifts:
                    lost = sum(
                        one.amount.minor
                        for one in books.disputes.values()
                        if one.charge == charge.id and one.stage == DisputeStage.LOST
                    )
                    held = sum(
                        one.amount.minor
                        for one in books.disputes.values()
                        if one.charge == charge.id and one.stage == DisputeStage.OPEN
                    )
                    gift = gifts[charge.id]
                    left = charge.amount.minor - charge.refunded.minor
                    borne = (charge.refunded.minor, min(held, max(0, left - lost)), min(lost, left))
                    assert (gift.refunded_minor, gift.disputed_minor, gift.lost_minor) == borne
                    kept += left - held - lost
                    apart += held
                    twice += max(0, lost - left)
            self.the_books_hold()
            assert self.scene.balance(AccountKind.DISPUTES) == apart
            assert self.scene.balance(AccountKind.LOSSES) == twice
            assert self.scene.balance(AccountKind.CLEARING) == kept - self.scene.balance(AccountKind.FEES)
            assert service.reconcile(self.scene.scope).findings == []
            self.scene.hear()
            self.scene.replay()

    return Story


@pytest.fixture
def kept(app: Flask) -> Iterator[Flask]:
    before = {name: app.extensions.get(name) for name in ("provider", "mailer")}
    yield app
    app.extensions.update(before)


def tell_stories(app: Flask, examples: int = 12, **more: Any) -> None:
    run_state_machine_as_test(
        story(app),
        settings=settings(
            max_examples=examples,
            stateful_step_count=15,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
            **more,
        ),
    )


def test_every_story_ends_with_books_that_hold(kept: Flask) -> None:
    tell_stories(kept)
