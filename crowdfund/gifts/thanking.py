"""The museum's rules of thanks: kept as data, the first that fits a gift counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund import audit
from crowdfund.donors.models import Donor
from crowdfund.errors import NotFound, Refusal
from crowdfund.gifts.models import Gift, ThankRule
from crowdfund.gifts.rules import Thanked, Turn, thanks_fit
from crowdfund.i18n import N_
from crowdfund.money import Money
from crowdfund.tenancy import museum_of

MOST_RULES = 30
ENOUGH = N_("There are 30 rules at most: change one, or take one away.")
NOTHING = N_("A rule needs words of its own, a call or a letter: else it changes nothing.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDetails:
    """A rule as its museum writes it. `words` is `{locale: text}`; no method and no locale mean any."""

    name: str
    least: Money
    method: str | None = None
    turn: str = Turn.ANY
    locale: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    signed_by: str = ""
    signed_as: str = ""
    calls: bool = False
    letter: bool = False


def rules_here(session: Session) -> Sequence[ThankRule]:
    """List the museum's rules in the order in which they are tried."""
    return session.scalars(
        select(ThankRule).where(ThankRule.active.is_(True)).order_by(ThankRule.position, ThankRule.id)
    ).all()


def rule_for(session: Session, gift: Gift, donor: Donor, locale: str = "") -> ThankRule | None:
    """Find the rule by which a gift is thanked for; none when no rule fits. `locale` stands in for the donor's own."""
    rules = rules_here(session)
    if not rules:
        return None
    earlier = session.scalar(select(func.count()).select_from(Gift).where(Gift.donor_id == donor.id, Gift.id < gift.id))
    told = Thanked(
        minor=gift.kept.minor,
        currency=gift.currency,
        method=gift.method,
        locale=locale or donor.locale,
        first=not earlier,
    )
    return next(
        (
            one
            for one in rules
            if thanks_fit(
                told, least=(one.from_minor, one.currency), method=one.method, turn=one.turn, locale=one.locale
            )
        ),
        None,
    )


def words_in(rule: ThankRule | None, locale: str) -> str:
    """Give a rule's words in a language; nothing where it has none in it: a donor is not thanked in a foreign one."""
    return rule.words.get(locale, "") if rule is not None else ""


def add_rule(session: Session, details: RuleDetails) -> ThankRule:
    """Write a new rule, tried after the others. Raises Refusal."""
    known = rules_here(session)
    if len(known) >= MOST_RULES:
        raise Refusal(ENOUGH, field="name")
    rule = ThankRule(position=max((one.position for one in known), default=0) + 1, **_columns(details))
    session.add(rule)
    session.flush()  # for its id
    audit.record(session, "thanks.rule", f"thank_rule:{rule.id}")
    return rule


def change_rule(session: Session, rule_id: int, details: RuleDetails) -> ThankRule:
    """Write a rule anew; what was sent by it stays as it was. Raises NotFound, Refusal."""
    rule = _rule(session, rule_id)
    for name, value in _columns(details).items():
        setattr(rule, name, value)
    audit.record(session, "thanks.rule", f"thank_rule:{rule.id}")
    return rule


def drop_rule(session: Session, rule_id: int) -> None:
    """Take a rule away. Raises NotFound."""
    _rule(session, rule_id).active = False
    audit.record(session, "thanks.rule_dropped", f"thank_rule:{rule_id}")


def raise_rule(session: Session, rule_id: int) -> None:
    """Try a rule before the one above it. Raises NotFound."""
    rule = _rule(session, rule_id)
    order = list(rules_here(session))
    place = order.index(rule)
    if place:
        order[place - 1], order[place] = rule, order[place - 1]
    for number, one in enumerate(order, 1):
        one.position = number


def _columns(details: RuleDetails) -> dict[str, object]:
    words = {locale: text for locale, text in details.words.items() if text}
    if not (words or details.calls or details.letter or details.signed_by):
        raise Refusal(NOTHING, field="name")
    return {
        "name": details.name,
        "from_minor": details.least.minor,
        "currency": details.least.currency,
        "method": details.method,
        "turn": details.turn,
        "locale": details.locale,
        "words": words,
        "signed_by": details.signed_by,
        "signed_as": details.signed_as,
        "calls": details.calls,
        "letter": details.letter,
    }


def _rule(session: Session, rule_id: int) -> ThankRule:
    rule = session.get(ThankRule, (museum_of(session), rule_id), with_for_update=True)
    if rule is None or not rule.active:
        raise NotFound
    return rule
