"""The first page after signing in: the museums a person works for."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.accounts.csrf import csrf_token
from crowdfund.accounts.current import signed_in_person
from crowdfund.institutions.current import memberships_of
from crowdfund.institutions.permissions import keep_private, send_to_sign_in
from crowdfund.tenancy import PlatformScope, transaction

blueprint = Blueprint("institutions", __name__, url_prefix="/staff")
blueprint.after_request(keep_private)


@blueprint.get("/")
def museums() -> AnyResponse:
    """Go on to one's museum, or choose among several."""
    person = signed_in_person()
    if person is None:
        return send_to_sign_in()
    with transaction(PlatformScope()) as session:
        found = memberships_of(session, person.account_id)
    if len(found) == 1:
        return redirect(url_for("dashboard.home", museum=found[0].slug), 303)
    return make_response(
        render_template(
            "staff/museums.html", person=person, memberships=found, csrf_token=csrf_token(person.token_hash)
        )
    )
