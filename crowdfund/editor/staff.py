"""The museum's campaigns, and the parts of one that are a form: the object, the story, the money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, g, jsonify, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund import clock
from crowdfund.campaigns import drafts, gate
from crowdfund.campaigns.content import read_content
from crowdfund.campaigns.editing import Clash, edit_campaign
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.promises import is_fixed
from crowdfund.campaigns.rules import CampaignState
from crowdfund.campaigns.texts import said
from crowdfund.dashboard.frame import desk_here
from crowdfund.editor.frame import Head, author, campaign_here, frame_of, head_of, kept_now, note, render, seen
from crowdfund.editor.parts import PARTS, REGIMES, Field, field_label
from crowdfund.editor.reading import Frame, key_of, read, write, written
from crowdfund.editor.view import Asked, Other
from crowdfund.errors import Refusal
from crowdfund.forms import shown_values, tidy
from crowdfund.i18n import gettext, in_words, time
from crowdfund.institutions.models import Issuer
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.numbers import row_number
from crowdfund.tenancy import museum_of, transaction

blueprint = Blueprint("editor", __name__, url_prefix="/staff/<museum>/campaigns")
blueprint.after_request(keep_private)
LONGEST_TITLE = 120
PART = "<any(object, story, money):part>"


@dataclass(frozen=True, slots=True)
class Listed:
    """A campaign in the list: `missing` counts what stands in the way of its opening."""

    id: int
    code: str
    title: str
    state: str
    opens_at: datetime
    last_day: date
    missing: int


@blueprint.get("")
@requires(Permission.ENTER)
def campaigns() -> AnyResponse:
    """List the museum's campaigns: drafts, announced, live, over."""
    return _list()


@blueprint.post("")
@requires(Permission.EDIT)
def begin() -> AnyResponse:
    """Begin a campaign."""
    title, begun_from = tidy(request.form.get("title", ""))[:LONGEST_TITLE], request.form.get("from", "")
    try:
        with transaction(g.scope) as session:
            if begun_from.startswith("copy-") and (copied := row_number(begun_from.removeprefix("copy-"))):
                campaign_here(session, copied)
                made = drafts.copy_campaign(session, copied, title, author=author())
            else:
                kind = begun_from if begun_from in drafts.KINDS else drafts.KINDS[0]
                made = drafts.begin_draft(
                    session, title, author=author(), template=begun_from.removeprefix("outline-"), kind=kind
                )
    except Refusal as refusal:
        if refusal.field is None:
            raise
        return _list({refusal.field: in_words(refusal)}, refusal.status)
    return redirect(url_for(".part", museum=membership_here().slug, campaign_id=made.id, part="object"), 303)


@blueprint.get(f"/<int:campaign_id>/edit/{PART}")
@requires(Permission.EDIT)
def part(campaign_id: int, part: str) -> AnyResponse:
    """Show one part of a campaign, in one language."""
    return _form(campaign_id, part)


@blueprint.post(f"/<int:campaign_id>/edit/{PART}")
@requires(Permission.EDIT)
def save(campaign_id: int, part: str) -> AnyResponse:
    """Keep one part; to a script that saves while one types, the answer is short."""
    with transaction(g.scope) as session:
        campaign = campaign_here(session, campaign_id)
        head = head_of(session, campaign)
        fields = fields_of(session, campaign, part)
        wanted, errors = read(fields, request.form, frame_of(campaign, head))
    if errors:
        return _refused(campaign_id, part, errors)
    try:
        with transaction(g.scope) as session:
            campaign = edit_campaign(session, campaign_id, wanted, seen=seen(), author=author(), note=note())
            revision = campaign.revision
    except Clash as clash:
        return _refused(campaign_id, part, {"": gettext(clash.message, **clash.params)}, 409, clash)
    except Refusal as refusal:
        return _refused(campaign_id, part, {refusal.field or "": in_words(refusal)}, refusal.status)
    if _by_script():
        return jsonify(revision=revision, said=gettext("Kept at %(time)s", time=time(clock.now(), head.timezone)))
    address = url_for(
        ".part", museum=membership_here().slug, campaign_id=campaign_id, part=part, lang=head.locale, kept=kept_now()
    )
    return redirect(address, 303)


def _by_script() -> bool:
    return request.headers.get("Accept") == "application/json"


def _refused(
    campaign_id: int, part: str, errors: dict[str, str], status: int = 422, clash: Clash | None = None
) -> AnyResponse:
    if _by_script():
        return make_response(jsonify(said=next(iter(errors.values())), errors=errors), status)
    return _form(campaign_id, part, errors, status, clash)


def _form(
    campaign_id: int,
    part: str,
    errors: dict[str, str] | None = None,
    status: int = 200,
    clash: Clash | None = None,
) -> AnyResponse:
    with transaction(g.scope) as session:
        campaign = campaign_here(session, campaign_id)
        head, content = head_of(session, campaign), read_content(session, campaign)
        frame = frame_of(campaign, head)
        fields = fields_of(session, campaign, part)
        asked = [_asked(field, content, head, frame) for field in fields]
        if errors:
            typed = shown_values(request.form)
            asked = [replace(one, value=typed.get(one.field.name, one.value)) for one in asked]
            if clash is None:
                head = replace(head, revision=seen())
        values = {
            "asked": asked,
            "errors": errors or {},
            "others": _others(clash, fields, frame) if clash else (),
            "note": note(),
        }
        return render(session, "editor/part.html", head, part, values, status)


def fields_of(session: Session, campaign: Campaign, part: str) -> tuple[Field, ...]:
    """Give the fields of a part; the receipts are those of the issuer's country."""
    jurisdiction = session.get_one(Issuer, (museum_of(session), campaign.issuer_id)).jurisdiction
    regimes = REGIMES.get(jurisdiction, (("", REGIMES["FR"][-1][1]),))
    return tuple(
        replace(field, choices=regimes) if field.name == "campaign.tax_regime" else field for field in PARTS[part]
    )


def _asked(field: Field, content: Mapping[str, Any], head: Head, frame: Frame) -> Asked:
    home = head.languages[0]
    beside = written(field, content.get(f"{field.name}.{home}"), frame) if field.worded and head.locale != home else ""
    key = key_of(field, head.locale)
    return Asked(field, write(field, content, frame), beside, head.binding and is_fixed(key, content.get(key), None))


def _others(clash: Clash, fields: tuple[Field, ...], frame: Frame) -> tuple[Other, ...]:
    by_key = {key_of(field, frame.locale): field for field in fields}
    return tuple(
        Other(gettext(field_label(one.field)), written(by_key[one.field], one.value, frame), one.name, one.made_at)
        for one in clash.theirs
        if one.field in by_key
    )


def _list(errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    museum = membership_here()
    with transaction(g.scope) as session:
        order = select(Campaign).order_by(Campaign.closes_at.desc(), Campaign.id.desc())
        found = [
            Listed(
                one.id,
                one.code,
                said(one.title, museum.default_locale),
                one.state,
                one.opens_at,
                (one.closes_at - timedelta(seconds=1)).astimezone(ZoneInfo(museum.time_zone)).date(),
                sum(item.open for item in gate.checklist_of(session, one)) if one.state in WAITING else 0,
            )
            for one in session.scalars(order)
        ]
        text = render_template(
            "editor/campaigns.html",
            desk=desk_here(session),
            place="campaigns",
            groups=[(name, [one for one in found if one.state in states]) for name, states in GROUPS],
            templates=[(key, one.label) for key, one in drafts.TEMPLATES.items()],
            models=[(one.id, one.title) for one in found],
            timezone=museum.time_zone,
            values=shown_values(request.form),
            errors=errors or {},
        )
    return make_response(text, status)


WAITING = {CampaignState.DRAFT, CampaignState.SCHEDULED}
GROUPS = (
    ("draft", {CampaignState.DRAFT}),
    ("scheduled", {CampaignState.SCHEDULED}),
    ("live", {CampaignState.LIVE}),
    ("over", {CampaignState.SUCCEEDED, CampaignState.ENDED, CampaignState.WITHDRAWN}),
)
