"""At the desk: invitations planned, opened, sent and cancelled; and how many donors came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.campaigns.rules import moment_in
from crowdfund.campaigns.texts import said
from crowdfund.dashboard.frame import desk_here
from crowdfund.errors import Refusal
from crowdfund.forms import shown_values
from crowdfund.i18n import LOCALES, N_, in_words
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.invitations import queries, service
from crowdfund.invitations.forms import GatheringForm
from crowdfund.invitations.models import Gathering
from crowdfund.invitations.rules import LARGEST_ROOM, MOST_EACH, GatheringKind
from crowdfund.invitations.service import GatheringDetails
from crowdfund.numbers import row_number
from crowdfund.tenancy import transaction

blueprint = Blueprint("gatherings", __name__, url_prefix="/staff/<museum>/gatherings")
blueprint.after_request(keep_private)
NAMELESS = N_("Give it a title, in one language at least.")
ROOM = N_("Write a number from 1 to %(most)s.")
TYPED = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Choice:
    """A campaign with a public page, and its rewards."""

    id: int
    title: str
    rewards: tuple[tuple[int, str], ...]


@blueprint.get("")
@requires(Permission.READ_GIFTS)
def overview() -> AnyResponse:
    """Show the gatherings, and how many donors came to see what they helped to buy."""
    here = membership_here()
    with transaction(g.scope) as session:
        page = render_template(
            "staff/gatherings/overview.html",
            desk=desk_here(session),
            place="gatherings",
            rows=queries.gatherings(session, here.default_locale),
            figures=queries.visit_figures(session, here.default_locale),
            timezone=here.time_zone,
        )
    return make_response(page)


@blueprint.get("/new")
@requires(Permission.INVITE)
def new() -> AnyResponse:
    """Show the form of a new gathering."""
    return _form(None, {"most_each": "2"})


@blueprint.post("/new")
@requires(Permission.INVITE)
def plan() -> AnyResponse:
    """Plan a gathering."""

    def write(session: Session, details: GatheringDetails, campaign_id: int) -> int:
        return service.plan_gathering(session, campaign_id, details).id

    return _written(None, write)


@blueprint.get("/<int:gathering_id>/edit")
@requires(Permission.INVITE)
def edit(gathering_id: int) -> AnyResponse:
    """Show the form of a gathering."""
    with transaction(g.scope) as session:
        values = _values(service.gathering_of(session, gathering_id))
    return _form(gathering_id, values)


@blueprint.post("/<int:gathering_id>/edit")
@requires(Permission.INVITE)
def change(gathering_id: int) -> AnyResponse:
    """Change a gathering."""

    def write(session: Session, details: GatheringDetails, _campaign_id: int) -> int:
        return service.change_gathering(session, gathering_id, details).id

    return _written(gathering_id, write)


def _written(gathering_id: int | None, write: Any) -> AnyResponse:
    form = GatheringForm(request.form, context="")
    errors = {} if form.validate() else form.first_errors()
    if not errors:
        try:
            details = _details(form)
            with transaction(g.scope) as session:
                number = write(session, details, row_number(form.campaign.data))
        except Refusal as refusal:
            if refusal.field is None:
                raise
            errors = {refusal.field: in_words(refusal)}
        else:
            return _to(number)
    return _form(gathering_id, shown_values(request.form), errors, 422)


def _details(form: GatheringForm) -> GatheringDetails:
    """Read the form's values. Raises Refusal, which names the field."""
    title = {locale: form[f"title_{locale}"].data for locale in LOCALES if form[f"title_{locale}"].data}
    if not title:
        raise Refusal(NAMELESS, field="title_fr")
    return GatheringDetails(
        kind=form.kind.data,
        title=title,
        place=form.place.data,
        starts_at=_moment(form.starts.data, "starts"),
        ends_at=_moment(form.ends.data, "ends"),
        capacity=_count(form.capacity.data, LARGEST_ROOM, "capacity"),
        most_each=_count(form.most_each.data, MOST_EACH, "most_each"),
        reward_id=row_number(form.reward.data) or None,
    )


def _moment(typed: str, field: str) -> datetime:
    try:
        return moment_in(typed, membership_here().time_zone)
    except Refusal as refusal:
        raise Refusal(refusal.message, field=field) from refusal


def _count(typed: str, most: int, field: str) -> int:
    if not 1 <= row_number(typed) <= most:
        raise Refusal(ROOM, field=field, params={"most": most})
    return row_number(typed)


def _values(one: Gathering) -> dict[str, str]:
    zone = ZoneInfo(membership_here().time_zone)
    return {
        "campaign": str(one.campaign_id),
        "kind": one.kind,
        **{f"title_{locale}": text for locale, text in one.title.items()},
        "place": one.place,
        "starts": one.starts_at.astimezone(zone).strftime(TYPED),
        "ends": one.ends_at.astimezone(zone).strftime(TYPED),
        "capacity": str(one.capacity),
        "most_each": str(one.most_each),
        "reward": str(one.reward_id or ""),
    }


def _form(
    gathering_id: int | None, values: dict[str, str], errors: dict[str, str] | None = None, status: int = 200
) -> AnyResponse:
    with transaction(g.scope) as session:
        if gathering_id is not None:
            values |= {"campaign": str(service.gathering_of(session, gathering_id).campaign_id)}
        page = render_template(
            "staff/gatherings/form.html",
            desk=desk_here(session),
            place="gatherings",
            gathering_id=gathering_id,
            campaigns=_choices(session),
            kinds=list(GatheringKind),
            zone=membership_here().time_zone,
            values=values,
            errors=errors or {},
        )
    return make_response(page, status)


def _choices(session: Session) -> tuple[Choice, ...]:
    home = membership_here().default_locale
    rewards = session.scalars(select(Reward).where(Reward.state != "draft").order_by(Reward.position, Reward.id)).all()
    found = session.scalars(
        select(Campaign).where(Campaign.state != "draft").order_by(Campaign.state != "live", Campaign.closes_at.desc())
    )
    return tuple(
        Choice(
            one.id,
            said(one.title, home),
            tuple((reward.id, said(reward.title, home)) for reward in rewards if reward.campaign_id == one.id),
        )
        for one in found
    )


@blueprint.post("/<int:gathering_id>/open")
@requires(Permission.INVITE)
def open_places(gathering_id: int) -> AnyResponse:
    """Let places be booked."""
    with transaction(g.scope) as session:
        service.open_gathering(session, gathering_id)
    return _to(gathering_id)


@blueprint.post("/<int:gathering_id>/cancel")
@requires(Permission.INVITE)
def cancel(gathering_id: int) -> AnyResponse:
    """Cancel it; everybody is told."""
    with transaction(g.scope) as session:
        service.cancel_gathering(session, gathering_id)
    return _to(gathering_id)


@blueprint.post("/<int:gathering_id>/invite")
@requires(Permission.INVITE)
def invite(gathering_id: int) -> AnyResponse:
    """Write to those who are invited and have no place."""
    with transaction(g.scope) as session:
        count = service.invite(session, gathering_id)
    return _to(gathering_id, invited=count)


def _to(gathering_id: int, **given: Any) -> AnyResponse:
    return redirect(url_for("guests.guests", museum=membership_here().slug, gathering_id=gathering_id, **given), 303)
