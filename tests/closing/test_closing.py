"""How a campaign ends: nothing is signed over open questions, what is signed never changes, late money shows."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState
from crowdfund.closing import service
from crowdfund.closing.figures import figures, findings
from crowdfund.closing.models import FinalStatement
from crowdfund.closing.rules import BLOCKING, Finding, Point, Step, canonical, digest, has_ended
from crowdfund.closing.view import LessonsText
from crowdfund.desk.models import Count
from crowdfund.errors import Conflict, Refusal
from crowdfund.gifts import choices
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Dispute, Gift, GiftChoice, Refund
from crowdfund.gifts.reports import MoneyReceived, RefundReported
from crowdfund.gifts.rules import Method, RefundState, Wish
from crowdfund.institutions.rules import Role
from crowdfund.money import Money
from crowdfund.payments.models import QuarantinedCharge
from crowdfund.receipts.models import ReceiptHold
from crowdfund.tenancy import OperatorScope, transaction
from tests.desk import enter, form_token, make_colleague
from tests.factories import (
    campaign_in,
    make_campaign,
    make_donor,
    make_gift,
    make_institution,
    make_pledge,
    make_reward,
    scope,
)


@dataclass
class Town:
    """A museum whose campaign has ended with two gifts, and its people."""

    id: int
    campaign_id: int

    @property
    def scope(self) -> OperatorScope:
        return scope(self.id)

    def url(self, path: str = "") -> str:
        return f"/staff/arvieres/ending/{self.campaign_id}{path}"


def receive(session: Session, campaign: Campaign, amount: int, **given: object) -> Gift:
    reward = make_reward(session, campaign, fair_value_minor=800)
    pledge = make_pledge(
        session, campaign, make_donor(session), amount_minor=amount, reward_id=reward.id, reward_state="claimed",
        counterpart_minor=800,
    )  # fmt: skip
    gift = gifts.receive_gift(
        session,
        MoneyReceived(
            reference=f"pledge:{pledge.id}", campaign_id=campaign.id, amount=Money(amount, "EUR"), method=Method.CARD,
            received_at=clock.now(), pledge_id=pledge.id, charge=f"ch_{pledge.id}", payment=f"pi_{pledge.id}",
        ),
    )  # fmt: skip
    gift.fee_minor = 65
    for name, value in given.items():
        setattr(gift, name, value)
    session.flush()
    return gift


@pytest.fixture
def town(app: Flask) -> Town:
    museum = make_institution(slug="arvieres", name="Musée d’Arvières")
    with transaction(scope(museum)) as session:
        campaign = make_campaign(session, state="live", goal_minor=10_000)
        receive(session, campaign, 5000)
        receive(session, campaign, 7000)
        service.end_now(session, campaign.id)
        return Town(museum, campaign.id)


def sign(session: Session, town: Town) -> FinalStatement:
    return service.sign_statement(
        session, town.campaign_id, museum="Arvières", account_id=1, name="Rose Cartier", quality="agent comptable"
    )


def test_a_statement_says_what_came_and_cannot_be_changed(town: Town) -> None:
    with transaction(town.scope) as session:
        signed = sign(session, town)
        assert signed.number == 1
        assert signed.body["state"] == CampaignState.SUCCEEDED
        assert signed.body["total"] == {
            "gifts": 2, "gross_minor": 12_000, "given_back_minor": 0, "fees_minor": 130, "kept_minor": 12_000,
        }  # fmt: skip
        assert signed.body["fund_minor"] == 12_000
        assert signed.body["supporters"] == 2
        assert sum(one["value_minor"] for one in signed.body["counterparts"]) == 1600
        assert (
            signed.sha256
            == hashlib.sha256(canonical(signed.body)).hexdigest()
            == digest(json.loads(canonical(signed.body)))
        )
    for change in ("UPDATE final_statements SET sha256 = ''", "DELETE FROM final_statements"):
        with pytest.raises(DBAPIError), transaction(town.scope) as session:
            session.execute(text(change))


def test_the_same_sums_are_signed_once_and_late_money_makes_a_second_statement(town: Town) -> None:
    with transaction(town.scope) as session:
        sign(session, town)
    with pytest.raises(Conflict), transaction(town.scope) as session:
        sign(session, town)
    with clock.at(clock.now() + timedelta(days=2)), transaction(town.scope) as session:
        receive(session, campaign_in(session, town.campaign_id), 2500)
        second = sign(session, town)
        assert (second.number, second.body["total"]["kept_minor"]) == (2, 14_500)
        assert service.statement_of(session, town.campaign_id, 1).body["total"]["kept_minor"] == 12_000


def test_what_is_not_in_a_statement_is_told_beside_it_whenever_it_was_booked(finance: FlaskClient, town: Town) -> None:
    with transaction(town.scope) as session:
        sign(session, town)
        signed_at = clock.now()
    assert "have come since" not in finance.get(town.url()).text
    with clock.at(signed_at - timedelta(minutes=5)), transaction(town.scope) as session:
        # It was being booked while somebody signed: its moment is before the statement, its commit after it.
        late = receive(session, campaign_in(session, town.campaign_id), 2500)
        first = session.scalars(select(Gift).where(Gift.id != late.id).order_by(Gift.id).limit(1)).one()
        back = RefundReported(
            provider_refund="re_1", charge=first.charge or "", amount=Money(3000, "EUR"), state=RefundState.SUCCEEDED,
            at=clock.now(),
        )  # fmt: skip
        gifts.record_refund(session, back)
    page = finance.get(town.url()).text
    assert "1 gift has come since: €25.00." in page
    assert "€30.00 were given back since." in page
    assert page.count("The next statement takes the place of this one.") == 1
    with transaction(town.scope) as session:
        second = sign(session, town)
        assert (second.number, second.body["total"]["kept_minor"]) == (2, 11_500)
    latest, _earlier = finance.get(town.url()).text.partition("Statement 1:")[::2]
    assert "since" not in latest.partition('id="statements"')[2]


def open_refund(session: Session, gift: Gift) -> object:
    return Refund(
        request=uuid4(), gift_id=gift.id, kind="refund", state="requested", amount_minor=100, currency="EUR",
        reason="asked", requested_by="account:1",
    )  # fmt: skip


def open_choice(session: Session, gift: Gift) -> object:
    until = clock.now() + timedelta(days=9)
    asking = choices.ask_donors(session, gift.campaign_id, words={}, until=until, otherwise=Wish.REFUND)
    return GiftChoice(
        asking_id=asking.id, gift_id=gift.id, key=uuid4(), token_hash="0" * 64, otherwise="refund", until=until
    )  # fmt: skip


def open_count(_session: Session, gift: Gift) -> object:
    return Count(
        attempt=uuid4(), kind="box", campaign_id=gift.campaign_id, place="Hall", day=clock.now().date(), sheet={"500": 1},
        total_minor=500, currency="EUR", units=1, state="recorded", recorded_by="account:1", created_at=clock.now(),
    )  # fmt: skip


OPEN: dict[Point, Callable[[Session, Gift], object]] = {
    Point.REFUNDS: open_refund,
    Point.DISPUTES: lambda _session, gift: Dispute(
        provider_dispute="dp_1", gift_id=gift.id, state="warning", amount_minor=100, currency="EUR", opened_at=clock.now()
    ),
    Point.SET_ASIDE: lambda _session, gift: QuarantinedCharge(
        charge="ch_aside", account="acct_test", pledge_id=gift.pledge_id, amount_minor=5000, currency="EUR",
        reason="paid_twice",
    ),
    Point.CHOICES: open_choice,
    Point.DESK_MONEY: open_count,
    Point.RECEIPTS: lambda _session, gift: ReceiptHold(gift_id=gift.id, outcome="hold", reason="address_missing"),
    Point.OPEN_PLEDGES: lambda session, gift: make_pledge(session, campaign_in(session, gift.campaign_id)),
}  # fmt: skip


@pytest.mark.parametrize("point", [*OPEN, Point.FEES])
def test_what_would_change_the_sums_has_to_be_settled_first(town: Town, point: Point) -> None:
    with transaction(town.scope) as session:
        gift = session.scalars(select(Gift).order_by(Gift.id)).first()
        assert gift is not None
        if point is Point.FEES:
            gift.fee_minor = None
        else:
            row = OPEN[point](session, gift)
            session.add(row)
        session.flush()
        counted = {one.point: one.count for one in findings(session, town.campaign_id)}
        assert counted == dict.fromkeys(Point, 0) | {point: 1}
        if point in BLOCKING:
            with pytest.raises(Conflict):
                sign(session, town)
        else:
            assert sign(session, town).body["open"][point.value] == 1


def test_a_live_campaign_is_not_signed_and_an_ended_one_is_not_ended_again(town: Town) -> None:
    with transaction(town.scope) as session:
        live = make_campaign(session, state="live")
        with pytest.raises(Conflict):
            service.sign_statement(session, live.id, museum="", account_id=1, name="", quality="")
        with pytest.raises(Conflict):
            service.tell_step(session, live.id, Step.PAID, date(2026, 6, 1), title={"en": "x"}, text={}, amount_minor=1)
        with pytest.raises(Conflict):
            service.write_lessons(session, live.id, 1, LessonsText("x"))
        with pytest.raises(Conflict):
            service.end_now(session, town.campaign_id)
    assert [has_ended(state) for state in CampaignState] == [False, False, False, True, True, True]


def test_findings_block_only_where_the_sums_would_change() -> None:
    assert [Finding(point, 1).blocks for point in Point] == [point in BLOCKING for point in Point]
    assert not any(Finding(point, 0).blocks for point in Point)


def test_nothing_is_signed_while_books_and_gifts_say_two_sums(town: Town) -> None:
    with transaction(town.scope) as session:
        make_gift(
            session, campaign_in(session, town.campaign_id), fee_minor=0
        )  # its lines in the books are not there yet
        with pytest.raises(Conflict, match="being booked at this very moment"):
            sign(session, town)
        assert session.scalars(select(FinalStatement)).all() == []


def test_figures_leave_out_what_went_back(town: Town) -> None:
    with transaction(town.scope) as session:
        empty = figures(session, make_campaign(session))
        assert (empty.total.gifts, empty.total.kept, empty.median) == (0, Money(0, "EUR"), None)
        read = figures(session, campaign_in(session, town.campaign_id))
        assert read.median == Money(5000, "EUR")
        assert read.total.kept == read.total.gross - read.total.given_back


@pytest.fixture
def finance(app: Flask, town: Town) -> FlaskClient:
    return enter(app, make_colleague(town.id, Role.FINANCE, "finance@example.org"))


@pytest.fixture
def director(app: Flask, town: Town) -> FlaskClient:
    return enter(app, make_colleague(town.id, Role.DIRECTOR, "director@example.org"))


def test_the_finance_officer_signs_and_the_file_has_the_fingerprint_shown(finance: FlaskClient, town: Town) -> None:
    token = form_token(finance, "/account/")
    wrong = finance.post(town.url("/sign"), data={"csrf_token": token, "name": "", "quality": "comptable"})
    assert wrong.status_code == 422
    assert 'value="comptable"' in wrong.text
    signed = finance.post(town.url("/sign"), data={"csrf_token": token, "name": "Rose", "quality": "comptable"})
    assert signed.status_code == 303
    file = finance.get(town.url("/statement-1.json"))
    assert hashlib.sha256(file.data).hexdigest() in finance.get(town.url()).text
    again = finance.post(town.url("/sign"), data={"csrf_token": token, "name": "Rose", "quality": "comptable"})
    assert again.status_code == 409
    assert "Nothing has changed" in again.text


def test_steps_are_told_in_each_language_and_taken_back(director: FlaskClient, client: FlaskClient, town: Town) -> None:
    token = form_token(director, "/account/")
    told = {"csrf_token": token, "step": "paid", "on": "2026-06-20", "amount": "11 900", "title_fr": "Payée", "title_en": "Paid",
            "text_en": "The invoice was settled."}  # fmt: skip
    for field, value in (("on", "soon"), ("step", ""), ("amount", "12,345.67"), ("title_fr", "x" * 200)):
        answer = director.post(town.url("/steps"), data=told | {field: value})
        assert answer.status_code == 422, field
        assert "The invoice was settled." in answer.text
    assert director.post(town.url("/steps"), data=told | {"title_fr": "", "title_en": ""}).status_code == 422
    assert director.post(town.url("/steps"), data=told).status_code == 303
    with transaction(town.scope) as session:
        campaign = campaign_in(session, town.campaign_id)
        assert campaign.timeline[-1]["amount_minor"] == 1_190_000
        address = f"/en/arvieres/{campaign.slug}/"
    assert "The invoice was settled." in client.get(address).text
    assert director.post(town.url("/steps"), data=told | {"title_fr": "Payée encore"}).status_code == 303
    first, _second = re.findall(r'name="mark" value="([^"]+)"', director.get(town.url()).text)
    for mark, status in (("99", 409), (first, 303), (first, 409)):  # pressed twice, it takes no other one
        answer = director.post(town.url("/steps/take-back"), data={"csrf_token": token, "mark": mark})
        assert answer.status_code == status
    with transaction(town.scope) as session:
        assert len(campaign_in(session, town.campaign_id).timeline) == 1


def test_lessons_are_kept_and_a_director_does_not_sign(director: FlaskClient, town: Town) -> None:
    token = form_token(director, "/account/")
    assert director.post(town.url("/sign"), data={"csrf_token": token, "name": "A", "quality": "B"}).status_code == 403
    lessons = {"csrf_token": token, "went_well": "The queue.", "advice": "Ask early.", "shared": "1"}
    assert director.post(town.url("/lessons"), data=lessons).status_code == 303
    assert director.post(town.url("/lessons"), data=lessons | {"went_well": "x" * 5000}).status_code == 422
    page = director.get(town.url()).text
    assert "The queue." in page
    assert "checked" in page


def test_a_withdrawn_campaign_says_so_and_keeps_its_page(
    director: FlaskClient, client: FlaskClient, town: Town
) -> None:
    with transaction(town.scope) as session:
        live = make_campaign(session, state="live")
        number, slug = live.id, live.slug
    token = form_token(director, "/account/")
    address = f"/staff/arvieres/ending/{number}"
    by = (clock.now() + timedelta(days=20)).date().isoformat()
    good = {"csrf_token": token, "reason": "The seller", "words_en": "It is no longer for sale.", "until": by}
    for field, value in (
        ("reason", ""),
        ("words_en", ""),
        ("until", ""),
        ("until", "2026-01-01"),
        ("until", "2199-01-01"),
    ):
        answer = director.post(f"{address}/withdraw", data=good | {field: value})
        assert (answer.status_code, "It is no longer" in answer.text) == (422, field != "words_en"), field
    assert director.post(f"{address}/withdraw", data=good).status_code == 303
    assert director.post(f"{address}/ask", data=good).status_code == 409
    assert director.post(f"{address}/close", data={"csrf_token": token}).status_code == 409
    page = client.get(f"/en/arvieres/{slug}/")
    assert page.status_code == 200
    assert "The seller" not in page.text


def test_no_step_is_told_without_a_word(town: Town) -> None:
    with transaction(town.scope) as session, pytest.raises(Refusal) as refused:
        service.tell_step(session, town.campaign_id, Step.SHOWN, date(2026, 6, 1), title={}, text={}, amount_minor=None)
    assert refused.value.field == "title"
