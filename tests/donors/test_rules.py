from __future__ import annotations

import pytest

from crowdfund.donors.rules import DonorDetails, name_key, short_name


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        ("Camille", "Rey", "Camille R."), ("Zoë", "éluard", "Zoë É."), ("Anne", "E\u0301luard", "Anne É."), ("Anne", "", "Anne"),
        ("", "Rey", "R."), ("Jean-Luc", "de La Tour", "Jean-Luc D."), ("Trần", "Q\u0323\u0301x", "Trần Q\u0323\u0301."),
    ],
)  # fmt: skip
def test_the_short_name_is_first_name_and_initial(first: str, last: str, shown: str) -> None:
    assert short_name(first, last) == shown


def test_two_spellings_of_a_name_meet() -> None:
    assert name_key(" Zoé  REY ") == name_key("zoe\u0301 rey")
    assert name_key("Rey") != name_key("Rex")
    assert name_key(None) == ""


def test_what_was_not_told_is_not_listed() -> None:
    assert DonorDetails(first_name="Anne", locale="fr").told() == {
        "kind": "individual",
        "first_name": "Anne",
        "locale": "fr",
    }
