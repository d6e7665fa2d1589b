"""The giving door, over HTTP with a real database: what is welcome, what is refused, and that refusals write nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from crowdfund import clock, forms, links
from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.donors.models import Consent, Donor
from crowdfund.gifts.models import Gift
from crowdfund.institutions.bank import set_bank_details
from crowdfund.institutions.models import Institution, Issuer
from crowdfund.outbox import OutboxRow
from crowdfund.payments import budgets
from crowdfund.payments.models import Checkout
from crowdfund.payments.provider import ProviderUnavailable
from crowdfund.pledges import service
from crowdfund.pledges.models import Pledge, WallEntry
from crowdfund.tenancy import transaction
from tests import factories
from tests.counter.conftest import DETAILS
from tests.doubles import FakeProvider

PERSON = {
    "first_name": "Camille",
    "last_name": "Rey",
    "email": "Camille.Rey@Example.org",
    "donor_kind": "individual",
    "wall": "short",
    "method": "card",
}
ADDRESS = {
    "wants_receipt": "1",
    "address_line": "8 rue des Tanneurs",
    "postcode": "73000",
    "city": "Chambéry",
    "country": "FR",
}


@dataclass
class Place:
    """One museum with one open campaign and its rewards."""

    client: FlaskClient
    museum: int
    campaign: int
    url: str
    print_id: int
    last_id: int

    def second_step(self, **choice: str) -> TestResponse:
        return self.client.post(self.url, data={"step": "1", "amount": "50"} | choice)

    def form(self, **choice: str) -> dict[str, str]:
        """Give the hidden fields of step 2, as the page made them."""
        return hidden(self.second_step(**choice).text)

    def give(self, **changes: Any) -> TestResponse:
        """Send step 2 with a fresh attempt."""
        return self.client.post(self.url, data=self.form() | PERSON | changes)

    def count(self, model: Any) -> int:
        with transaction(factories.scope(self.museum)) as session:
            return int(session.scalar(select(func.count()).select_from(model)) or 0)

    def written(self) -> list[int]:
        return [self.count(model) for model in (Pledge, Donor, Consent, Checkout, OutboxRow)]

    def only(self, model: Any) -> Any:
        with transaction(factories.scope(self.museum)) as session:
            return session.scalars(select(model)).one()


def hidden(page: str) -> dict[str, str]:
    return {
        unescape(name): unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page)
    }


@pytest.fixture
def provider(house: Flask) -> Iterator[FakeProvider]:
    before, fake = house.extensions["provider"], FakeProvider()
    house.extensions["provider"] = fake
    yield fake
    house.extensions["provider"] = before


@pytest.fixture
def place(app: Flask, client: FlaskClient, provider: FakeProvider) -> Place:
    museum = factories.make_institution(slug=f"arvieres-{uuid4().hex[:6]}")
    with transaction(factories.scope(museum)) as session:
        campaign = factories.make_campaign(session, slug="hirondelles", minimum_minor=500)
        many = factories.make_reward(session, campaign)
        last = factories.make_reward(session, campaign, stock=1, price_minor=2000, title=factories.texts("Dinner"))
        ids = campaign.id, many.id, last.id
        slug = session.get_one(Institution, museum).slug
    return Place(client, museum, ids[0], f"/fr/{slug}/hirondelles/give", ids[1], ids[2])


def test_step_1_asks_and_step_2_carries_the_answers(place: Place) -> None:
    first = place.client.get(f"{place.url}?amount=100&reward={place.print_id}&c=hall")
    assert first.status_code == 200
    assert 'value="100" checked' in first.text
    assert hidden(first.text)["c"] == "hall"
    assert "Set-Cookie" not in first.headers
    assert first.headers["Cache-Control"].endswith("no-store")
    second = place.client.get(f"{place.url}?step=2&amount=100&reward={place.print_id}&c=hall")
    fields = hidden(second.text)
    assert fields["amount"] == "100.00"
    assert fields["reward"] == str(place.print_id)
    assert fields["c"] == "hall"
    assert "data-no-network" not in second.text
    assert "data-no-network" in place.client.get(f"{place.url}?step=2&amount=100&c=kiosk").text
    assert fields["attempt"]
    assert fields["csrf_token"]
    assert place.second_step(amount="100").status_code == 200


def test_a_good_form_leads_to_the_payment_page(place: Place, provider: FakeProvider) -> None:
    answer = place.give(news_museum="1", c="hall", message="Pour ma fille")
    assert answer.status_code == 303, answer.text
    assert "Set-Cookie" not in answer.headers
    pledge, donor = place.only(Pledge), place.only(Donor)
    assert (pledge.amount_minor, pledge.state, pledge.channel, pledge.message) == (
        5000,
        "made",
        "hall",
        "Pour ma fille",
    )
    assert (donor.email, donor.locale, donor.address_line) == ("camille.rey@example.org", "fr", None)
    assert place.only(Consent).wording
    assert answer.location == place.only(Checkout).url


BAD_AMOUNTS = [
    "-5",
    "0",
    "1e9",
    "NaN",
    "５０",
    "12,345.67",
    "5.124",
    "",
    "4.99",
    "999999999",
    "1000000",
    "Infinity",
    "٥٠",
    "5 0",
    "\x00",
]


@pytest.mark.parametrize("typed", BAD_AMOUNTS)
@pytest.mark.parametrize("field", ["amount", "other_amount"])
def test_a_bad_amount_is_refused_with_words_and_nothing_is_written(place: Place, field: str, typed: str) -> None:
    form = place.form() | PERSON | {"amount": ""} | {field: typed}
    before = place.written()
    answer = place.client.post(place.url, data=form)
    assert answer.status_code == 422
    assert place.written() == before
    assert "<title>Erreur" in answer.text
    assert 'role="alert"' in answer.text
    assert 'value="Camille"' in answer.text  # the rest of the form is kept
    assert "Camille.Rey@Example.org" in answer.text
    if typed.isprintable() and typed:
        assert f'value="{typed}"' in answer.text


@pytest.mark.parametrize("typed", BAD_AMOUNTS)
def test_step_1_refuses_a_bad_amount_both_ways_it_may_come(place: Place, typed: str) -> None:
    for answer in (
        place.client.post(place.url, data={"step": "1", "other_amount": typed}),
        place.client.get(place.url, query_string={"step": "2", "other_amount": typed}),
    ):
        assert answer.status_code == 422
        assert "<title>Erreur" in answer.text
        assert 'id="other_amount"' in answer.text


def test_a_filled_free_amount_wins(place: Place) -> None:
    assert place.give(amount="NaN", other_amount="1 234,50").status_code == 303
    assert place.only(Pledge).amount_minor == 123450


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_name", "x" * 10_240),
        ("last_name", "x" * 10_240),
        ("first_name", "a\x00b"),
        ("last_name", "a\x1bb"),
        ("last_name", "Z" + "\u0301" * 30),
        ("first_name", ""),
        ("last_name", "   "),
        ("email", ""),
        ("email", "camille"),
        ("email", "camille@exemple"),
        ("email", "camille@exemple.fr\nBcc: x@y.fr"),
        ("email", "x" * 300 + "@exemple.fr"),
        ("message", "x" * 281),
        ("message", "a\x00b"),
        ("wall", "gold"),
        ("method", "bank_transfer"),
        ("method", "cheque"),
        ("method", "bitcoin"),
        ("fallback", "burn"),
        ("country", "Atlantis"),
        ("donor_kind", "robot"),
        ("dedication_kind", "spite"),
    ],
)
def test_a_bad_answer_is_refused_with_words_and_nothing_is_written(place: Place, field: str, value: str) -> None:
    form = place.form() | PERSON | {field: value}
    before = place.written()
    answer = place.client.post(place.url, data=form)
    assert answer.status_code == 422
    assert place.written() == before
    assert "<title>Erreur" in answer.text
    assert f'href="#{field}' in answer.text
    assert "\x00" not in answer.text
    again = hidden(answer.text)
    assert again["attempt"] == form["attempt"]  # the same try, so that mending it makes one pledge
    assert place.client.post(place.url, data=form | {field: PERSON.get(field, "")} | again).status_code == 303


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("محمد", "محمد"),
        ("שרה", "שרה"),
        ("Zoe\u0308", "Zoë"),
        ("Tra\u0302\u0300n", "Tr\u1ea7n"),
        ("Cam\u202eill\u202ce", "Camille"),
        (" D’Artagnan-O'Neil ", "D’Artagnan-O'Neil"),
        ("<b>Anne</b>", "<b>Anne</b>"),
    ],
)
def test_names_are_kept_as_typed_in_one_form_and_cannot_turn_the_text_around(
    place: Place, typed: str, kept: str
) -> None:
    assert place.give(first_name=typed).status_code == 303
    assert place.only(Donor).first_name == kept


@pytest.mark.parametrize(("lang", "word"), [("fr", "Erreur"), ("it", "Errore"), ("en", "Error")])
def test_refusals_are_said_in_the_language_of_the_page(place: Place, lang: str, word: str) -> None:
    url = place.url.replace("/fr/", f"/{lang}/")
    answer = place.client.post(url, data=place.form() | PERSON | {"email": "camille"})
    assert f"<title>{word}" in answer.text
    sentence = {"fr": "n’est pas une adresse", "it": "non è un indirizzo", "en": "is not an email address"}[lang]
    assert sentence in unescape(answer.text)


def test_a_company_is_asked_for_its_name_and_number(place: Place) -> None:
    company = ADDRESS | {"donor_kind": "company", "first_name": "", "last_name": ""}
    answer = place.give(**company)
    assert answer.status_code == 422
    assert 'href="#company_name"' in answer.text
    assert 'href="#company_number"' in answer.text
    wrong = place.give(**company, company_name="Verrerie", company_number="123456789")
    assert 'href="#company_number"' in wrong.text
    assert place.give(**company, company_name="Verrerie", company_number="732 829 320").status_code == 303
    donor = place.only(Donor)
    assert (donor.kind, donor.company_name, donor.company_number) == ("company", "Verrerie", "732 829 320")


def test_a_company_reads_what_its_gift_costs_it(place: Place) -> None:
    assert 'name="donor_kind" value="company"' in place.client.get(place.url).text
    page = place.client.get(f"{place.url}?step=2&amount=100&donor_kind=company").text
    assert 'id="donor_kind-company" value="company" checked' in page
    assert "40\xa0€" in page  # 60 % of 100 comes back
    assert "238 bis" in page
    assert 'data-cost="individual" data-share="6600" hidden' in page


@pytest.mark.parametrize(
    ("country", "number", "welcome"),
    [
        ("FR", "732 829 320", True),
        ("FR", "FR44 732829320", True),  # the number for VAT, its key, and the SIREN inside
        ("FR", "FR45732829320", False),
        ("FR", "123456789", False),
        ("IT", "IT12345670017", True),
        ("IT", "12345670018", False),
        ("BE", "BE 0202.239.951", True),
        ("BE", "0202239952", False),
        ("CH", "CHE-116.281.710 TVA", True),
        ("CH", "CHE-116.281.711", False),
        ("DE", "DE 811 569 869", True),
        ("DE", "??", False),
        ("FR", "", True),
    ],
)
def test_a_companys_number_is_checked_by_its_country(place: Place, country: str, number: str, welcome: bool) -> None:
    answer = place.give(
        donor_kind="company",
        company_name="Verrerie",
        company_number=number,
        country=country,
        first_name="",
        last_name="",
    )
    assert (answer.status_code == 303) is welcome, answer.status_code
    if not welcome:
        assert 'href="#company_number"' in answer.text
    elif number.startswith("FR"):
        assert str(place.only(Donor).company_number).replace(" ", "") == "732829320"


def test_a_receipt_asks_for_the_address_and_only_a_receipt(place: Place) -> None:
    answer = place.give(wants_receipt="1", country="FR")
    assert answer.status_code == 422
    for field in ("address_line", "postcode", "city"):
        assert f'href="#{field}"' in answer.text
    assert place.give(**ADDRESS | {"postcode": "7300"}).status_code == 422
    assert place.give(**ADDRESS | {"country": "CH", "postcode": "1000"}).status_code == 303


def test_an_address_is_not_kept_when_no_receipt_is_wanted(place: Place) -> None:
    assert place.give(**ADDRESS | {"wants_receipt": ""}).status_code == 303
    assert place.only(Donor).address_line is None


def test_the_fees_are_covered_exactly_and_only_if_asked(place: Place) -> None:
    assert "checked" not in re.findall(r'<input[^>]*name="cover_fees"[^>]*>', place.second_step().text)[0]
    assert place.give(cover_fees="1").status_code == 303
    pledge = place.only(Pledge)
    assert (pledge.amount_minor, pledge.cover_minor) == (5102, 102)


def test_nothing_that_costs_or_consents_is_ticked(place: Place) -> None:
    page = place.second_step().text
    for name in ("cover_fees", "news_museum", "news_network", "wants_receipt", "wall"):
        for tag in re.findall(rf'<input[^>]*name="{name}"[^>]*>', page):
            assert " checked" not in tag


def test_a_reward_below_its_price_is_refused_beside_its_field(place: Place) -> None:
    answer = place.give(reward=str(place.print_id), amount="49.99")
    assert answer.status_code == 422
    assert 'id="e-reward"' in answer.text
    assert place.give(reward=str(place.print_id)).status_code == 303
    pledge = place.only(Pledge)
    assert (pledge.reward_state, pledge.counterpart_minor) == ("claimed", 800)


def test_a_waived_reward_counts_for_nothing(place: Place) -> None:
    assert place.give(reward=str(place.last_id), waive_reward="1").status_code == 303
    pledge, reward = place.only(Pledge), _reward(place)
    assert (pledge.reward_state, pledge.counterpart_minor, reward.claimed) == ("waived", 0, 0)


def _reward(place: Place) -> Reward:
    with transaction(factories.scope(place.museum)) as session:
        return session.get_one(Reward, (place.museum, place.last_id))


@pytest.mark.parametrize("reward", ["0", "abc", "-1", "9" * 18, "9" * 30, "1;DROP", "１"])
def test_an_unknown_reward_is_not_found_and_the_form_is_kept(place: Place, reward: str) -> None:
    before = place.written()
    form = place.form()
    answer = place.client.post(place.url, data=form | PERSON | {"reward": reward})
    assert answer.status_code in {404, 422}
    assert place.written() == before
    assert 'value="Camille"' in answer.text
    assert "contrepartie" in answer.text


def test_the_reward_of_another_museum_or_campaign_is_not_found(place: Place) -> None:
    other = factories.make_institution()
    with transaction(factories.scope(other)) as session:
        foreign = factories.make_reward(session, factories.make_campaign(session)).id
    with transaction(factories.scope(place.museum)) as session:
        near = factories.make_reward(session, factories.make_campaign(session)).id
    before = place.written()
    answers = [place.give(reward=str(reward)) for reward in (foreign, near, 10**12)]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert place.written() == before
    sentences = {re.search(r'id="e-reward">(.*?)</p>', answer.text).group(1) for answer in answers}  # type: ignore[union-attr]
    assert len(sentences) == 1  # nothing tells that it exists elsewhere
    assert "n’existe pas" in sentences.pop()


def test_the_last_reward_is_refused_to_the_second(place: Place) -> None:
    first, second = place.form(reward=str(place.last_id)), place.form(reward=str(place.last_id))
    assert place.client.post(place.url, data=first | PERSON).status_code == 303
    answer = place.client.post(place.url, data=second | PERSON | {"email": "other@example.org"})
    assert answer.status_code == 409
    assert 'id="e-reward"' in answer.text
    assert 'value="Camille"' in answer.text
    assert place.count(Pledge) == 1
    mended = hidden(answer.text) | PERSON | {"amount": "50", "reward": ""}
    assert place.client.post(place.url, data=mended).status_code == 303


@pytest.mark.parametrize(
    ("state", "opened", "status"),
    [
        ("ended", True, 409),
        ("succeeded", True, 409),
        ("withdrawn", True, 409),
        ("live", False, 409),
        ("draft", True, 404),
        ("scheduled", True, 409),
    ],
)
def test_a_campaign_that_is_not_open_takes_nothing(place: Place, state: str, opened: bool, status: int) -> None:
    form = place.form()
    with transaction(factories.scope(place.museum)) as session:
        now = clock.now()
        days = timedelta(days=1)
        factories.make_campaign(
            session, slug="other", state=state, opens_at=now - 9 * days, closes_at=now + (days if opened else -days)
        )
    before = place.written()
    url = place.url.replace("hirondelles", "other")
    answers = [
        place.client.get(url),
        place.client.get(url, query_string={"step": "2", "amount": "50"}),
        place.client.post(url, data={"step": "1", "amount": "50"}),
        place.client.post(url, data=form | PERSON),
    ]
    assert [answer.status_code for answer in answers] == [status] * 4
    assert 'lang="fr"' in answers[3].text
    assert place.written() == before


def test_a_campaign_that_promised_to_charge_later_does_not_charge_now(place: Place) -> None:
    with transaction(factories.scope(place.museum)) as session:
        factories.make_campaign(session, slug="later", funding_model="all_or_nothing")
    url = place.url.replace("hirondelles", "later")
    assert place.client.get(url).status_code == 409
    assert place.client.post(url, data=place.form() | PERSON).status_code == 409
    assert place.count(Pledge) == 0


@pytest.mark.parametrize("path", ["/fr/nobody/hirondelles/give", "/fr/{museum}/nothing/give", "/fr/{museum}/%00/give"])
def test_what_does_not_exist_is_not_found(place: Place, path: str) -> None:
    url = path.format(museum=place.url.split("/")[2])
    assert place.client.get(url).status_code == 404
    assert place.client.post(url, data=place.form() | PERSON).status_code == 404


def test_a_tampered_token_is_refused_and_the_form_kept(place: Place) -> None:
    form = place.form() | PERSON
    other = place.form()
    before = place.written()
    for token in ("", "x", form["csrf_token"][:-2], form["csrf_token"] + "A", other["csrf_token"]):
        answer = place.client.post(place.url, data=form | {"csrf_token": token})
        assert answer.status_code == 422
        assert 'value="Camille"' in answer.text
        fresh = hidden(answer.text)
        assert fresh["attempt"] != form["attempt"]  # the attempt may have been somebody else's
    assert place.written() == before
    assert place.client.post(place.url, data=form | fresh).status_code == 303


@pytest.mark.parametrize("attempt", ["", "x", "123", "00000000-0000-0000-0000-00000000000g", "\x00"])
def test_an_attempt_we_did_not_mint_is_refused(place: Place, attempt: str) -> None:
    answer = place.client.post(place.url, data=place.form() | PERSON | {"attempt": attempt})
    assert answer.status_code == 422
    assert place.count(Pledge) == 0


def test_a_token_is_good_for_half_a_day(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    form = place.form() | PERSON
    later = clock.now() + forms.TOKEN_LIFE + timedelta(seconds=2)
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: later)
        assert place.client.post(place.url, data=form).status_code == 422


def test_a_body_over_the_limit_is_413(place: Place) -> None:
    answer = place.client.post(place.url, data=place.form() | PERSON | {"message": "x" * 1_100_000})
    assert answer.status_code == 413
    assert place.count(Pledge) == 0


def test_a_double_click_makes_one_pledge_and_one_page(place: Place, provider: FakeProvider) -> None:
    form = place.form(reward=str(place.last_id)) | PERSON
    answers = [place.client.post(place.url, data=form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert place.count(Pledge) == place.count(Checkout) == 1
    assert provider.calls["open_page"] == 1


def test_the_same_attempt_with_other_content_shows_the_first(place: Place) -> None:
    form = place.form() | PERSON
    first = place.client.post(place.url, data=form)
    second = place.client.post(place.url, data=form | {"amount": "5000", "first_name": "", "email": "x"})
    assert second.location == first.location
    assert place.only(Pledge).amount_minor == 5000
    assert place.only(Donor).first_name == "Camille"


def test_a_provider_that_is_away_loses_nothing(place: Place, provider: FakeProvider) -> None:
    provider.fail("open_page", ProviderUnavailable("down"))
    form = place.form() | PERSON
    answer = place.client.post(place.url, data=form)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    kept = hidden(answer.text)
    assert kept["attempt"] == form["attempt"]
    assert kept["first_name"] == "Camille"
    assert place.count(Pledge) == 1
    again = place.client.post(place.url, data=kept)
    assert again.status_code == 303
    assert again.location == place.only(Checkout).url
    assert place.count(Pledge) == 1


def test_coming_back_settles_and_shows_the_gift(place: Place, provider: FakeProvider) -> None:
    place.give()
    provider.pay(place.only(Checkout).session)
    token = _token(place)
    answer = place.client.get(f"/fr/gifts/{token}/return?session_id={place.only(Checkout).session}")
    assert answer.status_code == 303
    assert answer.location == f"/fr/gifts/{token}"
    assert place.only(Pledge).state == "paid"
    assert place.client.get(answer.location).status_code == 200
    again = place.client.post(place.url, data=place.form() | PERSON | {"attempt": str(place.only(Pledge).attempt)})
    assert again.status_code == 422  # that attempt's token is not ours to have


def test_coming_back_while_the_provider_is_away_does_not_say_that_nothing_was_paid(
    place: Place, provider: FakeProvider
) -> None:
    place.give()
    session = place.only(Checkout).session
    provider.pay(session)
    provider.fail("page", ProviderUnavailable("down"))
    answer = place.client.get(f"/fr/gifts/{_token(place)}/return?session_id={session}")
    assert answer.status_code == 303
    page = place.client.get(answer.location)
    assert "Nous attendons la banque" in unescape(page.text)
    assert "/pay" not in page.text
    place.client.get(f"/fr/gifts/{_token(place)}/return?session_id={session}")
    assert place.only(Pledge).state == "paid"


def test_paying_the_same_attempt_again_leads_to_the_gift(place: Place, provider: FakeProvider) -> None:
    form = place.form() | PERSON
    place.client.post(place.url, data=form)
    provider.pay(place.only(Checkout).session)
    place.client.get(f"/fr/gifts/{_token(place)}/return?session_id={place.only(Checkout).session}")
    answer = place.client.post(place.url, data=form)
    assert answer.status_code == 303
    assert f"/gifts/{_token(place)}" in answer.location


def _token(place: Place) -> str:
    with place.client.application.app_context():
        return service.gift_token(place.only(Pledge))


@pytest.mark.parametrize("session", ["", "cs_unknown", "cs_'--", "\x00", "é", "x" * 500])
def test_a_forged_session_is_not_found(place: Place, session: str) -> None:
    place.give()
    answer = place.client.get(f"/fr/gifts/{_token(place)}/return", query_string={"session_id": session})
    assert answer.status_code == 404


def test_the_session_of_another_gift_is_not_found(place: Place) -> None:
    place.give()
    mine, session = _token(place), place.only(Checkout).session
    with transaction(factories.scope(place.museum)) as opened:
        campaign = opened.get_one(Campaign, (place.museum, place.campaign))
        attempt = uuid4()
        token = links.token_for(
            place.client.application.extensions["config"].secret_key, "gift", place.museum, str(attempt)
        )
        factories.make_pledge(opened, campaign, attempt=attempt, token_hash=links.digest(token))
    assert place.client.get(f"/fr/gifts/{token}/return?session_id={session}").status_code == 404
    assert place.client.get(f"/fr/gifts/{mine}/return?session_id={session}").status_code == 303


def test_every_wrong_token_is_the_same_404(place: Place) -> None:
    place.give()
    good = _token(place)
    wrong = [
        "nothing",
        "0-" + "a" * 26,
        f"{place.museum:x}-" + "a" * 26,
        good[:-1],
        f"{place.museum + 1:x}-{good.split('-')[1]}",
    ]
    texts: dict[int, set[str]] = {}
    for token in wrong:
        for door, answer in enumerate(
            (
                place.client.get(f"/fr/gifts/{token}/return?session_id=cs_1"),
                place.client.post(f"/fr/gifts/{token}/pay"),
                place.client.post(f"/fr/gifts/{token}/wall"),
                place.client.post(f"/fr/gifts/{token}/receipt"),
            )
        ):
            assert answer.status_code == 404
            texts.setdefault(door, set()).add(re.sub(r"\b[0-9a-f]{16}\b", "", answer.text.replace(token, "")))
    assert [len(one) for one in texts.values()] == [1, 1, 1, 1]


def test_trying_again_opens_a_new_page_for_the_same_pledge(place: Place, provider: FakeProvider) -> None:
    place.give(reward=str(place.last_id))
    token, first = _token(place), place.only(Checkout)
    provider.close_page(first.account, first.session)
    place.client.get(f"/fr/gifts/{token}/return?session_id={first.session}")
    assert place.only(Pledge).state == "expired"
    assert _reward(place).claimed == 0
    page = place.client.get(f"/fr/gifts/{token}")
    assert f'action="/fr/gifts/{token}/pay"' in page.text
    assert place.client.post(f"/fr/gifts/{token}/pay").status_code == 422  # without the page's token
    answer = place.client.post(f"/fr/gifts/{token}/pay", data={"csrf_token": hidden(page.text)["csrf_token"]})
    assert answer.status_code == 303
    assert answer.location.startswith("https://pay.example/")
    assert place.only(Pledge).state == "made"
    assert (place.count(Checkout), _reward(place).claimed) == (2, 1)


def test_trying_again_while_the_provider_is_away_says_so(place: Place, provider: FakeProvider) -> None:
    provider.fail("open_page", ProviderUnavailable("down"), ProviderUnavailable("down"))
    place.give()
    token = _token(place)
    kept = {"csrf_token": hidden(place.client.get(f"/fr/gifts/{token}").text)["csrf_token"]}
    answer = place.client.post(f"/fr/gifts/{token}/pay", data=kept)
    assert answer.status_code == 503
    assert f'action="/fr/gifts/{token}/pay"' in answer.text
    assert place.client.post(f"/fr/gifts/{token}/pay", data=hidden(answer.text)).status_code == 303


def _paid(place: Place, provider: FakeProvider, **changes: str) -> tuple[str, dict[str, str]]:
    place.give(**changes)
    provider.pay(place.only(Checkout).session)
    token = _token(place)
    place.client.get(f"/fr/gifts/{token}/return?session_id={place.only(Checkout).session}")
    return token, {"csrf_token": hidden(place.client.get(f"/fr/gifts/{token}").text)["csrf_token"]}


def test_a_name_on_the_wall_as_a_reward_asks_which_name(place: Place) -> None:
    with transaction(factories.scope(place.museum)) as session:
        session.get_one(Reward, (place.museum, place.print_id)).fulfilment = "wall"
    before = place.written()
    asked = place.form(reward=str(place.print_id), amount="100") | PERSON
    del asked["wall"]
    answer = place.client.post(place.url, data=asked)
    assert answer.status_code == 422
    assert 'id="e-wall"' in answer.text
    assert place.written() == before
    assert place.client.post(place.url, data=asked | {"wall": "short"}).status_code == 303


def test_a_donor_changes_what_is_shown(place: Place, provider: FakeProvider) -> None:
    token, form = _paid(place, provider)
    assert place.only(WallEntry).display_name == "Camille R."
    url = f"/fr/gifts/{token}/wall"
    wrong = place.client.post(url, data=form | {"wall": "other", "wall_name": "", "message": "Un mot"})
    assert wrong.status_code == 422
    assert "<title>Erreur — " in wrong.text
    assert 'id="e-wall_name"' in wrong.text
    assert "Un mot</textarea>" in wrong.text
    told = form | {"wall": "other", "wall_name": "Classe de CM2", "message": "Un mot"}
    kept = place.client.post(url, data=told)
    assert kept.status_code == 303
    page = unescape(place.client.get(kept.location).text)
    assert 'role="status"' in page
    assert "Enregistré\u202f: le mur porte «\u202fClasse de CM2\u202f»" in page
    assert "Votre mot attend d’être lu" in page
    assert place.only(WallEntry).display_name == "Classe de CM2"
    assert place.client.post(url, data={"wall": "anonymous"}).status_code == 422
    assert place.client.post(url, data=form | {"wall": "anonymous"}).status_code == 303
    assert place.count(WallEntry) == 0


def test_name_town_word_and_dedication_are_shown_one_by_one(place: Place, provider: FakeProvider) -> None:
    dedicated = {"dedication_kind": "memory", "dedication_name": "Jean"}
    assert place.give(wall="short", wall_town="Chambéry", message="x" * 141).status_code == 422
    token, form = _paid(place, provider, wall="short", wall_town="Chambéry", message="Un mot", **dedicated)
    entry = place.only(WallEntry)
    assert (entry.display_name, entry.town, entry.message, entry.dedication) == (
        "Camille R.",
        "Chambéry",
        "Un mot",
        "Jean",
    )
    page = place.client.get(f"/fr/gifts/{token}").text
    assert 'value="Chambéry"' in page
    assert 'name="dedication" value="1" checked' in page
    url, shown = f"/fr/gifts/{token}/wall", form | {"wall": "short", "message": "Un mot"}
    assert place.client.post(url, data=shown).status_code == 303  # a page that was open before asks for neither
    assert (place.only(WallEntry).town, place.only(WallEntry).dedication) == ("Chambéry", "Jean")
    assert place.client.post(url, data=shown | {"town": "x" * 61}).status_code == 422
    assert place.client.post(url, data=shown | {"town": "", "dedication": "1"}).status_code == 303
    assert (place.only(WallEntry).town, place.only(WallEntry).dedication) == (None, "Jean")
    assert place.client.post(url, data=shown | {"town": "Aix"}).status_code == 303
    assert (place.only(WallEntry).town, place.only(WallEntry).dedication) == ("Aix", None)


def test_a_town_is_not_kept_of_who_stays_anonymous(place: Place) -> None:
    place.give(wall="anonymous", wall_town="Chambéry")
    assert place.only(Pledge).wall_town is None


def test_a_receipt_can_be_asked_for_afterwards(place: Place, provider: FakeProvider) -> None:
    token, form = _paid(place, provider)
    url = f"/fr/gifts/{token}/receipt"
    before = place.count(OutboxRow)
    wrong = place.client.post(url, data=form | ADDRESS | {"postcode": "7"})
    assert wrong.status_code == 422
    assert "<title>Erreur — " in wrong.text
    assert 'id="e-postcode"' in wrong.text
    assert 'value="8 rue des Tanneurs"' in wrong.text
    assert place.count(OutboxRow) == before
    assert place.client.post(url, data=form | ADDRESS).status_code == 303
    assert place.only(Donor).address_line == "8 rue des Tanneurs"
    assert place.only(Gift).wants_receipt
    with transaction(factories.scope(place.museum)) as session:
        assert session.scalars(select(OutboxRow.topic).where(OutboxRow.topic == "gift.identity_completed")).first()


def test_the_page_of_a_gift_asks_for_what_its_receipt_needs(place: Place, provider: FakeProvider) -> None:
    token, _form = _paid(place, provider)
    page = place.client.get(f"/fr/gifts/{token}").text
    assert f'action="/fr/gifts/{token}/receipt"' in page
    assert 'name="address_line"' in page
    assert 'name="legal_form"' not in page


def test_a_receipt_that_is_on_its_way_asks_for_nothing(place: Place, provider: FakeProvider) -> None:
    token, _form = _paid(place, provider, **ADDRESS)
    assert f'action="/fr/gifts/{token}/receipt"' not in place.client.get(f"/fr/gifts/{token}").text


def test_a_form_sent_faster_than_a_person_types_is_shown_again(place: Place) -> None:
    config = place.client.application.extensions["config"]
    place.client.application.extensions["config"] = replace(config, limits={"form_seconds": 60})
    try:
        answer = place.give()
    finally:
        place.client.application.extensions["config"] = config
    assert answer.status_code == 422
    assert place.count(Pledge) == 0
    assert place.client.post(place.url, data=hidden(answer.text) | PERSON).status_code == 303


def test_limits_hold_where_the_settings_name_them(place: Place) -> None:
    config = place.client.application.extensions["config"]
    place.client.application.extensions["config"] = replace(config, limits={"pledge_ip_hour": [2, 3600]})
    try:
        answers = [place.give(email=f"donor{n}@example.org") for n in range(3)]
    finally:
        place.client.application.extensions["config"] = config
    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
    assert place.count(Pledge) == 2


def test_limits_count_visitors_from_outside_by_their_block(place: Place) -> None:
    assert budgets.network_of("203.0.113.77") == "203.0.113.0/24"
    assert budgets.network_of("2001:db8:1:2::9") == "2001:db8:1::/48"
    form = [place.form() | PERSON | {"email": f"donor{n}@example.org"} for n in range(11)]
    outside = {"REMOTE_ADDR": "203.0.113.77"}
    answers = [place.client.post(place.url, data=one, environ_base=outside).status_code for one in form]
    assert answers == [303] * 10 + [429]


def test_who_pays_does_not_count(place: Place, provider: FakeProvider) -> None:
    """A class of thirty gives from one school address."""
    outside = {"REMOTE_ADDR": "203.0.113.78"}
    for n in range(12):
        form = place.form() | PERSON | {"email": f"pupil{n}@example.org"}
        answer = place.client.post(place.url, data=form, environ_base=outside)
        assert answer.status_code == 303
        page = answer.location.rpartition("/")[2]
        provider.pay(page)
        with transaction(factories.scope(place.museum)) as session:
            pledge = session.scalars(select(Pledge).order_by(Pledge.id.desc()).limit(1)).one()
            token = service.gift_token(pledge)
        back = f"/fr/gifts/{token}/return?session_id={page}"
        assert place.client.get(back, environ_base=outside).status_code == 303


def test_a_reward_of_value_may_be_done_without(place: Place) -> None:
    page = place.second_step(reward=str(place.print_id))
    assert 'name="waive_reward"' in page.text
    assert "Tout votre don compte" in page.text  # 8 of 50 is within the law
    answer = place.give(reward=str(place.print_id), waive_reward="1")
    assert answer.status_code == 303
    made = place.only(Pledge)
    assert (made.reward_state, made.counterpart_minor) == ("waived", 0)


def test_a_reward_too_dear_for_a_receipt_says_so(place: Place) -> None:
    with transaction(factories.scope(place.museum)) as session:
        session.get_one(Reward, (place.museum, place.print_id)).fair_value_minor = 2000
    assert "Sans elle, tout votre don compte" in place.second_step(reward=str(place.print_id)).text
    assert 'name="waive_reward"' not in place.second_step().text


def test_a_dedication_is_kept_and_a_half_told_one_is_asked_for(place: Place) -> None:
    told = {"dedication_kind": "memory", "dedication_name": "Lucienne Morel", "dedication_email": "Paul@Example.org"}
    for missing in ("dedication_kind", "dedication_name"):
        answer = place.give(**(told | {missing: ""}))
        assert answer.status_code == 422
        assert f'id="e-{missing}"' in answer.text
        assert "Paul@Example.org" in answer.text
    assert place.give(**(told | {"dedication_email": "paul"})).status_code == 422
    assert place.count(Pledge) == 0
    assert place.give(**told).status_code == 303
    made = place.only(Pledge)
    assert (made.dedication_kind, made.dedication_name, made.dedication_email) == (
        "memory", "Lucienne Morel", "paul@example.org",
    )  # fmt: skip


def test_a_misspelt_address_is_asked_about_once_and_stops_nobody(place: Place) -> None:
    form = place.form() | PERSON | {"email": "marco@gmial.com"}
    asked = place.client.post(place.url, data=form)
    assert asked.status_code == 200
    assert "marco@gmail.com" in asked.text
    assert place.count(Pledge) == 0
    assert place.client.post(place.url, data=form | hidden(asked.text)).status_code == 303
    assert place.only(Donor).email == "marco@gmial.com"


def test_what_is_wrong_is_told_in_the_order_of_the_page_and_with_a_stop(place: Place) -> None:
    wrong = {"donor_kind": "company", "company_number": "552100555", "email": "", "wants_receipt": "1", "country": "FR"}
    wrong |= {"postcode": "1012", "wall": "other", "dedication_kind": "memory"}
    page = place.give(**wrong).text
    order = re.findall(r'<li><a href="#([^"]*)">([^<]*)</a></li>', page)
    assert [name for name, _sentence in order] == [
        "company_name", "company_number", "email", "address_line", "postcode", "city", "wall_name", "dedication_name",
    ]  # fmt: skip
    assert all(sentence.endswith(".") for _name, sentence in order)
    told = {name: unescape(sentence) for name, sentence in order}
    assert told["company_number"].startswith("Un chiffre de ce numéro doit être faux")
    assert told["postcode"] == "Un code postal de ce pays a cinq chiffres."


def test_a_postcode_may_be_typed_with_a_space(place: Place) -> None:
    told = {"wants_receipt": "1", "country": "FR", "address_line": "14 rue Basse", "city": "Chambéry"}
    assert place.give(postcode="73 000", **told).status_code == 303
    assert place.only(Donor).postcode == "73000"


def test_a_company_is_shown_by_its_name_and_asked_for_no_dedication(place: Place) -> None:
    for kind, other in (("individual", "company"), ("company", "individual")):
        page = place.second_step(donor_kind=kind).text
        assert f'data-for="{other}" hidden' in page
        assert f'data-for="{kind}">' in page


def test_a_museum_whose_account_is_stopped_takes_what_its_bank_takes(place: Place) -> None:
    with transaction(factories.scope(place.museum)) as session:
        issuer = session.scalars(select(Issuer)).one()
        issuer.payment_account_state = "restricted"
        set_bank_details(session, issuer.id, replace(DETAILS, takes_cheques=False))
    step = place.second_step()
    assert hidden(step.text)["method"] == "bank_transfer"
    assert "Stripe" not in step.text
    assert "chèque" not in step.text
    assert "cover_fees" not in step.text
    assert place.give(method="card").status_code == 422
    assert place.give(method="bank_transfer").status_code == 303
    assert place.only(Pledge).method == "bank_transfer"


def test_countries_stand_where_readers_look_for_them(place: Place) -> None:
    page = place.second_step().text
    assert page.index('value="EG"') < page.index('value="AE"') < page.index('value="EC"')  # Égypte, Émirats, Équateur
    assert page.index('value="AE"') < page.index('value="ES"') < page.index('value="ZW"')
