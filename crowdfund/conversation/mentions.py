"""What others say of a campaign: press and mentions, added by hand with their source."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import audit
from crowdfund.campaigns import service as campaigns
from crowdfund.conversation.models import Mention
from crowdfund.conversation.rules import address_problem
from crowdfund.errors import NotFound, Refusal
from crowdfund.tenancy import museum_of


def add_mention(
    session: Session, campaign_id: int, *, source: str, title: str, url: str, on: date, locale: str
) -> Mention:
    """Add what a paper or a person said. Raises NotFound for another museum's campaign, Refusal for a wrong address."""
    campaign = campaigns.campaign_of(session, campaign_id)
    problem = address_problem(url)
    if problem is not None:
        raise Refusal(problem, field="url")
    mention = Mention(campaign_id=campaign.id, source=source, title=title, url=url, said_on=on, locale=locale)
    session.add(mention)
    session.flush()  # for its id
    campaigns.touch(session, campaign.id)
    audit.record(session, "mention.added", f"campaign:{campaign.id}", mention=mention.id)
    return mention


def remove_mention(session: Session, mention_id: int) -> None:
    """Take one away: its page is gone, or it was a mistake. Raises NotFound."""
    mention = session.get(Mention, (museum_of(session), mention_id))
    if mention is None:
        raise NotFound
    session.delete(mention)
    campaigns.touch(session, mention.campaign_id)
    audit.record(session, "mention.removed", f"campaign:{mention.campaign_id}", mention=mention_id)


def mentions_of(session: Session, institution_id: int, campaign_id: int) -> Sequence[Mention]:
    """List what was said of a campaign, the latest first."""
    return session.scalars(
        select(Mention)
        .where(Mention.institution_id == institution_id, Mention.campaign_id == campaign_id)
        .order_by(Mention.said_on.desc(), Mention.id.desc())
    ).all()
