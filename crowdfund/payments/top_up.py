"""Add to a gift by its link: one screen, the same donor and the same wishes, a payment of its own."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from flask import make_response, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.campaigns.early import CLOSED
from crowdfund.donors.rules import DonorDetails
from crowdfund.donors.service import donor_of
from crowdfund.errors import Conflict
from crowdfund.forms import form_token, shown_values
from crowdfund.i18n import N_, current_locale
from crowdfund.money import Money
from crowdfund.payments import budgets, giving
from crowdfund.payments.provider import ProviderRefused, ProviderUnavailable
from crowdfund.pledges import service as pledges
from crowdfund.pledges.forms import TopUpForm, parse_attempt
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.offers import Offer, load_offer, slugs_of
from crowdfund.pledges.queries import Filled, give_page
from crowdfund.pledges.rules import PledgeRequest, PledgeState
from crowdfund.tenancy import DonorScope, PublicScope, transaction

NOT_PAID = N_("There is nothing to add to yet: this gift was not paid.")


def show(scope: DonorScope, pledge_id: int, token: str) -> AnyResponse:
    """Ask how much to add."""
    return _page(_offer(scope, pledge_id), token, {}, {}, _attempt(token, uuid4()))


def take(scope: DonorScope, pledge_id: int, token: str) -> AnyResponse:
    """Make the pledge of this attempt, or find it made, and lead to its payment page."""
    offer = _offer(scope, pledge_id)
    attempt = parse_attempt(request.form.get("attempt", ""))
    form = TopUpForm(request.form, currency=offer.minimum.currency, context=f"{token}:{attempt}")
    problems = giving.amount_problems(form, offer)
    if problems.errors or attempt is None or form.chosen is None:
        fits = attempt is not None and "csrf_token" not in form.errors
        again = _attempt(token, attempt if fits and attempt else uuid4())
        return _page(offer, token, shown_values(request.form), problems.errors, again)
    with transaction(scope) as session:
        wish = _same_again(session, pledge_id, attempt, form.chosen)
    budgets.count_pledge(wish.donor.email)
    with transaction(scope) as session:
        made = pledges.make_pledge(session, wish)
    try:
        return giving.see_other(giving.payment_page(scope, made.id))
    except (ProviderUnavailable, ProviderRefused):
        return giving.paused_again(scope, made.id, pledges.gift_token(made))


def _offer(scope: DonorScope, pledge_id: int) -> Offer:
    """Read the campaign of a gift that may be added to. Raises Conflict when it may not."""
    with transaction(scope) as session:
        if pledges.pledge_of(session, pledge_id).state != PledgeState.PAID:
            raise Conflict(NOT_PAID)
        museum, campaign = slugs_of(session, pledge_id)
    with transaction(PublicScope()) as session:
        offer = load_offer(session, museum, campaign)
    if not offer.is_open():
        raise Conflict(CLOSED)
    return offer


def _same_again(session: Session, pledge_id: int, attempt: UUID, amount: Money) -> PledgeRequest:
    """Ask for another pledge of the same donor. The wall names them once, so this one stands there for nobody."""
    first: Pledge = pledges.pledge_of(session, pledge_id)
    donor = donor_of(session, first.donor_id)
    if donor.erased_at is not None or donor.email is None:
        raise Conflict(N_("This gift no longer belongs to anybody we can write to."))
    told = {name: getattr(donor, name) or "" for name in DonorDetails.__slots__}
    return PledgeRequest(
        attempt=attempt,
        campaign_id=first.campaign_id,
        amount=amount,
        donor=DonorDetails(**told | {"locale": current_locale()}),
        wants_receipt=first.wants_receipt,
        fallback=first.fallback,
        channel="top-up",
        source="top-up",
    )


def _attempt(token: str, attempt: UUID) -> dict[str, str]:
    return {"attempt": str(attempt), "csrf_token": form_token(f"{token}:{attempt}")}


def _page(
    offer: Offer, token: str, values: Mapping[str, str], errors: Mapping[str, Any], own: Mapping[str, str]
) -> AnyResponse:
    filled = Filled(values=dict(values), errors=errors, amount=None, reward_id=None, **own)
    page = give_page(offer, filled)
    gift_url = f"/{current_locale()}/gifts/{token}"
    answer = make_response(
        render_template("give/more.html", page=page, gift_url=gift_url, errors=errors),
        HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
