"""Find works: by words, near a place, by state and museum, in the order that was asked for."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy import Row, and_, func, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Artwork, Campaign
from crowdfund.campaigns.texts import said
from crowdfund.campaigns.view import SeeIt, WorkCard
from crowdfund.i18n import current_locale, gettext
from crowdfund.institutions.models import Institution
from crowdfund.pages.cards import cards
from crowdfund.pages.lists import label_of_museum, museum_statement
from crowdfund.pages.towns import Town, distance_km, find
from crowdfund.pages.view.lists import Discovery, Loosened, MuseumPlace, OtherPlace

ON_A_PAGE = 12
STATES = {"live": ("live",), "scheduled": ("scheduled",), "succeeded": ("succeeded",), "ended": ("failed", "withdrawn")}
SORTS = ("near", "soon", "push", "new")
RANK = {"live": 0, "scheduled": 1, "succeeded": 2, "failed": 3, "withdrawn": 4}
LONGEST = 100

Found = tuple[Row[Any], WorkCard]
Key = tuple[int, int] | str


@dataclass(frozen=True, slots=True)
class Asked:
    """What the visitor asked for, as far as it is understood."""

    query: str
    near: str
    state: str
    museum: str
    sort: str
    page: int

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Asked:
        """Read the address's `q`, `near`, `state`, `museum`, `sort` and `page`; what means nothing is left out."""
        state, sort, page = given.get("state", ""), given.get("sort", ""), given.get("page", "")
        return cls(
            query=given.get("q", "").strip()[:LONGEST],
            near=given.get("near", "").strip()[:LONGEST],
            state=state if state in STATES else "",
            museum=given.get("museum", "")[:LONGEST],
            sort=sort if sort in SORTS else "",
            page=int(page) if page.isascii() and page.isdigit() and len(page) < 5 else 1,
        )

    def given(self) -> dict[str, str]:
        """Give what was understood as the address has it, save the page."""
        return {"q": self.query, "near": self.near, "state": self.state, "museum": self.museum, "sort": self.sort}

    def url(self, **changed: str) -> str:
        """Write the address that asks the same, save what is changed."""
        kept = {name: value for name, value in (self.given() | changed).items() if value}
        return f"/{current_locale()}/campaigns{'?' if kept else ''}{urlencode(kept)}"


def discovery(session: Session, given: Mapping[str, str]) -> Discovery:
    """Read the list of works as it was asked for."""
    asked = Asked.read(given)
    found = cards(session)
    museums = session.execute(museum_statement().order_by(Institution.name)).all()
    fit = _said(session, asked.query) if asked.query else None
    meant = _places(asked.near, museums)
    place = meant[0] if meant else None
    kept = [one for one in found if _fits(one, asked, fit)]
    kept.sort(key=_order(asked, place, fit))
    pages = max(1, math.ceil(len(kept) / ON_A_PAGE))
    page = min(max(1, asked.page), pages)
    shown = kept[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]
    return Discovery(
        works=tuple(_placed(one, place) for one in shown),
        total=len(kept),
        museums=tuple(label_of_museum(one) for one in museums),
        places=tuple(_on_the_map(museums, kept, place)),
        query=asked.query,
        near=asked.near,
        place=_called(place, asked.near) if place else "",
        other_places=tuple(
            OtherPlace(f"{one.name} ({one.country})", asked.url(near=f"{one.latitude}, {one.longitude}"))
            for one in meant[1:4]
        ),
        state=asked.state,
        museum=asked.museum,
        sort=asked.sort,
        loosened=() if kept else tuple(_loosened(found, asked, fit)),
        previous_url=asked.url(page=str(page - 1)) if page > 1 else "",
        next_url=asked.url(page=str(page + 1)) if page < pages else "",
    )


def _said(session: Session, query: str) -> dict[Key, float]:
    """Find the campaigns whose words are meant, with how well they fit; joint ones by their common code too."""
    words = Campaign.words.op("||")(Artwork.words).op("||")(Institution.words)
    meant = func.words_meant(query)
    rows = session.execute(
        select(Campaign.institution_id, Campaign.id, Campaign.joint_code, func.ts_rank(words, meant))
        .join(Artwork, and_(Artwork.institution_id == Campaign.institution_id, Artwork.id == Campaign.artwork_id))
        .join(Institution, Institution.id == Campaign.institution_id)
        .where(words.op("@@")(meant))
    )
    found: dict[Key, float] = {}
    for museum, campaign, joint, rank in rows:
        found[museum, campaign] = rank
        if joint:
            found[joint] = max(rank, found.get(joint, 0))
    return found


def _rank(row: Row[Any], fit: Mapping[Key, float]) -> float | None:
    return fit.get((row.institution_id, row.id), fit.get(row.joint_code) if row.joint_code else None)


def _fits(one: Found, asked: Asked, fit: Mapping[Key, float] | None) -> bool:
    row, card = one
    return (
        (card.phase in STATES.get(asked.state, (card.phase,)))
        and (not asked.museum or card.museum.slug == asked.museum)
        and (fit is None or _rank(row, fit) is not None)
    )


def _order(asked: Asked, place: Town | None, fit: Mapping[Key, float] | None) -> Callable[[Found], Any]:
    """Order what is open first, then as it was asked for: near a place when one is given, else soonest over."""
    sort = asked.sort or ("near" if place else "words" if fit else "soon")

    def key(one: Found) -> Any:
        row, card = one
        if sort == "near" and place:
            return distance_km(row, place)
        if sort == "words" and fit:
            return -(_rank(row, fit) or 0)
        if sort == "new":
            return -row.opens_at.timestamp()
        if sort == "push":  # nearest to its goal, not there yet
            return (card.progress.reached, -card.progress.percent)
        return 0

    def soon(one: Found) -> float:
        closes: float = one[0].closes_at.timestamp()
        return closes if one[1].phase in {"live", "scheduled"} else -closes

    return lambda one: (RANK[one[1].phase], key(one), soon(one))


def _places(near: str, museums: Sequence[Row[Any]]) -> tuple[Town, ...]:
    """Find where the visitor means, also the museums' own towns and regions."""
    if not near:
        return ()
    known = [Town(name, one.country, one.latitude, one.longitude) for one in museums for name in (one.city, one.region)]
    return find(near, current_locale(), known)


def _called(place: Town, typed: str) -> str:
    """Name the place: its town, or the number that was typed when it is only near that town."""
    if not place.name:
        return gettext("your position")
    if typed.isdigit() and typed != place.postcode:
        return gettext("%(postcode)s, near %(town)s", postcode=typed, town=place.name)
    return place.name


def _placed(one: Found, place: Town | None) -> WorkCard:
    row, card = one
    return replace(card, distance_km=distance_km(row, place) if place else None, see=_see(row, card))


def _see(row: Row[Any], card: WorkCard) -> SeeIt | None:
    """Tell where an acquired work is to be seen, once its last step says so."""
    shown = next((step["on"] for step in row.timeline if step.get("kind") == "shown"), None)
    if card.phase != "succeeded":
        return None
    today = clock.now().astimezone(ZoneInfo(row.time_zone)).date()
    on = date.fromisoformat(shown) if shown else None
    return SeeIt(on, there=on is not None and on <= today, opening=said(row.opening, row.default_locale))


def _on_the_map(museums: Sequence[Row[Any]], kept: Sequence[Found], place: Town | None) -> list[MuseumPlace]:
    """List the museums of the works that were found, the nearest first."""
    works = Counter(card.museum.slug for _row, card in kept)
    here = [
        MuseumPlace(
            label_of_museum(one),
            latitude=round(one.latitude * 1000),
            longitude=round(one.longitude * 1000),
            works=works[one.slug],
            distance_km=distance_km(one, place) if place else None,
        )
        for one in museums
        if works[one.slug]
    ]
    return sorted(here, key=lambda one: one.distance_km or 0)


def _loosened(found: Sequence[Found], asked: Asked, fit: Mapping[Key, float] | None) -> Iterator[Loosened]:
    """Say what to leave out so that something is found, with how many works that gives."""
    for name, label in (
        ("q", gettext("Without the words “%(words)s”", words=asked.query)),
        ("state", gettext("In every state")),
        ("museum", gettext("At every museum")),
    ):
        without = Asked.read(asked.given() | {name: ""})
        count = sum(_fits(one, without, fit if without.query else None) for one in found)
        if count and without != asked:
            yield Loosened(label, without.url(), count)
