"""The donor's door to what belongs to one gift."""

from __future__ import annotations

from flask import Blueprint, make_response, request
from werkzeug.wrappers import Response

from crowdfund.accounts.buckets import limited
from crowdfund.errors import NotFound
from crowdfund.gifts import dedications
from crowdfund.links import BadLink, institution_of
from crowdfund.pledges import service as pledges
from crowdfund.tenancy import DonorScope, transaction

blueprint = Blueprint("gifts", __name__)


@blueprint.get("/<lang:lang>/gifts/<token>/card.pdf")
def card(token: str) -> Response:
    """Give the donor the card of a dedicated gift, to print or to send on."""
    limited("gift_page_ip", request.remote_addr or "")
    try:
        scope = DonorScope(institution_of(token))
    except BadLink as error:
        raise NotFound from error
    with transaction(scope) as session:
        pledge = pledges.pledge_by_token(session, token)
    content = dedications.stored_card(pledge)
    if content is None:
        raise NotFound
    answer = make_response(content)
    answer.headers["Content-Type"] = "application/pdf"
    answer.headers["Content-Disposition"] = f'inline; filename="{dedications.FILE}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
