"""What is kept of donors, and when two records look like one person. Pure: no database, no web."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from enum import StrEnum

from crowdfund.donors.rules import name_key
from crowdfund.errors import Refusal
from crowdfund.i18n import N_

NEAR = 0.88  # of two names, letter by letter: "Camile Rey" and "Camille Rey", not "Paul Rey" and "Paule Roy"
PHONE = N_("Write the number with its figures, for example +33 4 79 00 00 00")
_PHONE = re.compile(r"\+?[0-9][0-9 ().\-/]{4,28}[0-9]", re.ASCII)


class NoteKind(StrEnum):
    """What was done."""

    NOTE = "note"
    CALL = "call"
    LETTER = "letter"
    VISIT = "visit"


class Alike(StrEnum):
    """Why two records may be one person."""

    EMAIL = "email"
    NAME_AND_PLACE = "name_and_place"
    NEAR_NAME = "near_name"


def phone_number(typed: str) -> str | None:
    """Read a telephone number as it is written; empty is none. Raises Refusal."""
    if not typed:
        return None
    if _PHONE.fullmatch(typed) is None:
        raise Refusal(PHONE, field="phone")
    return " ".join(typed.split())


def alike(
    one: tuple[str, str, str], other: tuple[str, str, str], *, same_email: bool, same_place: bool
) -> Alike | None:
    """Say why two records may be one person: names are (first, last, company)."""
    if same_email:
        return Alike.EMAIL
    if not same_place:
        return None
    mine, theirs = (sorted(filter(None, map(name_key, names))) for names in (one, other))
    if not mine or not theirs:
        return None
    if mine == theirs:
        return Alike.NAME_AND_PLACE
    likeness = SequenceMatcher(None, " ".join(mine), " ".join(theirs), autojunk=False).ratio()
    return Alike.NEAR_NAME if likeness >= NEAR else None
