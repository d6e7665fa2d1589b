"""What survives: the journal, a restart, kill -9."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import stripe

from simulator.store import Store

from .conftest import ACCOUNT, Receiver, call, free_port, until

ROOT = Path(__file__).parents[2]


def document(ident: str, **more: Any) -> dict[str, Any]:
    return {"object": "thing", "id": ident, **more}


def test_a_change_is_in_the_journal_before_it_is_answered(tmp_path: Path) -> None:
    store = Store(tmp_path / "state")
    with store.change():
        store.save("a", document("1", value=1))
        store.save("a", document("2"))
    with contextlib.suppress(RuntimeError), store.change():
        store.save("a", document("1", value=2))
        raise RuntimeError
    with store.change():
        store.remove("a", document("2"))
    again = Store(tmp_path / "state")  # the first one was never closed
    assert again.every("a", "thing") == [document("1", value=2)]


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "state"
    store = Store(path)
    for step in range(3):
        with store.change():
            store.save("a", document(str(step)))
    with path.open("ab") as file:
        file.write(b'[["a", "thing", "3", {"object": "th')
    again = Store(path)
    assert [one["id"] for one in again.every("a", "thing")] == ["0", "1", "2"]
    with again.change():
        again.save("a", document("4"))
    assert [one["id"] for one in Store(path).every("a", "thing")] == ["0", "1", "2", "4"]


def test_order_survives_changes_and_compaction(tmp_path: Path) -> None:
    store = Store(tmp_path / "state")
    for ident in ("b", "a", "c"):
        with store.change():
            store.save("x", document(ident))
    with store.change():
        store.save("x", document("b", changed=True))
    store.close()
    assert [one["id"] for one in Store(tmp_path / "state").every("x", "thing")] == ["b", "a", "c"]


class Process:
    def __init__(self, state: Path, webhook_base: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "simulator", "--port", str(self.port), "--state", str(state)]
        command += ["--webhook-base", webhook_base, "--settle-after", "0.1"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ})
        assert self.process.stdout is not None
        assert self.url in self.process.stdout.readline()

    def client(self) -> stripe.StripeClient:
        return stripe.StripeClient("sk_test_simulator", base_addresses={"api": self.url}, max_network_retries=0)

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        code = self.process.wait(timeout=10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


def test_a_killed_simulator_forgets_nothing_it_answered(tmp_path: Path, receiver: Receiver) -> None:
    receiver.seen.clear()
    first = Process(tmp_path / "state", "http://127.0.0.1:1")
    call("POST", f"{first.url}/_sim/accounts", json.dumps({"id": ACCOUNT}), {"Content-Type": "application/json"})
    params: Any = {
        "mode": "payment",
        "success_url": "http://127.0.0.1:9/",
        "line_items": [{"price_data": {"currency": "eur", "unit_amount": 900, "product_data": {"name": "Don"}}}],
    }
    options: Any = {"stripe_account": ACCOUNT, "idempotency_key": "once"}
    session = first.client().v1.checkout.sessions.create(params, options=options)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert call("POST", f"{session.url}/pay", "card=4242424242424242", form).status == 303
    assert first.end(signal.SIGKILL) == -signal.SIGKILL

    second = Process(tmp_path / "state", f"http://127.0.0.1:{receiver.port}")
    try:
        again = second.client().v1.checkout.sessions.create(params, options=options)
        assert again.id == session.id
        done = second.client().v1.checkout.sessions.retrieve(session.id, options=options)
        assert done.payment_status == "paid"
        until(lambda: {"checkout.session.completed", "charge.updated"} <= set(receiver.types()))
    finally:
        assert second.end(signal.SIGTERM) == 0
