"""At the desk: the plaque of each campaign, its names one by one, the day they are fixed, its signature."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.accounts.current import sign_next
from crowdfund.dashboard.frame import Problem, desk_here, problem_with, said_of
from crowdfund.errors import Refusal
from crowdfund.i18n import gettext
from crowdfund.institutions.current import languages_of
from crowdfund.institutions.permissions import keep_private, membership_here, person_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.money import Money
from crowdfund.plaques.order import letters
from crowdfund.plaques.rules import COLUMNS, LINES_MM, MOST_SECTIONS, SIZES, Plan
from crowdfund.proofs import preparing, signing
from crowdfund.proofs.forms import LockForm, NameForm, PlanForm, SignForm, sections_in, words_in
from crowdfund.proofs.preparing import Wish
from crowdfund.proofs.reading import list_plaques, read_proof
from crowdfund.proofs.signing import Signature
from crowdfund.proofs.view import Named, Proof
from crowdfund.tenancy import transaction

blueprint = Blueprint("plaques", __name__, url_prefix="/staff/<museum>/plaques")
blueprint.after_request(keep_private)
ON_PAGE = 50


@blueprint.get("")
@requires(Permission.READ_GIFTS)
def plaques() -> AnyResponse:
    """List the campaigns with their plaques."""
    museum = membership_here()
    with transaction(g.scope) as session:
        rows, desk = list_plaques(session, museum), desk_here(session)
    page = render_template(
        "staff/plaques/plaques.html", desk=desk, place="rewards", rows=rows, timezone=museum.time_zone
    )
    return make_response(page)


@blueprint.get("/<int:campaign_id>")
@requires(Permission.READ_GIFTS)
def one_plaque(campaign_id: int) -> AnyResponse:
    """Show one plaque."""
    return _page(campaign_id)


@blueprint.post("/<int:campaign_id>/plan")
@requires(Permission.CLOSE)
def set_up(campaign_id: int) -> AnyResponse:
    """Say how the plaque is made."""
    museum = membership_here()
    with transaction(g.scope) as session:
        currency = read_proof(session, museum, campaign_id).currency
        locales = languages_of(session, museum.institution_id)
    form = PlanForm(request.form, context="")
    form.least.currency = currency
    valid = form.validate()
    sections, errors = sections_in(request.form, locales, currency)
    heading, wrong = words_in(request.form, "heading", locales)
    caption, wrong_caption = words_in(request.form, "caption", locales)
    errors = form.first_errors() | wrong | wrong_caption | errors
    if form.locale.data not in locales:
        errors["locale"] = gettext("Choose one of the answers shown.")
    if not valid or errors:
        return _page(campaign_id, problem_with("plan", errors))
    least = form.least.data
    plan = Plan(
        size=form.size.data,
        columns=int(form.columns.data),
        line_mm=int(form.line_mm.data),
        order_by=form.order_by.data,
        locale=form.locale.data,
        heading=heading,
        caption=caption,
        least_minor=least.minor if least and least.minor else None,
        sections=sections,
        counts_others=form.counts_others.data,
    )
    with transaction(g.scope) as session:
        preparing.set_up(session, museum, campaign_id, plan, everywhere=form.everywhere.data)
    return _back(campaign_id, "picture")


@blueprint.post("/<int:campaign_id>/lock")
@requires(Permission.CLOSE)
def set_lock(campaign_id: int) -> AnyResponse:
    """Say until which day names may change."""
    form = LockForm(request.form, context="")
    if not form.validate() or form.locks_on.data is None:
        return _page(campaign_id, problem_with("lock", form.first_errors()))
    try:
        with transaction(g.scope) as session:
            preparing.set_lock(session, membership_here(), campaign_id, form.locks_on.data)
    except Refusal as refusal:
        return _refused(campaign_id, "lock", refusal)
    return _back(campaign_id)


@blueprint.post("/<int:campaign_id>/sign")
@requires(Permission.SIGN_PLAQUE, fresh=True)
def sign_plaque(campaign_id: int) -> AnyResponse:
    """Freeze the plaque as it was seen, under a name."""
    form = SignForm(request.form, context="")
    if not form.validate():
        return _page(campaign_id, problem_with("sign", form.first_errors()))
    signature = Signature(person_here().account_id, form.name.data, form.quality.data)
    try:
        signing.sign(g.scope, membership_here(), campaign_id, form.seen.data, signature)
    except Refusal as refusal:
        return _refused(campaign_id, "sign", refusal)
    return _back(campaign_id, "versions")


@blueprint.get("/<int:campaign_id>/name")
@requires(Permission.READ_GIFTS)
def one_name(campaign_id: int) -> AnyResponse:
    """Show one name, and what was changed of it."""
    return _name_page(campaign_id, request.args.get("key", ""))


@blueprint.post("/<int:campaign_id>/name")
@requires(Permission.HAND_OVER)
def correct_name(campaign_id: int) -> AnyResponse:
    """Change how one name stands, at its donor's wish."""
    form = NameForm(request.form, context="")
    if not form.validate():
        return _name_page(campaign_id, form.key.data, problem_with("name", form.first_errors()))
    wish = Wish(form.name.data, form.sort_word.data, form.left_out.data, form.note.data)
    with transaction(g.scope) as session:
        preparing.correct(session, membership_here(), campaign_id, form.key.data, wish, person_here().name)
    return _back(campaign_id, "names")


def _name_page(campaign_id: int, key: str, problem: Problem | None = None) -> AnyResponse:
    museum = membership_here()
    with transaction(g.scope) as session:
        proof = read_proof(session, museum, campaign_id)
        one = next((one for one in (*proof.names, *proof.out) if one.key == key), None)
        if not key:
            return _back(campaign_id, "names")
        one = one or preparing.name_of(session, campaign_id, key)
        history = preparing.corrections_of(session, campaign_id, one.key)
        desk = desk_here(session)
    page = render_template(
        "staff/plaques/name.html",
        desk=desk,
        place="rewards",
        proof=proof,
        one=one,
        history=history,
        here=_here(campaign_id),
        timezone=museum.time_zone,
        values=problem.values if problem else {"name": one.name, "sort_word": one.sort_word, "left_out": one.left_out},
        errors=problem.errors if problem else {},
    )
    return make_response(page, problem.status if problem else 200)


def _refused(campaign_id: int, form: str, refusal: Refusal) -> AnyResponse:
    """Show a refusal on the page; what is not there stays not there."""
    return _page(campaign_id, problem_with(form, said_of(refusal), refusal.status))


def _page(campaign_id: int, problem: Problem | None = None) -> AnyResponse:
    museum = membership_here()
    with transaction(g.scope) as session:
        proof = read_proof(session, museum, campaign_id)
        versions = signing.read_versions(session, campaign_id)
        changes = signing.since_signed(session, proof)
        desk, locales = desk_here(session), languages_of(session, museum.institution_id)
    show, query, start, found = _asked(proof)
    versions = signing.looked_at(versions)  # the storage may be far away: no transaction waits for it
    page = render_template(
        "staff/plaques/plaque.html",
        desk=desk,
        place="rewards",
        proof=proof,
        versions=versions,
        changes=changes,
        locales=locales,
        here=_here(campaign_id),
        confirm="" if person_here().is_fresh else url_for("accounts.confirm", next=sign_next(_here(campaign_id))),
        name=person_here().name,
        show=show,
        query=query,
        found=found[start : start + ON_PAGE],
        total=len(found),
        start=start,
        after=start + ON_PAGE if start + ON_PAGE < len(found) else 0,
        waiting=sum(bool(one.looks) for one in proof.names),
        sizes=SIZES,
        columns=COLUMNS,
        lines=LINES_MM,
        numbers=range(1, MOST_SECTIONS + 1),
        timezone=museum.time_zone,
        plan=problem.values if problem and problem.form == "plan" else _plan_values(proof),
        problem=problem,
        values=problem.values if problem else {},
        errors=problem.errors if problem else {},
    )
    return make_response(page, problem.status if problem else 200)


def _asked(proof: Proof) -> tuple[str, str, int, tuple[Named, ...]]:
    """Read which names are asked for: those to look at, all, or those left out; by a part of them; from which on."""
    show = request.args.get("show", "")
    if show not in {"look", "all", "out"}:
        show = "look" if any(one.looks for one in proof.names) else "all"
    chosen = {
        "look": tuple(one for one in proof.names if one.looks),
        "all": proof.names,
        "out": proof.out,
    }[show]
    query = request.args.get("q", "").replace("\x00", "")[:80].strip()
    if query:
        chosen = tuple(one for one in chosen if letters(query) in letters(one.name))
    start = request.args.get("start", "0")
    number = int(start) if start.isascii() and start.isdigit() and len(start) < 7 else 0
    return show, query, number if number < len(chosen) else 0, chosen


def _plan_values(proof: Proof) -> Mapping[str, object]:
    """Write a plan as its form shows it."""
    plan = proof.plan
    values: dict[str, object] = {
        "size": plan.size, "columns": str(plan.columns), "line_mm": str(plan.line_mm), "order_by": plan.order_by,
        "locale": plan.locale, "least": _typed(plan.least_minor, proof.currency), "counts_others": plan.counts_others,
    }  # fmt: skip
    for name, words in (("heading", plan.heading), ("caption", plan.caption)):
        values |= {f"{name}_{locale}": text for locale, text in (words or {}).items()}
    for number, section in enumerate(plan.sections, 1):
        values[f"from_{number}"] = _typed(section.from_minor, proof.currency)
        values |= {f"heading_{number}_{locale}": text for locale, text in section.heading.items()}
    return values


def _typed(minor: int | None, currency: str) -> str:
    """Write an amount as one would type it."""
    return "" if minor is None else format(Money(minor, currency).decimal.normalize(), "f")


def _here(campaign_id: int) -> str:
    return url_for("plaques.one_plaque", museum=membership_here().slug, campaign_id=campaign_id)


def _back(campaign_id: int, part: str = "") -> AnyResponse:
    return redirect(
        url_for(".one_plaque", museum=membership_here().slug, campaign_id=campaign_id, _anchor=part or None), 303
    )
