"""Find donors by the beginnings of their words, on an index that row security does not keep us from."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, select
from sqlalchemy.orm import Session

from crowdfund.donors.models import Donor, DonorWord

MOST_WORDS = 8
# As `words_of` takes names apart: signs of ASCII, and the quotes and dashes of print.
_BETWEEN = re.compile("[\\s!-/:-@\\[-`{-~\u2010-\u2027\u00ab\u00bb\u00b7]+")
_LAST = "\U0010ffff"


def words_meant(session: Session, query: str) -> list[str]:
    """Take a query apart into words, the longest first, folded by the database as it folded the names."""
    folded = str(session.scalar(select(func.folded(query))) or "")
    return sorted({word[:60] for word in _BETWEEN.split(folded) if word}, key=len, reverse=True)[:MOST_WORDS]


def found_by_words(session: Session, query: str) -> Select[int]:
    """Select the ids of the donors in whose names or address each word of the query begins a word; none without a word."""
    words = words_meant(session, query)
    if not words:
        return select(Donor.id).where(false())
    first, *others = words
    return select(DonorWord.donor_id).where(
        _begins(first), *(DonorWord.donor_id.in_(select(DonorWord.donor_id).where(_begins(one))) for one in others)
    )


def begun_by(word: str, donor_id: Any) -> Select[int]:
    """Select the words of one donor that a word of a query begins."""
    return select(DonorWord.id).where(DonorWord.donor_id == donor_id, _begins(word))


def _begins(word: str) -> ColumnElement[bool]:
    return and_(DonorWord.word >= word, DonorWord.word < word + _LAST)
