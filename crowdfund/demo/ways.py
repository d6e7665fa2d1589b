"""How the demo's donors came: posters in places of their town, the screen in the hall, a link of unknown origin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random

from crowdfund import clock
from crowdfund.gifts.rules import Method
from crowdfund.reach.models import Opening
from crowdfund.reach.rules import way_of
from crowdfund.reach.service import make_place
from crowdfund.tenancy import OperatorScope, transaction

# Of twenty who give by card: how many came by each place's poster, then by the house's own ways.
PLACES: Mapping[str, tuple[tuple[str, int, bool], ...]] = {
    "IT": (("Atrio", 4, True), ("Fermata del tram", 3, False), ("Libreria", 1, False), ("Biblioteca civica", 1, False)),
    "FR": (("Hall", 4, True), ("Arrêt de bus", 2, False), ("Librairie", 2, False), ("Office de tourisme", 1, False)),
}
OWN = (("screen", 1), ("kiosk", 1), ("card", 2), ("feed", 1))
OF = 20
OPENED_FOR_ONE_GIFT = 9


def way_for(country: str, number: int, method: Method) -> str:
    """Tell by which way a person came, by their number alone: no other choice of the history moves."""
    if method is not Method.CARD:
        return ""
    at = number * 7 % OF
    shares = [(way_of(name), share) for name, share, _cash in _places(country)] + list(OWN)
    for way, share in shares:
        if at < share:
            return way
        at -= share
    return ""


def hang_posters(scope: OperatorScope, campaign_id: int, country: str, opens: datetime, until: datetime) -> None:
    """Give each place its poster on the first day, and count some openings on each day since."""
    random = Random(campaign_id)  # noqa: S311 - a demo, the same each time
    days = max(0, (min(until, clock.now()) - opens).days)
    with clock.at(opens), transaction(scope) as session:
        for name, share, takes_cash in _places(country):
            place = make_place(session, campaign_id, name, takes_cash=takes_cash)
            for day in range(days):
                times = random.randrange(share * OPENED_FOR_ONE_GIFT // 2 + 1)
                if times:
                    on = (opens + timedelta(days=day, hours=12)).astimezone(UTC).date()
                    session.add(Opening(place_id=place.id, day=on, times=times))


def _places(country: str) -> tuple[tuple[str, int, bool], ...]:
    return PLACES.get(country, PLACES["FR"])
