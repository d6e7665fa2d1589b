"""One museum in the running house: its donors at the form, the bank at the simulator, and the end that every story has."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from flask import Flask

from crowdfund import books
from crowdfund.campaigns.models import Campaign
from crowdfund.institutions.models import Institution, Issuer
from crowdfund.payments import service
from crowdfund.tenancy import PlatformScope, transaction
from tests import factories
from tests.doubles import FakeProvider, MemoryMailer
from tests.payments.conftest import Scene
from tests.services import Stack

GOOD, DECLINED, AUTHENTICATE = "4242424242424242", "4000000000000002", "4000000000003220"
SESSIONS = "POST /v1/checkout/sessions"
_donors = itertools.count(1)


@dataclass
class Form:
    """The second step of giving, as a browser holds it."""

    address: str
    fields: dict[str, str]

    def send(self, **changed: str) -> requests.Response:
        return requests.post(self.address, data={**self.fields, **changed}, allow_redirects=False, timeout=40)


@dataclass
class Town(Scene):
    """A museum whose donors use the real processes. What is seen of the rows is read beside them."""

    stack: Stack = field(kw_only=True)
    slug: str = ""
    campaign_slug: str = ""

    # the donor

    @property
    def address(self) -> str:
        return f"{self.stack.url}/fr/{self.slug}/{self.campaign_slug}/give"

    def form(self, amount: str = "50", **given: str) -> Form:
        """Fill in the form up to the point where it would be sent."""
        first = requests.post(self.address, data={"step": "1", "amount": amount, **given}, timeout=20)
        assert first.status_code == 200, first.text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', first.text))
        donor = next(_donors)
        return Form(self.address, {
            **{name: unescape(value) for name, value in hidden.items()},
            "first_name": "Camille", "last_name": f"Rey{donor}", "email": f"camille{donor}@example.org",
            "donor_kind": "individual", "wants_receipt": "1", "address_line": "8 rue des Tanneurs", "postcode": "73000",
            "city": "Chambéry", "country": "FR", "wall": "anonymous", "fallback": "museum", **given,
        })  # fmt: skip

    def page(self, amount: str = "50", **given: str) -> str:
        """Send the form; give the address of the payment page."""
        answer = self.form(amount, **given).send()
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"])

    def pay(self, page: str, card: str = GOOD) -> str:
        """Present a card; give where the payment page leads the donor."""
        answer = requests.post(f"{page}/pay", data={"card": card}, allow_redirects=False, timeout=20)
        assert answer.status_code == 303, answer.text
        return urljoin(page, answer.headers["Location"])

    def decline(self, page: str) -> int:
        return requests.post(f"{page}/pay", data={"card": DECLINED}, allow_redirects=False, timeout=20).status_code

    def come_back(self, back: str) -> requests.Response:
        return requests.get(back, timeout=40)

    @staticmethod
    def session_of(back: str) -> str:
        return parse_qs(urlsplit(back).query)["session_id"][0]

    # the provider

    def control(self, name: str, **body: Any) -> Any:
        return self.stack.post_json(f"{self.stack.sim}/_sim/{name}", body)

    def held(self, kind: str) -> list[dict[str, Any]]:
        """List what the provider holds of a kind in this museum's account."""
        state = self.stack.get_json(f"{self.stack.sim}/_sim/state?only={kind}&account={self.account}")
        return [one for one in state[kind] if one.get("account", self.account) == self.account]

    # waiting and looking

    def wait(self, what: Any, seconds: float = 30) -> Any:
        return self.stack.wait_until(what, seconds)

    def waiting_facts(self) -> int:
        rows = self.stack.sql(
            "SELECT count(*) AS n FROM outbox WHERE institution_id = %s AND delivered_at IS NULL AND NOT background",
            self.museum,
        )
        return int(rows[0]["n"])

    def work(self) -> None:
        """Wait until the house has done what it has to do."""
        self.wait(lambda: self.waiting_facts() == 0, 60)

    def booked(self, count: int = 1, *, fees: bool = True) -> None:
        """Wait until so many gifts are booked, with their fees, and all that follows is done."""

        def there() -> bool:
            gifts = self.gifts()
            return len(gifts) == count and (not fees or all(gift.fee_minor is not None for gift in gifts))

        self.wait(there, 60)
        self.work()

    def hear_nothing(self) -> None:
        """Wait until every event has been delivered and settled."""
        self.wait(lambda: all(one["state"] != "pending" for one in self.held("deliveries")), 60)
        self.work()

    def receipts(self) -> int:
        rows = self.stack.sql("SELECT count(*) AS n FROM receipts WHERE institution_id = %s", self.museum)
        return int(rows[0]["n"])

    def mails(self, kind: str) -> int:
        rows = self.stack.sql(
            "SELECT count(*) AS n FROM mails WHERE institution_id = %s AND kind = %s AND state = 'sent'",
            self.museum,
            kind,
        )
        return int(rows[0]["n"])

    def close_campaign_clock(self) -> None:
        """Let the campaign's last second pass."""
        self.stack.sql(
            "UPDATE campaigns SET closes_at = now() - interval '1 second' WHERE institution_id = %s", self.museum
        )

    def end(self, *, seed: int = 1) -> None:
        """End a story: the inbox twice more, shuffled; all events once more over HTTP; books and provider agree."""
        self.work()
        self.replay(seed)
        before = self.picture()
        for event in {one["event"] for one in self.held("deliveries")}:
            self.control("events", action="redeliver", event=event)
        self.hear_nothing()
        assert self.picture() == before
        assert list(books.check_museum(self.museum, self.slug)) == []
        assert service.reconcile(self.scope).findings == []
        self.check_books()


def found(app: Flask, stack: Stack, **campaign: Any) -> Town:
    """Found a museum with a live campaign and an account at the provider."""
    museum = factories.make_institution()
    unused = (FakeProvider(), MemoryMailer(app.extensions["config"], app.extensions["storage"]))
    town = Town(app, *unused, museum, stack=stack)
    with transaction(PlatformScope()) as session:
        town.slug = session.get_one(Institution, museum).slug
    with transaction(town.scope) as session:
        made = factories.make_campaign(session, **campaign)
        made.opens_at -= timedelta(seconds=1)
        issuer = session.get_one(Issuer, (museum, made.issuer_id))
        issuer.payment_account = f"acct_town_{museum}"
        town.campaign_id, town.code, town.issuer_id = made.id, made.code, made.issuer_id
        town.account = str(issuer.payment_account)
        town.campaign_slug = session.get_one(Campaign, (museum, made.id)).slug
    town.control("accounts", id=town.account, country="FR", currency="eur", display_name="Musée")
    return town
