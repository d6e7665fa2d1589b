"""All that a museum's people may change in a campaign, as one flat table: name of the field → plain value.

Names: `artwork.title.fr` for a text in one language, `campaign.goal_minor` for a value, `story.fr` for a story's source, `reward.12` for
a row with all its values (None: there is no such row), `piece.9` for a piece that may be adopted, `document.7` for a paper
that the public reads (None: it does not). Values are
what JSON can hold; days are written as ISO dates, moments in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund.campaigns import richtext
from crowdfund.campaigns.models import Artwork, Campaign, CampaignDocument, FundingSource, Piece, Reward, Stage
from crowdfund.campaigns.rules import DocumentState
from crowdfund.campaigns.view import UPLOADED
from crowdfund.errors import Refusal
from crowdfund.i18n import N_
from crowdfund.pictures.models import Picture
from crowdfund.tenancy import museum_of

Content = dict[str, Any]
Row = FundingSource | Stage | Reward
TAKEN = N_("Donors have chosen more of it already.")

TEXTS: Mapping[str, tuple[str, ...]] = {
    "artwork": ("title", "maker", "dated", "technique", "seller", "provenance", "why_here"),
    "campaign": ("title", "summary", "fallback", "surplus"),
}
VALUES: Mapping[str, tuple[str, ...]] = {
    "artwork": ("price_minor", "option_until", "image", "image_width", "image_height"),
    "campaign": (
        "goal_minor",
        "threshold_minor",
        "minimum_minor",
        "suggested_minor",
        "funding_model",
        "closes_at",
        "tax_regime",
        "art_bonus_id",
        "pieces_image",
    ),
}
ROWS: Mapping[str, type[Row]] = {"source": FundingSource, "stage": Stage, "reward": Reward}
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "source": ("kind", "label", "amount_minor", "certainty", "position"),
    "stage": ("amount_minor", "title", "text"),
    "reward": (
        "position",
        "title",
        "description",
        "price_minor",
        "fair_value_minor",
        "valued_on",
        "symbolic",
        "fulfilment",
        "stock",
        "state",
        "image",
    ),
}
DOCUMENT = ("kind", "title", "locale", "dated_on", "position", "sha256")  # the file never changes: its hash names it
PIECE = ("reward_id", "number", "title", "shares", "x", "y", "width", "height")
DAYS = {"option_until", "valued_on", "dated_on"}
MOMENTS = {"closes_at"}


def artwork_of(session: Session, campaign: Campaign) -> Artwork:
    """Give a campaign's work."""
    return session.get_one(Artwork, (museum_of(session), campaign.artwork_id))


def rows_of(session: Session, kind: str, campaign_id: int) -> list[Any]:
    """List a campaign's rows of one kind, in their order."""
    table: Any = ROWS[kind]
    order = {"source": "position", "stage": "amount_minor", "reward": "price_minor"}[kind]
    found = select(table).where(table.campaign_id == campaign_id).order_by(getattr(table, order), table.id)
    return list(session.scalars(found))


def pieces_of(session: Session, campaign_id: int) -> list[Piece]:
    """List a campaign's pieces, the cheapest first, in the order of its page."""
    found = (
        select(Piece)
        .join(Reward, (Reward.institution_id == Piece.institution_id) & (Reward.id == Piece.reward_id))
        .where(Piece.campaign_id == campaign_id)
        .order_by(Reward.price_minor, Reward.position, Reward.id, Piece.number)
    )
    return list(session.scalars(found))


def read_content(session: Session, campaign: Campaign) -> Content:
    """Read all fields of a campaign."""
    content: Content = {}
    owners = {"artwork": artwork_of(session, campaign), "campaign": campaign}
    for name, owner in owners.items():
        for column in TEXTS[name]:
            texts: Mapping[str, str] = getattr(owner, column) or {}
            content.update({f"{name}.{column}.{locale}": text for locale, text in texts.items() if text})
        content.update({f"{name}.{column}": plain(getattr(owner, column)) for column in VALUES[name]})
    content.update(
        {f"story.{locale}": richtext.source_of(blocks) for locale, blocks in campaign.story.items() if blocks}
    )
    for kind in ROWS:
        content.update({f"{kind}.{row.id}": row_values(kind, row) for row in rows_of(session, kind, campaign.id)})
    content.update(
        {
            f"piece.{one.id}": {column: plain(getattr(one, column)) for column in PIECE}
            for one in pieces_of(session, campaign.id)
        }
    )
    papers = select(CampaignDocument).where(
        CampaignDocument.campaign_id == campaign.id, CampaignDocument.state == DocumentState.PUBLIC
    )
    content.update(
        {
            f"document.{one.id}": {column: plain(getattr(one, column)) for column in DOCUMENT}
            for one in session.scalars(papers.order_by(CampaignDocument.id))
        }
    )
    return content


def row_values(kind: str, row: Row) -> dict[str, Any]:
    """Give all values of a row, plainly."""
    return {column: plain(getattr(row, column)) for column in COLUMNS[kind]}


def plain(value: Any) -> Any:
    """Write a column's value as JSON holds it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def put(session: Session, campaign: Campaign, field: str, value: Any) -> None:
    """Change one field. Raises Refusal for a story that is too long or too deep, and for less of a reward than is taken."""
    owner, _, rest = field.partition(".")
    if owner == "story":
        blocks = richtext.blocks_of(value) if value else []
        campaign.story = {**campaign.story, rest: blocks} if blocks else _without(campaign.story, rest)
        return
    if owner in ROWS:
        _put_row(session, campaign, owner, int(rest), value)
        return
    if owner == "piece":
        _put_piece(session, campaign, int(rest), value)
        return
    if owner == "document":
        _put_document(session, campaign, int(rest), value)
        return
    row = campaign if owner == "campaign" else artwork_of(session, campaign)
    column, _, locale = rest.partition(".")
    if locale:
        texts: Mapping[str, str] = getattr(row, column) or {}
        setattr(row, column, {**texts, locale: value} if value else _without(texts, locale))
    else:
        setattr(row, column, typed(column, value))
    if field == "artwork.image":
        _take_words(session, artwork_of(session, campaign))


def typed(column: str, value: Any) -> Any:
    """Read a column's value from JSON."""
    if value is None:
        return None
    if column in DAYS:
        return date.fromisoformat(value)
    return datetime.fromisoformat(value) if column in MOMENTS else value


def _take_words(session: Session, artwork: Artwork) -> None:
    """Let a work say what is said of the uploaded picture that shows it."""
    found = UPLOADED.fullmatch(artwork.image or "")
    if found is not None:
        picture = session.scalars(select(Picture).where(Picture.digest == found[1])).one_or_none()
        artwork.image_alt = dict(picture.alt) if picture else {}


def _put_row(session: Session, campaign: Campaign, kind: str, number: int, values: Mapping[str, Any] | None) -> None:
    """Change, add (also under the number it once had) or take away a row."""
    table: Any = ROWS[kind]
    lock = {"key_share": True} if kind == "reward" else None  # donors take of its stock meanwhile
    here = (museum_of(session), number)
    row = session.get(table, here, with_for_update=lock, populate_existing=bool(lock)) if number else None
    if row is not None and row.campaign_id != campaign.id:
        row = None
    if values is None:
        if row is not None:
            session.delete(row)
        return
    given = {column: typed(column, values[column]) for column in COLUMNS[kind]}
    if row is None:
        more = {"currency": campaign.currency} if kind == "reward" else {}
        row = table(campaign_id=campaign.id, **({"id": number} if number else {}), **more, **given)
        session.add(row)
    elif kind == "reward" and given["stock"] is not None and given["stock"] < row.claimed:
        raise Refusal(TAKEN, field="stock")
    for column, value in given.items():
        setattr(row, column, value)


def _put_piece(session: Session, campaign: Campaign, number: int, values: Mapping[str, Any] | None) -> None:
    """Change a piece, add it (also under the number it once had), or take it away."""
    piece = session.get(Piece, (museum_of(session), number)) if number else None
    if piece is not None and piece.campaign_id != campaign.id:
        return
    if values is None:
        if piece is not None:
            session.delete(piece)
        return
    given = {column: values[column] for column in PIECE}
    others = select(Piece.number).where(Piece.reward_id == given["reward_id"], Piece.id != number)
    taken = set(session.scalars(others))
    if given["number"] in taken:  # another one has it meanwhile: it comes after the last
        given["number"] = max(taken) + 1
    if piece is None:
        session.add(Piece(campaign_id=campaign.id, **({"id": number} if number else {}), **given))
        session.flush()  # the next one is numbered after it
        return
    for column, value in given.items():
        setattr(piece, column, value)
    session.flush()


def _put_document(session: Session, campaign: Campaign, number: int, values: Mapping[str, Any] | None) -> None:
    """Show a paper to the public under these words, or keep it from them. Its file is where it was."""
    document = session.get(CampaignDocument, (museum_of(session), number), with_for_update=True)
    if document is None or document.campaign_id != campaign.id:
        return
    if values is None:
        if document.state == DocumentState.PUBLIC:
            document.state = DocumentState.INTERNAL
        return
    for column in DOCUMENT[:-1]:
        setattr(document, column, typed(column, values[column]))
    if document.state == DocumentState.WITHDRAWN:
        document.state = DocumentState.INTERNAL
        session.flush()  # the guard lets it go one step at a time
    document.state = DocumentState.PUBLIC


def _without(texts: Mapping[str, Any], locale: str) -> dict[str, Any]:
    return {one: text for one, text in texts.items() if one != locale}
