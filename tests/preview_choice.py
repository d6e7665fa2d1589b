"""What the page of a gift whose purchase came to nothing shows, in every state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from crowdfund import qr
from crowdfund.campaigns.view import MuseumLabel, WorkCard
from crowdfund.closing.view import Asked, ChoicePage, Target
from crowdfund.gifts.view import Desk
from crowdfund.invitations.view import InvitationCard
from crowdfund.me.view import Evening, Invited
from crowdfund.money import Money
from crowdfund.pages.view.campaign import Fate, WhatBecame

Case = tuple[str, Callable[[], dict[str, Any]]]
DAY = dt.date(2026, 12, 11)


def cases(works: Callable[[], list[WorkCard]], desk: Callable[[], Desk]) -> dict[str, Case]:
    """Give the cases; `works` gives cards of live works, `desk` what every page of the desk shows."""

    def page(**more: Any) -> dict[str, Any]:
        one = ChoicePage(
            museum=MuseumLabel("arvieres", "Musée d’Arvières", "Arvières", "/fr/arvieres/"), title="Le lustre",
            url="/fr/arvieres/lustre/", gift_url="/fr/gifts/t", withdrawn=True, words="Le vendeur a repris <b>l’œuvre</b>.",
            amount=Money(5000, "EUR"), given_on=dt.date(2026, 11, 2), until=DAY, otherwise="refund", answers=("refund", "move"),
            targets=tuple(Target(place, work, no_receipt=place == 2) for place, work in enumerate(works()[:2], 1)),
            answerable=True, receipt=True, reward="La tasse", named=True, dedicated_to="Lucienne",
        )  # fmt: skip
        shown = {"values": {}, "errors": more.pop("errors", {}), "csrf_token": "signed"}
        return {"page": replace(one, **more)} | shown

    def noted(**more: Any) -> dict[str, Any]:
        return page(**more) | {"desk": desk(), "place": "thanks", "gift_id": 7, "donor": "<b>Odette</b>"}

    template, answer = "gifts/choose.html", "staff/thanks/answer.html"
    keep = {"withdrawn": False, "otherwise": "keep", "answers": ("refund", "move", "keep")}
    return {
        "choose": (template, page),
        "staff-answer": (answer, noted),
        "staff-answer-noted": (answer, lambda: noted(**keep, wish="move", target_id=1, target="Un mammouth", heard="phone")),
        "staff-answer-wrong": (answer, lambda: noted(errors={"wish": "Choisissez", "heard": "Dites-le"})),
        "staff-answer-late": (answer, lambda: noted(**keep, answerable=False, wish="keep")),
        "staff-answer-done": (answer, lambda: noted(answerable=False, wish="refund", outcome="refund")),
        "choose-keep": (template, lambda: page(**keep, receipt=False, reward="", named=False, dedicated_to="", targets=())),
        "choose-wrong": (template, lambda: page(errors={"wish": "Choisissez"})),
        "choose-answered": (template, lambda: page(wish="move", target_id=1, target="Un mammouth")),
        "choose-answered-refund": (template, lambda: page(wish="refund")),
        "choose-answered-keep": (template, lambda: page(**keep, wish="keep", answerable=False)),
        "choose-late": (template, lambda: page(answerable=False, errors={"": "Le jour est passé"})),
        "choose-late-keep": (template, lambda: page(**keep, answerable=False)),
        "choose-moved": (template, lambda: page(answerable=False, wish="move", target="Un mammouth", outcome="move")),
        "choose-closed": (template, lambda: page(answerable=False, wish="move", target="Un mammouth", outcome="refund")),
        "choose-refunded": (template, lambda: page(answerable=False, outcome="gone", gift_url="")),
        "choose-kept": (template, lambda: page(**keep, answerable=False, outcome="keep")),
    }  # fmt: skip


ASKED = Asked(DAY, "refund", 61, 12, 9, 0, 40, 0)


def became(*, until: bool = False, few: bool = False, keep: bool = False) -> WhatBecame:
    """Tell what became of the gifts: done, while donors choose, of too few, or kept."""
    if few:
        return WhatBecame(gifts=7)
    if keep:
        return WhatBecame(gifts=263, kept=Fate(263, Money(1_523_000, "EUR")))
    fates: dict[str, Any] = {"back": Fate(52, Money(390_500, "EUR")), "moved": Fate(9, Money(40_500, "EUR"))}
    if until:
        fates = {"waiting": Fate(61, Money(431_000, "EUR"))}
    return WhatBecame(
        words="Le vendeur a repris l’œuvre.", gifts=61, until=DAY if until else None, otherwise="refund", **fates,
        gone_from=None if until else dt.date(2026, 11, 2), gone_until=None if until else DAY,
    )  # fmt: skip


def invited() -> tuple[Invited, ...]:
    """Give a booked gathering, one that is full, one to book, and one that was called off."""
    at = dt.datetime(2026, 12, 9, 17, tzinfo=dt.UTC)
    card = InvitationCard(
        1, "evening", "Une soirée devant <b>l’œuvre</b>", "Grande salle", at, at + dt.timedelta(hours=2), "Europe/Paris", 3, 16,
        open=True, mine="booked", people=2,
    )  # fmt: skip
    cards = (
        card,
        replace(card, id=2, mine="waiting", free=0),
        replace(card, id=3, mine=""),
        replace(card, id=4, mine="cancelled", open=False),
    )
    own = {
        "museum": "Musée d’Arvières",
        "slug": "arvieres",
        "work": "Les Hirondelles",
        "page_url": "/i",
        "calendar_url": "/c",
    }
    return tuple(
        Invited(card=one, give_up_url="/g", code="4F2A 91BC", drawn=qr.draw("https://e.org"), **own) for one in cards
    )


def evenings() -> tuple[Evening, ...]:
    """Give two gatherings that are over."""
    at = dt.datetime(2026, 6, 9, 17, tzinfo=dt.UTC)
    return (
        Evening("Le premier regard", "Musée d’Arvières", "visit", at, "Europe/Paris", 2),
        Evening("Une soirée", "Palazzo Ricaldone", "evening", at, "Europe/Rome", 0),
    )
