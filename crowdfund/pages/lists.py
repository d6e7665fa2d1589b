"""Read the lists of the public site: home, discovery, a museum."""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.texts import said
from crowdfund.campaigns.view import MuseumLabel, WorkCard
from crowdfund.errors import NotFound
from crowdfund.i18n import current_locale
from crowdfund.institutions.models import Institution, Issuer
from crowdfund.money import Money
from crowdfund.pages.cards import cards
from crowdfund.pages.view.campaign import FeeExample
from crowdfund.pages.view.lists import Discovery, Home, MuseumPage, MuseumPlace
from crowdfund.pledges.rules import card_fee

ON_THE_RAIL = 4
ON_HOME = 9
ON_A_PAGE = 12
EARTH_KM = 6371
STATES = {"live": ("live",), "scheduled": ("scheduled",), "succeeded": ("succeeded",), "ended": ("failed", "withdrawn")}

Found = tuple[Row[Any], WorkCard]


def home(session: Session) -> Home:
    """Read the front page."""
    found = cards(session)
    live = [card for _row, card in found if card.phase == "live"]
    done = [card for _row, card in found if card.phase == "succeeded"]
    minimum = min(
        (
            Money(row.minimum_minor, row.currency)
            for row, card in found
            if card.phase == "live" and row.currency == "EUR"
        ),
        key=lambda m: m.minor,
        default=Money(500, "EUR"),
    )
    years = [row.opens_at.year for row, _card in found]
    return Home(
        rail=tuple(live[:ON_THE_RAIL]),
        works=tuple((live + [card for _row, card in found if card.phase == "scheduled"])[:ON_HOME]),
        museums=tuple(_places(session, found)),
        donors=sum(card.donors for _row, card in found),
        raised=_sums(row for row, _card in found),
        acquired=len(done),
        since=min(years, default=clock.now().year),
        minimum=minimum,
        fee_example=fee_example(Money(5000, "EUR")),
        latest=done[-1] if done else None,
    )


def fee_example(given: Money) -> FeeExample:
    """Show what becomes of one gift. The platform takes no share: the museums pay for it together."""
    fee = card_fee(given)
    return FeeExample(given=given, work=given - fee, bank=fee, platform=Money(0, given.currency))


def _sums(rows: Iterable[Row[Any]]) -> tuple[Money, ...]:
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        sums[row.currency] += int(row.raised_minor)
    return tuple(Money(minor, currency) for currency, minor in sorted(sums.items(), reverse=True) if minor)


def _places(session: Session, found: list[Found]) -> Iterable[MuseumPlace]:
    works: dict[str, int] = defaultdict(int)
    for _row, card in found:
        works[card.museum.slug] += card.phase in {"live", "scheduled"}
    for museum in session.execute(_museum_statement().order_by(Institution.name)):
        yield MuseumPlace(
            _label(museum),
            latitude=round(museum.latitude * 1000),
            longitude=round(museum.longitude * 1000),
            works=works[museum.slug],
        )


def _museum_statement() -> Any:
    return select(
        Institution.id,
        Institution.slug,
        Institution.name,
        Institution.city,
        Institution.region,
        Institution.latitude,
        Institution.longitude,
        Institution.intro,
        Institution.default_locale,
    )


def _label(museum: Any) -> MuseumLabel:
    return MuseumLabel(museum.slug, museum.name, museum.city, f"/{current_locale()}/{museum.slug}/")


def discovery(session: Session, asked: Mapping[str, str]) -> Discovery:
    """Read the list of works as it was asked for: `q`, `near`, `state`, `museum`, `sort`, `page`."""
    found = cards(session)
    museums = session.execute(_museum_statement().order_by(Institution.name)).all()
    query, near = asked.get("q", "")[:200], asked.get("near", "")[:100]
    state, slug, sort = asked.get("state", ""), asked.get("museum", ""), asked.get("sort", "")
    place = next((m for m in museums if near and fold(near) in (fold(m.city), fold(m.region))), None)
    kept = [
        (row, card)
        for row, card in found
        if (card.phase in STATES.get(state, (card.phase,)))
        and (not slug or card.museum.slug == slug)
        and all(word in _words(row) for word in fold(query).split())
    ]
    kept.sort(key=_order(sort, place))
    page = int(asked.get("page", "1")) if asked.get("page", "1").isascii() and asked.get("page", "1").isdigit() else 1
    pages = max(1, math.ceil(len(kept) / ON_A_PAGE))
    page = min(max(1, page), pages)

    def address(number: int) -> str:
        given = {
            name: value for name, value in asked.items() if value and name in {"q", "near", "state", "museum", "sort"}
        }
        return f"/{current_locale()}/campaigns?{urlencode(given | {'page': str(number)})}"

    return Discovery(
        works=tuple(card for _row, card in kept[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]),
        total=len(kept),
        museums=tuple(_label(m) for m in museums),
        query=query,
        near=near,
        place=place.city if place else "",
        state=state if state in STATES else "",
        museum=slug,
        sort=sort,
        previous_url=address(page - 1) if page > 1 else "",
        next_url=address(page + 1) if page < pages else "",
    )


def _order(sort: str, place: Any) -> Callable[[Found], Any]:
    rank = {"live": 0, "scheduled": 1, "succeeded": 2, "failed": 3, "withdrawn": 4}
    if place is not None:
        return lambda one: (rank[one[1].phase], distance_km(one[0], place))
    if sort == "new":
        return lambda one: (rank[one[1].phase], -one[0].opens_at.timestamp())
    if sort == "push":  # nearest to its goal, not there yet
        return lambda one: (rank[one[1].phase], one[1].progress.reached, -one[1].progress.percent)
    return lambda one: (rank[one[1].phase], one[0].closes_at)


def distance_km(here: Any, there: Any) -> int:
    """Measure the way between two places on the globe, in whole kilometres (haversine)."""
    lat1, lat2 = math.radians(here.latitude), math.radians(there.latitude)
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin(math.radians(there.longitude - here.longitude) / 2) ** 2
    )
    return round(2 * EARTH_KM * math.asin(math.sqrt(half)))


def fold(words: str) -> str:
    """Take accents and case away: "Chambéry" is found by "chambery"."""
    apart = unicodedata.normalize("NFKD", words.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).strip()


def _words(row: Row[Any]) -> str:
    texts = [*row.title.values(), *row.maker.values(), *row.technique.values(), row.museum_name, row.city, row.region]
    return fold(" ".join(texts))


def museum(session: Session, slug: str) -> MuseumPage:
    """Read a museum's page. Raises NotFound."""
    row = session.execute(_museum_statement().where(Institution.slug == slug)).one_or_none()
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
    return MuseumPage(
        museum=_label(row),
        text=said(row.intro, row.default_locale),
        live=by["live"],
        scheduled=by["scheduled"],
        ended=by["succeeded"] + by["failed"] + by["withdrawn"],
        acquired=len(by["succeeded"]),
        donors=sum(card.donors for _one, card in found),
        raised=_sums(one for one, _card in found),
        receipt_issuer=issuer or "",
    )


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
