"""What a donor may change after giving: how they are shown, and what their receipt needs."""

from __future__ import annotations

from dataclasses import fields, replace

from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns import service as campaigns
from crowdfund.donors import service as donors
from crowdfund.donors.rules import DonorDetails
from crowdfund.errors import NotFound, Refusal
from crowdfund.institutions.models import Issuer
from crowdfund.outbox import publish
from crowdfund.pledges import service, wall
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import PledgeState
from crowdfund.tax.countries import identity_problems
from crowdfund.tenancy import museum_of


def change_wall(session: Session, pledge_id: int, *, shown: str, name: str = "", message: str = "") -> Pledge:
    """Change what the public sees of a donor, at the donor's wish; before payment it is only noted."""
    pledge = service.pledge_of(session, pledge_id, lock=True)
    pledge.wall, pledge.wall_name, pledge.message = shown, name or None, message or None
    session.flush()
    if pledge.state == PledgeState.PAID:
        campaigns.touch(session, pledge.campaign_id)
        wall.write_entry(session, pledge)
    publish(session, "wall.changed", key=f"{pledge.id}:{clock.now().isoformat()}", pledge_id=pledge.id)
    return pledge


def complete_identity(session: Session, pledge_id: int, details: DonorDetails) -> Pledge:
    """Ask for a receipt after all, or complete what it must print. Kind, name and e-mail address stay.

    Raises Refusal for a detail that is wrong or still missing by the law of the campaign's issuer.
    """
    pledge = service.pledge_of(session, pledge_id, lock=True)
    donor = donors.donor_of(session, pledge.donor_id)
    if donor.erased_at is not None:
        raise NotFound
    kept = {
        "kind": donor.kind,
        "first_name": "",
        "last_name": "",
        "company_name": "",
        "email": "",
        "locale": donor.locale,
    }
    told = replace(details, **kept)
    campaign = campaigns.campaign_of(session, pledge.campaign_id)
    issuer = session.get_one(Issuer, (museum_of(session), campaign.issuer_id))
    known = {field.name: getattr(donor, field.name) or "" for field in fields(told)} | told.told()
    for name, message in identity_problems(issuer.jurisdiction, donor.kind, known).items():
        if name != "company_form":  # told later: the receipt waits for it
            raise Refusal(message, field=name)
    donors.update_details(session, donor, told)
    pledge.wants_receipt = True
    session.flush()
    return pledge
