"""The pieces of a work that may be adopted: each belongs to a reward, which is its price and what comes with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Piece, Reward
from crowdfund.errors import NotFound, Refusal
from crowdfund.i18n import N_
from crowdfund.tenancy import museum_of

PIECE_GONE = N_("This piece has just been adopted. Choose another one, or let us choose.")


def add_pieces(session: Session, reward_id: int, titles: Sequence[Mapping[str, str]], *, shares: int = 1) -> None:
    """Offer pieces under a reward, numbered from one; an empty title is the reward's. `shares` may adopt each together.

    The reward's stock must be the places of all its pieces. Raises NotFound without the reward.
    """
    reward = session.get(Reward, (museum_of(session), reward_id))
    if reward is None:
        raise NotFound
    session.add_all(
        Piece(
            campaign_id=reward.campaign_id,
            reward_id=reward.id,
            number=place,
            title={locale: text for locale, text in title.items() if text},
            shares=shares,
            claimed=0,
        )
        for place, title in enumerate(titles, start=1)
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
