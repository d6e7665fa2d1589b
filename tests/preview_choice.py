"""What the page of a gift whose purchase came to nothing shows, in every state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from crowdfund.campaigns.view import MuseumLabel, WorkCard
from crowdfund.closing.view import Asked, ChoicePage, Target
from crowdfund.money import Money

Case = tuple[str, Callable[[], dict[str, Any]]]
DAY = dt.date(2026, 12, 11)


def cases(works: Callable[[], list[WorkCard]]) -> dict[str, Case]:
    """Give the cases; `works` gives cards of live works."""

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

    template = "gifts/choose.html"
    keep = {"withdrawn": False, "otherwise": "keep", "answers": ("refund", "move", "keep")}
    return {
        "choose": (template, page),
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
