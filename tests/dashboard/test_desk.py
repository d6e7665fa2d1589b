"""The staff's pages over gifts that went their whole way through the services."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import books, clock
from crowdfund.dashboard import balances
from crowdfund.dashboard.asked import read_asked
from crowdfund.dashboard.balances import read_books
from crowdfund.dashboard.queries import PAGE, list_gifts
from crowdfund.dashboard.returned import of_refunds
from crowdfund.dashboard.story import tell
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Asking, Gift, GiftChoice, Refund
from crowdfund.gifts.reports import MoneyReceived, RefundReported
from crowdfund.gifts.rules import Method, RefundState
from crowdfund.gifts.view import GiftList
from crowdfund.i18n import use_locale
from crowdfund.institutions.current import Membership
from crowdfund.institutions.rules import Role
from crowdfund.ledger.models import LedgerTransaction
from crowdfund.mail import SentMail
from crowdfund.money import Money
from crowdfund.outbox import OutboxRow
from crowdfund.payments.models import Checkout, ProviderEvent
from crowdfund.receipts import service as receipts
from crowdfund.tenancy import transaction
from tests.desk import enter, form_token, make_colleague
from tests.factories import (
    make_campaign,
    make_checkout,
    make_donor,
    make_gift,
    make_institution,
    make_pledge,
    make_reward,
    scope,
)

NOW = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)


@dataclass
class World:
    """A museum with its finance officer at the desk."""

    museum: Membership
    client: FlaskClient
    token: str

    def url(self, path: str) -> str:
        return f"/staff/{self.museum.slug}{path}"

    def refund(self, number: int, /, **form: str) -> object:
        units, _comma, cents = form.get("amount", "").replace(",", ".").partition(".")
        sure = units + cents.ljust(2, "0")  # as the second look sends it
        data = {"csrf_token": self.token, "reason": "The donor asked", "request": str(uuid4()), "sure": sure} | form
        return self.client.post(self.url(f"/gifts/{number}/refund"), data=data)


@pytest.fixture
def world(app: Flask) -> World:
    museum_id = make_institution(slug="arvieres", name="Musée d’Arvières")
    client = enter(app, make_colleague(museum_id, Role.FINANCE, "finance@example.org"))
    museum = Membership(museum_id, "arvieres", "Musée d’Arvières", "Europe/Paris", "fr", Role.FINANCE)
    return World(museum, client, form_token(client, "/account/"))


def receive(
    session: Session, *, amount: int = 5000, at: datetime = NOW, method: Method = Method.CARD, **donor: object
) -> Gift:
    """Let a pledge be paid, as settling does."""
    campaign = make_campaign(session, title={"fr": "Les Hirondelles", "en": "The Swallows", "it": "Le Rondini"})
    reward = make_reward(session, campaign, title={"en": "A first look"})
    pledge = make_pledge(
        session,
        campaign,
        make_donor(session, **donor),
        amount_minor=amount,
        reward_id=reward.id,
        reward_state="claimed",
        method=method.value,
        message="For my aunt",
        wall="short",
        created_at=at - timedelta(minutes=3),
    )
    if method is Method.CARD:
        make_checkout(session, pledge, number=9, created_at=at - timedelta(minutes=2))
    charge = f"ch_{pledge.id}" if method is Method.CARD else None
    return gifts.receive_gift(
        session,
        MoneyReceived(
            reference=f"pledge:{pledge.id}",
            campaign_id=campaign.id,
            amount=Money(amount, "EUR"),
            method=method,
            received_at=at,
            pledge_id=pledge.id,
            charge=charge,
            payment=charge and f"pi_{pledge.id}",
        ),
    )


def found(world: World, **asked: str) -> GiftList:
    with transaction(scope(world.museum.institution_id)) as session, use_locale("en"):
        return list_gifts(session, world.museum, read_asked(asked))


@pytest.fixture
def several(world: World) -> dict[str, int]:
    with transaction(scope(world.museum.institution_id)) as session:
        made = {
            "rey": receive(session, first_name="Camille", last_name="Rey", email="camille@exemple.fr"),
            "huart": receive(
                session,
                at=NOW - timedelta(days=2),
                amount=4000,
                first_name="Viviane",
                last_name="Huart",
                email="v.huart@exemple.fr",
            ),
            "club": receive(
                session,
                at=NOW - timedelta(days=9),
                amount=150_000,
                method=Method.BANK_TRANSFER,
                kind="company",
                first_name=None,
                last_name=None,
                company_name="100% Marche_Club",
                email="club@exemple.fr",
            ),
        }
        made["coins"] = make_gift(
            session,
            make_campaign(session),
            donor_id=None,
            method="box",
            amount_minor=1234,
            received_at=NOW - timedelta(days=20),
            wants_receipt=False,
        )
        receipts.issue(session, made["rey"].id)
        return {name: gift.id for name, gift in made.items()}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["rey", "huart", "club", "coins"]),
        ({"q": "camille rey"}, ["rey"]),
        ({"q": "REY"}, ["rey"]),
        ({"q": "v.huart@"}, ["huart"]),
        ({"q": "%"}, []),
        ({"q": "marche_cl"}, ["club"]),
        ({"q": "cam ré"}, ["rey"]),
        ({"q": "amille"}, []),
        ({"campaign": "no-such-work"}, []),
        ({"least": "50"}, ["rey", "club"]),
        ({"least": "12,34", "most": "50"}, ["rey", "huart", "coins"]),
        ({"most": "much"}, ["rey", "huart", "club", "coins"]),
        ({"until": "2026-06-08"}, ["huart", "club", "coins"]),
        ({"q": "nobody at all"}, []),
        ({"q": "' OR 1=1 --"}, []),
        ({"q": "9" * 30}, []),
        ({"method": "bank_transfer"}, ["club"]),
        ({"method": "box"}, ["coins"]),
        ({"method": "barter"}, ["rey", "huart", "club", "coins"]),
        ({"receipt": "coming"}, ["rey", "huart", "club"]),
        ({"receipt": "not_wanted"}, ["coins"]),
        ({"receipt": "issued"}, []),
        ({"since": "2026-06-08"}, ["rey", "huart"]),
        ({"since": "2026-06-09"}, ["rey"]),
        ({"since": "yesterday"}, ["rey", "huart", "club", "coins"]),
        ({"since": "0001-01-01"}, ["rey", "huart", "club", "coins"]),
        ({"state": "received", "q": "exemple.fr", "since": "2026-06-02"}, ["rey", "huart"]),
        ({"state": "refunded"}, []),
    ],
)
def test_the_filters_find_what_they_say(
    world: World, several: dict[str, int], asked: dict[str, str], expected: list[str]
) -> None:
    answer = found(world, **asked)
    assert [int(row.number) for row in answer.rows] == [several[name] for name in expected]
    assert answer.total == len(expected)


def test_a_gift_is_found_by_its_number_and_its_receipts(world: World, several: dict[str, int]) -> None:
    assert [row.donor for row in found(world, q=str(several["huart"])).rows] == ["Viviane Huart"]
    with transaction(scope(world.museum.institution_id)) as session:
        receipt = receipts.last_receipt(session, several["rey"])
        assert receipt is not None
        printed = f"{receipt.series}-{receipt.year}-{receipt.number:06d}"
    assert [row.donor for row in found(world, q=printed.lower()).rows] == ["Camille Rey"]
    assert found(world, q=printed[:-1] + "9").rows == ()


def test_a_row_says_what_the_desk_wants_to_know(world: World, several: dict[str, int]) -> None:
    row = found(world, q="rey").rows[0]
    assert (row.donor, row.email, row.campaign, row.method, row.reward, row.receipt, row.state, row.amount) == (
        "Camille Rey",
        "camille@exemple.fr",
        "The Swallows",
        "card",
        "A first look",
        "coming",
        "received",
        Money(5000, "EUR"),
    )
    assert row.url == f"/staff/arvieres/gifts/{several['rey']}"


def test_the_sum_is_what_the_museum_keeps_by_currency(world: World, several: dict[str, int]) -> None:
    with transaction(scope(world.museum.institution_id)) as session:
        gift = session.scalars(select(Gift).where(Gift.id == several["rey"])).one()
        gifts.record_refund(
            session,
            RefundReported(
                provider_refund="re_1",
                charge=gift.charge or "",
                amount=Money(1500, "EUR"),
                state=RefundState.SUCCEEDED,
                at=NOW,
            ),
        )
        make_gift(session, make_campaign(session, currency="CHF"), currency="CHF", amount_minor=700, received_at=NOW)
    answer = found(world)
    assert answer.sums == (Money(700, "CHF"), Money(3500 + 4000 + 150_000 + 1234, "EUR"))
    assert found(world, state="partly_refunded").rows[0].refunded == Money(1500, "EUR")


def test_pages_follow_one_another_without_loss_or_double(world: World) -> None:
    with transaction(scope(world.museum.institution_id)) as session:
        campaign, donor = make_campaign(session), make_donor(session)
        for n in range(PAGE * 2 + 3):  # many at the very same moment
            make_gift(session, campaign, donor, received_at=NOW + timedelta(microseconds=n // 60))
    seen: list[str] = []
    asked: dict[str, str] = {"method": "card"}
    pages = 0
    while True:
        answer = found(world, **asked)
        assert answer.total == PAGE * 2 + 3
        seen += [row.number for row in answer.rows]
        pages += 1
        if not answer.next_url:
            break
        asked = dict(part.split("=") for part in answer.next_url.partition("?")[2].split("&"))
        assert asked["method"] == "card"
    assert pages == 3
    assert len(seen) == len(set(seen)) == PAGE * 2 + 3
    assert seen == sorted(seen, key=int, reverse=True)
    assert found(world).first_url == ""
    assert answer.first_url == "/staff/arvieres/gifts?method=card"


@pytest.mark.parametrize("after", ["", "x", "1", "9" * 17 + ".1", "1.2.3", "-1.1", "1." + "9" * 30])
def test_a_place_that_cannot_be_read_is_the_first_page(world: World, several: dict[str, int], after: str) -> None:
    assert found(world, after=after).total == 4
    assert world.client.get(world.url("/gifts"), query_string={"after": after}).status_code == 200


@pytest.mark.parametrize(
    "q", ["\x00", "a\x00b", "\u202egnp", "é" * 5000, "<script>alert(1)</script>", "\\", "%00", "'"]
)
def test_any_words_may_be_searched_for(world: World, several: dict[str, int], q: str) -> None:
    answer = world.client.get(world.url("/gifts"), query_string={"q": q})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


def test_the_page_shows_the_table_its_count_and_the_name_of_the_museum(world: World, several: dict[str, int]) -> None:
    page = world.client.get(world.url("/gifts?q=exemple")).text
    assert "3 gifts" in page
    assert "€1,590" in page
    for word in ("Camille Rey", "100% Marche_Club", "Bank transfer", "Musée d’Arvières"):
        assert word in page
    assert 'value="exemple"' in page


def test_names_are_written_as_text_not_as_markup(world: World) -> None:
    with transaction(scope(world.museum.institution_id)) as session:
        gift_id = receive(session, first_name="<b onload=x>", last_name="</td>").id
    for path in ("/gifts", f"/gifts/{gift_id}"):
        page = world.client.get(world.url(path)).text
        assert "<b onload" not in page
        assert "&lt;b onload" in page


def _go_through_everything(session: Session) -> Gift:
    gift = receive(session, first_name="Camille", last_name="Rey", email="camille@exemple.fr")
    session.add(
        Checkout(
            pledge_id=gift.pledge_id,
            number=1,
            account="acct_1",
            state="paid",
            amount_minor=5000,
            currency="EUR",
            session="cs_1",
            url=None,
            expires_at=NOW,
            created_at=NOW - timedelta(minutes=2),
        )
    )
    session.add(
        ProviderEvent(
            event="evt_1",
            account="acct_1",
            type="checkout.session.completed",
            object_id="cs_1",
            created_at=NOW,
            received_at=NOW + timedelta(seconds=1),
            processed_at=None,
            state="processed",
            note=None,
            via="webhook",
        )
    )
    gifts.record_fee(session, gift.id, Money(100, "EUR"), "txn_1")
    receipts.issue(session, gift.id)
    session.add(
        SentMail(
            kind="thanks",
            key=f"thanks:{gift.id}",
            to_hash="h",
            to_address="camille@exemple.fr",
            content={"subject": "Thank you"},
            state="bounced",
            attempts=1,
            created_at=NOW,
            sent_at=None,
            error="mailbox full",
        )
    )
    gifts.request_refund(session, gift.id, Money(2000, "EUR"), "Given twice", uuid4())
    row = session.scalars(select(OutboxRow).where(OutboxRow.topic == "gift.refund_requested")).first()
    if row is not None:
        row.delivered_at, row.error_class, row.attempts = None, "ProviderUnavailable", 3
    return gift


def test_the_story_tells_every_feature_the_gift_went_through_in_order(world: World) -> None:
    with transaction(scope(world.museum.institution_id)) as session, use_locale("en"):
        gift = _go_through_everything(session)
        story = tell(session, world.museum, gift.id)
    titles = [event.title for event in story.events]
    for title in (
        "Promise made",
        "Payment page, try 1",
        "Notification received",
        "Money received",
        "Booked: gift",
        "Booked: fee of the provider",
        "Receipt issued",
        "Mail refused by the other side",
        "Refund asked for",
        "In the audit trail: asked to give a gift back",
        "In the audit trail: issued a receipt",
        "Still to be done, tried 3 times",
    ):
        assert title in titles
    assert next(event.quote for event in story.events if event.title == "Refund asked for") == "Given twice"
    assert titles.index("Promise made") < titles.index("Payment page, try 1") < titles.index("Money received")
    assert [event.at for event in story.events] == sorted(event.at for event in story.events)
    booked = next(event for event in story.events if event.title == "Booked: gift")
    assert re.fullmatch(r"At the payment provider, .+ debit €50\.00 · .+ credit €50\.00", booked.text)
    assert (story.fee, story.net) == (Money(100, "EUR"), Money(4900, "EUR"))
    assert story.message == "For my aunt"
    assert story.address == ("8 rue des Tanneurs", "73000 Chambéry", "France")
    assert re.fullmatch(r"S\d+-20\d\d-000001", story.receipt_number)


def test_one_gifts_story_holds_nothing_of_another(world: World) -> None:
    with transaction(scope(world.museum.institution_id)) as session, use_locale("en"):
        _go_through_everything(session)
        alone = receive(session, first_name="Someone", last_name="Else")
        story = tell(session, world.museum, alone.id)
    assert [event.title for event in story.events if not event.title.startswith("In the audit")] == [
        "Promise made",
        "Payment page, try 9",
        "Money received",
        "Booked: gift",
    ]


def test_the_page_of_a_story_is_shown_in_the_accounts_language(world: World) -> None:
    with transaction(scope(world.museum.institution_id)) as session:
        gift_id = _go_through_everything(session).id
    page = world.client.get(world.url(f"/gifts/{gift_id}"))
    assert page.status_code == 200
    for word in ("Promise made", "mailbox full", "evt_1", "Given twice", "€49.00", "Give money back"):
        assert word in page.text
    assert '<html lang="en"' in page.text


def test_a_gift_is_given_back_at_the_second_look_only(world: World) -> None:
    with transaction(scope(world.museum.institution_id)) as session:
        gift_id = receive(session, first_name="Paul", last_name="Gaillard").id
    nothing = world.refund(gift_id, amount="")
    assert (nothing.status_code, 'id="e-amount"' in nothing.text) == (422, True)  # type: ignore[attr-defined] # the answer of a test client
    for unsure in ("", "4000"):  # not looked at, or another sum than was looked at
        first = world.refund(gift_id, amount="50", sure=unsure)
        assert first.status_code == 200  # type: ignore[attr-defined] # the answer of a test client
        assert "Give €50.00 back to Paul Gaillard?" in first.text  # type: ignore[attr-defined] # the answer of a test client
        assert 'name="sure" value="5000"' in first.text  # type: ignore[attr-defined] # the answer of a test client
    assert refunds(world) == []
    answer = world.refund(gift_id, amount="50")
    assert (answer.status_code, answer.location) == (303, world.url(f"/gifts/{gift_id}"))  # type: ignore[attr-defined]
    (refund,) = refunds(world)
    assert (refund.amount_minor, refund.reason, refund.state) == (5000, "The donor asked", "requested")
    assert refund.requested_by.startswith("account:")
    page = world.client.get(world.url(f"/gifts/{gift_id}")).text
    assert "Give money back" not in page  # nothing is left to give


def refunds(world: World) -> list[Refund]:
    with transaction(scope(world.museum.institution_id)) as session:
        return list(session.scalars(select(Refund).order_by(Refund.id)))


def test_a_part_is_given_back_and_the_form_sent_twice_is_one_refund(world: World) -> None:
    with transaction(scope(world.museum.institution_id)) as session:
        gift_id = receive(session).id
    request = str(uuid4())
    for _ in range(2):
        assert world.refund(gift_id, amount="12,50", request=request).status_code == 303  # type: ignore[attr-defined]
    assert [refund.amount_minor for refund in refunds(world)] == [1250]
    world.refund(gift_id, amount="37.50")
    assert [refund.amount_minor for refund in refunds(world)] == [1250, 3750]


@pytest.mark.parametrize(
    ("form", "status", "word"),
    [
        ({"amount": "50.01"}, 409, "less left"),
        ({"amount": "-5"}, 422, "above zero"),
        ({"amount": "0"}, 422, "amount"),
        ({"amount": "NaN"}, 422, "figures"),
        ({"amount": "５"}, 422, "figures"),
        ({"amount": "5.124"}, 422, "decimals"),
        ({"amount": "1e3"}, 422, "figures"),
        ({"reason": ""}, 422, "Say why"),
        ({"reason": "x" * 301}, 422, "too long"),
        ({"reason": "a\x00b"}, 422, "cannot be written"),
    ],
)
def test_a_refund_that_cannot_be_is_refused_with_words_and_the_form_as_it_was(
    world: World, form: dict[str, str], status: int, word: str
) -> None:
    with transaction(scope(world.museum.institution_id)) as session:
        gift_id = receive(session).id
    answer = world.refund(gift_id, **form)
    assert answer.status_code == status  # type: ignore[attr-defined]
    assert word in answer.text  # type: ignore[attr-defined]
    if "amount" in form:
        assert f'value="{form["amount"]}"' in answer.text  # type: ignore[attr-defined]
    assert refunds(world) == []


def test_a_forms_number_that_we_did_not_make_is_replaced(world: World) -> None:
    with transaction(scope(world.museum.institution_id)) as session:
        gift_id = receive(session).id
    assert world.refund(gift_id, amount="1", request="not a number").status_code == 303  # type: ignore[attr-defined]
    assert len(refunds(world)) == 1


def test_nothing_but_amount_reason_and_number_is_read(world: World) -> None:
    with transaction(scope(world.museum.institution_id)) as session:
        gift_id, other_id = receive(session).id, receive(session).id
    world.refund(
        gift_id,
        amount="1",
        gift_id=str(other_id),
        state="succeeded",
        institution_id="1",
        amount_minor="999999",
        provider_refund="re_x",
        requested_by="somebody",
    )
    (refund,) = refunds(world)
    assert (refund.gift_id, refund.state, refund.amount_minor, refund.provider_refund) == (
        gift_id,
        "requested",
        100,
        None,
    )


def test_those_who_may_not_give_money_back_see_no_form(app: Flask, world: World) -> None:
    with transaction(scope(world.museum.institution_id)) as session:
        gift_id = receive(session).id
    reader = enter(app, make_colleague(world.museum.institution_id, Role.AUDITOR, "auditor@example.org"))
    assert "Give money back" in world.client.get(world.url(f"/gifts/{gift_id}")).text
    assert "Give money back" not in reader.get(world.url(f"/gifts/{gift_id}")).text


def test_the_books_show_both_sides_and_that_every_rule_holds(world: World) -> None:
    with transaction(scope(world.museum.institution_id)) as session, use_locale("en"):
        gift = receive(session)
        gifts.record_fee(session, gift.id, Money(100, "EUR"), "txn_9")
    with use_locale("en"):
        books = read_books(scope(world.museum.institution_id), world.museum)
    by_kind = {account.kind: account for account in books.accounts}
    assert by_kind["Campaign’s fund"].balance == Money(5000, "EUR")
    assert by_kind["Campaign’s fund"].name == "The Swallows"
    provider = by_kind["At the payment provider"]
    assert (provider.debit, provider.credit, provider.balance) == (
        Money(5000, "EUR"),
        Money(100, "EUR"),
        Money(4900, "EUR"),
    )
    assert sum(account.debit.minor - account.credit.minor for account in books.accounts) == 0
    assert books.balanced
    assert len(books.invariants) >= 14
    assert {one.gift_url for one in books.transactions} == {f"/staff/arvieres/gifts/{gift.id}"}
    page = world.client.get(world.url("/books"))
    assert page.status_code == 200
    assert "The books balance to the cent" in page.text


def test_a_broken_rule_is_shown_with_what_breaks_it(world: World) -> None:
    with transaction(scope(world.museum.institution_id)) as session:
        gift = make_gift(session, make_campaign(session, code="LOST"))  # a gift that nobody booked
        assert session.scalars(select(LedgerTransaction)).all() == []
    with use_locale("en"):
        books = read_books(scope(world.museum.institution_id), world.museum)
    broken = {rule.sentence: rule.offenders for rule in books.invariants if not rule.holds}
    assert broken["A campaign's total is its gifts less what was given back"] == ("LOST",)
    page = world.client.get(world.url("/books")).text
    assert "The books need a look" in page
    assert "LOST" in page
    assert gift.id


def test_books_link_refunds_and_disputes_to_their_gift(world: World) -> None:
    with transaction(scope(world.museum.institution_id)) as session:
        gift = receive(session)
        gifts.record_refund(
            session,
            RefundReported(
                provider_refund="re_7",
                charge=gift.charge or "",
                amount=Money(5000, "EUR"),
                state=RefundState.SUCCEEDED,
                at=NOW,
            ),
        )
    with use_locale("en"):
        books = read_books(scope(world.museum.institution_id), world.museum)
    assert [one.memo for one in books.transactions] == ["refund", "gift"]
    assert {one.gift_url for one in books.transactions} == {f"/staff/arvieres/gifts/{gift.id}"}


def test_the_desk_counts_the_receipts_that_wait_for_somebody(world: World, app: Flask) -> None:
    with transaction(scope(world.museum.institution_id)) as session:
        gift = receive(session, address_line=None, postcode=None, city=None)
        assert receipts.issue(session, gift.id) is None
    page = world.client.get(world.url("/gifts")).text
    assert re.search(r'side-n">1<', page)
    assert [row.receipt for row in found(world, receipt="held").rows] == ["held"]
    story_page = world.client.get(world.url(f"/gifts/{gift.id}")).text
    assert "Receipt held" in story_page
    assert story_page.count("The donor reads: “Some of your details are missing.") == 2  # in the story, and beside it
    assert "#address" not in story_page  # who looks may not write it
    desk = enter(app, make_colleague(world.museum.institution_id, Role.DESK, "desk@arvieres.example"))
    assert f'/donors/{gift.donor_id}#address">Write what is missing' in desk.get(world.url(f"/gifts/{gift.id}")).text
    assert 'id="address" open' in desk.get(world.url(f"/donors/{gift.donor_id}")).text


def test_a_stored_receipt_is_given_as_it_was_written(world: World, app: Flask, opened: Callable[..., object]) -> None:
    with transaction(scope(world.museum.institution_id)) as session:
        gift = receive(session)
        receipt = receipts.issue(session, gift.id)
        assert receipt is not None
        app.extensions["storage"].write("receipts/test/one.pdf", b"%PDF-1.7 as written")
        receipts.mark_rendered(session, receipt.id, "0" * 64, "receipts/test/one.pdf")
    answer = world.client.get(world.url(f"/gifts/{gift.id}/receipt.pdf"))
    assert answer.data == b"%PDF-1.7 as written"
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert found(world, receipt="issued").total == 1


def test_the_whole_amount_is_what_is_left_after_earlier_refunds(world: World) -> None:
    with transaction(scope(world.museum.institution_id)) as session:
        gift = receive(session)
        gifts.record_refund(
            session,
            RefundReported(
                provider_refund="re_7",
                charge=gift.charge or "",
                amount=Money(1000, "EUR"),
                state=RefundState.SUCCEEDED,
                at=NOW,
            ),
        )
    assert "€40.00 can go back" in world.client.get(world.url(f"/gifts/{gift.id}")).text
    world.refund(gift.id, amount="40")
    assert [refund.amount_minor for refund in refunds(world)] == [1000, 4000]


def test_a_reason_that_the_provider_codes_is_told_in_words() -> None:
    """The desk reads a language, not the provider's codes."""
    coded = Refund(
        amount_minor=2000, currency="EUR", reason="duplicate", request=uuid4(), kind="refund", created_at=clock.now()
    )
    with use_locale("fr"):
        assert next(of_refunds([coded], {})).text == "Payé deux fois"


def test_what_a_person_wrote_is_quoted_as_theirs(world: World) -> None:
    """The museum's words, and the donor's, are told apart from what the house tells."""
    with transaction(scope(world.museum.institution_id)) as session:
        gift = receive(session, first_name="Paul", last_name="Gaillard")
        gift_id = gift.id
        asking = Asking(campaign_id=gift.campaign_id, words={"en": "It was sold."}, otherwise="keep", until=NOW)
        session.add(asking)
        session.flush()
        session.add(GiftChoice(
            asking_id=asking.id, gift_id=gift.id, key=uuid4(), token_hash="x", otherwise="keep", until=NOW, wish="refund",
            answered_at=NOW))  # fmt: skip
    world.refund(gift_id, amount="10")
    page = world.client.get(world.url(f"/gifts/{gift_id}")).text
    quotes = dict(re.findall(r"<blockquote[^>]*>([^<]*)</blockquote><figcaption[^>]*>— ([^<]*)<", page))
    assert quotes["It was sold."] == "the museum, in the mail to the donor"
    assert set(quotes) >= {"Give the money back to me.", "The donor asked"}
    assert quotes["The donor asked"].endswith(", for the museum alone")


def test_every_rule_of_the_books_has_its_sentence() -> None:
    assert {rule.partition(" ")[2] for rule in (*books.CHECKS, books.AUDIT_RULE)} == set(balances.SENTENCES)
