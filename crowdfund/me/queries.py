"""Read what one museum knows of an address, in that museum's scope, and put the museums' parts side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.relief import net
from crowdfund.donors.models import Consent, Donor
from crowdfund.donors.rules import ConsentKind, short_name
from crowdfund.errors import NotFound
from crowdfund.gifts import choices
from crowdfund.gifts.models import Gift
from crowdfund.i18n import N_, gettext
from crowdfund.institutions.models import Institution
from crowdfund.me import lists, service
from crowdfund.me.lines import dedication_line, promises, reward_of, wall_line, work_of
from crowdfund.me.view import (
    AtMuseum,
    Choice,
    ErasePage,
    GiftLine,
    GiftStanding,
    MePage,
    Proof,
    ReceiptLine,
    WallPage,
)
from crowdfund.money import Money
from crowdfund.plaques.keeping import notice
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import Wall
from crowdfund.receipts import service as receipts
from crowdfund.receipts.holds import closed_text, reason_text
from crowdfund.receipts.models import Receipt, ReceiptGift
from crowdfund.receipts.numbering import printed_number
from crowdfund.receipts.rules import ReceiptState
from crowdfund.tenancy import museum_of

JOURNAL = N_("The journal of the works I helped, from %(museum)s")
NETWORK = N_("News of other works, at all the museums")
# Where a consent was given (Consent.source) → the words for it.
PLACES = {
    "giving form": N_("on the giving form"),
    service.SOURCE: N_("on this page"),
    "demo": N_("on the giving form"),
    "desk": N_("at the museum’s desk"),
}
STANDINGS: dict[str, GiftStanding] = {
    "received": "paid",
    "partly_refunded": "partly_refunded",
    "refunded": "refunded",
    "lost": "refunded",
    "disputed": "disputed",
}


def at_museum(session: Session, email: str) -> AtMuseum | None:
    """Read what the museum of this session knows of an address; None when it does not know it."""
    records = service.records_of(session, email)
    if not records:
        return None
    museum = session.get_one(Institution, museum_of(session))
    by_id = {donor.id: donor for donor in records}
    consents = service.consents_of(session, records)
    journal = [one for one in consents if one.kind == ConsentKind.NEWS_MUSEUM]
    return AtMuseum(
        slug=museum.slug,
        museum=museum.name,
        person=_name(records[0]),
        gifts=(*_gifts(session, museum, by_id), *promises(session, museum, by_id)),
        journal=Choice(
            name=museum.slug,
            label=gettext(JOURNAL, museum=museum.name),
            given=any(one.withdrawn_at is None for one in journal),
            timezone=museum.time_zone,
            proofs=_proofs(journal),
        ),
        network=_proofs(one for one in consents if one.kind == ConsentKind.NEWS_NETWORK),
        invited=lists.invited_to(session, museum, by_id),
        evenings=lists.evenings(session, museum, by_id),
    )


def _name(donor: Donor) -> str:
    return donor.company_name or f"{donor.first_name or ''} {donor.last_name or ''}".strip()


def _proofs(consents: Iterable[Consent]) -> tuple[Proof, ...]:
    return tuple(
        Proof(
            words=one.wording,
            language=one.locale,
            where=gettext(PLACES[one.source]) if one.source in PLACES else one.source,
            given_at=one.given_at,
            withdrawn_at=one.withdrawn_at,
        )
        for one in consents
    )


def _gifts(session: Session, museum: Institution, donors: dict[int, Donor]) -> list[GiftLine]:
    moved = select(Gift.moved_from_id).where(Gift.moved_from_id.is_not(None))
    found = session.scalars(
        select(Gift).where(Gift.donor_id.in_(donors), Gift.id.not_in(moved)).order_by(Gift.received_at.desc())
    )
    return [_gift(session, museum, gift, donors[gift.donor_id or 0]) for gift in found]


def _gift(session: Session, museum: Institution, gift: Gift, donor: Donor) -> GiftLine:
    pledge = session.get(Pledge, (gift.institution_id, gift.pledge_id)) if gift.pledge_id else None
    asked = choices.open_choices(session, [gift.id]).get(gift.id) if gift.kept.minor > 0 else None
    receipt = receipts.live_receipt(session, gift.id) or receipts.last_receipt(session, gift.id)
    return GiftLine(
        work=work_of(session, gift.campaign_id),
        given_on=gift.gift_date,
        standing=STANDINGS[gift.state],
        amount=gift.amount,
        kept=gift.kept,
        receipt=_receipt(session, museum.slug, gift, receipt),
        wall=wall_line(session, museum.slug, pledge, donor) if pledge and gift.kept.minor > 0 else None,
        cost=_cost(session, gift, receipt, donor),
        reward=reward_of(session, pledge, museum.default_locale),
        url=url_for("pages.gift", token=pledges.gift_token(pledge)) if pledge else "",
        choice_url=url_for("choosing.choose", token=choices.choice_token(asked)) if asked else "",
        choose_by=choices.last_day(asked.until, museum.time_zone) if asked else None,
        dedication=dedication_line(museum.slug, pledge) if pledge and gift.kept.minor > 0 else None,
    )


def _receipt(session: Session, museum: str, gift: Gift, receipt: Receipt | None) -> ReceiptLine:
    if receipt is not None:
        number = printed_number(receipt)
        if receipt.state == "issued":
            url = url_for("me.receipt", museum=museum, receipt_id=receipt.id)
            return ReceiptLine("issued", number, url) if receipt.storage_key else ReceiptLine("coming", number)
        if receipt.state == "suspended":
            return ReceiptLine("suspended", number, reason=gettext(reason_text("dispute")))
        return ReceiptLine("cancelled", number, reason=closed_text(receipt.close_reason))
    if not gift.wants_receipt:
        return ReceiptLine("none")
    hold = receipts.hold_of(session, gift.id)
    if hold is None or hold.released_at is not None:
        return ReceiptLine("coming")
    return ReceiptLine("held" if hold.outcome == "hold" else "none", reason=gettext(reason_text(hold.reason)))


def _cost(session: Session, gift: Gift, receipt: Receipt | None, donor: Donor) -> Money | None:
    """Tell what a gift costs after tax: by what its receipt states, and only while that is in force."""
    if receipt is None or receipt.state != "issued":
        return None
    regime = session.scalar(select(Campaign.tax_regime).where(Campaign.id == gift.campaign_id))
    stated = Money(receipt.amount_minor, receipt.currency)
    if stated.currency != gift.currency or stated > gift.kept:
        return None
    after = net(stated, regime, donor.kind, gift.gift_date)
    return gift.kept - (stated - after) if after is not None else None


def whole(email: str, parts: Sequence[AtMuseum], csrf_token: str) -> MePage:
    """Put what the museums know side by side, on the donor's page and nowhere else."""
    gifts = sorted((gift for part in parts for gift in part.gifts), key=lambda gift: gift.given_on, reverse=True)
    paid = [gift for gift in gifts if gift.kept.minor > 0]
    eased = any(gift.cost is not None for gift in paid)
    return MePage(
        person=parts[0].person if parts else "",
        email=email,
        gifts=tuple(gifts),
        given=_sums(gift.kept for gift in paid),
        cost=_sums(gift.kept if gift.cost is None else gift.cost for gift in paid) if eased else (),
        since=min((gift.given_on.year for gift in paid), default=None),
        choices=(*(part.journal for part in parts), _network(parts)) if parts else (),
        csrf_token=csrf_token,
        invited=tuple(sorted((one for part in parts for one in part.invited), key=lambda one: one.card.starts_at)),
        evenings=tuple(sorted((one for part in parts for one in part.evenings), key=lambda one: one.starts_at)[::-1]),
    )


def _network(parts: Sequence[AtMuseum]) -> Choice:
    proofs = sorted((one for part in parts for one in part.network), key=lambda one: one.given_at, reverse=True)
    return Choice(
        name="network",
        label=gettext(NETWORK),
        given=any(one.withdrawn_at is None for one in proofs),
        timezone=parts[0].journal.timezone,
        proofs=tuple(proofs),
    )


def _sums(amounts: Iterable[Money]) -> tuple[Money, ...]:
    found: dict[str, Money] = {}
    for amount in amounts:
        found[amount.currency] = found[amount.currency] + amount if amount.currency in found else amount
    return tuple(found[currency] for currency in sorted(found, key=lambda one: (one != "EUR", one)))


def pledge_of(session: Session, email: str, pledge_id: int, *, alone: bool = True) -> tuple[Pledge, Donor]:
    """Find a pledge of this address at this museum, `alone`: shown by itself. Another's, and none at all, are one 404."""
    donors = {donor.id: donor for donor in service.records_of(session, email)}
    pledge = session.scalars(select(Pledge).where(Pledge.id == pledge_id, Pledge.donor_id.in_(donors))).one_or_none()
    if pledge is None or (alone and pledge.group_id is not None):
        raise NotFound
    return pledge, donors[pledge.donor_id]


def wall_page(session: Session, email: str, pledge_id: int, csrf_token: str) -> WallPage:
    """Read what is shown of one gift. Raises NotFound."""
    pledge, donor = pledge_of(session, email, pledge_id)
    museum = session.get_one(Institution, museum_of(session))
    company = donor.kind == "company"
    return WallPage(
        work=work_of(session, pledge.campaign_id),
        short=(donor.company_name or "") if company else short_name(donor.first_name or "", donor.last_name or ""),
        values={
            "wall": pledge.wall or Wall.ANONYMOUS,
            "wall_name": pledge.wall_name or "",
            "message": pledge.message or "",
            "town": pledge.wall_town or "",
            "dedication": "1" if pledge.wall_dedication else "",
        },
        action=url_for("me.wall", museum=museum.slug, pledge_id=pledge.id),
        csrf_token=csrf_token,
        dedication_kind=pledge.dedication_kind or "",
        dedication_name=pledge.dedication_name or "",
        plaque=notice(session, pledge),
        dedication_url=url_for("dedicated.show", museum=museum.slug, pledge_id=pledge.id),
    )


def receipt_of(session: Session, email: str, receipt_id: int) -> Receipt:
    """Find a receipt in force, of a gift of this address. Another's, and none at all, are one 404."""
    donors = [donor.id for donor in service.records_of(session, email)]
    theirs = (
        select(ReceiptGift.receipt_id)
        .join(Gift, Gift.id == ReceiptGift.gift_id)
        .where(Gift.donor_id.in_(donors), ReceiptGift.live)
    )
    found = select(Receipt).where(
        Receipt.id == receipt_id, Receipt.state == ReceiptState.ISSUED, Receipt.id.in_(theirs)
    )
    receipt = session.scalars(found).one_or_none()
    if receipt is None:
        raise NotFound
    return receipt


def erase_page(email: str, parts: Sequence[AtMuseum], csrf_token: str) -> ErasePage:
    """Count what erasing would touch."""
    gifts = [gift for part in parts for gift in part.gifts]
    return ErasePage(
        email=email,
        museums=tuple(part.museum for part in parts),
        gifts=sum(gift.standing not in {"promised", "announced"} for gift in gifts),
        receipts=sum(bool(gift.receipt.number) for gift in gifts),
        waiting=sum(gift.receipt.standing in {"held", "coming"} for gift in gifts),
        csrf_token=csrf_token,
    )
