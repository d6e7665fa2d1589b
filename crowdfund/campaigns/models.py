"""Tables of artworks, campaigns and rewards. All of it is published, save drafts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base, currency_code, minor, search_words
from crowdfund.money import Money
from crowdfund.tenancy import OwnedByInstitution, owned_key


class Artwork(OwnedByInstitution, Base):
    """What is to be acquired. Texts are `{locale: text}`."""

    __tablename__ = "artworks"

    title: Mapped[dict[str, str]]
    maker: Mapped[dict[str, str]]
    dated: Mapped[dict[str, str]]
    technique: Mapped[dict[str, str]]
    seller: Mapped[dict[str, str]]
    provenance: Mapped[dict[str, str]]
    why_here: Mapped[dict[str, str]] = mapped_column(default=dict)  # what ties it to this museum and this town
    option_until: Mapped[date | None]  # the seller keeps it for the museum until then
    price_minor: Mapped[int | None] = minor()
    currency: Mapped[str] = currency_code()
    image: Mapped[str | None]  # a static path below images/art/
    image_width: Mapped[int | None]
    image_height: Mapped[int | None]
    image_alt: Mapped[dict[str, str]]
    parts: Mapped[int | None]  # pieces the work consists of, when it can be shown coming together
    part_images: Mapped[list[str]] = mapped_column(default=list)
    words: Mapped[str] = search_words()
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Campaign(OwnedByInstitution, Base):
    """The appeal for a work: one goal, one currency, one deadline, one funding model."""

    __tablename__ = "campaigns"
    __table_args__ = (
        UniqueConstraint("institution_id", "slug"),
        UniqueConstraint("institution_id", "code"),
        owned_key("artwork_id", "artworks"),
        owned_key("issuer_id", "issuers"),
        CheckConstraint("goal_minor > 0", name="goal"),
        CheckConstraint("minimum_minor > 0", name="minimum"),
        CheckConstraint("closes_at > opens_at", name="dates"),
    )

    code: Mapped[str]
    slug: Mapped[str]
    artwork_id: Mapped[int] = mapped_column(BigInteger)
    issuer_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]  # rules.CampaignState
    funding_model: Mapped[str]  # rules.FundingModel
    kind: Mapped[str]  # acquisition, restoration, add_on
    currency: Mapped[str] = currency_code()
    goal_minor: Mapped[int | None] = minor()
    threshold_minor: Mapped[int | None] = minor()
    minimum_minor: Mapped[int] = minor()
    suggested_minor: Mapped[list[int]]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    tax_regime: Mapped[str | None]  # a key of tax.law.REGIMES; none: no receipt
    art_bonus_id: Mapped[str | None]  # the intervention published on the portal, for Italy
    title: Mapped[dict[str, str]]
    summary: Mapped[dict[str, str]]
    story: Mapped[dict[str, Any]]  # {locale: [{"heading": …|null, "text": …}, …]}
    fallback: Mapped[dict[str, str]]  # what happens below the goal
    surplus: Mapped[dict[str, str]]  # and above it
    budget: Mapped[list[dict[str, Any]]] = mapped_column(default=list)  # [{"label": {…}, "amount_minor": …}]
    timeline: Mapped[list[dict[str, Any]]] = mapped_column(
        default=list
    )  # [{"on": date, "title": {…}, "text": {…}, "kind"?: "shown"}]
    joint_code: Mapped[str | None]  # campaigns of several museums shown on one page
    joint_share: Mapped[int | None]  # this museum's part, in per cent
    pieces_image: Mapped[str | None]  # what the pieces are drawn on, as a reference; none: what shows the work
    word_states: Mapped[dict[str, str]] = mapped_column(default=dict)  # {locale: promises.WordState}
    revision: Mapped[int] = mapped_column(default=0)  # the number of the last change by the museum's people
    followers: Mapped[int] = mapped_column(default=0)  # confirmed ones, counted as they come and go
    version: Mapped[int] = mapped_column(default=1)  # raised by every change that a page shows
    words: Mapped[str] = search_words()
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    @property
    def goal(self) -> Money | None:
        """Give the goal, when there is one."""
        return None if self.goal_minor is None else Money(self.goal_minor, self.currency)

    @property
    def minimum(self) -> Money:
        """Give the least gift."""
        return Money(self.minimum_minor, self.currency)


class FundingSource(OwnedByInstitution, Base):
    """A line of the financing plan beside the crowd: bequest, city, state, patrons, friends, match."""

    __tablename__ = "funding_sources"
    __table_args__ = (
        owned_key("campaign_id", "campaigns"),
        CheckConstraint("certainty IN ('firm', 'conditional')", name="certainty"),
        CheckConstraint("amount_minor > 0", name="amount"),
        Index("ix_funding_sources_campaign", "institution_id", "campaign_id"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    label: Mapped[dict[str, str]]
    amount_minor: Mapped[int] = minor()
    certainty: Mapped[str]
    position: Mapped[int]


class Stage(OwnedByInstitution, Base):
    """A staged goal."""

    __tablename__ = "stages"
    __table_args__ = (
        owned_key("campaign_id", "campaigns"),
        Index("ix_stages_campaign", "institution_id", "campaign_id"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    amount_minor: Mapped[int] = minor()
    title: Mapped[dict[str, str]]
    text: Mapped[dict[str, str]]


class Reward(OwnedByInstitution, Base):
    """What is offered in return for a level of giving, with its fair value on a date."""

    __tablename__ = "rewards"
    __table_args__ = (
        owned_key("campaign_id", "campaigns"),
        CheckConstraint("claimed >= 0 AND (stock IS NULL OR claimed <= stock)", name="stock"),
        CheckConstraint("fair_value_minor >= 0 AND price_minor > 0", name="amounts"),
        Index("ix_rewards_campaign", "institution_id", "campaign_id"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    position: Mapped[int]
    title: Mapped[dict[str, str]]
    description: Mapped[dict[str, str]]
    price_minor: Mapped[int] = minor()
    currency: Mapped[str] = currency_code()
    fair_value_minor: Mapped[int] = minor()  # what it would cost the donor, tax included
    valued_on: Mapped[date]
    symbolic: Mapped[bool]  # thanks that never count: a name on a wall
    fulfilment: Mapped[str]  # invitation, postal, pick_up, wall, digital
    stock: Mapped[int | None]
    claimed: Mapped[int] = mapped_column(default=0)  # counted only where there is a stock
    available_from: Mapped[datetime | None]
    available_until: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(default="offered")  # draft, offered, withdrawn
    image: Mapped[str | None]


class Piece(OwnedByInstitution, Base):
    """A piece of the work that one person adopts, or several together: a bone, a strip. Its price is its reward's."""

    __tablename__ = "pieces"
    __table_args__ = (
        UniqueConstraint("institution_id", "reward_id", "number"),
        owned_key("campaign_id", "campaigns"),
        owned_key("reward_id", "rewards"),
        CheckConstraint("shares > 0 AND claimed >= 0 AND claimed <= shares", name="shares"),
        CheckConstraint(
            "num_nulls(x, y, width, height) IN (0, 4) AND x >= 0 AND y >= 0 AND width > 0 AND height > 0"
            " AND x + width <= 10000 AND y + height <= 10000",
            name="place",
        ),
        Index("ix_pieces_campaign", "institution_id", "campaign_id"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    reward_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int]
    title: Mapped[dict[str, str]]  # none: the reward's, and the number
    shares: Mapped[int]  # how many may adopt it together
    claimed: Mapped[int] = mapped_column(default=0)
    x: Mapped[int | None]  # where it lies on the picture, in places.WHOLE parts of its width and height
    y: Mapped[int | None]
    width: Mapped[int | None]
    height: Mapped[int | None]


class EarlyLink(OwnedByInstitution, Base):
    """A link by which friends see a scheduled campaign, and may give to it, before it opens."""

    __tablename__ = "early_links"
    __table_args__ = (UniqueConstraint("institution_id", "token_hash"), owned_key("campaign_id", "campaigns"))

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    note: Mapped[str]  # for whom it is
    key: Mapped[UUID] = mapped_column(default=uuid4)  # the token is derived from it
    token_hash: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    revoked_at: Mapped[datetime | None]


class CampaignDocument(OwnedByInstitution, Base):
    """A paper behind a campaign, kept as it was filed: the public reads those that are public."""

    __tablename__ = "campaign_documents"
    __table_args__ = (
        owned_key("campaign_id", "campaigns"),
        CheckConstraint("size_bytes > 0", name="size"),
        Index("ix_campaign_documents_campaign", "institution_id", "campaign_id"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]  # rules.DocumentState
    kind: Mapped[str]  # rules.DocumentKind
    title: Mapped[dict[str, str]]
    locale: Mapped[str]  # the language of the paper itself
    dated_on: Mapped[date]
    position: Mapped[int] = mapped_column(default=0)
    storage_key: Mapped[str]  # a PDF
    sha256: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class CampaignTotal(Base):
    """How many gave and what is promised, in shards kept by triggers on gifts and pledges.

    The money received is not here: it is the fund's balance in the ledger.
    """

    __tablename__ = "campaign_totals"
    __table_args__ = (owned_key("campaign_id", "campaigns"),)

    institution_id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    shard: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    supporters: Mapped[int] = mapped_column(BigInteger)  # people with a gift that was not given back
    contributions: Mapped[int] = mapped_column(BigInteger)  # and each coin of a box, each ticket
    promised_count: Mapped[int] = mapped_column(BigInteger)
    promised_minor: Mapped[int] = minor()
    announced_count: Mapped[int] = mapped_column(BigInteger, server_default="0")
    announced_minor: Mapped[int] = minor(server_default="0")
