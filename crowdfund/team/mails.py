"""Write to the museum's people, each in the language of their account."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from config import Config
from crowdfund.accounts.models import Account
from crowdfund.i18n import supported, use_locale
from crowdfund.institutions.models import Institution, Member
from crowdfund.mail import Mail
from crowdfund.team.models import Invitation
from crowdfund.team.tokens import invitation_token
from crowdfund.tenancy import museum_of


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a member: joined, role, left, reset_asked, reset_done. `due_at` is when a reset takes place."""

    member_id: int
    what: str
    by_id: int
    before: str
    after: str
    due_at: datetime | None = None


def invitation(session: Session, found: Invitation) -> Mail:
    """Write the mail that brings an invitation."""
    museum = session.get_one(Institution, museum_of(session))
    token = invitation_token(museum.id, found.key)
    return _written(
        "team_invitation", str(found.email), found.name, found.locale, museum=museum.name, role=found.role,
        url=f"{_config().public_url}/account/join/{token}", until=found.expires_at, timezone=museum.time_zone,
        by=session.get_one(Account, found.invited_by_id).name,
    )  # fmt: skip


def change(session: Session, to: Account, told: Change) -> Mail:
    """Write what changed in the team, to an owner or to the person concerned."""
    museum = session.get_one(Institution, museum_of(session))
    member = session.get_one(Member, (museum.id, told.member_id))
    return _written(
        "team_changed", to.email, to.name, to.locale, museum=museum.name, timezone=museum.time_zone, change=told,
        name=session.get_one(Account, member.account_id).name, is_me=member.account_id == to.id,
        by=session.get_one(Account, told.by_id).name, url=f"{_config().public_url}/staff/{museum.slug}/team",
        secure_url=f"{_config().public_url}/account/",
    )  # fmt: skip


def _config() -> Config:
    config: Config = current_app.extensions["config"]
    return config


def _written(kind: str, to: str, to_name: str, locale: str, **said: Any) -> Mail:
    with use_locale(locale):
        page = current_app.jinja_env.get_template(f"mail/{kind}.html")
        subject = "".join(page.blocks["subject"](page.new_context(said)))
        return Mail(
            kind=kind, to=to, to_name=to_name, from_name=_config().platform_name,
            subject=html.unescape(subject).strip(), locale=supported(locale), html=page.render(**said),
            text=current_app.jinja_env.get_template(f"mail/{kind}.txt").render(**said).strip() + "\n",
        )  # fmt: skip
