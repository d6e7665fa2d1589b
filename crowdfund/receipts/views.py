"""The public check of a receipt, and the donor's own copy."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from crowdfund import links
from crowdfund.accounts import buckets
from crowdfund.errors import Conflict, NotFound
from crowdfund.i18n import N_
from crowdfund.pledges import service as pledges
from crowdfund.receipts import queries, rendering, service
from crowdfund.receipts.holds import reason_text
from crowdfund.receipts.numbering import printed_number
from crowdfund.receipts.rules import ReceiptState
from crowdfund.receipts.view import ReceiptCheck
from crowdfund.tenancy import DonorScope, transaction

blueprint = Blueprint("receipts", __name__)

CODE = re.compile(r"[0-9a-f]{1,6}-[a-z2-7]{26}")
LONGEST_TYPED = 80
TRY_AGAIN_SECONDS = "5"
CLOSED = {
    ReceiptState.SUSPENDED: N_("This receipt is suspended while your bank examines the payment."),
    ReceiptState.REPLACED: N_("This receipt was replaced."),
    ReceiptState.CANCELLED: N_("This receipt was cancelled."),
}


@blueprint.get("/<lang:lang>/receipts/")
def ask() -> Response:
    """Ask for a code; a code that was typed leads to its page."""
    typed = "".join(request.args.get("code", "").split()).lower()[:LONGEST_TYPED]
    if CODE.fullmatch(typed):
        return redirect(url_for("receipts.check", code=typed), code=303)
    return _page(None, code=typed, searched=bool(typed))


@blueprint.get("/<lang:lang>/receipts/<code>")
def check(code: str) -> Response:
    """Tell whether a receipt counts. Every code that is not one of ours gets the same answer."""
    buckets.limited("receipt_check_ip", request.remote_addr or "")
    found = None
    if CODE.fullmatch(code):
        with transaction(DonorScope(links.institution_of(code))) as session:
            found = queries.check_of(session, code)
    return _page(found, code=code[:LONGEST_TYPED], searched=True)


@blueprint.get("/<lang:lang>/gifts/<token>/receipt.pdf")
def download(token: str) -> Response:
    """Give the donor the receipt of their gift: the bytes that were issued, and no other."""
    buckets.limited("gift_page_ip", request.remote_addr or "")
    try:
        museum = links.institution_of(token)
    except links.BadLink as error:
        raise NotFound from error
    with transaction(DonorScope(museum)) as session:
        pledge = pledges.pledge_by_token(session, token)
        gift, receipt = queries.receipt_of_pledge(session, pledge.id)
        hold = service.hold_of(session, gift.id) if gift is not None else None
    if receipt is None:
        if not pledge.wants_receipt:
            raise NotFound
        return _not_yet(hold.reason if hold is not None else "")
    if receipt.state != ReceiptState.ISSUED:
        raise Conflict(CLOSED[ReceiptState(receipt.state)])
    content = rendering.stored(receipt)
    return _file(content, f"{printed_number(receipt).lower()}.pdf") if content is not None else _not_yet("")


def _page(receipt: ReceiptCheck | None, *, code: str, searched: bool) -> Response:
    errors: dict[str, Any] = {}
    body = render_template("receipts/check.html", receipt=receipt, code=code, searched=searched, errors=errors)
    answer = make_response(body, 404 if searched and receipt is None else 200)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _not_yet(reason: str) -> Response:
    """Say that the receipt is being made (202), or why it waits (409)."""
    if reason:
        raise Conflict(reason_text(reason))
    answer = make_response(render_template("receipts/coming.html"), 202)
    answer.headers["Retry-After"] = TRY_AGAIN_SECONDS
    return answer


def _file(content: bytes, name: str) -> Response:
    answer = make_response(content)
    answer.mimetype = "application/pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
