"""A quiet installation says so, hands nothing over, sends nothing, and is switched on by a named person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from config import Config
from crowdfund import clock, installation, mail, worker
from crowdfund.errors import Conflict
from crowdfund.installation import Installation, Quiet
from crowdfund.institutions.rules import Role
from crowdfund.mail import Mail
from crowdfund.tenancy import PlatformScope, transaction
from tests.desk import enter, make_colleague
from tests.factories import make_institution, scope

BANNER = "This is a restored copy, and it is quiet."


@pytest.fixture
def quiet(app: Flask) -> None:
    with transaction(PlatformScope()) as session:
        session.execute(update(Installation).values(quiet_since=clock.now(), restored_from="a backup"))


def test_each_page_of_the_staff_says_so(app: Flask, quiet: None) -> None:
    museum = make_institution(slug="silent")
    client = enter(app, make_colleague(museum, Role.OWNER, "owner@example.org"))
    for path in (
        "/staff/silent/gifts",
        "/staff/silent/books",
        "/staff/silent/posters",
        "/staff/silent/questions",
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert BANNER in answer.text, path


def test_an_installation_that_is_awake_says_nothing(app: Flask) -> None:
    client = enter(app, make_colleague(make_institution(slug="loud"), Role.OWNER, "owner@example.org"))
    assert BANNER not in client.get("/staff/loud/gifts").text
    with transaction(PlatformScope()) as session, pytest.raises(Conflict):
        installation.wake(session, "Nobody")


def test_a_mail_waits_as_for_a_server_that_is_away(app: Flask, quiet: None) -> None:
    def compose(_session: Session) -> Mail:
        raise AssertionError("composed")

    with pytest.raises(Quiet):
        mail.send_once(scope(make_institution()), "k", compose)


def test_a_sweep_named_before_does_nothing(app: Flask, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[int] = []
    monkeypatch.setitem(worker.sweeps, "test", worker.Sweep("test", timedelta(days=1), swept.append))
    sweep = app.extensions["celery"].tasks["crowdfund.sweep"]
    sweep("test", 1)
    with transaction(PlatformScope()) as session:
        session.execute(update(Installation).values(quiet_since=clock.now()))
    sweep("test", 2)
    assert swept == [1]
