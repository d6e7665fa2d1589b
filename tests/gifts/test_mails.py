"""What donors are written: in their language, honest about the receipt, once each."""

from __future__ import annotations

import io
import smtplib
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from crowdfund import outbox
from crowdfund.campaigns.models import Artwork, Campaign
from crowdfund.donors.models import Consent
from crowdfund.donors.rules import ConsentKind
from crowdfund.institutions.models import Issuer
from crowdfund.mail import Mail, SentMail, send_once
from crowdfund.outbox import OutboxRow
from crowdfund.pledges.models import Pledge
from crowdfund.tenancy import transaction
from tests import factories
from tests.payments.conftest import Scene


def only(scene: Scene, kind: str) -> Mail:
    (found,) = [mail for key, mail in scene.mailer.sent if key.startswith(f"{kind}:")]
    return found


@pytest.mark.parametrize(("locale", "word"), [("fr", "Merci"), ("it", "Grazie"), ("en", "Thank you")])
def test_thanks_speak_the_pledges_language(scene: Scene, locale: str, word: str) -> None:
    scene.given(locale=locale)
    mail = only(scene, "thanks")
    assert mail.locale == locale
    assert word in mail.subject
    assert word in mail.text
    assert f"/{locale}/gifts/" in mail.text
    assert f"Title ({locale})" in mail.html
    assert f'lang="{locale}"' in mail.html
    assert "&" not in mail.subject
    assert "\n\n\n" not in mail.text


def donor_id(scene: Scene, **given: Any) -> int:
    with transaction(scene.scope) as session:
        return factories.make_donor(session, **given).id


@pytest.mark.parametrize(("change", "sentence"), [
    ({}, "Your tax receipt follows in a mail of its own within minutes."),
    ({"wants_receipt": False}, "You did not ask for a tax receipt."),
    ({"regime": None}, "Gifts to this campaign open no tax relief, so there is no receipt."),
    ({"address_line": None}, "Some of your details are missing."),
    ({"mandate": None}, "The museum still has something to put in order"),
])  # fmt: skip
def test_thanks_say_honestly_what_becomes_of_the_receipt(scene: Scene, change: dict[str, Any], sentence: str) -> None:
    with transaction(scene.scope) as session:
        if "regime" in change:
            session.get_one(Campaign, (scene.museum, scene.campaign_id)).tax_regime = None
        if "mandate" in change:
            session.get_one(Issuer, (scene.museum, scene.issuer_id)).mandate_signed_on = None
    donor = donor_id(scene, **{key: value for key, value in change.items() if key == "address_line"})
    scene.given(locale="en", donor_id=donor, wants_receipt=change.get("wants_receipt", True))
    assert sentence in only(scene, "thanks").text


def test_thanks_tell_the_cost_after_tax(scene: Scene) -> None:
    scene.given(locale="en")
    text = only(scene, "thanks").text
    assert "66" in text  # French article 200
    assert "17.00" in text


def test_thanks_name_the_rate_of_the_law_and_none_computed_back(scene: Scene) -> None:
    scene.given(1501, locale="en")  # 9.90 of 15.01 would be 65 %
    assert "Tax relief (66%)" in only(scene, "thanks").text


def test_nobody_without_an_address_is_written_to(scene: Scene) -> None:
    scene.given(donor_id=donor_id(scene, email=None))
    assert scene.mailer.sent == []


def test_a_mail_server_that_is_away_loses_nothing(scene: Scene) -> None:
    scene.paid()
    scene.mailer.refuse = [ConnectionRefusedError(), smtplib.SMTPResponseException(451, b"later")]
    with pytest.raises(ConnectionRefusedError):
        scene.hear()
    assert scene.raised == 5000  # the gift does not wait for its mail
    with pytest.raises(smtplib.SMTPResponseException):
        scene.work()
    scene.work()
    assert len(scene.mailer.keys("thanks")) == 1


def test_thanks_are_sent_once_however_often_the_fact_is_told(scene: Scene) -> None:
    scene.given()
    with transaction(scene.scope) as session:
        rows = list(session.scalars(select(OutboxRow).where(OutboxRow.listener.like("gifts.%"))))
        for row in rows:
            row.delivered_at = None
    for row in rows:
        outbox.deliver(scene.museum, row.id)
    assert len(scene.mailer.keys("thanks")) == 1


def test_two_gifts_far_apart_are_not_asked_about(scene: Scene, later: Any) -> None:
    donor = donor_id(scene)
    scene.given(donor_id=donor)
    later(minutes=16)
    scene.given(donor_id=donor)
    scene.given()
    assert scene.mailer.keys("two_gifts") == []


def test_two_gifts_close_together_are_asked_about_once(scene: Scene) -> None:
    donor = donor_id(scene)
    scene.given(donor_id=donor, locale="it")
    scene.given(amount=3000, donor_id=donor, locale="it")
    mail = only(scene, "two_gifts")
    assert "50" in mail.text
    assert "30" in mail.text
    assert "mailto:musee@example.org?subject=" in mail.text


def test_a_payment_not_finished_is_recalled_once_to_those_who_agreed(scene: Scene) -> None:
    pledge_id = scene.pledge()
    silent = scene.pledge()
    with transaction(scene.scope) as session:
        donor = session.get_one(Pledge, (scene.museum, pledge_id)).donor_id
        session.add(Consent(donor_id=donor, kind=ConsentKind.NEWS_MUSEUM, wording="w", locale="fr", source="form"))
    for one in (pledge_id, silent):
        scene.provider.close_page(scene.account, scene.open(one))
    scene.hear()
    assert scene.mailer.keys("not_finished") == [f"not_finished:{pledge_id}"]
    assert "/fr/gifts/" in only(scene, "not_finished").text
    scene.provider.pay(scene.open(pledge_id))
    scene.hear()
    assert len(scene.mailer.keys("not_finished")) == 1


def test_who_tries_again_is_left_alone_for_an_hour_and_not_reminded_once_it_worked(scene: Scene) -> None:
    donor = donor_id(scene)
    with transaction(scene.scope) as session:
        session.add(Consent(donor_id=donor, kind=ConsentKind.NEWS_MUSEUM, wording="w", locale="fr", source="form"))
    begun = scene.pledge(donor_id=donor)
    scene.given(donor_id=donor)
    scene.provider.close_page(scene.account, scene.open(begun))
    scene.hear()
    assert scene.pledge_state(begun) == "expired"
    assert scene.mailer.keys("not_finished") == []
    with transaction(scene.scope) as session:
        told = session.scalars(select(OutboxRow).where(OutboxRow.topic == "pledge.expired")).one()
    assert told.not_before - told.created_at == timedelta(hours=1)


def test_a_refused_password_bounces_nothing(scene: Scene) -> None:
    scene.mailer.refuse = [smtplib.SMTPAuthenticationError(535, b"no")]
    with pytest.raises(smtplib.SMTPAuthenticationError):
        send_once(scene.scope, "thanks:77", lambda _session: LETTER)
    assert mail_state(scene, "thanks:77") == "failed"
    send_once(scene.scope, "thanks:77", lambda _session: LETTER)
    assert mail_state(scene, "thanks:77") == "sent"


def test_a_mail_that_failed_and_has_nothing_left_to_say_is_withdrawn(scene: Scene) -> None:
    scene.mailer.refuse = [smtplib.SMTPServerDisconnected("away")]
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send_once(scene.scope, "thanks:78", lambda _session: LETTER)
    send_once(scene.scope, "thanks:78", lambda _session: None)
    assert mail_state(scene, "thanks:78") == "withdrawn"


def test_one_at_a_time_sends_a_mail(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = scene.app.extensions["database"].engine
    key = func.hashtextextended(f"mail:{scene.museum}:thanks:79", 0)
    free: list[bool] = []

    def send(_mail: Mail, _key: str) -> None:
        with engine.connect() as other:
            free.append(other.scalar(select(func.pg_try_advisory_lock(key))))

    monkeypatch.setattr(scene.mailer, "send", send)
    send_once(scene.scope, "thanks:79", lambda _session: LETTER)
    with engine.connect() as other:
        free.append(other.scalar(select(func.pg_try_advisory_lock(key))))
        other.scalar(select(func.pg_advisory_unlock(key)))
    assert free == [False, True]


LETTER = Mail(
    kind="thanks", to="a@example.org", to_name="A", from_name="B", subject="C", text="d", html="<p>d</p>", locale="en"
)


def mail_state(scene: Scene, key: str) -> str:
    with transaction(scene.scope) as session:
        return session.scalars(select(SentMail.state).where(SentMail.key == key)).one()


def test_thanks_bring_the_work_along(scene: Scene) -> None:
    """The picture is inside the mail, so that nobody's server hears of its being read; its words stand without it."""
    with transaction(scene.scope) as session:
        artwork = session.scalars(select(Artwork)).one()
        artwork.image, artwork.image_width, artwork.image_height = "viole.svg", 600, 900
        artwork.image_alt = {"fr": "Une viole de gambe", "it": "Una viola da gamba", "en": "A viola da gamba"}
    scene.given(locale="it")
    mail = only(scene, "thanks")
    assert '<img src="cid:work"' in mail.html
    assert 'alt="Una viola da gamba"' in mail.html
    message = scene.mailer.message(mail, "key")
    html = message.get_body(preferencelist=("html",))
    assert html is not None
    assert "cid:work" in html.get_content()
    [picture] = [part for part in message.walk() if part.get_content_type() == "image/jpeg"]
    assert picture["Content-ID"] == "<work>"
    assert picture.get_content_disposition() == "inline"
    with Image.open(io.BytesIO(picture.get_payload(decode=True))) as drawn:  # type: ignore[arg-type]
        assert (drawn.format, drawn.size) == ("JPEG", (1200, 600))
    assert list(message.iter_attachments()) == []


def test_thanks_for_a_work_without_a_picture_show_its_title(scene: Scene) -> None:
    scene.given()
    mail = only(scene, "thanks")
    assert mail.pictures == ()
    assert "<img" not in mail.html
