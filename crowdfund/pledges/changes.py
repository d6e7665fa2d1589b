"""What a donor may tell after giving: what their receipt needs."""

from __future__ import annotations

from dataclasses import fields, replace

from sqlalchemy.orm import Session

from crowdfund.campaigns import service as campaigns
from crowdfund.donors import service as donors
from crowdfund.donors.rules import DonorDetails
from crowdfund.errors import Refusal
from crowdfund.institutions.models import Issuer
from crowdfund.pledges import service
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import PledgeState
from crowdfund.tax.countries import identity_problems
from crowdfund.tenancy import museum_of


def complete_identity(session: Session, pledge_id: int, details: DonorDetails) -> Pledge:
    """Ask for a receipt after all, or complete what it must print. Kind, name and e-mail address stay.

    Raises Refusal for a detail that is wrong or still missing by the law of the campaign's issuer.
    """
    pledge = service.pledge_of(session, pledge_id, lock=True)
    donor = donors.known_donor(session, pledge.donor_id)
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
    before = {field.name: getattr(donor, field.name) or "" for field in fields(told)}
    known = before | (pledge.told or {}) | told.told()
    for name, message in identity_problems(issuer.jurisdiction, donor.kind, known).items():
        if name != "company_form":  # told later: the receipt waits for it
            raise Refusal(message, field=name)
    if pledge.state == PledgeState.PAID:
        donors.update_details(session, donor, told)
    else:  # a link of an unpaid pledge changes nothing of a donor who has given before
        pledge.told = (pledge.told or {}) | told.told()
    pledge.wants_receipt = True
    session.flush()
    return pledge
