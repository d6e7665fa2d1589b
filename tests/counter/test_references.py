"""References: every single slip shows, and is found again in a bank's line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649

from crowdfund.desk.ways import creditor_reference
from crowdfund.pledges.references import (
    LENGTH,
    SIGNS,
    Nearby,
    check_sign,
    draw_reference,
    is_reference,
    printed,
    read_reference,
    references_in,
)

drawn = st.builds(draw_reference, st.just("s" * 40), st.integers(1, 9), st.uuids().map(str))
words = st.text("ABEILOQSUZabc 01-/.é", max_size=20)


def test_no_sign_looks_like_another_and_no_word_can_be_made() -> None:
    assert len(SIGNS) == 23
    assert not set(SIGNS) & set("01OQILSBZGUAE")


@given(drawn)
def test_a_reference_is_whole_and_drawn_again_the_same(reference: str) -> None:
    assert is_reference(reference)
    assert read_reference(printed(reference).lower()) == reference
    assert iso11649.is_valid(creditor_reference(reference))


def test_a_reference_that_is_taken_is_not_drawn() -> None:
    first = draw_reference("s" * 40, 1, "a")
    second = draw_reference("s" * 40, 1, "a", {first})
    assert second != first
    assert draw_reference("s" * 40, 1, "a", {first, second}) not in {first, second}
    assert draw_reference("s" * 40, 2, "a") != first  # each museum draws its own


@given(drawn, st.integers(0, LENGTH - 1), st.sampled_from(SIGNS))
def test_every_wrong_sign_shows(reference: str, place: int, sign: str) -> None:
    wrong = reference[:place] + sign + reference[place + 1 :]
    assert is_reference(wrong) == (wrong == reference)


@given(drawn, st.integers(0, LENGTH - 1), st.integers(0, LENGTH - 1))
def test_every_exchange_of_two_signs_shows(reference: str, one: int, other: int) -> None:
    signs = list(reference)
    signs[one], signs[other] = signs[other], signs[one]
    assert is_reference("".join(signs)) == ("".join(signs) == reference)


@given(drawn, words, words)
def test_a_reference_is_found_in_what_a_bank_writes_around_it(reference: str, before: str, after: str) -> None:
    written = f"{before}{printed(reference).lower()}{after}"
    assert reference in set(references_in(written))
    assert Nearby([reference]).found_in(written) == {reference}


@given(drawn, st.integers(0, LENGTH - 1), st.sampled_from(["wrong", "missing", "doubled", "exchanged"]), words)
def test_a_reference_with_one_slip_is_found_by_what_is_near(reference: str, place: int, slip: str, around: str) -> None:
    nxt = min(place + 1, LENGTH - 1)
    written = {
        "wrong": reference[:place] + "0" + reference[place + 1 :],
        "missing": reference[:place] + reference[place + 1 :],
        "doubled": reference[:place] + reference[place] + reference[place:],
        "exchanged": reference[:place] + reference[nxt] + reference[place] + reference[nxt + 1 :]
        if nxt > place
        else reference,
    }[slip]
    assert Nearby([reference]).found_in(f"{around} {written} {around}") == {reference}


@given(drawn, drawn)
def test_another_reference_is_not_near(reference: str, other: str) -> None:
    if reference != other:
        assert Nearby([reference]).found_in(f"VIR {printed(other)} MERCI") == set()


def test_signs_mistaken_for_others_are_read_as_meant() -> None:
    reference = "8526V4CDFH"  # not whole by itself: only the reading is tried
    body = reference[:9]
    whole = body + check_sign(body)
    assert read_reference("BSZGUA" + whole[6:]) == whole
    assert read_reference("nonsense") is None
