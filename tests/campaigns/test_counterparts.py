"""What the law says of a reward, with its reason."""

from __future__ import annotations

from datetime import date

import pytest

from crowdfund.campaigns.counterparts import LawFor, judge
from crowdfund.money import Money

FR = LawFor("FR", "musee_de_france", "fr_200", date(2025, 6, 1))
FR_NOW = LawFor("FR", "musee_de_france", "fr_200", date(2026, 6, 1))
BE = LawFor("BE", "asbl", "be_145_33", date(2026, 6, 1))
IT = LawFor("IT", "public_museum_it", "it_art_bonus", date(2026, 6, 1))
NONE = LawFor("CH", "fondation", None, date(2026, 6, 1))


@pytest.mark.parametrize(
    ("law", "price", "value", "symbolic", "fine", "held", "most"),
    [
        (FR, 150, 45, False, False, False, 3750),  # the catalogue: 30 %
        (FR, 150, 37.50, False, True, False, 3750),
        (FR, 150, 37.51, False, False, False, 3750),
        (FR, 1000, 73, False, True, False, 7300),
        (FR, 1000, 74, False, False, False, 7300),  # above the year's ceiling
        (FR_NOW, 1000, 74, False, True, True, 7300),  # a new ceiling is due: each receipt would wait
        (FR, 20, 900, True, True, False, None),  # a name on a wall never counts
        (FR, 20, 0, False, True, False, None),
        (BE, 100, 1, False, False, False, 0),
        (BE, 100, 0, False, True, False, None),
        (IT, 100, 10, False, True, True, 0),
        (NONE, 100, 99, False, True, False, None),
    ],
)
def test_a_reward_is_judged_by_the_law_of_its_receipts(
    law: LawFor, price: float, value: float, symbolic: bool, fine: bool, held: bool, most: int | None
) -> None:
    verdict = judge(Money(round(price * 100), "EUR"), Money(round(value * 100), "EUR"), law, symbolic=symbolic)
    assert (verdict.fine, verdict.held) == (fine, held)
    assert (verdict.most.minor if verdict.most is not None else None) == most
    assert verdict.sentences


def test_the_reason_names_the_share_and_what_would_do() -> None:
    verdict = judge(Money(15000, "EUR"), Money(4500, "EUR"), FR, symbolic=False)
    assert verdict.sentences[0][1] == {"share": 30}
    assert verdict.sentences[-1][1] == {"most": Money(3750, "EUR")}
