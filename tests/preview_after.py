"""Made-up views of what follows a gift: rewards, invitations, ambassadors, thanks. A part of `tests.preview`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from crowdfund.fulfilment.view import (
    CampaignRewards,
    CounterpartList,
    CounterpartRow,
    Liability,
    OwedSum,
    RewardLine,
)
from crowdfund.gifts.view import Desk, GiftMail
from crowdfund.money import Money

Case = tuple[str, Callable[[], dict[str, Any]]]
PARIS = "Europe/Paris"
DAY = dt.datetime(2026, 11, 12, 9, 30, tzinfo=dt.UTC)


def after_cases(desk: Callable[[], Desk], mail: Callable[..., GiftMail]) -> dict[str, Case]:
    """Give the cases, with the frame of the desk and the mail that the others use."""
    return _mails(mail) | _rewards(desk)


def _mails(mail: Callable[..., GiftMail]) -> dict[str, Case]:
    found: dict[str, Case] = {}
    for fulfilment in ("postal", "pick_up", "digital"):
        for kind, ending in (("mail", "html"), ("text", "txt")):

            def build(fulfilment: str = fulfilment) -> dict[str, Any]:
                return {"mail": mail("reward_ready", fulfilment=fulfilment, opening="Mardi à dimanche, 10 h – 18 h")}

            found[f"{kind}-reward-ready-{fulfilment}"] = (f"mail/reward_ready.{ending}", build)
    return found


def _line(number: int, title: str, fulfilment: str, *counts: int, **more: Any) -> RewardLine:
    due, given, ready = counts
    values: dict[str, Any] = {
        "image": "", "automatic": False, "impossible": 0, "addressed": due - given, "stock": None, "claimed": 0,
    }  # fmt: skip
    return RewardLine(
        id=number, title=title, fulfilment=fulfilment, due=due, given=given, ready=ready, **(values | more)
    )


def _liability(*, empty: bool = False) -> Liability:
    lines = (OwedSum("Le Service aux Hirondelles", "La carte aux hirondelles", 24, Money(4800, "EUR")),)
    return Liability(dt.date(2026, 11, 12), () if empty else lines, () if empty else (Money(4800, "EUR"),))


def counterpart(number: int, state: str = "promised", **more: Any) -> CounterpartRow:
    """Make up a reward that is owed."""
    values: dict[str, Any] = {
        "id": number, "gift_id": number, "donor": "Viviane Hugonnet", "email": "viviane@exemple.example",
        "address": ("8 rue des Tanneurs", "73000 Arvières"), "town": "Arvières", "country": "FR",
        "wall": "<b>Viviane H.</b>", "dedication": "Jean Morel", "dedication_kind": "memory", "state": state, "note": "",
        "made_at": DAY, "changed_at": DAY, "reminded_at": None,
    }  # fmt: skip
    return CounterpartRow(**values | more)


def _rewards(desk: Callable[[], Desk]) -> dict[str, Case]:
    lines = (
        _line(1, "Votre nom au mur", "wall", 612, 612, 0, automatic=True, image="piece-bol.svg"),
        _line(2, "La carte aux hirondelles", "postal", 212, 188, 3, addressed=22),
        _line(3, "Le premier regard", "invitation", 214, 141, 0, stock=300, claimed=214, impossible=1),
        _line(4, "Le carnet", "pick_up", 0, 0, 0),
    )
    campaigns = (CampaignRewards("Le Service aux Hirondelles", "hirondelles", lines),)

    def overview(**more: Any) -> dict[str, Any]:
        return {"desk": desk(), "place": "rewards", "campaigns": campaigns, "liability": _liability()} | more

    def reward(fulfilment: str, **more: Any) -> dict[str, Any]:
        rows = (
            counterpart(1), counterpart(2, "ready", donor="", email="", address=(), wall="", dedication="", reminded_at=DAY),
            counterpart(3, "impossible", note="L’imprimeur a fermé"), counterpart(4, "cancelled"),
        )  # fmt: skip
        values: dict[str, Any] = {
            "desk": desk(), "place": "rewards", "reward": SimpleNamespace(id=2, fulfilment=fulfilment),
            "title": "La carte aux hirondelles", "automatic": False, "act": "act", "done": ("act", 2), "reminded": 3,
            "found": CounterpartList(rows, "owed", "", 24, 4), "timezone": PARIS, "values": {}, "chosen": {"1"},
            "errors": {},
        }  # fmt: skip
        return values | more

    none = CounterpartList((), "owed", "", 0, None)
    wrong = {"rows": "Choisissez au moins une ligne.", "note": "Dites pourquoi"}
    return {
        "staff-rewards": ("staff/rewards/overview.html", overview),
        "staff-rewards-empty": (
            "staff/rewards/overview.html",
            lambda: overview(campaigns=(), liability=_liability(empty=True)),
        ),
        "staff-reward-postal": ("staff/rewards/reward.html", lambda: reward("postal")),
        "staff-reward-wall": ("staff/rewards/reward.html", lambda: reward("wall", automatic=True, errors=wrong)),
        "staff-reward-none": (
            "staff/rewards/reward.html",
            lambda: reward("postal", found=none, done=None, reminded=0),
        ),
        "staff-reward-nobody": (
            "staff/rewards/reward.html",
            lambda: reward("postal", found=CounterpartList((), "all", "zz", 0, None), done=None),
        ),
        "staff-liability": (
            "staff/rewards/liability.html",
            lambda: {
                "desk": desk(),
                "place": "rewards",
                "found": _liability(),
                "values": {"on": "x"},
                "errors": {"on": "Date"},
            },
        ),
        "staff-liability-empty": (
            "staff/rewards/liability.html",
            lambda: {
                "desk": desk(),
                "place": "rewards",
                "found": _liability(empty=True),
                "values": {"on": ""},
                "errors": {},
            },
        ),
    }
