"""The doors of giving: the form, the way to payment and back."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, request
from werkzeug.wrappers import Response as AnyResponse

from crowdfund import log
from crowdfund.accounts.buckets import limited
from crowdfund.errors import NotFound, Refusal
from crowdfund.forms import STALE, Form
from crowdfund.i18n import current_locale
from crowdfund.links import BadLink, institution_of
from crowdfund.payments import again, budgets, checkout, giving, service, top_up
from crowdfund.payments.provider import ProviderRefused, ProviderUnavailable
from crowdfund.payments.rules import CheckoutState
from crowdfund.pledges import service as pledges
from crowdfund.pledges.gift_forms import PayForm
from crowdfund.tenancy import DonorScope, transaction

blueprint = Blueprint("giving", __name__)


@blueprint.get("/<lang:lang>/<museum>/<campaign>/give")
def give(museum: str, campaign: str) -> AnyResponse:
    """Show a step of the giving form."""
    return giving.show(giving.offer_at(museum, campaign))


@blueprint.post("/<lang:lang>/<museum>/<campaign>/give")
def give_posted(museum: str, campaign: str) -> AnyResponse:
    """Take the answers of a step."""
    return giving.take(giving.offer_at(museum, campaign))


@blueprint.get("/<lang:lang>/early/<token>/give")
def give_early(token: str) -> AnyResponse:
    """Show a step of the giving form to a friend, before the campaign opens."""
    return giving.show(giving.early_offer(token))


@blueprint.post("/<lang:lang>/early/<token>/give")
def give_early_posted(token: str) -> AnyResponse:
    """Take the answers of a step from a friend."""
    return giving.take(giving.early_offer(token))


@blueprint.get("/<lang:lang>/gifts/<token>/return")
def returned(token: str) -> AnyResponse:
    """Settle the payment a donor comes back from, and show the gift. A page of another gift is a 404."""
    scope, pledge_id = _opened(token)
    session_id = request.args.get("session_id", "")
    if not session_id or not session_id.isascii() or not session_id.isprintable():
        raise NotFound
    try:
        state = service.settle_checkout(scope, session_id, pledge_id)
    except (ProviderUnavailable, ProviderRefused) as error:
        # The notification or the sweeper will settle it.
        log.get().warning("return_waits", pledge_id=pledge_id, error_class=type(error).__name__)
        return giving.see_other(f"{_page_of(token)}?waiting=1")
    if state == CheckoutState.PAID:
        budgets.give_back(scope, pledge_id, session_id)
    return giving.see_other(_page_of(token))


@blueprint.post("/<lang:lang>/gifts/<token>/pay")
def pay(token: str) -> AnyResponse:
    """Try to pay again: the same pledge, a page of its own. Never two payments."""
    scope, pledge_id = _opened(token)
    _checked(PayForm(request.form, context=token))
    if service.standing_of(scope, pledge_id) == CheckoutState.FAILED:
        budgets.count_failed(scope, pledge_id)
    try:
        return giving.see_other(giving.payment_page(scope, pledge_id))
    except (ProviderUnavailable, ProviderRefused) as error:
        log.get().warning("checkout_paused", pledge_id=pledge_id, error_class=type(error).__name__)
        return giving.paused_again(scope, pledge_id, token)


@blueprint.post("/<lang:lang>/gifts/<token>/differently")
def give_differently(token: str) -> AnyResponse:
    """Let go of a payment that was begun, and start again with what was chosen."""
    scope, pledge_id = _opened(token)
    _checked(PayForm(request.form, context=token))
    try:
        let_go = checkout.withdraw(scope, pledge_id)
    except (ProviderUnavailable, ProviderRefused) as error:
        log.get().warning("withdraw_waits", pledge_id=pledge_id, error_class=type(error).__name__)
        return giving.paused_again(scope, pledge_id, token)
    return giving.see_other(f"{_page_of(token)}/differently" if let_go else _page_of(token))


@blueprint.get("/<lang:lang>/gifts/<token>/differently")
def start_again(token: str) -> AnyResponse:
    """Show step 1 with what was chosen before; the gift's page while the gift is still expected."""
    return again.show(*_opened(token)) or giving.see_other(_page_of(token))


@blueprint.get("/<lang:lang>/gifts/<token>/more")
def add_more(token: str) -> AnyResponse:
    """Ask how much to add to a gift."""
    return top_up.show(*_opened(token), token)


@blueprint.post("/<lang:lang>/gifts/<token>/more")
def add_more_posted(token: str) -> AnyResponse:
    """Add to a gift: the same donor, another payment."""
    limited("gift_page_ip", request.remote_addr or "")
    return top_up.take(*_opened(token), token)


def _opened(token: str) -> tuple[DonorScope, int]:
    """Open the pledge of a token; whatever is wrong with the token is one 404."""
    try:
        scope = DonorScope(institution_of(token))
    except BadLink as error:
        raise NotFound from error
    with transaction(scope) as session:
        return scope, pledges.pledge_by_token(session, token).id


def _checked(form: Form) -> None:
    """Refuse a form that is filled wrongly, with its first sentence."""
    if form.validate():
        return
    errors = form.first_errors()
    if "" in errors:
        raise Refusal(STALE, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    name, sentence = next(iter(errors.items()))
    raise Refusal(sentence, field=name)


def _page_of(token: str) -> str:
    return f"/{current_locale()}/gifts/{token}"
