"""Read what the desk works on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import CampaignState, FundingModel
from crowdfund.campaigns.texts import said
from crowdfund.counter.view import CampaignChoice, IssuerBank, PromiseList, PromiseRow
from crowdfund.donors.models import Donor
from crowdfund.gifts.mails import name_of
from crowdfund.institutions.bank import printed_iban
from crowdfund.institutions.current import Membership
from crowdfund.institutions.models import BankDetails, Issuer
from crowdfund.money import Money
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.references import plain, printed, read_reference
from crowdfund.pledges.rules import PledgeState

PAGE = 50


def campaigns_open(session: Session, home: str) -> list[CampaignChoice]:
    """List the campaigns that take announced money now: open, and keeping what is given."""
    now = clock.now()
    rows = session.scalars(
        select(Campaign)
        .where(
            Campaign.state == CampaignState.LIVE,
            Campaign.funding_model == FundingModel.KEEP,
            Campaign.opens_at <= now,
            Campaign.closes_at > now,
        )
        .order_by(Campaign.closes_at, Campaign.id)
    )
    return [CampaignChoice(one.id, said(one.title, home), one.currency, one.issuer_id) for one in rows]


def list_promises(session: Session, museum: Membership, query: str, before: int | None) -> PromiseList:
    """List what is announced and awaited, the latest first; by a part of a name or the reference, if asked."""
    awaited = (Pledge.state == PledgeState.MADE, Pledge.reference.is_not(None))
    asked: list[Any] = [*awaited]
    if query:
        exact = read_reference(query)
        like = f"%{query.replace('%', '').replace('_', '')}%"
        names = or_(Donor.first_name.ilike(like), Donor.last_name.ilike(like), Donor.company_name.ilike(like))
        beginning = Pledge.reference.startswith(plain(query)[:10], autoescape=True)
        asked.append(Pledge.reference == exact if exact else or_(names, beginning))
    if before is not None:
        asked.append(Pledge.id < before)
    rows = session.execute(
        select(Pledge, Donor, Campaign)
        .join(Donor, Donor.id == Pledge.donor_id)
        .join(Campaign, Campaign.id == Pledge.campaign_id)
        .where(*asked)
        .order_by(Pledge.id.desc())
        .limit(PAGE + 1)
    ).all()
    sums = session.execute(
        select(Pledge.currency, func.sum(Pledge.amount_minor), func.count()).where(*awaited).group_by(Pledge.currency)
    ).all()
    shown = tuple(promise_row(museum, *row) for row in rows[:PAGE])
    more = f"/staff/{museum.slug}/desk/promises?q={quote(query)}&before={shown[-1].id}" if len(rows) > PAGE else ""
    return PromiseList(
        rows=shown,
        query=query,
        total=sum(int(row[2]) for row in sums),
        sums=tuple(Money(int(row[1]), row[0]) for row in sums),
        next_url=more,
    )


def promise_row(museum: Membership, pledge: Pledge, donor: Donor, campaign: Campaign) -> PromiseRow:
    """Show one promise."""
    address = (donor.address_line or "", f"{donor.postcode or ''} {donor.city or ''}".strip())
    return PromiseRow(
        id=pledge.id,
        reference=printed(pledge.reference or ""),
        name=name_of(donor),
        amount=pledge.amount,
        method=pledge.method,
        campaign=said(campaign.title, museum.default_locale),
        state=pledge.state,
        on=pledge.created_at.astimezone(ZoneInfo(museum.time_zone)).date(),
        address=tuple(filter(None, address)),
        email=donor.email or "",
        url=f"/staff/{museum.slug}/desk/promises/{pledge.id}",
    )


def issuers_banks(session: Session) -> list[IssuerBank]:
    """Show where each issuer takes transfers and cheques."""
    known = {one.issuer_id: one for one in session.scalars(select(BankDetails))}
    return [_bank(issuer, known.get(issuer.id)) for issuer in session.scalars(select(Issuer).order_by(Issuer.id))]


def _bank(issuer: Issuer, details: BankDetails | None) -> IssuerBank:
    if details is None:
        address = f"{issuer.legal_name}\n{issuer.address_line}\n{issuer.postcode} {issuer.city}"
        values = {
            "beneficiary": issuer.legal_name,
            "cheque_order": issuer.legal_name,
            "cheque_address": address,
        }
        return IssuerBank(issuer.id, issuer.legal_name, values)
    values = {
        "beneficiary": details.beneficiary or "",
        "iban": printed_iban(details.iban or ""),
        "bic": details.bic or "",
        "cheque_order": details.cheque_order or "",
        "cheque_address": details.cheque_address or "",
        "takes_transfers": "1" if details.takes_transfers else "",
        "takes_cheques": "1" if details.takes_cheques else "",
    }
    return IssuerBank(issuer.id, issuer.legal_name, values, details.changed_at)


def campaigns_of_issuer(session: Session, issuer_id: int, currency: str, home: str) -> list[CampaignChoice]:
    """List the campaigns that are paid into an issuer's account, those that run first: money may come after the end."""
    return [one for one in campaigns_counted(session, home) if (one.issuer_id, one.currency) == (issuer_id, currency)]


def campaigns_counted(session: Session, home: str) -> list[CampaignChoice]:
    """List the campaigns that money may have been given to, those that run first, then the latest."""
    running = case((Campaign.state == CampaignState.LIVE, 0), else_=1)
    rows = session.scalars(
        select(Campaign)
        .where(Campaign.state.not_in((CampaignState.DRAFT, CampaignState.SCHEDULED)))
        .order_by(running, Campaign.closes_at.desc(), Campaign.id)
    )
    return [
        CampaignChoice(one.id, said(one.title, home), one.currency, one.issuer_id, one.state == CampaignState.LIVE)
        for one in rows
    ]


def campaign_meant(campaigns: Sequence[CampaignChoice]) -> str:
    """Name the campaign that needs no asking: the only one that takes gifts, or the only one there is; else none."""
    running = [one for one in campaigns if one.running] or list(campaigns)
    return str(running[0].id) if len(running) == 1 else ""
