"""At the desk: how campaigns end, what they came to, what becomes of the work, what was learnt."""

from __future__ import annotations

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.accounts.current import sign_next
from crowdfund.campaigns import service as campaigns
from crowdfund.closing import service
from crowdfund.closing.forms import AskForm, LessonsForm, StepForm, WithdrawForm, step_words, why_words
from crowdfund.closing.queries import endable, read_ending
from crowdfund.closing.rules import Step, canonical
from crowdfund.closing.view import LessonsText
from crowdfund.dashboard.forms import SignForm
from crowdfund.dashboard.frame import Problem, desk_here, problem_with, said_of
from crowdfund.errors import Refusal
from crowdfund.institutions.permissions import keep_private, membership_here, person_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.tenancy import transaction

blueprint = Blueprint("closing", __name__, url_prefix="/staff/<museum>/ending")
blueprint.after_request(keep_private)


@blueprint.get("")
@requires(Permission.READ_GIFTS)
def list_of_endings() -> AnyResponse:
    """List the campaigns that have ended, and those that may be."""
    with transaction(g.scope) as session:
        rows, desk = endable(session, membership_here()), desk_here(session)
    page = render_template(
        "staff/endings.html", desk=desk, place="ending", rows=rows, timezone=membership_here().time_zone
    )
    return make_response(page)


@blueprint.get("/<int:campaign_id>")
@requires(Permission.READ_GIFTS)
def one_ending(campaign_id: int) -> AnyResponse:
    """Show one campaign's end."""
    return _page(campaign_id)


@blueprint.post("/<int:campaign_id>/close")
@requires(Permission.CLOSE, fresh=True)
def close(campaign_id: int) -> AnyResponse:
    """Close a live campaign before its day."""
    with transaction(g.scope) as session:
        service.end_now(session, campaign_id)
    return _back(campaign_id)


@blueprint.post("/<int:campaign_id>/withdraw")
@requires(Permission.CLOSE, fresh=True)
def withdraw(campaign_id: int) -> AnyResponse:
    """Withdraw a campaign, and ask its donors."""
    form = WithdrawForm(request.form, context="")
    valid = form.validate()
    words, wrong = why_words(request.form)
    if not valid or wrong or form.until.data is None:
        return _page(campaign_id, problem_with("withdraw", form.first_errors() | wrong))
    try:
        with transaction(g.scope) as session:
            service.withdraw(session, campaign_id, form.reason.data, words=words, until=form.until.data)
    except Refusal as refusal:
        return _refused(campaign_id, "withdraw", refusal)
    return _back(campaign_id)


@blueprint.post("/<int:campaign_id>/ask")
@requires(Permission.CLOSE, fresh=True)
def ask(campaign_id: int) -> AnyResponse:
    """Ask the donors of a campaign that ended below its goal what becomes of their gifts."""
    form = AskForm(request.form, context="")
    valid = form.validate()
    words, wrong = why_words(request.form)
    if not valid or wrong or form.until.data is None:
        return _page(campaign_id, problem_with("ask", form.first_errors() | wrong))
    try:
        with transaction(g.scope) as session:
            service.ask_donors(session, campaign_id, words=words, until=form.until.data)
    except Refusal as refusal:
        return _refused(campaign_id, "ask", refusal)
    return _back(campaign_id, "asked")


@blueprint.post("/<int:campaign_id>/sign")
@requires(Permission.SIGN, fresh=True)
def sign(campaign_id: int) -> AnyResponse:
    """Freeze what the campaign came to, under a name."""
    form = SignForm(request.form, context="")
    if not form.validate():
        return _page(campaign_id, problem_with("sign", form.first_errors()))
    try:
        with transaction(g.scope) as session:
            service.sign_statement(
                session,
                campaign_id,
                museum=membership_here().name,
                account_id=person_here().account_id,
                name=form.name.data,
                quality=form.quality.data,
            )
    except Refusal as refusal:
        return _refused(campaign_id, "sign", refusal)
    return _back(campaign_id, "statements")


@blueprint.get("/<int:campaign_id>/statement-<int:number>.json")
@requires(Permission.READ_GIFTS)
def statement(campaign_id: int, number: int) -> AnyResponse:
    """Give a signed statement, byte for byte as its hash was taken."""
    with transaction(g.scope) as session:
        campaign = campaigns.campaign_of(session, campaign_id)
        signed = service.statement_of(session, campaign_id, number)
        answer = Response(canonical(signed.body), mimetype="application/json")
        name = f"{campaign.code}-statement-{signed.number}.json"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


@blueprint.post("/<int:campaign_id>/steps")
@requires(Permission.CLOSE)
def tell_step(campaign_id: int) -> AnyResponse:
    """Tell what has become of the work."""
    form = StepForm(request.form, context="")
    with transaction(g.scope) as session:
        form.amount.currency = campaigns.campaign_of(session, campaign_id).currency
    valid = form.validate()
    title, text, wrong = step_words(request.form)
    if not valid or wrong or form.on.data is None:
        return _page(campaign_id, problem_with("step", form.first_errors() | wrong))
    amount = form.amount.data
    try:
        with transaction(g.scope) as session:
            service.tell_step(
                session,
                campaign_id,
                Step(form.step.data),
                form.on.data,
                title=title,
                text=text,
                amount_minor=None if amount is None else amount.minor,
            )
    except Refusal as refusal:
        return _refused(campaign_id, "step", refusal)
    return _back(campaign_id, "steps")


@blueprint.post("/<int:campaign_id>/steps/take-back")
@requires(Permission.CLOSE)
def take_step_back(campaign_id: int) -> AnyResponse:
    """Take a step away that was told by mistake."""
    with transaction(g.scope) as session:
        service.take_step_back(session, campaign_id, request.form.get("mark", ""))
    return _back(campaign_id, "steps")


@blueprint.post("/<int:campaign_id>/lessons")
@requires(Permission.CLOSE)
def write_lessons(campaign_id: int) -> AnyResponse:
    """Keep what the museum learnt."""
    form = LessonsForm(request.form, context="")
    if not form.validate():
        return _page(campaign_id, problem_with("lessons", form.first_errors()))
    text = LessonsText(form.went_well.data, form.went_badly.data, form.advice.data, form.shared.data)
    try:
        with transaction(g.scope) as session:
            service.write_lessons(session, campaign_id, person_here().account_id, text)
    except Refusal as refusal:
        return _refused(campaign_id, "lessons", refusal)
    return _back(campaign_id, "lessons")


def _refused(campaign_id: int, form: str, refusal: Refusal) -> AnyResponse:
    """Show a refusal on the page; what is not there stays not there."""
    return _page(campaign_id, problem_with(form, said_of(refusal), refusal.status))


def _page(campaign_id: int, problem: Problem | None = None) -> AnyResponse:
    museum = membership_here()
    with transaction(g.scope) as session:
        ending, desk = read_ending(session, museum, campaign_id), desk_here(session)
    here = url_for(".one_ending", museum=museum.slug, campaign_id=campaign_id)
    page = render_template(
        "staff/ending.html",
        desk=desk,
        place="ending",
        ending=ending,
        here=here,
        confirm="" if person_here().is_fresh else url_for("accounts.confirm", next=sign_next(here)),
        name=person_here().name,
        steps=list(Step),
        timezone=museum.time_zone,
        problem=problem,
        values=problem.values if problem else {},
        errors=problem.errors if problem else {},
    )
    return make_response(page, problem.status if problem else 200)


def _back(campaign_id: int, part: str = "") -> AnyResponse:
    return redirect(
        url_for(".one_ending", museum=membership_here().slug, campaign_id=campaign_id, _anchor=part or None), 303
    )
