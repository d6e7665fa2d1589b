"""The sums on a campaign's page: amounts to give, the financing plan, the real cost, the stages, the budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Literal

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from crowdfund.campaigns import relief as tax
from crowdfund.campaigns.models import FundingSource, Stage
from crowdfund.campaigns.texts import said
from crowdfund.campaigns.view import AmountChoice, Progress
from crowdfund.i18n import gettext
from crowdfund.money import Money, MoneyError
from crowdfund.pages.view.campaign import BudgetLine, Calculator, Milestone, PlanPart, Purchase, TaxOption

PICKED = 1  # the second suggestion is picked beforehand, the amount given most


def amounts(row: Row[Any], today: date) -> tuple[AmountChoice, ...]:
    """Give the suggested amounts with what each costs after tax."""
    return tuple(
        AmountChoice(
            money := Money(minor, row.currency),
            tax.net(money, row.tax_regime, "individual", today),
            picked=place == PICKED,
        )
        for place, minor in enumerate(row.suggested_minor)
    )


def financing(session: Session, row: Row[Any], progress: Progress) -> tuple[PlanPart, ...]:
    """Lay the financing plan: firm money, then the crowd as received, promised and announced, then what is conditional."""
    sources = _sources(session, row)
    if not sources or progress.goal is None:
        return ()
    received = Money(int(row.raised_minor), row.currency) if not row.joint_code else progress.raised
    promised = Money(int(row.promised_minor), row.currency)

    def parts(certainty: str) -> list[PlanPart]:
        return [
            PlanPart(said(s.label, row.default_locale), Money(s.amount_minor, row.currency), certainty)  # type: ignore[arg-type]
            for s in sources
            if s.certainty == certainty
        ]

    missing = progress.missing
    crowd = [PlanPart(gettext("Received from donors"), received, "received")]
    if promised:
        crowd.append(PlanPart(gettext("Promised by donors"), promised, "promised"))
    if row.announced_minor and missing:  # as far as it fits: the parts add up to the price
        announced = Money(min(int(row.announced_minor), missing.minor), row.currency)
        crowd.append(PlanPart(gettext("Announced by transfer or cheque"), announced, "announced"))
        missing -= announced
    to_find = [PlanPart(gettext("Still to be found together"), missing, "missing")] if missing else []
    return tuple(parts("firm") + crowd + parts("conditional") + to_find)


def _sources(session: Session, row: Row[Any]) -> list[FundingSource]:
    return list(
        session.scalars(
            select(FundingSource)
            .where(FundingSource.institution_id == row.institution_id, FundingSource.campaign_id == row.id)
            .order_by(FundingSource.position)
        )
    )


def calculator(row: Row[Any], today: date, asked: Mapping[str, str]) -> Calculator | None:
    """Answer what a gift really costs, for the amount and the place asked about."""
    if row.tax_regime is None:
        return None
    options = tuple(_tax_options(row, today))
    if not options:
        return None
    picked = next((one for one in options if one.code == asked.get("tax")), options[0]).code
    amount, error = (
        Money(row.suggested_minor[PICKED] if len(row.suggested_minor) > PICKED else row.minimum_minor, row.currency),
        "",
    )
    typed = asked.get("tax_amount")
    if typed is not None:
        try:
            amount = Money.parse(typed[:20], row.currency)
        except MoneyError:
            error = gettext("Write the amount in digits, for example 50 or 12.50")
    net = tax.net(amount, row.tax_regime, picked, today) if picked != "elsewhere" else amount
    return Calculator(
        amount,
        net or amount,
        tuple(replace(one, picked=one.code == picked) for one in options),
        error,
        typed,
    )


def _tax_options(row: Row[Any], today: date) -> Iterator[TaxOption]:
    """Say where and as whom one may pay taxes, with what the law says there; nothing where no relief is promised."""
    place = ""
    for kind, label in (("individual", gettext("as a person")), ("company", gettext("as a company"))):
        found = tax.relief(row.tax_regime, kind, today, row.currency)
        if found:
            place = found.place
            named = gettext("in %(country)s, %(kind)s", country=place, kind=label)
            yield TaxOption(kind, named, found.share, conditions=found.conditions)
    if place:
        words = gettext("Who pays no taxes there (%(place)s) has no relief that we could promise.", place=place)
        yield TaxOption("elsewhere", gettext("Elsewhere"), 0, conditions=words)


def milestones(session: Session, row: Row[Any], progress: Progress) -> tuple[Milestone, ...]:
    """Tell which stages are reached, and which comes next."""
    stages = session.scalars(
        select(Stage)
        .where(Stage.institution_id == row.institution_id, Stage.campaign_id == row.id)
        .order_by(Stage.amount_minor)
    )
    found: list[Milestone] = []
    waiting = True
    for stage in stages:
        amount = Money(stage.amount_minor, row.currency)
        state: Literal["reached", "current", "to_come", "surplus"]
        if progress.raised >= amount:
            state = "reached"
        elif progress.goal is not None and amount > progress.goal:
            state = "surplus"
        else:
            state, waiting = ("current", False) if waiting else ("to_come", False)
        missing = amount - progress.raised if state in {"current", "surplus"} else None
        found.append(
            Milestone(
                amount,
                said(stage.title, row.default_locale),
                said(stage.text, row.default_locale),
                state,
                missing=missing,
            )
        )
    return tuple(found)


def budget(row: Row[Any]) -> tuple[BudgetLine, ...]:
    """Tell where the money goes."""
    return tuple(
        BudgetLine(
            said(line["label"], row.default_locale),
            Money(line["amount_minor"], row.currency),
            said(line.get("note", {}), row.default_locale),
        )
        for line in row.budget
    )


def purchase(row: Row[Any]) -> Purchase | None:
    """Tell who sells at what price, and what more money than the goal pays for; nothing where nothing is known."""
    home = row.default_locale
    told = Purchase(
        price=Money(row.price_minor, row.currency) if row.price_minor else None,
        seller=said(row.seller, home),
        provenance=said(row.provenance, home),
        surplus=said(row.surplus, home) if row.state in {"draft", "scheduled", "live", "succeeded"} else "",
        why_here=said(row.why_here, home),
    )
    return told if told != Purchase() else None
