"""What a donor takes along: every table that points at them is told, or left out for a reason that stands here."""

from __future__ import annotations

from sqlalchemy import Table, inspect

import crowdfund.models  # noqa: F401 - so that every table is known
from crowdfund.database import Base
from crowdfund.me import export

# Told in words of its own: who asks reads the records themselves, the receipts with their file, and each file's name.
OTHERWISE = {"donors", "receipts", "receipt_gifts", "brought_donors"}
LEFT_OUT = {
    "donor_words": "the words of the record, cut for the search",
    "donor_standings": "the sum of the gifts that are told",
    "donor_merges": "which records are one person: each record is told",
    "donor_aparts": "that somebody else is another person: it would tell of them",
    "checkouts": "the provider's page, once open: what was paid is the gift",
    "counterpart_steps": "who moved a reward on, and when: where it stands is told with the reward",
    "counts": "a box or the till: anonymous",
}


def pointing_at_donors() -> set[str]:
    """Walk from the donors to every table that points at them, at what is theirs, and so on."""
    found, more = {"donors"}, {"donors"}
    while more:
        more = {one.name for one in Base.metadata.tables.values() if _targets(one) & found} - found
        found |= more
    return found


def _targets(table: Table) -> set[str]:
    return {key.column.table.name for key in table.foreign_keys}


def test_every_table_that_points_at_donors_is_told_or_left_out_for_a_reason() -> None:
    told = {
        kept.column_descriptions[0]["entity"].__tablename__ for kept in export.kept_of([1], "a@example.org").values()
    }
    assert pointing_at_donors() - told - OTHERWISE == set(LEFT_OUT)
    assert not set(LEFT_OUT) & told


def test_nothing_that_opens_a_door_is_told() -> None:
    columns = {
        one.key
        for kept in export.kept_of([1], "a@example.org").values()
        for one in inspect(kept.column_descriptions[0]["entity"]).column_attrs
    }
    told = columns - export.UNTOLD
    assert {one for one in told if "hash" in one or "token" in one or "secret" in one} == set()
    assert columns >= {"token_hash", "card_hash", "key"}  # else nothing was left out
