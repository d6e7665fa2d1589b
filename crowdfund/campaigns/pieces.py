"""The pieces of a work that may be adopted: each belongs to a reward, which is its price and what comes with it.

A reward's stock is the places of its pieces, whatever is changed: `settled` adds to a change what follows from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Piece, Reward
from crowdfund.campaigns.places import Place
from crowdfund.errors import Conflict, NotFound, Refusal
from crowdfund.i18n import N_
from crowdfund.tenancy import museum_of

PIECE_GONE = N_("This piece has just been adopted. Choose another one, or let us choose.")
PIECE_TAKEN = N_("This piece is adopted: it stays, and so does its price.")
TOO_FEW = N_("More people than that have adopted this piece together already.")


def add_pieces(
    session: Session,
    reward_id: int,
    titles: Sequence[Mapping[str, str]],
    *,
    shares: int = 1,
    places: Sequence[Place] = (),
) -> None:
    """Offer pieces under a reward, numbered from one; an empty title is the reward's. `shares` may adopt each together.

    `places` say where each lies on the picture, if they lie on one. The reward's stock must be what its pieces' shares make.
    Raises NotFound without the reward.
    """
    reward = session.get(Reward, (museum_of(session), reward_id))
    if reward is None:
        raise NotFound
    session.add_all(
        Piece(
            campaign_id=reward.campaign_id,
            reward_id=reward.id,
            number=number,
            title={locale: text for locale, text in title.items() if text},
            shares=shares,
            claimed=0,
            **(asdict(places[number - 1]) if places else {}),
        )
        for number, title in enumerate(titles, start=1)
    )
    session.flush()


def take_piece(session: Session, reward_id: int, piece_id: int | None = None) -> int | None:
    """Take a place in a piece of a reward: the one wished for, else the next free one. None for a reward without pieces.

    A wish for another reward's piece is none. Raises Refusal (409) when the piece, or the last one, is adopted. The reward's
    row is held already by whoever claimed it, so of two who ask at once exactly one gets the last place.
    """
    here = select(Piece).where(Piece.reward_id == reward_id)
    wished = session.scalars(here.where(Piece.id == piece_id)).one_or_none() if piece_id is not None else None
    if wished is None and session.scalar(select(Piece.id).where(Piece.reward_id == reward_id).limit(1)) is None:
        return None
    free = here.where(Piece.claimed < Piece.shares)
    if wished is not None:
        free = free.where(Piece.id == wished.id)
    # A piece begun by several is filled before the next one is begun.
    found = session.scalars(free.order_by(Piece.claimed == 0, Piece.number).limit(1).with_for_update()).one_or_none()
    taken = found is not None and session.scalar(
        update(Piece)
        .where(Piece.id == found.id, Piece.claimed < Piece.shares)
        .values(claimed=Piece.claimed + 1)
        .returning(Piece.id)
        .execution_options(synchronize_session=False)
    )
    if found is None or not taken:
        raise Refusal(PIECE_GONE, field="reward", status=409)
    session.expire(found, ["claimed"])
    return found.id


def free_piece(session: Session, piece_id: int) -> None:
    """Give a place in a piece free."""
    session.execute(
        update(Piece)
        .where(Piece.id == piece_id, Piece.claimed > 0)
        .values(claimed=Piece.claimed - 1)
        .execution_options(synchronize_session=False)
    )


def settled(now: Mapping[str, Any], changes: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """Complete a change of the content (field → before, after): pieces go with their reward, and make its stock.

    A reward that loses its last piece is not offered any more until the museum says what it is now.
    """
    found = {field: list(pair) for field, pair in changes.items()}
    planned = dict(now) | {field: after for field, (_before, after) in found.items()}
    for field, piece in planned.items():
        if field.startswith("piece.") and piece and not planned.get(f"reward.{piece['reward_id']}"):
            found[field] = [now.get(field), None]
    planned |= {field: after for field, (_before, after) in found.items()}
    places = _places(planned)
    for reward_id in {*places, *_places(now)}:
        field = f"reward.{reward_id}"
        if reward := planned.get(field):
            follows = {"stock": places[reward_id]} if places[reward_id] else {"state": "draft"}
            if not places[reward_id] and field in changes:
                continue  # it is said here what it is now
            if any(reward[column] != value for column, value in follows.items()):
                before = found[field][0] if field in found else now.get(field)
                found[field] = [before, {**reward, **follows}]
    return found


def check_taken(session: Session, changes: Mapping[str, Sequence[Any]]) -> None:
    """Make sure that nothing is changed under those who have adopted a piece. Locks rewards, then pieces, as claims do.

    Raises Conflict for a piece that would go or change its price, Refusal for fewer places than are taken.
    """
    pieces = {int(field[6:]): after for field, (_before, after) in changes.items() if field.startswith("piece.")}
    rewards = {int(field[7:]): pair for field, pair in changes.items() if field.startswith("reward.")}
    dearer = [number for number, (before, after) in rewards.items() if before and _price(before) != _price(after)]
    if not pieces and not dearer:
        return
    here = select(Piece).where(Piece.id.in_(pieces) | Piece.reward_id.in_(dearer)).order_by(Piece.id)
    held = {piece.reward_id for piece in session.scalars(here)}
    session.execute(select(Reward.id).where(Reward.id.in_(held)).order_by(Reward.id).with_for_update()).all()
    for piece in session.scalars(here.with_for_update().execution_options(populate_existing=True)):
        after = pieces.get(piece.id, {"reward_id": piece.reward_id, "shares": piece.shares})
        if piece.claimed and (after is None or after["reward_id"] != piece.reward_id or piece.reward_id in dearer):
            raise Conflict(PIECE_TAKEN)
        if after is not None and after["shares"] < piece.claimed:
            raise Refusal(TOO_FEW, field=f"shares-{piece.id}")


def _price(reward: Mapping[str, Any] | None) -> int | None:
    return reward["price_minor"] if reward else None


def _places(content: Mapping[str, Any]) -> Counter[int]:
    """Count the places of the pieces by reward."""
    found: Counter[int] = Counter()
    for field, piece in content.items():
        if field.startswith("piece.") and piece:
            found[piece["reward_id"]] += piece["shares"]
    return found
