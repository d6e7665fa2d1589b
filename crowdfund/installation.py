"""This installation: its name in requests to the provider, and whether it is quiet.

A restored copy is dangerous: it would send again what was sent, and charge again what was charged. So it draws another name and starts
quiet: no fact is handed over, nothing is asked of the provider, no mail leaves, until a named person has looked and
switches it on (`flask resume --by NAME`).
"""

from __future__ import annotations

from datetime import datetime

from flask import Flask
from sqlalchemy import SmallInteger, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from crowdfund import clock
from crowdfund.database import Base
from crowdfund.errors import Conflict
from crowdfund.i18n import N_
from crowdfund.tenancy import PlatformScope, transaction

ONLY = 1
AWAKE = N_("This installation is not quiet: there is nothing to resume.")


class Quiet(OSError):
    """The installation is quiet: to those who would send something, the outside is away."""


class Installation(Base):
    """The one row that says which installation this database belongs to."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    name: Mapped[str]
    made_at: Mapped[datetime]
    restored_from: Mapped[str | None]
    quiet_since: Mapped[datetime | None]
    resumed_at: Mapped[datetime | None]
    resumed_by: Mapped[str | None]


def here(session: Session) -> Installation:
    """Give this installation."""
    return session.get_one(Installation, ONLY)


def is_quiet(session: Session) -> bool:
    """Say whether nothing may leave."""
    return session.scalar(select(Installation.quiet_since)) is not None


def refuse_if_quiet(session: Session) -> None:
    """Raise Quiet when nothing may leave."""
    if is_quiet(session):
        raise Quiet("this installation is quiet")


def wake(session: Session, by: str) -> Installation:
    """Let the installation act again, in the name of a person. Refuses (409) when it is not quiet."""
    row = session.scalars(select(Installation).with_for_update()).one()
    if row.quiet_since is None:
        raise Conflict(AWAKE)
    row.quiet_since, row.resumed_at, row.resumed_by = None, clock.now(), by
    return row


def quiet_now() -> bool:
    """Say whether the installation is quiet, for a page's banner."""
    with transaction(PlatformScope()) as session:
        return is_quiet(session)


def register(app: Flask) -> None:
    """Let the frames of the staff's pages ask."""
    app.jinja_env.globals["installation_is_quiet"] = quiet_now
