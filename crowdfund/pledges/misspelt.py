"""Guess the address that a misspelt one means: one slip away from a domain that many people write from. Pure."""

from __future__ import annotations

# The mail of many people in the countries gifts come from. Those that stand here because they look like another one
# (mail.com beside gmail.com, tim.it beside tin.it) are never taken for a slip.
DOMAINS = frozenset(
    "gmail.com googlemail.com hotmail.com hotmail.fr hotmail.it hotmail.be hotmail.ch outlook.com outlook.fr outlook.it"
    " outlook.be live.com live.fr live.it live.be yahoo.com yahoo.fr yahoo.it yahoo.de ymail.com mail.com email.com"
    " icloud.com orange.fr wanadoo.fr laposte.net bbox.fr libero.it virgilio.it alice.it tiscali.it bluewin.ch"
    " proximus.be skynet.be telenet.be protonmail.com proton.me gmx.com gmx.fr gmx.ch gmx.net gmx.de hispeed.ch".split()
)
SHORTEST = 8  # of shorter ones too many are a slip away from one that exists


def address_meant(address: str) -> str:
    """Give the address with the domain it may mean; nothing where the domain is known, or no slip explains it."""
    name, at, domain = address.rpartition("@")
    if not at or domain in DOMAINS:
        return ""
    near = sorted(one for one in DOMAINS if len(one) >= SHORTEST and _is_a_slip(domain, one))
    return f"{name}@{near[0]}" if near else ""


def _is_a_slip(typed: str, meant: str) -> bool:
    """Say whether one sign is wrong, missing or too many, or two neighbours have changed places."""
    if abs(len(typed) - len(meant)) > 1:
        return False
    start = next((i for i, pair in enumerate(zip(typed, meant, strict=False)) if pair[0] != pair[1]), len(meant))
    rest, wanted = typed[start:], meant[start:]
    return (
        rest[1:] == wanted[1:]
        or rest[1:] == wanted
        or rest == wanted[1:]
        or (rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:])
    )
