"""What must be settled before a campaign opens, as data. Pure: no database, no web.

Each item says where in the editor it is settled and, in words, all that is missing. `gate` reads the facts and holds the door.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crowdfund.campaigns.promises import Approver, DecisionKind, WordState
from crowdfund.campaigns.rules import FundingModel
from crowdfund.i18n import N_
from crowdfund.money import Money

Problem = tuple[str, Mapping[str, object]]

_PUBLIC = (DecisionKind.COMMISSION, DecisionKind.COUNCIL, DecisionKind.MANDATE, DecisionKind.ACCOUNTANT)
# Who collects decides which decisions a campaign rests on (domain: commission, council, mandate with the accountant's agreement).
DECISIONS: Mapping[str, tuple[DecisionKind, ...]] = {
    "musee_de_france": _PUBLIC,
    "collectivite": _PUBLIC,
    "etablissement_public": _PUBLIC,
}
OF_ALL_OTHERS = (DecisionKind.COUNCIL,)

PICTURE_MISSING = N_("Choose the picture that shows the work.")
NOT_DESCRIBED = N_("The picture “%(picture)s” is not described in %(language)s.")
DECISION_MISSING: Mapping[DecisionKind, str] = {
    DecisionKind.COMMISSION: N_("The advice of the scientific commission is missing."),
    DecisionKind.COUNCIL: N_("The act of the council or of the board is missing."),
    DecisionKind.MANDATE: N_("The mandate to collect is missing."),
    DecisionKind.ACCOUNTANT: N_("The agreement of the public accountant is missing."),
}
APPROVAL_MISSING: Mapping[Approver, str] = {
    Approver.CURATOR: N_("The curator has not agreed yet."),
    Approver.DIRECTOR: N_("The director has not agreed yet."),
    Approver.FINANCE: N_("The finance officer has not agreed yet."),
}
APPROVAL_OLD: Mapping[Approver, str] = {
    Approver.CURATOR: N_("The campaign has changed since the curator agreed."),
    Approver.DIRECTOR: N_("The campaign has changed since the director agreed."),
    Approver.FINANCE: N_("The campaign has changed since the finance officer agreed."),
}


@dataclass(frozen=True, slots=True)
class Undescribed:
    """A picture of the campaign, by its number and what is said of it elsewhere, without words in a language that is published."""

    picture_id: int
    name: str
    locale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the checklist looks at. `content` is the campaign's flat table; amounts there are minor units of `currency`.

    `decisions` are those noted, `approvals` tells at which revision each was given, `refused_rewards` names rewards that break the
    tax rules, `undescribed` pictures that say nothing to those who cannot see them, `languages` lists the museum's
    languages, its own first.
    """

    kind: str
    joint: bool
    currency: str
    issuer_kind: str
    content: Mapping[str, Any]
    languages: Sequence[str]
    opens_at: datetime
    now: datetime
    revision: int
    word_states: Mapping[str, str] = field(default_factory=dict)
    decisions: frozenset[str] = frozenset()
    approvals: Mapping[str, int] = field(default_factory=dict)
    refused_rewards: tuple[str, ...] = ()
    undescribed: tuple[Undescribed, ...] = ()

    def text(self, name: str) -> str:
        """Give a text in the museum's own language."""
        return str(self.content.get(f"{name}.{self.languages[0]}") or "")

    def value(self, name: str) -> Any:
        """Give a value of the campaign or its work."""
        return self.content.get(name)

    def rows(self, kind: str) -> list[Mapping[str, Any]]:
        """List the rows of one kind."""
        return [row for name, row in self.content.items() if name.startswith(f"{kind}.") and row]

    @property
    def acquires(self) -> bool:
        """Say whether a work is bought."""
        return self.kind == "acquisition"


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the checklist: `place` is the part of the editor where it is settled."""

    key: str
    place: str
    problems: tuple[Problem, ...]

    @property
    def open(self) -> bool:
        """Say whether something is missing."""
        return bool(self.problems)


def checklist(facts: Facts) -> tuple[Item, ...]:
    """Go through everything that must be settled."""
    return tuple(Item(key, place, tuple(look(facts))) for key, place, look in _ITEMS)


def open_items(facts: Facts) -> tuple[Item, ...]:
    """List what is missing."""
    return tuple(item for item in checklist(facts) if item.open)


def published(content: Mapping[str, Any], languages: Sequence[str]) -> list[str]:
    """List the languages that the page will be read in: the museum's own, and each that has a title and a summary."""
    home, *others = languages
    needed = ("campaign.title", "campaign.summary")
    return [home, *(one for one in others if all(content.get(f"{name}.{one}") for name in needed))]


def required_decisions(issuer_kind: str, kind: str) -> tuple[DecisionKind, ...]:
    """List the decisions a campaign needs; nobody's advice is asked on what is not acquired."""
    needed = DECISIONS.get(issuer_kind, OF_ALL_OTHERS)
    return tuple(one for one in needed if one != DecisionKind.COMMISSION or kind == "acquisition")


def _object(facts: Facts) -> Iterator[Problem]:
    if not facts.text("artwork.title"):
        yield N_("The work has no title."), {}
    if facts.acquires and not facts.text("artwork.provenance"):
        yield N_("Say where the work comes from."), {}
    if not facts.value("artwork.image"):
        yield PICTURE_MISSING, {}


def _story(facts: Facts) -> Iterator[Problem]:
    if not facts.text("campaign.title"):
        yield N_("The campaign has no title."), {}
    if not facts.text("campaign.summary"):
        yield N_("The sentence under the title is missing."), {}
    if not facts.text("story"):
        yield N_("The story is not written yet."), {}


def _purchase(facts: Facts) -> Iterator[Problem]:
    if facts.acquires and not facts.value("artwork.price_minor"):
        yield N_("The price is missing."), {}
    if facts.acquires and not facts.text("artwork.seller"):
        yield N_("Say who sells the work."), {}


def _deadline(facts: Facts) -> Iterator[Problem]:
    closes = datetime.fromisoformat(facts.value("campaign.closes_at"))
    if closes <= max(facts.now, facts.opens_at):
        yield N_("The last day is past, or before the opening."), {}
    option = facts.value("artwork.option_until")
    if option and closes.date().isoformat() > option:
        yield N_("The seller’s option ends before the campaign does."), {}


def _funding(facts: Facts) -> Iterator[Problem]:
    goal, threshold = facts.value("campaign.goal_minor"), facts.value("campaign.threshold_minor")
    if not goal and facts.kind != "add_on":
        yield N_("The goal is missing."), {}
    if facts.value("campaign.funding_model") == FundingModel.THRESHOLD:
        if not threshold:
            yield N_("Say from which amount the work is bought."), {}
        elif goal and threshold > goal:
            yield N_("The amount from which the work is bought is above the goal."), {}
    if facts.value("campaign.tax_regime") == "it_art_bonus" and not facts.value("campaign.art_bonus_id"):
        yield N_("The number of the intervention on the Art Bonus portal is missing."), {}


def _fallback(facts: Facts) -> Iterator[Problem]:
    kept = facts.value("campaign.funding_model") == FundingModel.KEEP and facts.kind != "add_on"
    if kept and not facts.text("campaign.fallback"):
        yield N_("Say what becomes of the gifts below the goal."), {}


def _surplus(facts: Facts) -> Iterator[Problem]:
    if facts.kind != "add_on" and not facts.text("campaign.surplus"):
        yield N_("Say what becomes of more money than was asked for."), {}


def _plan(facts: Facts) -> Iterator[Problem]:
    price, goal = facts.value("artwork.price_minor"), facts.value("campaign.goal_minor")
    if not (facts.acquires and price and goal) or facts.joint:
        return
    found = sum(int(row["amount_minor"]) for row in facts.rows("source"))
    if goal + found < price:
        short = Money(price - goal - found, facts.currency)
        yield N_("The price is not covered: %(short)s are neither in the plan nor in the goal."), {"short": short}


def _rewards(facts: Facts) -> Iterator[Problem]:
    for title in facts.refused_rewards:
        yield N_("“%(title)s” breaks the tax rules."), {"title": title}


def _pictures(facts: Facts) -> Iterator[Problem]:
    for one in facts.undescribed:
        yield NOT_DESCRIBED, {"picture": one.name, "language": one.locale, "number": one.picture_id}


def _decisions(facts: Facts) -> Iterator[Problem]:
    for kind in required_decisions(facts.issuer_kind, facts.kind):
        if kind not in facts.decisions:
            yield DECISION_MISSING[kind], {}


def _words(facts: Facts) -> Iterator[Problem]:
    home, *others = facts.languages
    if facts.word_states.get(home) != WordState.APPROVED:
        yield N_("The words in %(language)s are not approved."), {"language": home}
    for locale in others:
        written = any(name.endswith(f".{locale}") for name, text in facts.content.items() if text)
        if written and facts.word_states.get(locale) != WordState.APPROVED:
            yield N_("The words in %(language)s are not approved."), {"language": locale}


def _approvals(facts: Facts) -> Iterator[Problem]:
    for part in Approver:
        given = facts.approvals.get(part)
        if given is None:
            yield APPROVAL_MISSING[part], {}
        elif given < facts.revision:
            yield APPROVAL_OLD[part], {}


_ITEMS: tuple[tuple[str, str, Callable[[Facts], Iterator[Problem]]], ...] = (
    ("object", "object", _object),
    ("story", "story", _story),
    ("purchase", "object", _purchase),
    ("deadline", "money", _deadline),
    ("funding", "money", _funding),
    ("fallback", "money", _fallback),
    ("surplus", "money", _surplus),
    ("plan", "plan", _plan),
    ("rewards", "rewards", _rewards),
    ("pictures", "picture", _pictures),
    ("decisions", "decisions", _decisions),
    ("words", "languages", _words),
    ("approvals", "approvals", _approvals),
)
