"""At the desk: calls to make, letters to print and to post, and the rules by which donors are thanked."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.dashboard.frame import desk_here
from crowdfund.errors import NotFound, Refusal
from crowdfund.forms import shown_values
from crowdfund.gifts import thanking
from crowdfund.gifts.models import ThankRule
from crowdfund.gifts.rules import Method
from crowdfund.gifts.thanking import RuleDetails
from crowdfund.i18n import LOCALES, in_words
from crowdfund.institutions.models import Institution
from crowdfund.institutions.permissions import keep_private, membership_here, person_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.money import Money
from crowdfund.numbers import row_number
from crowdfund.tenancy import museum_of, transaction
from crowdfund.thanks import asked, queries, service
from crowdfund.thanks.forms import CallForm, RuleForm
from crowdfund.thanks.letters import printed, read_batch
from crowdfund.thanks.models import LetterBatch, ThankCall
from crowdfund.thanks.rules import CallState, LetterState, Window, window_of
from crowdfund.thanks.service import Outcome

blueprint = Blueprint("thanks", __name__, url_prefix="/staff/<museum>/thanks")
blueprint.after_request(keep_private)


@blueprint.get("")
@requires(Permission.READ_GIFTS)
def overview() -> AnyResponse:
    """Show who is to be called and written to."""
    return _overview()


def _overview(wrong: int = 0, errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    here = membership_here()
    with transaction(g.scope) as session:
        if wrong and session.get(ThankCall, (museum_of(session), wrong)) is None:
            raise NotFound
        page = render_template(
            "staff/thanks/overview.html",
            desk=desk_here(session),
            place="thanks",
            calls=queries.calls_due(session, here.default_locale),
            done=queries.calls_done(session, here.default_locale, 20),
            letters=queries.letters_due(session, here.default_locale),
            batches=queries.batches(session),
            asked=asked.to_ask(session, here.default_locale),
            noted=asked.noted(session, here.default_locale),
            window=window_of(session.get_one(Institution, museum_of(session)).country),
            timezone=here.time_zone,
            wrong=wrong,
            values=shown_values(request.form) if errors else {},
            errors=errors or {},
        )
    return make_response(page, status)


@blueprint.post("/calls/<int:call_id>")
@requires(Permission.THANK)
def note_call(call_id: int) -> AnyResponse:
    """Write down what came of a call."""
    form = CallForm(request.form, context="")
    errors = {} if form.validate() else form.first_errors()
    if not errors:
        outcome = Outcome(CallState(form.state.data), form.note.data, form.phone.data)
        try:
            with transaction(g.scope) as session:
                service.note_call(session, call_id, outcome, person_here().name)
        except Refusal as refusal:
            if refusal.field is None:
                raise
            errors = {refusal.field: in_words(refusal)}
        else:
            return _to(".overview")
    return _overview(call_id, errors, 422)


# ---------- letters ----------


@blueprint.post("/letters/print")
@requires(Permission.THANK)
def print_letters() -> AnyResponse:
    """Put the letters that wait into a new batch."""
    asked = request.form.get("window", "")
    with transaction(g.scope) as session:
        home = window_of(session.get_one(Institution, museum_of(session)).country)
        window = Window(asked) if asked in set(Window) else home
        batch_id = service.print_letters(session, window, person_here().name).id
    return _to(".batch", batch_id=batch_id)


@blueprint.get("/letters/<int:batch_id>")
@requires(Permission.READ_GIFTS)
def batch(batch_id: int) -> AnyResponse:
    """Show a batch."""
    here = membership_here()
    with transaction(g.scope) as session:
        page = render_template(
            "staff/thanks/batch.html",
            desk=desk_here(session),
            place="thanks",
            batch=_batch(session, batch_id),
            rows=queries.letters_of(session, batch_id, here.default_locale),
            timezone=here.time_zone,
        )
    return make_response(page)


@blueprint.get("/letters/<int:batch_id>.pdf")
@requires(Permission.READ_GIFTS)
def batch_file(batch_id: int) -> AnyResponse:
    """Give the letters of a batch, to print for the first time or again."""
    with transaction(g.scope) as session:
        sheet = read_batch(session, _batch(session, batch_id))
    if not sheet.letters:
        raise NotFound
    answer = make_response(printed(sheet))
    answer.headers["Content-Type"] = "application/pdf"
    answer.headers["Content-Disposition"] = f'inline; filename="letters-{sheet.number}.pdf"'
    return answer


@blueprint.get("/questions.pdf")
@requires(Permission.THANK)
def questions_file() -> AnyResponse:
    """Give the letters that ask on paper, for those who may act: each holds its donor's link. Raises NotFound for none."""
    given = request.args.get("window", "")
    with transaction(g.scope) as session:
        home = window_of(session.get_one(Institution, museum_of(session)).country)
        sheet = asked.read_questions(session, Window(given) if given in set(Window) else home)
    if not sheet.letters:
        raise NotFound
    answer = make_response(asked.printed(sheet))
    answer.headers["Content-Type"] = "application/pdf"
    answer.headers["Content-Disposition"] = 'inline; filename="questions.pdf"'
    return answer


@blueprint.post("/questions/posted")
@requires(Permission.THANK)
def posted() -> AnyResponse:
    """Note that letters that ask were posted, or that one was not."""
    gifts = {row_number(one) for one in request.form.getlist("gift")}
    with transaction(g.scope) as session:
        asked.mark_posted(session, gifts, posted=request.form.get("undo") != "1")
    return _to(".overview", _anchor="asked")


@blueprint.post("/letters/<int:batch_id>/sent")
@requires(Permission.THANK)
def sent(batch_id: int) -> AnyResponse:
    """Note that a batch was posted, or that it was not."""
    with transaction(g.scope) as session:
        service.mark_sent(session, batch_id, sent=request.form.get("undo") != "1")
    return _to(".batch", batch_id=batch_id)


@blueprint.post("/letter/<int:letter_id>")
@requires(Permission.THANK)
def move_letter(letter_id: int) -> AnyResponse:
    """Leave a letter out, or put it back on the list."""
    state = LetterState.DUE if request.form.get("state") == "due" else LetterState.DROPPED
    with transaction(g.scope) as session:
        service.move_letter(session, letter_id, state)
    return _to(".overview")


def _batch(session: Session, batch_id: int) -> LetterBatch:
    found = session.get(LetterBatch, (museum_of(session), batch_id))
    if found is None:
        raise NotFound
    return found


# ---------- rules ----------


@blueprint.get("/rules")
@requires(Permission.READ_GIFTS)
def rules() -> AnyResponse:
    """Show the rules in the order in which they are tried."""
    return _rules()


@blueprint.get("/rules/<int:rule_id>")
@requires(Permission.THANK)
def rule(rule_id: int) -> AnyResponse:
    """Show one rule, to change it."""
    with transaction(g.scope) as session:
        found = next((one for one in thanking.rules_here(session) if one.id == rule_id), None)
    if found is None:
        raise NotFound
    return _rules(rule_id, _values(found))


@blueprint.post("/rules")
@requires(Permission.THANK)
def add_rule() -> AnyResponse:
    """Write a rule."""
    return _write(None)


@blueprint.post("/rules/<int:rule_id>")
@requires(Permission.THANK)
def change_rule(rule_id: int) -> AnyResponse:
    """Change a rule, try it earlier, or take it away."""
    act = request.form.get("act", "")
    if act in {"drop", "raise"}:
        with transaction(g.scope) as session:
            (thanking.drop_rule if act == "drop" else thanking.raise_rule)(session, rule_id)
        return _to(".rules")
    return _write(rule_id)


def _write(rule_id: int | None) -> AnyResponse:
    form = RuleForm(request.form, context="")
    with transaction(g.scope) as session:
        form.least.currency = session.get_one(Institution, museum_of(session)).currency
        if rule_id is not None and all(one.id != rule_id for one in thanking.rules_here(session)):
            raise NotFound
    errors = {} if form.validate() else form.first_errors()
    if not errors:
        try:
            with transaction(g.scope) as session:
                if rule_id is None:
                    thanking.add_rule(session, _details(form))
                else:
                    thanking.change_rule(session, rule_id, _details(form))
        except Refusal as refusal:
            if refusal.field is None:
                raise
            errors = {refusal.field: in_words(refusal)}
        else:
            return _to(".rules")
    return _rules(rule_id, shown_values(request.form), errors, 422)


def _details(form: RuleForm) -> RuleDetails:
    return RuleDetails(
        name=form.name.data,
        least=form.least.data or Money(0, form.least.currency),
        method=form.method.data or None,
        turn=form.turn.data,
        locale=form.locale.data or None,
        words={locale: form[f"words_{locale}"].data for locale in LOCALES},
        signed_by=form.signed_by.data,
        signed_as=form.signed_as.data,
        calls=form.calls.data,
        letter=form.letter.data,
    )


def _values(one: ThankRule) -> dict[str, str]:
    return {
        "name": one.name,
        "least": f"{one.from_minor // 100}.{one.from_minor % 100:02d}" if one.from_minor else "",
        "method": one.method or "",
        "turn": one.turn,
        "locale": one.locale or "",
        **{f"words_{locale}": text for locale, text in one.words.items()},
        "signed_by": one.signed_by,
        "signed_as": one.signed_as,
        "calls": "1" if one.calls else "",
        "letter": "1" if one.letter else "",
    }


def _rules(
    rule_id: int | None = None,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> AnyResponse:
    with transaction(g.scope) as session:
        page = render_template(
            "staff/thanks/rules.html",
            desk=desk_here(session),
            place="thanks",
            rows=[(one, Money(one.from_minor, one.currency)) for one in thanking.rules_here(session)],
            rule_id=rule_id,
            methods=[one for one in Method if one != Method.MOVED],
            values=values or {},
            errors=errors or {},
        )
    return make_response(page, status)


def _to(endpoint: str, **given: Any) -> AnyResponse:
    return redirect(url_for(endpoint, museum=membership_here().slug, **given), 303)
