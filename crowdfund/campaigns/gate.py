"""Hold the door: nothing opens past an open item. Note the decisions and the yeses that close them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.campaigns import richtext
from crowdfund.campaigns.checklist import Facts, Item, Undescribed, checklist, open_items, published
from crowdfund.campaigns.content import Content, read_content, rows_of
from crowdfund.campaigns.counterparts import LawFor, Verdict, judge
from crowdfund.campaigns.models import Campaign, CampaignDocument, Reward
from crowdfund.campaigns.preparation import Approval, Decision
from crowdfund.campaigns.promises import Approver, DecisionKind, WordState, check_approvable
from crowdfund.campaigns.rules import DocumentKind, DocumentState
from crowdfund.campaigns.view import UPLOADED
from crowdfund.errors import Conflict, Refusal
from crowdfund.i18n import N_
from crowdfund.institutions.current import languages_of
from crowdfund.institutions.models import Institution, Issuer
from crowdfund.money import Money
from crowdfund.pictures.models import Picture
from crowdfund.tenancy import museum_of

PAPERS: Mapping[str, DecisionKind] = {
    DocumentKind.ADVICE: DecisionKind.COMMISSION,
    DocumentKind.ACT: DecisionKind.COUNCIL,
    DocumentKind.MANDATE: DecisionKind.MANDATE,
    DocumentKind.AGREEMENT: DecisionKind.ACCOUNTANT,
}
PAPER_OF: Mapping[str, str] = {decision: kind for kind, decision in PAPERS.items()}
ITEMS_OPEN = N_("Something is still missing before this campaign may open. The checklist says what.")
IN_FUTURE = N_("This day is not over yet.")
NO_WORDS = N_("There are no words in this language to approve.")


def check_gate(session: Session, campaign: Campaign) -> None:
    """Make sure that nothing is missing. Raises Conflict."""
    if open_items(facts_of(session, campaign)):
        raise Conflict(ITEMS_OPEN)


def checklist_of(session: Session, campaign: Campaign) -> tuple[Item, ...]:
    """Go through everything that must be settled before a campaign opens."""
    return checklist(facts_of(session, campaign))


def facts_of(session: Session, campaign: Campaign, content: Content | None = None) -> Facts:
    """Read what the checklist looks at."""
    museum = museum_of(session)
    issuer = session.get_one(Issuer, (museum, campaign.issuer_id))
    law = law_of(session, campaign)
    languages = languages_of(session, museum)
    content = read_content(session, campaign) if content is None else content
    rewards = [one for one in rows_of(session, "reward", campaign.id) if one.state == "offered"]
    return Facts(
        kind=campaign.kind,
        joint=campaign.joint_code is not None,
        currency=campaign.currency,
        issuer_kind=issuer.kind,
        content=content,
        languages=languages,
        opens_at=campaign.opens_at,
        now=clock.now(),
        revision=campaign.revision,
        word_states=campaign.word_states,
        decisions=frozenset(_given_by(issuer))
        | {one.kind for one in decisions_of(session, campaign.id)}
        | _documented(session, campaign.id),
        approvals={one.part: one.revision for one in approvals_of(session, campaign.id).values()},
        refused_rewards=tuple(_name(one, languages) for one in rewards if not verdict_on(one, law).fine),
        undescribed=_undescribed(session, campaign, content, published(content, languages)),
    )


def law_of(session: Session, campaign: Campaign) -> LawFor:
    """Tell by which law a campaign's rewards are judged, on its first day or today if that is later."""
    museum = museum_of(session)
    issuer = session.get_one(Issuer, (museum, campaign.issuer_id))
    day = max(campaign.opens_at, clock.now()).astimezone(ZoneInfo(issuer.time_zone)).date()
    return LawFor(issuer.jurisdiction, issuer.kind, campaign.tax_regime, day)


def verdict_on(reward: Reward, law: LawFor) -> Verdict:
    """Judge a reward."""
    price, value = Money(reward.price_minor, reward.currency), Money(reward.fair_value_minor, reward.currency)
    return judge(price, value, law, symbolic=reward.symbolic)


def note_decision(
    session: Session, campaign: Campaign, kind: DecisionKind, *, reference: str, dated_on: date, account_id: int | None
) -> Decision:
    """Note a decision that the campaign rests on. Raises Refusal for a day to come."""
    if dated_on > today_at(session):
        raise Refusal(IN_FUTURE, field="dated_on")
    noted = Decision(campaign_id=campaign.id, kind=kind, reference=reference, dated_on=dated_on, account_id=account_id)
    session.add(noted)
    session.flush()
    audit.record(session, "campaign.decision", f"campaign:{campaign.id}", kind=kind, dated_on=dated_on.isoformat())
    return noted


def approve(
    session: Session,
    campaign: Campaign,
    part: Approver,
    *,
    name: str,
    agreed_on: date,
    document: str,
    account_id: int | None,
) -> Approval:
    """Note somebody's yes to what the campaign says now. Raises Refusal for a day to come, Conflict once it is open."""
    check_approvable(campaign.state)
    if agreed_on > today_at(session):
        raise Refusal(IN_FUTURE, field="agreed_on")
    given = Approval(
        campaign_id=campaign.id,
        part=part,
        name=name,
        agreed_on=agreed_on,
        document=document,
        revision=campaign.revision,
        account_id=account_id,
    )
    session.add(given)
    session.flush()
    audit.record(session, "campaign.approved", f"campaign:{campaign.id}", part=part, revision=campaign.revision)
    return given


def approve_words(session: Session, campaign: Campaign, locale: str, state: WordState) -> None:
    """Say how far the words of a language are. Raises Refusal when there are none to approve."""
    content = read_content(session, campaign)
    written = content.get(f"campaign.title.{locale}") and content.get(f"campaign.summary.{locale}")
    if state == WordState.APPROVED and not written:
        raise Refusal(NO_WORDS, field=f"state_{locale}")
    campaign.word_states = {**campaign.word_states, locale: state}
    audit.record(session, "campaign.words", f"campaign:{campaign.id}", locale=locale, state=state)


def decisions_of(session: Session, campaign_id: int) -> list[Decision]:
    """List the decisions noted, the latest first."""
    found = select(Decision).where(Decision.campaign_id == campaign_id).order_by(Decision.id.desc())
    return list(session.scalars(found))


def approvals_of(session: Session, campaign_id: int) -> dict[str, Approval]:
    """Give the latest yes of each part."""
    found = select(Approval).where(Approval.campaign_id == campaign_id).order_by(Approval.id)
    return {one.part: one for one in session.scalars(found)}


def today_at(session: Session) -> date:
    """Tell which day it is at the museum."""
    zone = session.scalars(select(Institution.time_zone).where(Institution.id == museum_of(session))).one()
    return clock.now().astimezone(ZoneInfo(zone)).date()


def _documented(session: Session, campaign_id: int) -> frozenset[str]:
    """List the decisions whose paper is among the campaign's documents, shown or not."""
    kinds = select(CampaignDocument.kind).where(
        CampaignDocument.campaign_id == campaign_id, CampaignDocument.state != DocumentState.WITHDRAWN
    )
    return frozenset(str(PAPERS[kind]) for kind in session.scalars(kinds) if kind in PAPERS)


def _undescribed(
    session: Session, campaign: Campaign, content: Content, locales: Sequence[str]
) -> tuple[Undescribed, ...]:
    """List the pictures of the work, its pieces, its rewards and its story that lack words in a language that is published."""
    rows = (row for name, row in content.items() if name.startswith("reward.") and row["state"] != "withdrawn")
    images = [content.get("artwork.image"), content.get("campaign.pieces_image"), *(row["image"] for row in rows)]
    digests = {found[1] for image in images if image and (found := UPLOADED.fullmatch(image))}
    numbers = {number for locale in locales for number in richtext.pictures_in(campaign.story.get(locale) or [])}
    if not digests and not numbers:
        return ()
    used = select(Picture).where(Picture.digest.in_(digests) | Picture.id.in_(numbers)).order_by(Picture.id)
    return tuple(
        Undescribed(one.id, next((text for text in one.alt.values() if text), f"{one.id}"), locale)
        for one in session.scalars(used)
        for locale in locales
        if not one.alt.get(locale)
    )


def _given_by(issuer: Issuer) -> list[str]:
    """List the decisions that stand with the issuer, once for all its campaigns."""
    found = []
    if issuer.mandate_signed_on and not issuer.mandate_revoked_on:
        found.append(str(DecisionKind.MANDATE))
    if issuer.accountant_agreed_on:
        found.append(str(DecisionKind.ACCOUNTANT))
    return found


def _name(reward: Reward, languages: list[str]) -> str:
    return next((reward.title[locale] for locale in languages if reward.title.get(locale)), "")
