"""The provider's door: notifications are verified, kept, and answered at once. All the work is a task."""

from __future__ import annotations

import json

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from config import Config
from crowdfund import clock, log
from crowdfund.payments import inbox, translation
from crowdfund.payments.provider import Notice
from crowdfund.payments.signature import is_genuine
from crowdfund.tenancy import OperatorScope, PlatformScope, transaction

blueprint = Blueprint("webhook", __name__)

LARGEST = 256 * 1024


@blueprint.post("/webhooks/stripe/<any(connected, platform):destination>")
def stripe(destination: str) -> Response:
    """Take one notification. 413 too large, 400 not signed or not readable, else 200, known or not."""
    config: Config = current_app.extensions["config"]
    request.max_content_length = LARGEST
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return _answer(413)
    header = request.headers.get("Stripe-Signature", "")
    if not is_genuine(body, header, config.stripe_webhook_secrets, clock.now().timestamp()):
        log.get().warning("webhook_bad_signature", type=destination)
        return _answer(400)
    try:
        notice = translation.notice(json.loads(body))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        log.get().warning("webhook_unreadable", type=destination, error_class=type(error).__name__)
        return _answer(400)
    _keep(notice, config)
    return _answer(200)


def _keep(notice: Notice, config: Config) -> None:
    account = notice.account or (notice.object_id if notice.object_id.startswith("acct_") else None)
    with transaction(PlatformScope()) as session:
        museum = None if account is None else inbox.museum_of_account(session, account)
        if notice.livemode != config.livemode:
            inbox.keep_stray(session, notice, "other_mode")
            return
        if account is None or museum is None:
            inbox.keep_stray(session, notice, "platform" if account is None else "unknown_account")
            return
    with transaction(OperatorScope(museum, "webhook")) as session:
        inbox.keep(session, notice, account, "webhook")


def _answer(status: int) -> Response:
    return Response(status=status, headers={"Cache-Control": "no-store"})
