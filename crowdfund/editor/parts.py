"""The parts of the editor as data: which fields stand on which page, and how each is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from crowdfund.campaigns.rules import DocumentKind, FundingModel
from crowdfund.i18n import N_

Kind = Literal["line", "text", "story", "money", "amounts", "day", "last_day", "choice", "count", "yes"]
LONGEST_LINE, LONGEST_TEXT, LONGEST_STORY = 200, 1200, 60_000


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name in the content (without the language, where it has one), its label and how it is asked for."""

    name: str
    label: str
    kind: Kind = "line"
    hint: str = ""
    worded: bool = False  # said in each language
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def longest(self) -> int:
        """Tell how many characters fit."""
        return {"line": LONGEST_LINE, "text": LONGEST_TEXT, "story": LONGEST_STORY}.get(self.kind, 60)


MODELS = (
    (FundingModel.KEEP, N_("What is given is kept")),
    (FundingModel.ALL_OR_NOTHING, N_("All or nothing: cards are charged only if the goal is met")),
    (FundingModel.THRESHOLD, N_("From a certain amount on: below it nothing is charged")),
)
REGIMES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "FR": (("fr_200", N_("Article 200 of the French tax code")), ("", N_("No tax receipt"))),
    "IT": (
        ("it_art_bonus", N_("Art Bonus")),
        ("it_cts_83", N_("Third-sector code, article 83")),
        ("", N_("No tax receipt")),
    ),
    "BE": (("be_145_33", N_("Article 145/33 of the Belgian income tax code")), ("", N_("No tax receipt"))),
    "CH": (("ch_ifd", N_("Federal direct tax, article 33a")), ("", N_("No tax receipt"))),
}
SOURCES = (
    ("city", N_("Town")),
    ("state", N_("State or region")),
    ("bequest", N_("Bequest")),
    ("patrons", N_("Patrons and firms")),
    ("friends", N_("Friends of the museum")),
    ("match", N_("Somebody who doubles gifts")),
    ("own", N_("The museum’s own money")),
)
CERTAINTIES = (("firm", N_("Certain")), ("conditional", N_("On a condition")))
FULFILMENTS = (
    ("wall", N_("A name on the wall")),
    ("postal", N_("Sent by post")),
    ("pick_up", N_("Picked up at the museum")),
    ("invitation", N_("An invitation")),
    ("digital", N_("Sent by e-mail")),
)
PAPERS = (
    (DocumentKind.INVOICE, N_("Invoice")),
    (DocumentKind.REPORT, N_("Report")),
    (DocumentKind.ADVICE, N_("Opinion of the commission")),
    (DocumentKind.ACT, N_("Decision of the council")),
    (DocumentKind.LICENCE, N_("Licence")),
    (DocumentKind.BUDGET, N_("Figures")),
    (DocumentKind.MANDATE, N_("Mandate")),
    (DocumentKind.AGREEMENT, N_("Agreement of the accountant")),
    (DocumentKind.LETTER, N_("Letter")),
    (DocumentKind.PRESS, N_("Press")),
    (DocumentKind.OTHER, N_("Document")),
)
OFFERS = (("offered", N_("Offered")), ("draft", N_("Not offered yet")), ("withdrawn", N_("No longer offered")))

PARTS: Mapping[str, tuple[Field, ...]] = {
    "object": (
        Field("artwork.title", N_("Title of the work"), worded=True),
        Field("artwork.maker", N_("Maker"), worded=True),
        Field("artwork.dated", N_("Date of the work"), worded=True),
        Field("artwork.technique", N_("Material and technique"), worded=True),
        Field("artwork.provenance", N_("Where it comes from"), "text", N_("Owners and places, as far back as you know."), worded=True),
        Field("artwork.why_here", N_("Why it belongs here"), "text", N_("What ties it to the museum and its town."), worded=True),
        Field("artwork.seller", N_("Who sells it"), hint=N_("A name, or “a family of Savoy”."), worded=True),
        Field("artwork.price_minor", N_("Price"), "money"),
        Field("artwork.option_until", N_("The seller keeps it for you until"), "day"),
    ),
    "story": (
        Field("campaign.title", N_("Title of the campaign"), worded=True),
        Field("campaign.summary", N_("The sentence under the title"), "text", N_("Twenty seconds: what it is, why now."), worded=True),
        Field(
            "story",
            N_("The story"),
            "story",
            N_("An empty line begins a paragraph. ## before a line makes a heading, **two stars** make words strong, > makes a quotation."),
            worded=True,
        ),
    ),
    "money": (
        Field("campaign.goal_minor", N_("Goal"), "money", N_("What the public is asked for.")),
        Field("campaign.funding_model", N_("If the goal is not met"), "choice", choices=MODELS),
        Field("campaign.threshold_minor", N_("The work is bought from"), "money", N_("Only with the third answer above.")),
        Field("campaign.fallback", N_("What becomes of the gifts below the goal"), "text", worded=True),
        Field("campaign.surplus", N_("What becomes of more than the goal"), "text", worded=True),
        Field("campaign.closes_at", N_("Last day"), "last_day", N_("It ends at midnight, in the museum’s time.")),
        Field("campaign.minimum_minor", N_("Smallest gift"), "money"),
        Field("campaign.suggested_minor", N_("Suggested amounts"), "amounts", N_("Up to five, with spaces between: 20 50 100")),
        Field("campaign.tax_regime", N_("Tax receipt"), "choice"),
        Field("campaign.art_bonus_id", N_("Number on the Art Bonus portal"), hint=N_("In Italy only.")),
    ),
}  # fmt: skip

ROWS: Mapping[str, tuple[Field, ...]] = {
    "source": (
        Field("label", N_("Who"), worded=True),
        Field("kind", N_("What it is"), "choice", choices=SOURCES),
        Field("amount_minor", N_("Amount"), "money"),
        Field("certainty", N_("How sure it is"), "choice", choices=CERTAINTIES),
    ),
    "stage": (
        Field("amount_minor", N_("Amount"), "money"),
        Field("title", N_("What happens then"), worded=True),
        Field("text", N_("In a sentence"), "text", worded=True),
    ),
    "reward": (
        Field("title", N_("What it is called"), worded=True),
        Field("description", N_("In a sentence"), "text", worded=True),
        Field("price_minor", N_("From a gift of"), "money"),
        Field("fair_value_minor", N_("What it is worth"), "money", N_("What a donor would pay for it in a shop, tax included.")),
        Field("symbolic", N_("Thanks without a market value"), "yes"),
        Field("fulfilment", N_("How it reaches the donor"), "choice", choices=FULFILMENTS),
        Field("stock", N_("How many there are"), "count", N_("Empty: as many as are wanted.")),
        Field("state", N_("State"), "choice", choices=OFFERS),
    ),
}  # fmt: skip
SIDE_NAMES = (("x", N_("From the left")), ("y", N_("From the top")), ("width", N_("Width")), ("height", N_("Height")))
# Rows that pages of their own ask for; the versions tell of them.
TOLD: Mapping[str, tuple[Field, ...]] = {
    "piece": (
        Field("title", N_("What it is called"), worded=True),
        Field("price_minor", N_("Price"), "money"),
        Field("shares", N_("How many adopt it together"), "count"),
        *(Field(side, label) for side, label in SIDE_NAMES),
    ),
    "document": (
        Field("title", N_("Title"), worded=True),
        Field("kind", N_("What it is"), "choice", choices=PAPERS),
        Field("dated_on", N_("Its day"), "day"),
    ),
}
# What a new row holds that no field asks for.
BEGINNINGS: Mapping[str, Mapping[str, object]] = {
    "source": {"position": 0, "label": {}},
    "stage": {"title": {}, "text": {}},
    "reward": {"position": 0, "title": {}, "description": {}, "image": None},
}
NEEDED = frozenset({"amount_minor", "price_minor", "label", "title"})  # of a row
OPTIONAL_MONEY = frozenset({"campaign.goal_minor", "campaign.threshold_minor", "artwork.price_minor"})


def find_field(name: str) -> Field | None:
    """Find how a field of the content is asked for, where a part asks for it."""
    bare = "story" if name.startswith("story.") else ".".join(name.split(".")[:2])
    return next((field for fields in PARTS.values() for field in fields if field.name == bare), None)


def field_label(name: str) -> str:
    """Give the label (a gettext id) of a field of the content, of a part or of a row; its own name where it has none."""
    found = find_field(name)
    if found is not None:
        return found.label
    owner = name.partition(".")[0]
    return ROW_NAMES.get(owner, MORE_NAMES.get(name, name))


ROW_NAMES = {
    "source": N_("A source of money"),
    "stage": N_("A milestone"),
    "reward": N_("A reward"),
    "document": N_("A document for everybody"),
    "piece": N_("A piece"),
}
MORE_NAMES = {
    "artwork.image": N_("The picture of the work"),
    "artwork.image_width": N_("The picture of the work"),
    "artwork.image_height": N_("The picture of the work"),
    "campaign.pieces_image": N_("The picture of the pieces"),
}
