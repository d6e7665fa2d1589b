"""The two steps of giving: look at the answers, show the next page, lead to payment.

No cookie, no script: nothing is kept between the steps but what the form carries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from flask import Response, make_response, redirect, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from crowdfund import log
from crowdfund.campaigns.early import opened_by
from crowdfund.errors import NotFound, Refusal
from crowdfund.forms import form_token, shown_values, token_age
from crowdfund.headers import SHOWN_AGAIN
from crowdfund.i18n import current_locale, gettext, in_words
from crowdfund.links import BadLink, institution_of
from crowdfund.payments import budgets, service
from crowdfund.payments.provider import ProviderRefused, ProviderUnavailable
from crowdfund.pledges import groups
from crowdfund.pledges import service as pledges
from crowdfund.pledges.forms import GROUP, AmountForm, GiveForm, parse_attempt
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.offers import Offer, load_offer, piece_title, slugs_of
from crowdfund.pledges.queries import Filled, give_page
from crowdfund.pledges.rules import PledgeState
from crowdfund.pledges.view import GivePage
from crowdfund.tenancy import DonorScope, PublicScope, transaction

PHASES = {"succeeded": "succeeded", "withdrawn": "withdrawn", "ended": "failed"}
RETRY_SECONDS = "120"
UNSEEN = {"fallback"}


@dataclass(frozen=True, slots=True)
class Problems:
    """What is wrong with a form, by field, and the answer's status."""

    errors: Mapping[str, str]
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY


def show(offer: Offer) -> AnyResponse:
    """Ask how much (step 1), or, with its answers, in whose name (step 2)."""
    if not offer.is_open():
        return closed(offer)
    if request.args.get("step") == "2":
        return _second_step(offer, request.args)
    form = AmountForm(request.args, currency=offer.minimum.currency)
    form.validate()
    filled = Filled(values=_from_link(form), errors={}, amount=form.chosen, reward_id=form.reward_id)
    return page("give/step1.html", offer, filled, HTTPStatus.OK)


def take(offer: Offer) -> AnyResponse:
    """Take the answers of step 1 and show step 2, or take those of step 2 and lead to the payment page."""
    form = request.form
    if form.get("step") == "1":
        return _second_step(offer, form) if offer.is_open() else closed(offer)
    return _pledge(offer, form)


def offer_at(museum: str, campaign: str) -> Offer:
    """Read what is offered at a campaign's own address."""
    with transaction(PublicScope()) as session:
        return load_offer(session, museum, campaign)


def early_offer(token: str) -> Offer:
    """Read the campaign that a link opens. Once it is open to all, the link is nothing special any more."""
    try:
        scope = DonorScope(institution_of(token))
    except BadLink as error:
        raise NotFound from error
    with transaction(scope) as session:
        found = opened_by(session, token)
    offer = offer_at(found.museum, found.slug)
    return replace(offer, early=token, early_link_id=found.link_id) if offer.is_early() else offer


def _from_link(form: AmountForm) -> dict[str, str]:
    """Keep what a link to step 1 may carry; an amount that is not among the suggested ones goes to the free field."""
    values = {"c": form.channel, "g": form.group, "reward": form.reward.data, "piece": form.piece.data}
    if form.chosen is not None:
        values["other_amount" if form.other_amount.typed else "amount"] = form.other_amount.typed or form.amount.typed
    return {name: value for name, value in values.items() if value}


def _second_step(offer: Offer, data: Any) -> AnyResponse:
    form = AmountForm(data, currency=offer.minimum.currency)
    problems = amount_problems(form, offer)
    filled = Filled(
        values=shown_values(data),
        errors=problems.errors,
        amount=form.chosen,
        reward_id=form.reward_id,
        donor_kind="company" if data.get("donor_kind") == "company" else "individual",
        **_fresh(),
    )
    if problems.errors:
        return page("give/step1.html", offer, filled, problems.status)
    return page("give/step2.html", offer, filled, HTTPStatus.OK)


def _fresh() -> dict[str, str]:
    """Mint an attempt and the token that goes with it."""
    attempt = str(uuid4())
    return {"attempt": attempt, "csrf_token": form_token(attempt)}


def amount_problems(form: AmountForm, offer: Offer) -> Problems:
    """Look at the whole form; then, if an amount can be read, at whether it and the reward may be chosen."""
    form.validate()
    errors = form.first_errors()
    if form.chosen is None and form.nothing_typed:
        errors["amount"] = gettext("Choose an amount, or type one")
    if form.chosen is None or "reward" in errors:
        return Problems(errors)
    try:
        offer.check(form.chosen, form.reward_id, waived=form.waive_reward.data)
    except Refusal as refusal:
        return Problems({refusal.field or "": in_words(refusal)} | errors, refusal.status)
    return Problems(errors)


def _pledge(offer: Offer, data: Any) -> AnyResponse:
    """Make the pledge of an attempt, or find it made, and lead to its payment page."""
    attempt = parse_attempt(data.get("attempt", ""))
    form = GiveForm(data, currency=offer.minimum.currency, context=str(attempt or ""))
    form.methods = offer.methods
    problems = amount_problems(form, offer)
    scope = DonorScope(offer.institution_id)
    if attempt is not None and "csrf_token" not in form.errors:
        with transaction(scope) as session:
            made = session.scalars(select(Pledge).where(Pledge.attempt == attempt)).one_or_none()
        if made is not None:  # sent twice: the first one stands, whatever this one says
            return _to_payment(offer, form, attempt, made)
    if not offer.is_open():
        return closed(offer)
    errors = form.receipt_problems(offer.jurisdiction) | _wall_problems(form, offer) | dict(problems.errors)
    if errors or form.meant or attempt is None or form.chosen is None:
        status = problems.status if errors else HTTPStatus.OK  # a question about the address is no error
        return _again(offer, form, attempt, Problems(_ordered(form, errors), status))
    age = token_age(str(attempt), form.csrf_token.data)
    if age is None or budgets.too_quick(age):
        return _again(
            offer,
            form,
            attempt,
            Problems({"": gettext("That was very quick. Check your answers and send them again.")}),
        )
    budgets.count_pledge(form.email.data or str(attempt))
    asked = form.request(offer.campaign_id, attempt, form.chosen, current_locale())
    asked = replace(asked, early_link_id=offer.early_link_id)
    try:
        with transaction(scope) as session:
            made = pledges.make_pledge(session, asked)
    except Refusal as refusal:
        if refusal.field is None:
            raise
        return _again(offer, form, attempt, Problems({refusal.field: in_words(refusal)}, refusal.status))
    return _to_payment(offer, form, attempt, made)


def _wall_problems(form: GiveForm, offer: Offer) -> dict[str, str]:
    """Ask under which name a reward puts its donor on the wall: nothing is chosen there beforehand."""
    reward = offer.reward(form.reward_id)
    if reward is None or reward.sent_by != "wall" or form.waive_reward.data or form.group or form.wall.raw_data:
        return {}
    return {"wall": gettext("Your reward puts your name on the wall: say which name, or stay anonymous all the same")}


def _ordered(form: GiveForm, errors: Mapping[str, str]) -> dict[str, str]:
    """Sort sentences in the order of the form; what belongs to the whole form comes first."""
    places = {name: place for place, name in enumerate(["", *form._fields])}
    return dict(sorted(errors.items(), key=lambda one: places.get(one[0], 0)))


def _again(offer: Offer, form: GiveForm, attempt: UUID | None, problems: Problems) -> AnyResponse:
    """Show step 2 again as it was filled. A token that did not fit gets a new attempt: the old one may be another's."""
    fits = attempt is not None and "csrf_token" not in form.errors
    own = {"attempt": str(attempt), "csrf_token": form_token(str(attempt))} if fits else _fresh()
    return page("give/step2.html", offer, _filled(form, problems.errors, own), problems.status)


def _filled(form: GiveForm, errors: Mapping[str, str], own: Mapping[str, str]) -> Filled:
    """Give what was filled in; a wrong answer that the page has no field for is dropped, since nobody could mend it."""
    values = shown_values(request.form)
    return Filled(
        values={name: value for name, value in values.items() if name not in UNSEEN or name not in errors},
        errors=errors,
        amount=form.chosen,
        reward_id=form.reward_id,
        donor_kind="company" if form.is_company else "individual",
        meant=form.meant,
        attempt=own["attempt"],
        csrf_token=own["csrf_token"],
    )


def page(template: str, offer: Offer, filled: Filled, status: int) -> AnyResponse:
    """Show a step of the form as it was filled, the group and the piece named."""
    named = replace(filled, group=_group_of(offer, filled.values.get("g", "")), piece=_piece_of(offer, filled))
    shown = give_page(offer, named)
    answer = make_response(render_template(template, page=shown, errors=shown.errors), status)
    alone = filled.values.get("c") != "kiosk"  # the next person at a kiosk does not go back to this one's name
    answer.headers["Cache-Control"] = SHOWN_AGAIN if filled.errors and alone else "no-store"
    return answer


def _group_of(offer: Offer, code: str) -> str:
    """Name the group that gives; a code that is no group's is none."""
    if not GROUP.fullmatch(code):
        return ""
    with transaction(DonorScope(offer.institution_id)) as session:
        group = groups.find_group(session, offer.campaign_id, code)
        return group.name if group else ""


def _piece_of(offer: Offer, filled: Filled) -> str:
    """Name the piece wished for; none of another reward, and none that is adopted already."""
    with transaction(PublicScope()) as session:
        return piece_title(session, offer, filled.reward_id, filled.values.get("piece", ""))


def closed(offer: Offer) -> AnyResponse:
    """Say why no gift can be made now."""
    page = give_page(offer, Filled(values={}, errors={}, amount=None, reward_id=None))
    phase = "scheduled" if offer.is_early() else PHASES.get(offer.state, "failed")
    if offer.is_running():
        phase = "no_way" if offer.keeps() else "other_model"
    answer = make_response(
        render_template("give/closed.html", page=page, phase=phase, opens_on=offer.day(offer.opens_at)),
        HTTPStatus.CONFLICT,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _to_payment(offer: Offer, form: GiveForm, attempt: UUID, pledge: Pledge) -> AnyResponse:
    """Lead to the payment page. If the provider does not answer, everything is kept on a page that sends it again.

    Who pays by transfer or cheque is led to the page that says how.
    """
    if pledge.reference is not None:
        return see_other(f"/{current_locale()}/gifts/{pledges.gift_token(pledge)}")
    scope = DonorScope(offer.institution_id)
    try:
        url = payment_page(scope, pledge.id)
    except (ProviderUnavailable, ProviderRefused) as error:
        log.get().warning("checkout_paused", pledge_id=pledge.id, error_class=type(error).__name__)
        own = {"attempt": str(attempt), "csrf_token": form_token(str(attempt))}
        return _paused(give_page(offer, _filled(form, {}, own)))
    return see_other(url)


def _paused(page: GivePage) -> AnyResponse:
    answer = make_response(render_template("give/paused.html", page=page), HTTPStatus.SERVICE_UNAVAILABLE)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Retry-After"] = RETRY_SECONDS
    return answer


def paused_again(scope: DonorScope, pledge_id: int, token: str) -> AnyResponse:
    """Say on the way back, too, that the provider does not answer; the button asks for the same payment again."""
    with transaction(scope) as session:
        museum, campaign = slugs_of(session, pledge_id)
    offer = offer_at(museum, campaign)
    page = give_page(offer, Filled(values={}, errors={}, amount=None, reward_id=None, csrf_token=form_token(token)))
    return _paused(replace(page, action=f"/{current_locale()}/gifts/{token}/pay"))


def payment_page(scope: DonorScope, pledge_id: int) -> str:
    """Open the payment page of a pledge that may have expired meanwhile."""
    with transaction(scope) as session:
        if pledges.pledge_of(session, pledge_id).state != PledgeState.PAID:
            pledges.reopen(session, pledge_id)
    return service.open_checkout(scope, pledge_id)


def see_other(url: str) -> AnyResponse:
    """Answer a POST that succeeded."""
    answer = redirect(url, HTTPStatus.SEE_OTHER, Response=Response)
    answer.headers["Cache-Control"] = "no-store"
    return answer
