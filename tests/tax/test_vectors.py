"""The worked examples of the tax note are the law of these tests."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from crowdfund.money import MoneyError
from crowdfund.tax import vectors

VECTORS = Path(__file__).parents[1] / "data" / "tax-vectors.csv"
with VECTORS.open(encoding="utf-8", newline="") as lines:
    ROWS = list(csv.DictReader(lines))


@pytest.mark.parametrize("row", ROWS, ids=[row["vector_id"] for row in ROWS])
def test_row(row: dict[str, str]) -> None:
    assert list(vectors.check_row(row)) == []


def test_every_french_and_italian_row_is_compared_wholly() -> None:
    compared = [row for row in ROWS if row["jurisdiction"] in {"FR", "IT"}]
    assert len(compared) == 34
    for row in compared:
        assert set(vectors.answers(row)) == {
            "words_fr",
            "words_it",
            "words_en",
            "eligible_base_this_year",
            "tax_benefit",
            "carry_forward",
            "receiptable",
            "receipt_amount",
        }


@pytest.mark.parametrize(
    ("vector_id", "column", "wrong"),
    [
        ("FR-03", "words_fr", "quatre-vingt euros"),
        ("FR-07", "carry_forward", "0"),
        ("FR-10", "receiptable", "yes"),
        ("FR-33", "tax_benefit", "1875.00"),
        ("IT-02", "receipt_amount", "100.00"),
        ("BE-05", "tax_benefit", "45.00"),
        ("CH-04", "eligible_base_this_year", "12200.00"),
        ("CH-02", "tax_benefit", "20.00"),
        ("US-01", "words_en", "two hundred fifty dollars"),
    ],
)
def test_a_wrong_cell_is_found(tmp_path: Path, vector_id: str, column: str, wrong: str) -> None:
    copy = tmp_path / "wrong.csv"
    with copy.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(ROWS[0]))
        writer.writeheader()
        for row in ROWS:
            writer.writerow({**row, column: wrong} if row["vector_id"] == vector_id else row)
    [difference] = vectors.check_vectors(copy)
    assert (difference.vector_id, difference.column, difference.expected) == (vector_id, column, wrong)


def test_the_file_itself_has_no_difference() -> None:
    assert vectors.check_vectors(VECTORS) == []


def test_a_regime_that_we_should_know_is_an_error() -> None:
    with pytest.raises(ValueError, match="regime unknown"):
        vectors.answers({**ROWS[0], "regime": "FR art. 201"})


def test_a_file_that_makes_no_sense_is_an_error() -> None:
    with pytest.raises(MoneyError):
        vectors.answers({**ROWS[0], "words_of_amount": "NaN"})
