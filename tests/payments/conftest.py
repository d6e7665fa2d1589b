"""A museum with a live campaign, a provider in memory, and hands to play the donor, the bank and time."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from crowdfund import clock, outbox
from crowdfund.campaigns.models import Campaign
from crowdfund.gifts.models import Gift
from crowdfund.institutions.models import Issuer
from crowdfund.ledger import service as ledger
from crowdfund.ledger.models import LedgerAccount, LedgerEntry
from crowdfund.ledger.rules import AccountKind, fund_code, issuer_code
from crowdfund.mail import SentMail
from crowdfund.outbox import OutboxRow
from crowdfund.payments import inbox, service
from crowdfund.payments.models import Checkout, ProviderCall, ProviderEvent, QuarantinedCharge
from crowdfund.payments.provider import Notice
from crowdfund.payments.rules import EventState
from crowdfund.pledges.models import Pledge
from crowdfund.tenancy import OperatorScope, transaction
from tests import factories
from tests.doubles import FakeProvider, MemoryMailer

OURS = ("payments.", "gifts.", "fulfilment.")


@dataclass
class Scene:
    """One museum, its campaign, and what happens to it."""

    app: Flask
    provider: FakeProvider
    mailer: MemoryMailer
    museum: int
    campaign_id: int = 0
    code: str = ""
    issuer_id: int = 0
    account: str = ""
    _moments: Iterator[int] = field(default_factory=itertools.count)

    @property
    def scope(self) -> OperatorScope:
        return OperatorScope(self.museum, "test")

    # donors

    def pledge(self, amount: int = 5000, **given: Any) -> int:
        with transaction(self.scope) as session:
            campaign = session.get_one(Campaign, (self.museum, self.campaign_id))
            donor = given.pop("donor", None)
            return factories.make_pledge(session, campaign, donor, amount_minor=amount, **given).id

    def open(self, pledge_id: int) -> str:
        """Open the page of a pledge; give the provider's id of it."""
        service.open_checkout(self.scope, pledge_id)
        return str(self.checkout(pledge_id).session)

    def paid(self, amount: int = 5000, fee: int | None = None, **given: Any) -> tuple[int, str]:
        """Let a donor pledge and pay; give the pledge and the charge. Nothing is settled yet."""
        pledge_id = self.pledge(amount, **given)
        charge = self.provider.pay(self.open(pledge_id))
        if fee is not None:
            self.provider.settle_fee(charge.id, fee)
        return pledge_id, charge.id

    def given(self, amount: int = 5000, fee: int | None = 100, **given: Any) -> tuple[Gift, str]:
        """Let a donor give, all settled; give the gift and the charge."""
        pledge_id, charge = self.paid(amount, fee, **given)
        self.hear()
        gift = self.gift(pledge_id)
        assert gift is not None
        return gift, charge

    # events

    def notices(self) -> list[Notice]:
        return list(self.provider.accounts[self.account].notices)

    def keep(self, *notices: Notice, via: str = "webhook") -> None:
        with transaction(self.scope) as session:
            for notice in notices:
                inbox.keep(session, notice, self.account, via)

    def hear(self, *notices: Notice) -> None:
        """Let events arrive (all there are, unless told) and the work be done."""
        self.keep(*(notices or self.notices()))
        self.work()

    def work(self) -> None:
        """Deliver the facts that payments and gifts wait for, until none is left."""
        for _round in range(20):
            with transaction(self.scope) as session:
                rows = session.execute(
                    select(OutboxRow.id, OutboxRow.listener).where(OutboxRow.delivered_at.is_(None))
                ).all()
            ours = [row.id for row in rows if row.listener.startswith(OURS)]
            if not ours:
                return
            for outbox_id in ours:
                outbox.deliver(self.museum, outbox_id)
        raise AssertionError("the work does not end")

    def replay(self, seed: int = 7) -> None:
        """Let the whole inbox be heard twice more, shuffled: nothing may change."""
        before = self.picture()
        with transaction(self.scope) as session:
            rows = list(session.scalars(select(ProviderEvent.id)))
        order = rows * 2
        random.Random(seed).shuffle(order)
        for row_id in order:
            with transaction(self.scope) as session:
                session.get_one(ProviderEvent, (self.museum, row_id)).state = EventState.RECEIVED
            service.settle_event(self.scope, row_id)
        self.work()
        assert self.picture() == before

    def picture(self) -> dict[str, Any]:
        """Give all that must not change when news come twice."""
        with transaction(self.scope) as session:
            gifts = session.execute(
                select(
                    Gift.reference,
                    Gift.state,
                    Gift.amount_minor,
                    Gift.refunded_minor,
                    Gift.disputed_minor,
                    Gift.lost_minor,
                    Gift.fee_minor,
                    Gift.charge,
                ).order_by(Gift.id)
            ).all()
            entries = session.scalar(select(func.count()).select_from(LedgerEntry))
            checkouts = session.execute(select(Checkout.state).order_by(Checkout.id)).all()
            pledges = session.execute(select(Pledge.state).order_by(Pledge.id)).all()
            aside = session.scalar(select(func.count()).select_from(QuarantinedCharge))
            mails = session.scalars(select(SentMail.key).order_by(SentMail.key)).all()
        return {
            "gifts": gifts,
            "entries": entries,
            "checkouts": checkouts,
            "pledges": pledges,
            "aside": aside,
            "mails": mails,
        }

    # looking

    def gift(self, pledge_id: int) -> Gift | None:
        with transaction(self.scope) as session:
            return session.scalars(select(Gift).where(Gift.pledge_id == pledge_id)).one_or_none()

    def gifts(self) -> list[Gift]:
        with transaction(self.scope) as session:
            return list(session.scalars(select(Gift).order_by(Gift.id)))

    def checkout(self, pledge_id: int) -> Checkout:
        with transaction(self.scope) as session:
            return session.scalars(
                select(Checkout).where(Checkout.pledge_id == pledge_id).order_by(Checkout.number.desc()).limit(1)
            ).one()

    def pledge_state(self, pledge_id: int) -> str:
        with transaction(self.scope) as session:
            return session.get_one(Pledge, (self.museum, pledge_id)).state

    def calls(self) -> list[ProviderCall]:
        with transaction(self.scope) as session:
            return list(session.scalars(select(ProviderCall).order_by(ProviderCall.id)))

    def events(self) -> list[ProviderEvent]:
        with transaction(self.scope) as session:
            return list(session.scalars(select(ProviderEvent).order_by(ProviderEvent.id)))

    def aside(self) -> list[QuarantinedCharge]:
        with transaction(self.scope) as session:
            return list(session.scalars(select(QuarantinedCharge).order_by(QuarantinedCharge.id)))

    def balance(self, kind: AccountKind) -> int:
        """Give an account's balance in minor units, debits positive; 0 while it is not open."""
        name = fund_code(self.code) if kind == AccountKind.FUND else issuer_code(kind, self.issuer_id, "EUR")
        with transaction(self.scope) as session:
            if session.scalar(select(LedgerAccount.id).where(LedgerAccount.code == name)) is None:
                return 0
            return ledger.balance(session, name).amount.minor

    @property
    def raised(self) -> int:
        return -self.balance(AccountKind.FUND)

    def check_books(self) -> None:
        """Hold the books against the gifts: zero in sum, the fund is what is kept, no pledge is paid twice."""
        with transaction(self.scope) as session:
            total = session.scalar(select(func.coalesce(func.sum(LedgerEntry.amount_minor), 0)))
            kept = session.scalar(
                select(func.coalesce(func.sum(Gift.amount_minor - Gift.refunded_minor - Gift.lost_minor), 0)).where(
                    Gift.campaign_id == self.campaign_id
                )
            )
            per_pledge = session.execute(
                select(func.count())
                .where(Gift.moved_from_id.is_(None), Gift.pledge_id.is_not(None))
                .group_by(Gift.pledge_id)
            ).all()
        assert total == 0
        assert self.raised == kept
        assert all(row[0] == 1 for row in per_pledge)

    def facts(self, topic: str) -> list[dict[str, Any]]:
        """List the facts of a topic, each once however many hear it."""
        with transaction(self.scope) as session:
            rows = session.execute(
                select(OutboxRow.key, OutboxRow.payload).where(OutboxRow.topic == topic).order_by(OutboxRow.id)
            ).all()
        return list({row.key: row.payload for row in rows}.values())


@pytest.fixture
def scene(app: Flask) -> Iterator[Scene]:
    kept = {name: app.extensions.get(name) for name in ("provider", "mailer")}
    provider = FakeProvider()
    mailer = MemoryMailer(app.extensions["config"], app.extensions["storage"])
    app.extensions.update(provider=provider, mailer=mailer)
    made = Scene(app, provider, mailer, factories.make_institution())
    with transaction(made.scope) as session:
        campaign = factories.make_campaign(session)
        made.campaign_id, made.code, made.issuer_id = campaign.id, campaign.code, campaign.issuer_id
        made.account = str(session.get_one(Issuer, (made.museum, campaign.issuer_id)).payment_account)
    yield made
    app.extensions.update(kept)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Move the clock: `later(hours=1)`."""
    now = clock.now
    moved = timedelta()

    def move(**by: float) -> None:
        nonlocal moved
        moved += timedelta(**by)
        monkeypatch.setattr(clock, "now", lambda: now() + moved)

    return move
