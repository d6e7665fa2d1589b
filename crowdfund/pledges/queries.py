"""Fill the two pages of the giving form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from unicodedata import normalize
from urllib.parse import urlencode

from crowdfund import clock
from crowdfund.campaigns import relief
from crowdfund.campaigns.view import AmountChoice, picture_at
from crowdfund.donors.rules import DonorKind
from crowdfund.i18n import country_name
from crowdfund.money import Money
from crowdfund.pledges.forms import country_codes
from crowdfund.pledges.offers import Offer, OfferedReward
from crowdfund.pledges.rules import gross_up
from crowdfund.pledges.view import Cost, CountryChoice, GivePage, RewardChoice, Waiver
from crowdfund.tax.countries import LAWS, required_identity

# What step 1 has no field for and hands on to step 2 when it is known already.
KEPT = (
    "donor_kind", "first_name", "last_name", "email", "company_name", "company_number", "legal_form", "wants_receipt",
    "address_line", "postcode", "city", "country", "tax_number", "wall", "wall_name", "message", "dedication_kind",
    "dedication_name", "dedication_email", "cover_fees", "fallback",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What a person has filled in so far, and what is wrong with it."""

    values: Mapping[str, str]
    errors: Mapping[str, str]
    amount: Money | None
    reward_id: int | None
    donor_kind: str = DonorKind.INDIVIDUAL
    group: str = ""
    piece: str = ""
    meant: str = ""
    attempt: str = ""
    csrf_token: str = ""


def give_page(offer: Offer, filled: Filled) -> GivePage:
    """Fill either step of the giving form."""
    today = offer.day(clock.now())
    amount = filled.amount
    reward = offer.reward(filled.reward_id)
    return replace(
        _untouched(offer),
        amounts=_amounts(offer, filled, reward, today),
        rewards=tuple(_choice(one, filled) for one in offer.rewards),
        values={"country": offer.country} | dict(filled.values),
        errors=filled.errors,
        amount=amount,
        fee_cover=gross_up(amount) - amount if amount and "card" in offer.methods else None,
        net=relief.net(amount, offer.regime, filled.donor_kind, today) if amount else None,
        relief=relief.relief(offer.regime, filled.donor_kind, today, offer.minimum.currency),
        costs=tuple(_costs(offer, amount, today)),
        reward_title=reward.title if reward else "",
        group=filled.group,
        piece=filled.piece,
        waiver=_waiver(offer, reward, filled, today),
        change_url=_url_of(offer, filled),
        here_url=_url_of(offer, filled, step="2") if amount else "",
        meant=filled.meant,
        csrf_token=filled.csrf_token,
        attempt=filled.attempt,
        kept=tuple(name for name in KEPT if filled.values.get(name)),
    )


def _untouched(offer: Offer) -> GivePage:
    """Give the form as nobody has filled it: what the campaign and its museum alone say."""
    return GivePage(
        museum=offer.museum,
        campaign_title=offer.title,
        campaign_url=offer.url,
        action=f"{offer.url}give",
        picture=offer.picture,
        model=offer.model,  # type: ignore[arg-type] # the table holds the same words
        minimum=offer.minimum,
        currency=offer.minimum.currency,
        amounts=(),
        rewards=(),
        countries=countries_from(offer.country),
        values={},
        errors={},
        deadline=offer.day(offer.closes_at),
        threshold=offer.threshold,
        fallback=offer.fallback,
        methods=offer.methods,
        contact=offer.contact,
        asks_tax_number=asks_tax_number(offer.jurisdiction),
        receipts_given=offer.regime is not None and offer.jurisdiction in LAWS,
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


def _costs(offer: Offer, amount: Money | None, today: date) -> Iterator[Cost]:
    """Tell what the gift costs after tax, for each kind of donor that the campaign's law gives something."""
    for kind in DonorKind:
        found = relief.relief(offer.regime, kind, today, offer.minimum.currency)
        net = relief.net(amount, offer.regime, kind, today) if amount else None
        if found is not None:
            yield Cost(kind, found, net)


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
        picture=picture_at(reward.image, 80, 80) if reward.image else None,
        left=reward.left,
        short_by=short,
        picked=reward.id == filled.reward_id and reward.left != 0,
    )


def plain(name: str) -> str:
    """Write a name as readers look it up: without accents, in small letters, so that Émirats stands among the E."""
    return "".join(sign for sign in normalize("NFKD", name) if sign.isalpha() or sign == " ").casefold()


def countries_from(first: str) -> tuple[CountryChoice, ...]:
    """List the countries by name; the museum's own and its neighbours in giving come first."""
    near = dict.fromkeys([first, *LAWS])
    named = sorted(
        (CountryChoice(code, country_name(code)) for code in country_codes()), key=lambda one: plain(one.name)
    )
    return (
        *(CountryChoice(code, country_name(code)) for code in near),
        *(one for one in named if one.code not in near),
    )


def asks_tax_number(jurisdiction: str) -> bool:
    """Say whether the law prints a person's tax number on the receipt."""
    return jurisdiction in LAWS and "tax_number" in required_identity(jurisdiction, DonorKind.INDIVIDUAL)


def _url_of(offer: Offer, filled: Filled, step: str = "") -> str:
    """Lead to a step with the answers of step 1; nothing that says who gives stands in an address."""
    chosen = {
        "step": step,
        "amount": str(filled.amount.decimal) if filled.amount else "",
        "reward": str(filled.reward_id or ""),
        "piece": filled.values.get("piece", "") if filled.reward_id else "",
        "c": filled.values.get("c", ""),
        "g": filled.values.get("g", ""),
    }
    query = urlencode({name: value for name, value in chosen.items() if value})
    return f"{offer.url}give" + (f"?{query}" if query else "")
