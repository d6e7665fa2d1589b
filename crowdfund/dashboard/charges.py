"""The charges of a museum that were set aside: the table, and one with all that is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.texts import said
from crowdfund.dashboard import moments
from crowdfund.dashboard.queries import donor_name
from crowdfund.dashboard.trail import trail_of
from crowdfund.donors.models import Donor
from crowdfund.errors import NotFound
from crowdfund.gifts.models import Gift
from crowdfund.gifts.view import StoryEvent
from crowdfund.i18n import gettext
from crowdfund.institutions.current import Membership
from crowdfund.institutions.models import Issuer
from crowdfund.money import Money
from crowdfund.payments import aside
from crowdfund.payments.models import Checkout, ProviderCall, ProviderEvent, QuarantinedCharge
from crowdfund.payments.rules import AsideState
from crowdfund.payments.view import ChargeCase, ChargeList, ChargeRow
from crowdfund.pledges.models import Pledge

SHOWN = 200


def list_charges(session: Session, museum: Membership) -> ChargeList:
    """Read the charges that were set aside: those that wait for a decision first, then the latest."""
    waits = QuarantinedCharge.state.in_([AsideState.OPEN, AsideState.REFUNDING])
    found = session.execute(_rows().order_by(waits.desc(), QuarantinedCharge.id.desc()).limit(SHOWN)).all()
    return ChargeList(
        rows=tuple(_row(one, museum) for one in found),
        waiting=session.scalar(
            select(func.count()).select_from(QuarantinedCharge).where(QuarantinedCharge.state == AsideState.OPEN)
        )
        or 0,
        timezone=museum.time_zone,
    )


def read_charge(session: Session, museum: Membership, aside_id: int) -> ChargeCase:
    """Read one charge that was set aside. Raises NotFound when the museum has no such one."""
    found = session.execute(_rows().where(QuarantinedCharge.id == aside_id)).one_or_none()
    if found is None:
        raise NotFound
    one: QuarantinedCharge = found.QuarantinedCharge
    pledge: Pledge | None = found.Pledge
    gift = None
    if pledge is not None:
        gift = session.scalars(select(Gift).where(Gift.pledge_id == pledge.id, Gift.moved_from_id.is_(None))).first()
    gift_url = f"/staff/{museum.slug}/gifts/{gift.id}" if gift is not None else ""
    objection = aside.objection(session, one) if one.state == AsideState.OPEN else None
    own = gift is not None and gift.charge == one.charge
    return ChargeCase(
        row=_row(found, museum),
        timezone=museum.time_zone,
        events=tuple(sorted(_moments(session, one, pledge, found.Donor), key=lambda event: event.at)),
        charge=one.charge,
        payment=one.payment or "",
        account=one.account,
        expected_account=found.payment_account or "",
        objection=gettext(objection) if objection else "",
        pledged_at=pledge.created_at if pledge else None,
        paid_url="" if own else gift_url,
        gift_url=gift_url if own else "",
    )


def _rows() -> Select[*tuple[Any, ...]]:
    return (
        select(QuarantinedCharge, Pledge, Donor, Campaign.title.label("campaign"), Issuer.payment_account)
        .outerjoin(Pledge, Pledge.id == QuarantinedCharge.pledge_id)
        .outerjoin(Donor, Donor.id == Pledge.donor_id)
        .outerjoin(Campaign, Campaign.id == Pledge.campaign_id)
        .outerjoin(Issuer, Issuer.id == Campaign.issuer_id)
    )


def _row(row: Row[Any], museum: Membership) -> ChargeRow:
    one: QuarantinedCharge = row.QuarantinedCharge
    return ChargeRow(
        number=str(one.id),
        at=one.created_at,
        donor=donor_name(row.Donor),
        email=(row.Donor and row.Donor.email) or "",
        campaign=said(row.campaign, museum.default_locale) if row.campaign else "",
        reason=one.reason,
        state=one.state,
        amount=Money(one.amount_minor, one.currency),
        url=f"/staff/{museum.slug}/charges/{one.id}",
        expected=row.Pledge.amount if row.Pledge else None,
    )


def _moments(
    session: Session, one: QuarantinedCharge, pledge: Pledge | None, donor: Donor | None
) -> Iterator[StoryEvent]:
    """Give every moment, causes before their effects where both have the same time."""
    yield from moments.of_pledge(pledge, donor)
    if pledge is not None:
        tries = select(Checkout).where(Checkout.pledge_id == pledge.id).order_by(Checkout.number)
        yield from moments.of_checkouts(session.scalars(tries))
    known = [name for name in (one.charge, one.payment) if name]
    told = select(ProviderEvent).where(ProviderEvent.object_id.in_(known)).order_by(ProviderEvent.id)
    yield from moments.of_notifications(session.scalars(told))
    yield from moments.of_aside(one)
    asked = select(ProviderCall).where(ProviderCall.subject.startswith(f"aside:{one.id}:")).order_by(ProviderCall.id)
    yield from moments.of_calls(session.scalars(asked))
    yield from moments.of_trail(trail_of(session, [f"charge:{one.id}"]))
