"""A simulator and a mailbox of their own, driven by the unmodified SDK over HTTP."""

from __future__ import annotations

import http.client
import http.server
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import stripe

from simulator.mailbox import Mailbox
from simulator.server import Simulator
from simulator.settings import Settings

ACCOUNT, OTHER = "acct_demo_val", "acct_demo_mon"
GOOD, DECLINED, AUTHENTICATE = "4242424242424242", "4000000000000002", "4000000000003220"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(truth: Callable[[], Any], seconds: float = 5) -> Any:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = truth()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it did not happen in time")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def call(method: str, url: str, body: str | bytes = b"", headers: dict[str, str] | None = None) -> Answer:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body, headers or {})
        got = connection.getresponse()
        return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
    finally:
        connection.close()


@dataclass
class Webhook:
    path: str
    signature: str | None
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """What the platform's webhook endpoints would receive."""

    def __init__(self) -> None:
        self.port = free_port()
        self.seen: list[Webhook] = []
        self.status = 200
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.seen.append(Webhook(self.path, self.headers["Stripe-Signature"], body))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def types(self) -> list[str]:
        return [one.json["type"] for one in self.seen]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Driver:
    """A simulator, the SDK pointed at it, and its controls."""

    simulator: Simulator
    receiver: Receiver
    options: Any = field(default_factory=lambda: {"stripe_account": ACCOUNT})
    _client: Any = None

    @property
    def url(self) -> str:
        return self.simulator.settings.base_url

    def client(self, **more: Any) -> Any:
        return stripe.StripeClient(
            more.pop("key", "sk_test_simulator"),
            base_addresses={"api": self.url},
            max_network_retries=more.pop("retries", 0),
            http_client=stripe.RequestsClient(timeout=more.pop("timeout", 10)),
            **more,
        )

    @property
    def api(self) -> Any:
        self._client = self._client or self.client()
        return self._client

    def control(self, name: str, **body: Any) -> Any:
        answer = call("POST", f"{self.url}/_sim/{name}", json.dumps(body), {"Content-Type": "application/json"})
        assert answer.status == 200, answer.text
        return answer.json

    def state(self, *only: str) -> Any:
        return call("GET", f"{self.url}/_sim/state?only={','.join(only)}").json

    def session(self, amount: int = 5000, currency: str = "eur", account: str = ACCOUNT, **more: Any) -> Any:
        options = more.pop("options", {})
        line = {
            "quantity": 1,
            "price_data": {"currency": currency, "unit_amount": amount, "product_data": {"name": "Un don"}},
        }
        params = {
            "mode": "payment",
            "submit_type": "donate",
            "line_items": [line],
            "success_url": "http://127.0.0.1:9/thanks?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://127.0.0.1:9/give",
            **more,
        }
        return self.api.v1.checkout.sessions.create(params, options={"stripe_account": account, **options})

    def submit(self, url: str, **form: str) -> Answer:
        return call("POST", url, urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})

    def pay(self, session: Any, card: str = GOOD) -> Answer:
        return self.submit(f"{session.url}/pay", card=card)

    def paid(self, amount: int = 5000, card: str = GOOD, account: str = ACCOUNT, **more: Any) -> Any:
        """Make and pay a session; give it back expanded down to its charge, which is settled."""
        session = self.session(amount, account=account, **more)
        assert self.pay(session, card).status == 303
        until(lambda: self.expanded(session, account).payment_intent.latest_charge.balance_transaction)
        return self.expanded(session, account)

    def expanded(self, session: Any, account: str = ACCOUNT) -> Any:
        wish = {"expand": ["payment_intent.latest_charge.balance_transaction"]}
        return self.api.v1.checkout.sessions.retrieve(session.id, wish, options={"stripe_account": account})

    def event_types(self, account: str = ACCOUNT) -> list[str]:
        page = self.api.v1.events.list({"limit": 100}, options={"stripe_account": account})
        return [event.type for event in reversed(page.data)]


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def running(receiver: Receiver) -> Iterator[Simulator]:
    settings = Settings(
        port=free_port(), webhook_base=f"http://127.0.0.1:{receiver.port}", settle_after=0.02, check_answers=True
    )
    made = Simulator(settings)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def sim(running: Simulator, receiver: Receiver) -> Driver:
    driver = Driver(running, receiver)
    driver.control("reset")
    receiver.status = 200
    driver.control("accounts", id=ACCOUNT, country="IT", currency="eur", display_name="Museo di Val")
    driver.control("accounts", id=OTHER, country="FR", currency="eur", display_name="Musée du Mont")
    until(lambda: not [one for one in driver.state("deliveries")["deliveries"] if one["state"] == "pending"])
    receiver.seen.clear()
    return driver


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[tuple[Mailbox, int, str]]:
    smtp, web = free_port(), free_port()
    made = Mailbox(smtp, web, tmp_path / "mail")
    made.start()
    yield made, smtp, f"http://127.0.0.1:{web}"
    made.stop()
