"""At the desk: calls written down, letters printed in batches, rules of thanks."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from crowdfund import clock
from crowdfund.audit import AuditEntry
from crowdfund.gifts import choices
from crowdfund.gifts.models import GiftChoice, ThankRule
from crowdfund.gifts.rules import Wish
from crowdfund.thanks.models import LetterBatch, ThankCall, ThankLetter
from tests.after import Desk, Museum, found

PAPER = {"email": None, "first_name": "Jeanne", "last_name": "Chevrier"}


def _rule(desk: Desk, **given: str) -> None:
    values = {"name": "Large", "least": "50", "turn": "any", "calls": "1"} | given
    assert desk.post("thanks/rules", **values).status_code == 303


def test_a_call_is_made_noted_and_put_back(museum: Museum) -> None:
    desk = museum.desk()
    assert "No call to make" in desk.get("thanks").text
    _rule(desk)
    museum.give(donor={"first_name": "Ada", "last_name": "Rey"})
    museum.hear()
    [call] = museum.all(ThankCall)
    page = desk.get("thanks").text
    assert "1 call to make" in page
    assert "Ada Rey" in page
    wrong = desk.post(f"thanks/calls/{call.id}", state="made", phone="call me", note="glad")
    assert (wrong.status_code, 'value="glad"' in wrong.text, "Write the number in figures" in wrong.text) == (
        422,
        True,
        True,
    )
    assert desk.post(f"thanks/calls/{call.id}", state="").status_code == 422
    assert desk.post(f"thanks/calls/{call.id}", state="made", phone="+33 4 79 00 00 00", note="glad").status_code == 303
    page = desk.get("thanks").text
    assert ("No call to make" in page, "glad" in page) == (True, True)
    assert desk.post(f"thanks/calls/{call.id}", state="made").status_code in {303, 409}
    assert desk.post(f"thanks/calls/{call.id}", state="due").status_code == 303
    assert desk.post(f"thanks/calls/{call.id + 9}", state="made").status_code == 404
    assert museum.desk("auditor").post(f"thanks/calls/{call.id}", state="made").status_code == 403


def test_letters_without_an_address_say_what_to_do_next(museum: Museum) -> None:
    desk = museum.desk("desk")
    _rule(desk, calls="", signed_by="H. Maurienne")
    museum.give(donor=PAPER | {"address_line": "", "postcode": "", "city": "", "country": ""})
    museum.hear()
    page = desk.get("thanks").text
    assert "None of them has a postal address yet" in page
    assert "to print</button>" not in page  # nothing could come of it
    address = re.search(r"/donors/(\d+)#address", page)
    assert address is not None
    told = {"address_line": "8 rue Basse", "postcode": "73000", "city": "Chambéry", "country": "FR"}
    assert desk.post(f"donors/{address[1]}/address", **told).status_code == 303
    page = desk.get("thanks").text
    assert "Make a batch of 1 letter to print" in page
    assert "postal address yet" not in page


@pytest.mark.parametrize(("window", "country"), [("right", "FR"), ("left", "DE"), ("nonsense", "FR")])
def test_letters_are_printed_in_one_file_each_in_its_language(museum: Museum, window: str, country: str) -> None:
    desk = museum.desk("desk")
    assert desk.post("thanks/letters/print").status_code == 409
    _rule(desk, calls="", words_fr="Sans vous, rien.\n\n<b>Venez</b> & voyez.", signed_by="H. Maurienne")
    museum.give(donor=PAPER)
    museum.give(donor=PAPER | {"locale": "it", "country": country, "first_name": "Ugo"})
    museum.hear()
    assert "2 letters to print" in desk.get("thanks").text
    made = desk.post("thanks/letters/print", window=window)
    [batch] = museum.all(LetterBatch)
    assert batch.window == ("left" if window == "left" else "right")
    page = desk.client.get(made.location).text
    assert "Jeanne Chevrier" in page
    files = [desk.get(f"thanks/letters/{batch.id}.pdf").data for _time in range(2)]
    twice = [[one.extract_text() for one in PdfReader(io.BytesIO(file)).pages] for file in files]
    assert twice[0] == twice[1]  # printed again
    first, second = twice[0]
    assert "Sans vous, rien." in first
    assert "<b>Venez</b> & voyez." in first  # what the museum wrote is text, never markup
    assert "H. Maurienne" in first
    assert "50,00" in first
    assert "Grazie" in second
    assert ("GERMANIA" in second) is (country == "DE")
    assert desk.post(f"thanks/letters/{batch.id}/sent").status_code == 303
    assert [one.state for one in museum.all(ThankLetter)] == ["sent", "sent"]
    assert desk.post(f"thanks/letters/{batch.id}/sent").status_code == 409
    assert desk.post(f"thanks/letters/{batch.id}/sent", undo="1").status_code == 303
    letter = museum.all(ThankLetter)[0].id
    assert desk.post(f"thanks/letter/{letter}", state="due").status_code == 303
    assert desk.post(f"thanks/letter/{letter}", state="dropped").status_code == 303
    assert "1 letter" in desk.get("thanks").text
    assert desk.get(f"thanks/letters/{batch.id + 9}").status_code == 404
    assert museum.desk("auditor").post("thanks/letters/print").status_code == 403


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": ""}, "Give the rule a name"),
        ({"least": "much"}, "Write the amount in figures"),
        ({"calls": ""}, "else it changes nothing"),
        ({"method": "shells"}, "Choose one of the answers shown."),
        ({"words_fr": "x" * 1501}, "This is too long"),
    ],
)
def test_a_rule_that_is_wrong_comes_back_with_what_was_typed(museum: Museum, form: dict[str, str], said: str) -> None:
    answer = museum.desk().post("thanks/rules", **{"name": "Large", "calls": "1", "signed_as": "director"} | form)
    assert answer.status_code == 422
    assert said in answer.text.replace("&#39;", "’")
    assert museum.all(ThankRule) == []


def test_rules_are_changed_tried_earlier_and_taken_away(museum: Museum) -> None:
    desk = museum.desk()
    assert "No rule yet" in desk.get("thanks/rules").text
    _rule(desk)
    _rule(desk, name="Small", least="", method="cheque", locale="fr", turn="first")
    first, second = museum.all(ThankRule)
    assert (first.from_minor, second.method, second.turn) == (5000, "cheque", "first")
    assert 'value="50.00"' in desk.get(f"thanks/rules/{first.id}").text
    assert desk.post(f"thanks/rules/{second.id}", act="raise").status_code == 303
    page = desk.get("thanks/rules").text
    assert page.index("Small") < page.index("Large")
    assert desk.post(f"thanks/rules/{first.id}", name="Larger", calls="1").status_code == 303
    assert desk.post(f"thanks/rules/{first.id}", act="drop").status_code == 303
    assert "Larger" not in desk.get("thanks/rules").text
    for method in (desk.get, desk.post):
        assert method(f"thanks/rules/{first.id}").status_code == 404
    assert museum.desk("auditor").post("thanks/rules", name="x", calls="1").status_code == 403


def test_who_has_no_address_for_mail_is_asked_by_letter_until_they_answer(museum: Museum) -> None:
    paper = {"email": None, "locale": "en", "address_line": "8 Mill Lane", "city": "Chambéry", "first_name": "Odette"}
    asked, lost, answered, mailed = (
        museum.give(donor=paper | more)
        for more in (
            {},
            {"address_line": None, "last_name": "Nowhere"},
            {"last_name": "Answered"},
            {"email": "m@example.org"},
        )
    )
    desk = museum.desk()
    assert desk.client.get(f"{desk.base}/thanks/questions.pdf").status_code == 404
    assert "to ask by letter" not in desk.get("thanks").text
    until = clock.now() + timedelta(days=20)
    with museum.open() as session:
        asking = choices.ask_donors(
            session, museum.campaign_id, words={"en": "The seller took it back."}, until=until, otherwise=Wish.KEEP
        )
        choices.ask_about_some(session, asking.id)
        session.scalars(select(GiftChoice).where(GiftChoice.gift_id == answered)).one().wish = Wish.REFUND
    page = desk.get("thanks").text
    part = page[page.index('id="asked"') :]
    assert "2 donors to ask by letter" in part
    assert f'/gifts/{asked}"' in part
    assert f'/gifts/{lost}"' in part
    assert f'/gifts/{answered}"' not in part
    assert f'/gifts/{mailed}"' not in part
    assert "without an answer the gift stays" in part
    reader = museum.desk("auditor")  # a letter holds the link by which its donor answers
    assert "questions.pdf" not in reader.get("thanks").text
    assert reader.client.get(f"{reader.base}/thanks/questions.pdf").status_code == 403
    assert "questions.pdf" in page
    file = desk.client.get(f"{desk.base}/thanks/questions.pdf")
    [letter] = PdfReader(io.BytesIO(file.data)).pages  # who has no postal address gets none yet
    words = re.sub(r"\s+", " ", letter.extract_text())
    assert "Dear Odette" in words
    assert "The seller took it back." in words
    with museum.open() as session:
        token = choices.choice_token(session.scalars(select(GiftChoice).where(GiftChoice.gift_id == asked)).one())
    assert token in words.replace(" ", "")
    assert museum.app.test_client().get(f"/en/choices/{token}").status_code == 200
    with clock.at(until + timedelta(days=1)):
        assert museum.desk().get("thanks").text.count("to ask by letter") == 0


PAPER_DONOR = {"email": None, "locale": "en", "address_line": "8 Mill Lane", "city": "Chambéry", "first_name": "Odette"}


def _asked(museum: Museum, *gifts: int, until: timedelta = timedelta(days=20)) -> None:
    with museum.open() as session:
        asking = choices.ask_donors(
            session, museum.campaign_id, words={"en": "Gone."}, until=clock.now() + until, otherwise=Wish.KEEP
        )
        choices.ask_about_some(session, asking.id)
    assert {one.gift_id for one in museum.all(GiftChoice)} == set(gifts)


def _acts(museum: Museum, gift: int) -> list[str]:
    with museum.open() as session:
        acts = session.scalars(
            select(AuditEntry.action).where(AuditEntry.subject == f"gift:{gift}").order_by(AuditEntry.seq)
        )
        return [act for act in acts if act.startswith(("gift.question", "gift.choice"))]


def test_letters_that_ask_are_marked_as_posted_and_not_printed_again(museum: Museum) -> None:
    first, second = (museum.give(donor=PAPER_DONOR), museum.give(donor=PAPER_DONOR | {"first_name": "Ugo"}))
    _asked(museum, first, second)
    desk = museum.desk("desk")
    assert desk.post("thanks/questions/posted", gift=[str(first)]).status_code == 303
    assert desk.post("thanks/questions/posted", gift=[str(first)]).status_code == 303  # twice is once
    [letter] = PdfReader(io.BytesIO(desk.get("thanks/questions.pdf").data)).pages
    assert "Ugo" in letter.extract_text()
    page = desk.get("thanks").text
    assert ("Posted" in page, "2 donors to ask by letter" in page, "1 letter (PDF)" in page) == (True, True, True)
    assert desk.post("thanks/questions/posted", gift=[str(first)], undo="1").status_code == 303
    assert "2 letters (PDF)" in desk.get("thanks").text
    assert _acts(museum, first) == ["gift.question_posted", "gift.question_not_posted"]
    assert desk.post("thanks/questions/posted", gift=[str(second), str(second + 9)]).status_code == 404
    assert _acts(museum, second) == []
    assert museum.desk("auditor").post("thanks/questions/posted", gift=[str(first)]).status_code == 403


def test_an_answer_that_came_to_the_museum_is_noted_changed_and_taken_back(museum: Museum) -> None:
    gift = museum.give(donor=PAPER_DONOR)
    _asked(museum, gift)
    desk = museum.desk("desk")
    answers = f"thanks/answers/{gift}"
    assert f'/{answers}"' in desk.get("thanks").text
    assert f'/{answers}"' in desk.get(f"gifts/{gift}").text
    assert "No answer yet" in desk.get(answers).text
    missing = desk.post(answers, wish="keep")
    assert (missing.status_code, "Say how the answer came." in missing.text) == (422, True)
    assert re.search(r'value="keep" checked', missing.text)  # what was chosen stays
    for wrong in (
        {"wish": "", "heard": "phone"},
        {"wish": "keep", "heard": "dream"},
        {"wish": "move-0", "heard": "phone"},
    ):
        assert desk.post(answers, **wrong).status_code == 422
    assert desk.post(f"{answers}/back").status_code == 409  # nothing was noted
    assert desk.post(answers, wish="keep", heard="phone").status_code == 303
    page = desk.get("thanks").text
    assert "No donor to ask by letter" in page
    assert "stays with the museum · by telephone" in page
    assert "Noted at the desk from a call." in desk.get(f"gifts/{gift}").text
    assert desk.post(answers, wish="refund", heard="letter").status_code == 303
    assert desk.post(f"{answers}/back").status_code == 303
    assert "1 donor to ask by letter" in desk.get("thanks").text
    [choice] = museum.all(GiftChoice)
    assert (choice.wish, choice.heard, choice.answered_at) == (None, None, None)
    assert _acts(museum, gift) == ["gift.choice_noted", "gift.choice_noted", "gift.choice_taken_back"]
    assert museum.desk("auditor").get(answers).status_code == 403
    assert museum.desk("auditor").post(answers, wish="keep", heard="phone").status_code == 403


def test_what_the_donor_answered_or_the_day_has_settled_is_not_taken_back_at_the_desk(museum: Museum) -> None:
    gift = museum.give(donor=PAPER_DONOR)
    _asked(museum, gift)
    answers = f"thanks/answers/{gift}"
    with museum.open() as session:
        choices.answer(session, choices.choice_of(session, gift).id, Wish.REFUND)
    desk = museum.desk()
    page = desk.get(answers).text
    assert "answered by the donor" in page
    assert "Only they change it" in page
    assert 'name="wish"' not in page
    over = desk.post(answers, wish="keep", heard="phone")
    assert (over.status_code, "Only they change it" in over.text) == (409, True)
    refused = desk.post(f"{answers}/back")
    assert (refused.status_code, "only the donor takes back" in refused.text) == (409, True)
    with clock.at(clock.now() + timedelta(days=21)):
        late = museum.desk()
        for path, form in ((answers, {"wish": "keep", "heard": "phone"}), (f"{answers}/back", {})):
            assert late.post(path, **form).status_code == 409
        assert "The day to choose has passed." in late.get(answers).text
    [choice] = museum.all(GiftChoice)
    assert (choice.wish, choice.heard) == ("refund", None)


def test_a_question_of_another_museum_is_not_there(museum: Museum, app: Flask) -> None:
    with found(app) as other:
        theirs = other.give(donor=PAPER_DONOR)
        _asked(other, theirs)
        desk = museum.desk()
        assert desk.get(f"thanks/answers/{theirs}").status_code == 404
        assert desk.post(f"thanks/answers/{theirs}", wish="keep", heard="phone").status_code == 404
        assert desk.post(f"thanks/answers/{theirs}/back").status_code == 404
        assert desk.post("thanks/questions/posted", gift=[str(theirs)]).status_code == 404
        [choice] = other.all(GiftChoice)
        assert (choice.wish, choice.posted_at) == (None, None)
