"""Made-up views of the files of donors and of doubles. Part of tests/preview.py."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from crowdfund.crm.rules import Alike
from crowdfund.dashboard.compared import Case as Pair
from crowdfund.dashboard.compared import DoublesPage, Side
from crowdfund.dashboard.file_page import FilePage, FileRow, ProblemRow, SampleRow, Staying
from crowdfund.gifts.view import Desk
from crowdfund.intake.entries import FIELDS
from crowdfund.intake.words import FIELD_NAMES
from crowdfund.money import Money
from crowdfund.sheets import Table

Case = tuple[str, Callable[[], dict[str, Any]]]
NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
HERE = "/staff/arvieres/donors/files"
COUNTS = {"new": 312, "known": 41, "left_out": 2, "wrong": 3, "consents": 96}
ROW = FileRow(3, "amis-du-musee.xlsx", NOON, "Léa Combaz", "read", 358, {}, f"{HERE}/3")
TABLE = Table(
    ("Nom", "Prénom", "Courriel", "Code postal", "Infolettre"),
    (("Rey", "Camille", "rey@exemple.fr", "73000", "oui"), ("Huart", "Viviane", "", "73100")),
    (2, 3),
)
SAMPLE = (
    SampleRow(2, "Camille Rey", "rey@exemple.fr", "+33 4 79 00 00 00", "8 rue des Tanneurs, 73000 Chambéry, France", "fr",
              (dt.date(2024, 3, 12), "Bulletin signé, salon 2024"), wrong=False),
    SampleRow(3, "", "", "", "", "fr", None, wrong=True),
)  # fmt: skip
PROBLEMS = (
    ProblemRow(3, "E-mail", "Ce n’est pas une adresse.", "pas reprise"),
    ProblemRow(1204, "Téléphone", "Ce n’est pas un numéro.", "reprise sans cela"),
)
PAGE = FilePage(
    ROW, "", "", "Europe/Paris", {"email": "Courriel", "last_name": "Nom"}, tuple((name, FIELD_NAMES[name]) for name in FIELDS),
    TABLE,
)  # fmt: skip


def _desk(**more: Any) -> dict[str, Any]:
    people = Desk("arvieres", "Musée d’Arvières", "Hélène Maurienne", "signed", {})
    return {"desk": people, "place": "donors", "errors": {}, "values": {}, "can": lambda _permission: True, **more}


def _file(state: str, *, counts: dict[str, int] | None = None, errors: dict[str, str] | None = None, confirm: str = "",
          **more: Any) -> Case:  # fmt: skip
    page = replace(PAGE, row=replace(ROW, state=state, counts=counts or {}), **more)
    return "staff/donors/file.html", lambda: _desk(
        page=page, picked=page.picked, confirm_url=confirm, errors=errors or {}
    )


GONE: dict[str, Any] = {"table": None, "origin": "Membres des Amis, liste de mars 2024"}
CHECKED: dict[str, Any] = {"sample": SAMPLE, "problems": PROBLEMS, "problems_total": 90}
DONOR_CASES: dict[str, Case] = {
    "donor-files": (
        "staff/donors/files.html",
        lambda: _desk(found=[ROW, replace(ROW, state="applied", counts=COUNTS), replace(ROW, by="")], timezone="UTC"),
    ),
    "donor-files-none": (
        "staff/donors/files.html",
        lambda: _desk(found=[], timezone="UTC", errors={"file": "Choisissez le fichier."}),
    ),
    "donor-file-read": _file("read", encoding="Windows-1252", delimiter=";", again=True),
    "donor-file-wrong": _file("read", errors={"column_email": "Dites quelle colonne"}, encoding="UTF-8", delimiter="\t"),
    "donor-file-checking": _file("checking"),
    "donor-file-checked": _file("checked", counts=COUNTS, **CHECKED),
    "donor-file-checked-wrong": _file(
        "checked", counts=COUNTS, errors={"origin": "Dites d’où", "document": "Pas un PDF", "column_email": "x"}, **CHECKED
    ),
    "donor-file-confirm": _file("checked", counts=COUNTS, confirm="/account/confirm", **CHECKED),
    "donor-file-nobody": _file("checked", counts={"known": 358}),
    "donor-file-applying": _file("applying", done=1500),
    "donor-file-applied": _file(
        "applied", counts=COUNTS, problems=PROBLEMS, problems_total=2, undo_until=NOON, document_url=f"{HERE}/3/document", **GONE
    ),
    "donor-file-applied-confirm": _file("applied", counts=COUNTS, undo_until=NOON, confirm="/account/confirm", **GONE),
    "donor-file-undoing": _file("undoing", done=1500),
    "donor-file-undone": _file(
        "undone", counts=COUNTS, done=310, staying_total=2,
        staying=(Staying("Camille Rey", "/staff/arvieres/donors/7", "gift"), Staying("", "/staff/arvieres/donors/8", "edited")),
        **GONE,
    ),
    "donor-file-undone-all": _file("undone", counts=COUNTS, done=312, **GONE),
    "donor-file-dropped": _file("dropped", table=None),
}  # fmt: skip
ONE = Side(7, "Camille Rey", "/staff/arvieres/donors/7", "rey@exemple.fr", "", "8 rue des Tanneurs, 73000 Chambéry, France",
           NOON, 3, Money(17000, "EUR"))  # fmt: skip
OTHER = replace(ONE, id=9, name="", url="/staff/arvieres/donors/9", email="", phone="+33 4 79 00 00 00", gifts=0)
BASE = "/staff/arvieres/donors/doubles"


def _doubles(
    tab: str, *cases: Pair, after: int | None = None, errors: dict[str, str] | None = None, **more: str
) -> Case:
    page = DoublesPage(tab, cases, "Europe/Paris", **more)
    return "staff/donors/doubles.html", lambda: _desk(page=page, after=after, errors=errors or {})


PAIR = Pair(ONE, OTHER, Alike.NEAR_NAME, f"{BASE}/7/merge/9", f"{BASE}/7/apart/9")
DONOR_CASES |= {
    "doubles": _doubles(
        "name", PAIR, replace(PAIR, why=Alike.EMAIL), after=3, next_url=f"{BASE}?after=9", first_url=BASE,
        merged_url="/staff/arvieres/donors/7/merges/1/undo",
    ),
    "doubles-none": _doubles("email", errors={"": "C’est déjà la même fiche."}),
    "doubles-apart": _doubles("apart", Pair(ONE, OTHER, undo_url=f"{BASE}/pairs/1/ask-again")),
    "doubles-apart-none": _doubles("apart"),
}  # fmt: skip
