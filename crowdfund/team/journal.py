"""At the desk: who did what, and when, for those who answer for it."""

from __future__ import annotations

from flask import Blueprint, g, make_response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.dashboard.frame import desk_here
from crowdfund.forms import showable, tidy
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.numbers import row_number
from crowdfund.team.trail import Asked, read_trail
from crowdfund.tenancy import transaction

blueprint = Blueprint("trail", __name__, url_prefix="/staff/<museum>/audit")
blueprint.after_request(keep_private)

LONGEST_SUBJECT = 80


@blueprint.get("")
@requires(Permission.READ_TRAIL)
def trail() -> AnyResponse:
    """Show the trail, the newest first; filters that make no sense find nothing or are left out."""
    subject = tidy(showable(request.args.get("subject", "")))[:LONGEST_SUBJECT]
    asked = Asked(_number("person"), subject, _number("before"))
    with transaction(g.scope) as session:
        found = read_trail(session, asked, verify=request.args.get("verify") == "1")
        desk = desk_here(session)
    page = render_template(
        "staff/team/trail.html",
        desk=desk,
        place="audit",
        trail=found,
        asked=asked,
        timezone=membership_here().time_zone,
    )
    return make_response(page)


def _number(name: str) -> int | None:
    return row_number(request.args.get(name)) or None
