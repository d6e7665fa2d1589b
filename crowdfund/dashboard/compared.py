"""At the desk: records that may be one person, side by side: merged, or said to be two people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, g, make_response, redirect, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.crm import doubles, merging
from crowdfund.crm.models import DonorStanding
from crowdfund.crm.rules import Alike
from crowdfund.dashboard.frame import desk_here
from crowdfund.dashboard.queries import donor_name
from crowdfund.dashboard.segments import currency_of
from crowdfund.donors.models import Donor
from crowdfund.errors import Conflict
from crowdfund.i18n import country_name, gettext
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.money import Money
from crowdfund.numbers import row_number
from crowdfund.tenancy import transaction

TABS = (*doubles.BY, "apart")

blueprint = Blueprint("doubles", __name__, url_prefix="/staff/<museum>/donors/doubles")
blueprint.after_request(keep_private)


@dataclass(frozen=True, slots=True)
class Side:
    """One of two records, as it is compared."""

    id: int
    name: str
    url: str
    email: str
    phone: str
    address: str
    known_since: datetime
    gifts: int
    kept: Money


@dataclass(frozen=True, slots=True)
class Case:
    """Two records and why they may be one person; `undo_url` asks again about two that were said to be different."""

    one: Side
    other: Side
    why: Alike | None = None
    merge_url: str = ""
    apart_url: str = ""
    undo_url: str = ""


@dataclass(frozen=True, slots=True)
class DoublesPage:
    """A page of doubles. `merged_url` takes the last merge back."""

    tab: str
    cases: tuple[Case, ...]
    timezone: str
    next_url: str = ""
    first_url: str = ""
    merged_url: str = ""


@blueprint.get("")
@requires(Permission.MANAGE_DONORS)
def list_of_doubles() -> AnyResponse:
    """List the records that may be one person."""
    return _page({})


@blueprint.post("/<int:donor_id>/merge/<int:other_id>")
@requires(Permission.MANAGE_DONORS)
def merge_doubles(donor_id: int, other_id: int) -> AnyResponse:
    """Say that two records are one person."""
    try:
        with transaction(g.scope) as session:
            made = merging.merge(session, donor_id, other_id).id
            doubles.one_less(session)
    except Conflict as conflict:
        return _page({"": gettext(conflict.message)}, conflict.status)
    return _back(f"&merged={donor_id}-{made}")


@blueprint.post("/<int:donor_id>/apart/<int:other_id>")
@requires(Permission.MANAGE_DONORS)
def say_apart(donor_id: int, other_id: int) -> AnyResponse:
    """Say that two records are two people."""
    try:
        with transaction(g.scope) as session:
            doubles.say_apart(session, donor_id, other_id)
            doubles.one_less(session)
    except Conflict as conflict:
        return _page({"": gettext(conflict.message)}, conflict.status)
    return _back()


@blueprint.post("/pairs/<int:pair_id>/ask-again")
@requires(Permission.MANAGE_DONORS)
def ask_again(pair_id: int) -> AnyResponse:
    """Ask again about two records that were said to be different."""
    with transaction(g.scope) as session:
        doubles.ask_again(session, pair_id)
    return redirect(f"/staff/{membership_here().slug}/donors/doubles?by=apart", 303)


def _asked() -> tuple[str, int | None]:
    """Read the tab, and the record behind which the page begins: of the address, or of the form that was sent."""
    tab, after = (request.values.get(name, "") for name in ("by", "after"))
    return (tab if tab in TABS else TABS[0]), row_number(after) or None


def _back(more: str = "") -> AnyResponse:
    tab, after = _asked()
    where = f"&after={after}" if after is not None else ""
    return redirect(f"/staff/{membership_here().slug}/donors/doubles?by={tab}{where}{more}", 303)


def _page(errors: dict[str, str], status: int = 200) -> AnyResponse:
    (tab, after), museum = _asked(), membership_here()
    here = f"/staff/{museum.slug}/donors"
    with transaction(g.scope) as session:
        currency = currency_of(session, museum)
        if tab == "apart":
            cases, behind = _apart(session, here, currency, after)
        else:
            cases, behind = _doubles(session, here, currency, tab, after)
            if not cases and "by" not in request.values:  # nobody asked for this reason: look for the other one
                tab = doubles.BY[1]
                cases, behind = _doubles(session, here, currency, tab, after)
        desk = desk_here(session)
    kept, _dash, merge_id = request.args.get("merged", "").partition("-")
    undo = f"{here}/{kept}/merges/{merge_id}/undo" if kept.isdigit() and merge_id.isdigit() else ""
    page = DoublesPage(
        tab=tab,
        cases=cases,
        timezone=museum.time_zone,
        next_url=f"{here}/doubles?by={tab}&after={behind}" if behind is not None else "",
        first_url=f"{here}/doubles?by={tab}" if after is not None else "",
        merged_url=undo,
    )
    shown = render_template(
        "staff/donors/doubles.html", desk=desk, place="donors", page=page, after=after, errors=errors
    )
    return make_response(shown, status)


def _doubles(
    session: Session, here: str, currency: str, by: str, after: int | None
) -> tuple[tuple[Case, ...], int | None]:
    page = doubles.doubles(session, by, after)
    gave = _standings(session, currency, [number for one in page.doubles for number in (one.one.id, one.other.id)])
    found = []
    for pair in page.doubles:
        # what gave more often stands for the person, else the older record
        kept, other = sorted((pair.one, pair.other), key=lambda one: (-gave.get(one.id, (0, 0))[0], one.id))
        base = f"{here}/doubles/{kept.id}"
        found.append(
            Case(
                _side(kept, here, currency, gave),
                _side(other, here, currency, gave),
                pair.why,
                f"{base}/merge/{other.id}",
                f"{base}/apart/{other.id}",
            )
        )
    return tuple(found), page.after


def _apart(session: Session, here: str, currency: str, after: int | None) -> tuple[tuple[Case, ...], int | None]:
    rows = doubles.said_apart(session, after)
    gave = _standings(session, currency, [number for _pair, *both in rows for number in (both[0].id, both[1].id)])
    shown = rows[: doubles.PAGE]
    cases = tuple(
        Case(_side(one, here, currency, gave), _side(other, here, currency, gave),
             undo_url=f"{here}/doubles/pairs/{pair.id}/ask-again")
        for pair, one, other in shown
    )  # fmt: skip
    return cases, shown[-1][0].id if len(rows) > doubles.PAGE else None


def _standings(session: Session, currency: str, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    found = select(DonorStanding).where(DonorStanding.donor_id.in_(ids), DonorStanding.currency == currency)
    return {one.donor_id: (one.gifts, one.kept_minor) for one in session.scalars(found)}


def _side(donor: Donor, here: str, currency: str, gave: dict[int, Any]) -> Side:
    gifts, kept = gave.get(donor.id, (0, 0))
    town = " ".join(filter(None, (donor.postcode, donor.city)))
    country = country_name(donor.country) if donor.country else ""
    return Side(
        id=donor.id,
        name=donor_name(donor),
        url=f"{here}/{donor.id}",
        email=donor.email or "",
        phone=donor.phone or "",
        address=", ".join(filter(None, (donor.address_line, town, country))),
        known_since=donor.created_at,
        gifts=gifts,
        kept=Money(kept, currency),
    )
