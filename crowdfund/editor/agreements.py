"""Who agrees to a campaign, and the decisions it rests on: noted with name, day and where they are written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.campaigns import gate
from crowdfund.campaigns.checklist import required_decisions
from crowdfund.campaigns.promises import Approver, DecisionKind
from crowdfund.editor import asking
from crowdfund.editor.asking import APPROVERS
from crowdfund.editor.frame import campaign_here, head_of, kept_now, render
from crowdfund.errors import NotFound, Refusal
from crowdfund.forms import shown_values, text_problem, tidy
from crowdfund.i18n import N_, gettext, in_words
from crowdfund.institutions.models import Issuer
from crowdfund.institutions.permissions import keep_private, membership_here, person_here, requires
from crowdfund.institutions.rules import Permission, may_approve
from crowdfund.tenancy import museum_of, transaction

blueprint = Blueprint("agreements", __name__, url_prefix="/staff/<museum>/campaigns")
blueprint.after_request(keep_private)
LONGEST = 200
NAME_MISSING = N_("Write the name of who agrees.")
REFERENCE_MISSING = N_("Write where the decision is found: its number or title.")
DAY_MISSING = N_("Write the day like this: 2026-12-31")
NO_CHOICE = N_("Choose one of the answers.")

DECISIONS: Mapping[str, str] = {
    DecisionKind.COMMISSION: N_("Advice of the scientific commission"),
    DecisionKind.COUNCIL: N_("Act of the council or of the board"),
    DecisionKind.MANDATE: N_("Mandate to collect"),
    DecisionKind.ACCOUNTANT: N_("Agreement of the public accountant"),
}


@blueprint.get("/<int:campaign_id>/edit/decisions")
@requires(Permission.EDIT)
def decisions(campaign_id: int) -> AnyResponse:
    """Show the decisions the campaign rests on."""
    return _decisions(campaign_id)


@blueprint.post("/<int:campaign_id>/edit/decisions")
@requires(Permission.EDIT)
def note_decision(campaign_id: int) -> AnyResponse:
    """Note a decision."""
    kind, reference = request.form.get("kind", ""), tidy(request.form.get("reference", ""))
    dated, errors = _day("dated_on"), _text_errors("reference", reference, REFERENCE_MISSING)
    if kind not in set(DecisionKind):
        errors["kind"] = gettext(NO_CHOICE)
    if dated is None:
        errors["dated_on"] = gettext(DAY_MISSING)
    if errors or dated is None:
        return _decisions(campaign_id, errors)
    try:
        with transaction(g.scope) as session:
            gate.note_decision(
                session,
                campaign_here(session, campaign_id),
                DecisionKind(kind),
                reference=reference,
                dated_on=dated,
                account_id=person_here().account_id,
            )
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _decisions(campaign_id, {refusal.field or "": in_words(refusal)}, refusal.status)
    return _to("decisions", campaign_id)


@blueprint.get("/<int:campaign_id>/edit/approvals")
@requires(Permission.ENTER)
def approvals(campaign_id: int) -> AnyResponse:
    """Show who has agreed to what the campaign says."""
    return _approvals(campaign_id)


@blueprint.post("/<int:campaign_id>/edit/approvals")
@requires(Permission.APPROVE)
def agree(campaign_id: int) -> AnyResponse:
    """Note a yes: one's own, or as the owner somebody's that is written elsewhere."""
    part, name = request.form.get("part", ""), tidy(request.form.get("name", ""))
    document = tidy(request.form.get("document", ""))
    if part in set(Approver) and not may_approve(membership_here().role, Approver(part)):
        raise Forbidden
    agreed, errors = _day("agreed_on"), _text_errors("name", name, NAME_MISSING)
    errors |= _text_errors("document", document)
    if part not in set(Approver):
        errors["part"] = gettext(NO_CHOICE)
    if agreed is None:
        errors["agreed_on"] = gettext(DAY_MISSING)
    if errors or agreed is None:
        return _approvals(campaign_id, errors)
    try:
        with transaction(g.scope) as session:
            campaign = campaign_here(session, campaign_id)
            gate.approve(
                session,
                campaign,
                Approver(part),
                name=name,
                agreed_on=agreed,
                document=document,
                account_id=person_here().account_id,
            )
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _approvals(campaign_id, {refusal.field or "": in_words(refusal)}, refusal.status)
    return _to("approvals", campaign_id)


@blueprint.post("/<int:campaign_id>/edit/approvals/ask")
@requires(Permission.EDIT)
def ask(campaign_id: int) -> AnyResponse:
    """Write to those whose yes is missing, once a day at most."""
    try:
        with transaction(g.scope) as session:
            campaign_here(session, campaign_id)
            asking.ask_for_agreement(session, campaign_id, by=person_here().account_id)
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _approvals(campaign_id, {"": in_words(refusal)}, refusal.status)
    return _to("approvals", campaign_id, kept=None)


def _to(endpoint: str, campaign_id: int, **more: Any) -> AnyResponse:
    where: dict[str, Any] = {"museum": membership_here().slug, "campaign_id": campaign_id, "kept": kept_now()} | more
    return redirect(url_for(f".{endpoint}", **where), 303)


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        return None


def _text_errors(name: str, text: str, missing: str = "") -> dict[str, str]:
    problem = text_problem(text, LONGEST)
    if problem is None and not text and missing:
        problem = gettext(missing)
    return {name: problem} if problem else {}


def _decisions(campaign_id: int, errors: dict[str, str] | None = None, status: int = 422) -> AnyResponse:
    with transaction(g.scope) as session:
        campaign = campaign_here(session, campaign_id)
        issuer = session.get_one(Issuer, (museum_of(session), campaign.issuer_id))
        facts = gate.facts_of(session, campaign)
        noted = gate.decisions_of(session, campaign.id)
        rows = [
            (
                gettext(DECISIONS[kind]),
                kind in facts.decisions,
                [one for one in noted if one.kind == kind],
                gate.PAPER_OF[kind],
            )
            for kind in required_decisions(issuer.kind, campaign.kind)
        ]
        values = {
            "rows": rows,
            "kinds": [(kind.value, gettext(DECISIONS[kind])) for kind in DecisionKind],
            "values": shown_values(request.form),
            "errors": errors or {},
        }
        head = head_of(session, campaign)
        return render(session, "editor/decisions.html", head, "decisions", values, status if errors else 200)


def _approvals(campaign_id: int, errors: dict[str, str] | None = None, status: int = 422) -> AnyResponse:
    role = membership_here().role
    with transaction(g.scope) as session:
        campaign = campaign_here(session, campaign_id)
        given: Mapping[str, Any] = gate.approvals_of(session, campaign.id)
        rows = [(part.value, gettext(APPROVERS[part]), given.get(part), may_approve(role, part)) for part in Approver]
        givers = asking.givers_of(session)
        waiting = {one.account_id for part in asking.open_parts(session, campaign) for one in givers[part]}
        values = {
            "rows": rows,
            "mine": [(part, label) for part, label, _one, mine in rows if mine],
            "givers": givers,
            "asks": bool(waiting - {person_here().account_id}),
            "asked_at": asking.asked_at(session, campaign.id),
            "name": person_here().name,
            "today": gate.today_at(session).isoformat(),
            "values": shown_values(request.form),
            "errors": errors or {},
        }
        head = head_of(session, campaign)
        return render(session, "editor/approvals.html", head, "approvals", values, status if errors else 200)
