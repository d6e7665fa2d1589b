"""A donor's card to share: made at their wish, by a link nobody can guess, and gone when they take it down or are erased.

It says what the wall says of them, the piece and the dedication; the amount only when they ask for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund.campaigns import service as campaigns
from crowdfund.campaigns.models import Piece, Reward
from crowdfund.campaigns.texts import named_piece, said
from crowdfund.donors import service as donors
from crowdfund.donors.models import Donor
from crowdfund.errors import Conflict, NotFound
from crowdfund.gifts.models import Gift
from crowdfund.gifts.rules import GIVEN_BACK
from crowdfund.i18n import N_
from crowdfund.institutions.models import Institution
from crowdfund.links import digest, token_for
from crowdfund.money import Money
from crowdfund.pledges import service as pledges
from crowdfund.pledges.making import secret
from crowdfund.pledges.models import Group, Pledge
from crowdfund.pledges.wall import display_name

NOTHING_KEPT = N_("There is no gift to show: make a card once the payment has come.")


@dataclass(frozen=True, slots=True)
class DonorCard:
    """What a card says. `name` is empty for who stays anonymous, `amount` is None unless it was asked for."""

    museum: str  # as addresses name it
    slug: str
    name: str
    piece: str
    dedication: str  # honour, memory or none
    dedicated_to: str
    amount: Money | None


def card_token(pledge: Pledge) -> str:
    """Give the token of a pledge's card: another one than its gift's, which stays with the donor."""
    return token_for(secret(), "card", pledge.institution_id, str(pledge.attempt))


def make_card(session: Session, pledge_id: int, *, show_amount: bool) -> str:
    """Make a gift's card public under its token, or change what it shows. Raises Conflict while nothing is kept.

    Raises NotFound for a donor who was erased.
    """
    pledge = pledges.pledge_of(session, pledge_id, lock=True)
    donors.known_donor(session, pledge.donor_id)
    if _kept(session, pledge) is None:
        raise Conflict(NOTHING_KEPT)
    token = card_token(pledge)
    pledge.card_hash, pledge.card_amount = digest(token), show_amount
    return token


def take_card_down(session: Session, pledge_id: int) -> None:
    """Take a card down: its link and its pictures are not there any more. Twice is once."""
    pledge = pledges.pledge_of(session, pledge_id, lock=True)
    pledge.card_hash, pledge.card_amount = None, False


def card_of(session: Session, token: str) -> DonorCard:
    """Read the card of a token. Raises NotFound for none, for one that was taken down, and when nothing is kept."""
    pledge = session.scalars(select(Pledge).where(Pledge.card_hash == digest(token))).one_or_none()
    gift = None if pledge is None else _kept(session, pledge)
    if pledge is None or gift is None:
        raise NotFound
    donor = session.get_one(Donor, (pledge.institution_id, pledge.donor_id))
    museum = session.get_one(Institution, pledge.institution_id)
    dedicated = bool(pledge.dedication_kind and pledge.dedication_name and pledge.wall_dedication)
    return DonorCard(
        museum=museum.slug,
        slug=campaigns.campaign_of(session, gift.campaign_id).slug,
        name=_name(session, pledge, donor),
        piece=_piece(session, pledge, museum.default_locale),
        dedication=(pledge.dedication_kind or "") if dedicated else "",
        dedicated_to=(pledge.dedication_name or "") if dedicated else "",
        amount=gift.kept if pledge.card_amount else None,
    )


def _kept(session: Session, pledge: Pledge) -> Gift | None:
    found = select(Gift).where(Gift.pledge_id == pledge.id, Gift.state.not_in(GIVEN_BACK)).order_by(Gift.id.desc())
    return session.scalars(found.limit(1)).first()


def _name(session: Session, pledge: Pledge, donor: Donor) -> str:
    if pledge.group_id is not None:
        return session.get_one(Group, (pledge.institution_id, pledge.group_id)).name
    if pledge.tops_up_id is not None:  # the wall names who adds to a gift beside the first one
        pledge = session.get_one(Pledge, (pledge.institution_id, pledge.tops_up_id))
    return display_name(pledge, donor) or ""


def _piece(session: Session, pledge: Pledge, home: str) -> str:
    if pledge.piece_id is None or pledge.reward_id is None:
        return ""
    piece = session.get_one(Piece, (pledge.institution_id, pledge.piece_id))
    reward = session.get_one(Reward, (pledge.institution_id, pledge.reward_id))
    return named_piece(said(piece.title, home), said(reward.title, home), piece.number)
