"""A campaign with more gifts than one transaction takes: asked about and dealt with in parts, between which a worker may die."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from crowdfund.closing import settling, tasks
from crowdfund.errors import Conflict
from crowdfund.gifts import choices
from crowdfund.gifts.models import GiftChoice, Refund
from crowdfund.gifts.rules import Outcome
from crowdfund.tenancy import transaction
from tests.closing.test_choices import give, outcomes, withdraw, work
from tests.payments.conftest import Scene, later, scene

__all__ = ["later", "scene"]


class Killed(BaseException):
    """The worker is gone; nobody catches this on the way."""


def dying(function: Callable[..., Any], turn: int) -> Callable[..., Any]:
    """Do the same, and die behind it in one turn, before what was done is committed."""
    turns = 0

    def do(*given: Any, **named: Any) -> Any:
        nonlocal turns
        turns += 1
        done = function(*given, **named)
        if turns == turn:
            raise Killed
        return done

    return do


def asked(scene: Scene) -> list[int]:
    with transaction(scene.scope) as session:
        return list(session.scalars(select(GiftChoice.gift_id).order_by(GiftChoice.gift_id)))


def refunds(scene: Scene) -> list[int]:
    with transaction(scene.scope) as session:
        return list(session.scalars(select(Refund.gift_id).order_by(Refund.gift_id)))


def test_a_worker_that_dies_between_the_parts_leaves_the_rest_to_the_next(
    scene: Scene, later: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [give(scene) for _one in range(5)]
    monkeypatch.setattr(choices, "PART", 2)
    with monkeypatch.context() as dies:
        dies.setattr(choices, "_ask", dying(choices._ask, 2))
        with pytest.raises(Killed):
            withdraw(scene)
    assert asked(scene) == [one.id for one in given[:2]]
    work(scene)
    assert asked(scene) == [one.id for one in given]
    letters = [key for key, _mail in scene.mailer.sent if key.startswith("choice_asked")]
    assert len(letters) == len(set(letters)) == 5
    later(days=16)
    with monkeypatch.context() as dies:
        dies.setattr(tasks, "settle", dying(settling.settle, 4))
        with pytest.raises(Killed):
            tasks.settle_choices(scene.museum)
    assert outcomes(scene, *given) == [Outcome.REFUND] * 3 + [None] * 2
    for _again in range(2):
        tasks.settle_choices(scene.museum)
        work(scene)
    assert outcomes(scene, *given) == [Outcome.REFUND] * 5
    assert refunds(scene) == [one.id for one in given]
    assert scene.raised == 0
    scene.check_books()


def test_one_gift_that_cannot_be_dealt_with_does_not_hold_up_the_others(
    scene: Scene, later: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [give(scene) for _one in range(3)]
    withdraw(scene)
    later(days=16)
    settle, refused = settling.settle, asked(scene)[0]

    def stubborn(session: Any, choice_id: int) -> None:
        settle(session, choice_id)
        if session.get_one(GiftChoice, (scene.museum, choice_id)).gift_id == refused:
            raise Conflict("no")

    monkeypatch.setattr(choices, "PART", 1)
    monkeypatch.setattr(tasks, "settle", stubborn)
    tasks.settle_choices(scene.museum)
    assert outcomes(scene, *given) == [None, Outcome.REFUND, Outcome.REFUND]
    assert refunds(scene) == [one.id for one in given[1:]]
