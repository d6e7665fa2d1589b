"""The doors of a donor's own pages: ask for a link, use it, look, change, export, be erased."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus

from flask import Blueprint, Response, make_response, redirect, render_template, request, send_file, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund import clock
from crowdfund.accounts.buckets import limited
from crowdfund.accounts.sessions import ip_prefix
from crowdfund.donors.rules import ConsentKind
from crowdfund.errors import NotFound
from crowdfund.forms import form_token, shown_values
from crowdfund.gifts.wall import change_wall
from crowdfund.headers import SHOWN_AGAIN
from crowdfund.i18n import current_locale
from crowdfund.invitations import service as invitations
from crowdfund.me import door, erasure, export, queries, service, visits
from crowdfund.me.door import visitors_only
from crowdfund.me.forms import AskForm, ButtonForm, EraseForm
from crowdfund.me.view import AtMuseum
from crowdfund.me.visits import Visitor
from crowdfund.numbers import row_number
from crowdfund.pledges.gift_forms import ShownForm
from crowdfund.receipts import rendering
from crowdfund.receipts.numbering import printed_number
from crowdfund.tenancy import DonorScope, PlatformScope, transaction

blueprint = Blueprint("me", __name__, url_prefix="/<lang:lang>/me")
ASKING = "me: ask"  # nobody is there yet whom the form could be bound to


@blueprint.get("/")
def show() -> AnyResponse:
    """Show the gifts of whoever is visiting; ask others for their address."""
    visitor = door.visitor()
    if visitor is None:
        return _ask({}, {})
    limited("me_page_ip", request.remote_addr or "")
    page = queries.whole(visitor.email, _parts(visitor.email), form_token(visitor.context))
    link = request.args.get("link", "")
    return make_response(render_template("me/show.html", page=page, saved="saved" in request.args, link=link))


@blueprint.post("/")
def ask() -> AnyResponse:
    """Note that a link is asked for: the same work and the same answer for every address."""
    form = AskForm(request.form, context=ASKING)
    if not form.validate():
        return _ask(shown_values(request.form), form.first_errors(), HTTPStatus.UNPROCESSABLE_ENTITY)
    ip, email = request.remote_addr or "", str(form.email.data)
    for name, key in (
        ("me_link_network", ip_prefix(ip)), ("me_link_ip", ip), ("me_link_email", email), ("me_link_email_day", email),
    ):  # fmt: skip
        limited(name, key)
    museums = door.museums()
    if museums:  # the fact goes by the post of the first one; it names the link and nobody
        with transaction(DonorScope(museums[0])) as session:
            service.ask_link(session, email)
    return redirect(url_for("me.sent"), HTTPStatus.SEE_OTHER)


@blueprint.get("/sent")
def sent() -> AnyResponse:
    """Say that a mail is on its way, if there is anybody to send it to."""
    return make_response(render_template("me/sent.html"))


@blueprint.get("/link/<token>")
def link(token: str) -> AnyResponse:
    """Show the button that uses the link. Mail scanners open links: looking uses nothing up."""
    limited("me_page_ip", request.remote_addr or "")
    with transaction(PlatformScope()) as session:
        if not service.opens(session, token):
            return _no_longer(session, token)
    return make_response(render_template("me/link.html", csrf_token=form_token(token), errors={}))


@blueprint.post("/link/<token>")
def use_link(token: str) -> AnyResponse:
    """Use the link, once, and open a visit."""
    limited("me_page_ip", request.remote_addr or "")
    before = door.visitor()
    with transaction(PlatformScope()) as session:
        if not service.opens(session, token):
            return _no_longer(session, token)
        door.checked(ButtonForm(request.form, context=token))
        try:
            email = service.use_link(session, token)
        except NotFound:  # another hand was quicker
            return _no_longer(session, token)
        if before is not None:
            visits.end(session, before.token_hash, "renewed")
        opened = visits.open_visit(session, email)
    answer = make_response(redirect(url_for("me.show"), HTTPStatus.SEE_OTHER))
    door.set_cookie(answer, opened)
    return answer


def _no_longer(session: Session, token: str) -> AnyResponse:
    """Say that a link is used, too old or unknown; its own visitor, with a second tab, is led on and told so."""
    here = door.visitor()
    why, sent_to = service.spent(session, token)
    if here is not None and sent_to == here.email:
        return redirect(url_for("me.show", link=why), HTTPStatus.SEE_OTHER)
    page = render_template(
        "me/no_longer.html", why=why, visiting=here is not None, values={}, errors={}, csrf_token=form_token(ASKING)
    )
    return make_response(page, HTTPStatus.NOT_FOUND)


def _ask(values: dict[str, str], errors: dict[str, str], status: int = HTTPStatus.OK) -> AnyResponse:
    page = render_template("me/ask.html", values=values, errors=errors, csrf_token=form_token(ASKING))
    answer = make_response(page, status)
    if errors:
        answer.headers["Cache-Control"] = SHOWN_AGAIN
    return answer


@blueprint.post("/sign-out")
@visitors_only
def sign_out(visitor: Visitor) -> AnyResponse:
    """End this visit, or all of this person's."""
    door.checked(ButtonForm(request.form, context=visitor.context))
    with transaction(PlatformScope()) as session:
        if request.form.get("everywhere"):
            visits.end_all(session, visitor.email, "signed out everywhere")
        else:
            visits.end(session, visitor.token_hash, "signed out")
    return _leaving("me.show")


@blueprint.post("/consents")
@visitors_only
def consents(visitor: Visitor) -> AnyResponse:
    """Give and withdraw consents: those the person changed on the page they saw, and no others."""
    door.checked(ButtonForm(request.form, context=visitor.context))
    parts = _parts(visitor.email)
    page = queries.whole(visitor.email, parts, "")
    changed = {one.name: one for one in page.choices if _wants(one.name) != _was(one.name)}
    for place, part in enumerate(parts):
        with transaction(door.at(part.slug)) as session:
            if part.slug in changed:
                _set(session, visitor, ConsentKind.NEWS_MUSEUM, changed[part.slug].label, given=_wants(part.slug))
            if "network" in changed and (place == 0 or not _wants("network")):
                # Given once, at the museum that met them last; withdrawn wherever it was given.
                _set(session, visitor, ConsentKind.NEWS_NETWORK, changed["network"].label, given=_wants("network"))
    return redirect(url_for("me.show", saved=1, _anchor="consents"), HTTPStatus.SEE_OTHER)


def _set(session: Session, visitor: Visitor, kind: ConsentKind, words: str, *, given: bool) -> None:
    if given:
        service.give_consent(session, visitor.email, kind, wording=words, locale=current_locale())
    else:
        service.withdraw_consent(session, visitor.email, kind)


def _wants(name: str) -> bool:
    return f"want-{name}" in request.form


def _was(name: str) -> bool:
    return request.form.get(f"was-{name}") == "1"


@blueprint.get("/wall/<museum>/<int(max=9223372036854775807):pledge_id>")
@visitors_only
def wall(visitor: Visitor, museum: str, pledge_id: int) -> AnyResponse:
    """Show what the public sees of one gift."""
    return _wall(visitor, museum, pledge_id, None, {}, HTTPStatus.OK)


@blueprint.post("/wall/<museum>/<int(max=9223372036854775807):pledge_id>")
@visitors_only
def wall_posted(visitor: Visitor, museum: str, pledge_id: int) -> AnyResponse:
    """Change what the public sees of one gift."""
    form = ShownForm(request.form, context=visitor.context)
    valid = form.validate()
    door.check_token(form)
    if not valid:
        errors = form.first_errors()
        return _wall(visitor, museum, pledge_id, shown_values(request.form), errors, HTTPStatus.UNPROCESSABLE_ENTITY)
    with transaction(door.at(museum)) as session:
        pledge, _donor = queries.pledge_of(session, visitor.email, pledge_id)
        change_wall(session, pledge.id, **form.wishes)
    return redirect(url_for("me.show", saved=1), HTTPStatus.SEE_OTHER)


def _wall(
    visitor: Visitor, museum: str, pledge_id: int, values: dict[str, str] | None, errors: dict[str, str], status: int
) -> AnyResponse:
    with transaction(door.at(museum)) as session:
        page = queries.wall_page(session, visitor.email, pledge_id, form_token(visitor.context))
    return make_response(
        render_template("me/wall.html", page=page, values=page.values if values is None else values, errors=errors),
        status,
    )


@blueprint.post("/invitations/<museum>/<int(max=9223372036854775807):pledge_id>")
@visitors_only
def give_up(visitor: Visitor, museum: str, pledge_id: int) -> AnyResponse:
    """Give the places back that were booked at a gathering."""
    door.checked(ButtonForm(request.form, context=visitor.context))
    number = row_number(request.form.get("g"))
    with transaction(door.at(museum)) as session:
        pledge, _donor = queries.pledge_of(session, visitor.email, pledge_id, alone=False)
        invitations.give_up(session, number, pledge)
    return redirect(url_for("me.show", saved=1, _anchor="invitations"), HTTPStatus.SEE_OTHER)


@blueprint.get("/receipts/<museum>/<int(max=9223372036854775807):receipt_id>.pdf")
@visitors_only
def receipt(visitor: Visitor, museum: str, receipt_id: int) -> AnyResponse:
    """Give the bytes of a receipt in force."""
    with transaction(door.at(museum)) as session:
        found = queries.receipt_of(session, visitor.email, receipt_id)
    content = rendering.stored(found)
    if content is None:
        raise NotFound
    answer = make_response(content)
    answer.mimetype = "application/pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{printed_number(found).lower()}.pdf"'
    return answer


@blueprint.post("/export")
@visitors_only
def export_all(visitor: Visitor) -> AnyResponse:
    """Give the person everything that is kept of them."""
    door.checked(ButtonForm(request.form, context=visitor.context))
    limited("me_export", visitor.email)
    file = export.packed(*export.collect(visitor.email))
    name = f"{clock.now():%Y-%m-%d}.zip"
    answer = send_file(file, mimetype="application/zip", as_attachment=True, download_name=name)
    answer.call_on_close(file.close)
    return answer


@blueprint.get("/erase")
@visitors_only
def erase(visitor: Visitor) -> AnyResponse:
    """Say what erasing does, what stays and why."""
    return _erase(visitor, {}, HTTPStatus.OK)


@blueprint.post("/erase")
@visitors_only
def erase_confirmed(visitor: Visitor) -> AnyResponse:
    """Write the wish down; the worker carries it out within moments."""
    form = EraseForm(request.form, context=visitor.context)
    valid = form.validate()
    door.check_token(form)
    if not valid:
        return _erase(visitor, form.first_errors(), HTTPStatus.UNPROCESSABLE_ENTITY)
    parts = _parts(visitor.email)
    if not parts:
        raise NotFound
    with transaction(door.at(parts[0].slug)) as session:
        erasure.ask(session, visitor.email, current_locale(), by="donor")
    return _leaving("me.erased")


def _erase(visitor: Visitor, errors: dict[str, str], status: int) -> AnyResponse:
    page = queries.erase_page(visitor.email, _parts(visitor.email), form_token(visitor.context))
    return make_response(render_template("me/erase.html", page=page, errors=errors), status)


@blueprint.get("/erased")
def erased() -> AnyResponse:
    """Say that it is being done."""
    return make_response(render_template("me/erased.html"))


def _parts(email: str) -> list[AtMuseum]:
    """Read at every museum, each in its own scope; the one that met the person last comes first."""
    found = [part for _scope_of, part in door.at_each(lambda session: queries.at_museum(session, email))]
    known = [part for part in found if part is not None]
    return sorted(known, key=lambda part: max((gift.given_on for gift in part.gifts), default=date.min), reverse=True)


def _leaving(endpoint: str) -> Response:
    answer = make_response(redirect(url_for(endpoint), HTTPStatus.SEE_OTHER))
    door.drop_cookie(answer)
    return answer
