"""Made-up views of plaques, for `preview`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from crowdfund.dashboard.frame import Problem
from crowdfund.gifts.view import Desk
from crowdfund.plaques.layout import Words, lay_out
from crowdfund.plaques.looks import Look
from crowdfund.plaques.rules import COLUMNS, LINES_MM, SIZES, Change, Plan
from crowdfund.proofs.view import CorrectionRow, Named, Part, PlaqueMail, PlaqueRow, Proof, VersionRow

Case = tuple[str, Callable[[], dict[str, Any]]]
PARIS = "Europe/Paris"
MOMENT = datetime(2026, 11, 12, 9, 30, tzinfo=UTC)
TYPED = ("Zoé Abel", "<b>Viviane H.</b>", "Famille de Rocheville", "JEAN BOUVIER", "Elie Roux", "Élie Roux")
WORDS = Words("Musée d’Arvières", "Acquis grâce à", "Le Service aux Hirondelles, vers 1732", "et 27 autres donateurs")
PLAN = Plan(locale="fr", size="a3", columns=2, line_mm=8)


def named(number: int, name: str, **more: Any) -> Named:
    """Make up a name."""
    return Named(f"p{number}", name, name, "person", number, 5000, MOMENT, filed=name.rsplit(maxsplit=1)[-1], **more)


def proof(**more: Any) -> Proof:
    """Make up a plaque."""
    names = [
        named(n, name, looks=(Look.CAPITALS, Look.WIDE) if name.isupper() else ()) for n, name in enumerate(TYPED, 1)
    ]
    names[0] = replace(names[0], name="Zoé Abel-Roy", sort_word="Abel")
    values: dict[str, Any] = {
        "campaign_id": 1, "code": "AUB-01", "title": "Le Service aux Hirondelles", "currency": "EUR", "ended": True, "begun": True,
        "plan": PLAN, "words": WORDS, "parts": (Part("", tuple(names)),), "out": (named(9, "Zoé Abel", left_out=True),), "below": 2,
        "sheets": lay_out(WORDS, [("Dès 1 000 €", [one.name for one in names])], PLAN) * 2, "trouble": "",
        "locks_on": date(2026, 11, 30), "fixed": True, "fingerprint": "0" * 64,
    }  # fmt: skip
    return Proof(**values | more)


def _version(number: int, **more: Any) -> VersionRow:
    values: dict[str, Any] = {"names": 612, "sheets": 1, "sha256": "4f" * 32, "signed_name": "Rose Cartier", "signed_as": "directrice",
              "signed_at": MOMENT, "storage_key": "plaques/1", "intact": True, "changes": ()}  # fmt: skip
    return VersionRow(number, **values | more)


def plaque_cases(desk: Callable[[], Desk]) -> dict[str, Case]:
    """Give the cases, with the frame of the desk that the others use."""

    def one(shown: Proof, **more: Any) -> dict[str, Any]:
        values: dict[str, Any] = {
            "desk": desk(), "place": "rewards", "proof": shown, "versions": (), "changes": None, "locales": ["fr", "it", "en"],
            "here": "/staff/arvieres/plaques/1", "confirm": "", "name": "Hélène Maurienne", "show": "all", "query": "",
            "found": shown.names, "total": len(shown.names), "start": 100, "after": 200, "waiting": 1, "sizes": SIZES,
            "columns": COLUMNS, "lines": LINES_MM, "numbers": range(1, 4), "timezone": PARIS, "problem": None, "values": {},
            "plan": {"size": "a3", "columns": "2", "line_mm": "8", "order_by": "name", "locale": "fr", "counts_others": True},
            "errors": {},
        }  # fmt: skip
        return values | more

    def name(**more: Any) -> dict[str, Any]:
        shown = proof()
        history = (
            CorrectionRow("name", "Zoé Abel", "Zoé Abel-Roy", "elle-même, par téléphone", "Zoé Desbois", MOMENT),
            CorrectionRow("sort_word", "", "Abel", "", "Zoé Desbois", MOMENT),
            CorrectionRow("left_out", "", "1", "", "Zoé Desbois", MOMENT),
        )
        values: dict[str, Any] = {
            "desk": desk(), "place": "rewards", "proof": shown, "one": shown.names[3], "history": history,
            "here": "/staff/arvieres/plaques/1", "timezone": PARIS, "values": {"name": "JEAN"}, "errors": {},
        }  # fmt: skip
        return values | more

    empty = proof(parts=(), out=(), sheets=(), below=0, ended=False, fixed=False, locks_on=None, begun=False)
    changes = (Change("Zoé Abel", "Zoé Abel-Roy"), Change("", "Luc"), Change("Anne", ""))
    rows = (
        PlaqueRow(1, "Le Service aux Hirondelles", "succeeded", True, date(2026, 11, 30), True, 2, MOMENT),
        PlaqueRow(2, "Le Pastel", "live", False, date(2026, 12, 30), False, 0, None),
        PlaqueRow(3, "Le Lustre", "live", False, None, False, 0, None),
    )
    versions = (_version(2, changes=changes), _version(1, intact=False))
    wrong = Problem("plan", {"size": "Choisissez", "from_1": "Montant"}, values={"from_1": "x"})
    page, listed = "staff/plaques/plaque.html", "staff/plaques/plaques.html"
    mail = PlaqueMail(
        "plaque", "Musée d’Arvières", "73000 Arvières", "Le Service aux Hirondelles", "https://example.org/fr/gifts/token", "#3d3a35",
        "Viviane H.", date(2026, 11, 30),
    )  # fmt: skip
    return {
        "mail-plaque": ("mail/plaque.html", lambda: {"mail": mail}),
        "text-plaque": ("mail/plaque.txt", lambda: {"mail": mail}),
        "staff-plaques": (listed, lambda: {"desk": desk(), "place": "rewards", "rows": rows, "timezone": PARIS}),
        "staff-plaques-empty": (listed, lambda: {"desk": desk(), "place": "rewards", "rows": (), "timezone": PARIS}),
        "staff-plaque": (page, lambda: one(proof())),
        "staff-plaque-signed": (
            page,
            lambda: one(proof(), versions=versions, changes=changes, confirm="/account/confirm"),
        ),
        "staff-plaque-same": (page, lambda: one(proof(), versions=versions, show="look", found=(), start=0, after=0)),
        "staff-plaque-open": (page, lambda: one(proof(fixed=False), changes=(), versions=versions)),
        "staff-plaque-empty": (page, lambda: one(empty, found=(), start=0, after=0, show="out")),
        "staff-plaque-wrong": (
            page,
            lambda: one(
                proof(sheets=(), trouble="Trop de noms"), problem=wrong, plan=wrong.values, errors=wrong.errors
            ),
        ),
        "staff-plaque-name": ("staff/plaques/name.html", name),
        "staff-plaque-name-wrong": (
            "staff/plaques/name.html",
            lambda: name(history=(), one=replace(named(1, "Zoé"), typed="Zoé"), errors={"note": "Dites qui"}),
        ),
    }
