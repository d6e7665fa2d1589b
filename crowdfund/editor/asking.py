"""Ask those whose yes a campaign still needs: who they are, once a day at most, and what is written to them."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config import Config
from crowdfund import audit, clock
from crowdfund.accounts.models import Account
from crowdfund.audit import AuditEntry
from crowdfund.campaigns.gate import approvals_of
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.promises import Approver, check_approvable
from crowdfund.campaigns.service import campaign_of
from crowdfund.campaigns.texts import said
from crowdfund.errors import Conflict
from crowdfund.i18n import N_, gettext, supported, use_locale
from crowdfund.institutions.models import Institution, Member
from crowdfund.institutions.rules import Role
from crowdfund.mail import Mail
from crowdfund.outbox import publish
from crowdfund.tenancy import museum_of

APPROVERS: Mapping[str, str] = {
    Approver.CURATOR: N_("Curator"),
    Approver.DIRECTOR: N_("Director"),
    Approver.FINANCE: N_("Finance officer"),
}
PAUSE = timedelta(days=1)
ASKED = "campaign.agreement_asked"
ASKED_ALREADY = N_("They were asked less than a day ago. Ask again tomorrow.")
ALL_AGREE = N_("Everybody has agreed to what the campaign says now.")


@dataclass(frozen=True, slots=True)
class Giver:
    """Somebody who may give a yes. `owner` says that nobody has the role itself: the owner notes it for them."""

    account_id: int
    name: str
    email: str
    owner: bool


def givers_of(session: Session) -> dict[str, list[Giver]]:
    """List by part who gives each yes: the members of that role, else the owners."""
    rows = session.execute(
        select(Member.role, Account.id, Account.name, Account.email)
        .join(Account, Account.id == Member.account_id)
        .where(Member.state == "active", Member.role.in_([*Approver, Role.OWNER]))
        .order_by(Account.name, Account.id)
    ).all()
    by_role: dict[str, list[Giver]] = {}
    for row in rows:
        by_role.setdefault(row.role, []).append(Giver(row.id, row.name, row.email, row.role == Role.OWNER))
    return {part: by_role.get(part) or by_role.get(Role.OWNER, []) for part in Approver}


def open_parts(session: Session, campaign: Campaign) -> list[str]:
    """List the yeses that are missing, or were given to what the campaign said before."""
    given = approvals_of(session, campaign.id)
    return [part for part in Approver if part not in given or given[part].revision < campaign.revision]


def asked_at(session: Session, campaign_id: int) -> datetime | None:
    """Tell when they were asked within the last day (UTC), if they were."""
    return session.scalar(
        select(func.max(AuditEntry.at)).where(
            AuditEntry.institution_id == museum_of(session),
            AuditEntry.subject == f"campaign:{campaign_id}",
            AuditEntry.action == ASKED,
            AuditEntry.at > clock.now() - PAUSE,
        )
    )


def ask_for_agreement(session: Session, campaign_id: int, *, by: int) -> None:
    """Ask those whose yes is missing. Raises Conflict once it is open, when none is missing, and twice within a day."""
    campaign = campaign_of(session, campaign_id, lock=True)
    check_approvable(campaign.state)
    if not open_parts(session, campaign):
        raise Conflict(ALL_AGREE)
    if asked_at(session, campaign.id) is not None:
        raise Conflict(ASKED_ALREADY)
    audit.record(session, ASKED, f"campaign:{campaign.id}")
    key = f"{campaign.id}:{clock.now().isoformat()}"
    publish(session, "campaign.agreement_asked", key=key, campaign_id=campaign.id, by_id=by)


def asked_of(session: Session, campaign_id: int) -> dict[int, list[str]]:
    """Tell whose yes is still missing: the parts by account."""
    givers, found = givers_of(session), dict[int, list[str]]()
    for part in open_parts(session, campaign_of(session, campaign_id)):
        for one in givers[part]:
            found.setdefault(one.account_id, []).append(part)
    return found


def letter(session: Session, campaign_id: int, account_id: int, by_id: int) -> Mail | None:
    """Write to one of them, in the language of their account; nothing when their yes came meanwhile."""
    parts = asked_of(session, campaign_id).get(account_id)
    if not parts:
        return None
    museum = session.get_one(Institution, museum_of(session))
    to, by = session.get_one(Account, account_id), session.get_one(Account, by_id)
    config: Config = current_app.extensions["config"]
    with use_locale(to.locale):
        page = current_app.jinja_env.get_template("mail/agreement_asked.html")
        told = {
            "museum": museum.name,
            "title": said(campaign_of(session, campaign_id).title, museum.default_locale),
            "by": by.name,
            "parts": [gettext(APPROVERS[part]) for part in parts],
            "url": f"{config.public_url}/staff/{museum.slug}/campaigns/{campaign_id}/edit/approvals",
        }
        subject = "".join(page.blocks["subject"](page.new_context(told)))
        return Mail(
            kind="agreement_asked", to=to.email, to_name=to.name, from_name=config.platform_name,
            subject=html.unescape(subject).strip(), locale=supported(to.locale), html=page.render(**told),
            text=current_app.jinja_env.get_template("mail/agreement_asked.txt").render(**told).strip() + "\n",
            reply_to=by.email,
        )  # fmt: skip
