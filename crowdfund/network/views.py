"""The network's door: for those with a seat, and for who answers for a museum."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.accounts.csrf import csrf_token
from crowdfund.accounts.current import signed_in_person
from crowdfund.institutions.permissions import keep_private, send_to_sign_in
from crowdfund.network.queries import read_network
from crowdfund.network.service import may_look
from crowdfund.tenancy import PlatformScope, transaction

blueprint = Blueprint("network", __name__, url_prefix="/network")
blueprint.after_request(keep_private)


@blueprint.get("/")
def overview() -> AnyResponse:
    """Show the museums side by side."""
    person = signed_in_person()
    if person is None:
        return send_to_sign_in()
    with transaction(PlatformScope()) as session:
        allowed = may_look(session, person.account_id)
    if not allowed:
        raise NotFound
    if not person.has_second_factor:
        return redirect(url_for("accounts.security.second_factor_setup"), 303)
    page = render_template(
        "network/overview.html", network=read_network(), person=person, csrf_token=csrf_token(person.token_hash)
    )
    return make_response(page)
