"""Fields and tokens, without a database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from crowdfund import clock, forms
from crowdfund.forms import ChoiceField, EmailField, Form, MoneyField, TextField, form_token, token_age
from crowdfund.money import MAX_MINOR, Money, MoneyError

BARE = Flask("forms")
BARE.extensions["config"] = SimpleNamespace(secret_key="a secret of forty characters for the tests")


class Sheet(Form):
    name = TextField(10, missing="Say it")
    words = TextField(20, lines=True)
    email = EmailField()
    amount = MoneyField()
    kind = ChoiceField({"a", "b"}, default="a")


@pytest.fixture(autouse=True)
def context() -> Iterator[None]:
    with BARE.test_request_context("/en/"):
        from flask import g  # noqa: PLC0415 - the request's own

        g.lang = "en"
        yield


def sheet(**sent: str) -> Sheet:
    return Sheet(MultiDict({"name": "x", "csrf_token": form_token("ctx")} | sent), context="ctx")


def errors(**sent: str) -> dict[str, str]:
    form = sheet(**sent)
    form.validate()
    return form.first_errors()


def test_a_token_serves_its_context_and_no_other() -> None:
    token = form_token("one")
    assert token_age("one", token) is not None
    assert token_age("two", token) is None
    assert token_age("one", token[:-1]) is None
    assert token_age("one", "") is None
    assert token_age("one", "a.b.c") is None


def test_a_token_tells_its_age_and_dies_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    token, made = form_token("one"), clock.now()
    monkeypatch.setattr(clock, "now", lambda: made + timedelta(hours=11))
    age = token_age("one", token)
    assert age is not None
    assert timedelta(hours=10, minutes=59) < age < timedelta(hours=11, minutes=1)
    monkeypatch.setattr(clock, "now", lambda: made + timedelta(hours=12, seconds=2))
    assert token_age("one", token) is None


def test_what_another_purpose_signed_is_no_token() -> None:
    from crowdfund.links import sign  # noqa: PLC0415

    secret = BARE.extensions["config"].secret_key
    assert token_age("one", sign(secret, "other", ["x", 1])) is None
    assert token_age("one", sign(secret, forms.PURPOSE, "x")) is None
    assert token_age("one", sign(secret, forms.PURPOSE, {"a": 1, "b": 2})) is None


def test_a_form_without_context_never_passes() -> None:
    form = Sheet(MultiDict({"name": "x", "csrf_token": form_token("")}), context="")
    assert not form.validate()
    assert list(form.first_errors()) == [""]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"name": ""}, "name"), ({"name": "  "}, "name"), ({"name": "\u200b"}, "name"), ({"name": "x" * 11}, "name"),
        ({"name": "a\nb"}, "name"), ({"name": "a\tb"}, "name"), ({"name": "a\x00"}, "name"), ({"name": "a\u2028b"}, "name"),
        ({"name": "a" + "\u0301" * 6}, "name"), ({"words": "a\x07"}, "words"), ({"words": "x" * 21}, "words"),
        ({"kind": "c"}, "kind"), ({"amount": "x"}, "amount"), ({"amount": "999999999"}, "amount"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused_at_its_field(sent: dict[str, str], field: str) -> None:
    assert list(errors(**sent)) == [field]


def test_what_is_typed_is_kept_in_one_form() -> None:
    form = sheet(name=" e\u0301\u202eX ", words="one\r\ntwo", kind="")
    assert form.validate()
    assert (form.name.data, form.words.data, form.kind.data) == ("éX", "one\ntwo", "a")
    assert form.email.data == ""
    assert form.amount.data is None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Camille.Rey@Example.ORG", "camille.rey@example.org"),
        ("a@exämple.org", "a@xn--exmple-cua.org"),
        ("a+b@b.museum", "a+b@b.museum"),
    ],
)
def test_addresses_are_kept_as_mail_servers_take_them(typed: str, kept: str) -> None:
    form = sheet(email=typed)
    assert form.validate(), form.first_errors()
    assert form.email.data == kept


@pytest.mark.parametrize(
    "typed", ["a", "@b.org", "a@", "a@b", "a b@c.org", "a@b..org", "a@-b.org", "a@b.org,c@d.org", '"a"@b', "é@b.org"]
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    assert list(errors(email=typed)) == ["email"]


def test_a_missing_ending_is_named() -> None:
    assert "ending" in errors(email="camille@exemple")["email"]


@given(
    st.one_of(st.text(max_size=14), st.from_regex(r"[0-9]{1,10}([.,][0-9]{0,4})?", fullmatch=True)),
    st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_the_amount_field_reads_what_money_reads(typed: str, currency: str) -> None:
    with BARE.test_request_context("/en/"):
        form = sheet(amount=typed)
        form.amount.currency = currency
        form.validate()
        expected: Any
        try:
            expected = Money.parse(forms.tidy(typed), currency)
        except MoneyError:
            expected = None
        if expected is not None and expected.minor > MAX_MINOR:
            assert "amount" in form.first_errors()
        else:
            assert form.amount.data == expected
            assert ("amount" in form.first_errors()) == (expected is None and forms.tidy(typed) != "")


@given(st.text(max_size=60))
def test_what_is_shown_again_holds_no_control_sign(typed: str) -> None:
    shown = forms.showable(typed)
    assert "\x00" not in shown
    assert not set(shown) & forms.INVISIBLE
    assert forms.tidy(forms.tidy(typed)) == forms.tidy(typed)
