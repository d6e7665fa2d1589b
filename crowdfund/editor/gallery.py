"""The museum's pictures: sent once, described in words, used in its campaigns."""

from __future__ import annotations

import re

from flask import Blueprint, current_app, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.accounts import buckets
from crowdfund.campaigns import illustration
from crowdfund.conversation import news
from crowdfund.dashboard.frame import desk_here
from crowdfund.editor.forms import alt_form
from crowdfund.editor.frame import kept_now
from crowdfund.errors import Refusal
from crowdfund.forms import shown_values
from crowdfund.i18n import in_words
from crowdfund.institutions.current import languages_of
from crowdfund.institutions.permissions import keep_private, membership_here, person_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.pictures import encoding, service
from crowdfund.pictures.rules import LARGEST_FILE, check_alt
from crowdfund.tenancy import transaction

ASKING = re.compile(r"[0-9]{1,18}/edit/(picture|pieces|reward/[0-9]{1,18}/picture)")  # pages that ask for a picture
FORM_BESIDE = 256 * 1024  # what a form's words may add to the file

blueprint = Blueprint("gallery", __name__, url_prefix="/staff/<museum>")
blueprint.after_request(keep_private)


@blueprint.before_request
def let_pictures_in() -> None:
    """Take a larger body at the one address that pictures are sent to; before anything reads it."""
    if request.endpoint == "gallery.add":
        request.max_content_length = LARGEST_FILE + FORM_BESIDE


@blueprint.get("/pictures")
@requires(Permission.EDIT)
def pictures() -> AnyResponse:
    """Show the museum's pictures, and the form that adds one."""
    return _list()


@blueprint.post("/pictures")
@requires(Permission.EDIT)
def add() -> AnyResponse:
    """Add a picture: check it, draw it anew, keep it."""
    buckets.limited("picture_account", str(person_here().account_id))
    museum = membership_here()
    with transaction(g.scope) as session:
        languages = languages_of(session, museum.institution_id)
    form = alt_form(languages)(request.form, context="")
    sent = request.files.get("file")
    try:
        if not form.validate():
            return _list(form.first_errors())
        said = form.said({locale: form[f"alt_{locale}"].data for locale in languages})
        check_alt(said.alt, museum.default_locale)  # before the work, not after it
        drawn = encoding.encode(museum.institution_id, sent.read() if sent else b"")
        encoding.keep(current_app.extensions["storage"], drawn)
        with transaction(g.scope) as session:
            kept = service.add_picture(session, drawn, said, museum.default_locale)
            illustration.follow(session, kept)
            news.follow_picture(session, illustration.reference_of(kept), kept.alt)
    except Refusal as refusal:
        return _list({refusal.field or "file": in_words(refusal)}, refusal.status)
    back = _asked_by()
    return redirect(
        f"{back}?kept={kept_now()}" if back else url_for(".picture", museum=museum.slug, picture_id=kept.id), 303
    )


@blueprint.get("/pictures/<int:picture_id>")
@requires(Permission.EDIT)
def picture(picture_id: int) -> AnyResponse:
    """Show one picture and what is said of it."""
    return _one(picture_id)


@blueprint.post("/pictures/<int:picture_id>")
@requires(Permission.EDIT)
def describe(picture_id: int) -> AnyResponse:
    """Say something else of a picture; campaigns that show it follow."""
    museum = membership_here()
    with transaction(g.scope) as session:
        service.picture_of(session, picture_id)
        languages = languages_of(session, museum.institution_id)
    form = alt_form(languages)(request.form, context="")
    if not form.validate():
        return _one(picture_id, form.first_errors())
    said = form.said({locale: form[f"alt_{locale}"].data for locale in languages})
    try:
        with transaction(g.scope) as session:
            kept = service.describe_picture(session, picture_id, said, museum.default_locale)
            illustration.follow(session, kept)
            news.follow_picture(session, illustration.reference_of(kept), kept.alt)
    except Refusal as refusal:
        if refusal.field is None:
            raise
        return _one(picture_id, {refusal.field: in_words(refusal)}, refusal.status)
    return redirect(url_for(".pictures", museum=museum.slug), 303)


def _asked_by() -> str:
    """Give the page of a campaign that asked for a picture, to go back to; nothing for any other address."""
    back = request.values.get("back", "")
    here = f"/staff/{membership_here().slug}/campaigns/"
    return back if back.startswith(here) and ASKING.fullmatch(back.removeprefix(here)) else ""


def _list(errors: dict[str, str] | None = None, status: int = 422) -> AnyResponse:
    museum = membership_here()
    with transaction(g.scope) as session:
        languages = languages_of(session, museum.institution_id)
        page = render_template(
            "editor/pictures.html",
            desk=desk_here(session),
            place="pictures",
            found=[illustration.shown_picture(one, languages) for one in service.pictures_here(session)],
            languages=languages,
            back=_asked_by(),
            values=shown_values(request.form) if errors else {},
            errors=errors or {},
        )
    return make_response(page, status if errors else 200)


def _one(picture_id: int, errors: dict[str, str] | None = None, status: int = 422) -> AnyResponse:
    museum = membership_here()
    with transaction(g.scope) as session:
        kept = service.picture_of(session, picture_id)
        languages = languages_of(session, museum.institution_id)
        values = {f"alt_{locale}": kept.alt.get(locale, "") for locale in languages} | {
            "credit": kept.credit,
            "focus_x": str(kept.focus_x),
            "focus_y": str(kept.focus_y),
        }
        page = render_template(
            "editor/picture.html",
            desk=desk_here(session),
            place="pictures",
            one=illustration.shown_picture(kept, languages),
            languages=languages,
            values=shown_values(request.form) if errors else values,
            errors=errors or {},
        )
    return make_response(page, status if errors else 200)
