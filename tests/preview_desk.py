"""Made-up views of the desk's money: what is announced, matched, counted. Part of tests/preview.py."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from crowdfund import qr
from crowdfund.counter.view import CampaignChoice, IssuerBank, PromiseList, PromiseRow
from crowdfund.desk.ways import WayToPay, bank_code
from crowdfund.gifts.view import Desk, GiftMail
from crowdfund.money import Money
from crowdfund.pages.view.gift import HowToPay
from crowdfund.pledges.view import CountryChoice

Case = tuple[str, Callable[[], dict[str, Any]]]
TODAY = dt.date(2026, 11, 22)
NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def eur(amount: float) -> Money:
    """Give an amount in euros."""
    return Money(round(amount * 100), "EUR")


def way(method: str, currency: str = "EUR") -> WayToPay:
    """Tell how an announced gift is paid."""
    iban = "CH9300762011623852957" if currency == "CHF" else "FR7630006000011234567890189"
    address = ("Musée d’Arvières", "1 place du Palais", "73000 Arvières")
    return WayToPay(
        method, Money(5000, currency), "T2KH5-KWH44", "Ville d’Arvières", iban, "AGRIFRPP", "Ville d’Arvières", address
    )


def how_to_pay(method: str, currency: str = "EUR") -> HowToPay:
    """Show how an announced gift is paid."""
    told = way(method, currency)
    code = bank_code(way(method)) if method == "bank_transfer" else None
    return HowToPay(told, "/fr/gifts/x/slip.pdf", qr.draw_code(code) if code else None, currency == "CHF")


PROMISE = PromiseRow(
    7, "T2KH5-KWH44", "Odette Chevrier", eur(300), "cheque", "Les Hirondelles", "made", TODAY,
    ("14 rue Basse", "73000 Chambéry"), "", "/staff/arvieres/desk/promises/7",
)  # fmt: skip
COUNTRIES = (CountryChoice("FR", "France"), CountryChoice("IT", "Italie"))
CAMPAIGN = CampaignChoice(1, "Les Hirondelles", "EUR")
TOLD = {"beneficiary": "Ville d’Arvières", "iban": "FR76 3000", "takes_transfers": "1", "cheque_order": "Ville"}


def desk(**more: Any) -> dict[str, Any]:
    """Fill the frame of a page at the desk."""
    people = Desk("arvieres", "Musée d’Arvières", "Hélène Maurienne", "signed", {"desk": 3})
    return {"desk": people, "place": "desk", "errors": {}, "values": {}, "can": lambda _permission: True, **more}


def _case(template: str, **more: Any) -> Case:
    return f"staff/desk/{template}.html", lambda: desk(**more)


PERSON = {"values": {"attempt": "a"}, "campaigns": [CAMPAIGN], "countries": COUNTRIES, "languages": ("fr", "it", "en")}
BANK = {"wrong": 0, "chosen": 1, "typed": {}, "may_change": True, "confirm_url": ""}


def _mail(method: str, ending: str, kind: str = "announced") -> Case:
    facts = (("Montant", "50 €"), ("Référence", "T2KH5-KWH44"))
    return f"mail/{kind}.{ending}", lambda: {
        "mail": GiftMail(kind, "Musée", "1 place du Palais", "Les Hirondelles", "https://a.example/c/",
                         "https://a.example/g/", "Camille", eur(50), method=method, facts=facts),
    }  # fmt: skip


CASES: dict[str, Case] = {
    "desk-promises": _case("promises", found=PromiseList((PROMISE,), "", 1, (eur(300),), "/next")),
    "desk-promises-empty": _case("promises", found=PromiseList((), "", 0, ())),
    "desk-promises-none": _case("promises", found=PromiseList((), "Rey", 2, (eur(30),))),
    "desk-promise": _case("promise", row=PROMISE),
    "desk-announce": _case("announce", **PERSON),
    "desk-announce-errors": _case("announce", **PERSON | {"errors": {"amount": "Combien", "method": "Comment"}}),
    "desk-announce-none": _case("announce", **PERSON | {"campaigns": []}),
    "desk-bank": _case("bank", issuers=[IssuerBank(1, "Ville", TOLD, NOON), IssuerBank(2, "Amis", {})], **BANK),
    "desk-bank-errors": _case("bank", issuers=[IssuerBank(1, "Ville", TOLD, NOON)], **BANK | {"wrong": 1, "errors": {"iban": "Faux"}}),
    "desk-bank-read": _case("bank", issuers=[IssuerBank(1, "Ville", TOLD, NOON)], **BANK | {"confirm_url": "/account/confirm"}),
    "mail-bank-changed": _mail("", "html", "bank_changed"),
    "text-bank-changed": _mail("", "txt", "bank_changed"),
    "mail-announced": _mail("bank_transfer", "html"),
    "mail-announced-cheque": _mail("cheque", "html"),
    "text-announced": _mail("bank_transfer", "txt"),
    "text-announced-cheque": _mail("cheque", "txt"),
}  # fmt: skip
