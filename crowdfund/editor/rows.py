"""The parts of a campaign that are lists: who brings money, milestones, rewards with what the law says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, g, jsonify, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund import clock
from crowdfund.campaigns import gate, illustration
from crowdfund.campaigns.content import ROWS as TABLES
from crowdfund.campaigns.content import pieces_of, row_values, rows_of
from crowdfund.campaigns.counterparts import judge
from crowdfund.campaigns.editing import Clash, add_row, edit_campaign
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.promises import is_fixed
from crowdfund.campaigns.texts import said
from crowdfund.campaigns.view import Picture, picture_at
from crowdfund.editor.frame import Head, author, campaign_here, frame_of, head_of, kept_now, note, render, seen
from crowdfund.editor.parts import BEGINNINGS, ROWS
from crowdfund.editor.reading import Frame, read_row, write_row
from crowdfund.editor.view import Asked, Judged, Other, judged_in_words
from crowdfund.errors import NotFound, Refusal
from crowdfund.forms import shown_values
from crowdfund.i18n import N_, gettext, in_words, time
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.money import Money
from crowdfund.tenancy import museum_of, transaction

blueprint = Blueprint("rows", __name__, url_prefix="/staff/<museum>/campaigns")
blueprint.after_request(keep_private)
STOCK_OF_PIECES = N_("Its pieces say how many there are.")
KIND = "<any(source, stage, reward):kind>"
LISTS: Mapping[str, tuple[str, ...]] = {"plan": ("source", "stage"), "rewards": ("reward",)}
LIST_OF = {kind: name for name, kinds in LISTS.items() for kind in kinds}


@dataclass(frozen=True, slots=True)
class Line:
    """A row in a list. `law` says what the law thinks of a reward."""

    id: int
    kind: str
    title: str
    amount: Money
    detail: str
    law: Judged | None = None


@blueprint.get("/<int:campaign_id>/edit/<any(plan, rewards):listed>")
@requires(Permission.EDIT)
def rows(campaign_id: int, listed: str) -> AnyResponse:
    """Show the lists of one part."""
    with transaction(g.scope) as session:
        campaign = campaign_here(session, campaign_id)
        lists = [(kind, _lines(session, campaign, kind)) for kind in LISTS[listed]]
        price = gate.facts_of(session, campaign).value("artwork.price_minor")
        found = sum(line.amount.minor for kind, lines in lists if kind == "source" for line in lines)
        sums = {
            "price": Money(price, campaign.currency) if price else None,
            "found": Money(found, campaign.currency),
            "goal": campaign.goal,
        }
        head = head_of(session, campaign)
        return render(session, "editor/rows.html", head, listed, {"lists": lists, "sums": sums, "errors": {}})


@blueprint.get(f"/<int:campaign_id>/edit/{KIND}/<int:row_id>")
@requires(Permission.EDIT)
def row(campaign_id: int, kind: str, row_id: int) -> AnyResponse:
    """Show one row, or (0) a new one."""
    return _form(campaign_id, kind, row_id)


@blueprint.post(f"/<int:campaign_id>/edit/{KIND}/<int:row_id>")
@requires(Permission.EDIT)
def save(campaign_id: int, kind: str, row_id: int) -> AnyResponse:
    """Keep one row; a new one gets its number."""
    try:
        with transaction(g.scope) as session:
            campaign = campaign_here(session, campaign_id)
            head = head_of(session, campaign)
            values, errors = read_row(
                ROWS[kind], request.form, _there(session, campaign, kind, row_id), frame_of(campaign, head)
            )
            if errors:
                return _refused(campaign_id, kind, row_id, errors)
            if row_id:
                wanted = {f"{kind}.{row_id}": values}
                edit_campaign(session, campaign_id, wanted, seen=seen(), author=author(), note=note())
            else:
                row_id = add_row(session, campaign_id, kind, values, author=author(), note=note())
            revision, law = campaign.revision, _law_on(session, campaign, kind, values)
    except Clash as clash:
        return _refused(campaign_id, kind, row_id, {"": gettext(clash.message, **clash.params)}, 409, clash)
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _refused(campaign_id, kind, row_id, {refusal.field or "": in_words(refusal)}, refusal.status)
    if request.headers.get("Accept") == "application/json":
        kept = gettext("Kept at %(time)s", time=time(clock.now(), head.timezone))
        return jsonify(revision=revision, said=kept, law=law.words if law else "", fine=law.fine if law else True)
    return _to(campaign_id, kind, row_id if kind == "reward" else None)


@blueprint.post(f"/<int:campaign_id>/edit/{KIND}/<int:row_id>/remove")
@requires(Permission.EDIT)
def remove(campaign_id: int, kind: str, row_id: int) -> AnyResponse:
    """Take a row away; the versions keep it."""
    try:
        with transaction(g.scope) as session:
            campaign = campaign_here(session, campaign_id)
            _there(session, campaign, kind, row_id or -1)
            wanted = {f"{kind}.{row_id}": None}
            edit_campaign(session, campaign_id, wanted, seen=campaign.revision, author=author(), note=note())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _form(campaign_id, kind, row_id, {refusal.field or "": in_words(refusal)}, refusal.status)
    return _to(campaign_id, kind, None)


def _to(campaign_id: int, kind: str, row_id: int | None) -> AnyResponse:
    museum = membership_here().slug
    where: dict[str, Any] = {"museum": museum, "campaign_id": campaign_id, "kept": kept_now()}
    if row_id is not None:
        return redirect(url_for(".row", kind=kind, row_id=row_id, **where), 303)
    return redirect(url_for(".rows", listed=LIST_OF[kind], **where), 303)


def _there(session: Session, campaign: Campaign, kind: str, row_id: int) -> Mapping[str, Any]:
    """Give the values of a row of this campaign, or those a new one begins with. Raises NotFound."""
    if not row_id:
        beginning: dict[str, Any] = dict(BEGINNINGS[kind])
        if "position" in beginning:
            beginning["position"] = len(rows_of(session, kind, campaign.id)) + 1
        return beginning | ({"valued_on": gate.today_at(session).isoformat()} if kind == "reward" else {})
    table: Any = TABLES[kind]
    found = session.get(table, (museum_of(session), row_id)) if 0 < row_id < 2**63 else None
    if found is None or found.campaign_id != campaign.id:
        raise NotFound
    return row_values(kind, found)


def _refused(
    campaign_id: int, kind: str, row_id: int, errors: dict[str, str], status: int = 422, clash: Clash | None = None
) -> AnyResponse:
    if request.headers.get("Accept") == "application/json":
        answer = jsonify(said=next(iter(errors.values())), errors=errors)
        answer.status_code = status
        return answer
    return _form(campaign_id, kind, row_id, errors, status, clash)


def _form(
    campaign_id: int,
    kind: str,
    row_id: int,
    errors: dict[str, str] | None = None,
    status: int = 200,
    clash: Clash | None = None,
) -> AnyResponse:
    with transaction(g.scope) as session:
        campaign = campaign_here(session, campaign_id)
        head = head_of(session, campaign)
        frame, there = frame_of(campaign, head), _there(session, campaign, kind, row_id)
        asked = _asked(kind, there if row_id else {}, head, frame)
        if kind == "reward" and any(piece.reward_id == row_id for piece in pieces_of(session, campaign.id)):
            asked = [_of_pieces(one) for one in asked]
        law = _law_on(session, campaign, kind, there) if row_id else None
        if errors:
            typed = shown_values(request.form)
            asked = [replace(one, value=typed.get(one.field.name, one.value)) for one in asked]
        values = {
            "asked": asked,
            "errors": errors or {},
            "others": _others(clash, kind, frame),
            "note": note(),
            "kind": kind,
            "row_id": row_id,
            "law": law,
            "shown": _shown(session, there) if kind == "reward" and row_id else None,
        }
        return render(session, "editor/row.html", head, LIST_OF[kind], values, status)


def _asked(kind: str, there: Mapping[str, Any], head: Head, frame: Frame) -> list[Asked]:
    home = replace(frame, locale=head.languages[0])
    return [
        Asked(
            field,
            write_row(field, there, frame),
            write_row(field, there, home) if field.worded and frame.locale != home.locale else "",
            bool(there) and head.binding and is_fixed(f"{kind}.1", {field.name: 0}, {field.name: 1}),
        )
        for field in ROWS[kind]
    ]


def _shown(session: Session, there: Mapping[str, Any]) -> Picture | None:
    image = there["image"]
    return (
        picture_at(image, 80, 80, said(illustration.words_of(session, [image]).get(image, {}), "")) if image else None
    )


def _of_pieces(one: Asked) -> Asked:
    return replace(one, field=replace(one.field, hint=STOCK_OF_PIECES)) if one.field.name == "stock" else one


def _others(clash: Clash | None, kind: str, frame: Frame) -> tuple[Other, ...]:
    """Say field by field what the other one left in the row; a row that is gone says so by its name alone."""
    return tuple(
        Other(gettext(field.label), write_row(field, one.value or {}, frame), one.name, one.made_at)
        for one in (clash.theirs if clash else ())
        for field in ROWS[kind]
    )


def _lines(session: Session, campaign: Campaign, kind: str) -> list[Line]:
    home, law = membership_here().default_locale, gate.law_of(session, campaign)
    labels = {value: label for field in ROWS[kind] for value, label in field.choices}
    found = []
    for one in rows_of(session, kind, campaign.id):
        minor = one.price_minor if kind == "reward" else one.amount_minor
        title = said(one.label if kind == "source" else one.title, home)
        word = {"source": "certainty", "reward": "state"}.get(kind)
        detail = gettext(labels[getattr(one, word)]) if word and getattr(one, word) in labels else ""
        judged = judged_in_words(gate.verdict_on(one, law)) if kind == "reward" else None
        found.append(Line(one.id, kind, title, Money(minor, campaign.currency), detail, judged))
    return found


def _law_on(session: Session, campaign: Campaign, kind: str, values: Mapping[str, Any]) -> Judged | None:
    if kind != "reward":
        return None
    price = Money(values["price_minor"], campaign.currency)
    worth = Money(values["fair_value_minor"], campaign.currency)
    return judged_in_words(judge(price, worth, gate.law_of(session, campaign), symbolic=values["symbolic"]))
