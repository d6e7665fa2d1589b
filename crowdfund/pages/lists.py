"""Read the lists of the public site: home, discovery, a museum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.texts import said
from crowdfund.campaigns.view import MuseumLabel, WorkCard
from crowdfund.conversation.queries import answer_hours
from crowdfund.errors import NotFound
from crowdfund.fulfilment.models import RewardRecord
from crowdfund.i18n import current_locale
from crowdfund.institutions.models import Institution, Issuer
from crowdfund.money import Money
from crowdfund.pages.cards import card_of, cards
from crowdfund.pages.view.campaign import FeeExample
from crowdfund.pages.view.lists import Home, MuseumPage, MuseumPlace
from crowdfund.pledges.rules import card_fee

ON_THE_RAIL = 4
ON_HOME = 9
FEWEST_REWARDS = 5

Found = tuple[Row[Any], WorkCard]


def home(session: Session) -> Home:
    """Read the front page."""
    found = cards(session)
    # What still needs gifts hangs first; what cannot be given to, or has its sum already, stands behind.
    live = sorted(
        (card for _row, card in found if card.phase == "live"), key=lambda card: (not card.waits, not card.takes_gifts)
    )
    done = [card for _row, card in found if card.phase == "succeeded"]
    asked = _minimums(card for _row, card in found if card.takes_gifts)
    waiting = [card for card in live if card.waits]
    beside = [card for card in live if not card.waits] + [card for _row, card in found if card.phase == "scheduled"]
    years = [row.opens_at.year for row, _card in found]
    return Home(
        rail=tuple(live[:ON_THE_RAIL]),
        waiting=len(waiting),
        works=tuple(waiting[:ON_HOME]),
        beside=tuple(beside[: max(0, ON_HOME - len(waiting))]),
        museums=tuple(_places(session, found)),
        donors=sum(card.donors for _row, card in found),
        raised=_sums(card for _row, card in found),
        acquired=len(done),
        since=min(years, default=clock.now().year),
        least=asked[0] if asked else None,
        most=asked[-1] if asked else None,
        fee_example=fee_example(Money(5000, "EUR")),
        latest=done[-1] if done else None,
    )


def _minimums(shown: Iterable[WorkCard]) -> list[Money]:
    """List what the works ask for at the least, from the lowest: in euros where there are any, else in francs or what is left."""
    found = sorted({card.least for card in shown if card.least}, key=lambda one: (one.currency, one.minor))
    first = next((one.currency for one in found if one.currency == "EUR"), found[0].currency if found else "")
    return [one for one in found if one.currency == first]


def fee_example(given: Money) -> FeeExample:
    """Show what becomes of one gift. The platform takes no share: the museums pay for it together."""
    fee = card_fee(given)
    return FeeExample(given=given, work=given - fee, bank=fee, platform=Money(0, given.currency))


def _sums(shown: Iterable[WorkCard]) -> tuple[Money, ...]:
    sums: dict[str, int] = defaultdict(int)
    for card in shown:
        if card.raised:
            sums[card.raised.currency] += card.raised.minor
    return tuple(Money(minor, currency) for currency, minor in sorted(sums.items(), reverse=True) if minor)


def _places(session: Session, found: list[Found]) -> Iterable[MuseumPlace]:
    works: dict[str, int] = defaultdict(int)
    for _row, card in found:
        works[card.museum.slug] += card.phase in {"live", "scheduled"}
    for museum in session.execute(museum_statement().order_by(Institution.name)):
        yield MuseumPlace(
            label_of_museum(museum),
            latitude=round(museum.latitude * 1000),
            longitude=round(museum.longitude * 1000),
            works=works[museum.slug],
        )


def museum_statement() -> Any:
    """Select what the lists show of museums."""
    return select(
        Institution.id,
        Institution.slug,
        Institution.name,
        Institution.city,
        Institution.region,
        Institution.country,
        Institution.latitude,
        Institution.longitude,
        Institution.intro,
        Institution.facade,
        Institution.default_locale,
    )


def label_of_museum(museum: Any) -> MuseumLabel:
    """Name a museum."""
    return MuseumLabel(museum.slug, museum.name, museum.city, f"/{current_locale()}/{museum.slug}/")


def museum(session: Session, slug: str) -> MuseumPage:
    """Read a museum's page. Raises NotFound."""
    row = session.execute(museum_statement().where(Institution.slug == slug)).one_or_none()
    if row is None:
        raise NotFound
    found = [(one, card) for one, card in cards(session) if card.museum.slug == slug]
    issuer = session.scalars(
        select(Issuer.legal_name).where(Issuer.institution_id == row.id).order_by(Issuer.id).limit(1)
    ).first()
    by = {
        phase: tuple(card for _one, card in found if card.phase == phase)
        for phase in ("live", "scheduled", "succeeded", "failed", "withdrawn")
    }
    own = [card_of(one) for one, _card in found]  # of a joint campaign its own part
    return MuseumPage(
        museum=label_of_museum(row),
        text=said(row.intro, row.default_locale),
        live=by["live"],
        scheduled=by["scheduled"],
        ended=by["succeeded"] + by["failed"] + by["withdrawn"],
        acquired=len(by["succeeded"]),
        donors=sum(card.donors for card in own),
        raised=_sums(own),
        receipt_issuer=issuer or "",
        rewards_kept=_rewards_kept(session, row.id),
        answer_hours=answer_hours(session, row.id),
        facade=f"art/{row.facade}" if row.facade else "",
    )


def _rewards_kept(session: Session, institution_id: int) -> int | None:
    """Tell how many per cent of its rewards a museum has kept, rounded down; nothing of fewer than a handful."""
    found = session.scalars(select(RewardRecord).where(RewardRecord.institution_id == institution_id)).one_or_none()
    if found is None or found.due < FEWEST_REWARDS:
        return None
    return found.handed_over * 100 // found.due


def themes(session: Session, slug: str | None = None) -> list[dict[str, str]]:
    """Read the walls' colours, of one museum or of all."""
    statement = select(Institution.slug, Institution.wall_hue, Institution.wall_chroma, Institution.wall_shift)
    if slug is not None:
        statement = statement.where(Institution.slug == slug)
    return [
        {
            "slug": row.slug,
            "wall_h": f"{row.wall_hue:g}",
            "wall_c": f"{row.wall_chroma:g}",
            "wall_shift": f"{row.wall_shift:g}",
        }
        for row in session.execute(statement.order_by(Institution.slug))
    ]
