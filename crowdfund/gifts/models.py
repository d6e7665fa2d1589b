"""Tables of money come in and money given back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base, currency_code, minor
from crowdfund.money import Money
from crowdfund.tenancy import OwnedByInstitution, owned_key


class Gift(OwnedByInstitution, Base):
    """Money that has come in. Its legal date is decided once and stored."""

    __tablename__ = "gifts"
    __table_args__ = (
        UniqueConstraint("institution_id", "reference"),
        UniqueConstraint("institution_id", "charge"),
        owned_key("pledge_id", "pledges"),
        owned_key("donor_id", "donors"),
        owned_key("campaign_id", "campaigns"),
        owned_key("moved_from_id", "gifts"),
        CheckConstraint("amount_minor > 0 AND units > 0", name="amount"),
        CheckConstraint(
            "refunded_minor >= 0 AND disputed_minor >= 0 AND lost_minor >= 0"
            " AND refunded_minor + disputed_minor + lost_minor <= amount_minor",
            name="given_back",
        ),
        Index("ix_gifts_campaign", "institution_id", "campaign_id", "id"),
        Index("ix_gifts_donor", "institution_id", "donor_id"),
        Index("ix_gifts_received", "institution_id", "received_at", "id"),
        Index("ix_gifts_campaign_received", "institution_id", "campaign_id", "received_at", "id"),
        Index("ix_gifts_method_received", "institution_id", "method", "received_at", "id"),
        Index("ix_gifts_amount", "institution_id", "amount_minor"),
        Index(
            "ix_gifts_state_received",
            "institution_id",
            "state",
            "received_at",
            "id",
            postgresql_where=text("state <> 'received'"),
        ),
        Index(
            "ix_gifts_unanswered",
            "institution_id",
            "id",
            postgresql_where=text("wants_receipt AND NOT receipt_answered"),
        ),
    )

    reference: Mapped[str]  # what made it: "pledge:12", "box:…": one gift for each
    pledge_id: Mapped[int | None] = mapped_column(BigInteger)
    donor_id: Mapped[int | None] = mapped_column(BigInteger)  # none: a glass box
    campaign_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]  # rules.GiftState
    amount_minor: Mapped[int] = minor()
    currency: Mapped[str] = currency_code()
    refunded_minor: Mapped[int] = minor(default=0)
    disputed_minor: Mapped[int] = minor(default=0)  # held back while a dispute is open
    lost_minor: Mapped[int] = minor(default=0)  # taken back by lost disputes
    method: Mapped[str]
    units: Mapped[int] = mapped_column(default=1)  # contributions counted together: a box, a ticket sheet
    gift_date: Mapped[date]  # in the issuer's time zone
    gift_date_basis: Mapped[str]
    received_at: Mapped[datetime]
    charge: Mapped[str | None]  # the provider's charge
    payment: Mapped[str | None]  # the provider's payment intent
    fee_minor: Mapped[int | None] = minor()  # none: not yet told
    balance_transaction: Mapped[str | None]
    wants_receipt: Mapped[bool]
    # A receipt was written, or a reason for none stands. Written by triggers alone.
    receipt_answered: Mapped[bool] = mapped_column(server_default=text("false"), deferred=True)
    counterpart_minor: Mapped[int] = minor(default=0)
    imported: Mapped[bool] = mapped_column(default=False)  # history entered afterwards: nobody is written to
    moved_from_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    @property
    def amount(self) -> Money:
        """Give the gross amount."""
        return Money(self.amount_minor, self.currency)

    @property
    def kept(self) -> Money:
        """Give what stays with the museum: gross less refunds and lost disputes."""
        return Money(self.amount_minor - self.refunded_minor - self.lost_minor, self.currency)


class CampaignPeople(OwnedByInstitution, Base):
    """What the public may know of who gave to a campaign, counted in steps: no cell is smaller than five people."""

    __tablename__ = "campaign_people"
    __table_args__ = (UniqueConstraint("institution_id", "campaign_id"), owned_key("campaign_id", "campaigns"))

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    counted: Mapped[int] = mapped_column(BigInteger)  # the contributions there were when it was counted
    supporters: Mapped[int] = mapped_column(BigInteger)
    first_timers: Mapped[int] = mapped_column(BigInteger)  # who had never given to this museum; 0 when too few to tell
    towns: Mapped[list[dict[str, Any]]]  # [{"town": …, "country": …, "people": …}], the most first
    town_count: Mapped[int]  # those merged below counted too
    elsewhere: Mapped[int] = mapped_column(BigInteger)
    median_minor: Mapped[int | None] = minor()
    currency: Mapped[str] = currency_code()
    counted_at: Mapped[datetime] = mapped_column(default=clock.now)


class CampaignOutcome(OwnedByInstitution, Base):
    """What the public may know of the gifts of a campaign that came to nothing: counts of gifts, sums from the ledger."""

    __tablename__ = "campaign_outcomes"
    __table_args__ = (UniqueConstraint("institution_id", "campaign_id"), owned_key("campaign_id", "campaigns"))

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    counted: Mapped[int]  # the campaign's version when it was counted
    open: Mapped[bool]  # some donors were still choosing
    gifts: Mapped[int] = mapped_column(BigInteger)  # all there were; 0 when too few to tell
    # Each kind 0 where they may not be told apart.
    back: Mapped[int] = mapped_column(BigInteger)
    back_minor: Mapped[int] = minor()
    moved: Mapped[int] = mapped_column(BigInteger)
    moved_minor: Mapped[int] = minor()
    waiting: Mapped[int] = mapped_column(BigInteger)
    waiting_minor: Mapped[int] = minor()
    kept: Mapped[int] = mapped_column(BigInteger)
    kept_minor: Mapped[int] = minor()
    currency: Mapped[str] = currency_code()
    gone_from: Mapped[date | None]
    gone_until: Mapped[date | None]
    counted_at: Mapped[datetime] = mapped_column(default=clock.now)


class Refund(OwnedByInstitution, Base):
    """Money given back, or moved to another campaign at the donor's wish."""

    __tablename__ = "refunds"
    __table_args__ = (
        UniqueConstraint("institution_id", "request"),
        UniqueConstraint("institution_id", "provider_refund"),
        owned_key("gift_id", "gifts"),
        CheckConstraint("amount_minor > 0", name="amount"),
        Index("ix_refunds_gift", "institution_id", "gift_id"),
        Index("ix_refunds_state", "institution_id", "state"),
    )

    request: Mapped[UUID]  # one form, one refund
    gift_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]  # refund, move; returned, correction: put right in the books
    state: Mapped[str]  # rules.RefundState
    amount_minor: Mapped[int] = minor()
    currency: Mapped[str] = currency_code()
    reason: Mapped[str]
    provider_refund: Mapped[str | None]
    requested_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    closed_at: Mapped[datetime | None]


class Dispute(OwnedByInstitution, Base):
    """A payment the donor's bank has called back."""

    __tablename__ = "disputes"
    __table_args__ = (
        UniqueConstraint("institution_id", "provider_dispute"),
        owned_key("gift_id", "gifts"),
        Index("ix_disputes_gift", "institution_id", "gift_id"),
    )

    provider_dispute: Mapped[str]
    gift_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]  # rules.DisputeState
    amount_minor: Mapped[int] = minor()
    currency: Mapped[str] = currency_code()
    fee_minor: Mapped[int] = minor(default=0)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class ThankRule(OwnedByInstitution, Base):
    """How a museum thanks for some gifts: in which words, signed by whom, with a call or a letter. The first that fits counts."""

    __tablename__ = "thank_rules"
    __table_args__ = (
        CheckConstraint("from_minor >= 0", name="amount"),
        CheckConstraint("turn IN ('any', 'first', 'again')", name="turn"),
    )

    position: Mapped[int]
    name: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    from_minor: Mapped[int] = minor()  # the least gift it is for
    currency: Mapped[str] = currency_code()
    method: Mapped[str | None]  # rules.Method; none: any
    turn: Mapped[str]  # rules.Turn
    locale: Mapped[str | None]  # none: any
    words: Mapped[dict[str, str]]  # {locale: text}: read in the mail and in the letter
    signed_by: Mapped[str]
    signed_as: Mapped[str]
    calls: Mapped[bool]
    letter: Mapped[bool]  # on paper even where there is an e-mail address
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class CampaignDay(OwnedByInstitution, Base):
    """What a campaign's gifts of one day come to, summed up again every hour: a page need not count a million gifts."""

    __tablename__ = "campaign_days"
    __table_args__ = (UniqueConstraint("institution_id", "campaign_id", "day"), owned_key("campaign_id", "campaigns"))

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[date]  # in the museum's time zone
    gifts: Mapped[int] = mapped_column(BigInteger)  # that were not given back
    kept_minor: Mapped[int] = minor()


class Asking(OwnedByInstitution, Base):
    """A purchase came to nothing: why, in the museum's words, and until when its donors are asked about their gifts."""

    __tablename__ = "askings"
    __table_args__ = (UniqueConstraint("institution_id", "campaign_id"), owned_key("campaign_id", "campaigns"))

    campaign_id: Mapped[int] = mapped_column(BigInteger)
    words: Mapped[dict[str, str]]  # {locale: text}: read in the mail and on the page
    otherwise: Mapped[str]  # rules.Wish: what happens to a gift whose donor does not answer
    until: Mapped[datetime]
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)


class GiftChoice(OwnedByInstitution, Base):
    """A donor is asked what becomes of one gift. The answer may change until the day; then it is carried out, once."""

    __tablename__ = "gift_choices"
    __table_args__ = (
        UniqueConstraint("institution_id", "gift_id"),
        UniqueConstraint("institution_id", "token_hash"),
        owned_key("asking_id", "askings"),
        owned_key("gift_id", "gifts"),
        owned_key("target_id", "campaigns"),
        Index("ix_gift_choices_due", "institution_id", "until", postgresql_where=text("done_at IS NULL")),
        Index("ix_gift_choices_asking", "institution_id", "asking_id"),
    )

    asking_id: Mapped[int] = mapped_column(BigInteger)
    gift_id: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[UUID]  # the token is derived from it, and the name of the refund or the move that carries it out
    token_hash: Mapped[str]
    otherwise: Mapped[str]  # rules.Wish
    until: Mapped[datetime]
    wish: Mapped[str | None]  # rules.Wish; none: no answer yet
    target_id: Mapped[int | None] = mapped_column(BigInteger)  # the campaign it is to move to
    answered_at: Mapped[datetime | None]
    heard: Mapped[str | None]  # rules.Heard, where the desk noted the answer; none: the donor gave it
    posted_at: Mapped[datetime | None]  # the letter that asks, for who has no e-mail address
    outcome: Mapped[str | None]  # rules.Outcome
    done_at: Mapped[datetime | None]
