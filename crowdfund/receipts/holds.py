"""Why a gift has no receipt yet, or none at all: the codes that are stored, and their words for the donor."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from crowdfund.i18n import N_, gettext
from crowdfund.institutions.models import Issuer
from crowdfund.tax.law import Decision

# A local authority and its establishments let others collect only with their accountant's agreement (CGCT L1611-7-1).
NEEDS_ACCOUNTANT = frozenset({"collectivite", "etablissement_public"})

# Each code of `ReceiptHold.reason` → what the donor reads. Codes of the law come from crowdfund/tax/.
REASONS = {
    "no_donor": N_("This gift has no known donor, so there is no receipt."),
    "no_regime": N_("Gifts to this campaign open no tax relief, so there is no receipt."),
    "nothing_kept": N_("Your gift was given back, so there is no receipt."),
    "no_identity": N_("Your name and address are missing. Add them and the receipt leaves at once."),
    "identity_incomplete": N_("Some of your details are missing. Add them and the receipt leaves at once."),
    "dispute": N_("Your bank has called this payment back. The receipt waits until that is settled."),
    "refund_pending": N_("A refund is on its way. The receipt for what remains follows it."),
    "issuer": N_("The body that receives your gift may not issue receipts for it."),
    "issuer_identity": N_("The museum still has to complete its own details. Your receipt follows."),
    "issuer_signatory": N_("The museum still has to name who signs its receipts. Your receipt follows."),
    "issuer_mandate": N_("The museum still has to renew its mandate for receipts. Your receipt follows."),
    "issuer_accountant": N_("The museum still waits for its public accountant’s agreement. Your receipt follows."),
    "issuer_legal_basis": N_("The museum still has to confirm which tax relief its gifts open. Your receipt follows."),
    "wrong_form": N_("People and companies have different receipts: the museum looks at this gift."),
    "wealth_tax": N_("Gifts to this museum do not reduce the wealth tax on real estate."),
    "ministers": N_("The ministers have not accepted this payment yet. The museum will write to you."),
    "counterpart": N_("What you receive in return has a value: the museum looks at it before it writes a receipt."),
    "counterpart_share": N_(
        "What you receive in return is worth more than a quarter of your gift, so there is no receipt."
    ),
    "counterpart_ceiling": N_("What you receive in return is worth more than the law allows, so there is no receipt."),
    "counterparts_of_year": N_(
        "With your other gifts of the year, what you received in return passes the ceiling: the museum looks at it."
    ),
    "ceiling_unknown": N_(
        "With your other gifts of the year, what you received in return passes the ceiling: the museum looks at it."
    ),
    "top_up": N_(
        "What you receive is earned by your gifts together: the museum looks at this receipt before it leaves."
    ),
    "sponsorship": N_("What your company receives in return makes this sponsorship: the museum will send an invoice."),
    "not_traceable": N_("Cash leaves no trace, and the tax relief asks for a traceable payment."),
    "no_intervention": N_("This campaign is not published on the Art Bonus portal, so there is no receipt."),
    "foreign_currency": N_(
        "The receipt is written in the museum’s currency: the amount credited must be entered first."
    ),
    "withdrawn": N_("The museum has cancelled the receipt for this gift. Write to it if you do not know why."),
    "yearly": N_("The attestation comes once a year, after the year is closed."),
    "method": N_("The museum still has to enter how this gift was paid. Your receipt follows."),
    "law_unknown": N_("The museum still has to confirm which tax relief its gifts open. Your receipt follows."),
}
# Why a receipt was closed (Receipt.close_reason) → what the donor reads; other reasons are the museum's own notes.
CLOSED_BECAUSE = {
    "refund_requested": N_("You are given money back. If the museum keeps a part of your gift, a new receipt follows."),
    "returned": N_("Your bank did not pay the cheque."),
    "correction": N_("The gift was noted under your name by mistake."),
    "refunded": N_("Your gift was given back to you."),
    "partly_refunded": N_("A part of your gift was given back to you."),
    "refund_failed": N_("The money could not be given back to you: your gift stands again in full."),
    "moved": N_("Your gift was moved to another campaign, as you wished: a new receipt follows for it there."),
    "lost": N_("Your bank has taken the payment back."),
    "corrected": N_("Your details were corrected."),
}
# What the donor can mend on the gift's page.
DONOR_CAN_COMPLETE = frozenset({"no_identity", "identity_incomplete"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is decided about a gift: a receipt, none, or one that waits; with the code of the reason."""

    outcome: Literal["yes", "hold", "none"]
    reason: str
    missing: tuple[str, ...] = field(default=())
    decision: Decision | None = None
    regime: str = ""


def reason_text(reason: str) -> str:
    """Give the message id that tells the donor why there is no receipt."""
    return REASONS.get(reason, N_("The museum looks at this gift before it writes a receipt."))


def closed_text(reason: str | None) -> str:
    """Tell the donor, in the current language, why a receipt was closed; empty when that is the museum's own note."""
    return gettext(CLOSED_BECAUSE[reason]) if reason in CLOSED_BECAUSE else ""


def issuer_problem(issuer: Issuer, today: date, regime: str, articles: Collection[str]) -> str:
    """Tell why an issuer may not issue today; empty when it may."""
    if not all((issuer.legal_name, issuer.address_line, issuer.postcode, issuer.city, issuer.country)):
        return "issuer_identity"
    if not issuer.registrations or not issuer.purpose or not issuer.category:
        return "issuer_identity"
    if not issuer.signatory_name or not issuer.signatory_quality:
        return "issuer_signatory"
    if not _holds(issuer.mandate_signed_on, issuer.mandate_revoked_on, today):
        return "issuer_mandate"
    if issuer.kind in NEEDS_ACCOUNTANT and not _holds(issuer.accountant_agreed_on, None, today):
        return "issuer_accountant"
    return "" if opens(issuer.legal_bases, regime, articles) else "issuer_legal_basis"


def _holds(since: date | None, until: date | None, today: date) -> bool:
    return since is not None and since <= today and (until is None or today < until)


def opens(legal_bases: Collection[str], regime: str, articles: Collection[str]) -> bool:
    """Say whether the issuer's legal bases cover a regime.

    A basis is an article as people write it ("200", "238 bis"), or the regime with or without its country
    ("fr_238bis", "art_bonus").
    """
    known = {_plain(basis) for basis in legal_bases}
    wanted = {_plain(regime), _plain(regime.partition("_")[2]), *map(_plain, articles)}
    return not known.isdisjoint(wanted)


def _plain(basis: str) -> str:
    return "".join(c for c in basis.lower() if c.isalnum())
