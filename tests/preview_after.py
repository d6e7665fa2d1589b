"""Made-up views of what follows a gift: rewards, invitations, ambassadors, thanks. A part of `tests.preview`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crowdfund.gifts.view import Desk, GiftMail

Case = tuple[str, Callable[[], dict[str, Any]]]


def after_cases(desk: Callable[[], Desk], mail: Callable[..., GiftMail]) -> dict[str, Case]:
    """Give the cases, with the frame of the desk and the mail that the others use."""
    return _mails(mail)


def _mails(mail: Callable[..., GiftMail]) -> dict[str, Case]:
    found: dict[str, Case] = {}
    for fulfilment in ("postal", "pick_up", "digital"):
        for kind, ending in (("mail", "html"), ("text", "txt")):

            def build(fulfilment: str = fulfilment) -> dict[str, Any]:
                return {"mail": mail("reward_ready", fulfilment=fulfilment, opening="Mardi à dimanche, 10 h – 18 h")}

            found[f"{kind}-reward-ready-{fulfilment}"] = (f"mail/reward_ready.{ending}", build)
    return found
