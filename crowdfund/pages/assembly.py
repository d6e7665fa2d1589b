"""Read a work of many parts: what has come together, and which pieces are adopted, free or shared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.campaigns.models import Piece, Reward
from crowdfund.campaigns.rules import is_offered
from crowdfund.campaigns.texts import named_piece, said
from crowdfund.campaigns.view import Picture, Progress, picture_at
from crowdfund.i18n import gettext
from crowdfund.money import Money
from crowdfund.pages.view.pieces import Adopter, Assembly, PieceKind, PieceMap, PieceRow, Shelf, drawn_on
from crowdfund.pictures.models import Picture as Kept
from crowdfund.pledges.models import WallEntry

FEW_PIECES = 4
PIECES_ON_A_SHELF, IN_A_CROWD = 12, 33


def assembly(session: Session, row: Row[Any], progress: Progress, give: str) -> Assembly | None:
    """Show a work of many parts coming together. `part_images` are "file:count", in the order of the shelves.

    Where its pieces are adopted, these are what has come; else the money raised says how many are here.
    """
    kinds = _kinds(session, row, give)
    if not kinds and (not row.parts or progress.goal is None):
        return None
    if kinds:
        total, here = sum(len(kind.pieces) for kind in kinds), sum(kind.adopted for kind in kinds)
        return Assembly(
            total,
            here,
            min(kind.price for kind in kinds),
            None,
            _shelves_of(row.part_images, kinds, bought=row.state == "succeeded"),
            gettext("%(here)s of %(total)s pieces are adopted.", here=here, total=total),
            kinds=kinds,
            map=_map(session, row, kinds),
        )
    price = Money(-(-progress.goal.minor // row.parts), row.currency)  # type: ignore[union-attr] # there is a goal here
    here = min(row.parts, progress.raised.minor // price.minor)
    missing = Money(price.minor - progress.raised.minor % price.minor, row.currency) if here < row.parts else None
    return Assembly(
        row.parts,
        here,
        price,
        missing,
        _shelves(row.part_images, here),
        gettext("%(here)s of %(total)s pieces have come together.", here=here, total=row.parts),
    )


def _map(session: Session, row: Row[Any], kinds: Sequence[PieceKind]) -> PieceMap | None:
    """Show the pieces as they lie on the picture, where they were drawn on one."""
    image = row.pieces_image or row.image
    urls = {piece.key: piece.url for kind in kinds for piece in kind.pieces}
    here = (Piece.institution_id == row.institution_id, Piece.campaign_id == row.id, Piece.x.is_not(None))
    found = [piece for piece in session.scalars(select(Piece).where(*here).order_by(Piece.id)) if piece.id in urls]
    if not image or not found:
        return None
    alt = row.image_alt if image == row.image else _alt(session, row.institution_id, image)
    picture = picture_at(image, row.image_width, row.image_height, said(alt, row.default_locale))
    return drawn_on(picture, [(str(one.id), "", one, urls[one.id]) for one in found])


def _alt(session: Session, institution_id: int, image: str) -> dict[str, str]:
    digest = image.split("/")[1]
    here = select(Kept.alt).where(Kept.institution_id == institution_id, Kept.digest == digest)
    return session.scalars(here).one_or_none() or {}


def _kinds(session: Session, row: Row[Any], give: str) -> tuple[PieceKind, ...]:
    """Read the pieces by reward, each with those who adopted it and let it be seen."""
    found = session.execute(
        select(Piece, Reward)
        .join(Reward, (Reward.institution_id == Piece.institution_id) & (Reward.id == Piece.reward_id))
        .where(Piece.institution_id == row.institution_id, Piece.campaign_id == row.id)
        .order_by(Reward.price_minor, Reward.position, Piece.number)
    ).all()
    if not found:
        return ()
    adopters = _adopters(session, row)
    by_reward: dict[int, list[Any]] = defaultdict(list)
    for piece, reward in found:
        by_reward[reward.id].append((piece, reward))
    live, now = row.state in {"live", "scheduled"}, clock.now()
    return tuple(
        _kind(row, pieces, adopters, give if live and is_offered(*_window(pieces[0][1]), now) else "")
        for pieces in by_reward.values()
    )


def _window(reward: Reward) -> tuple[str, Any, Any]:
    return reward.state, reward.available_from, reward.available_until


def _kind(row: Row[Any], pieces: Sequence[Any], adopters: dict[int, tuple[Adopter, ...]], give: str) -> PieceKind:
    reward = pieces[0][1]
    title, price = said(reward.title, row.default_locale), Money(reward.price_minor, reward.currency)
    address = f"{give}{'&' if '?' in give else '?'}reward={reward.id}&amount={price.decimal}" if give else ""
    return PieceKind(
        title,
        price,
        tuple(
            PieceRow(
                named_piece(said(piece.title, row.default_locale), title, piece.number),
                piece.shares,
                piece.claimed,
                adopters.get(piece.id, ()),
                f"{address}&piece={piece.id}" if address and piece.claimed < piece.shares else "",
                piece.id,
            )
            for piece, _reward in pieces
        ),
        picture_at(reward.image, 80, 80) if reward.image else None,
    )


def _adopters(session: Session, row: Row[Any]) -> dict[int, tuple[Adopter, ...]]:
    """Read who is shown beside which piece, from the wall alone: whoever is not on it is not here."""
    shown = session.execute(
        select(WallEntry.piece_id, WallEntry.display_name, WallEntry.dedication)
        .where(
            WallEntry.institution_id == row.institution_id,
            WallEntry.campaign_id == row.id,
            WallEntry.piece_id.is_not(None),
            WallEntry.shown_from <= clock.now(),
        )
        .order_by(WallEntry.order_key)
    )
    found: dict[int, tuple[Adopter, ...]] = defaultdict(tuple)
    for piece_id, name, dedication in shown:
        found[int(piece_id or 0)] += (Adopter(name, dedication or ""),)
    return found


def _shelves_of(
    part_images: Sequence[str], kinds: Sequence[PieceKind], *, bought: bool
) -> tuple[tuple[Shelf, ...], ...]:
    """Set the pieces out, those that are adopted in colour; once the work is bought, all of them are here.

    A picture shows the kind whose reward has it; pictures of single pieces show them in their order.
    """
    adopted = {kind.picture.src: kind.adopted for kind in kinds if kind.picture}
    single = iter([piece.adopted for kind in kinds if not kind.picture for piece in kind.pieces])
    shelves: list[tuple[Shelf, ...]] = []
    for entry in part_images:
        file, _, count = entry.partition(":")
        here = int(count or 1) if bought else adopted.get(f"art/{file}", -1)
        shelves += _shelves([entry], int(next(single, False)) if here < 0 else here)
    return _joined(shelves)


def _joined(shelves: Sequence[tuple[Shelf, ...]]) -> tuple[tuple[Shelf, ...], ...]:
    """Set kinds of few pieces side by side on one shelf."""
    few = tuple(shelf for row in shelves for shelf in row if shelf.total <= FEW_PIECES)
    many = tuple(row for row in shelves if not all(shelf.total <= FEW_PIECES for shelf in row))
    return (few, *many) if few else many


def _shelves(part_images: Sequence[str], here: int) -> tuple[tuple[Shelf, ...], ...]:
    """Set the pieces out: kinds of few pieces together on the first shelf, the others on as many as they need."""
    first, others = [], []
    for entry in part_images:
        file, _, count = entry.partition(":")
        total, picture = int(count or 1), Picture(f"art/{file}", 80, 80)
        name = file.removeprefix("piece-").removesuffix(".svg")
        if total <= FEW_PIECES:
            first.append(Shelf(name, picture, total, min(total, here)))
        for part in _even(total) if total > FEW_PIECES else ():
            others.append((Shelf(name, picture, part, min(part, here)),))
            here = max(0, here - part)
        if total <= FEW_PIECES:
            here = max(0, here - total)
    return (tuple(first), *others) if first else tuple(others)


def _even(total: int) -> list[int]:
    """Divide pieces over shelves that hold nearly the same number."""
    most = PIECES_ON_A_SHELF if total <= 2 * PIECES_ON_A_SHELF else IN_A_CROWD
    shelves = -(-total // most)
    return [total // shelves + (place < total % shelves) for place in range(shelves)]
