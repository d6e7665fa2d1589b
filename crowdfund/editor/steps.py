"""The steps to an opening: the checklist, languages, decisions, yeses, and the minute it opens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, g, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response as AnyResponse

from crowdfund import clock
from crowdfund.campaigns import gate, illustration, service
from crowdfund.campaigns.checklist import (
    APPROVAL_MISSING,
    APPROVAL_OLD,
    DECISION_MISSING,
    NOT_DESCRIBED,
    PICTURE_MISSING,
    Item,
)
from crowdfund.campaigns.content import read_content
from crowdfund.campaigns.editing import edit_campaign
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.promises import Approver, WordState
from crowdfund.campaigns.rules import moment_in
from crowdfund.editor.frame import author, campaign_here, head_of, kept_now, note, render
from crowdfund.editor.parts import PARTS
from crowdfund.editor.view import said
from crowdfund.errors import NotFound, Refusal
from crowdfund.forms import shown_values
from crowdfund.i18n import N_, gettext, in_words
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission, may_approve
from crowdfund.numbers import row_number
from crowdfund.pictures import service as pictures
from crowdfund.tenancy import transaction

blueprint = Blueprint("steps", __name__, url_prefix="/staff/<museum>/campaigns")
blueprint.after_request(keep_private)
ITEMS: Mapping[str, str] = {
    "object": N_("The object and where it comes from"),
    "story": N_("The story"),
    "purchase": N_("Price and seller"),
    "deadline": N_("Deadline"),
    "funding": N_("How the money is raised"),
    "fallback": N_("What happens below the goal"),
    "surplus": N_("What happens above it"),
    "plan": N_("Financing plan"),
    "rewards": N_("Rewards within the tax rules"),
    "pictures": N_("Pictures in words"),
    "decisions": N_("Advice and decisions"),
    "words": N_("Languages approved"),
    "approvals": N_("Three people agree"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the checklist, in words, with the address where it is settled.

    `others` says that the person who reads it cannot settle it alone.
    """

    label: str
    problems: tuple[
        tuple[str, str], ...
    ]  # what is missing, and where it is settled when that is not the line's own place
    url: str
    others: bool = False


@dataclass(frozen=True, slots=True)
class Language:
    """How far one language is. `shown` names the language that stands in for a missing one."""

    locale: str
    state: str
    written: int
    asked: int
    missing: tuple[tuple[str, str], ...] = ()  # each text that is not written, with the address of its field


@blueprint.get("/<int:campaign_id>/edit")
@requires(Permission.ENTER)
def checklist(campaign_id: int) -> AnyResponse:
    """Show what is settled, what is missing, and where to go for it."""
    return _checklist(campaign_id)


@blueprint.post("/<int:campaign_id>/edit/schedule")
@requires(Permission.LAUNCH)
def schedule(campaign_id: int) -> AnyResponse:
    """Announce the campaign: it opens by itself at this minute."""
    with transaction(g.scope) as session:
        campaign_here(session, campaign_id)
    try:
        opens = moment_in(request.form.get("opens", ""), membership_here().time_zone)
        with transaction(g.scope) as session:
            service.reschedule_campaign(session, campaign_id, opens)
            service.schedule_campaign(session, campaign_id)
    except Refusal as refusal:
        return _checklist(campaign_id, {refusal.field or "": in_words(refusal)}, refusal.status)
    return _to("checklist", campaign_id)


@blueprint.post("/<int:campaign_id>/edit/unschedule")
@requires(Permission.LAUNCH)
def unschedule(campaign_id: int) -> AnyResponse:
    """Take the announcement back: the campaign is a draft again, and nobody but the museum sees it."""
    with transaction(g.scope) as session:
        campaign_here(session, campaign_id)
    try:
        with transaction(g.scope) as session:
            service.take_back_campaign(session, campaign_id)
    except Refusal as refusal:
        return _checklist(campaign_id, {"": in_words(refusal)}, refusal.status)
    return _to("checklist", campaign_id)


@blueprint.get("/<int:campaign_id>/edit/picture")
@requires(Permission.EDIT)
def picture(campaign_id: int) -> AnyResponse:
    """Show the museum's pictures, to choose the one that shows the work."""
    return _pictures(campaign_id)


@blueprint.post("/<int:campaign_id>/edit/picture")
@requires(Permission.EDIT)
def choose_picture(campaign_id: int) -> AnyResponse:
    """Show the work by this picture."""
    number = row_number(request.form.get("picture"))
    if not number:
        return _pictures(campaign_id, {"picture": gettext(N_("Choose a picture."))}, 422)
    try:
        with transaction(g.scope) as session:
            campaign = campaign_here(session, campaign_id)
            chosen = pictures.picture_of(session, number)
            wanted = {
                "artwork.image": illustration.reference_of(chosen),
                "artwork.image_width": chosen.width,
                "artwork.image_height": chosen.height,
            }
            edit_campaign(session, campaign_id, wanted, seen=campaign.revision, author=author(), note=note())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _pictures(campaign_id, {refusal.field or "": in_words(refusal)}, refusal.status)
    return _to("picture", campaign_id)


@blueprint.get("/<int:campaign_id>/edit/languages")
@requires(Permission.EDIT)
def languages(campaign_id: int) -> AnyResponse:
    """Show how far each language is."""
    return _languages(campaign_id)


@blueprint.post("/<int:campaign_id>/edit/languages")
@requires(Permission.EDIT)
def say_state(campaign_id: int) -> AnyResponse:
    """Say how far a language is: a machine's draft, a draft, approved (for those who may approve)."""
    locale, state = request.form.get("locale", ""), request.form.get("state", "")
    with transaction(g.scope) as session:
        known = head_of(session, campaign_here(session, campaign_id)).languages
    if locale not in known or state not in {WordState.MACHINE, WordState.DRAFT, WordState.APPROVED}:
        return _languages(campaign_id, {"state": gettext(N_("Choose one of the answers."))}, 422)
    if state == WordState.APPROVED and not may_approve(membership_here().role, Approver.CURATOR):
        raise Forbidden
    try:
        with transaction(g.scope) as session:
            gate.approve_words(session, campaign_here(session, campaign_id), locale, WordState(state))
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _languages(campaign_id, {refusal.field or "": in_words(refusal)}, refusal.status)
    return _to("languages", campaign_id)


def _to(endpoint: str, campaign_id: int) -> AnyResponse:
    where: dict[str, Any] = {"museum": membership_here().slug, "campaign_id": campaign_id}
    return redirect(url_for(f".{endpoint}", **where, kept=None if endpoint == "checklist" else kept_now()), 303)


def lines_of(session: Session, campaign: Campaign, here: str) -> list[Line]:
    """Say the checklist in words."""
    role = membership_here().role
    return [
        Line(
            gettext(ITEMS[item.key]),
            tuple((gettext(text, **said(values)), _way(here, text, values)) for text, values in item.problems),
            f"{here}/{item.place}",
            _for_others(item, role),
        )
        for item in gate.checklist_of(session, campaign)
    ]


def _for_others(item: Item, role: str) -> bool:
    """Say whether something that is open here waits for a yes that this role may not give."""
    if item.key == "words":
        return item.open and not may_approve(role, Approver.CURATOR)
    theirs = [part for part in Approver if not may_approve(role, part)]
    asked = {text for part in theirs for text in (APPROVAL_MISSING[part], APPROVAL_OLD[part])}
    return any(text in asked for text, _values in item.problems)


def _way(here: str, problem: str, values: Mapping[str, object]) -> str:
    """Tell where one point is settled, when not in its line's own place."""
    kind = next((kind for kind, text in DECISION_MISSING.items() if text == problem), None)
    if kind is not None:
        return f"{here}/documents?kind={gate.PAPER_OF[kind]}#add"
    if problem == NOT_DESCRIBED:
        museum = here.partition("/campaigns/")[0]
        return f"{museum}/pictures/{values['number']}#alt_{values['language']}"
    return f"{here}/picture" if problem == PICTURE_MISSING else ""


def _checklist(campaign_id: int, errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    zone = ZoneInfo(membership_here().time_zone)
    with transaction(g.scope) as session:
        campaign = campaign_here(session, campaign_id)
        head = head_of(session, campaign)
        values = {
            "lines": lines_of(session, campaign, head.here) if head.waits else [],
            "opens": _proposed(campaign.opens_at.astimezone(zone)),
            "values": shown_values(request.form),
            "errors": errors or {},
        }
        return render(session, "editor/checklist.html", head, "", values, status)


def _proposed(opens_at: datetime) -> str:
    """Propose a moment (local) as its field writes it: the one that was chosen, or nine o'clock tomorrow once that is past."""
    tomorrow = (clock.now().astimezone(opens_at.tzinfo) + timedelta(days=1)).replace(hour=9, minute=0)
    moment = opens_at if opens_at > clock.now() else tomorrow
    return moment.strftime("%Y-%m-%dT%H:%M")


def _pictures(campaign_id: int, errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    with transaction(g.scope) as session:
        campaign = campaign_here(session, campaign_id)
        head = head_of(session, campaign)
        image = read_content(session, campaign).get("artwork.image")
        found = illustration.picture_choices(session, image, head.languages)
        values = {"found": found, "drawn": image or "", "errors": errors or {}, "note": note()}
        return render(session, "editor/choose.html", head, "picture", values, status)


def _texts(names: set[str], here: str, locale: str) -> Iterator[tuple[str, str]]:
    """Name texts as their forms do, in the order of the forms."""
    for part, fields in PARTS.items():
        for field in fields:
            if field.name in names:
                yield gettext(field.label), f"{here}/{part}?lang={locale}#{field.name}"


def _languages(campaign_id: int, errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    with transaction(g.scope) as session:
        campaign = campaign_here(session, campaign_id)
        head = head_of(session, campaign)
        content = read_content(session, campaign)
        home = head.languages[0]
        asked = {name.removesuffix(f".{home}") for name, text in content.items() if name.endswith(f".{home}") and text}
        found = []
        for locale in head.languages:
            written = {
                name.removesuffix(f".{locale}")
                for name, text in content.items()
                if name.endswith(f".{locale}") and text
            }
            state = campaign.word_states.get(locale, WordState.DRAFT) if written else WordState.MISSING
            missing = tuple(_texts(asked - written, head.here, locale))
            found.append(Language(locale, state, len(written & asked), len(asked), missing))
        values = {
            "found": found,
            "approves": may_approve(membership_here().role, Approver.CURATOR),
            "errors": errors or {},
        }
        return render(session, "editor/languages.html", head, "languages", values, status)
