"""At the desk: the list of gifts, and the views of lists that are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, g, make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.crm import saved
from crowdfund.dashboard.asked import read_asked
from crowdfund.dashboard.forms import ViewForm
from crowdfund.dashboard.frame import desk_here
from crowdfund.dashboard.queries import campaign_choices, list_gifts
from crowdfund.errors import Refusal
from crowdfund.forms import shown_values
from crowdfund.i18n import in_words
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.tenancy import transaction

blueprint = Blueprint("shelf", __name__, url_prefix="/staff/<museum>")
blueprint.after_request(keep_private)


@dataclass(frozen=True, slots=True)
class KeptViews:
    """The views a list offers, and the form that keeps one more. `keep_url` is empty while nothing is filtered."""

    views: tuple[tuple[str, str, int, bool], ...]  # name, address, number, whether it is the one shown
    keep_url: str


@blueprint.get("/gifts")
@requires(Permission.READ_GIFTS)
def list_of_gifts() -> AnyResponse:
    """Show the museum's gifts, by filters."""
    return _gifts()


@blueprint.post("/gifts")
@requires(Permission.READ_GIFTS)
def keep_view_of_gifts() -> AnyResponse:
    """Keep the filters of the address under a name."""
    form = ViewForm(request.form, context="")
    if not form.validate():
        return _gifts(form.first_errors(), 422)
    try:
        with transaction(g.scope) as session:
            kept = saved.keep_view(session, "gifts", form.name.data, read_asked(request.args).parameters()).filters
    except Refusal as refusal:
        return _gifts({refusal.field or "name": in_words(refusal)}, refusal.status)
    return redirect(f"/staff/{membership_here().slug}/gifts?{urlencode(kept)}", 303)


@blueprint.post("/views/<int:view_id>/drop")
@requires(Permission.READ_GIFTS)
def drop_view(view_id: int) -> AnyResponse:
    """Delete a view; the gifts and donors it showed stay."""
    with transaction(g.scope) as session:
        page = saved.drop_view(session, view_id)
    return redirect(f"/staff/{membership_here().slug}/{page}", 303)


def shelf_of(session: Session, page: str, asked: dict[str, str]) -> KeptViews:
    """Read the views of a list."""
    here = f"/staff/{membership_here().slug}/{page}"
    views = tuple(
        (one.name, f"{here}?{urlencode(one.filters)}", one.id, one.filters == asked)
        for one in saved.views_of(session, page)
    )
    return KeptViews(views, f"{here}?{urlencode(asked)}" if asked else "")


def _gifts(errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    museum = membership_here()
    with transaction(g.scope) as session:
        found = list_gifts(session, museum, read_asked(request.args))
        values: dict[str, Any] = {
            "found": found,
            "shelf": shelf_of(session, "gifts", dict(found.asked)),
            "campaigns": campaign_choices(session, museum),
            "desk": desk_here(session),
        }
    page = render_template(
        "staff/gifts.html", place="gifts", values=shown_values(request.form), errors=errors or {}, **values
    )
    return make_response(page, status)
