"""Read batches of cheques for the desk, and their deposit slip."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.texts import said
from crowdfund.counter.lines_read import colleagues
from crowdfund.counter.view import BatchPage, BatchRow, ChequeRow, KnownPromise, RowToCorrect
from crowdfund.desk.entering import batch_of, cheque_in, made_for
from crowdfund.desk.models import Batch, Cheque
from crowdfund.donors.models import Donor
from crowdfund.errors import NotFound
from crowdfund.gifts.mails import name_of
from crowdfund.i18n import current_locale, gettext
from crowdfund.institutions.bank import bank_details, printed_iban
from crowdfund.institutions.current import Membership
from crowdfund.institutions.models import Issuer
from crowdfund.money import Money
from crowdfund.pdf import renderer
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.references import printed, read_reference

PAGE = 50
NAMES = ("first_name", "last_name", "company_name")
ADDRESSES = ("email", "address_line", "postcode", "city", "country", "tax_number")


def known_promise(session: Session, typed: str) -> KnownPromise | None:
    """Find the promise of a reference that was typed or scanned; None when it is none of the museum's."""
    reference = read_reference(typed)
    if reference is None:
        return None
    row = session.execute(
        select(Pledge, Donor).join(Donor, Donor.id == Pledge.donor_id).where(Pledge.reference == reference)
    ).one_or_none()
    return None if row is None else KnownPromise(row[0].id, printed(reference), name_of(row[1]), row[0].amount)


def list_batches(session: Session, museum: Membership) -> list[BatchRow]:
    """List the batches, the latest first."""
    batches = session.scalars(select(Batch).order_by(Batch.id.desc()).limit(PAGE)).all()
    sums = {
        row[0]: (int(row[1]), int(row[2]))
        for row in session.execute(
            select(Cheque.batch_id, func.count(), func.sum(Cheque.amount_minor))
            .where(Cheque.batch_id.in_([one.id for one in batches]))
            .group_by(Cheque.batch_id)
        )
    }
    names = colleagues(session)
    return [_row(museum, one, *sums.get(one.id, (0, 0)), names) for one in batches]


def _row(museum: Membership, batch: Batch, cheques: int, total: int, names: dict[str, str]) -> BatchRow:
    return BatchRow(
        id=batch.id,
        number=batch.number,
        state=batch.state,
        on=batch.created_at.astimezone(ZoneInfo(museum.time_zone)).date(),
        cheques=cheques,
        total=Money(total, batch.currency),
        counted_by=names.get(batch.recorded_by or "", ""),
        approved_by=names.get(batch.approved_by or "", ""),
        accountant_reference=batch.accountant_reference or "",
        url=f"/staff/{museum.slug}/desk/cheques/{batch.id}",
    )


def batch_page(session: Session, museum: Membership, batch: Batch) -> BatchPage:
    """Show a batch with its cheques."""
    rows = session.execute(
        select(Cheque, Donor, Campaign, Pledge.reference, Pledge.amount_minor)
        .join(Donor, Donor.id == Cheque.donor_id)
        .join(Campaign, Campaign.id == Cheque.campaign_id)
        .outerjoin(Pledge, Pledge.id == Cheque.pledge_id)
        .where(Cheque.batch_id == batch.id)
        .order_by(Cheque.id)
    ).all()
    cheques = tuple(
        ChequeRow(
            id=cheque.id,
            name=name_of(donor),
            reference=printed(reference) if reference else "",
            campaign=said(campaign.title, museum.default_locale),
            amount=cheque.amount,
            number=cheque.number,
            bank=cheque.bank,
            received_on=cheque.received_on,
            handed=cheque.handed,
            state=cheque.state,
            difference=Money(cheque.amount_minor - promised, cheque.currency) if reference else None,
            gift_id=cheque.gift_id,
            campaign_id=cheque.campaign_id,
        )
        for cheque, donor, campaign, reference, promised in rows
    )
    total = sum(one.amount.minor for one in cheques)
    recorders = {batch.recorded_by, *(who for row in rows for who in (row[0].recorded_by, row[0].corrected_by))}
    return BatchPage(
        _row(museum, batch, len(cheques), total, colleagues(session)), cheques, frozenset(filter(None, recorders))
    )


def row_to_correct(session: Session, museum: Membership, batch: Batch, cheque_id: int) -> RowToCorrect:
    """Read a cheque as it was typed, for the row it is corrected in. Raises NotFound for one of another batch."""
    cheque = cheque_in(session, batch.id, cheque_id)
    donor = session.get_one(Donor, (cheque.institution_id, cheque.donor_id))
    promise = session.get(Pledge, (cheque.institution_id, cheque.pledge_id)) if cheque.pledge_id else None
    own = made_for(session, cheque)
    asked = NAMES if promise is None else ()
    values = {name: getattr(donor, name) or "" for name in asked + (ADDRESSES if own else ()) if getattr(donor, name)}
    values |= {
        "reference": printed(promise.reference or "") if promise else "",
        "amount": str(cheque.amount.decimal), "number": cheque.number, "bank": cheque.bank, "language": donor.locale,
        "campaign": str(cheque.campaign_id), "received_on": cheque.received_on.isoformat(),
        "handed": "1" if cheque.handed else "", "wants_receipt": "1" if cheque.wants_receipt else "",
    }  # fmt: skip
    known = "" if promise or own else f"/staff/{museum.slug}/donors/{donor.id}"
    return RowToCorrect(cheque.id, name_of(donor), values, known)


class DepositSlip:
    """A deposit slip, read in one transaction and drawn outside it."""

    def __init__(self, museum: Membership, issuer: Issuer, page: BatchPage, iban: str, on: date, batch: Batch) -> None:
        self.museum, self.issuer, self.page, self.iban, self.on = museum.name, issuer.legal_name, page, iban, on
        self.number = f"{issuer.series}-{page.row.number}"
        self._made_at = batch.counted_at or batch.created_at

    def pdf(self) -> bytes:
        """Draw it in the current language."""
        html = current_app.jinja_env.get_template("letters/deposit.html").render(slip=self, lang=current_locale())
        title = gettext("Deposit slip %(number)s", number=self.number)
        return renderer().render(html, title=title, lang=current_locale(), created_at=self._made_at)


def deposit_slip(session: Session, museum: Membership, batch_id: int) -> DepositSlip:
    """Read the deposit slip of a batch that was counted. Raises NotFound for one that has no number yet."""
    batch = batch_of(session, batch_id)
    if batch.number is None or batch.counted_at is None:
        raise NotFound
    issuer = session.get_one(Issuer, (museum.institution_id, batch.issuer_id))
    details = bank_details(session, issuer.id)
    on = batch.counted_at.astimezone(ZoneInfo(museum.time_zone)).date()
    iban = printed_iban(details.iban) if details is not None and details.iban else ""
    return DepositSlip(museum, issuer, batch_page(session, museum, batch), iban, on, batch)
