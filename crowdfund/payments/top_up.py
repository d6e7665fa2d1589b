"""Add to a gift by its link: one screen, the same donor and the same wishes, a payment of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from flask import make_response, render_template, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.campaigns.early import CLOSED
from crowdfund.campaigns.view import AmountChoice
from crowdfund.donors.rules import DonorDetails
from crowdfund.donors.service import donor_of
from crowdfund.errors import Conflict
from crowdfund.forms import form_token, shown_values
from crowdfund.gifts.chain import Chain, chain_of
from crowdfund.headers import SHOWN_AGAIN
from crowdfund.i18n import N_, current_locale
from crowdfund.money import Money
from crowdfund.payments import budgets, giving
from crowdfund.payments.provider import ProviderRefused, ProviderUnavailable
from crowdfund.pledges import service as pledges
from crowdfund.pledges.forms import TopUpForm, parse_attempt
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.offers import Offer, load_offer, slugs_of
from crowdfund.pledges.queries import Filled, give_page
from crowdfund.pledges.rules import PledgeRequest, PledgeState, TopUp
from crowdfund.pledges.view import RewardAhead
from crowdfund.tenancy import DonorScope, PublicScope, transaction

NOT_PAID = N_("There is nothing to add to yet: this gift was not paid.")


def show(scope: DonorScope, pledge_id: int, token: str) -> AnyResponse:
    """Ask how much to add, and to which reward it is to lead."""
    offer, chain = _offer(scope, pledge_id)
    values = {"reward": request.args.get("reward", "")}
    return _page((offer, chain), token, values, {}, _attempt(token, uuid4()))


def take(scope: DonorScope, pledge_id: int, token: str) -> AnyResponse:
    """Make the pledge of this attempt, or find it made, and lead to its payment page."""
    offer, chain = _offer(scope, pledge_id)
    attempt = parse_attempt(request.form.get("attempt", ""))
    form = TopUpForm(_with_what_is_lacking(offer, chain), currency=offer.minimum.currency, context=f"{token}:{attempt}")
    problems = giving.amount_problems(form, replace(offer, given=chain.given))
    if problems.errors or attempt is None or form.chosen is None:
        fits = attempt is not None and "csrf_token" not in form.errors
        again = _attempt(token, attempt if fits and attempt else uuid4())
        return _page((offer, chain), token, shown_values(request.form), problems.errors, again)
    with transaction(scope) as session:
        wish = _same_again(session, pledge_id, attempt, form.chosen)
        wish = replace(wish, reward_id=form.reward_id)
    budgets.count_pledge(wish.donor.email)
    with transaction(scope) as session:
        made = pledges.make_pledge(session, wish)
    try:
        return giving.see_other(giving.payment_page(scope, made.id))
    except (ProviderUnavailable, ProviderRefused):
        return giving.paused_again(scope, made.id, pledges.gift_token(made))


def _offer(scope: DonorScope, pledge_id: int) -> tuple[Offer, Chain]:
    """Read the campaign of a gift that may be added to, and what was given so far. Raises Conflict when it may not."""
    with transaction(scope) as session:
        pledge = pledges.pledge_of(session, pledge_id)
        if pledge.state != PledgeState.PAID:
            raise Conflict(NOT_PAID)
        museum, campaign = slugs_of(session, pledge_id)
        chain = chain_of(session, pledge)
    with transaction(PublicScope()) as session:
        offer = load_offer(session, museum, campaign)
    if not offer.is_open():
        raise Conflict(CLOSED)
    return offer, chain


def _ahead(offer: Offer, chain: Chain) -> tuple[RewardAhead, ...]:
    """List the rewards above the one that was earned, each with what it lacks."""
    return tuple(
        RewardAhead(one.id, one.title, one.text, one.price, _missing(offer, chain, one.price))
        for one in offer.rewards
        if one.price > chain.earned and one.left != 0
    )


def _with_what_is_lacking(offer: Offer, chain: Chain) -> MultiDict[str, str]:
    """Read the form; where a reward is to be reached and no amount was chosen, the reward says how much it takes."""
    sent = MultiDict(request.form)
    missing = {str(one.id): one.missing for one in _ahead(offer, chain)}.get(sent.get("reward", ""))
    if missing is not None and not sent.get("amount") and not sent.get("other_amount"):
        sent["amount"] = str(missing.decimal)
    return sent


def _missing(offer: Offer, chain: Chain, price: Money) -> Money:
    return max(offer.minimum, price - chain.given) if price > chain.given else offer.minimum


def _same_again(session: Session, pledge_id: int, attempt: UUID, amount: Money) -> PledgeRequest:
    """Ask for another pledge of the same donor. The wall names them once, so this one stands there for nobody."""
    first: Pledge = pledges.pledge_of(session, pledge_id)
    chain = chain_of(session, first)
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
        tops_up=TopUp(first.tops_up_id or first.id, chain.given, chain.counterpart),
        channel="top-up",
        source="top-up",
    )


def _attempt(token: str, attempt: UUID) -> dict[str, str]:
    return {"attempt": str(attempt), "csrf_token": form_token(f"{token}:{attempt}")}


def _filled(offer: Offer, picked: RewardAhead | None, values: Mapping[str, str], own: Mapping[str, str]) -> Filled:
    """Fill in what the reward to be reached still takes, until another amount is typed or chosen."""
    chosen = next((one for one in offer.suggested if AmountChoice(one).typed == values.get("amount")), None)
    typed: dict[str, str] = {}
    if picked is not None and not values.get("amount") and not values.get("other_amount"):
        chosen = picked.missing
        typed = {} if chosen in offer.suggested else {"other_amount": picked.lacks}
    return Filled(values=dict(values) | typed, errors={}, amount=chosen, reward_id=None, **own)


def _page(
    found: tuple[Offer, Chain],
    token: str,
    values: Mapping[str, str],
    errors: Mapping[str, Any],
    own: Mapping[str, str],
) -> AnyResponse:
    offer, chain = found
    ahead = _ahead(offer, chain)
    picked = next((one for one in ahead if str(one.id) == values.get("reward")), None)
    held = next((one.title for one in offer.rewards if chain.earned and one.price == chain.earned), "")
    page = give_page(offer, replace(_filled(offer, picked, values, own), errors=errors))
    gift_url = f"/{current_locale()}/gifts/{token}"
    answer = make_response(
        render_template(
            "give/more.html",
            page=page,
            gift_url=gift_url,
            errors=errors,
            ahead=ahead,
            picked=picked.id if picked else None,
            held=held,
            given=chain.given,
        ),
        HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
    )
    answer.headers["Cache-Control"] = SHOWN_AGAIN if errors else "no-store"
    return answer
