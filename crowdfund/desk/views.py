"""The donor's door to the slip of a gift that was announced."""

from __future__ import annotations

from flask import Blueprint, make_response, request
from werkzeug.wrappers import Response

from crowdfund.accounts.buckets import limited
from crowdfund.desk.slip import FILE, Slip
from crowdfund.errors import NotFound
from crowdfund.links import BadLink, institution_of
from crowdfund.pledges import service as pledges
from crowdfund.tenancy import DonorScope, transaction

blueprint = Blueprint("slips", __name__)


@blueprint.get("/<lang:lang>/gifts/<token>/slip.pdf")
def slip(token: str) -> Response:
    """Give a donor the slip to print. Raises NotFound once the gift is paid."""
    limited("gift_page_ip", request.remote_addr or "")
    try:
        scope = DonorScope(institution_of(token))
    except BadLink as error:
        raise NotFound from error
    with transaction(scope) as session:
        read = Slip(session, pledges.pledge_by_token(session, token))
    return as_pdf(read.pdf())


def as_pdf(content: bytes, name: str = FILE) -> Response:
    """Answer with a PDF that nobody keeps."""
    answer = make_response(content)
    answer.headers["Content-Type"] = "application/pdf"
    answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
