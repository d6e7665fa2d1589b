"""Every harness passes as things are, and catches the bugs that were seeded for it (`seeded.py`)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import Phase
from sqlalchemy import select

from crowdfund import books, outbox
from crowdfund.embedded import EmbeddedPostgres
from crowdfund.gifts import service as gifts
from crowdfund.institutions.models import Institution
from crowdfund.institutions.rules import Role
from crowdfund.outbox import OutboxRow
from crowdfund.tenancy import PlatformScope, transaction
from tests import test_catalogue
from tests.chaos.seeded import SEEDS, Seed
from tests.institutions import test_permissions
from tests.payments import test_model, test_settlement, test_webhook
from tests.payments.conftest import Scene
from tests.pledges import test_races
from tests.receipts.test_numbers import give, issue_all
from tests.services import PROJECT

pytestmark = pytest.mark.timeout(240)

RENDERED = ("receipts.tasks.render_and_send", "receipts.tasks.send_cancellation")  # prints PDFs, and is not asked here
Ask = Callable[[str], Any]


def work(scene: Scene) -> None:
    """Deliver facts until none is left but those that print."""
    for _round in range(20):
        with transaction(scene.scope) as session:
            waiting = session.scalars(
                select(OutboxRow.id).where(OutboxRow.delivered_at.is_(None), OutboxRow.listener.not_in(RENDERED))
            ).all()
        if not waiting:
            return
        for outbox_id in waiting:
            outbox.deliver(scene.museum, outbox_id)
    raise AssertionError("the work does not end")


def check_books(ask: Ask) -> None:
    """Let one gift be kept and one be given back, and check the books."""
    scene: Scene = ask("scene")
    scene.given()
    gift, _charge = scene.given(2000)
    work(scene)
    with transaction(scene.scope) as session:
        gifts.request_refund(session, gift.id, gift.amount, "asked", uuid4())
    work(scene)
    scene.keep(*scene.notices())
    work(scene)
    assert scene.gifts()[1].state == "refunded"
    with transaction(PlatformScope()) as session:
        slug = session.get_one(Institution, scene.museum).slug
    assert list(books.check_museum(scene.museum, slug)) == []


def number_under_pressure(ask: Ask) -> None:
    house, museum = ask("house"), ask("shared")
    issue_all(house, museum, give(museum, 12), fail_each=3)
    assert sorted(receipt.number for receipt in museum.receipts()) == list(range(1, 13))


def tell_stories(ask: Ask) -> None:
    always_the_same = {"derandomize": True, "database": None, "report_multiple_bugs": False, "phases": [Phase.generate]}
    test_model.tell_stories(ask("kept"), 6, **always_the_same)


def try_desks(ask: Ask) -> None:
    app = ask("app")
    own, other = (test_permissions.make_museum(f"{whose}-museum") for whose in ("own", "other"))
    test_permissions.test_a_role_opens_its_pages_in_its_museum_and_nothing_anywhere_else(app, own, other, Role.FINANCE)


def try_signatures(ask: Ask) -> None:
    with test_webhook.two_secrets(ask("app")):
        test_webhook.test_too_old_and_too_far_ahead_are_refused(ask("scene"), ask("client"), -302)


def try_amounts(ask: Ask) -> None:
    with test_webhook.two_secrets(ask("app")):
        test_webhook.test_what_an_event_says_of_an_amount_is_not_believed(ask("scene"), ask("client"))


HARNESSES: dict[str, Callable[[Ask], None]] = {
    "amounts": try_amounts,
    "books": check_books,
    "catalogue": lambda ask: test_catalogue.test_the_schema_keeps_museums_apart(ask("app")),
    "clicks": lambda ask: test_races.test_one_attempt_sent_by_many_makes_one_pledge(ask("hall")),
    "desks": try_desks,
    "inbox": lambda ask: test_settlement.test_the_same_event_is_kept_and_booked_once(ask("scene")),
    "numbers": number_under_pressure,
    "signatures": try_signatures,
    "stock": lambda ask: test_races.test_of_all_who_ask_for_the_last_reward_exactly_one_gets_it(ask("hall")),
    "stories": tell_stories,
}
IN_PROCESS = {name: seed for name, seed in SEEDS.items() if not seed.only}
AT_BOUNDARIES = {name: seed for name, seed in SEEDS.items() if seed.only}


@pytest.fixture
def planted(
    request: pytest.FixtureRequest, migrated: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Seed]:
    """Plant a bug before anything else is opened, and take it out when all is closed."""
    seed = SEEDS[request.param]
    plant, undo = seed.ddl
    with migrated.connect() as connection:
        connection.execute("SET lock_timeout = '5s'")
        connection.execute(plant.encode())
        try:
            seed.plant(monkeypatch)
            yield seed
        finally:
            monkeypatch.undo()
            connection.execute(undo.encode())


def test_the_table_names_every_harness() -> None:
    assert {seed.harness for seed in IN_PROCESS.values()} == set(HARNESSES)
    assert {seed.harness for seed in AT_BOUNDARIES.values()} == {"points"}
    assert len(SEEDS) >= 15


@pytest.mark.parametrize("harness", sorted(HARNESSES))
def test_a_harness_passes_as_things_are(request: pytest.FixtureRequest, harness: str) -> None:
    HARNESSES[harness](request.getfixturevalue)


@pytest.mark.parametrize("planted", IN_PROCESS, indirect=True)
def test_a_seeded_bug_is_caught(request: pytest.FixtureRequest, planted: Seed) -> None:
    with pytest.raises(planted.error, match=planted.says or None):
        HARNESSES[planted.harness](request.getfixturevalue)


@pytest.fixture(scope="module")
def at_boundaries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Try the seeded boundaries in processes that die there; what was wrong by the bug's name, "" without any."""
    found = tmp_path_factory.mktemp("seeds") / "found.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.points", "--seeds", str(found)],
        cwd=PROJECT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(found.read_text()))


def test_a_boundary_is_survived_as_things_are(at_boundaries: dict[str, list[str]]) -> None:
    assert at_boundaries[""] == []


@pytest.mark.parametrize("name", AT_BOUNDARIES)
def test_a_seeded_bug_is_caught_at_its_boundary(at_boundaries: dict[str, list[str]], name: str) -> None:
    [wrong] = at_boundaries[name]
    assert AT_BOUNDARIES[name].only.strip() in wrong  # it died where it should
    assert AT_BOUNDARIES[name].says in wrong
