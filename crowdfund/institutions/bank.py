"""An issuer's bank details: checked by their check figures, changed under step-up, each change on the trail."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from stdnum import bic as bics
from stdnum import iban as ibans
from stdnum.exceptions import ValidationError

from crowdfund import audit, clock
from crowdfund.errors import NotFound, Refusal
from crowdfund.i18n import N_
from crowdfund.institutions.models import BankDetails, Issuer
from crowdfund.outbox import publish
from crowdfund.tenancy import scope_of

BAD_IBAN = N_("This IBAN does not add up. Copy it from a bank statement, figure by figure.")
BAD_BIC = N_("This is no BIC: it has 8 or 11 signs, for example BNPAFRPP.")
QR_IBAN = N_("This is a QR-IBAN, which takes other references than ours. Type the account’s ordinary IBAN.")
NEEDS_IBAN = N_("Type the IBAN: without it no transfer can be offered.")
NEEDS_BENEFICIARY = N_("Type the name of the account’s holder, as the bank has it.")
NEEDS_ORDER = N_("Say to whom a cheque is made out.")
NEEDS_ADDRESS = N_("Type the address that cheques are sent to.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What is told of an issuer's account; "" is: not told."""

    beneficiary: str = ""
    iban: str = ""
    bic: str = ""
    cheque_order: str = ""
    cheque_address: str = ""
    takes_transfers: bool = False
    takes_cheques: bool = False


def read_iban(text: str) -> str:
    """Read an IBAN as a person types it: ISO 13616, check figures by ISO 7064 MOD 97-10. Raises Refusal."""
    try:
        iban = str(ibans.validate(text, check_country=False))  # lists of banks grow old
    except ValidationError:
        raise Refusal(BAD_IBAN, field="iban") from None
    # Swiss Implementation Guidelines QR-bill 2.3: the institution numbers 30000 to 31999 are QR-IBANs'.
    if iban.startswith(("CH", "LI")) and "30000" <= iban[4:9] <= "31999":
        raise Refusal(QR_IBAN, field="iban")
    return iban


def printed_iban(iban: str) -> str:
    """Write an IBAN in groups of four, as ISO 13616 prints it."""
    return " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))


def bank_details(session: Session, issuer_id: int) -> BankDetails | None:
    """Give an issuer's bank details; None while nothing was told."""
    return session.scalars(select(BankDetails).where(BankDetails.issuer_id == issuer_id)).one_or_none()


def set_bank_details(session: Session, issuer_id: int, told: Details) -> BankDetails:
    """Keep an issuer's bank details. Locks them. Raises NotFound for no issuer of the museum's, Refusal for what is wrong.

    Publishes `bank_details.changed` when something is other than before: those who answer for the money are told.
    """
    issuer = session.scalars(select(Issuer).where(Issuer.id == issuer_id).with_for_update()).one_or_none()
    if issuer is None:
        raise NotFound
    values = _checked(told)
    details = bank_details(session, issuer_id)
    if details is None:
        details = BankDetails(issuer_id=issuer_id, takes_transfers=False, takes_cheques=False, changed_by="")
        session.add(details)
    changed = sorted(name for name, value in values.items() if getattr(details, name) != value)
    if not changed:
        return details
    for name in changed:
        setattr(details, name, values[name])
    details.changed_by, details.changed_at = scope_of(session).actor, clock.now()
    session.flush()  # for its id
    publish(session, "bank_details.changed", key=f"{details.id}:{details.changed_at.isoformat()}", issuer_id=issuer_id)
    account = hashlib.sha256((details.iban or "").encode()).hexdigest()[:16]
    audit.record(session, "bank_details.changed", f"issuer:{issuer_id}", fields=changed, iban_sha256=account)
    return details


def _checked(told: Details) -> dict[str, str | bool | None]:
    if told.takes_transfers and not told.iban:
        raise Refusal(NEEDS_IBAN, field="iban")
    if told.takes_transfers and not told.beneficiary:
        raise Refusal(NEEDS_BENEFICIARY, field="beneficiary")
    if told.takes_cheques and not told.cheque_order:
        raise Refusal(NEEDS_ORDER, field="cheque_order")
    if told.takes_cheques and not told.cheque_address:
        raise Refusal(NEEDS_ADDRESS, field="cheque_address")
    try:
        bic = str(bics.validate(told.bic)) if told.bic else None
    except ValidationError:
        raise Refusal(BAD_BIC, field="bic") from None
    return {
        "beneficiary": told.beneficiary or None,
        "iban": read_iban(told.iban) if told.iban else None,
        "bic": bic,
        "cheque_order": told.cheque_order or None,
        "cheque_address": told.cheque_address or None,
        "takes_transfers": told.takes_transfers,
        "takes_cheques": told.takes_cheques,
    }
