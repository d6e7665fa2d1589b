"""How a gift that was announced is paid: everything a donor needs, in the words and codes that banks read."""

from __future__ import annotations

from dataclasses import dataclass

import segno
from qrbill import QRBill
from segno import helpers
from sqlalchemy.orm import Session
from stdnum.iso7064 import mod_97_10

from crowdfund.campaigns.models import Campaign
from crowdfund.donors.models import Donor
from crowdfund.gifts.mails import name_of
from crowdfund.institutions.bank import bank_details, printed_iban
from crowdfund.institutions.models import BankDetails, Issuer
from crowdfund.money import Money
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.references import printed
from crowdfund.pledges.rules import PledgeState

# The European Payments Council's code takes 70 signs of a name (EPC069-12, version 2.1).
LONGEST_NAME = 70
SWISS = ("CH", "LI")


@dataclass(frozen=True, slots=True)
class Party:
    """A name and a postal address, as a Swiss bill prints them (structured, as the banks ask since November 2025)."""

    name: str
    street: str
    postcode: str
    city: str
    country: str


@dataclass(frozen=True, slots=True)
class WayToPay:
    """How an announced gift is paid. `reference` is printed with its hyphen; `creditor` is the Swiss form of it."""

    method: str
    amount: Money
    reference: str
    beneficiary: str
    iban: str
    bic: str
    cheque_order: str
    cheque_address: tuple[str, ...]
    creditor: str = ""
    payee: Party | None = None
    payer: Party | None = None

    @property
    def is_swiss(self) -> bool:
        """Say whether a Swiss QR-bill goes with it: francs, to an account in Switzerland or Liechtenstein."""
        return self.method == "bank_transfer" and self.amount.currency == "CHF" and self.iban.startswith(SWISS)

    @property
    def iban_printed(self) -> str:
        """Write the IBAN in groups of four."""
        return printed_iban(self.iban)


def way_to_pay(session: Session, pledge: Pledge) -> WayToPay | None:
    """Tell how an announced gift is paid; None when it is not announced, or the museum takes no such money any more.

    Of one that was called off or has expired, too: the money may be under way.
    """
    if pledge.reference is None or pledge.state == PledgeState.PAID:
        return None
    campaign = session.get_one(Campaign, (pledge.institution_id, pledge.campaign_id))
    details = bank_details(session, campaign.issuer_id)
    if details is None or not _taken(details, pledge.method):
        return None
    issuer = session.get_one(Issuer, (pledge.institution_id, campaign.issuer_id))
    donor = session.get_one(Donor, (pledge.institution_id, pledge.donor_id))
    return WayToPay(
        method=pledge.method,
        amount=pledge.amount,
        reference=printed(pledge.reference),
        beneficiary=details.beneficiary or "",
        iban=details.iban or "",
        bic=details.bic or "",
        cheque_order=details.cheque_order or "",
        cheque_address=tuple((details.cheque_address or "").splitlines()),
        creditor=creditor_reference(pledge.reference),
        payee=Party(details.beneficiary or "", issuer.address_line, issuer.postcode, issuer.city, issuer.country),
        payer=_payer(donor),
    )


def _taken(details: BankDetails, method: str) -> bool:
    return details.takes_transfers if method == "bank_transfer" else details.takes_cheques


def _payer(donor: Donor) -> Party | None:
    """Give the payer's address where all of it is known: half of one is no address."""
    if not (donor.postcode and donor.city and donor.country) or donor.erased_at is not None:
        return None
    return Party(name_of(donor), donor.address_line or "", donor.postcode, donor.city, donor.country)


def creditor_reference(reference: str) -> str:
    """Write a reference as a creditor reference with its own check figures (ISO 11649): RF, two figures, the reference."""
    return f"RF{mod_97_10.calc_check_digits(f'{reference}RF')}{reference}"


def bank_code(way: WayToPay) -> segno.QRCode | None:
    """Make the code a bank's app reads: the EPC's for euros, the Swiss one for francs; None for anything else.

    The EPC's carries the reference as text: apps that drop a structured reference still send the text.
    """
    if way.method != "bank_transfer":
        return None
    if way.is_swiss:
        return segno.make_qr(swiss_bill(way).qr_data(), error="m", boost_error=False, encoding="utf-8")
    if way.amount.currency != "EUR":
        return None
    return helpers.make_epc_qr(
        name=way.beneficiary[:LONGEST_NAME],
        iban=way.iban,
        amount=way.amount.decimal,
        text=way.reference,
        bic=way.bic or None,
        encoding="utf-8",
    )


def swiss_bill(way: WayToPay) -> QRBill:
    """Make the Swiss QR-bill (Implementation Guidelines 2.3, SIX) of a gift, with its creditor reference."""
    payee = way.payee
    if payee is None:
        raise LookupError("a bill needs a payee")
    return QRBill(
        account=way.iban,
        creditor=_party(payee),
        debtor=_party(way.payer) if way.payer else None,
        amount=way.amount.decimal,
        currency=way.amount.currency,
        reference_number=way.creditor,
    )


def _party(party: Party) -> dict[str, str]:
    return {
        "name": party.name[:LONGEST_NAME],
        "street": party.street[:LONGEST_NAME],
        "pcode": party.postcode,
        "city": party.city,
        "country": party.country,
    }
