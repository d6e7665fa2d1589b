"""The donor's door to the words of a dedication."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from crowdfund.errors import Conflict
from crowdfund.forms import form_token, shown_values
from crowdfund.i18n import gettext
from crowdfund.me import dedicating, door
from crowdfund.me.door import visitors_only
from crowdfund.me.forms import DedicationForm
from crowdfund.me.visits import Visitor
from crowdfund.tenancy import transaction

blueprint = Blueprint("dedicated", __name__, url_prefix="/<lang:lang>/me/dedication")


@blueprint.get("/<museum>/<int(max=9223372036854775807):pledge_id>")
@visitors_only
def show(visitor: Visitor, museum: str, pledge_id: int) -> Response:
    """Show to whom a gift is dedicated, and what may still be corrected."""
    return _page(visitor, museum, pledge_id, None, {}, HTTPStatus.OK)


@blueprint.post("/<museum>/<int(max=9223372036854775807):pledge_id>")
@visitors_only
def correct(visitor: Visitor, museum: str, pledge_id: int) -> Response:
    """Correct the words; once it is too late the page says so, and still shows what was typed."""
    form = DedicationForm(request.form, context=visitor.context)
    valid = form.validate()
    door.check_token(form)
    if not valid:
        sent = shown_values(request.form)
        return _page(visitor, museum, pledge_id, sent, form.first_errors(), HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with transaction(door.at(museum)) as session:
            dedicating.correct(
                session, visitor.email, pledge_id,
                form.dedication_kind.data, form.dedication_name.data, form.dedication_email.data,
            )  # fmt: skip
    except Conflict as conflict:
        sent = shown_values(request.form)
        return _page(visitor, museum, pledge_id, sent, {}, HTTPStatus.CONFLICT, gettext(conflict.message))
    return redirect(url_for("me.show", saved=1), HTTPStatus.SEE_OTHER)


def _page(
    visitor: Visitor,
    museum: str,
    pledge_id: int,
    values: dict[str, str] | None,
    errors: dict[str, str],
    status: int,
    refused: str = "",
) -> Response:
    with transaction(door.at(museum)) as session:
        page = dedicating.dedication_page(session, visitor.email, pledge_id, form_token(visitor.context))
    shown = page.values if values is None else values
    return make_response(
        render_template("me/dedication.html", page=page, values=shown, errors=errors, refused=refused), status
    )
