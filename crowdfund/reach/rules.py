"""Codes that people can type from a poster, the steps of a shared picture, names of ways. Pure."""

from __future__ import annotations

import re
import secrets
import unicodedata

from crowdfund.ambassadors.rules import ALPHABET, DRAWN

MOST_MUSEUM = 3
STEP = 5  # per cent: a shared picture is drawn anew when the sum passes the next step
LONGEST_WAY = 40
KIOSK, SCREEN, CARD, PICTURE, FEED, SHARE = "kiosk", "screen", "card", "picture", "feed", "share"
OWN_WAYS = (KIOSK, SCREEN, CARD, PICTURE, FEED, SHARE)  # named by the house, so no place may take them


def draw_code(institution_id: int) -> str:
    """Draw a short code: the museum's number, then four signs. "t6k4x" is typed and read aloud without a mistake."""
    return museum_prefix(institution_id) + "".join(secrets.choice(ALPHABET) for _one in range(DRAWN))


def museum_prefix(institution_id: int) -> str:
    """Write a museum's number in the signs of the codes."""
    signs = ""
    while True:
        institution_id, rest = divmod(institution_id, len(ALPHABET))
        signs = ALPHABET[rest] + signs
        if not institution_id:
            return signs


def museum_of_code(typed: str) -> int | None:
    """Read the museum's number from a code as somebody typed it; None when it cannot be one."""
    code = plain_code(typed)
    head = code[:-DRAWN]
    if not 1 <= len(head) <= MOST_MUSEUM or any(sign not in ALPHABET for sign in code):
        return None
    number = 0
    for sign in head:
        number = number * len(ALPHABET) + ALPHABET.index(sign)
    return number


def plain_code(typed: str) -> str:
    """Take away what typing adds: capitals."""
    return typed[: MOST_MUSEUM + DRAWN + 1].lower()


def way_of(name: str) -> str:
    """Make the code of a way from the name of a place: "Arrêt Préfecture" is "arret-prefecture"."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(one for one in apart if one.isascii())
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_WAY].strip("-")


def step_of(percent: int) -> int:
    """Tell the last step passed: 68 % is 65. Above the goal there is one step, and one more for every 50 %."""
    if percent <= 100:
        return percent // STEP * STEP
    return 100 + STEP + (percent - 100) // 50 * 50
