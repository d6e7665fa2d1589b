"""Read what a campaign offers to those who give, by the public role, and fill the two pages of the giving form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns import relief
from crowdfund.campaigns.models import Artwork, Campaign, Reward
from crowdfund.campaigns.rules import CampaignState, FundingModel, is_offered, is_open
from crowdfund.campaigns.texts import said
from crowdfund.campaigns.view import AmountChoice, MuseumLabel, Picture, hanging_of
from crowdfund.donors.rules import DonorKind
from crowdfund.errors import NotFound, Refusal
from crowdfund.i18n import country_name, current_locale
from crowdfund.institutions.models import Institution, Issuer
from crowdfund.money import Money
from crowdfund.pledges.forms import country_codes
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import NO_SUCH_REWARD, REWARD_GONE, check_amount, check_reward_price, gross_up
from crowdfund.pledges.view import CountryChoice, GivePage, RewardChoice, Waiver
from crowdfund.tax.countries import LAWS, required_identity


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
    threshold: Money | None
    rewards: tuple[OfferedReward, ...]

    @property
    def url(self) -> str:
        """Give the address of the campaign's page."""
        return self.museum.url.removesuffix("/") + f"/{self.slug}/"

    def is_open(self) -> bool:
        """Say whether a gift can be taken here and now: the campaign runs, and keeps what is given.

        The other funding models save a card and charge it later; to charge it now would break their promise.
        """
        return self.model == FundingModel.KEEP and self.is_running()

    def is_running(self) -> bool:
        """Say whether the campaign runs, whatever its funding model."""
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
        check_reward_price(amount, reward.price)


def load_offer(session: Session, museum: str, campaign: str) -> Offer:
    """Read a published campaign by the names in its address. Raises NotFound for all that is not there, drafts too."""
    row = session.execute(
        select(Campaign, Institution, Artwork, Issuer.jurisdiction, Issuer.kind)
        .join(Institution, Institution.id == Campaign.institution_id)
        .join(Artwork, and_(Artwork.institution_id == Campaign.institution_id, Artwork.id == Campaign.artwork_id))
        .join(Issuer, and_(Issuer.institution_id == Campaign.institution_id, Issuer.id == Campaign.issuer_id))
        .where(Institution.slug == museum, Campaign.slug == campaign, Campaign.state != CampaignState.DRAFT)
    ).one_or_none()
    if row is None:
        raise NotFound
    found, institution, artwork, jurisdiction, issuer_kind = row
    rewards = session.scalars(
        select(Reward)
        .where(Reward.institution_id == found.institution_id, Reward.campaign_id == found.id, Reward.state == "offered")
        .order_by(Reward.position, Reward.id)
    )
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
        threshold=Money(found.threshold_minor, found.currency) if found.threshold_minor else None,
        rewards=tuple(_offered(reward, own) for reward in rewards if _is_offered(reward)),
    )


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
    width, height = artwork.image_width or 600, artwork.image_height or 480
    alt = said(artwork.image_alt, own)
    return Picture(f"art/{artwork.image}", width, height, alt=alt, hanging=hanging_of(artwork.image))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What a person has filled in so far, and what is wrong with it."""

    values: Mapping[str, str]
    errors: Mapping[str, str]
    amount: Money | None
    reward_id: int | None
    donor_kind: str = DonorKind.INDIVIDUAL
    attempt: str = ""
    csrf_token: str = ""


def give_page(offer: Offer, filled: Filled) -> GivePage:
    """Fill either step of the giving form."""
    today = offer.day(clock.now())
    amount = filled.amount
    reward = offer.reward(filled.reward_id)
    values = {"country": offer.country} | dict(filled.values)
    return GivePage(
        museum=offer.museum,
        campaign_title=offer.title,
        campaign_url=offer.url,
        action=f"{offer.url}give",
        picture=offer.picture,
        model=offer.model,  # type: ignore[arg-type] # the table holds the same words
        minimum=offer.minimum,
        currency=offer.minimum.currency,
        amounts=_amounts(offer, filled, reward, today),
        rewards=tuple(_choice(one, filled) for one in offer.rewards),
        countries=countries_from(offer.country),
        values=values,
        errors=filled.errors,
        amount=amount,
        fee_cover=gross_up(amount) - amount if amount else None,
        net=relief.net(amount, offer.regime, filled.donor_kind, today) if amount else None,
        relief=relief.relief(offer.regime, filled.donor_kind, today, offer.minimum.currency),
        reward_title=reward.title if reward else "",
        waiver=_waiver(offer, reward, filled, today),
        change_url=_change_url(offer, filled),
        deadline=offer.day(offer.closes_at),
        threshold=offer.threshold,
        fallback=offer.fallback,
        asks_tax_number=asks_tax_number(offer.jurisdiction),
        receipts_given=offer.regime is not None and offer.jurisdiction in LAWS,
        csrf_token=filled.csrf_token,
        attempt=filled.attempt,
    )


def _amounts(offer: Offer, filled: Filled, reward: OfferedReward | None, today: date) -> tuple[AmountChoice, ...]:
    """List the suggested amounts. Before anybody chose, the second is picked, or the first that earns the reward."""
    picked = filled.amount
    untouched = not filled.values.get("amount") and not filled.values.get("other_amount")
    if picked is None and untouched and offer.suggested:
        enough = [one for one in offer.suggested if reward is None or one >= reward.price]
        middle = offer.suggested[min(1, len(offer.suggested) - 1)]
        picked = middle if middle in enough else next(iter(enough), None)
    return tuple(
        AmountChoice(
            amount=one,
            net=relief.net(one, offer.regime, filled.donor_kind, today),
            picked=one == picked and not filled.values.get("other_amount"),
        )
        for one in offer.suggested
    )


def _waiver(offer: Offer, reward: OfferedReward | None, filled: Filled, today: date) -> Waiver | None:
    """Tell what doing without the chosen reward changes for the receipt; None where the question does not arise."""
    if reward is None or filled.amount is None or not reward.counterpart:
        return None
    outcome = relief.outcome_with(
        reward.counterpart,
        filled.amount,
        jurisdiction=offer.jurisdiction,
        issuer_kind=offer.issuer_kind,
        regime=offer.regime,
        donor_kind=filled.donor_kind,
        on=today,
    )
    return Waiver(reward.title, reward.counterpart, outcome) if outcome else None


def _choice(reward: OfferedReward, filled: Filled) -> RewardChoice:
    short = reward.price - filled.amount if filled.amount and filled.amount < reward.price else None
    return RewardChoice(
        id=reward.id,
        title=reward.title,
        text=reward.text,
        amount=reward.price,
        sent_by=reward.sent_by,
        picture=Picture(f"art/{reward.image}", 80, 80) if reward.image else None,
        left=reward.left,
        short_by=short,
        picked=reward.id == filled.reward_id and reward.left != 0,
    )


def countries_from(first: str) -> tuple[CountryChoice, ...]:
    """List the countries by name; the museum's own and its neighbours in giving come first."""
    near = dict.fromkeys([first, *LAWS])
    named = sorted((CountryChoice(code, country_name(code)) for code in country_codes()), key=lambda one: one.name)
    return (
        *(CountryChoice(code, country_name(code)) for code in near),
        *(one for one in named if one.code not in near),
    )


def asks_tax_number(jurisdiction: str) -> bool:
    """Say whether the law prints a person's tax number on the receipt."""
    return jurisdiction in LAWS and "tax_number" in required_identity(jurisdiction, DonorKind.INDIVIDUAL)


def _change_url(offer: Offer, filled: Filled) -> str:
    """Lead back to step 1 with its answers."""
    chosen = {
        "amount": str(filled.amount.decimal) if filled.amount else "",
        "reward": str(filled.reward_id or ""),
        "c": filled.values.get("c", ""),
    }
    query = urlencode({name: value for name, value in chosen.items() if value})
    return f"{offer.url}give" + (f"?{query}" if query else "")
