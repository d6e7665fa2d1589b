"""Begin a campaign: from nothing, from a template, or as a copy of another one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.campaigns.content import COLUMNS, PIECE, ROWS, Content, pieces_of, put, read_content, row_values, rows_of
from crowdfund.campaigns.editing import Author, record_rows
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.service import ArtworkDetails, CampaignDetails, add_artwork, campaign_of, create_campaign
from crowdfund.errors import Refusal
from crowdfund.i18n import N_
from crowdfund.institutions.current import languages_of
from crowdfund.institutions.models import Institution, Issuer
from crowdfund.tenancy import museum_of

TITLE_MISSING = N_("Give the campaign a working title.")
NO_ISSUER = N_("This museum has no body that may collect yet: ask the operator.")
LONGEST_SLUG = 60
LEAD, LENGTH = timedelta(days=42), timedelta(days=60)
REGIMES = {"FR": "fr_200", "BE": "be_145_33", "CH": "ch_ifd"}
KINDS = ("acquisition", "restoration")


@dataclass(frozen=True, slots=True)
class Template:
    """A campaign to begin with: its kind, and the story's outline in each language."""

    label: str
    kind: str
    outline: Mapping[str, str]


TEMPLATES: Mapping[str, Template] = {
    "portrait": Template(
        N_("A painting or a portrait to be bought"),
        "acquisition",
        {
            "fr": "## Qui est-ce ?\n\n## Pourquoi ici\n\n## Ce que nous avons déjà réuni\n\n## Où vous la verrez",
            "it": "## Chi è\n\n## Perché qui\n\n## Quello che abbiamo già raccolto\n\n## Dove lo vedrai",
            "en": "## Who is it?\n\n## Why here\n\n## What we have found already\n\n## Where you will see it",
        },
    ),
    "pieces": Template(
        N_("A work of many pieces that come together"),
        "acquisition",
        {
            "fr": "## Combien de pièces, et d’où\n\n## Ce qu’une pièce coûte\n\n## Quand elles seront réunies",
            "it": "## Quanti pezzi, e da dove\n\n## Quanto costa un pezzo\n\n## Quando saranno riuniti",
            "en": "## How many pieces, and from where\n\n## What one piece costs\n\n## When they come together",
        },
    ),
    "restoration": Template(
        N_("A work to be restored"),
        "restoration",
        {
            "fr": "## Ce qu’on ne voit plus\n\n## Ce que la restauratrice fera\n\n## Suivre le chantier",
            "it": "## Quello che non si vede più\n\n## Che cosa farà la restauratrice\n\n## Seguire il cantiere",
            "en": "## What can no longer be seen\n\n## What the restorer will do\n\n## Follow the work",
        },
    ),
}  # fmt: skip


def begin_draft(
    session: Session, title: str, *, author: Author, template: str = "", kind: str = "acquisition"
) -> Campaign:
    """Begin a campaign under a working title in the museum's own language. Raises Refusal without one."""
    given = TEMPLATES.get(template)
    campaign = _empty(session, title, given.kind if given else kind)
    before: Content = {}
    if given:
        for locale in languages_of(session, museum_of(session)):
            put(session, campaign, f"story.{locale}", given.outline[locale])
    return _begun(session, campaign, before, author)


def copy_campaign(session: Session, campaign_id: int, title: str, *, author: Author) -> Campaign:
    """Begin a campaign with all that another one says: words, plan, milestones, rewards, pieces. Yeses and papers are not."""
    model = campaign_of(session, campaign_id)
    campaign = _empty(session, title, model.kind, model)
    home = languages_of(session, museum_of(session))[0]
    rows = {kind: rows_of(session, kind, model.id) for kind in ROWS}
    for field, value in read_content(session, model).items():
        kept = field in {f"campaign.title.{home}", "campaign.closes_at"}
        if not kept and field.partition(".")[0] not in {*ROWS, "piece", "document"}:
            put(session, campaign, field, value)
    for kind, found in rows.items():
        for row in found:
            values = {column: row_values(kind, row)[column] for column in COLUMNS[kind]}
            put(session, campaign, f"{kind}.0", values)
    session.flush()
    _copy_pieces(session, model, campaign)
    session.flush()
    return _begun(session, campaign, {}, author)


def _copy_pieces(session: Session, model: Campaign, campaign: Campaign) -> None:
    """Offer the same pieces under the new campaign's rewards; who adopted them stays with the old ones."""
    old, new = (rows_of(session, "reward", one.id) for one in (model, campaign))
    reward_of = {
        before.id: after.id for before, after in zip(old, new, strict=True)
    }  # both in the order of their prices
    for piece in pieces_of(session, model.id):
        values = {column: getattr(piece, column) for column in PIECE}
        put(session, campaign, "piece.0", values | {"reward_id": reward_of[piece.reward_id]})


def _begun(session: Session, campaign: Campaign, before: Content, author: Author) -> Campaign:
    session.flush()
    record_rows(session, campaign, before, author)
    audit.record(session, "campaign.begun", f"campaign:{campaign.id}")
    return campaign


def _empty(session: Session, title: str, kind: str, model: Campaign | None = None) -> Campaign:
    if not title:
        raise Refusal(TITLE_MISSING, field="title")
    museum = session.scalars(select(Institution).where(Institution.id == museum_of(session))).one()
    issuer = session.scalars(select(Issuer).order_by(Issuer.id)).first()
    if issuer is None:
        raise Refusal(NO_ISSUER, field="title")
    home = languages_of(session, museum.id)[0]
    artwork = add_artwork(session, ArtworkDetails(currency=museum.currency, **_bare_work()))
    opens = (clock.now() + LEAD).replace(second=0, microsecond=0)
    details = CampaignDetails(
        code=_free_code(session, museum.code),
        slug=_free_slug(session, title),
        artwork_id=artwork.id,
        issuer_id=model.issuer_id if model else issuer.id,
        kind=kind,
        currency=model.currency if model else museum.currency,
        minimum_minor=200,
        suggested_minor=[2000, 5000, 10000, 25000],
        opens_at=opens,
        closes_at=opens + LENGTH,
        title={home: title},
        summary={},
        story={},
        fallback={},
        surplus={},
        tax_regime=REGIMES.get(issuer.jurisdiction),
    )
    return create_campaign(session, details)


def _bare_work() -> dict[str, Any]:
    return {name: {} for name in ("title", "maker", "dated", "technique", "seller", "provenance")}


def _free_code(session: Session, museum: str) -> str:
    """Give the next of the museum's own codes: AUB-03 after AUB-02."""
    taken = session.scalars(select(Campaign.code).where(Campaign.code.like(f"{museum}-%")))
    numbers = [int(found[1]) for code in taken if (found := re.fullmatch(rf"{re.escape(museum)}-(\d{{1,6}})", code))]
    return f"{museum}-{max(numbers, default=0) + 1:02d}"


def _free_slug(session: Session, title: str) -> str:
    """Write a title as addresses do; with a number where it is taken."""
    plain = unicodedata.normalize("NFKD", title.casefold().replace("œ", "oe").replace("æ", "ae").replace("’", "-"))
    bare = re.sub(r"[^a-z0-9]+", "-", plain.encode("ascii", "ignore").decode()).strip("-")
    slug = bare[:LONGEST_SLUG].strip("-") or "campaign"
    taken = set(session.scalars(select(Campaign.slug)))
    found = (one for one in (slug, *(f"{slug}-{n}" for n in range(2, len(taken) + 3))) if one not in taken)
    return next(found)
