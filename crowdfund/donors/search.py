"""Find donors by the beginnings of their words, on an index that row security does not keep us from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Select, and_, any_, false, func, literal, select
from sqlalchemy.orm import Session

from crowdfund.donors.models import Donor, DonorWord

MOST_WORDS = 8
GATHERED = 5_000
# As `words_of` takes names apart: signs of ASCII, and the quotes and dashes of print.
_BETWEEN = re.compile("[\\s!-/:-@\\[-`{-~\u2010-\u2027\u00ab\u00bb\u00b7]+")
_LAST = "\U0010ffff"


def words_meant(session: Session, query: str) -> list[str]:
    """Take a query apart into words, the longest first, folded by the database as it folded the names."""
    folded = str(session.scalar(select(func.folded(query))) or "")
    return sorted({word[:60] for word in _BETWEEN.split(folded) if word}, key=len, reverse=True)[:MOST_WORDS]


def gathered(session: Session, ids: Select[int]) -> list[int] | None:
    """Read the ids that a statement selects; None when there are more than `GATHERED`.

    A list whose rows stand in another order than what is asked for is read from its own index only where many match: where
    few do, it would be walked to its end. PostgreSQL cannot know which, so it is looked at first.
    """
    found = session.scalars(ids.limit(GATHERED + 1)).all()
    return None if len(found) > GATHERED else sorted(set(found))


def one_of(column: Any, ids: Sequence[int]) -> ColumnElement[bool]:
    """Say that a column is one of these ids: one parameter, however many they are."""
    if not ids:
        return false()  # nothing is read at all
    return cast("ColumnElement[bool]", column == any_(literal(list(ids), ARRAY(BigInteger))))


def found_by_words(session: Session, query: str) -> Select[int]:
    """Select the ids of the donors in whose names or address each word of the query begins a word; none without a word."""
    words = words_meant(session, query)
    if not words:
        return select(Donor.id).where(false())
    first, *others = words
    return select(DonorWord.donor_id).where(
        begins(first), *(DonorWord.donor_id.in_(select(DonorWord.donor_id).where(begins(one))) for one in others)
    )


def begins(word: str) -> ColumnElement[bool]:
    """Say that a donor's word begins with a word of a query."""
    return and_(DonorWord.word >= word, DonorWord.word < word + _LAST)
