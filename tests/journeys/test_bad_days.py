"""Bad days of the house: what it stands on goes away and comes back. The donor is told clearly, and all is done in the end, once."""

from __future__ import annotations

import re
import shutil
import signal
from collections import Counter
from html import unescape

import pytest
import requests

from tests.journeys.test_payments_told import as_case_1
from tests.journeys.town import Form, Town

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

SORRY = {"fr": "Nous revenons dans un instant.", "it": "Torniamo tra un momento.", "en": "We will be back in a moment."}


def let_time_pass(town: Town) -> None:
    """Let leases and pauses of the waiting facts run out."""
    town.stack.sql(
        "UPDATE outbox SET not_before = now() WHERE institution_id = %s AND delivered_at IS NULL", town.museum
    )


def letters(town: Town, form: Form) -> list[int]:
    """Count the copies of each letter that the donor has."""
    to = form.fields["email"]
    return list(Counter(one["message_id"] for one in town.stack.mails() if to in str(one["to"])).values())


def failed_mails(town: Town) -> int:
    rows = town.stack.sql("SELECT count(*) AS n FROM mails WHERE institution_id = %s AND state = 'failed'", town.museum)
    return int(rows[0]["n"])


def paid(town: Town, form: Form) -> None:
    """Send the form and pay."""
    town.pay(form.send().headers["Location"])


def test_a_mail_server_that_refuses_for_now_gets_each_letter_once_later(town: Town) -> None:
    form = town.form()
    fault = {"mode": "tempfail", "to": form.fields["email"]}
    town.stack.post_json(f"{town.stack.mail}/_mail/faults", fault)
    paid(town, form)
    town.wait(lambda: failed_mails(town) == 2, 60)
    assert letters(town, form) == []
    town.stack.post_json(f"{town.stack.mail}/_mail/faults", {"mode": "ok"})
    let_time_pass(town)
    as_case_1(town)
    assert letters(town, form) == [1, 1]


def test_a_mail_server_that_is_away_gets_each_letter_once_when_it_is_back(town: Town) -> None:
    form = town.form()
    with town.stack.without("mailbox"):
        paid(town, form)
        town.wait(lambda: failed_mails(town) == 2, 60)
    let_time_pass(town)
    as_case_1(town)
    assert letters(town, form) == [1, 1]


def test_a_queue_that_is_wiped_loses_nothing(town: Town) -> None:
    form = town.form()
    queue = town.stack.data_dir / "queue"
    town.stack.kill("worker", signal.SIGSTOP)
    try:
        paid(town, form)
        town.wait(lambda: town.waiting_facts() > 0 and list(queue.glob("messages/*")))
        shutil.rmtree(queue)
    finally:
        town.stack.kill("worker", signal.SIGCONT)
    town.wait(queue.exists)
    let_time_pass(town)
    as_case_1(town)
    assert letters(town, form) == [1, 1]


def test_a_provider_that_is_away_is_said_clearly_and_the_form_is_kept(town: Town) -> None:
    form = town.form()
    with town.stack.without("simulator"):
        sorry = form.send()
    assert sorry.status_code == 503
    assert int(sorry.headers["Retry-After"]) > 0
    assert "La page de paiement ne répond pas pour l’instant." in unescape(sorry.text)
    hidden = {
        name: unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', sorry.text)
    }
    kept = {name: value for name, value in form.fields.items() if value and name != "csrf_token"}
    assert hidden.items() >= kept.items()
    town.wait(lambda: town.held("accounts"))
    paid(town, Form(form.address, hidden))
    as_case_1(town)
    assert len([one for one in town.held("charges") if one["paid"]]) == len(town.held("sessions")) == 1


def test_a_database_that_is_away_is_said_in_the_pages_language(town: Town) -> None:
    form = town.form()
    with town.stack.without("db"):
        for language, words in SORRY.items():
            sorry = requests.get(town.address.replace("/fr/", f"/{language}/"), timeout=20)
            assert sorry.status_code == 503
            assert int(sorry.headers["Retry-After"]) > 0
            assert words in unescape(sorry.text)
            assert f'<html lang="{language}"' in sorry.text
        assert form.send().status_code == 503
    town.wait(town.stack.is_up)
    paid(town, form)
    as_case_1(town)


def test_a_database_that_is_killed_in_the_middle_of_it_all(town: Town) -> None:
    form = town.form()
    page = form.send().headers["Location"]
    town.control("faults", operation="GET /v1/checkout/sessions/{session}", kind="slow", times=2, seconds=2)
    town.control("faults", operation="GET /v1/charges/{charge}", kind="slow", times=2, seconds=2)
    town.pay(page)
    town.wait(town.events)
    killed = town.stack.kill("db")
    town.wait(lambda: town.stack.pid("db") != killed and town.stack.is_up())
    let_time_pass(town)
    as_case_1(town)
    assert len(letters(town, form)) == 2
