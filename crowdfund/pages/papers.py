"""Read the documents that a museum has published with a campaign."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import CampaignDocument
from crowdfund.campaigns.rules import DocumentState
from crowdfund.campaigns.texts import said
from crowdfund.i18n import current_locale
from crowdfund.pages.view.campaign import Paper


def papers(session: Session, row: Row[Any], address: str) -> tuple[Paper, ...]:
    """List a campaign's public documents in the museum's order; `address` is that of its page."""
    found = session.scalars(
        select(CampaignDocument)
        .where(
            CampaignDocument.institution_id == row.institution_id,
            CampaignDocument.campaign_id == row.id,
            CampaignDocument.state == DocumentState.PUBLIC,
        )
        .order_by(CampaignDocument.position, CampaignDocument.dated_on, CampaignDocument.id)
    )
    return tuple(
        Paper(
            title=said(one.title, row.default_locale),
            kind=one.kind,
            dated_on=one.dated_on,
            size_bytes=one.size_bytes,
            url=f"{address}documents/{one.id}",
            lang="" if one.locale == current_locale() else one.locale,
        )
        for one in found
    )
