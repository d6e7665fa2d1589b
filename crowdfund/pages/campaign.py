"""Read everything on the page of one campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select, true
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns import illustration, richtext
from crowdfund.campaigns import relief as tax
from crowdfund.campaigns.models import Artwork, Campaign, Reward
from crowdfund.campaigns.texts import said
from crowdfund.campaigns.view import Progress, TierRow, WorkCard, picture_at, uploaded
from crowdfund.conversation.queries import conversation, place_of
from crowdfund.conversation.view import Conversation
from crowdfund.errors import NotFound
from crowdfund.i18n import current_locale
from crowdfund.institutions.models import Institution
from crowdfund.money import Money
from crowdfund.pages.assembly import assembly
from crowdfund.pages.cards import (
    PHASES,
    card_statement,
    cards,
    days_left,
    label_of,
    picture_of,
    progress_of,
    together,
)
from crowdfund.pages.crowd import people, what_became
from crowdfund.pages.lists import fee_example
from crowdfund.pages.papers import papers
from crowdfund.pages.sums import amounts, budget, calculator, financing, milestones, purchase
from crowdfund.pages.view.campaign import CampaignPage, StoryBlock, TimelineEvent
from crowdfund.pages.wall import wall
from crowdfund.pictures.models import Picture as Kept
from crowdfund.pledges.forms import CHANNEL

SILENCE = Conversation(
    (), (), ask_url="", ask_token="", follow_url="", follow_token="", next_time=False
)  # about a draft


def find(session: Session, museum: str, slug: str, *, draft: bool = False) -> Row[Any]:
    """Read a published campaign's row; `draft` lets its own museum read one that is not. Raises NotFound."""
    row = session.execute(
        card_statement()
        .add_columns(
            Campaign.code,
            Campaign.summary,
            Campaign.story,
            Campaign.fallback,
            Campaign.surplus,
            Campaign.budget,
            Campaign.suggested_minor,
            Campaign.threshold_minor,
            Campaign.tax_regime,
            Campaign.version,
            Campaign.pieces_image,
            Institution.country,
            Institution.contact_email,
            Artwork.seller,
            Artwork.provenance,
            Artwork.why_here,
            Artwork.price_minor,
            Artwork.parts,
            Artwork.part_images,
        )
        .where(Institution.slug == museum, Campaign.slug == slug, true() if draft else Campaign.state != "draft")
    ).one_or_none()
    if row is None:
        raise NotFound
    return row


def campaign(
    session: Session, museum: str, slug: str, asked: Mapping[str, str], early: str = "", *, draft: bool = False
) -> CampaignPage:
    """Read the page. By the token of an `early` link a scheduled campaign is shown as it will be when it is open.

    `asked` may hold the calculator's answers (`tax_amount`, `tax`), a search on the wall (`name`), and the way by which
    the reader came (`c`), which goes on to the giving form.
    """
    row = find(session, museum, slug, draft=draft)
    lang, home = current_locale(), row.default_locale
    phase = "live" if early or draft else PHASES[row.state]
    address = f"/{lang}/early/{early}/" if early else f"/{lang}/{museum}/{slug}/"
    way = asked.get("c", "") if CHANNEL.fullmatch(asked.get("c", "")) else ""
    give = f"{address}give?c={way}" if way else f"{address}give"
    today = clock.now().astimezone(ZoneInfo(row.time_zone)).date()
    parts = parts_of(session, row)
    progress = progress_together(parts)
    plan = financing(session, row, progress)
    return CampaignPage(
        museum=label_of(row),
        slug=slug,
        title=said(row.title, home),
        lede=said(row.summary, home),
        object_lines=_label(row),
        picture=picture_of(row),
        url=address,
        give_url=give,
        way=way,
        totals_url=f"/totals/{museum}/{slug}.json",
        phase=phase,
        model=row.funding_model,
        progress=progress,
        donors=donors_of(parts),
        days_left=days_left(row.closes_at, row.time_zone) if phase == "live" else None,
        timezone=row.time_zone,
        deadline=row.closes_at,
        opens_at=row.opens_at,
        minimum=Money(row.minimum_minor, row.currency),
        amounts=amounts(row, today),
        threshold=Money(row.threshold_minor, row.currency) if row.threshold_minor else None,
        fallback=said(row.fallback, home),
        purchase=purchase(row),
        outcome=said(row.fallback, home) if phase == "failed" else "",
        ended_on=row.closes_at.astimezone(ZoneInfo(row.time_zone)).date(),
        promised=Money(int(row.promised_minor), row.currency) if row.promised_minor else None,
        announced=Money(int(row.announced_minor), row.currency) if row.announced_minor else None,
        relief=tax.relief(row.tax_regime, "individual", today, row.currency),
        receipt=tax.receipt_answer(row.tax_regime),
        calculator=calculator(row, today, asked),
        plan=plan,
        plan_total=sum((part.amount for part in plan[1:]), plan[0].amount) if plan else None,
        assembly=assembly(session, row, progress, give),
        story=_story(session, row),
        milestones=milestones(session, row, progress),
        tiers=_tiers(session, row, today, give),
        budget=budget(row),
        fee_example=fee_example(Money(5000, row.currency)) if row.currency in {"EUR", "CHF"} else None,
        wall=wall(session, row, asked),
        timeline=_timeline(row, today),
        people=people(session, row, parts),
        joint=len(parts) > 1,
        papers=papers(session, row, f"/{lang}/{museum}/{slug}/"),
        talk=SILENCE if draft else conversation(session, place_of(session, museum, slug)),
        early=bool(early),
        draft=draft,
        shown_in=_shown_in(row, lang),
        became=what_became(session, row) if phase in {"failed", "withdrawn"} else None,
        others=_others(session, row) if phase != "live" else (),
        takes_gifts=row.takes_gifts,
        contact=row.contact_email,
    )


def _label(row: Row[Any]) -> tuple[str, ...]:
    """Write what a museum's label says of the object: what it is made of, then by whom and when."""
    home = row.default_locale
    origin = ", ".join(filter(None, (said(row.maker, home), said(row.dated, home))))
    return tuple(filter(None, (said(row.technique, home), origin)))


def parts_of(session: Session, row: Row[Any]) -> Sequence[Row[Any]]:
    """Read a campaign with its other parts, when several museums hold it together."""
    if not row.joint_code:
        return [row]
    return session.execute(
        card_statement().where(Campaign.joint_code == row.joint_code).order_by(Campaign.institution_id)
    ).all()


def progress_together(parts: Sequence[Row[Any]]) -> Progress:
    """Tell how far a campaign is, at all its museums together."""
    return together([progress_of(part) for part in parts])


def donors_of(parts: Sequence[Row[Any]]) -> int:
    """Count the supporters of a campaign at all its museums; while nothing is taken yet, those who promised."""
    return sum(int(part.supporters or part.promises) for part in parts)


def _shown_in(row: Row[Any], lang: str) -> str:
    """Name the language that stands in for one that the museum has not written; empty where it has."""
    return (
        "" if row.title.get(lang) else next((one for one in (row.default_locale, *row.title) if row.title.get(one)), "")
    )


def _story(session: Session, row: Row[Any]) -> tuple[StoryBlock, ...]:
    blocks = said(row.story, row.default_locale) or []
    hung = _pictures(session, row.institution_id, richtext.pictures_in(blocks))
    return tuple(_block(block, hung, row.default_locale) for block in blocks)


def _block(block: Mapping[str, Any], hung: Mapping[int, Kept], home: str) -> StoryBlock:
    match block.get("kind", "text"):
        case "html":
            return StoryBlock("text", text=richtext.shown(block))
        case "figure":
            kept = hung.get(block["picture"])
            words = said(kept.alt, home) if kept else ""
            drawn = (
                uploaded(kept.digest, kept.width, kept.height, words, (kept.focus_x, kept.focus_y)) if kept else None
            )
            caption = " ".join(filter(None, (block["text"], kept.credit if kept else "")))
            return StoryBlock("figure", picture=drawn, caption=caption)
        case kind:
            return StoryBlock(kind, text=block["text"], title=block.get("heading") or "", by=block.get("by", ""))


def _pictures(session: Session, institution_id: int, numbers: Sequence[int]) -> dict[int, Kept]:
    if not numbers:
        return {}
    found = session.scalars(select(Kept).where(Kept.institution_id == institution_id, Kept.id.in_(numbers)))
    return {one.id: one for one in found}


def _tiers(session: Session, row: Row[Any], today: date, give: str) -> tuple[TierRow, ...]:
    now = clock.now()
    offered = (
        select(Reward)
        .where(Reward.institution_id == row.institution_id, Reward.campaign_id == row.id, Reward.state == "offered")
        .order_by(Reward.price_minor, Reward.position)
    )
    rewards = list(session.scalars(offered))
    words = illustration.words_of(session, [reward.image for reward in rewards])
    return tuple(
        TierRow(
            reward.id,
            said(reward.title, row.default_locale),
            said(reward.description, row.default_locale),
            amount := Money(reward.price_minor, row.currency),
            f"{give}{'&' if '?' in give else '?'}reward={reward.id}&amount={amount.decimal}",
            sent_by=reward.fulfilment,
            net=tax.net(amount, row.tax_regime, "individual", today),
            picture=picture_at(reward.image, 80, 80, said(words.get(reward.image, {}), row.default_locale))
            if reward.image
            else None,
            left=None if reward.stock is None else reward.stock - reward.claimed,
            stock=reward.stock,
        )
        for reward in rewards
        if (reward.available_from is None or reward.available_from <= now)
        and (reward.available_until is None or now < reward.available_until)
    )


def _timeline(row: Row[Any], today: date) -> tuple[TimelineEvent, ...]:
    return tuple(
        TimelineEvent(
            said(step["title"], row.default_locale),
            said(step["text"], row.default_locale),
            on := date.fromisoformat(step["on"]) if step.get("on") else None,
            done=on is not None and on <= today,
            kind=step.get("kind", ""),
            amount=Money(step["amount_minor"], row.currency) if step.get("amount_minor") else None,
        )
        for step in row.timeline
    )


def _others(session: Session, row: Row[Any]) -> tuple[WorkCard, ...]:
    """List other works that are waiting, this museum's own first: the next one that its followers may go on to."""
    live = [card for one, card in cards(session) if card.takes_gifts and one.id != row.id]
    return tuple(sorted(live, key=lambda card: card.museum.slug != row.museum_slug))[:3]
