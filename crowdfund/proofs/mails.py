"""Ask a donor, once, whether their name shall be engraved as it stands."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund.gifts import mails
from crowdfund.gifts.models import Gift
from crowdfund.mail import Mail
from crowdfund.plaques.keeping import plaque_of
from crowdfund.pledges.models import Pledge
from crowdfund.proofs.reading import read_names
from crowdfund.proofs.view import PlaqueMail
from crowdfund.tenancy import museum_of

KIND = "plaque"


def name_stands(session: Session, campaign_id: int, pledge_id: int) -> Mail | None:
    """Show a donor their name before it is fixed; None for who is not named any more, or cannot be written to.

    Gifts entered afterwards, as history, are nobody's to write to.
    """
    plaque = plaque_of(session, campaign_id)
    if plaque is None or plaque.locks_on is None or plaque.frozen_at is not None:
        return None
    one = next((one for one in read_names(session, campaign_id, plaque) if one.key == f"p{pledge_id}"), None)
    imported = session.scalar(select(Gift.imported).where(Gift.pledge_id == pledge_id).order_by(Gift.id).limit(1))
    pledge = session.get_one(Pledge, (museum_of(session), pledge_id))
    whole = mails.around(session, campaign_id, pledge.donor_id, pledge_id)
    if one is None or one.left_out or imported or whole is None:
        return None
    base = mails.content(KIND, whole, pledge.amount)
    content: Any = PlaqueMail(
        kind=KIND,
        museum_name=base.museum_name,
        museum_address=base.museum_address,
        campaign_title=base.campaign_title,
        gift_url=base.gift_url,
        wall=base.wall,
        name=one.name,
        locks_on=plaque.locks_on,
    )
    return mails.written(content, whole)
