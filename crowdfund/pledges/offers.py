"""Read what a campaign offers to those who give, by the public role."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Artwork, Campaign, Piece, Reward
from crowdfund.campaigns.rules import CampaignState, FundingModel, is_offered, is_open
from crowdfund.campaigns.texts import named_piece, said
from crowdfund.campaigns.view import MuseumLabel, Picture, picture_at
from crowdfund.errors import NotFound, Refusal
from crowdfund.i18n import current_locale
from crowdfund.institutions.models import BankDetails, Institution, Issuer
from crowdfund.money import Money
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import ANNOUNCED, NO_SUCH_REWARD, REWARD_GONE, check_amount, check_reward_price

LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class OfferedReward:
    """A reward that may be chosen now. `left` is None without limit."""

    id: int
    title: str
    text: str
    price: Money
    left: int | None
    image: str | None
    sent_by: str
    counterpart: Money  # what it is worth to the tax office; nothing when it is symbolic


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A campaign as the giving form needs it; texts are in the page's language."""

    institution_id: int
    campaign_id: int
    museum: MuseumLabel
    title: str
    slug: str
    picture: Picture
    state: str
    model: str
    opens_at: datetime
    closes_at: datetime
    time_zone: str
    minimum: Money
    suggested: tuple[Money, ...]
    regime: str | None
    jurisdiction: str
    issuer_kind: str
    country: str
    fallback: str
    methods: tuple[str, ...]  # none while the issuer's account is stopped and its bank takes nothing
    threshold: Money | None
    rewards: tuple[OfferedReward, ...]
    contact: str = ""  # the museum's address for mail
    given: Money | None = None  # before, by the gift that this one adds to: both together reach a reward
    early: str = ""  # the token of the link by which a friend came before the opening
    early_link_id: int | None = None

    @property
    def url(self) -> str:
        """Give the address of the campaign's page, as this giver reached it."""
        if self.early:
            return f"/{current_locale()}/early/{self.early}/"
        return self.museum.url.removesuffix("/") + f"/{self.slug}/"

    def is_open(self) -> bool:
        """Say whether a gift can be taken here and now: the campaign runs, keeps what is given, and there is a way to pay.

        The other funding models save a card and charge it later; to charge it now would break their promise.
        """
        return self.keeps() and bool(self.methods) and self.is_running()

    def keeps(self) -> bool:
        """Say whether money is taken as it is given, whatever becomes of the goal."""
        return self.model == FundingModel.KEEP

    def is_over(self) -> bool:
        """Say whether the appeal has ended, in whatever way."""
        return self.state not in {CampaignState.SCHEDULED, CampaignState.LIVE} or clock.now() >= self.closes_at

    def is_running(self) -> bool:
        """Say whether the campaign runs, whatever its funding model; for friends it does before it opens."""
        if self.early and self.state == CampaignState.SCHEDULED:
            return clock.now() < self.closes_at
        return is_open(self.state, self.opens_at, self.closes_at, clock.now())

    def is_early(self) -> bool:
        """Say whether the campaign opens later."""
        return self.state == CampaignState.SCHEDULED or (
            self.state == CampaignState.LIVE and clock.now() < self.opens_at
        )

    def day(self, moment: datetime) -> date:
        """Give the museum's day of a moment."""
        return moment.astimezone(ZoneInfo(self.time_zone)).date()

    @property
    def tomorrow(self) -> date:
        """Give the museum's next day."""
        return self.day(clock.now()) + timedelta(days=1)

    def reward(self, reward_id: int | None) -> OfferedReward | None:
        """Find a reward by its number."""
        return next((one for one in self.rewards if one.id == reward_id), None)

    def check(self, amount: Money, reward_id: int | None, *, waived: bool) -> None:
        """Make sure that an amount and a reward may be chosen. Raises Refusal; making the pledge checks again."""
        check_amount(amount, self.minimum)
        if reward_id is None:
            return
        reward = self.reward(reward_id)
        if reward is None:
            raise Refusal(NO_SUCH_REWARD, field="reward", status=404)
        if waived:
            return
        if reward.left == 0:
            raise Refusal(REWARD_GONE, field="reward", status=409)
        check_reward_price(amount + self.given if self.given else amount, reward.price)


def load_offer(session: Session, museum: str, campaign: str) -> Offer:
    """Read a published campaign by the names in its address. Raises NotFound for all that is not there, drafts too."""
    if "\x00" in museum + campaign:  # PostgreSQL has no such text
        raise NotFound
    row = session.execute(
        select(
            Campaign,
            Institution,
            Artwork,
            Issuer.jurisdiction,
            Issuer.kind,
            Issuer.takes_cards,
            BankDetails.takes_transfers,
            BankDetails.takes_cheques,
        )
        .join(Institution, Institution.id == Campaign.institution_id)
        .join(Artwork, and_(Artwork.institution_id == Campaign.institution_id, Artwork.id == Campaign.artwork_id))
        .join(Issuer, and_(Issuer.institution_id == Campaign.institution_id, Issuer.id == Campaign.issuer_id))
        .outerjoin(
            BankDetails,
            and_(BankDetails.institution_id == Campaign.institution_id, BankDetails.issuer_id == Campaign.issuer_id),
        )
        .where(Institution.slug == museum, Campaign.slug == campaign, Campaign.state != CampaignState.DRAFT)
    ).one_or_none()
    if row is None:
        raise NotFound
    found = row[0]
    rewards = session.scalars(
        select(Reward)
        .where(Reward.institution_id == found.institution_id, Reward.campaign_id == found.id, Reward.state == "offered")
        .order_by(Reward.position, Reward.id)
    )
    methods = tuple(method for method, taken in zip(("card", *ANNOUNCED), row[5:], strict=True) if taken)
    return _offer(*row[:5], methods, rewards)


def _offer(
    found: Campaign,
    institution: Institution,
    artwork: Artwork,
    jurisdiction: str,
    issuer_kind: str,
    methods: tuple[str, ...],
    rewards: Iterable[Reward],
) -> Offer:
    own = institution.default_locale
    lang = current_locale()
    return Offer(
        institution_id=found.institution_id,
        campaign_id=found.id,
        museum=MuseumLabel(institution.slug, institution.name, institution.city, f"/{lang}/{institution.slug}/"),
        title=said(found.title, own),
        slug=found.slug,
        picture=_picture(artwork, own),
        state=found.state,
        model=found.funding_model,
        opens_at=found.opens_at,
        closes_at=found.closes_at,
        time_zone=institution.time_zone,
        minimum=found.minimum,
        suggested=tuple(Money(minor, found.currency) for minor in found.suggested_minor),
        regime=found.tax_regime,
        jurisdiction=jurisdiction,
        issuer_kind=issuer_kind,
        country=institution.country,
        fallback=said(found.fallback, own),
        methods=methods,
        contact=institution.contact_email,
        threshold=Money(found.threshold_minor, found.currency) if found.threshold_minor else None,
        rewards=tuple(_offered(reward, own) for reward in rewards if _is_offered(reward)),
    )


def piece_title(session: Session, offer: Offer, reward_id: int | None, typed: str) -> str:
    """Name a piece that is still free under a reward, by its number as a form sends it; empty for every other one."""
    if not reward_id or not (typed.isascii() and typed.isdigit()) or len(typed) > LONGEST_NUMBER:
        return ""
    piece = session.scalars(
        select(Piece).where(
            Piece.institution_id == offer.institution_id,
            Piece.campaign_id == offer.campaign_id,
            Piece.reward_id == reward_id,
            Piece.id == int(typed),
            Piece.claimed < Piece.shares,
        )
    ).one_or_none()
    reward = offer.reward(reward_id)
    if piece is None or reward is None:
        return ""
    return named_piece(said(piece.title, ""), reward.title, piece.number)


def slugs_of(session: Session, pledge_id: int) -> tuple[str, str]:
    """Name the museum and the campaign of a pledge as addresses do. Raises NotFound."""
    row = session.execute(
        select(Institution.slug, Campaign.slug)
        .join(Campaign, Campaign.institution_id == Institution.id)
        .join(Pledge, and_(Pledge.institution_id == Campaign.institution_id, Pledge.campaign_id == Campaign.id))
        .where(Pledge.id == pledge_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    return row[0], row[1]


def _is_offered(reward: Reward) -> bool:
    return is_offered(reward.state, reward.available_from, reward.available_until, clock.now())


def _offered(reward: Reward, own: str) -> OfferedReward:
    return OfferedReward(
        id=reward.id,
        title=said(reward.title, own),
        text=said(reward.description, own),
        price=Money(reward.price_minor, reward.currency),
        left=None if reward.stock is None else max(0, reward.stock - reward.claimed),
        image=reward.image,
        sent_by=reward.fulfilment,
        counterpart=Money(0 if reward.symbolic else reward.fair_value_minor, reward.currency),
    )


def _picture(artwork: Artwork, own: str) -> Picture:
    if not artwork.image:
        return Picture("art/frame.svg", 600, 480)
    return picture_at(
        artwork.image, artwork.image_width or 600, artwork.image_height or 480, said(artwork.image_alt, own)
    )
