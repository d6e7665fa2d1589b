"""Keep filters of a list under a name, for everybody at the museum's desk."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund import audit
from crowdfund.crm.models import SavedView
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.i18n import N_
from crowdfund.tenancy import scope_of

MOST_VIEWS = 40
NOTHING = N_("There is nothing to keep: choose a filter first. Words searched for are not kept.")
TAKEN = N_("There is a view of this name already.")
ENOUGH = N_("Forty views are kept already: delete one first.")


def views_of(session: Session, page: str) -> list[SavedView]:
    """List the views of a list by name."""
    return list(session.scalars(select(SavedView).where(SavedView.page == page).order_by(SavedView.name, SavedView.id)))


def keep_view(session: Session, page: str, name: str, filters: Mapping[str, str]) -> SavedView:
    """Keep filters under a name. The words searched for are left out: they name people. Raises Refusal."""
    kept = {key: value for key, value in filters.items() if key != "q"}
    if not kept:
        raise Refusal(NOTHING, field="name")
    if session.scalar(select(SavedView.id).where(SavedView.page == page, SavedView.name == name)) is not None:
        raise Refusal(TAKEN, field="name", status=409)
    if (session.scalar(select(func.count()).select_from(SavedView).where(SavedView.page == page)) or 0) >= MOST_VIEWS:
        raise Conflict(ENOUGH)
    view = SavedView(page=page, name=name, filters=kept, saved_by=scope_of(session).actor)
    session.add(view)
    session.flush()  # for its id
    audit.record(session, "view.kept", f"view:{view.id}")
    return view


def drop_view(session: Session, view_id: int) -> str:
    """Delete a view and tell of which list it was. Raises NotFound."""
    view = session.scalars(select(SavedView).where(SavedView.id == view_id)).one_or_none()
    if view is None:
        raise NotFound
    page = view.page
    session.delete(view)
    audit.record(session, "view.dropped", f"view:{view_id}")
    return page
