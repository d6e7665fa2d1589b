"""Read the cards of works for the lists: one statement for all museums, by the public role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Artwork, Campaign, CampaignTotal
from crowdfund.campaigns.rules import CampaignState, FundingModel
from crowdfund.campaigns.texts import said
from crowdfund.campaigns.view import MuseumLabel, Phase, Picture, Progress, WorkCard, picture_at
from crowdfund.i18n import current_locale
from crowdfund.institutions.models import BankDetails, Institution, Issuer
from crowdfund.ledger.models import LedgerAccount, LedgerTotal
from crowdfund.money import Money

PHASES: dict[str, Phase] = {
    CampaignState.SCHEDULED: "scheduled",
    CampaignState.LIVE: "live",
    CampaignState.SUCCEEDED: "succeeded",
    CampaignState.ENDED: "failed",
    CampaignState.WITHDRAWN: "withdrawn",
}
RESOLUTION = datetime.resolution


def figures_columns() -> tuple[Any, ...]:
    """Give the columns of the totals (amounts in minor units), for a statement that selects from campaigns."""
    raised = (
        select(func.coalesce(-func.sum(LedgerTotal.balance_minor), 0))
        .join(
            LedgerAccount,
            and_(
                LedgerAccount.institution_id == LedgerTotal.institution_id, LedgerAccount.id == LedgerTotal.account_id
            ),
        )
        .where(
            LedgerAccount.institution_id == Campaign.institution_id,
            LedgerAccount.campaign_id == Campaign.id,
            LedgerAccount.kind == "fund",
        )
        .scalar_subquery()
    )

    def total(column: Any) -> Any:
        return (
            select(func.coalesce(func.sum(column), 0))
            .where(CampaignTotal.institution_id == Campaign.institution_id, CampaignTotal.campaign_id == Campaign.id)
            .scalar_subquery()
        )

    return (
        raised.label("raised_minor"),
        total(CampaignTotal.promised_minor).label("promised_minor"),
        total(CampaignTotal.announced_minor).label("announced_minor"),
        total(CampaignTotal.supporters).label("supporters"),
        total(CampaignTotal.promised_count).label("promises"),
        total(CampaignTotal.contributions).label("contributions"),
    )


def card_statement() -> Any:
    """Select what a card shows."""
    return (
        select(
            Campaign.institution_id,
            Campaign.id,
            Campaign.slug,
            Campaign.state,
            Campaign.funding_model,
            Campaign.kind,
            Campaign.title,
            Campaign.currency,
            Campaign.goal_minor,
            Campaign.opens_at,
            Campaign.closes_at,
            Campaign.joint_code,
            Campaign.minimum_minor,
            Campaign.timeline,
            Artwork.maker,
            Artwork.dated,
            Artwork.technique,
            Artwork.image,
            Artwork.image_width,
            Artwork.image_height,
            Artwork.image_alt,
            Institution.slug.label("museum_slug"),
            Institution.name.label("museum_name"),
            Institution.city,
            Institution.region,
            Institution.default_locale,
            Institution.time_zone,
            Institution.latitude,
            Institution.longitude,
            Institution.opening,
            takes_gifts_column(),
            *figures_columns(),
        )
        .join(Institution, Institution.id == Campaign.institution_id)
        .join(Artwork, and_(Artwork.institution_id == Campaign.institution_id, Artwork.id == Campaign.artwork_id))
    )


def takes_gifts_column() -> Any:
    """Say whether there is a way to give at all: the model takes money now, by card or through the museum's bank."""
    issued_by = (Issuer.institution_id == Campaign.institution_id, Issuer.id == Campaign.issuer_id)
    at_the_bank = (BankDetails.institution_id == Campaign.institution_id, BankDetails.issuer_id == Campaign.issuer_id)
    by_hand = or_(BankDetails.takes_transfers, BankDetails.takes_cheques)
    return and_(
        Campaign.funding_model == FundingModel.KEEP,
        or_(
            select(Issuer.id).where(*issued_by, Issuer.takes_cards).exists(),
            select(BankDetails.id).where(*at_the_bank, by_hand).exists(),
        ),
    ).label("takes_gifts")


def cards(session: Session) -> list[tuple[Row[Any], WorkCard]]:
    """Read the card of every published acquisition, joint campaigns once with their sums together."""
    rows = session.execute(
        card_statement()
        .where(Campaign.state != CampaignState.DRAFT, Campaign.kind != "add_on")
        .order_by(Campaign.closes_at, Campaign.id)
    ).all()
    found: list[tuple[Row[Any], WorkCard]] = []
    joint: dict[str, int] = {}
    for row in rows:
        card = card_of(row)
        if row.joint_code in joint:
            place = joint[row.joint_code]
            found[place] = (found[place][0], _joined(found[place][1], card))
            continue
        if row.joint_code:
            joint[row.joint_code] = len(found)
        found.append((row, card))
    return found


def _joined(first: WorkCard, part: WorkCard) -> WorkCard:
    """Add a museum's part to the card of a joint campaign."""
    return replace(
        first,
        progress=together([first.progress, part.progress]),
        donors=first.donors + part.donors,
        least=min((one.least for one in (first, part) if one.least), key=lambda least: least.minor, default=None),
        raised=first.raised + part.raised if first.raised and part.raised else first.raised or part.raised,
    )


def together(parts: Sequence[Progress]) -> Progress:
    """Add up the parts of a joint campaign."""
    raised, goal = parts[0].raised, parts[0].goal
    for part in parts[1:]:
        raised += part.raised
        goal = goal + part.goal if goal and part.goal else goal
    return Progress(raised, goal)


def card_of(row: Row[Any]) -> WorkCard:
    """Turn a row into its card."""
    phase = PHASES[row.state]
    zone = ZoneInfo(row.time_zone)
    return WorkCard(
        museum=label_of(row),
        title=said(row.title, row.default_locale),
        caption=", ".join(
            part for part in (said(row.technique, row.default_locale), said(row.dated, row.default_locale)) if part
        ),
        url=f"/{current_locale()}/{row.museum_slug}/{row.slug}/",
        picture=picture_of(row),
        progress=progress_of(row),
        phase=phase,
        donors=int(row.supporters or row.promises),
        days_left=days_left(row.closes_at, row.time_zone) if phase == "live" else None,
        opens_on=row.opens_at.astimezone(zone).date(),
        ended_on=row.closes_at.astimezone(zone).date(),
        takes_gifts=phase == "live" and row.takes_gifts,
        least=Money(row.minimum_minor, row.currency),
        raised=Money(int(row.raised_minor), row.currency),
    )


def label_of(row: Row[Any]) -> MuseumLabel:
    """Name the museum of a row."""
    return MuseumLabel(row.museum_slug, row.museum_name, row.city, f"/{current_locale()}/{row.museum_slug}/")


def progress_of(row: Row[Any]) -> Progress:
    """Tell how far a campaign is: what was received, or, while nothing is taken before the goal, what is promised."""
    counted = row.raised_minor + row.promised_minor
    goal = Money(row.goal_minor, row.currency) if row.goal_minor else None
    return Progress(Money(int(counted), row.currency), goal)


def picture_of(row: Row[Any]) -> Picture:
    """Give the work's picture, or the frame that waits for one."""
    if not row.image:
        return Picture("art/frame.svg", 600, 480, alt="")
    return picture_at(row.image, row.image_width, row.image_height, said(row.image_alt, row.default_locale))


def days_left(closes_at: datetime, time_zone: str) -> int:
    """Count the whole days to the last one, in the museum's days: 0 on the last."""
    zone = ZoneInfo(time_zone)
    last = (closes_at.astimezone(UTC) - RESOLUTION).astimezone(zone).date()
    return max(0, (last - clock.now().astimezone(zone).date()).days)
