"""Read a plaque: the names of the wall, as they were fixed and corrected, in their order, with what needs a look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Artwork, Campaign, CampaignTotal, Reward
from crowdfund.campaigns.rules import CampaignState
from crowdfund.campaigns.service import campaign_of
from crowdfund.campaigns.texts import said
from crowdfund.clock import now
from crowdfund.donors.models import Donor
from crowdfund.errors import Refusal
from crowdfund.gifts.models import Gift
from crowdfund.gifts.rules import GIVEN_BACK
from crowdfund.i18n import N_, gettext, in_words, ngettext, use_locale
from crowdfund.institutions.current import Membership
from crowdfund.plaques.keeping import plaque_of
from crowdfund.plaques.layout import Sheet, Words, broken, lay_out
from crowdfund.plaques.lettering import draws
from crowdfund.plaques.looks import doubles, looks
from crowdfund.plaques.models import Plaque, PlaqueName, PlaqueVersion, name_key
from crowdfund.plaques.order import COMPANY, GROUP, PERSON, filed, sort_key
from crowdfund.plaques.rules import OrderBy, Plan, are_fixed, fingerprint
from crowdfund.pledges.models import Group, Pledge, WallEntry
from crowdfund.proofs.view import Named, Part, PlaqueRow, Proof

KEPT = Gift.amount_minor - Gift.refunded_minor - Gift.lost_minor
HEADINGS = {
    "acquisition": N_("Acquired thanks to"),
    "restoration": N_("Restored thanks to"),
}
OTHERWISE = N_("With the support of")
ENDED = frozenset({CampaignState.SUCCEEDED, CampaignState.ENDED})


def default_plan(session: Session, museum: Membership) -> Plan:
    """Give the plan of a plaque nobody has begun: in the language of the museum's last one, else in its own."""
    last = session.scalar(select(Plaque.locale).order_by(Plaque.changed_at.desc(), Plaque.id.desc()).limit(1))
    return Plan(locale=last or museum.default_locale)


def list_plaques(session: Session, museum: Membership) -> list[PlaqueRow]:
    """List the campaigns that were announced, each with what became of its plaque, the latest end first."""
    signed = (
        select(PlaqueVersion.plaque_id, func.max(PlaqueVersion.number).label("n"), func.max(PlaqueVersion.signed_at).label("at"))
        .group_by(PlaqueVersion.plaque_id)
        .subquery()
    )  # fmt: skip
    promised = exists().where(
        Reward.campaign_id == Campaign.id,
        Reward.fulfilment == "wall",
        Reward.symbolic.is_(False),
        Reward.state == "offered",
    )
    found = session.execute(
        select(Campaign, Plaque, signed.c.n, signed.c.at, promised)
        .outerjoin(Plaque, Plaque.campaign_id == Campaign.id)
        .outerjoin(signed, signed.c.plaque_id == Plaque.id)
        .where(Campaign.state != CampaignState.DRAFT)
        .order_by(Campaign.closes_at.desc(), Campaign.id.desc())
    )
    return [
        PlaqueRow(
            id=one.id,
            title=said(one.title, museum.default_locale),
            state=one.state,
            promised=owed,
            locks_on=plaque.locks_on if plaque else None,
            fixed=bool(plaque) and are_fixed(plaque.locks_on, now(), museum.time_zone),
            version=number or 0,
            signed_at=at,
        )
        for one, plaque, number, at, owed in found
    ]


def read_proof(session: Session, museum: Membership, campaign_id: int) -> Proof:
    """Read a campaign's plaque as it would be cut now. Raises NotFound."""
    campaign = campaign_of(session, campaign_id)
    plaque = plaque_of(session, campaign_id)
    plan = plaque.plan if plaque else default_plan(session, museum)
    every = read_names(session, campaign_id, plaque)
    out = tuple(one for one in every if one.left_out)
    standing = [one for one in every if not one.left_out]
    named = [one for one in standing if plan.least_minor is None or one.minor >= plan.least_minor]
    parts = _looked_at(_parts(named, plan), plan)
    words = _words(session, campaign, museum, plan, len(named))
    sheets, trouble = _set(words, parts, plan)
    return Proof(
        campaign_id=campaign.id,
        code=campaign.code,
        title=said(campaign.title, museum.default_locale),
        currency=campaign.currency,
        ended=campaign.state in ENDED,
        begun=plaque is not None,
        plan=plan,
        words=words,
        parts=parts,
        out=out,
        below=len(standing) - len(named),
        sheets=sheets,
        trouble=trouble,
        locks_on=plaque.locks_on if plaque else None,
        fixed=plaque is not None and are_fixed(plaque.locks_on, now(), museum.time_zone),
        fingerprint=_fingerprint(words, parts, plan),
    )


def read_names(session: Session, campaign_id: int, plaque: Plaque | None) -> list[Named]:
    """List the names of a campaign's plaque, those left out among them, in no order."""
    return [*_donors(session, campaign_id, plaque), *_groups(session, campaign_id, plaque)]


def _donors(session: Session, campaign_id: int, plaque: Plaque | None) -> Iterator[Named]:
    of_campaign = (Gift.campaign_id == campaign_id, Gift.state.not_in(GIVEN_BACK), Gift.pledge_id.is_not(None))
    kept = (
        select(Gift.pledge_id, func.min(Gift.id).label("gift_id"), func.min(Gift.received_at).label("at"))
        .where(*of_campaign)
        .group_by(Gift.pledge_id)
        .subquery()
    )
    totals = (
        select(Gift.donor_id, func.sum(KEPT).label("minor"))
        .join(Pledge, Pledge.id == Gift.pledge_id)
        .where(*of_campaign, Pledge.group_id.is_(None))
        .group_by(Gift.donor_id)
        .subquery()
    )
    ours = and_(PlaqueName.pledge_id == Pledge.id, PlaqueName.plaque_id == (plaque.id if plaque else 0))
    rows = session.execute(
        select(
            Pledge.id.label("pledge_id"), Pledge.campaign_id, Pledge.closed_at, Donor.kind, WallEntry.display_name, PlaqueName,
            kept.c.gift_id, kept.c.at, totals.c.minor,
        )
        .join(kept, kept.c.pledge_id == Pledge.id)
        .join(Donor, Donor.id == Pledge.donor_id)
        .join(totals, totals.c.donor_id == Donor.id)
        .outerjoin(WallEntry, and_(WallEntry.pledge_id == Pledge.id, WallEntry.campaign_id == campaign_id))
        .outerjoin(PlaqueName, ours)
        .where(
            Pledge.group_id.is_(None),
            or_(WallEntry.id.is_not(None), PlaqueName.frozen.is_not(None)),
        )
    )  # fmt: skip
    for row in rows:
        fixed_at = plaque.frozen_at if plaque else None  # a gift that was moved here came later, whenever it was paid
        late = fixed_at is None or row.campaign_id != campaign_id or (row.closed_at and row.closed_at >= fixed_at)
        typed = _typed(row, late=bool(late))
        if typed:
            kind = COMPANY if row.kind == "company" and typed == row.display_name else PERSON
            yield _named(name_key(row.pledge_id, None), typed, kind, row)


def _groups(session: Session, campaign_id: int, plaque: Plaque | None) -> Iterator[Named]:
    ours = and_(PlaqueName.group_id == Group.id, PlaqueName.plaque_id == (plaque.id if plaque else 0))
    rows = session.execute(
        select(
            Group.id.label("group_id"), WallEntry.display_name, PlaqueName, func.min(Gift.id).label("gift_id"),
            func.min(Gift.received_at).label("at"), func.sum(KEPT).label("minor"),
        )
        .join(Pledge, Pledge.group_id == Group.id)
        .join(Gift, Gift.pledge_id == Pledge.id)
        .join(WallEntry, WallEntry.group_id == Group.id)
        .outerjoin(PlaqueName, ours)
        .where(Group.campaign_id == campaign_id, Gift.campaign_id == campaign_id, Gift.state.not_in(GIVEN_BACK))
        .group_by(Group.institution_id, Group.id, WallEntry.display_name, PlaqueName.institution_id, PlaqueName.id)
    )  # fmt: skip
    for row in rows:
        typed = _typed(row, late=True)
        if typed:
            yield _named(name_key(None, row.group_id), typed, GROUP, row)


def _typed(row: Any, *, late: bool) -> str:
    """Give the name as its donor chose it: when the names were fixed, or now while they are not, or came later."""
    kept: PlaqueName | None = row.PlaqueName
    if kept is not None and kept.frozen is not None:
        return kept.frozen
    return (row.display_name or "") if late else ""


def _named(key: str, typed: str, kind: str, row: Any) -> Named:
    kept: PlaqueName | None = row.PlaqueName
    return Named(
        key=key,
        name=(kept.corrected if kept else None) or typed,
        typed=typed,
        kind=kind,
        gift_id=row.gift_id,
        minor=int(row.minor),
        at=row.at,
        sort_word=(kept.sort_word if kept else None) or "",
        left_out=bool(kept and kept.left_out),
    )


def _parts(names: Sequence[Named], plan: Plan) -> tuple[Part, ...]:
    """Put names into their sections, the highest first, and each section into its order."""
    left = sorted(names, key=lambda one: _place(one, plan))
    parts = []
    for section in sorted(plan.sections, key=lambda one: -one.from_minor):
        heading = section.heading.get(plan.locale) or next(iter(section.heading.values()), "")
        parts.append(Part(heading, tuple(one for one in left if one.minor >= section.from_minor)))
        left = [one for one in left if one.minor < section.from_minor]
    parts.append(Part("", tuple(left)))
    return tuple(part for part in parts if part.names)


def _place(one: Named, plan: Plan) -> tuple[Any, ...]:
    key = sort_key(one.name, one.kind, plan.locale, by_hand=one.sort_word)
    return (one.at, *key, one.key) if plan.order_by == OrderBy.DATE else (*key, one.key)


def _looked_at(parts: Sequence[Part], plan: Plan) -> tuple[Part, ...]:
    twice = doubles(one.name for part in parts for one in part.names)
    return tuple(
        Part(
            part.heading,
            tuple(
                replace(
                    one,
                    filed=one.sort_word or ", ".join(filter(None, filed(one.name, one.kind, plan.locale))),
                    looks=looks(one.name, twice=twice, lines=len(broken(one.name, plan)), drawn=draws(one.name)),
                )
                for one in part.names
            ),
        )
        for part in parts
    )


def _words(session: Session, campaign: Campaign, museum: Membership, plan: Plan, named: int) -> Words:
    """Write what stands around the names, in the plaque's language."""
    artwork = session.get_one(Artwork, (campaign.institution_id, campaign.artwork_id))
    supporters = session.scalar(
        select(func.sum(CampaignTotal.supporters)).where(CampaignTotal.campaign_id == campaign.id)
    )
    others = max(0, int(supporters or 0) - named) if plan.counts_others else 0
    with use_locale(plan.locale):
        told = (said(text, museum.default_locale) for text in (artwork.title, artwork.maker, artwork.dated))
        return Words(
            museum=museum.name,
            heading=(plan.heading or {}).get(plan.locale) or gettext(HEADINGS.get(campaign.kind, OTHERWISE)),
            caption=(plan.caption or {}).get(plan.locale) or ", ".join(filter(None, told)),
            others=ngettext("and %(n)s other supporter", "and %(n)s other supporters", others) if others else "",
        )


def _set(words: Words, parts: Sequence[Part], plan: Plan) -> tuple[tuple[Sheet, ...], str]:
    try:
        return lay_out(words, [(part.heading, [one.name for one in part.names]) for part in parts], plan), ""
    except Refusal as refusal:
        return (), in_words(refusal)


def _fingerprint(words: Words, parts: Sequence[Part], plan: Plan) -> str:
    told = [[part.heading, [[one.key, one.name] for one in part.names]] for part in parts]
    around = [words.museum, words.heading, words.caption, words.others]
    return fingerprint([around, told, plan.size, plan.columns, plan.line_mm])
