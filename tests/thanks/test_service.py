"""Who is called and written to, by the museum's own rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crowdfund import clock, outbox
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.gifts import thanking
from crowdfund.gifts.rules import Thanked, Turn, thanks_fit
from crowdfund.gifts.thanking import RuleDetails
from crowdfund.money import Money
from crowdfund.thanks import service
from crowdfund.thanks.models import LetterBatch, ThankCall, ThankLetter
from crowdfund.thanks.queries import calls_due, count_thanks, letters_due
from crowdfund.thanks.rules import CallState, LetterState, Window
from crowdfund.thanks.service import Outcome
from tests.after import Museum

PAPER = {"email": None}


def _rule(museum: Museum, minor: int = 0, **given: Any) -> int:
    with museum.open() as session:
        details: dict[str, Any] = {"name": "Rule", "least": Money(minor, "EUR"), "calls": True} | given
        return thanking.add_rule(session, RuleDetails(**details)).id


@pytest.mark.parametrize(
    ("gift", "fits"),
    [
        ({}, True),
        ({"minor": 29_999}, False),
        ({"currency": "CHF"}, False),
        ({"method": "card"}, False),
        ({"locale": "it"}, False),
        ({"first": False}, False),
    ],
)
def test_each_condition_of_a_rule_counts(gift: dict[str, Any], fits: bool) -> None:
    values: dict[str, Any] = {"minor": 30_000, "currency": "EUR", "method": "cheque", "locale": "fr", "first": True}
    told = Thanked(**values | gift)
    assert thanks_fit(told, least=(30_000, "EUR"), method="cheque", turn=Turn.FIRST, locale="fr") is fits
    assert thanks_fit(told, least=(0, "EUR"), method=None, turn=Turn.ANY, locale=None)


def test_the_first_rule_that_fits_counts_and_a_rule_can_be_tried_earlier(museum: Museum) -> None:
    small = _rule(museum, calls=False, words={"fr": "Merci beaucoup."})
    large = _rule(museum, 30_000)
    museum.give(minor=30_000)
    museum.hear()
    assert museum.all(ThankCall) == []
    with museum.open() as session:
        thanking.raise_rule(session, large)
        thanking.raise_rule(session, large)  # it is the first already
        assert [one.id for one in thanking.rules_here(session)] == [large, small]
    museum.give(minor=30_000)
    museum.hear()
    [call] = museum.all(ThankCall)
    assert call.rule_id == large
    assert call.due_at - call.created_at > timedelta(hours=47)


def test_a_rules_words_and_name_stand_in_the_mail(museum: Museum) -> None:
    _rule(museum, words={"fr": "Vous étiez là dès le premier jour."}, signed_by="H. Maurienne", signed_as="Directrice")
    museum.give(donor={"email": "ada@example.org"})
    museum.give(donor={"email": "bob@example.org", "locale": "it"})
    museum.hear()
    [french], [italian] = museum.sent_to("ada@example.org"), museum.sent_to("bob@example.org")
    assert "Vous étiez là dès le premier jour." in french.text
    assert "Vous étiez là dès le premier jour." in french.html
    assert "H. Maurienne" in italian.text
    assert "premier jour" not in italian.text


def test_the_second_gift_is_no_first_one(museum: Museum) -> None:
    _rule(museum, turn=Turn.FIRST)
    _rule(museum, turn=Turn.AGAIN, calls=False, letter=True)
    gift = museum.give()
    museum.hear()
    again = museum.give(donor_id=museum.all(ThankCall)[0].donor_id)
    museum.hear()
    assert [one.gift_id for one in museum.all(ThankCall)] == [gift]
    assert [one.gift_id for one in museum.all(ThankLetter)] == [again]


def test_who_has_no_address_for_mail_gets_a_letter_and_history_gets_nothing(museum: Museum) -> None:
    paper = museum.give(donor=PAPER)
    museum.give()
    museum.give(donor=PAPER, imported=True)
    museum.hear()
    with museum.open() as session:
        service.plan_thanks(session, paper)  # told twice
    assert [one.gift_id for one in museum.all(ThankLetter)] == [paper]


def test_a_call_is_written_down_corrected_and_asked_for_in_one_statement(museum: Museum) -> None:
    _rule(museum, name="Large gifts")
    museum.give(donor={"first_name": "Ada", "last_name": "Rey"}, minor=30_000)
    museum.hear()
    with museum.open() as session:
        [row] = calls_due(session, "fr")
        assert (row.donor, row.amount, row.why, row.late) == ("Ada Rey", Money(30_000, "EUR"), "Large gifts", False)
    with clock.at(clock.now() + timedelta(hours=49)), museum.open() as session:
        assert calls_due(session, "fr")[0].late
    with museum.open() as session, pytest.raises(Refusal):
        service.note_call(session, row.id, Outcome(CallState.MADE, phone="call me"), "Léa")
    for state, left in ((CallState.UNREACHED, 1), (CallState.MADE, 0), (CallState.DUE, 1), (CallState.DROPPED, 0)):
        with museum.open() as session:
            service.note_call(session, row.id, Outcome(state, "glad", "+33 4 79 00 00 00"), "Léa")
            assert count_thanks(session) == left
    with museum.open() as session, pytest.raises(Conflict):
        service.note_call(session, row.id, Outcome(CallState.MADE), "Léa")
    with museum.open() as session, pytest.raises(NotFound):
        service.note_call(session, row.id + 999, Outcome(CallState.MADE), "Léa")


def test_the_number_of_an_earlier_call_is_known_again(museum: Museum) -> None:
    _rule(museum)
    museum.give()
    museum.hear()
    [call] = museum.all(ThankCall)
    with museum.open() as session:
        service.note_call(session, call.id, Outcome(CallState.MADE, phone="+33 4" + " 79 00 00 00"), "Léa")
    museum.give(donor_id=call.donor_id)
    museum.hear()
    assert museum.all(ThankCall)[1].phone == "+33 4 79 00 00 00"


def test_letters_go_in_numbered_batches_and_come_out_again(museum: Museum) -> None:
    _rule(museum, calls=False, letter=True, words={"fr": "Merci."}, signed_by="H. Maurienne")
    reached, lost = museum.give(donor=PAPER), museum.give(donor=PAPER | {"address_line": None})
    museum.hear()
    with museum.open() as session:
        assert [(one.gift_id, one.reachable) for one in letters_due(session, "fr")] == [(reached, True), (lost, False)]
        batch = service.print_letters(session, Window.RIGHT, "Léa").id
    [printed, waits] = museum.all(ThankLetter)
    assert (printed.state, printed.words, printed.signed_by, waits.state) == (
        "printed",
        "Merci.",
        "H. Maurienne",
        "due",
    )
    with museum.open() as session, pytest.raises(Conflict):
        service.print_letters(session, Window.RIGHT, "Léa")
    with museum.open() as session:
        service.mark_sent(session, batch)
    assert museum.all(ThankLetter)[0].state == "sent"
    with museum.open() as session, pytest.raises(Conflict):
        service.mark_sent(session, batch)
    with museum.open() as session, pytest.raises(Conflict):
        service.move_letter(session, printed.id, LetterState.DUE)  # it is in the post
    with museum.open() as session:
        service.mark_sent(session, batch, sent=False)
        service.move_letter(session, printed.id, LetterState.DUE)
        service.move_letter(session, printed.id, LetterState.DROPPED)
    assert [one.letters for one in museum.all(LetterBatch)] == [0]
    with museum.open() as session:
        service.move_letter(session, printed.id, LetterState.DUE)
        assert service.print_letters(session, Window.LEFT, "Léa").number == 2


def test_a_gift_given_back_is_on_no_list_and_an_erased_donor_leaves_no_note(museum: Museum) -> None:
    _rule(museum, letter=True)
    back, kept = museum.give(), museum.give()
    museum.hear()
    first, second = museum.all(ThankCall)
    with museum.open() as session:
        service.note_call(session, second.id, Outcome(CallState.UNREACHED, "at work", "0479000000"), "Léa")
    museum.give_back(back)
    with museum.open() as session:
        outbox.publish(session, "donor.erased", key="1", donor_id=second.donor_id)
    museum.hear()
    assert [(one.gift_id, one.state, one.note, one.phone) for one in museum.all(ThankCall)] == [
        (back, "dropped", None, None), (kept, "dropped", None, None),
    ]  # fmt: skip
    assert [one.state for one in museum.all(ThankLetter)] == ["dropped", "dropped"]
    assert first.id != second.id


def test_a_rule_that_changes_nothing_is_refused_and_there_are_thirty_at_most(museum: Museum) -> None:
    with pytest.raises(Refusal):
        _rule(museum, calls=False)
    rules = [_rule(museum) for _one in range(30)]
    with pytest.raises(Refusal):
        _rule(museum)
    with museum.open() as session:
        thanking.drop_rule(session, rules[0])
    with museum.open() as session, pytest.raises(NotFound):
        thanking.drop_rule(session, rules[0])
    _rule(museum)
