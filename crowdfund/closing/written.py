"""Figures of a campaign as JSON holds them, in minor units: in a signed statement, and where they are reckoned beforehand."""

from __future__ import annotations

from typing import Any

from crowdfund.closing.view import Counterpart, Figures, MethodSums
from crowdfund.money import Money


def subject(campaign_id: int) -> str:
    """Name what `reckoning` keeps of a campaign's end."""
    return f"ending:{campaign_id}"


def written(figures: Figures) -> dict[str, Any]:
    """Write figures down. Amounts are minor units of the campaign's currency."""
    return {
        "by_method": [{"method": one.method, **_sums(one)} for one in figures.by_method],
        "total": _sums(figures.total),
        "supporters": figures.supporters,
        "contributions": figures.contributions,
        "median_minor": None if figures.median is None else figures.median.minor,
        "receipts": figures.receipts,
        "receipted_minor": figures.receipted.minor,
        "counterparts": [
            {"title": dict(one.titles), "count": one.count, "value_minor": one.value.minor}
            for one in figures.counterparts
        ],
    }


def read(found: dict[str, Any], currency: str) -> Figures:
    """Read figures that were written."""
    median = found["median_minor"]
    return Figures(
        by_method=tuple(_read(one["method"], one, currency) for one in found["by_method"]),
        total=_read("", found["total"], currency),
        supporters=found["supporters"],
        contributions=found["contributions"],
        median=None if median is None else Money(median, currency),
        receipts=found["receipts"],
        receipted=Money(found["receipted_minor"], currency),
        counterparts=tuple(
            Counterpart(one["title"], one["count"], Money(one["value_minor"], currency))
            for one in found["counterparts"]
        ),
    )


def _sums(one: MethodSums) -> dict[str, int]:
    return {
        "gifts": one.gifts,
        "gross_minor": one.gross.minor,
        "given_back_minor": one.given_back.minor,
        "fees_minor": one.fees.minor,
        "kept_minor": one.kept.minor,
    }


def _read(method: str, one: dict[str, int], currency: str) -> MethodSums:
    names = ("gross_minor", "given_back_minor", "fees_minor", "kept_minor")
    gross, given_back, fees, kept = (Money(one[name], currency) for name in names)
    return MethodSums(method, one["gifts"], gross, given_back, fees, kept)
