"""Start again after letting go: step 1 as it was filled, and what step 2 knew rides along in the form, never in an address."""

from __future__ import annotations

from http import HTTPStatus

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from crowdfund.donors.models import Donor
from crowdfund.donors.rules import DonorKind
from crowdfund.money import Money
from crowdfund.payments import giving
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Group, Pledge
from crowdfund.pledges.offers import slugs_of
from crowdfund.pledges.queries import Filled
from crowdfund.pledges.rules import PledgeState
from crowdfund.tenancy import DonorScope, transaction

ENDED = frozenset({PledgeState.CANCELLED, PledgeState.EXPIRED})
PERSON = ("first_name", "last_name", "company_name", "company_number", "legal_form", "email")
ADDRESS = ("address_line", "postcode", "city", "country", "tax_number")


def show(scope: DonorScope, pledge_id: int) -> AnyResponse | None:
    """Show step 1 with what an ended pledge had chosen; None when it has not ended, so that nobody gives twice unawares."""
    with transaction(scope) as session:
        pledge = pledges.pledge_of(session, pledge_id)
        if pledge.state not in ENDED:
            return None
        museum, campaign = slugs_of(session, pledge_id)
        values = _chosen(session, pledge) | _told(session, pledge)
        net = pledge.amount - Money(pledge.cover_minor, pledge.currency)
        reward_id = pledge.reward_id
    offer = giving.offer_at(museum, campaign)
    if not offer.is_open():
        return giving.closed(offer)
    values["amount" if net in offer.suggested else "other_amount"] = str(net.decimal)
    kept = {name: value for name, value in values.items() if value}
    return giving.page(
        "give/step1.html", offer, Filled(values=kept, errors={}, amount=net, reward_id=reward_id), HTTPStatus.OK
    )


def _chosen(session: Session, pledge: Pledge) -> dict[str, str]:
    """Give the choices of a pledge. What was said yes to is kept already, and asked for unticked as ever."""
    group = session.get(Group, (pledge.institution_id, pledge.group_id)) if pledge.group_id else None
    return {
        "reward": str(pledge.reward_id or ""),
        "c": pledge.channel or "",
        "g": group.code if group else "",
        "wants_receipt": "1" if pledge.wants_receipt else "",
        "cover_fees": "1" if pledge.cover_minor else "",
        "fallback": pledge.fallback,
        "wall": pledge.wall or "",
        "wall_name": pledge.wall_name or "",
        "message": pledge.message or "",
        "dedication_kind": pledge.dedication_kind or "",
        "dedication_name": pledge.dedication_name or "",
        "dedication_email": pledge.dedication_email or "",
    }


def _told(session: Session, pledge: Pledge) -> dict[str, str]:
    """Give who the donor said they are, only where this very pledge told it.

    A record that was there before may hold another's address: who knows an e-mail address must not read it here.
    """
    donor = session.get_one(Donor, (pledge.institution_id, pledge.donor_id))
    others = session.scalar(select(func.count()).where(Pledge.donor_id == donor.id, Pledge.id != pledge.id))
    if others or donor.created_at != pledge.created_at or donor.erased_at is not None:
        return {}
    names = PERSON + (ADDRESS if pledge.wants_receipt else ())
    told = {name: str(getattr(donor, name) or "") for name in names}
    return told | {"donor_kind": DonorKind.COMPANY.value if donor.kind == DonorKind.COMPANY else ""}
