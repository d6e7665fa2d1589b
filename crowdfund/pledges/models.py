"""Tables of pledges and of the wall, the public projection of who gave."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, false, text, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base, currency_code, minor
from crowdfund.money import Money
from crowdfund.tenancy import OwnedByInstitution, owned_key


class Pledge(OwnedByInstitution, Base):
    """A donor's promise of an amount. One attempt makes one pledge."""

    __tablename__ = "pledges"
    __table_args__ = (
        UniqueConstraint("institution_id", "attempt"),
        UniqueConstraint("institution_id", "token_hash"),
        UniqueConstraint("institution_id", "reference"),
        owned_key("campaign_id", "campaigns"),
        owned_key("donor_id", "donors"),
        owned_key("reward_id", "rewards"),
        owned_key("group_id", "groups"),
        owned_key("early_link_id", "early_links"),
        owned_key("piece_id", "pieces"),
        owned_key("tops_up_id", "pledges"),
        UniqueConstraint("institution_id", "card_hash"),
        CheckConstraint("amount_minor > 0 AND cover_minor >= 0 AND cover_minor < amount_minor", name="amounts"),
        Index("ix_pledges_campaign", "institution_id", "campaign_id", "id"),
        Index("ix_pledges_donor", "institution_id", "donor_id"),
        Index(
            "ix_pledges_announced",
            "institution_id",
            "id",
            postgresql_where=text("state = 'made' AND reference IS NOT NULL"),
        ),
        Index("ix_pledges_tops_up", "institution_id", "tops_up_id", postgresql_where=text("tops_up_id IS NOT NULL")),
    )

    attempt: Mapped[UUID]
    token_hash: Mapped[str]
    campaign_id: Mapped[int] = mapped_column(BigInteger)
    donor_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]  # rules.PledgeState
    amount_minor: Mapped[int] = minor()  # what is to be paid, the cover of the fees within
    cover_minor: Mapped[int] = minor(default=0)
    currency: Mapped[str] = currency_code()
    method: Mapped[str]
    reference: Mapped[str | None]  # of a transfer or a cheque that is announced
    reward_id: Mapped[int | None] = mapped_column(BigInteger)
    reward_state: Mapped[str]  # rules.RewardState
    counterpart_minor: Mapped[int] = minor(default=0)  # fair value when claimed; 0 when waived or symbolic
    piece_id: Mapped[int | None] = mapped_column(BigInteger)  # the piece that is adopted with the reward
    tops_up_id: Mapped[int | None] = mapped_column(BigInteger)  # the first pledge of those it adds to
    wants_receipt: Mapped[bool]
    fallback: Mapped[str]  # refund, museum, keep
    locale: Mapped[str]
    wall: Mapped[str]  # short, other, anonymous
    wall_name: Mapped[str | None]
    wall_town: Mapped[str | None]  # as the donor typed it; none: not shown
    wall_dedication: Mapped[bool] = mapped_column(
        default=True, server_default=true()
    )  # shown beside the name, if there is one
    message: Mapped[str | None]
    dedication_kind: Mapped[str | None]  # honour, memory
    dedication_name: Mapped[str | None]
    dedication_email: Mapped[str | None]  # of who is told of it, once; forgotten then
    channel: Mapped[str | None]
    group_id: Mapped[int | None] = mapped_column(BigInteger)  # who gives with a group stands on the wall by its name
    early_link_id: Mapped[int | None] = mapped_column(BigInteger)  # made by a friend before the opening
    card_hash: Mapped[str | None]  # of the public card's token; none: there is no card
    card_amount: Mapped[bool] = mapped_column(default=False, server_default=false())  # told on the card, if wished
    # What a known donor told anew of themselves: taken over once the money has come, forgotten when it does not.
    told: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    reopened_at: Mapped[datetime | None]  # the last time; the money is expected from here on
    held_at: Mapped[datetime | None]  # money came that contradicts it: a person decides, nothing ends meanwhile
    closed_at: Mapped[datetime | None]

    @property
    def amount(self) -> Money:
        """Give what is to be paid."""
        return Money(self.amount_minor, self.currency)


class Group(OwnedByInstitution, Base):
    """People who give together: a class, a family, an office."""

    __tablename__ = "groups"
    __table_args__ = (
        UniqueConstraint("institution_id", "code"),
        owned_key("campaign_id", "campaigns"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    code: Mapped[str]
    name: Mapped[str]
    organiser_email: Mapped[str | None]  # forgotten once the link has left
    locale: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class WallEntry(OwnedByInstitution, Base):
    """What the public sees of a donor: words, never an amount, in an order that tells nothing."""

    __tablename__ = "wall_entries"
    __table_args__ = (
        UniqueConstraint("institution_id", "pledge_id"),
        UniqueConstraint("institution_id", "group_id"),
        owned_key("campaign_id", "campaigns"),
        owned_key("pledge_id", "pledges"),
        owned_key("group_id", "groups"),
        owned_key("piece_id", "pieces"),
        Index("ix_wall_entries_piece", "institution_id", "campaign_id", postgresql_where=text("piece_id IS NOT NULL")),
        CheckConstraint("pledge_id IS NOT NULL OR group_id IS NOT NULL", name="whose"),
        Index("ix_wall_entries_campaign", "institution_id", "campaign_id", "order_key"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    pledge_id: Mapped[int | None] = mapped_column(BigInteger)  # of one donor, or
    group_id: Mapped[int | None] = mapped_column(BigInteger)  # of a whole group
    piece_id: Mapped[int | None] = mapped_column(BigInteger)  # the piece it adopted
    display_name: Mapped[str]
    message: Mapped[str | None]  # shown only once `message_approved`
    message_approved: Mapped[bool] = mapped_column(default=False)
    message_read_at: Mapped[datetime | None]  # by a person of the museum, who showed it or kept it back
    dedication: Mapped[str | None]
    dedication_kind: Mapped[str | None]  # honour, memory; none without a dedication
    town: Mapped[str | None]
    locale: Mapped[str]
    shown_from: Mapped[datetime]
    order_key: Mapped[int] = mapped_column(BigInteger)


class Reminder(OwnedByInstitution, Base):
    """Who asked to be reminded of a campaign on a day, once. The row goes with the mail."""

    __tablename__ = "reminders"
    __table_args__ = (
        UniqueConstraint("institution_id", "campaign_id", "email"),
        owned_key("campaign_id", "campaigns"),
    )

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    email: Mapped[str]
    locale: Mapped[str]
    due_on: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
