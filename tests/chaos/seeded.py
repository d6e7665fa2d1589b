"""Bugs that were thought of: each a small change of behaviour, put in by a test, and the harness that must catch it.

A harness that finds nothing proves little until it has found what was hidden for it. `test_seeded.py` plants each of these and
fails when its harness passes. A bug is planted in code (`plant`), in the database (`ddl`: how, and how to undo it), or in a process
that dies at the boundary named by `only`.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crowdfund import clock, mail, outbox
from crowdfund.campaigns import service as campaigns
from crowdfund.campaigns.models import Reward
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Gift
from crowdfund.gifts.reports import MoneyReceived
from crowdfund.institutions import permissions
from crowdfund.institutions.current import Membership, memberships_of
from crowdfund.institutions.models import Institution
from crowdfund.mail import Mail, Mailer
from crowdfund.money import Money
from crowdfund.payments import calls, events, inbox, stripe, translation, webhook
from crowdfund.payments.provider import Charge, Notice
from crowdfund.payments.settlement import Settled, settle_charge
from crowdfund.payments.signature import is_genuine
from crowdfund.pledges import making
from crowdfund.receipts import numbering
from crowdfund.receipts import service as receipts
from crowdfund.receipts.models import Receipt
from crowdfund.tenancy import MuseumScope, OperatorScope, TaskScope, museum_of, transaction

Patch = pytest.MonkeyPatch
READING = 0.1  # seconds between looking and writing, for those who forgot a lock


@dataclass(frozen=True)
class Seed:
    """A bug: the harness that must catch it, how it is planted, and by which error and words the harness says so."""

    harness: str
    plant: Callable[[Patch], None] = lambda _patch: None
    ddl: tuple[str, str] = ("", "")
    only: str = ""
    error: type[Exception] = AssertionError
    says: str = ""


# ---------- notifications and the provider ----------


def keep_each_delivery(patch: Patch) -> None:
    keep = inbox.keep

    def planted(session: Session, notice: Notice, account: str, via: str) -> bool:
        return keep(session, replace(notice, id=f"{notice.id}_{uuid4().hex}"), account, via)

    patch.setattr(inbox, "keep", planted)


def send_no_key(patch: Patch) -> None:
    options = stripe._options
    patch.setattr(stripe, "_options", lambda account, _key=None: options(account))


def make_a_key_for_each_try(patch: Patch) -> None:
    frozen = calls._frozen
    patch.setattr(calls, "_frozen", lambda row: replace(frozen(row), key=uuid4().hex))


def book_each_telling(patch: Patch) -> None:
    receive = gifts.receive_gift

    def planted(session: Session, money: MoneyReceived) -> Gift:
        number = session.scalar(select(func.count()).select_from(Gift)) or 0
        return receive(
            session, replace(money, reference=f"{money.reference}:{number}", charge=f"{money.charge}:{number}")
        )

    patch.setattr(gifts, "receive_gift", planted)


def believe_the_event(patch: Patch) -> None:
    told: dict[str, int] = {}
    read = translation.notice

    def reading(body: Any) -> Notice:
        thing = body["data"]["object"]
        told[thing["id"]] = thing["amount"]
        return read(body)

    def settling(scope: MuseumScope, charge: Charge) -> Settled:
        return settle_charge(scope, replace(charge, amount=Money(told[charge.id], charge.amount.currency)))

    patch.setattr(translation, "notice", reading)
    patch.setattr(events, "settle_charge", settling)


def accept_the_future(patch: Patch) -> None:
    def planted(body: bytes, header: str, secrets: tuple[str, ...], now: float) -> bool:
        at = header.removeprefix("t=").partition(",")[0]
        return is_genuine(body, header, secrets, max(now, float(at)))

    patch.setattr(webhook, "is_genuine", planted)


# ---------- receipts and letters ----------


def number_by_what_is_there(patch: Patch) -> None:
    def planted(session: Session, issuer_id: int, series: str, year: int, count: int) -> range:
        last = session.scalar(select(func.max(Receipt.number)).filter_by(issuer_id=issuer_id, series=series, year=year))
        time.sleep(READING)
        return range((last or 0) + 1, (last or 0) + 1 + count)

    patch.setattr(numbering, "next_numbers", planted)


def number_by_a_sequence(patch: Patch) -> None:
    sequence = itertools.count(1)  # what was rolled back is not given back
    patch.setattr(numbering, "next_numbers", lambda *_series: [next(sequence)])


def leave_the_receipt(patch: Patch) -> None:
    patch.setattr(receipts, "cancel", lambda *_gift: None)


def mark_before_sending(patch: Patch) -> None:
    send = Mailer.send

    def planted(mailer: Mailer, letter: Mail, key: str) -> None:
        museum, _, own = key.partition(":")
        mail._mark(OperatorScope(int(museum), "seeded"), own, "sent", None)
        send(mailer, letter, key)

    patch.setattr(Mailer, "send", planted)


def trust_the_queue(patch: Patch) -> None:
    """Let a fact be done with when it is handed over, as it is with a queue and nothing beside it."""

    def planted(institution_id: int, outbox_id: int) -> None:
        scope = TaskScope(institution_id, outbox_id)
        with transaction(scope) as session:
            row = outbox._waiting(session, scope)
            if row is None:
                return
            row.delivered_at = clock.now()
            listener, payload = outbox._listener(row), dict(row.payload)
        if listener.outside:
            listener.function(scope, **payload)
            return
        with transaction(scope) as session:
            listener.function(session, **payload)

    patch.setattr(outbox, "deliver", planted)


# ---------- pledges, rewards, museums ----------


def forget_the_attempt(patch: Patch) -> None:
    patch.setattr(making, "_of_attempts", lambda *_attempts: {})


def count_stock_without_a_lock(patch: Patch) -> None:
    def planted(session: Session, reward_id: int, count: int = 1) -> bool:
        reward = session.get_one(Reward, (museum_of(session), reward_id))
        if reward.stock is not None and reward.claimed >= reward.stock:
            return False
        time.sleep(READING)
        session.execute(update(Reward).where(Reward.id == reward_id).values(claimed=reward.claimed + count))
        return True

    patch.setattr(campaigns, "claim_reward", planted)


def take_the_museum_from_the_address(patch: Patch) -> None:
    def planted(session: Session, account_id: int, slug: str) -> Membership | None:
        museum = session.scalars(select(Institution).where(Institution.slug == slug)).one_or_none()
        anywhere = memberships_of(session, account_id)
        return replace(anywhere[0], institution_id=museum.id, slug=slug) if museum and anywhere else None

    patch.setattr(permissions, "membership", planted)


# A total beside the entries, kept by somebody who thought of money that comes and not of money that goes.
DRIFTING = """
CREATE FUNCTION drift() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
  INSERT INTO ledger_totals AS t (institution_id, account_id, shard, balance_minor, debit_minor, entries)
  SELECT institution_id, account_id, 0, sum(amount_minor), sum(greatest(amount_minor, 0)), count(*) FROM added
  WHERE account_id NOT IN (SELECT id FROM ledger_accounts WHERE kind = 'fund') OR amount_minor < 0 GROUP BY 1, 2
  ON CONFLICT (institution_id, account_id, shard)
  DO UPDATE SET balance_minor = t.balance_minor + excluded.balance_minor, debit_minor = t.debit_minor + excluded.debit_minor,
    entries = t.entries + excluded.entries;
  RETURN NULL; END $$;
DROP TRIGGER totals ON ledger_entries;
CREATE TRIGGER totals AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION drift()
"""
EXACT = """
DROP TRIGGER totals ON ledger_entries;
CREATE TRIGGER totals AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION add_to_ledger_totals();
DROP FUNCTION drift()
"""
ONLY_MORE = """
DROP TRIGGER totals ON gifts;
CREATE TRIGGER totals AFTER INSERT ON gifts FOR EACH ROW EXECUTE FUNCTION count_gift()
"""
MORE_AND_LESS = """
DROP TRIGGER totals ON gifts;
CREATE TRIGGER totals AFTER INSERT OR UPDATE OF state ON gifts FOR EACH ROW EXECUTE FUNCTION count_gift()
"""

SEEDS: dict[str, Seed] = {
    "a notification delivered twice is kept twice": Seed("inbox", keep_each_delivery),
    "a request to the provider has no key": Seed(
        "points", send_no_key, only="after provider open_page", says="2 pages"),
    "each try of a request has a key of its own": Seed("stories", make_a_key_for_each_try),
    "settling again books again": Seed("stories", book_each_telling),
    "the amount of the event is believed": Seed("amounts", believe_the_event),
    "a signature of the future is accepted": Seed("signatures", accept_the_future, says="200 == 400"),
    "receipts are numbered by the highest there is": Seed(
        "numbers", number_by_what_is_there, error=IntegrityError, says="uq_receipts"),
    "receipts are numbered by a sequence": Seed("numbers", number_by_a_sequence),
    "a refund leaves the receipt in force": Seed("books", leave_the_receipt, says="4 money given back"),
    "a letter is marked as sent before it leaves": Seed(
        "points", mark_before_sending, only="before mail", says="1 letters"),
    "facts are in the queue only": Seed(
        "points", trust_the_queue, only="before INSERT INTO receipts ", says="0 receipts"),
    "an attempt sent again is not looked up": Seed("clicks", forget_the_attempt),
    "a reward's stock is counted without a lock": Seed("stock", count_stock_without_a_lock),
    "the museum is taken from the address": Seed("desks", take_the_museum_from_the_address, says="other-museum"),
    "a second total of the campaign forgets refunds": Seed(
        "books", ddl=(DRIFTING, EXACT), says="1 the kept balances"),
    "supporters who were paid back still count": Seed(
        "books", ddl=(ONLY_MORE, MORE_AND_LESS), says="2 supporters"),
    "the ledger's entries may be changed": Seed(
        "catalogue", ddl=("ALTER TABLE ledger_entries DISABLE TRIGGER grows",
                          "ALTER TABLE ledger_entries ENABLE TRIGGER grows"), says="only grows"),
}  # fmt: skip
