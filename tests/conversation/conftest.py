"""A museum with a live campaign and a scheduled one, a mailbox that is a list, and hands to let the facts be heard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from crowdfund import clock, outbox
from crowdfund.conversation import followers
from crowdfund.conversation.models import Follower
from crowdfund.conversation.tokens import follow_token
from crowdfund.donors import service as donors
from crowdfund.donors.rules import ConsentKind
from crowdfund.mail import Mail
from crowdfund.outbox import OutboxRow
from crowdfund.pages import views
from crowdfund.tenancy import OperatorScope, transaction
from tests import factories
from tests.doubles import MemoryMailer

LINK: re.Pattern[str] = re.compile(r"https?://[^\s/]+(/[^\s>\"]+)")


@dataclass
class Town:
    """One museum and those around it."""

    museum: int
    slug: str
    live: int
    later: int
    mailer: MemoryMailer

    @property
    def scope(self) -> OperatorScope:
        return OperatorScope(self.museum, "test")

    @property
    def page(self) -> str:
        return f"/en/{self.slug}/live/"

    def work(self) -> None:
        """Deliver the facts of the conversation until none is left."""
        for _round in range(30):
            with transaction(self.scope) as session:
                rows = session.scalars(
                    select(OutboxRow.id)
                    .where(OutboxRow.delivered_at.is_(None), OutboxRow.listener.like("conversation.%"))
                    .order_by(OutboxRow.id)
                ).all()
            if not rows:
                return
            for row in rows:
                outbox.deliver(self.museum, row)
        raise AssertionError("the work does not end")

    def follow(self, email: str, campaign: int = 0, locale: str = "en") -> str:
        """Follow and confirm without a mail; give the token."""
        with transaction(self.scope) as session:
            followers.follow(session, campaign or self.live, email, locale=locale, wording="words", source="/here/")
            found = session.scalars(
                select(Follower).where(Follower.email == email, Follower.campaign_id == (campaign or self.live))
            ).one()
            token = follow_token(self.museum, found.key)
            followers.confirm(session, token)
        return token

    def giver(self, email: str, *, agreed: bool = True, locale: str = "it", campaign: int = 0, **gift: object) -> int:
        """Let a donor give, who agreed to news or not; give their id."""
        with transaction(self.scope) as session:
            donor = factories.make_donor(session, email=email, locale=locale)
            made = factories.campaign_in(session, campaign or self.live)
            factories.make_gift(session, made, donor, **gift)
            if agreed:
                donors.record_consent(
                    session, donor.id, ConsentKind.NEWS_MUSEUM, wording="yes", locale=locale, source="form"
                )
            return donor.id

    def sent_to(self, email: str) -> list[Mail]:
        return [mail for _key, mail in self.mailer.sent if mail.to == email]


def link_in(mail: Mail, part: str) -> str:
    """Give the path of the first link in a mail's text that holds these letters."""
    return next(found[1] for found in LINK.finditer(mail.text) if part in found[1])


@pytest.fixture
def town(app: Flask) -> Iterator[Town]:
    views._cache.__init__()  # type: ignore[misc]
    app.wsgi_app.forget()  # type: ignore[attr-defined]
    before = app.extensions["mailer"]
    mailer = app.extensions["mailer"] = MemoryMailer(app.extensions["config"], app.extensions["storage"])
    museum = factories.make_institution(slug="aubigneux", name="Hôtel d’Aubigneux")
    with transaction(factories.scope(museum)) as session:
        live = factories.make_campaign(session, slug="live").id
        planned = factories.make_campaign(
            session, slug="later", state="scheduled", opens_at=clock.now() + timedelta(days=3)
        )
        later = factories.make_ready(session, planned).id
    yield Town(museum, "aubigneux", live, later, mailer)
    app.extensions["mailer"] = before
