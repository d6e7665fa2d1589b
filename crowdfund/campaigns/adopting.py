"""Draw the pieces of a work, price them, divide a picture into them. A piece's price is that of its reward: each price has one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from crowdfund.campaigns.content import COLUMNS, PIECE, Content, pieces_of, plain, row_values, rows_of
from crowdfund.campaigns.editing import Author, compared, write_changes
from crowdfund.campaigns.gate import today_at
from crowdfund.campaigns.models import Campaign, Piece, Reward
from crowdfund.campaigns.places import MOST_PIECES, SIDES, Place, grid
from crowdfund.campaigns.promises import check_editable
from crowdfund.campaigns.service import campaign_of
from crowdfund.errors import NotFound, Refusal
from crowdfund.i18n import N_, gettext, use_locale
from crowdfund.institutions.current import languages_of
from crowdfund.tenancy import museum_of

KIND = N_("A piece of the work")
KIND_IN_A_SENTENCE = N_("Your name stands beside it.")
TOO_MANY = N_("A work has 400 pieces at most.")
NO_PRICE = N_("Say what each new piece costs.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a form says of a piece: words by language, its price in minor units, how many adopt it together, where it lies."""

    title: Mapping[str, str]
    price_minor: int
    shares: int = 1
    place: Place | None = None


def keep_pieces(
    session: Session,
    campaign_id: int,
    drawn: Mapping[int, Drawn],
    gone: Collection[int],
    *,
    seen: int,
    author: Author,
    note: str = "",
) -> Campaign:
    """Bring pieces to what a form says of them, take those away that are `gone`; words join those of other languages.

    Raises NotFound for a piece of another campaign, and what `edit_campaign` raises.
    """
    campaign = _locked(session, campaign_id)
    there = {piece.id: piece for piece in pieces_of(session, campaign.id)}
    if not {*drawn, *gone} <= there.keys():
        raise NotFound
    kinds = _Kinds(session, campaign)
    wanted: Content = {
        f"piece.{number}": _values(there[number], told, kinds) for number, told in drawn.items() if number not in gone
    } | {f"piece.{number}": None for number in gone}
    changes = compared(session, campaign, wanted, seen)
    return write_changes(session, campaign, kinds.made | changes, author, note)


def offer_pieces(
    session: Session, campaign_id: int, drawn: Sequence[Drawn], *, author: Author, note: str = ""
) -> Campaign:
    """Add pieces. Raises Refusal for too many, and what `edit_campaign` raises."""
    campaign = _locked(session, campaign_id)
    kinds = _Kinds(session, campaign)
    return write_changes(session, campaign, kinds.made | _added(session, campaign, drawn, kinds), author, note)


def divide_picture(
    session: Session, campaign_id: int, shape: tuple[int, int], price_minor: int | None, *, author: Author, note: str = ""
) -> Campaign:  # fmt: skip
    """Divide the picture into columns by rows: pieces that lie nowhere yet take the first fields, new ones the others.

    Raises Refusal when there are new ones and no price, for too many, and what `edit_campaign` raises.
    """
    campaign = _locked(session, campaign_id)
    fields, kinds = grid(*shape), _Kinds(session, campaign)
    waiting = [piece for piece in pieces_of(session, campaign.id) if piece.x is None]
    changes: Content = {
        f"piece.{piece.id}": [before := _plain(piece), before | asdict(place)]
        for piece, place in zip(waiting, fields, strict=False)
    }
    rest = fields[len(waiting) :]
    if rest and price_minor is None:
        raise Refusal(NO_PRICE, field="price-grid")
    new = [Drawn(title={}, price_minor=price_minor or 0, place=place) for place in rest]
    changes |= _added(session, campaign, new, kinds)
    return write_changes(session, campaign, kinds.made | changes, author, note)


class _Kinds:
    """The rewards that stand for prices of pieces; a new price makes one. `made` are the changes that this is."""

    def __init__(self, session: Session, campaign: Campaign) -> None:
        self._session, self._campaign = session, campaign
        self.made: Content = {}
        with_pieces = {piece.reward_id for piece in pieces_of(session, campaign.id)}
        rewards = rows_of(session, "reward", campaign.id)
        self._count = len(rewards)
        self._price: dict[int, int] = {reward.id: reward.price_minor for reward in rewards}
        self._at: dict[int, Reward] = {}
        for reward in rewards:
            if reward.id in with_pieces:
                self._at.setdefault(reward.price_minor, reward)
        self._next = dict.fromkeys(with_pieces, 0)
        for piece in pieces_of(session, campaign.id):
            self._next[piece.reward_id] = max(self._next[piece.reward_id], piece.number)

    def at(self, price_minor: int) -> Reward:
        """Give the reward of a price."""
        return self._at.get(price_minor) or self._make(price_minor)

    def price(self, reward_id: int) -> int:
        """Tell a reward's price."""
        return self._price[reward_id]

    def number(self, reward_id: int) -> int:
        """Give a new piece its number under a reward."""
        self._next[reward_id] = self._next.get(reward_id, 0) + 1
        return self._next[reward_id]

    def _make(self, price_minor: int) -> Reward:
        model = next(iter(self._at.values()), None)
        values = row_values("reward", model) if model else self._bare()
        given: dict[str, Any] = {column: values[column] for column in COLUMNS["reward"]}
        self._count += 1
        given |= {
            "price_minor": price_minor,
            "position": self._count,
            "stock": None,
            "valued_on": today_at(self._session),
        }
        made = Reward(campaign_id=self._campaign.id, currency=self._campaign.currency, **given)
        self._session.add(made)
        self._session.flush()  # for its id
        self.made[f"reward.{made.id}"] = [None, row_values("reward", made)]
        self._at[price_minor] = made
        return made

    def _bare(self) -> dict[str, Any]:
        languages = languages_of(self._session, museum_of(self._session))
        return {
            "title": dict(_said(KIND, languages)), "description": dict(_said(KIND_IN_A_SENTENCE, languages)), "fair_value_minor": 0,
            "symbolic": True, "fulfilment": "wall", "state": "offered", "image": None, "price_minor": 0, "position": 0, "stock": None,
            "valued_on": None,
        }  # fmt: skip


def _said(words: str, languages: Sequence[str]) -> Iterator[tuple[str, str]]:
    for locale in languages:
        with use_locale(locale):
            yield locale, gettext(words)


def _locked(session: Session, campaign_id: int) -> Campaign:
    campaign = campaign_of(session, campaign_id, lock=True)
    check_editable(campaign.state)
    return campaign


def _plain(piece: Piece) -> dict[str, Any]:
    return {column: plain(getattr(piece, column)) for column in PIECE}


def _values(piece: Piece, told: Drawn, kinds: _Kinds) -> dict[str, Any]:
    """Give a piece's values as a form wants them. At another price it stands under that price's reward, as the last."""
    there = _plain(piece)
    title = {locale: text for locale, text in {**piece.title, **told.title}.items() if text}
    moved = {}
    if kinds.price(piece.reward_id) != told.price_minor:
        reward = kinds.at(told.price_minor)
        moved = {"reward_id": reward.id, "number": kinds.number(reward.id)}
    return there | {"title": title, "shares": told.shares} | _sides(told.place) | moved


def _added(session: Session, campaign: Campaign, drawn: Sequence[Drawn], kinds: _Kinds) -> Content:
    """Add the rows, and tell them as changes."""
    if len(pieces_of(session, campaign.id)) + len(drawn) > MOST_PIECES:
        raise Refusal(TOO_MANY, field="")
    made = []
    for told in drawn:
        reward = kinds.at(told.price_minor)
        title = {locale: text for locale, text in told.title.items() if text}
        made.append(
            Piece(
                campaign_id=campaign.id,
                reward_id=reward.id,
                number=kinds.number(reward.id),
                title=title,
                shares=told.shares,
                **_sides(told.place),
            )
        )
    session.add_all(made)
    session.flush()  # for their ids
    return {f"piece.{piece.id}": [None, _plain(piece)] for piece in made}


def _sides(place: Place | None) -> dict[str, int | None]:
    return asdict(place) if place else dict.fromkeys(SIDES)
