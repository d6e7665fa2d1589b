"""The pieces of a work that may be adopted: drawn on the picture, or typed, divided into a grid, pasted as a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, g, jsonify, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund import clock
from crowdfund.campaigns import adopting, illustration
from crowdfund.campaigns.adopting import Drawn
from crowdfund.campaigns.content import pieces_of
from crowdfund.campaigns.editing import Clash, edit_campaign
from crowdfund.editor.drawing import NEW, read_list, read_piece, read_shape, sheet
from crowdfund.editor.frame import author, campaign_here, frame_of, head_of, kept_now, note, render, seen
from crowdfund.editor.reading import Frame
from crowdfund.errors import NotFound, Refusal
from crowdfund.forms import shown_values
from crowdfund.i18n import gettext, in_words, time
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.numbers import row_number
from crowdfund.pictures import service as pictures
from crowdfund.tenancy import transaction

blueprint = Blueprint("pieces", __name__, url_prefix="/staff/<museum>/campaigns")
blueprint.after_request(keep_private)
Step = Callable[[Session, Frame], object]


@blueprint.get("/<int:campaign_id>/edit/pieces")
@requires(Permission.EDIT)
def pieces(campaign_id: int) -> AnyResponse:
    """Show the picture with its pieces, and the table that says the same."""
    return _sheet(campaign_id)


@blueprint.post("/<int:campaign_id>/edit/pieces")
@requires(Permission.EDIT)
def keep_pieces(campaign_id: int) -> AnyResponse:
    """Keep what the table says; `remove` names the one piece that goes."""
    removed = request.form.get("remove", "")
    gone = {number} if (number := row_number(removed)) else set()
    errors: dict[str, str] = {}
    try:
        with transaction(g.scope) as session:
            campaign = campaign_here(session, campaign_id)
            head = head_of(session, campaign)
            frame, drawn = frame_of(campaign, head), {}
            for piece in pieces_of(session, campaign.id):
                if f"price-{piece.id}" in request.form:
                    drawn[piece.id], wrong = read_piece(str(piece.id), request.form, frame)
                    errors |= wrong if piece.id not in gone else {}
            if errors:
                return _refused(campaign_id, errors)
            told = {number: one for number, one in drawn.items() if one is not None}
            kept = adopting.keep_pieces(session, campaign_id, told, gone, seen=seen(), author=author(), note=note())
            revision = kept.revision
    except Clash as clash:
        return _refused(campaign_id, {"": gettext(clash.message, **clash.params)}, 409, clash)
    except Refusal as refusal:
        return _refused(campaign_id, _errors(refusal), refusal.status)
    if request.headers.get("Accept") == "application/json":
        return jsonify(revision=revision, said=gettext("Kept at %(time)s", time=time(clock.now(), head.timezone)))
    return _to(campaign_id)


@blueprint.post("/<int:campaign_id>/edit/pieces/add")
@requires(Permission.EDIT)
def add_piece(campaign_id: int) -> AnyResponse:
    """Add the piece that was drawn or typed."""

    def add(session: Session, frame: Frame) -> None:
        drawn, errors = read_piece(NEW, request.form, frame)
        if drawn is None:
            raise _Wrong(errors)
        adopting.offer_pieces(session, campaign_id, [drawn], author=author(), note=note())

    return _done(campaign_id, add, "add")


@blueprint.post("/<int:campaign_id>/edit/pieces/grid")
@requires(Permission.EDIT)
def divide(campaign_id: int) -> AnyResponse:
    """Divide the picture into a grid of pieces."""

    def cut(session: Session, frame: Frame) -> None:
        shape, price, errors = read_shape(request.form, frame)
        if shape is None:
            raise _Wrong(errors)
        adopting.divide_picture(session, campaign_id, shape, price, author=author(), note=note())

    return _done(campaign_id, cut)


@blueprint.post("/<int:campaign_id>/edit/pieces/list")
@requires(Permission.EDIT)
def paste(campaign_id: int) -> AnyResponse:
    """Take in a list of names and prices."""

    def take(session: Session, frame: Frame) -> None:
        drawn: list[Drawn] = read_list(request.form.get("list", ""), frame)
        adopting.offer_pieces(session, campaign_id, drawn, author=author(), note=note())

    return _done(campaign_id, take)


@blueprint.post("/<int:campaign_id>/edit/pieces/picture")
@requires(Permission.EDIT)
def draw_on(campaign_id: int) -> AnyResponse:
    """Draw on another picture; none is the one that shows the work. The places stay."""

    def choose(session: Session, _frame: Frame) -> None:
        typed = request.form.get("picture", "")
        chosen = (
            illustration.reference_of(pictures.picture_of(session, number)) if (number := row_number(typed)) else None
        )
        wanted = {"campaign.pieces_image": chosen}
        now = campaign_here(session, campaign_id).revision
        edit_campaign(session, campaign_id, wanted, seen=now, author=author(), note=note())

    return _done(campaign_id, choose)


class _Wrong(Exception):
    """Something typed is wrong; `errors` says what, by field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = dict(errors)
        super().__init__()


def _done(campaign_id: int, step: Step, anchor: str = "") -> AnyResponse:
    """Take one step and show the page again, with what is wrong beside its field."""
    try:
        with transaction(g.scope) as session:
            campaign = campaign_here(session, campaign_id)
            step(session, frame_of(campaign, head_of(session, campaign)))
    except _Wrong as wrong:
        return _sheet(campaign_id, wrong.errors, 422)
    except Refusal as refusal:
        return _sheet(campaign_id, _errors(refusal), refusal.status)
    return _to(campaign_id, anchor)


def _errors(refusal: Refusal) -> dict[str, str]:
    if isinstance(refusal, NotFound):
        raise refusal
    return {refusal.field or "": in_words(refusal)}


def _to(campaign_id: int, anchor: str = "") -> AnyResponse:
    museum, lang = membership_here().slug, request.form.get("lang")
    where: dict[str, Any] = {"museum": museum, "campaign_id": campaign_id, "lang": lang, "kept": kept_now()}
    return redirect(url_for(".pieces", **where, _anchor=anchor or None), 303)


def _refused(campaign_id: int, errors: dict[str, str], status: int = 422, clash: Clash | None = None) -> AnyResponse:
    if request.headers.get("Accept") == "application/json":
        answer = jsonify(said=next(iter(errors.values())), errors=errors)
        answer.status_code = status
        return answer
    return _sheet(campaign_id, errors, status, clash)


def _sheet(
    campaign_id: int, errors: dict[str, str] | None = None, status: int = 200, clash: Clash | None = None
) -> AnyResponse:
    with transaction(g.scope) as session:
        campaign = campaign_here(session, campaign_id)
        head = head_of(session, campaign)
        typed = shown_values(request.form) if errors else {}
        values = sheet(session, campaign, head, typed, clash) | {"errors": errors or {}, "note": note()}
        return render(session, "editor/pieces.html", head, "pieces", values, status)
