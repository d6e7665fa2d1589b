"""Announce money for somebody at the desk, note when it will not come, and see whose account it is paid into."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import audit
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState
from crowdfund.desk.models import BankLine, Batch
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.i18n import N_
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import PledgeRequest, PledgeState

OTHER_ACCOUNT = N_("That campaign is paid into another account, or in another currency.")
NOT_AWAITED = N_("This gift is not awaited any more: it was paid, or ended, in the meantime.")


def announce(session: Session, request: PledgeRequest) -> Pledge:
    """Take the promise of somebody at the desk, who needs no e-mail address. The same attempt again is the first promise.

    Raises what making a pledge raises: the campaign is not open, the amount is too small.
    """
    known = session.scalars(select(Pledge).where(Pledge.attempt == request.attempt)).one_or_none()
    pledge = pledges.make_pledge(session, request)
    if known is None:
        audit.record(session, "pledge.announced_at_desk", f"pledge:{pledge.id}", method=pledge.method)
    return pledge


def announced(session: Session, pledge_id: int) -> Pledge:
    """Find a pledge of money that comes by itself. Raises NotFound for any other."""
    pledge = pledges.pledge_of(session, pledge_id)
    if pledge.reference is None:
        raise NotFound
    return pledge


def check_account(paid: BankLine | Batch, campaign: Campaign, *, field: str) -> None:
    """Make sure that money paid into an account can be a campaign's. Raises NotFound for a draft, Refusal beside the field."""
    if campaign.state == CampaignState.DRAFT:
        raise NotFound
    if campaign.issuer_id != paid.issuer_id or campaign.currency != paid.currency:
        raise Refusal(OTHER_ACCOUNT, field=field, status=409)


def call_off(session: Session, pledge_id: int) -> None:
    """Note that announced money will not come: it leaves the total. Raises Conflict when it is not awaited any more."""
    pledge = announced(session, pledge_id)
    if pledge.state not in {PledgeState.MADE, PledgeState.CANCELLED}:
        raise Conflict(NOT_AWAITED)
    if pledges.cancel(session, pledge.id).state != PledgeState.CANCELLED:
        raise Conflict(NOT_AWAITED)  # paid while we looked
    audit.record(session, "pledge.called_off", f"pledge:{pledge.id}")
