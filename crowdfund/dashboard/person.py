"""At the desk: one donor: what they gave, said and agreed to; notes, tags, telephone; who is the same person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, g, make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.crm import merging, service
from crowdfund.dashboard.forms import AddressForm, NoteForm, PhoneForm, TagForm
from crowdfund.dashboard.frame import desk_here
from crowdfund.dashboard.timeline import read_person
from crowdfund.errors import Conflict, Refusal
from crowdfund.forms import Form, shown_values
from crowdfund.i18n import in_words
from crowdfund.institutions.models import Institution
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.pledges.queries import countries_from
from crowdfund.tenancy import transaction

blueprint = Blueprint("person", __name__, url_prefix="/staff/<museum>/donors/<int:donor_id>")
blueprint.after_request(keep_private)


@blueprint.get("")
@requires(Permission.READ_GIFTS)
def show(donor_id: int) -> AnyResponse:
    """Show one donor; a merged record leads on to the one that stands for it."""
    with transaction(g.scope) as session:
        person = service.person_of(session, donor_id)
        stands_for = person.id
    return _to(stands_for) if stands_for != donor_id else _page(donor_id)


@blueprint.post("/phone")
@requires(Permission.KEEP_DONORS)
def put_phone(donor_id: int) -> AnyResponse:
    """Write the telephone number."""
    form = PhoneForm(request.form, context="")
    return _changed(donor_id, form, lambda session: service.put_phone(session, donor_id, form.phone.data))


@blueprint.post("/address")
@requires(Permission.KEEP_DONORS)
def put_address(donor_id: int) -> AnyResponse:
    """Write the postal address."""
    form = AddressForm(request.form, context="")
    return _changed(donor_id, form, lambda session: service.put_address(session, donor_id, form.address()))


@blueprint.post("/tags")
@requires(Permission.KEEP_DONORS)
def add_tag(donor_id: int) -> AnyResponse:
    """Tag the donor."""
    form = TagForm(request.form, context="")
    return _changed(donor_id, form, lambda session: service.add_tag(session, donor_id, form.tag.data))


@blueprint.post("/tags/<int:tag_id>/drop")
@requires(Permission.KEEP_DONORS)
def drop_tag(donor_id: int, tag_id: int) -> AnyResponse:
    """Take a tag away."""
    return _changed(donor_id, None, lambda session: service.remove_tag(session, donor_id, tag_id))


@blueprint.post("/notes")
@requires(Permission.KEEP_DONORS)
def write_note(donor_id: int) -> AnyResponse:
    """Write down a note, a call, a letter or a visit."""
    form = NoteForm(request.form, context="")
    return _changed(
        donor_id, form, lambda session: service.write_note(session, donor_id, form.kind.data, form.note.data)
    )


@blueprint.post("/notes/<int:note_id>/drop")
@requires(Permission.KEEP_DONORS)
def drop_note(donor_id: int, note_id: int) -> AnyResponse:
    """Delete a note."""
    return _changed(donor_id, None, lambda session: service.drop_note(session, donor_id, note_id))


@blueprint.post("/merge/<int:other_id>")
@requires(Permission.MANAGE_DONORS)
def merge(donor_id: int, other_id: int) -> AnyResponse:
    """Say that another record is the same person."""
    return _changed(donor_id, None, lambda session: merging.merge(session, donor_id, other_id))


@blueprint.post("/merges/<int:merge_id>/undo")
@requires(Permission.MANAGE_DONORS)
def separate(donor_id: int, merge_id: int) -> AnyResponse:
    """Take a merge back."""
    return _changed(donor_id, None, lambda session: merging.undo(session, donor_id, merge_id))


def _changed(donor_id: int, form: Form | None, change: Callable[[Session], Any]) -> AnyResponse:
    """Carry a change out; what is wrong is said on the donor's page, beside its field."""
    if form is not None and not form.validate():
        return _page(donor_id, form.first_errors(), 422)
    try:
        with transaction(g.scope) as session:
            change(session)
    except Refusal as refusal:
        if refusal.field is None and not isinstance(refusal, Conflict):
            raise
        return _page(donor_id, {refusal.field or "": in_words(refusal)}, refusal.status)
    return _to(donor_id)


def _page(donor_id: int, errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    with transaction(g.scope) as session:
        person = read_person(session, membership_here(), service.person_of(session, donor_id).id)
        country = session.get_one(Institution, membership_here().institution_id).country
        desk = desk_here(session)
    page = render_template(
        "staff/person.html",
        countries=countries_from(country),
        desk=desk,
        place="donors",
        person=person,
        values=shown_values(request.form),
        errors=errors or {},
    )
    return make_response(page, status)


def _to(donor_id: int) -> AnyResponse:
    return redirect(f"/staff/{membership_here().slug}/donors/{donor_id}", 303)
