"""Made-up views of the desk's money: what is announced, matched, counted. Part of tests/preview.py."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from crowdfund import qr
from crowdfund.counter.view import (
    BatchPage,
    BatchRow,
    CampaignChoice,
    ChequeRow,
    CountRow,
    CreditRow,
    IssuerBank,
    LineList,
    LineRow,
    PromiseList,
    PromiseRow,
    RowToCorrect,
    StatementPage,
    StatementRow,
    SuggestionRow,
)
from crowdfund.desk.tables import FIELDS, NEEDED
from crowdfund.desk.ways import WayToPay, bank_code
from crowdfund.gifts.view import Desk, GiftMail
from crowdfund.money import Money
from crowdfund.pages.view.gift import HowToPay
from crowdfund.pledges.view import CountryChoice
from crowdfund.sheets import Table

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
    return {
        "desk": people,
        "place": "desk",
        "errors": {},
        "values": {},
        "campaigns": [],
        "can": lambda _permission: True,
        "just": None,
        "booked": 0,
        "row_open": None,
        **more,
    }


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

SUGGESTED = SuggestionRow(7, "T2KH5-KWH44", "Odette Chevrier", "Les Hirondelles", eur(50), "reference", eur(-0.03))
LINE = LineRow(
    3,
    TODAY,
    "MME CHEVRIER",
    "don T2KH5-KWH44",
    eur(49.97),
    "recorded",
    suggestions=(SUGGESTED,),
    url="/staff/arvieres/desk/lines/3",
)
MATCHED = replace(
    LINE, state="matched", suggestions=(), whose="Odette Chevrier", reference="T2KH5-KWH44", difference=eur(-0.03),
    campaign="Les Hirondelles", matched_by="Noé", matched_actor="account:1",
)  # fmt: skip
COUNTS = {"recorded": 1, "matched": 2, "closed": 0, "aside": 0, "returned": 1}
FILE = StatementRow(2, "releve.xml", NOON, "read", 0, 0, "Noé", "/staff/arvieres/desk/statements/2")
CREDIT = CreditRow(TODAY, "MME CHEVRIER", "don", eur(50), known=False)
CHEQUE = ChequeRow(
    5,
    "Odette Chevrier",
    "T2KH5-KWH44",
    "Les Hirondelles",
    eur(300),
    "0012",
    "CA",
    TODAY,
    handed=False,
    state="recorded",
    difference=eur(-20),
)
TYPED = RowToCorrect(5, "Odette Chevrier", {"amount": "300.00", "last_name": "Chevrier"}, "")
KNOWN = RowToCorrect(5, "", {"company_name": "Rey", "country": "FR"}, "/staff/arvieres/donors/7")
BATCH = BatchRow(4, None, "recorded", TODAY, 1, eur(300), "", "", "", "/staff/arvieres/desk/cheques/4")
COUNT = CountRow(
    6, "box", "Les Hirondelles", "Hall", TODAY, eur(60.03), 15, "recorded", "Noé", "account:1", "", None,
    ((eur(20), 2, eur(40)), (eur(2), 10, eur(20))), "/staff/arvieres/desk/counts/6",
)  # fmt: skip
ISSUERS = [IssuerBank(1, "Ville", TOLD, NOON)]
TWO_ISSUERS = [*ISSUERS, IssuerBank(2, "Amis", {})]
LINE_PAGE: dict[str, Any] = {
    "row": LINE, "me": "account:2", "asked": "", "found": (), "campaigns": [CAMPAIGN], "countries": COUNTRIES,
    "languages": ("fr", "it"), "may_approve": True,
}  # fmt: skip
BATCH_PAGE: dict[str, Any] = {
    "page": BatchPage(BATCH, (CHEQUE,), frozenset({"account:1"})), "me": "account:2", "campaigns": [CAMPAIGN], "countries": COUNTRIES,
    "languages": ("fr", "it"), "values": {"attempt": "a"}, "filled": "", "may_approve": True,
}  # fmt: skip
FILE_PAGE: dict[str, Any] = {"table": None, "picked": {}, "fields": FIELDS, "needed": NEEDED, "sample": ()}
NEW_COUNT: dict[str, Any] = {
    "campaigns": [CAMPAIGN], "pieces": [eur(20), eur(2)], "kind": "box", "currency": "EUR", "values": {"attempt": "a"},
}  # fmt: skip


def _batch(how: str, **cheque: Any) -> Case:
    done = replace(
        BATCH,
        state=how,
        number=12,
        counted_by="Noé",
        approved_by="B" if how == "closed" else "",
        accountant_reference="T-1",
    )
    return _case(
        "batch", **BATCH_PAGE | {"page": BatchPage(done, (replace(CHEQUE, **cheque),), frozenset({"account:1"}))}
    )


CASES.update(
    {
        "desk-statements": _case("statements", found=[FILE], issuers=ISSUERS),
        "desk-statements-empty": _case("statements", found=[], issuers=TWO_ISSUERS, errors={"file": "Vide"}),
        "desk-statement": _case(
            "statement",
            page=StatementPage(FILE, "FR76", (CREDIT, replace(CREDIT, known=True)), 2, 1, 3, eur(50)),
            **FILE_PAGE,
        ),
        "desk-statement-columns": _case(
            "statement",
            page=StatementPage(FILE, "FR76"),
            **FILE_PAGE
            | {
                "table": Table(("Date", "Montant"), (("1", "2"),)),
                "sample": (("1", "2"),),
                "picked": {"date": "Date"},
                "errors": {"column_amount": "Où"},
            },
        ),
        "desk-statement-done": _case(
            "statement", page=StatementPage(replace(FILE, state="imported", new=3, known=1), "FR76"), **FILE_PAGE
        ),
        "desk-statement-dropped": _case(
            "statement", page=StatementPage(replace(FILE, state="dropped"), "FR76"), **FILE_PAGE
        ),
        "desk-lines": _case(
            "lines", found=LineList("recorded", (LINE, replace(LINE, suggestions=())), COUNTS, "/next"), me="account:2"
        ),
        "desk-lines-matched": _case(
            "lines",
            found=LineList("matched", (MATCHED, replace(MATCHED, id=4, matched_actor="account:2")), COUNTS),
            me="account:2",
        ),
        "desk-lines-just": _case("lines", found=LineList("recorded", (), COUNTS), me="account:2", just=MATCHED),
        "desk-lines-booked": _case("lines", found=LineList("matched", (MATCHED,), COUNTS), me="account:1", booked=2),
        "desk-lines-aside": _case(
            "lines",
            found=LineList("aside", (replace(LINE, state="aside", note="Loyer", suggestions=()),), COUNTS),
            me="",
        ),
        "desk-lines-empty": _case(
            "lines", found=LineList("closed", (), COUNTS), me="account:2", errors={"": "Trop tard"}
        ),
        "desk-line": _case("line", **LINE_PAGE),
        "desk-line-search": _case(
            "line", **LINE_PAGE | {"asked": "Rey", "found": (PROMISE,), "errors": {"note": "Pourquoi"}}
        ),
        "desk-line-matched": _case("line", **LINE_PAGE | {"row": MATCHED}),
        "desk-line-closed": _case(
            "line", **LINE_PAGE | {"row": replace(MATCHED, state="closed", gift_id=9, approved_by="B")}
        ),
        "desk-cheques": _case(
            "cheques", found=[BATCH, replace(BATCH, id=3, number=11, state="closed")], issuers=ISSUERS, attempt="a"
        ),
        "desk-cheques-empty": _case("cheques", found=[], issuers=TWO_ISSUERS, attempt="a"),
        "desk-batch": _case("batch", **BATCH_PAGE),
        "desk-batch-filled": _case(
            "batch", **BATCH_PAGE | {"filled": "Odette Chevrier", "values": {"attempt": "a", "amount": "300.00"}}
        ),
        "desk-batch-errors": _case(
            "batch", **BATCH_PAGE | {"errors": {"amount": "Combien", "control_count": "Combien"}}
        ),
        "desk-batch-correct": _case(
            "batch",
            **BATCH_PAGE
            | {"row_open": TYPED, "values": BATCH_PAGE["values"] | TYPED.values, "errors": {"amount": "Combien"}},
        ),
        "desk-batch-correct-known": _case(
            "batch", **BATCH_PAGE | {"row_open": KNOWN, "values": BATCH_PAGE["values"] | KNOWN.values}
        ),
        "desk-batch-counted": _batch("counted"),
        "desk-batch-closed": _batch("closed", state="closed", gift_id=9),
        "desk-batch-returned": _batch("closed", state="returned", gift_id=9),
        "desk-counts": _case("counts", found=[COUNT], me="account:2"),
        "desk-counts-empty": _case("counts", found=[], me="account:2"),
        "desk-count-new": _case("count_new", **NEW_COUNT),
        "desk-count-new-errors": _case("count_new", **NEW_COUNT | {"errors": {"pieces": "Rien", "n2000": "Combien"}}),
        "desk-count-tickets": _case("count_new", **NEW_COUNT | {"kind": "ticket"}),
        "desk-count-new-none": _case("count_new", **NEW_COUNT | {"campaigns": []}),
        "desk-count": _case("count", row=COUNT, me="account:1"),
        "desk-count-again": _case("count", row=COUNT, me="account:2", errors={"total": "Autre"}),
        "desk-count-closed": _case(
            "count", row=replace(COUNT, state="closed", gift_id=9, confirmed_by="B"), me="account:2"
        ),
        **{f"mail-gift-reversed-{how}": _mail(how, "html", "gift_reversed") for how in ("returned", "correction")},
        **{f"text-gift-reversed-{how}": _mail(how, "txt", "gift_reversed") for how in ("returned", "correction")},
        "mail-cheque-returned": _mail("", "html", "cheque_returned"),
        "text-cheque-returned": _mail("", "txt", "cheque_returned"),
    }
)
