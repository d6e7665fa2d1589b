"""The frame of every page at the desk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from flask import g, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from crowdfund.accounts.csrf import csrf_token
from crowdfund.conversation.questions import count_new
from crowdfund.dashboard.queries import count_waiting
from crowdfund.desk.queries import what_waits
from crowdfund.errors import Refusal
from crowdfund.forms import shown_values
from crowdfund.fulfilment.queries import count_due
from crowdfund.gifts.view import Desk
from crowdfund.i18n import in_words
from crowdfund.institutions.permissions import can, membership_here, person_here
from crowdfund.institutions.rules import Permission
from crowdfund.pledges import words
from crowdfund.tenancy import transaction
from crowdfund.thanks.queries import count_thanks


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one of the forms of a page that has several, and what was typed there."""

    form: str
    errors: dict[str, str]
    status: int = 422
    values: dict[str, str] = field(default_factory=dict)


def problem_with(form: str, errors: dict[str, str], status: int = 422) -> Problem:
    """Say what is wrong with the form that was just sent."""
    return Problem(form, errors, status, shown_values(MultiDict(request.form)))


def said_of(refusal: Refusal) -> dict[str, str]:
    """Say a refusal beside its field. One without words (what is not there) is raised again."""
    if not refusal.message:
        raise refusal
    return {refusal.field or "": in_words(refusal)}


def tried(act: Callable[[Session], object]) -> Refusal | None:
    """Carry out an act in a transaction of its own, and give why it was refused. What is not there is raised: a 404."""
    try:
        with transaction(g.scope) as session:
            act(session)
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        return refusal
    return None


def desk_here(session: Session) -> Desk:
    """Give the frame for the person at the desk: their museum, their token, what waits for them."""
    museum, person = membership_here(), person_here()
    todo = count_waiting(session)
    record, approve = can(Permission.RECORD_MONEY), can(Permission.APPROVE_MONEY)
    if can(Permission.CONVERSE):
        todo["asked"], todo["words"] = count_new(session), words.count_waiting(session)
        todo["questions"] = todo["asked"] + todo["words"]  # the inbox; its tabs say of what
    if record or approve:
        todo["desk"] = what_waits(session).for_those_who(record=record, approve=approve)
    if can(Permission.HAND_OVER):
        todo["rewards"] = count_due(session)
    if can(Permission.THANK):
        todo["thanks"] = count_thanks(session)
    return Desk(museum.slug, museum.name, person.name, csrf_token(person.token_hash), todo)
