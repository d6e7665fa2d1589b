"""The cases that happen to every museum sooner or later, each played by somebody with a name.

Roles with `counted` are among the campaign's donors and inside its total; the others come to nothing in the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import clock, outbox
from crowdfund.campaigns.models import Reward
from crowdfund.demo.people import Person
from crowdfund.donors import service as donors
from crowdfund.errors import Refusal
from crowdfund.gifts import service as gifts
from crowdfund.gifts.models import Gift
from crowdfund.gifts.reports import DisputeReported, FeeReported, MoneyReceived, RefundReported
from crowdfund.gifts.rules import DisputeState, Method, RefundState
from crowdfund.money import Money
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import PledgeRequest, card_fee
from crowdfund.receipts import service as receipts
from crowdfund.tenancy import OperatorScope, transaction

Turn = Literal["", "tried_twice", "short", "moved_house", "last_one", "returned_cheque", "paid_twice", "dispute_lost"]
FIRST_NUMBER = 9_000_000  # of people who are nobody else
SHORT_BY = 3  # minor units: 49.97 for 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Somebody gives `minor` at `share` of the campaign's time so far, and `turn` happens."""

    first: str
    last: str
    minor: int
    share: float
    locale: str = "fr"
    method: Method = Method.CARD
    turn: Turn = ""
    message: str = ""
    company: tuple[str, str] | None = None
    counted: bool = True
    receipt: bool = False
    address: bool = True  # else it is wanted and cannot leave: the address was not told

    @property
    def received(self) -> int:
        """Tell what comes in, in minor units."""
        return self.minor - SHORT_BY if self.turn == "short" else self.minor


PLACES = {"FR": ("73000", "Chambéry", "%s rue Croix-d’Or"), "IT": ("10122", "Torino", "Via Garibaldi %s")}
CAST = {
    "AUB-01": (
        Role(first="Camille", last="Mollard", minor=2000, share=0.20, receipt=True),
        Role(first="Camille", last="Mollard", minor=5000, share=0.22, receipt=True),  # the same name, somebody else
        Role(first="Anne-Françoise", last="de la Tour d’Auvergne-Lauraguais", minor=3000, share=0.26),
        Role(first="Jan", last="van den Bossche", minor=2500, share=0.30),
        Role(first="نور", last="الهاشمي", minor=2000, share=0.34, message="ذكرى جميلة من شامبيري"),
        Role(first="", last="", minor=25000, share=0.38, receipt=True,
             company=("Société coopérative des tailleurs de pierre et marbriers de Savoie réunis", "SCOP")),
        Role(first="Brigitte", last="L’Hermitte", minor=5000, share=0.42, turn="tried_twice"),
        Role(first="Gérard", last="Vuillermet", minor=5000, share=0.46, turn="short", method=Method.BANK_TRANSFER, receipt=True,
             address=False),
        Role(first="Élodie", last="Charvet", minor=10000, share=0.50, turn="moved_house", receipt=True),
        Role(first="Marcel", last="Oudin", minor=1000, share=0.54, message="Et le parking, on en parle ?"),
        Role(first="Yves", last="Perret", minor=8000, share=0.30, turn="returned_cheque", method=Method.CHEQUE, counted=False,
             receipt=True),
        Role(first="Hugo", last="Béranger", minor=3000, share=0.40, turn="paid_twice", counted=False),
        Role(first="Alex", last="Martin", minor=15000, share=0.35, turn="dispute_lost", counted=False, receipt=True),
    ),
    "VAL-02": (Role(first="Piero", last="D’Antona", minor=500_000, share=0.6, locale="it"),),  # the seller’s cousin
    "LAM-01": (
        Role(first="Zoé", last="Desbois", minor=1362, share=0.3, method=Method.CASH, message="C’est ma tirelire."),
        # Two want the only jaw in the same second.
        Role(first="Thérèse", last="Giraud", minor=41000, share=0.5, turn="last_one"),
        Role(first="Lucien", last="Morel", minor=41000, share=0.5, turn="last_one"),
    ),
}  # fmt: skip


def counted(code: str) -> Sequence[Role]:
    """List the roles of a campaign that are among its donors."""
    return [role for role in CAST.get(code, ()) if role.counted]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the roles are played: a campaign between two moments (UTC), in a museum's country and currency."""

    scope: OperatorScope
    campaign_id: int
    country: str
    currency: str
    opens: datetime
    until: datetime


def play(stage: Stage, code: str) -> None:
    """Play all roles of a campaign."""
    for place, role in enumerate(CAST.get(code, ())):
        actor = _Actor(stage, code, place, role)
        with transaction(stage.scope) as session:
            actor.play(session)
            outbox.mark_told(session)


class _Actor:
    """One role on its stage."""

    def __init__(self, stage: Stage, code: str, place: int, role: Role) -> None:
        self.stage, self.role = stage, role
        self.name = f"{code}:{place}"
        self.at = stage.opens + (stage.until - stage.opens) * role.share
        postcode, town, street = PLACES[stage.country]
        self.person = Person(
            FIRST_NUMBER + 1000 * sorted(CAST).index(code) + place, role.first, role.last, role.locale, postcode, town,
            stage.country, street % (place + 3), role.company,
        )  # fmt: skip

    def play(self, session: Session) -> None:
        """Give, and let happen what happens."""
        with clock.at(self.at):
            pledge = self._pledge(session)
            if self.role.turn == "tried_twice":
                pledges.expire(session, pledge.id)  # the bank’s confirmation was not given in time
        later = self.at + timedelta(minutes=40)
        with clock.at(later):
            if self.role.turn == "tried_twice":
                pledges.reopen(session, pledge.id)
            gift = self._gift(session, pledge, later)
            if self.role.receipt:
                receipts.issue(session, gift.id)
        with clock.at(min(later + timedelta(hours=12), self.stage.until)):
            self._turn(session, gift)

    def _pledge(self, session: Session) -> Pledge:
        amount = Money(self.role.minor, self.stage.currency)
        request = PledgeRequest(
            attempt=uuid5(NAMESPACE_URL, self.name), campaign_id=self.stage.campaign_id, amount=amount, source="demo",
            donor=self.person.details(self.stage.country, address=self.role.receipt and self.role.address), method=self.role.method,
            wants_receipt=self.role.receipt, message=self.role.message, wall="short" if self.role.counted else "anonymous",
        )  # fmt: skip
        if self.role.turn != "last_one":
            return pledges.make_pledge(session, request)
        wanted = select(Reward.id).where(
            Reward.campaign_id == self.stage.campaign_id, Reward.price_minor == self.role.minor, Reward.stock == 1
        )
        try:
            return pledges.make_pledge(session, replace(request, reward_id=session.scalars(wanted).one()))
        except Refusal:  # the other one was quicker: given all the same
            return pledges.make_pledge(session, request)

    def _gift(self, session: Session, pledge: Pledge, at: datetime) -> Gift:
        amount, card = Money(self.role.received, self.stage.currency), self.role.method == Method.CARD
        return gifts.receive_gift(session, MoneyReceived(
            reference=f"pledge:{pledge.id}", campaign_id=self.stage.campaign_id, pledge_id=pledge.id, amount=amount,
            method=self.role.method, received_at=at, handed_at=self.at, imported=True, charge=f"ch_{self.name}" if card else None,
            fee=FeeReported(f"txn_{self.name}", card_fee(amount)) if card else None))  # fmt: skip

    def _turn(self, session: Session, gift: Gift) -> None:
        match self.role.turn:
            case "moved_house":
                donor = donors.donor_of(session, gift.donor_id or 0)
                told = replace(self.person, street="4 quai Jules-Philippe", postcode="74000", town="Annecy")
                donors.update_details(session, donor, told.details(self.stage.country, address=True))
                receipts.replace(session, gift.id, "address_changed")
            case "returned_cheque":
                request = uuid5(NAMESPACE_URL, f"{self.name}:returned")
                refund = gifts.request_refund(session, gift.id, gift.amount, "cheque returned", request)
                gifts.clear_refund(session, refund.id)
                receipts.align(session, gift.id, "refunded")
            case "paid_twice":
                gifts.record_refund(session, RefundReported(
                    provider_refund=f"re_{self.name}", charge=f"ch_{self.name}", amount=gift.amount,
                    state=RefundState.SUCCEEDED, at=clock.now(), reason="duplicate"))  # fmt: skip
            case "dispute_lost":
                self._lose(session, gift)

    def _lose(self, session: Session, gift: Gift) -> None:
        fee = FeeReported(f"txn_du_{self.name}", Money(2000, gift.currency))
        for state in (DisputeState.OPEN, DisputeState.LOST):
            gifts.record_dispute(session, DisputeReported(
                provider_dispute=f"du_{self.name}", charge=f"ch_{self.name}", amount=gift.amount, state=state,
                opened_at=clock.now(), fees=(fee,)))  # fmt: skip
            receipts.align(session, gift.id, "lost")
