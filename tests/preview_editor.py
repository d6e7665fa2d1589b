"""Made-up views of the editor's pages, for `preview`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

from crowdfund.campaigns.illustration import Shown
from crowdfund.campaigns.view import uploaded
from crowdfund.editor.asking import Giver
from crowdfund.editor.drawing import PieceLine
from crowdfund.editor.frame import Head
from crowdfund.editor.parts import PARTS, REGIMES, ROWS
from crowdfund.editor.rows import LIST_OF
from crowdfund.editor.rows import Line as ListLine
from crowdfund.editor.staff import Listed
from crowdfund.editor.steps import Language, Line
from crowdfund.editor.versions import Difference, Piece, Version
from crowdfund.editor.view import Asked, Judged, Other
from crowdfund.gifts.view import Desk
from crowdfund.money import Money
from crowdfund.pages.view.pieces import drawn_on

MOMENT = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
LANGUAGES = ["fr", "it", "en"]
PICTURE = uploaded("0" * 64, 1600, 1200, "Une couturière, l’aiguille à la main", (30, 40))


def desk() -> Desk:
    """Frame a page of the editor."""
    return Desk("arvieres", "Musée d’Arvières", "Hélène Maurienne", "signed", {"gifts": 3})


def gallery(**given: Any) -> dict[str, Any]:
    """Show the pictures."""
    found = [Shown(1, PICTURE, "Photo : J. Rey", ()), Shown(2, PICTURE, "", ("it", "en"))]
    values = {"alt_fr": "Une couturière", "focus_x": "30", "focus_y": "40"}
    return {
        "desk": desk(), "place": "pictures", "found": found, "one": found[0], "languages": LANGUAGES, "values": values,
        "errors": {}, "back": "",
    } | given  # fmt: skip


HEAD = Head(
    3,
    "Le miroir de la couturière",
    "draft",
    "/staff/arvieres/campaigns/3/edit",
    "",
    7,
    MOMENT,
    "Europe/Paris",
    ("fr", "it", "en"),
    "fr",
    "EUR",
    binding=False,
)


def sheet(part: str, *, state: str = "draft", **given: Any) -> dict[str, Any]:
    """Show a page of one campaign's editor."""
    head = replace(HEAD, state=state, binding=state == "live", public="" if state == "draft" else "/fr/a/b/")
    return {
        "desk": desk(),
        "place": "campaigns",
        "head": head,
        "part": part,
        "errors": {},
        "values": {},
        "note": "",
        "others": (),
    } | given


def form(part: str, **given: Any) -> dict[str, Any]:
    """Show a part that is a form."""
    fields = [replace(one, choices=one.choices or REGIMES["FR"]) for one in PARTS[part]]
    return sheet(
        part,
        **(
            {"asked": [Asked(one, "105000" if one.kind == "money" else "", "In French", fixed=False) for one in fields]}
            | given
        ),
    )


def row(kind: str, **given: Any) -> dict[str, Any]:
    """Show one row."""
    asked = [Asked(one, "", "", fixed=False) for one in ROWS[kind]]
    law = (
        Judged(fine=False, words="30 pour cent du don : c’est trop. Jusqu’à 37,50 €, cela convient.")
        if kind == "reward"
        else None
    )
    values: dict[str, Any] = {"kind": kind, "row_id": 4, "asked": asked, "law": law, "shown": PICTURE} | given
    return sheet(LIST_OF[kind], **values)


def campaigns(**given: Any) -> dict[str, Any]:
    """List campaigns."""
    one = Listed(3, "AUB-03", "Le miroir de la couturière", "draft", MOMENT, MOMENT.date(), 4)
    groups = [("draft", [one]), ("scheduled", [replace(one, state="scheduled", missing=0)]), ("live", [replace(one, state="live")]),
              ("over", [replace(one, state="ended")])]  # fmt: skip
    return {
        "desk": desk(), "place": "campaigns", "groups": groups, "templates": [("portrait", "A work to be restored")],
        "models": [(3, one.title)], "timezone": "Europe/Paris", "values": {}, "errors": {},
    } | given  # fmt: skip


THEIRS = (Other("Titre", "Le miroir", "Solène Favre", MOMENT),)
LINES = [
    Line("L’objet et d’où il vient", (), "/a"),
    Line("Avis et décisions", (("L’acte du conseil manque.", "/c"),), "/d"),
    Line("Contreparties", (("« Le catalogue » ne respecte pas les règles fiscales.", ""),), "/b"),
]
ROW = ListLine(4, "reward", "Le catalogue", Money(15000, "EUR"), "Proposée", Judged(fine=False, words="C’est trop."))
SUMS = {"price": Money(10500000, "EUR"), "found": Money(6300000, "EUR"), "goal": Money(4200000, "EUR")}
VERSION = Version(
    7,
    5,
    "Léa Perrier",
    MOMENT,
    "",
    (Difference("Titre (fr)", (Piece("same", "Le "), Piece("gone", "pastel"), Piece("new", "miroir"))),),
)
AGREED = SimpleNamespace(name="Solène Favre", agreed_on=MOMENT.date(), document="Courriel", revision=6)
GIVER = Giver(1, "Solène Favre", "solene@example.org", owner=False)
LETTER = {
    "museum": "Musée d’Arvières", "title": "Le miroir", "by": "Léa Perrier", "parts": ["Conservation"], "url": "https://x/a",
}  # fmt: skip
NOTED = SimpleNamespace(reference="2026-114", dated_on=MOMENT.date())

REMARK = SimpleNamespace(name="Luca Pellissier, Casa Savin", text="Le prix manque.", made_at=MOMENT)
ASKED = SimpleNamespace(id=1, museum="Casa Savin", slug="casa-savin", token="t", asked_at=MOMENT, remarks=(REMARK,))


def reading(**given: Any) -> dict[str, Any]:
    """Show a guest another museum's draft."""
    return {
        "desk": desk(), "place": "", "here": "/staff/arvieres/reviews/t", "title": "Le miroir", "host": "Musée d’Aubigneux",
        "remarks": [REMARK], "timezone": "Europe/Paris", "values": {}, "errors": {},
    } | given  # fmt: skip


PAPER = SimpleNamespace(id=5, state="internal", kind="act", dated_on=MOMENT.date(), size_bytes=240_000)


def papers(**given: Any) -> dict[str, Any]:
    """Show a campaign's documents."""
    values: dict[str, Any] = {
        "found": [(PAPER, "Délibération 2026-114"), (SimpleNamespace(**vars(PAPER) | {"state": "withdrawn"}), "Devis")],
        "one": PAPER, "title": "Délibération 2026-114", "kinds": ["invoice", "act"], "languages": LANGUAGES, "tongues": LANGUAGES,
        "values": {"kind": "act", "title_fr": "Délibération", "dated_on": "2026-11-01"},
    }  # fmt: skip
    return sheet("documents", **(values | given))


CUT = SimpleNamespace(x=1000, y=1250, width=3000, height=4000, claimed=1, shares=1)
FREE = SimpleNamespace(x=4500, y=1250, width=3000, height=4000, claimed=0, shares=1)
SIDES_TYPED = {
    "title": "Aile gauche",
    "price": "50",
    "shares": "1",
    "x": "10",
    "y": "12.5",
    "width": "30",
    "height": "40",
}


def pieces(**given: Any) -> dict[str, Any]:
    """Show the pieces of a work."""
    lines = [PieceLine("4", 1, "Aile gauche", SIDES_TYPED, 1), PieceLine("5", 2, "Aile droite", SIDES_TYPED)]
    values: dict[str, Any] = {
        "lines": lines, "new": PieceLine("new", 3, "", dict.fromkeys(SIDES_TYPED, "")), "overlaps": [(1, 2)],
        "map": drawn_on(PICTURE, [("4", "1", CUT, ""), ("5", "2", FREE, "")]), "kinds": [(7, "Un os", Money(5000, "EUR"))],
        "pictures": [(Shown(1, PICTURE, "", ()), True)], "typed": {},
    }  # fmt: skip
    return sheet("pieces", **(values | given))


CASES: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "editor-pictures": ("editor/pictures.html", gallery),
    "editor-pictures-empty": ("editor/pictures.html", partial(gallery, found=[])),
    "editor-pictures-error": (
        "editor/pictures.html",
        partial(gallery, errors={"file": "Illisible", "alt_fr": "Dites ce qu’on voit"}),
    ),
    "editor-picture": ("editor/picture.html", gallery),
    "editor-campaigns": ("editor/campaigns.html", campaigns),
    "editor-campaigns-empty": ("editor/campaigns.html", partial(campaigns, groups=[("draft", [])], errors={"title": "Un titre"})),
    "editor-checklist": ("editor/checklist.html", partial(sheet, "", lines=LINES, opens="2026-12-01T09:00")),
    "editor-checklist-scheduled": ("editor/checklist.html", partial(sheet, "", state="scheduled", lines=LINES, opens="")),
    "editor-checklist-live": ("editor/checklist.html", partial(sheet, "", state="live", lines=[], opens="")),
    "editor-object": ("editor/part.html", partial(form, "object")),
    "editor-story-clash": ("editor/part.html", partial(form, "story", others=THEIRS, errors={"": "Comparez", "story": "Trop long"})),
    "editor-money-live": ("editor/part.html", partial(form, "money", state="live", errors={"note": "Dites pourquoi"})),
    "editor-money-over": ("editor/part.html", partial(form, "money", state="ended")),
    "editor-rows": ("editor/rows.html", partial(sheet, "plan", lists=[("source", []), ("stage", []), ("reward", [ROW])], sums=SUMS)),
    "editor-row": ("editor/row.html", partial(row, "reward")),
    "editor-row-new": ("editor/row.html", partial(row, "source", row_id=0, errors={"label": "Ceci manque"})),
    "editor-reward-picture": (
        "editor/reward_picture.html",
        partial(sheet, "rewards", row_id=4, title="Le catalogue", found=[(Shown(1, PICTURE, "", ("it",)), True)]),
    ),
    "editor-choose": ("editor/choose.html", partial(sheet, "picture", found=[(Shown(1, PICTURE, "", ()), True)], drawn="")),
    "editor-choose-empty": ("editor/choose.html", partial(sheet, "picture", found=[], drawn="viole.svg")),
    "editor-pieces": ("editor/pieces.html", pieces),
    "editor-pieces-live": ("editor/pieces.html", partial(pieces, state="live", errors={"x-4": "De 0 à 100", "list": "Ligne 2"})),
    "editor-pieces-empty": ("editor/pieces.html", partial(pieces, lines=[], map=None, overlaps=[], kinds=[])),
    "editor-pieces-over": ("editor/pieces.html", partial(pieces, state="ended")),
    "editor-documents": ("editor/documents.html", papers),
    "editor-documents-empty": ("editor/documents.html", partial(papers, found=[], errors={"file": "Choisissez un fichier"})),
    "editor-document": ("editor/document.html", papers),
    "editor-document-live": (
        "editor/document.html",
        partial(papers, state="live", one=SimpleNamespace(**vars(PAPER) | {"state": "public"}), errors={"note": "Dites pourquoi"}),
    ),
    "editor-languages": ("editor/languages.html", partial(sheet, "languages", approves=True, found=[
        Language("fr", "approved", 9, 9), Language("it", "machine", 7, 9), Language("en", "missing", 0, 9)])),
    "editor-decisions": ("editor/decisions.html", partial(sheet, "decisions", kinds=[("council", "Délibération")], rows=[
        ("Délibération", True, [NOTED], "act"), ("Mandat", True, [], "mandate"),
        ("Avis", False, [], "advice")], errors={"dated_on": "Le jour"})),
    "editor-approvals": ("editor/approvals.html", partial(sheet, "approvals", name="Hélène", today="2026-11-27", mine=[],
        rows=[("curator", "Conservation", AGREED, True), ("director", "Direction", None, False), ("finance", "Finances", None, False)],
        givers={"curator": [GIVER], "director": [replace(GIVER, owner=True)], "finance": []}, asks=True, asked_at=None)),
    "mail-agreement-asked": ("mail/agreement_asked.html", lambda: LETTER),
    "text-agreement-asked": ("mail/agreement_asked.txt", lambda: LETTER),
    "editor-versions": ("editor/versions.html", partial(sheet, "versions", found=[VERSION, replace(VERSION, number=5, note="A slip")])),
    "editor-versions-empty": ("editor/versions.html", partial(sheet, "versions", found=[])),
    "editor-preview": ("editor/preview.html", partial(sheet, "preview")),
    "editor-review": (
        "editor/review.html",
        partial(sheet, "review", found=[(ASKED, "http://h/staff/a/reviews/t")], partners=[("a", "Casa Savin")]),
    ),
    "editor-review-empty": (
        "editor/review.html",
        partial(sheet, "review", found=[], partners=[("a", "Casa Savin")], errors={"partner": "Lequel"}),
    ),
    "editor-read": ("editor/read.html", reading),
    "editor-read-error": ("editor/read.html", partial(reading, remarks=[], errors={"text": "Vide"})),
}  # fmt: skip
