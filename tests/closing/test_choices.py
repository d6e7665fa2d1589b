"""A purchase comes to nothing: each donor chooses the money or another work, may change it, and it is carried out once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from crowdfund import books, clock, outbox
from crowdfund.campaigns.models import Campaign
from crowdfund.closing import service, tasks
from crowdfund.errors import Conflict
from crowdfund.gifts import choices
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Asking, Dispute, Gift, GiftChoice, Refund
from crowdfund.gifts.reports import MoneyReceived
from crowdfund.gifts.rules import Method, Outcome
from crowdfund.links import digest, token_for
from crowdfund.money import Money
from crowdfund.outbox import OutboxRow
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge, WallEntry
from crowdfund.receipts.models import Receipt, ReceiptGift
from crowdfund.tenancy import transaction
from tests import factories
from tests.payments.conftest import Scene, later, scene

__all__ = ["later", "scene"]
WORDS = {"fr": "Le vendeur a repris l’œuvre.", "en": "The seller took the work back."}
HEARD = (
    "payments.",
    "gifts.",
    "fulfilment.",
    "closing.",
    "receipts.tasks.issue",
    "receipts.tasks.follow",
    "receipts.tasks.make",
)
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def work(scene: Scene) -> None:
    """Deliver what the story needs, until nothing is left; letters are not rendered."""
    for _round in range(20):
        with transaction(scene.scope) as session:
            rows = session.execute(
                select(OutboxRow.id, OutboxRow.listener).where(OutboxRow.delivered_at.is_(None))
            ).all()
        due = [row.id for row in rows if row.listener.startswith(HEARD)]
        if not due:
            return
        for outbox_id in due:
            outbox.deliver(scene.museum, outbox_id)
    raise AssertionError("the work does not end")


def give(scene: Scene, **given: Any) -> Gift:
    """Let a donor give whose page has a link."""
    attempt = uuid4()
    token = token_for(scene.app.extensions["config"].secret_key, "gift", scene.museum, str(attempt))
    gift, _charge = scene.given(attempt=attempt, token_hash=digest(token), **given)
    return gift


def another(scene: Scene, **given: Any) -> Campaign:
    named = {"title": factories.texts("Mammoth")} | given
    with transaction(scene.scope) as session:
        return factories.make_campaign(session, issuer_id=scene.issuer_id, **named)


def withdraw(scene: Scene) -> None:
    with transaction(scene.scope) as session:
        until = (clock.now() + timedelta(days=14)).date()
        service.withdraw(session, scene.campaign_id, "the seller", words=WORDS, until=until)
    work(scene)


def end(scene: Scene) -> None:
    with transaction(scene.scope) as session:
        session.get_one(Campaign, (scene.museum, scene.campaign_id)).state = "ended"


def ask(scene: Scene) -> None:
    with transaction(scene.scope) as session:
        service.ask_donors(session, scene.campaign_id, words=WORDS, until=(clock.now() + timedelta(days=14)).date())
    work(scene)


def choice_of(scene: Scene, gift: Gift) -> GiftChoice:
    with transaction(scene.scope) as session:
        return session.scalars(select(GiftChoice).where(GiftChoice.gift_id == gift.id)).one()


def page_of(scene: Scene, gift: Gift) -> str:
    return f"/en/choices/{choices.choice_token(choice_of(scene, gift))}"


def send(client: FlaskClient, address: str, wish: str, **more: str) -> Any:
    found = TOKEN.search(client.get(address).text)
    token = found[1] if found else form_of(address)
    return client.post(address, data={"csrf_token": token, "wish": wish, **more})


def form_of(address: str) -> str:
    from crowdfund.forms import form_token  # noqa: PLC0415 - what a page that was open before holds

    return form_token(address.rsplit("/", 1)[1])


def settle(scene: Scene) -> None:
    for _twice in range(2):
        tasks.settle_choices(scene.museum)
        work(scene)


def outcomes(scene: Scene, *given: Gift) -> list[str | None]:
    return [choice_of(scene, gift).outcome for gift in given]


def count_box(scene: Scene) -> None:
    """Let 7.00 come from nobody."""
    money = MoneyReceived(
        reference="box:1",
        campaign_id=scene.campaign_id,
        amount=Money(700, "EUR"),
        method=Method.BOX,
        received_at=clock.now(),
    )
    with transaction(scene.scope) as session:
        gifts.receive_gift(session, money)


def test_each_donor_chooses_and_it_is_carried_out_once(scene: Scene, client: FlaskClient, later: Any) -> None:
    with transaction(scene.scope) as session:
        reward = factories.make_reward(session, session.get_one(Campaign, (scene.museum, scene.campaign_id)))
    moving = give(scene, reward_id=reward.id, reward_state="claimed", counterpart_minor=800, wall="short")
    back, silent = give(scene), give(scene)
    count_box(scene)
    target = another(scene)
    another(scene, funding_model="all_or_nothing", title=factories.texts("Never"))
    work(scene)
    withdraw(scene)
    assert [key.split(":")[0] for key, _mail in scene.mailer.sent].count(
        "choice_asked"
    ) == 3  # the box has nobody to ask
    address = page_of(scene, moving)
    page = client.get(address).text
    assert all(
        words in page for words in ("The seller took", "Mammoth (en)", "belongs to this work", "wall of the other work")
    )
    assert "Never" not in page
    assert 'value="keep"' not in page
    for _twice in range(2):
        assert send(client, address, "refund").status_code == 303
    assert send(client, address, f"move-{target.id}").status_code == 303
    assert "go to “Mammoth (en)”" in client.get(address).text
    assert send(client, page_of(scene, back), "refund").status_code == 303
    with transaction(scene.scope) as session:
        link = pledges.gift_token(session.get_one(Pledge, (scene.museum, moving.pledge_id)))
    assert address.replace("/en/", "") in client.get(f"/en/gifts/{link}").text
    later(days=16)
    assert send(client, address, "refund").status_code == 409
    settle(scene)
    assert outcomes(scene, moving, back, silent) == [Outcome.MOVE, Outcome.REFUND, Outcome.REFUND]
    late = send(client, address, "refund")
    assert (late.status_code, "dealt with already" in late.text) == (409, True)
    with transaction(scene.scope) as session:
        assert session.scalars(select(Refund.kind).order_by(Refund.id)).all() == ["move", "refund", "refund"]
        new = session.scalars(select(Gift).where(Gift.moved_from_id == moving.id)).one()
        assert (new.campaign_id, new.amount_minor, new.counterpart_minor, new.gift_date) == (
            target.id,
            5000,
            0,
            moving.gift_date,
        )
        assert session.scalars(select(WallEntry)).one().campaign_id == target.id
        closed = select(Receipt.close_reason).join(ReceiptGift, ReceiptGift.receipt_id == Receipt.id)
        assert session.scalars(closed.where(ReceiptGift.gift_id == moving.id)).all() == ["moved"]
        live = select(ReceiptGift.gift_id).where(ReceiptGift.live)
        assert session.scalars(live).all() == [new.id]
    assert [key for key, _mail in scene.mailer.sent if key.startswith("choice_done")] == [
        f"choice_done:{choice_of(scene, moving).id}"
    ]
    assert scene.raised == 700
    scene.check_books()


def test_an_answer_that_no_longer_holds_is_refused_with_a_sentence(
    scene: Scene, client: FlaskClient, later: Any
) -> None:
    gift, other = give(scene), give(scene)
    target = another(scene)
    withdraw(scene)
    address = page_of(scene, gift)
    for wish in ("", "burn", "keep", "move-", "move-x", "move-999999999999999"):
        assert send(client, address, wish).status_code == 422, wish
    stale = client.post(address, data={"csrf_token": "x", "wish": "refund"})
    assert (stale.status_code, choice_of(scene, gift).wish) == (422, None)
    assert client.get(f"{address[:-1]}!").status_code == 404
    assert client.get(f"/en/choices/1-{'a' * 26}").status_code == 404
    with transaction(scene.scope) as session:
        session.get_one(Campaign, (scene.museum, target.id)).state = "succeeded"
    closed = send(client, address, f"move-{target.id}")
    assert (closed.status_code, "no longer takes gifts" in closed.text) == (409, True)
    with transaction(scene.scope) as session:
        gifts.request_refund(session, other.id, Money(5000, "EUR"), "asked", uuid4())
    gone = send(client, page_of(scene, other), "refund")
    assert (gone.status_code, "dealt with already" in gone.text) == (409, True)
    later(days=16)
    settle(scene)
    assert outcomes(scene, gift, other) == [Outcome.REFUND, Outcome.GONE]
    scene.check_books()


def test_a_work_that_closes_before_the_day_gives_way_to_what_was_said(
    scene: Scene, client: FlaskClient, later: Any
) -> None:
    gift, target = give(scene), another(scene, closes_at=clock.now() + timedelta(days=3))
    withdraw(scene)
    assert send(client, page_of(scene, gift), f"move-{target.id}").status_code == 303
    later(days=16)
    settle(scene)
    assert outcomes(scene, gift) == [Outcome.REFUND]
    assert "took no more gifts" in client.get(page_of(scene, gift)).text
    assert any(key.startswith("choice_done") for key, _mail in scene.mailer.sent)
    assert scene.raised == 0


def test_below_the_goal_gifts_stay_unless_the_museum_leaves_the_choice(
    scene: Scene, client: FlaskClient, later: Any
) -> None:
    kept, wished, silent = give(scene), give(scene, fallback="refund"), give(scene)
    end(scene)
    with transaction(scene.scope) as session:
        link = pledges.gift_token(session.get_one(Pledge, (scene.museum, kept.pledge_id)))
        assert not choices.open_choices(session, [kept.id])
    assert "/choices/" not in client.get(f"/en/gifts/{link}").text  # the promise leaves no choice
    ask(scene)
    with pytest.raises(Conflict):
        ask(scene)
    assert 'value="keep"' in client.get(page_of(scene, kept)).text
    assert send(client, page_of(scene, kept), "keep").status_code == 303
    later(days=16)
    settle(scene)
    assert outcomes(scene, kept, wished, silent) == [Outcome.KEEP, Outcome.REFUND, Outcome.KEEP]
    assert scene.raised == 10000
    with transaction(scene.scope) as session:
        assert books.broken(session).keys() <= {"3 a paid checkout belongs to a paid pledge or a quarantined charge"}
    reached = another(scene, state="succeeded")
    with transaction(scene.scope) as session, pytest.raises(Conflict):
        service.ask_donors(session, reached.id, words=WORDS, until=(clock.now() + timedelta(days=9)).date())


def test_money_that_comes_late_is_asked_about_and_a_disputed_gift_waits(scene: Scene, later: Any) -> None:
    pledge_id, _charge = scene.paid()
    withdraw(scene)
    later(days=20)
    scene.hear()
    work(scene)
    late = scene.gift(pledge_id)
    assert late is not None
    with transaction(scene.scope) as session:
        asking = session.scalars(select(Asking)).one()
    assert choice_of(scene, late).until > max(asking.until, clock.now() + timedelta(days=13))
    later(days=15)
    with transaction(scene.scope) as session:
        session.add(Dispute(provider_dispute="dp_1", gift_id=late.id, state="open", amount_minor=5000, currency="EUR",
                            opened_at=clock.now()))  # fmt: skip
        gift = session.get_one(Gift, (scene.museum, late.id))
        gift.disputed_minor, gift.state = 5000, "disputed"
    settle(scene)
    assert outcomes(scene, late) == [None]


def test_who_is_asked_late_may_answer_until_the_end_of_the_day_that_is_told(scene: Scene, later: Any) -> None:
    give(scene)
    work(scene)
    end(scene)
    ask(scene)
    later(days=13)
    with transaction(scene.scope) as session:
        donor = factories.make_donor(session)
        gift = gifts.receive_gift(session, MoneyReceived(
            reference="bank:1", campaign_id=scene.campaign_id, amount=Money(5000, "EUR"), method=Method.BANK_TRANSFER,
            received_at=clock.now(), donor_id=donor.id))  # fmt: skip
    work(scene)
    choice = choice_of(scene, gift)
    told = choices.last_day(choice.until, "Europe/Paris")
    assert (told - clock.now().date()).days in {14, 15}  # the museum's calendar may be a day ahead
    assert choice.until == choices.end_of(told, "Europe/Paris")
    later(seconds=(choice.until - clock.now()).total_seconds() - 60)
    with transaction(scene.scope) as session:
        assert choices.answer(session, choice.id, "refund").wish == "refund"
