"""What one colleague waits for from another: money to attribute and to approve, yeses to drafts. One statement each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.preparation import Approval
from crowdfund.campaigns.promises import Approver
from crowdfund.campaigns.rules import CampaignState
from crowdfund.campaigns.texts import said
from crowdfund.dashboard.owed import Can
from crowdfund.dashboard.view import Card
from crowdfund.desk.queries import Waiting, what_waits
from crowdfund.i18n import gettext as _
from crowdfund.i18n import ngettext
from crowdfund.institutions.current import Membership
from crowdfund.institutions.rules import Permission, may_approve

APPROVED_WITHIN = timedelta(days=2)


def asked_by_colleagues(session: Session, museum: Membership, can: Can) -> Iterator[Card]:
    """List the cards of what colleagues have prepared and another person goes on with, as far as this one may."""
    here = f"/staff/{museum.slug}"
    if can(Permission.RECORD_MONEY) or can(Permission.APPROVE_MONEY):
        waits = what_waits(session)
        if can(Permission.APPROVE_MONEY):
            yield from _to_approve(waits, here)
        if can(Permission.RECORD_MONEY):
            yield from _to_record(waits, here)
    if can(Permission.APPROVE):
        yield from _yeses(session, museum, here)


def _to_approve(waits: Waiting, here: str) -> Iterator[Card]:
    if waits.batches:
        title = ngettext("%(n)s batch of cheques to approve", "%(n)s batches of cheques to approve", waits.batches)
        text = _("A colleague has counted it. With your approval the cheques become gifts.")
        url = f"{here}/desk/cheques" + (f"/{waits.batch}" if waits.batches == 1 else "")
        yield Card(title, text, url, late=_late(waits.batches_since))
    if waits.matched:
        title = ngettext("%(n)s bank line to approve", "%(n)s bank lines to approve", waits.matched)
        text = _("A colleague has said whose it is. With your approval it becomes a gift.")
        yield Card(title, text, f"{here}/desk/lines?state=matched")


def _to_record(waits: Waiting, here: str) -> Iterator[Card]:
    if waits.lines:
        title = ngettext("%(n)s bank line to attribute", "%(n)s bank lines to attribute", waits.lines)
        yield Card(title, _("Say whose money it is; a second person approves."), f"{here}/desk/lines")
    if waits.counts:
        title = ngettext("%(n)s count to confirm", "%(n)s counts to confirm", waits.counts)
        text = _("A colleague has counted. Count again yourself: where both agree it becomes a gift.")
        yield Card(title, text, f"{here}/desk/counts", late=_late(waits.counts_since))


def _yeses(session: Session, museum: Membership, here: str) -> Iterator[Card]:
    """Name the campaigns that are written, are not open yet, and lack a yes this person may give to what they say now."""
    missing = [
        ~exists().where(
            Approval.institution_id == Campaign.institution_id,
            Approval.campaign_id == Campaign.id,
            Approval.part == part.value,
            Approval.revision == Campaign.revision,
        )
        for part in Approver
        if may_approve(museum.role, part.value)
    ]
    if not missing:
        return
    found = session.execute(
        select(Campaign.id, Campaign.title)
        .where(
            Campaign.state.in_([CampaignState.DRAFT, CampaignState.SCHEDULED]),
            Campaign.opens_at > clock.now(),
            Campaign.summary != {},
            or_(*missing),
        )
        .order_by(Campaign.opens_at, Campaign.id)
    )
    for campaign_id, title in found:
        yield Card(
            _("Your agreement is asked: %(title)s", title=said(title, museum.default_locale)),
            _("It opens only with your yes to what it says now. Read it, then agree."),
            f"{here}/campaigns/{campaign_id}/edit/approvals",
        )


def _late(oldest: datetime | None) -> bool:
    return oldest is not None and clock.now() - oldest > APPROVED_WITHIN
