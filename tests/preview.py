"""Made-up views of every template, so that pages can be looked at and checked without a database.

`python -m tests.preview PORT` serves them at http://127.0.0.1:PORT/fr/preview/NAME, NAME a key of CASES.
"""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, abort, render_template
from markupsafe import Markup

from config import DEMO_OPERATOR, Config
from crowdfund import assets, i18n, qr
from crowdfund.accounts.sessions import OpenSession, SignedIn
from crowdfund.campaigns.view import AmountChoice, MuseumLabel, Picture, Progress, TaxRelief, TierRow, WorkCard
from crowdfund.closing.rules import Finding, Point, Step
from crowdfund.closing.view import (
    Counterpart,
    EndedRow,
    Ending,
    Figures,
    LessonsText,
    MethodSums,
    StatementRow,
    StepRow,
)
from crowdfund.conversation.models import Mention, ReplyTemplate
from crowdfund.conversation.view import (
    AnsweredQuestion,
    Conversation,
    CorrectionNote,
    InboxFigures,
    NewsItem,
    NewsPage,
    NewsRow,
    QuestionRow,
    TalkMail,
    TalkPage,
    TextVersion,
)
from crowdfund.dashboard.charts import Plot, draw
from crowdfund.dashboard.contacts import Happening
from crowdfund.dashboard.donors import PeopleList, PersonRow
from crowdfund.dashboard.exports import ExportOffer
from crowdfund.dashboard.files import gift_head
from crowdfund.dashboard.frame import Problem as ClosingProblem
from crowdfund.dashboard.pace import forecast, usual_shape
from crowdfund.dashboard.post import LostMail
from crowdfund.dashboard.shelf import KeptViews
from crowdfund.dashboard.talk import FriendsLink, Launch, Problem
from crowdfund.dashboard.timeline import Agreement, Person, Record, Suggestion
from crowdfund.dashboard.view import CampaignLine, Card, DayFigures, Pace, PaceRow, Today
from crowdfund.gifts.view import Desk, GiftList, GiftMail, GiftRow, GiftStory, StoryEvent
from crowdfund.institutions.colours import Wall as WallColour
from crowdfund.institutions.current import Membership
from crowdfund.ledger.view import AccountBalance, BookedLine, BookedTransaction, Books, Invariant
from crowdfund.me.view import (
    Choice,
    DedicationLine,
    DedicationPage,
    ErasePage,
    GiftLine,
    MePage,
    Proof,
    ReceiptLine,
    WallLine,
    WallPage,
)
from crowdfund.money import Money
from crowdfund.network.rules import Sign
from crowdfund.network.view import CampaignRow, Lesson, MuseumRow, Network, Notice
from crowdfund.pages import about
from crowdfund.pages.lists import fee_example
from crowdfund.pages.view.campaign import (
    BudgetLine,
    Calculator,
    CampaignPage,
    FeeExample,
    Milestone,
    Paper,
    People,
    PlanPart,
    Purchase,
    StoryBlock,
    TaxOption,
    TimelineEvent,
    Town,
    Wall,
    WallName,
    WallWords,
)
from crowdfund.pages.view.gift import GiftPage, NextReward, ShareCard
from crowdfund.pages.view.lists import Discovery, Home, MuseumPage, MuseumPlace
from crowdfund.pages.view.pieces import Adopter, Assembly, PieceKind, PieceRow, Shelf, drawn_on
from crowdfund.payments.view import ChargeCase, ChargeList, ChargeRow
from crowdfund.plaques.view import PlaqueNotice
from crowdfund.pledges.models import Group
from crowdfund.pledges.offers import Offer
from crowdfund.pledges.rules import LONGEST_MESSAGE
from crowdfund.pledges.view import CountryChoice, GivePage, RewardAhead, RewardChoice
from crowdfund.pledges.words import Words
from crowdfund.reach import heads
from crowdfund.reach.card import SHAPES
from crowdfund.reach.card import Words as CardWords
from crowdfund.reach.staff import ForSites, Headed
from crowdfund.reach.view import Appeal, PlaceRow, WayRow
from crowdfund.receipts.view import ReceiptCheck
from tests import preview_choice, preview_desk, preview_editor
from tests.preview_after import after_cases, appeal_cases
from tests.preview_donors import DONOR_CASES
from tests.preview_plaque import plaque_cases
from tests.preview_team import ASKED, KEYS, second_step, team_cases

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
PARIS = "Europe/Paris"


def eur(amount: float) -> Money:
    """Write cents as euros."""
    return Money(round(amount * 100), "EUR")


def moment(day: int, hour: int = 12, minute: int = 0) -> dt.datetime:
    """Give a moment of November 2026, UTC."""
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=dt.UTC)


def museums() -> dict[str, MuseumLabel]:
    """Invent four museums."""
    named = {
        "arvieres": ("Musée d’Arvières", "Arvières, Savoie"),
        "roccalta": ("Palazzo Ricaldone", "Roccalta, Piemonte"),
        "port-clary": ("Musée Lenoir-Sabatier", "Port-Clary, Var"),
        "mirevaux": ("Maison de la Lutherie", "Mirevaux, Vosges"),
    }
    lang = i18n.current_locale()
    return {slug: MuseumLabel(slug, name, town, f"/{lang}/{slug}/") for slug, (name, town) in named.items()}


SWALLOWS = Picture(
    "art/hirondelles.svg", 1200, 880, "Porcelaine blanche peinte d’hirondelles bleues", hanging="standing"
)
ASTROLABE = Picture("art/astrolabe.svg", 620, 784, "Astrolabe de laiton doré")
PAINTING = Picture("art/port-clary-640.webp", 640, 461, "Voiliers sur une mer bleue, phare", hanging="framed")
VIOL = Picture("art/viole.svg", 470, 1210, "Basse de viole à tête sculptée")
HERBARIUM = Picture("art/herbier.svg", 820, 1160, "Planche d’herbier")


def works() -> list[WorkCard]:
    """Hang works of every state."""
    at = museums()
    lang = i18n.current_locale()

    def work(
        slug: str, title: str, caption: str, picture: Picture, raised: float, goal: float, **more: Any
    ) -> WorkCard:
        progress = Progress(eur(raised), eur(goal))
        more = {"phase": "live", "donors": 1043, "days_left": 23, **more}
        return WorkCard(at[slug], title, caption, f"/{lang}/{slug}/work/", picture, progress, **more)

    return [
        work("arvieres", "Le Service aux Hirondelles", "Porcelaine tendre, vers 1752", SWALLOWS, 68412, 100000),
        work(
            "roccalta", "L’astrolabio di Costanza", "Ottone inciso e dorato, 1598", ASTROLABE, 41880, 60000, days_left=0
        ),
        work("port-clary", "Port-Clary, le matin", "Huile sur toile, 1887", PAINTING, 28940, 240000, days_left=88),
        work("mirevaux", "La basse de viole dite « La Sirène »", "Érable, 1694", VIOL, 125500, 120000, days_left=1),
        work(
            "mirevaux",
            "L’herbier d’Émilie",
            "1839–1871",
            HERBARIUM,
            18000,
            18000,
            phase="succeeded",
            donors=427,
            days_left=None,
            ended_on=dt.date(2026, 10, 8),
        ),
        work("port-clary", "Le lustre", "Cristal", PAINTING, 4310, 30000, phase="withdrawn", days_left=None),
        work("roccalta", "La grande toile", "4 m", ASTROLABE, 15230, 25000, phase="failed", days_left=None),
        work(
            "arvieres",
            "Dix cloches",
            "1790–1910",
            SWALLOWS,
            0,
            9500,
            phase="scheduled",
            days_left=None,
            opens_on=dt.date(2026, 12, 2),
        ),
    ]


def relief() -> TaxRelief:
    """Give the French relief."""
    return TaxRelief(
        6600, i18n.country_name("FR"), "CGI 200", "66 % du don, dans la limite de 20 % du revenu imposable."
    )


def amounts(picked: int = 50) -> tuple[AmountChoice, ...]:
    """Suggest four amounts."""
    return tuple(AmountChoice(eur(n), eur(n * 0.34), n == picked) for n in (20, 50, 100, 200))


def talk(url: str = "/fr/a/b/", **given: Any) -> Conversation:
    """Say something of every kind around a campaign."""
    news = NewsItem(
        "milestone", "Mille ! Vous êtes mille.", "Le millième a onze ans.", dt.date(2026, 11, 19), f"{url}news/1"
    )
    question = AnsweredQuestion(
        "À qui appartiendra le service ?", ("À la Ville.", "Pour toujours."), "Hélène Maurienne", "conservatrice",
        dt.date(2026, 11, 3), dt.date(2026, 11, 4), "Michel", number=1)  # fmt: skip
    values: dict[str, Any] = {
        "news": (news, replace(news, lang="it", corrected=True, url=f"{url}news/2", picture=SWALLOWS)),
        "questions": (question, replace(question, asker="", lang="it", answer_lang="it", number=2)),
        "ask_url": f"{url}ask", "ask_token": "t", "follow_url": f"{url}follow", "follow_token": "t", "next_time": False,
        "followers": 141, "answer_hours": 20,
    }  # fmt: skip
    return Conversation(**(values | given))


def talk_page(step: str, **given: Any) -> dict[str, Any]:
    """Show a small page of the conversation."""
    page = TalkPage(
        step, "arvieres", "Musée d’Arvières", "Le Service aux Hirondelles", "/fr/a/b/", "/fr/a/b/x", "t", **given
    )
    return {"page": page, "errors": page.errors}


def talk_mail(kind: str, **given: Any) -> dict[str, TalkMail]:
    """Fill a mail of the conversation."""
    values: dict[str, Any] = {
        "museum_name": "Musée d’Arvières", "museum_address": "1 rue Haute, 73000 Arvières", "campaign_title": "Le Service aux Hirondelles",
        "campaign_url": "http://h/fr/a/b/", "page_url": "http://h/fr/a/b/x", "timezone": PARIS, "stop_url": "http://h/fr/unsubscribe/t",
        "heading": "Mille !", "news_kind": "milestone", "paragraphs": ("Un.", "Deux."), "lang": "it", "question": "Pourquoi ?",
        "closes_at": moment(14), "signed_by": "Hélène Maurienne", "signed_as": "conservatrice",
    }  # fmt: skip
    return {"mail": TalkMail(kind, **(values | given))}


def talk_desk(place: str, **given: Any) -> dict[str, Any]:
    """Show a page of the conversation at the desk."""
    row = QuestionRow(1, "Puis-je toucher ?", "Michel", True, "Le Service", "fr", moment(3), "new", True)
    news = NewsRow(
        1, "found", "draft", "Une tasse", "Le Service", moment(4),
        (TextVersion("fr", "approved", "Une tasse", "Un.\n\nDeux."),
         TextVersion("it", "machine", "Una tazza", "Uno."), TextVersion("en", "missing")),
    )  # fmt: skip
    ready = ReplyTemplate(id=1, locale="fr", title="Photos", text="Oui, sans flash.")
    values: dict[str, Any] = {
        "desk": desk(), "place": place, "values": {}, "errors": {}, "timezone": PARIS, "problem": None,
        "figures": InboxFigures(1, 2, 12, 1, 20), "beginnings": [ready], "begun": {}, "name": "Hélène", "role": "Conservatrice",
        "rows": [row, replace(row, id=2, state="answered", answer="Oui.", answered_by="H. M.", answered_at=moment(4),
                         public_url="/fr/a/b/"),
                 replace(row, id=3, state="set_aside", reason="publicité")],
        "campaigns": [(1, "Le Service")], "kinds": ["found", "visit"], "row": news, "version": news.versions[0],
        "preview": ("Un.", "Deux."), "pictures": [], "drawn": Picture("art/dejeuner-900.webp", 900, 675, "Une tasse"),
        "fixed": False, "corrections": [CorrectionNote("Deux tasses.", dt.date(2026, 11, 5), "fr")], "readers": 742, "planned": "",
        "launches": [
            Launch(1, "Dix cloches", moment(30), "2026-11-30T09:00", 141, "/fr/a/b/", (FriendsLink(1, "Les Amis", "http://h/fr/early/t/"),))],
    }  # fmt: skip
    if place == "news":
        values["rows"] = [news, replace(news, id=2, state="published", url="/fr/a/b/news/2", readers=742)]
    return values | given


def _with_map(page: CampaignPage) -> CampaignPage:
    """Show the pieces as they lie on a picture: two adopted, one free."""
    breakfast = Picture("art/dejeuner-900.webp", 900, 675, "Une tasse sur une nappe")
    cut = [
        SimpleNamespace(x=x, y=1500, width=2500, height=6000, claimed=claimed, shares=1)
        for x, claimed in ((500, 1), (3500, 0), (6500, 1))
    ]
    found = [(f"{number}", "", one, "" if one.claimed else page.give_url) for number, one in enumerate(cut)]
    return replace(page, assembly=replace(page.assembly, map=drawn_on(breakfast, found)))  # type: ignore[type-var] # the page has an assembly


def campaign() -> CampaignPage:
    """Fill every section of a campaign's page."""
    at = museums()["arvieres"]
    lang = i18n.current_locale()
    pieces = {
        name: Picture(f"art/piece-{name}.svg", 64, 64)
        for name in ("chocolatiere", "theiere", "sucrier", "pot-a-lait", "tasse", "bol", "assiette")
    }
    tiers = (
        (10, "Votre nom au mur", "bol", None, None),
        (25, "La carte aux hirondelles", "tasse", None, None),
        (50, "Le premier regard", "sucrier", 86, 300),
        (500, "Un après-midi en réserve", "theiere", 0, 12),
        (2325, "Parrainer une pièce", None, 12, None),
    )
    url = f"/{lang}/arvieres/hirondelles/"
    return CampaignPage(
        museum=at,
        slug="hirondelles",
        title="Le Service aux Hirondelles",
        lede="Quarante-trois pièces de porcelaine peintes vers 1752, dispersées en 1903. Nous les ramenons chez elles.",
        object_lines=("Porcelaine tendre, décor au bleu", "Manufacture d’Arvières, vers 1752"),
        picture=SWALLOWS,
        url=url,
        give_url=url + "give",
        totals_url="/totals/arvieres/hirondelles.json",
        phase="live",
        model="keep",
        progress=Progress(eur(68412), eur(100000)),
        donors=1043,
        days_left=23,
        timezone=PARIS,
        deadline=dt.datetime(2026, 12, 14, 22, 59, tzinfo=dt.UTC),
        opens_at=moment(1),
        minimum=eur(5),
        amounts=amounts(),
        fallback="Le fonds sert à d’autres porcelaines.",
        relief=relief(),
        calculator=Calculator(
            eur(100),
            eur(34),
            (
                TaxOption("fr-individual", "en France, particulier", 6600, picked=True),
                TaxOption("fr-company", "en France, entreprise", 6000),
                TaxOption("it", "en Italie", 0),
            ),
        ),
        purchase=Purchase(
            eur(100000),
            "Un collectionneur de Lyon",
            "Commandée en 1732 ; dans la même famille jusqu’en 1903",
            "Au-dessus, l’argent paie la vitrine.",
        ),
        plan=(
            PlanPart("Legs Anselme, reçu", eur(20000), "firm"),
            PlanPart("Ville, voté", eur(15000), "conditional"),
            PlanPart("Vous, reçu", eur(33412), "received"),
            PlanPart("Vous, promis", eur(4200), "promised"),
        ),
        plan_total=eur(100000),
        assembly=Assembly(
            43,
            31,
            eur(2325),
            eur(1520),
            (
                (
                    Shelf("chocolatiere", pieces["chocolatiere"], 1, 1),
                    Shelf("theiere", pieces["theiere"], 2, 2),
                    Shelf("sucrier", pieces["sucrier"], 2, 2),
                    Shelf("pot-a-lait", pieces["pot-a-lait"], 2, 0),
                ),
                (Shelf("tasse", pieces["tasse"], 14, 9),),
                (Shelf("bol", pieces["bol"], 10, 7),),
                (Shelf("assiette", pieces["assiette"], 12, 10),),
            ),
            "31 pièces réunies, 12 attendues",
            "Grandeurs exactes.",
        ),
        story=(
            StoryBlock(
                "text",
                Markup(
                    "<p>En 1903, les quarante-trois pièces quittent Arvières.</p>"
                    "<h2>L’enquête</h2><p>Puis plus rien.</p>"
                ),
            ),
            StoryBlock(
                "figure",
                picture=Picture("art/dejeuner-900.webp", 900, 675, "Une tasse sur une nappe"),
                title="La tasse",
                caption="Collection du musée, salle 6.",
            ),
            StoryBlock("quote", "« Nous cherchions à comprendre une tasse. »", by="Hélène Maurienne"),
        ),
        people=People(
            1043,
            812,
            (Town("Arvières", 412), Town("Lyon", 96), Town("Genève", 31, "Suisse")),
            43,
            104,
            eur(40),
        ),
        papers=(
            Paper("Avis de la commission", "advice", dt.date(2026, 6, 2), 84_210, url + "documents/1"),
            Paper("Perizia del servizio", "report", dt.date(2026, 5, 14), 2_400_000, url + "documents/2", "it"),
        ),
        milestones=(
            Milestone(
                eur(50000), "L’option est levée", "Le vendeur attend.", "reached", reached_on=dt.date(2026, 11, 2)
            ),
            Milestone(eur(75000), "Le service prend la route", "Caisses sur mesure.", "current", missing=eur(6588)),
            Milestone(eur(100000), "Il est à nous", "L’acte est signé.", "to_come"),
            Milestone(eur(112000), "Et s’il y a plus", "Une vitrine à toucher.", "surplus"),
        ),
        tiers=tuple(
            TierRow(
                n,
                title,
                "Une ligne de texte qui dit ce que c’est.",
                eur(sum_),
                url + f"give?reward={n}",
                eur(sum_ * 0.34),
                pieces[piece] if piece else None,
                left,
                stock,
            )
            for n, (sum_, title, piece, left, stock) in enumerate(tiers, 1)
        ),
        budget=tuple(
            BudgetLine(label, eur(sum_), note)
            for label, sum_, note in (
                ("Achat", 87500, "prix ferme"),
                ("Restauration", 4600, ""),
                ("Vitrine", 2700, ""),
                ("Transport", 2500, ""),
                ("Frais de paiement", 1900, ""),
                ("Plateforme", 800, "à prix coûtant"),
            )
        ),
        fee_example=FeeExample(eur(50), eur(48.6), eur(1), eur(0.4)),
        wall=Wall(
            1043,
            212,
            831,
            (
                WallName("Marguerite D."),
                WallName("Ottavio Brunetti", lang="it"),
                WallName("Famille Perrin"),
                WallName("<b>Viviane H.</b>", new=True),
            ),
            (WallWords("Les hirondelles reviennent.", "Colette"),),
            more_url=url + "?wall=all#supporters",
        ),
        talk=talk(url),
    )


def give(**values: str) -> GivePage:
    """Fill the giving form."""
    page = campaign()
    return GivePage(
        museum=page.museum,
        campaign_title=page.title,
        campaign_url=page.url,
        action=page.give_url,
        picture=page.picture,
        model="keep",
        minimum=eur(5),
        currency="EUR",
        amounts=amounts(),
        rewards=(
            RewardChoice(1, "Votre nom au mur", "Salle 4 et en ligne.", eur(10), SWALLOWS),
            RewardChoice(3, "Le premier regard", "Une heure, à deux.", eur(50), left=86, picked=True),
            RewardChoice(4, "Le carnet", "Tirage numéroté.", eur(120), left=241, short_by=eur(70)),
            RewardChoice(5, "La réserve", "Six personnes.", eur(500), left=0),
        ),
        countries=tuple(CountryChoice(code, i18n.country_name(code)) for code in ("FR", "IT", "CH", "BE")),
        values=values,
        errors={},
        amount=eur(50),
        fee_cover=eur(1.43),
        net=eur(17),
        relief=relief(),
        reward_title="Le premier regard",
        change_url=page.give_url + "?amount=50&reward=3",
        deadline=dt.date(2026, 12, 14),
        csrf_token="signed",
        attempt="5f0c2c1e-7a51-4a8e-9d0e-0d3f3c0f1a2b",
    )


def gift(**more: Any) -> GiftPage:
    """Show one gift."""
    page = campaign()
    one = GiftPage(
        contact="amis@arvieres.example",
        museum=page.museum,
        campaign_title=page.title,
        campaign_url=page.url,
        picture=SWALLOWS,
        progress=page.progress,
        first_name="Camille",
        amount=eur(50),
        state="paid",
        given_at=moment(22, 13, 2),
        timezone=PARIS,
        charged=eur(50),
        email_shown="c…y@exemple.fr",
        rank=1044,
        reward="Le premier regard",
        receipt_state="issued",
        receipt_number="A-2026-1044",
        receipt_url="/fr/gifts/token/receipt.pdf",
        receipt_check_url="/fr/receipts/code",
        wall_choice="short",
        wall_short="Camille R.",
        change_url="/fr/gifts/token",
        share_url="https://example.org/fr/arvieres/hirondelles/",
        share_code=qr.draw("https://example.org/fr/arvieres/hirondelles/"),
        decision_on=dt.date(2026, 12, 14),
        calendar_url="/fr/gifts/token/end.ics",
        opening="Du mercredi au dimanche, 14 h – 18 h, le jeudi jusqu’à 21 h.",
    )
    return replace(one, **more)


def desk() -> Desk:
    """Frame a staff page."""
    return Desk("arvieres", "Musée d’Arvières", "Hélène Maurienne", "signed", {"gifts": 3, "charges": 1})


def rows() -> tuple[GiftRow, ...]:
    """List gifts in several states."""

    def row(number: str, donor: str, **more: Any) -> GiftRow:
        more = {
            "email": "mail@exemple.fr",
            "method": "card",
            "reward": "",
            "receipt": "issued",
            "state": "received",
            "amount": eur(50),
            "campaign": "Le Service aux Hirondelles",
            **more,
        }
        return GiftRow(number=number, at=moment(22, 13, 2), donor=donor, url=f"/staff/arvieres/gifts/{number}", **more)

    return (
        row("1044", "Camille Rey", reward="Le premier regard"),
        row("1043", "Jeanne et Simone", email="", method="box", receipt="held"),
        row("1042", "SARL Vasseur", method="bank_transfer", receipt="coming", amount=eur(1500)),
        row("1041", "Tomasz Kowal", receipt="cancelled", state="refunded", refunded=eur(50)),
        row("1040", "Thérèse Oudin", receipt="not_wanted", state="disputed", method="cheque"),
    )


def gift_list(**more: Any) -> GiftList:
    """Show the table of gifts."""
    one = GiftList(
        rows(),
        184,
        (eur(11535),),
        PARIS,
        next_url="/staff/arvieres/gifts?after=1040",
        export_url="/staff/arvieres/export",
    )
    return replace(one, **more)


def people_page(**more: Any) -> dict[str, Any]:
    """Show the list of donors."""
    here = "/staff/arvieres/donors"
    row = PersonRow(
        "Camille Rey",
        f"{here}/7",
        "rey@exemple.fr",
        "+33 4 79 00 00 00",
        "Aix",
        "fr",
        3,
        eur(170),
        moment(22),
        ("amis",),
    )
    plain = PersonRow("", f"{here}/8", "", "", "", "it", 0, eur(0), None, ())
    values: dict[str, Any] = {
        "desk": desk(), "place": "donors", "shelf": KeptViews((), ""), "values": {}, "errors": {}, "tags": ["amis"],
        "campaigns": [("hirondelles", "Le Service aux Hirondelles")],
        "found": PeopleList(
            (row, plain, replace(plain, waiting=True)), 5000, more=True,
            asked={"gave": "again"}, timezone=PARIS, next_url=f"{here}?after=7", first_url=here, to_approve=1
        ),
    }  # fmt: skip
    return values | more


def person_page(**more: Any) -> dict[str, Any]:
    """Show one donor."""
    here = "/staff/arvieres/donors/7"
    records = (
        Record(7, "Camille Rey", "rey@exemple.fr", ("8 rue des Tanneurs", "73000 Chambéry"), moment(2)),
        Record(8, "C. Rey", "", (), moment(3), f"{here}/merges/1/undo"),
    )
    agreements = (
        Agreement("news_museum", "Oui aux nouvelles", "fr", "form", moment(2), None),
        Agreement("news_network", "Sì", "it", "form", moment(2), moment(4)),
    )
    happenings = (
        Happening(moment(22), "gift", "Le Service aux Hirondelles", "/staff/arvieres/gifts/1", eur(50)),
        Happening(moment(21), "call", "Viendra jeudi", by="Léa", drop_url=f"{here}/notes/1/drop"),
        Happening(moment(20), "mail_bounced", "Merci"),
        Happening(moment(19), "call_made", "", "/staff/arvieres/gifts/1", by="Léa"),
        Happening(moment(18), "came", "Le premier regard · 2 personnes", "/staff/arvieres/gatherings/1"),
    )
    twin = Suggestion("Camile Rey", "", "73000 Chambéry", "near_name", "/staff/arvieres/donors/9", f"{here}/merge/9")
    person = Person(
        7, "Camille Rey", here, "", "fr", PARIS, records, ((3, eur(170), moment(2)),), ((1, "amis"),), agreements, happenings, (twin,)
    )  # fmt: skip
    lands = [CountryChoice("FR", "France")]
    return {"desk": desk(), "place": "donors", "person": person, "values": {}, "errors": {}, "countries": lands} | more


def gifts_page(**more: Any) -> dict[str, Any]:
    """Show the list of gifts."""
    values: dict[str, Any] = {
        "desk": desk(), "found": gift_list(), "place": "gifts", "shelf": KeptViews((), ""), "values": {}, "errors": {},
        "campaigns": [("hirondelles", "Le Service aux Hirondelles")],
    }  # fmt: skip
    return values | more


def export_page(confirm: str = "") -> dict[str, Any]:
    """Show what a file will hold."""
    here = "/staff/arvieres/gifts"
    offer = ExportOffer(
        f"{here}/export", here, 184, more=False, filtered=True, columns=gift_head(), confirm_url=confirm
    )
    return {"desk": desk(), "place": "gifts", "offer": offer}


def gift_story() -> GiftStory:
    """Tell the story of one gift."""
    return GiftStory(
        rows()[0],
        PARIS,
        (
            StoryEvent(moment(22, 13, 0), "Promise made", "50 €, by card", "Camille Rey", amount=eur(50)),
            StoryEvent(moment(22, 13, 1), "The donor answered", quote="Give it back", said_by="Camille Rey"),
            StoryEvent(moment(22, 13, 1), "The donor was asked", quote="It was sold."),
            StoryEvent(moment(22, 13, 2), "Money received", "", "Stripe", "pi_3Q", "ok", eur(50)),
            StoryEvent(moment(22, 13, 3), "Receipt issued", "A-2026-1044", "", "sha256 4f2a", "ok"),
            StoryEvent(moment(22, 13, 4), "Mail not delivered", "mailbox full", "", "", "warn"),
        ),
        "/fr/arvieres/hirondelles/",
        "fr",
        "Camille R.",
        "Une pensée",
        ("8 rue des Tanneurs", "73000 Chambéry", "France"),
        "pi_3Q",
        "A-2026-1044",
        "/staff/arvieres/receipts/1044.pdf",
        "",
        eur(1),
        eur(49),
    )


def charge_rows() -> tuple[ChargeRow, ...]:
    """Show payments that were set aside."""
    who = ("Camille Rey", "camille@exemple.fr", "Le Service aux Hirondelles")
    url = "/staff/arvieres/charges/"
    return (
        ChargeRow("3", moment(22, 13, 2), *who, "other_amount", "open", eur(40), f"{url}3", eur(50)),
        ChargeRow("2", moment(22, 12, 2), "", "", "", "unknown_attempt", "refunding", eur(25), f"{url}2"),
        ChargeRow("1", moment(21, 9, 2), *who, "paid_twice", "resolved", eur(50), f"{url}1", eur(50)),
    )


def charge_case(**more: Any) -> ChargeCase:
    """Show one payment that was set aside."""
    one = ChargeCase(
        charge_rows()[0],
        PARIS,
        (
            StoryEvent(moment(22, 13, 0), "Promise made", "", "Camille Rey", amount=eur(50)),
            StoryEvent(moment(22, 13, 2), "Payment set aside", "", "Stripe", "ch_3Q", "err", eur(40)),
        ),
        "ch_3QXyZ1LkdIwHu7ix2aBcDeFg",
        "pi_3QXyZ1LkdIwHu7ix2aBcDeFg",
        "acct_1QXyZ1LkdIwHu7ix",
        "acct_1QXyZ1LkdIwHu7ix",
        pledged_at=moment(22, 13, 0),
    )
    return replace(one, **more)


def charge_page(**more: Any) -> dict[str, Any]:
    """Fill the page of one payment that was set aside."""
    decide = {"url": "/staff/arvieres/charges/3", "confirm_url": ""}
    return {"desk": desk(), "place": "charges", "case": charge_case(), "decide": decide, "errors": {}} | more


def books(holds: bool = True) -> Books:
    """Show the books."""
    lines = (BookedLine("clearing", eur(50), None), BookedLine("fund: hirondelles", None, eur(50)))
    return Books(
        (
            AccountBalance("Clearing", "asset", eur(50), eur(0), eur(50)),
            AccountBalance("Fund: Le Service aux Hirondelles", "fund", eur(0), eur(50), eur(50)),
        ),
        (BookedTransaction("gift:1044", "Gift by card", moment(22, 13, 2), lines, "/staff/arvieres/gifts/1044"),),
        (
            Invariant("Every transaction sums to zero", holds=True),
            Invariant(
                "A campaign’s total is its fund’s balance", holds=holds, offenders=() if holds else ("campaign 3",)
            ),
        ),
        moment(22, 14),
        PARIS,
        every_hour=not holds,
    )


Case = tuple[str, "Callable[[], dict[str, Any]]"]


def appeal(**other: Any) -> Appeal:
    """Show a campaign elsewhere."""
    shown: dict[str, Any] = {
        "museum": museums()["arvieres"],
        "slug": "hirondelles",
        "title": "Le Service aux Hirondelles",
        "lede": "Quarante-trois pièces de porcelaine peintes vers 1752.",
        "picture": SWALLOWS,
        "phase": "live",
        "progress": Progress(eur(68412), eur(100000)),
        "donors": 1043,
        "days_left": 23,
        "opens_on": dt.date(2026, 11, 1),
        "ended_on": dt.date(2026, 12, 14),
        "closes_at": dt.datetime(2026, 12, 14, 22, 59, tzinfo=dt.UTC),
        "minimum": eur(5),
        "amounts": amounts(),
        "wall": WallColour(166, 0.058, 0),
        "home": "fr",
        "version": 1,
        "last_name": "Viviane H.",
    }
    return Appeal(**shown | other)


def _alone(**other: Any) -> Callable[[], dict[str, Any]]:
    code = qr.draw("https://cimaise.example/fr/arvieres/hirondelles/?c=screen")
    return lambda: {"appeal": appeal(**other), "way": "screen", "code": code, "here": "/kiosk/arvieres/hirondelles"}


def _headed(*, draft: bool = False) -> Headed:
    here = "/staff/arvieres/campaigns/hirondelles"
    return Headed("Le Service aux Hirondelles", "/fr/arvieres/hirondelles/", f"{here}/posters", f"{here}/ways", f"{here}/ambassadors",
                  "/screen/arvieres/hirondelles", "/kiosk/arvieres/hirondelles", draft)  # fmt: skip


def _posters(**more: Any) -> Callable[[], dict[str, Any]]:
    rows = (
        PlaceRow(1, "Hall", "hall", "cimaise.example/c/t6k4x", takes_cash=True, openings=1204),
        PlaceRow(2, "Arrêt Préfecture", "arret-prefecture", "cimaise.example/c/t9rmq", takes_cash=False, openings=86),
    )
    codes = tuple(
        ForSites(lang, '<iframe src="https://cimaise.example/embed/x"></iframe>', "<a></a>") for lang in i18n.LOCALES
    )
    shown = {"headed": _headed(), "places": rows, "codes": codes, "values": {}, "errors": {}, "place": "posters"}
    return lambda: {"desk": desk(), **shown, **more}


REACH_CASES: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "embed": ("reach/embed.html", _alone()),
    "donor-card": (
        "reach/donor_card.html",
        lambda: {
            "words": CardWords("Camille R. a adopté : Une côte, n° 12", "À la mémoire de Jean", "", "Le Service"),
            "appeal": appeal(),
            "pictures": {"wide": "/share/gifts/x.wide.fr.png", "square": "/share/gifts/x.square.fr.png"},
            "sizes": SHAPES,
            "token": "x",
        },
    ),
    "embed-acquired": (
        "reach/embed.html",
        _alone(phase="succeeded", progress=Progress(eur(101000), eur(100000)), days_left=None),
    ),
    "screen": ("reach/screen.html", _alone()),
    "screen-first": ("reach/screen.html", _alone(donors=0, last_name="", progress=Progress(eur(0), eur(100000)))),
    "screen-withdrawn": ("reach/screen.html", _alone(phase="withdrawn", days_left=None)),
    "kiosk": ("reach/kiosk.html", _alone()),
    "kiosk-no-gift": ("reach/kiosk.html", _alone(takes_gifts=False)),
    "kiosk-scheduled": ("reach/kiosk.html", _alone(phase="scheduled", days_left=None, progress=Progress(eur(0), None))),
    "staff-posters": ("staff/reach/posters.html", _posters()),
    "staff-posters-none": (
        "staff/reach/posters.html",
        _posters(places=(), errors={"name": "There is a poster for this place already"}),
    ),
    "staff-posters-draft": ("staff/reach/posters.html", _posters(places=(), codes=(), headed=_headed(draft=True))),
    "staff-ways": (
        "staff/reach/ways.html",
        lambda: {
            "desk": desk(),
            "place": "posters",
            "headed": _headed(),
            "ways": (
                WayRow("Hall", 1204, 340, 301, 295, eur(14020)),
                WayRow("Hall screen", None, 12, 9, 9, eur(410)),
                WayRow("Arrêt Préfecture", 86, 0, 0, 0, eur(0)),
            ),
            "reckoned_at": moment(22, 14),
            "timezone": PARIS,
        },
    ),
    "staff-ways-none": (
        "staff/reach/ways.html",
        lambda: {"desk": desk(), "place": "posters", "headed": _headed(), "ways": (), "reckoned_at": None},
    ),
    "staff-reach": (
        "staff/reach/campaigns.html",
        lambda: {"desk": desk(), "place": "posters", "campaigns": [(_headed(), "live"), (_headed(), "succeeded")]},
    ),
    "staff-reach-none": ("staff/reach/campaigns.html", lambda: {"desk": desk(), "place": "posters", "campaigns": []}),
}


def _today(**more: Any) -> dict[str, Any]:
    """Show the first page of the desk."""
    line = CampaignLine(
        "hirondelles", "Le Service aux Hirondelles", "/staff/arvieres/?campaign=hirondelles", "/fr/arvieres/hirondelles/",
        Progress(eur(68412), eur(100000)), "Nous sommes en avance de trois jours.", 1043, promised=eur(1200), days_left=23,
    )  # fmt: skip
    sums = [(n / 67, round(6841200 * usual_shape(67).come_by(n / 67) / 0.66)) for n in range(44)] + [(0.66, 6841200)]
    bands = forecast(6841200, 1043, spread=1.9, time=0.66, days=67)
    days = (dt.date(2026, 10, 8), dt.date(2026, 12, 14))
    values: dict[str, Any] = {
        "finding": line.finding,
        "timezone": PARIS,
        "now": moment(22, 13, 3),
        "lines": (line, replace(line, slug="cloches", title="Dix cloches", url="/staff/arvieres/?campaign=cloches")),
        "chosen": line,
        "figures": DayFigures(eur(1240), 31, 24, eur(40), eur(65.59), 1000, eur(1373)),
        "pace": Pace(
            "4 200 € au-dessus du rythme visé.",
            "4 200 € au-dessus du rythme visé. Prévision : entre 94 000 € et 118 000 €.",
            draw(Plot(sums, eur(100000), "EUR", usual_shape(67), bands, *days)),
            (PaceRow(dt.date(2026, 10, 15), eur(17432), eur(15516)), PaceRow(dt.date(2026, 11, 22), eur(68412), None)),
            (eur(94000), eur(101000), eur(118000)),
        ),
        "todo": (
            Card("3 paiements mis de côté", "Le plus ancien a neuf jours", "/staff/arvieres/charges", late=True),
            Card("2 questions sans réponse", "Promis sous deux jours ouvrés", "/staff/arvieres/questions"),
        ),
        "latest": rows(),
    }
    return {"desk": desk(), "place": "today", "today": Today(**(values | more))}


TODAY_CASES: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "staff-today": ("staff/today.html", _today),
    "staff-today-scheduled": ("staff/today.html", lambda: _today(pace=None, todo=(), latest=())),
    "staff-today-none": (
        "staff/today.html",
        lambda: _today(lines=(), chosen=None, figures=None, pace=None, todo=(), latest=()),
    ),
    "staff-mails": (
        "staff/mails.html",
        lambda: {
            "desk": desk(),
            "place": "mails",
            "timezone": PARIS,
            "mails": (
                LostMail(
                    moment(22),
                    "camille@exemple.fr",
                    "Merci",
                    "bounced",
                    "550 no such mailbox",
                    "/staff/arvieres/gifts/1",
                ),
                LostMail(moment(21), "", "Merci", "failed", "", ""),
            ),
        },
    ),
    "staff-mails-none": (
        "staff/mails.html",
        lambda: {"desk": desk(), "place": "mails", "timezone": PARIS, "mails": ()},
    ),
}


def _campaign(**more: Any) -> Callable[[], dict[str, Any]]:
    return lambda: {"page": replace(campaign(), **more)}


def _gift(**more: Any) -> Callable[[], dict[str, Any]]:
    return lambda: {"gift": gift(**more), "errors": {}, "values": {}, "csrf_token": "signed", "kept": bool(more)}


def _give(errors: dict[str, str] | None = None, **values: str) -> Callable[[], dict[str, Any]]:
    return lambda: {"page": replace(give(**values), errors=errors or {}), "errors": errors or {}}


WRONG = {"email": "Le courriel n’est pas complet : il manque la fin", "postcode": "Indiquez votre code postal"}
CHECK = ReceiptCheck(
    "valid",
    "Ville d’Arvières",
    "A-2026-1044",
    2026,
    eur(50),
    dt.date(2026, 11, 22),
    dt.date(2026, 11, 22),
    sha256="4f2a" * 16,
)


LINK = "https://example.org/fr/arvieres/hirondelles/together/bcdfghjk"
OFFER = Offer(
    institution_id=1,
    campaign_id=1,
    museum=MuseumLabel("arvieres", "Musée d’Arvières", "Arvières", "/fr/arvieres/"),
    title="Le Service aux Hirondelles",
    slug="hirondelles",
    picture=Picture("art/hirondelles.svg", 1600, 1000, alt=""),
    state="live",
    model="keep",
    opens_at=moment(1, 9, 0),
    closes_at=moment(1, 9, 0) + dt.timedelta(days=60),
    time_zone="Europe/Paris",
    minimum=eur(5),
    suggested=(eur(20), eur(50)),
    regime="fr_200",
    jurisdiction="FR",
    issuer_kind="collectivite",
    country="FR",
    fallback="",
    methods=("card",),
    threshold=None,
    rewards=(),
)


CARD = ShareCard(
    "/fr/gifts/x/share",
    "https://example.org/fr/cards/x",
    "/share/gifts/x.wide.fr.png",
    "/share/gifts/x.square.fr.png",
    shows_amount=True,
)


def _pieces() -> dict[str, Any]:
    """Show a work whose pieces are adopted: free, adopted by name and without, shared."""
    give = campaign().give_url
    ribs = (
        PieceRow("Une côte, n° 1", 1, 1, (Adopter("Camille R.", "Jean"),)),
        PieceRow("Une côte, n° 2", 1, 1),
        PieceRow("Une côte, n° 3", 1, 0, url=f"{give}?piece=3"),
    )
    strips = (
        PieceRow("Un lé, n° 1", 25, 25, (Adopter("La 4e B"),)),
        PieceRow("Un lé, n° 2", 25, 3, (Adopter("نور ا."),), url=f"{give}?piece=4"),
    )
    kinds = (PieceKind("Une côte", eur(50), ribs), PieceKind("Un lé", eur(100), strips))
    page = campaign()
    assert page.assembly is not None
    return {"page": replace(page, assembly=replace(page.assembly, total=5, here=3, missing=None, kinds=kinds))}


AHEAD = (RewardAhead(7, "La visite", "À deux.", eur(80), eur(30)), RewardAhead(8, "La soirée", "", eur(500), eur(450)))


def _more(errors: dict[str, str] | None = None, **given: Any) -> Callable[[], dict[str, Any]]:
    """Add to a gift."""
    page = {
        "gift_url": "/fr/gifts/x",
        "errors": errors or {},
        "given": eur(50),
        "ahead": (),
        "picked": None,
        "held": "Le premier regard",
    }
    return lambda: page | {"page": give()} | given


def _beside(errors: dict[str, str] | None = None, **more: Any) -> Callable[[], dict[str, Any]]:
    """Fill the pages beside giving: remind me, give together."""
    days = {"first": dt.date(2026, 11, 25), "last": dt.date(2026, 12, 14), "noted": None}
    return lambda: {"page": OFFER, "values": {}, "errors": errors or {}, "csrf_token": "signed", **days, **more}


def _about(page: str) -> dict[str, Any]:
    return {
        "page": page,
        "pages": about.PAGES,
        "operator": DEMO_OPERATOR,
        "museums": [about.Member("arvieres", "Musée d’Arvières", "Ville d’Arvières")],
        "example": fee_example(eur(50)),
    }


def _closed(phase: str) -> dict[str, Any]:
    return {"page": give(), "phase": phase, "opens_on": dt.date(2026, 12, 2)}


def _checked(state: Any) -> dict[str, Any]:
    receipt = replace(CHECK, state=state, replaced_by="A-2026-1050" if state == "replaced" else "")
    return {"receipt": receipt, "code": "abc", "errors": {}, "searched": True}


def _mail(kind: str, **more: Any) -> dict[str, Any]:
    return {"mail": mail(kind, **more)}


def _account(**more: Any) -> dict[str, Any]:
    person = SignedIn(
        1,
        "h@arvieres.example",
        "Hélène Maurienne",
        "fr",
        "hash",
        "full",
        has_second_factor=True,
        created_at=moment(22),
        authenticated_at=moment(22),
        pause=dt.timedelta(0),
    )
    return {"person": person, "errors": {}, "values": {}, "csrf_token": "signed", "next_url": "/staff/", **more}


def _sessions() -> list[OpenSession]:
    return [OpenSession(f"h{n}", moment(20), moment(22), "192.0.2.0/24", "Firefox", current=n == 0) for n in range(2)]


ACCOUNT_CASES: dict[str, Case] = {
    "account-confirm": ("accounts/confirm.html", partial(_account, email="h@arvieres.example", asked=None)),
    "account-confirm-passkey": ("accounts/confirm.html", partial(_account, email="h@arvieres.example", asked=ASKED)),
    "account-passkey": ("accounts/passkey_new.html", partial(_account, asked=ASKED, has_second_factor=False)),
    "account-invitation": ("accounts/invitation.html", partial(_account, email="h@arvieres.example")),
    "account-codes": ("accounts/recovery_codes.html", partial(_account, codes=("aaaa-bbbb", "cccc-dddd"))),
    "account-setup": (
        "accounts/second_factor_setup.html",
        partial(
            _account,
            secret="JBSWY3DPEHPK3PXP",
            passkeys_possible=True,
            setup="signed",
            qr="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E",
        ),
    ),
    "account-security": (
        "accounts/security.html",
        lambda: _account(sessions=_sessions(), codes_left=8, has_codes=True, keys=KEYS, passkeys_possible=True),
    ),
    "staff-museums": (
        "staff/museums.html",
        lambda: _account(memberships=[Membership(1, "arvieres", "Musée d’Arvières", PARIS, "fr", "director")]),
    ),
    "staff-museums-none": ("staff/museums.html", partial(_account, memberships=[])),
}


def _me(**more: Any) -> dict[str, Any]:
    """Fill a donor's own page with gifts of every standing."""
    at = works()
    said = Proof("Le journal des œuvres que j’ai aidées, par Musée d’Arvières", "fr", "sur cette page", moment(3))
    once = replace(said, withdrawn_at=moment(9), given_at=moment(1))

    def gift(place: int, standing: Any, receipt: ReceiptLine, **rest: Any) -> GiftLine:
        rest = {"wall": WallLine("Camille R.", "", "/x"), "url": "/x", "kept": eur(50), **rest}
        return GiftLine(at[place], dt.date(2026, 11, 3), standing, eur(50), receipt=receipt, **rest)

    gifts = (
        gift(0, "paid", ReceiptLine("issued", "ARV-2026-000012", "/x"), cost=eur(17), reward="Le premier regard"),
        gift(1, "promised", ReceiptLine(), wall=WallLine("", "", "/x"), kept=eur(0)),
        gift(
            1, "announced", ReceiptLine(), kept=eur(0), way=preview_desk.how_to_pay("bank_transfer").way, slip_url="/x"
        ),
        gift(
            4,
            "partly_refunded",
            ReceiptLine("coming"),
            wall=WallLine("CM2 <b>", "Lucienne"),
            kept=eur(20),
            dedication=DedicationLine("Lucienne", memory=True, url="/x"),
        ),
        gift(5, "disputed", ReceiptLine("suspended", "X-1", reason="Votre banque a rappelé ce paiement.")),
        gift(6, "refunded", ReceiptLine("cancelled", "X-2", reason="Votre don vous a été rendu."), wall=None, url=""),
        gift(
            3,
            "paid",
            ReceiptLine("held", reason="Il manque votre adresse."),
            choice_url="/x",
            choose_by=dt.date(2026, 12, 11),
        ),
    )
    choices = (
        Choice("arvieres", "Le journal, par Musée d’Arvières", given=True, timezone=PARIS, proofs=(said, once)),
        Choice("network", "Des nouvelles d’autres œuvres", given=False, timezone=PARIS),
    )
    page = MePage(
        person="Camille Rey",
        email="camille.rey@exemple.fr",
        gifts=gifts,
        given=(eur(170), Money(5000, "CHF")),
        cost=(eur(137), Money(5000, "CHF")),
        since=2024,
        choices=choices,
        csrf_token="signed",
        invited=preview_choice.invited(),
        evenings=preview_choice.evenings(),
    )
    return {"page": page, "saved": True, "link": "used", **more}


def _me_asks(**more: Any) -> dict[str, Any]:
    return {"values": {}, "errors": {}, "csrf_token": "signed", **more}


def _me_wall(**more: Any) -> dict[str, Any]:
    page = WallPage(
        works()[0],
        "Camille R.",
        {"wall": "short", "town": "Arvières"},
        "/x",
        "signed",
        "memory",
        "Lucienne",
        PlaqueNotice(dt.date(2026, 12, 1), fixed=False),
        "/x",
    )
    return {"page": page, "values": page.values, "errors": {}, **more}


def _me_dedication(told: Any = "waits", closed: Any = "", errors: Any = None, refused: str = "") -> dict[str, Any]:
    values = {"dedication_kind": "memory", "dedication_name": "Lucienne", "dedication_email": "jean@exemple.fr"}
    page = DedicationPage(works()[0], values, "/x", "signed", "accueil@exemple.fr", told, dt.date(2026, 11, 3), closed)
    return {"page": page, "values": values, "errors": errors or {}, "refused": refused}


def _me_erase(**more: Any) -> dict[str, Any]:
    page = ErasePage("camille.rey@exemple.fr", ("Musée d’Arvières", "Palazzo Ricaldone"), 3, 2, 1, "signed")
    return {"page": page, "errors": {}, **more}


def _me_link() -> dict[str, Any]:
    return {"url": "https://example.org/fr/me/link/0-x", "until": moment(23, 13, 2), "timezone": PARIS}


ME_CASES: dict[str, Case] = {
    "me": ("me/show.html", _me),
    "me-nothing": ("me/show.html", lambda: _me(page=MePage("", "a@b.example", (), (), (), None, (), "signed"))),
    "me-ask": ("me/ask.html", _me_asks),
    "me-ask-wrong": ("me/ask.html", partial(_me_asks, values={"email": "a@b"}, errors={"email": "Il manque la fin"})),
    "me-no-longer": ("me/no_longer.html", partial(_me_asks, why="unknown", visiting=True)),
    "me-used": ("me/no_longer.html", partial(_me_asks, why="used", visiting=False)),
    "me-old": ("me/no_longer.html", partial(_me_asks, why="old", visiting=False)),
    "me-link": ("me/link.html", _me_asks),
    "me-sent": ("me/sent.html", dict),
    "me-wall": ("me/wall.html", _me_wall),
    "me-wall-wrong": ("me/wall.html", partial(_me_wall, errors={"wall_name": "Indiquez le nom", "town": "Trop long"})),
    "me-dedication": ("me/dedication.html", _me_dedication),
    "me-dedication-left": (
        "me/dedication.html",
        partial(_me_dedication, "left", refused="Le message est parti entre-temps"),
    ),
    "me-dedication-back": (
        "me/dedication.html",
        partial(_me_dedication, "came_back", errors={"dedication_name": "Le nom"}),
    ),
    "me-dedication-made": ("me/dedication.html", partial(_me_dedication, "none", "made", refused="Trop tard")),
    "me-dedication-refunded": ("me/dedication.html", partial(_me_dedication, "none", "given_back")),
    "me-erase": ("me/erase.html", _me_erase),
    "me-erase-wrong": ("me/erase.html", partial(_me_erase, errors={"understood": "Cochez la case"})),
    "me-erased": ("me/erased.html", dict),
    "mail-me_link": ("mail/me_link.html", _me_link),
    "mail-me_erased": ("mail/me_erased.html", dict),
    "text-me_link": ("mail/me_link.txt", _me_link),
    "text-me_erased": ("mail/me_erased.txt", dict),
}

CASES: dict[str, Case] = {
    **ACCOUNT_CASES,
    **ME_CASES,
    **REACH_CASES,
    **TODAY_CASES,
    "home": (
        "pages/home.html",
        lambda: {
            "home": Home(
                tuple(works()[:4]),
                tuple(works()[:4]),
                tuple(
                    MuseumPlace(one, lat, lon, 2)
                    for one, (lat, lon) in zip(
                        museums().values(), ((45565, 5918), (45070, 7687), (46037, 4069), (46902, 6583)), strict=True
                    )
                ),
                21460,
                (eur(1284310), Money(5707500, "CHF")),
                31,
                2024,
                eur(1),
                eur(5),
                FeeExample(eur(50), eur(48.6), eur(1), eur(0.4)),
                works()[4],
                "427 mécènes, onze semaines, 1 204 planches.",
                4,
                tuple(works()[4:6]),
            )
        },
    ),
    "home-empty": ("pages/home.html", lambda: {"home": Home((), (), (), 0, (), 0, 2026)}),
    "discover": (
        "pages/discover.html",
        lambda: {
            "found": Discovery(
                tuple(works()),
                8,
                tuple(museums().values()),
                near="73000",
                place="Chambéry",
                sort="near",
                next_url="/fr/campaigns?page=2",
            )
        },
    ),
    "discover-none": ("pages/discover.html", lambda: {"found": Discovery((), 0, (), query="zzz")}),
    "museum": (
        "pages/museum.html",
        lambda: {
            "page": MuseumPage(
                museums()["arvieres"],
                "Un palais, une cuisine, et des hirondelles.",
                tuple(works()[:1]),
                (works()[7],),
                (works()[4],),
                1,
                427,
                (eur(18000),),
                "https://example.org/",
                "Ville d’Arvières",
                rewards_kept=96,
                facade="art/facade-aubigneux.svg",
            )
        },
    ),
    "campaign": ("pages/campaign.html", _campaign()),
    "campaign-map": ("pages/campaign.html", lambda: {"page": _with_map(campaign())}),
    "campaign-pieces": ("pages/campaign.html", _pieces),
    "gift-card": (
        "gifts/show.html",
        _gift(share_card=CARD, ahead=NextReward("La visite", eur(30), "/fr/gifts/x/more?reward=7")),
    ),
    "gift-choice": ("gifts/show.html", _gift(choice_url="/fr/choices/t")),
    "gift-plaque": ("gifts/show.html", _gift(plaque=PlaqueNotice(dt.date(2026, 12, 1), fixed=True))),
    "gift-no-card": ("gifts/show.html", _gift(share_card=ShareCard("/fr/gifts/x/share"))),
    "campaign-bare": (
        "pages/campaign.html",
        _campaign(
            plan=(),
            assembly=None,
            story=(),
            milestones=(),
            tiers=(),
            budget=(),
            wall=None,
            talk=replace(talk(), news=(), questions=(), answer_hours=None),
            calculator=None,
            relief=None,
            fee_example=None,
            picture=ASTROLABE,
            model="all_or_nothing",
            amounts=tuple(AmountChoice(eur(n)) for n in (20, 50, 100, 200)),
        ),
    ),
    "campaign-exceeded": (
        "pages/campaign.html",
        _campaign(
            progress=Progress(eur(101370), eur(100000)),
            days_left=0,
            picture=PAINTING,
            model="threshold",
            threshold=eur(75000),
        ),
    ),
    "campaign-scheduled": (
        "pages/campaign.html",
        _campaign(phase="scheduled", progress=Progress(eur(0), eur(100000)), wall=None),
    ),
    "campaign-succeeded": (
        "pages/campaign.html",
        lambda: {
            "page": replace(
                campaign(),
                phase="succeeded",
                progress=Progress(eur(101370), eur(100000)),
                ended_on=dt.date(2026, 12, 14),
                days_left=None,
                others=tuple(works()[1:3]),
                timeline=(
                    TimelineEvent("Payée", "Le vendeur a été payé.", dt.date(2026, 12, 20), done=True),
                    TimelineEvent("Exposée", "Salle 4.", None, done=False),
                ),
            )
        },
    ),
    "campaign-failed": (
        "pages/campaign.html",
        lambda: {
            "page": replace(
                campaign(),
                phase="failed",
                outcome="L’œuvre a été vendue ailleurs.",
                became=preview_choice.became(keep=True),
                days_left=None,
                others=tuple(works()[1:3]),
            )
        },
    ),
    "campaign-withdrawn": (
        "pages/campaign.html",
        lambda: {
            "page": replace(
                campaign(),
                phase="withdrawn",
                days_left=None,
                others=tuple(works()[1:2]),
                joint=True,
                became=preview_choice.became(),
            )
        },
    ),
    "campaign-withdrawn-asked": (
        "pages/campaign.html",
        lambda: {
            "page": replace(campaign(), phase="withdrawn", days_left=None, became=preview_choice.became(until=True))
        },
    ),
    "campaign-withdrawn-few": (
        "pages/campaign.html",
        lambda: {
            "page": replace(campaign(), phase="withdrawn", days_left=None, became=preview_choice.became(few=True))
        },
    ),
    "give-1": ("give/step1.html", _give()),
    "give-1-wrong": ("give/step1.html", _give({"amount": "Donnez au moins 5 €"}, other_amount="-5")),
    "give-2": ("give/step2.html", _give()),
    "give-2-wrong": (
        "give/step2.html",
        _give(
            WRONG,
            first_name="Camille",
            last_name="Rey",
            email="camille.rey@exemple",
            wants_receipt="1",
            wall="short",
            cover_fees="1",
        ),
    ),
    "give-2-whole": ("give/step2.html", _give({"": "La dernière contrepartie vient d’être prise."})),
    **{
        f"give-closed-{phase}": (
            "give/closed.html",
            partial(_closed, phase),
        )
        for phase in ("scheduled", "succeeded", "failed", "withdrawn")
    },
    "give-more": ("give/more.html", _more()),
    "give-more-ahead": ("give/more.html", _more(ahead=AHEAD, picked=7)),
    "give-more-wrong": ("give/more.html", _more({"amount": "Donnez au moins 5 €"})),
    "give-more-lacking": ("give/more.html", _more({"reward": "Il manque 30 €"}, ahead=AHEAD)),
    "give-remind": ("give/remind.html", _beside()),
    "give-remind-wrong": ("give/remind.html", _beside({"email": "Indiquez l’adresse"})),
    "give-remind-noted": ("give/remind.html", _beside(noted=dt.date(2026, 11, 30))),
    "give-remind-late": ("give/remind.html", _beside(first=dt.date(2026, 12, 15))),
    "give-together": ("give/together.html", _beside()),
    "give-together-wrong": ("give/together.html", _beside({"name": "Indiquez le nom du groupe"})),
    "give-group": ("give/group.html", _beside(group=Group(name="La 4e B", code="bcdfghjk"), people=12, link=LINK)),
    "give-group-new": ("give/group.html", _beside(group=Group(name="La 4e B", code="bcdfghjk"), people=0, link=LINK)),
    **{f"about-{page}": (f"about/{page}.html", partial(_about, page)) for page in about.PAGES},
    "give-paused": ("give/paused.html", lambda: {"page": give(amount="50", first_name="Camille")}),
    **{
        f"gift-{state}": (
            "gifts/show.html",
            _gift(
                state=state,
                retry_url="/fr/retry" if state in {"failed", "expired"} else "",
                refunded=eur(20) if "refunded" in state else None,
                refunded_on=dt.date(2026, 11, 30) if "refunded" in state else None,
                how_to_pay=preview_desk.how_to_pay("bank_transfer", "CHF") if state == "announced" else None,
            ),
        )
        for state in (
            "processing",
            "held",
            "paid",
            "failed",
            "expired",
            "refunded",
            "partly_refunded",
            "disputed",
            "cancelled",
            "announced",
        )
    },
    **{
        f"receipt-{state}": (
            "gifts/show.html",
            _gift(receipt_state=state, receipt_url="", receipt_reason="Votre adresse manque."),
        )
        for state in ("not_wanted", "coming", "held", "replaced", "cancelled", "none")
    },
    "gift-announced-cheque": (
        "gifts/show.html",
        _gift(state="announced", how_to_pay=preview_desk.how_to_pay("cheque"), change_mind_url="/x"),
    ),
    "gift-called-off": (
        "gifts/show.html",
        _gift(state="cancelled", how_to_pay=preview_desk.how_to_pay("bank_transfer"), again_url="/x"),
    ),
    "give-again": (
        "give/step1.html",
        lambda: {"page": replace(give(amount="50", first_name="Camille"), kept=("first_name",))},
    ),
    "gift-wrong": (
        "gifts/show.html",
        lambda: {
            "gift": gift(),
            "errors": {"wall_name": "Écrivez un nom"},
            "values": {"wall": "other"},
            "csrf_token": "signed",
            "kept": False,
        },
    ),
    "check": ("receipts/check.html", lambda: {"receipt": None, "code": "", "errors": {}, "searched": False}),
    "check-none": ("receipts/check.html", lambda: {"receipt": None, "code": "abc", "errors": {}, "searched": True}),
    **{
        f"check-{state}": (
            "receipts/check.html",
            partial(_checked, state),
        )
        for state in ("valid", "suspended", "replaced", "cancelled")
    },
    "receipt-file-coming": ("receipts/coming.html", dict),
    "sign-in": (
        "accounts/sign_in.html",
        lambda: {"values": {}, "errors": {}, "csrf_token": "signed", "next_url": "/staff/", "demo": ()},
    ),
    "sign-in-wrong": (
        "accounts/sign_in.html",
        lambda: {
            "values": {"email": "a@b.c"},
            "errors": {"": "Ces réponses ne vont pas ensemble."},
            "csrf_token": "signed",
            "next_url": "",
            "demo": (("desk@arvieres.example", "mot-de-passe", "123456"),),
        },
    ),
    "second-factor": (
        "accounts/second_factor.html",
        lambda: second_step(errors={"code": "Le code a expiré."}),
    ),
    "staff-gifts": ("staff/gifts.html", gifts_page),
    "staff-gifts-view": (
        "staff/gifts.html",
        lambda: gifts_page(
            found=gift_list(more=True, total=10000, filtered=True, asked={"campaign": "hirondelles"}),
            shelf=KeptViews(
                (("Chèques", "/staff/arvieres/gifts?method=cheque", 4, True),), "/staff/arvieres/gifts?method=cheque"
            ),
        ),
    ),
    "staff-gifts-unkept": (
        "staff/gifts.html",
        lambda: gifts_page(
            shelf=KeptViews((), "/staff/arvieres/gifts?method=cheque"), errors={"name": "Donnez un nom à la vue."}
        ),
    ),
    "staff-people": ("staff/people.html", people_page),
    "staff-people-none": (
        "staff/people.html",
        lambda: people_page(found=PeopleList((), 0, more=False, asked={}, timezone=PARIS, next_url="", first_url="")),
    ),
    "staff-person": ("staff/person.html", person_page),
    "staff-person-wrong": (
        "staff/person.html",
        lambda: person_page(errors={"note": "Notez-le.", "phone": "En chiffres."}),
    ),
    "staff-export": ("staff/export.html", export_page),
    "staff-export-confirm": ("staff/export.html", lambda: export_page("/account/confirm?next=x")),
    "staff-gifts-none": (
        "staff/gifts.html",
        lambda: gifts_page(found=gift_list(rows=(), total=0, sums=(), query="zz", filtered=True, next_url="")),
    ),
    "staff-gift": ("staff/gift.html", lambda: {"desk": desk(), "story": gift_story(), "place": "gifts"}),
    "staff-charges": (
        "staff/charges.html",
        lambda: {"desk": desk(), "found": ChargeList(charge_rows(), 1, PARIS), "place": "charges"},
    ),
    "staff-charges-none": (
        "staff/charges.html",
        lambda: {"desk": desk(), "found": ChargeList((), 0, PARIS), "place": "charges"},
    ),
    "staff-charge": ("staff/charge.html", charge_page),
    "staff-charge-wrong": (
        "staff/charge.html",
        lambda: charge_page(
            case=charge_case(
                row=charge_rows()[1], objection="Aucune promesse de ce musée ne correspond à ce paiement."
            ),
            errors={"": "Une décision a déjà été prise pour ce paiement."},
        ),
    ),
    "staff-books": ("staff/books.html", lambda: {"desk": desk(), "books": books(), "place": "books"}),
    "staff-books-wrong": ("staff/books.html", lambda: {"desk": desk(), "books": books(holds=False), "place": "books"}),
    **{
        f"error-{status}": (f"errors/{status}.html", lambda: {"request_id": "01HZX", "message": ""})
        for status in sorted(path.stem for path in (ROOT / "templates" / "errors").glob("[0-9]*.html"))
    },
    "error-said": ("errors/409.html", lambda: {"request_id": "01HZX", "message": "La collecte est close."}),
    "error-plain": ("errors/plain.html", lambda: {"request_id": "01HZX"}),
}

MAIL_KINDS = (
    "thanks",
    "receipt",
    "receipt_cancelled",
    "receipt_replaced",
    "refunded",
    "two_gifts",
    "reward_unavailable",
    "not_finished",
    "dedication",
    "reminder",
    "group",
    "choice",
    "choice_done",
)


def mail(kind: str, **more: Any) -> GiftMail:
    """Fill a mail with everything it can say."""
    one = GiftMail(
        kind=kind,
        museum_name="Musée d’Arvières",
        museum_address="palais d’Arvières, 73000 Arvières",
        campaign_title="Le Service aux Hirondelles",
        campaign_url="https://example.org/fr/arvieres/hirondelles/",
        gift_url="https://example.org/fr/gifts/token",
        first_name="Camille",
        amount=eur(50),
        given_at=moment(22, 13, 2),
        timezone=PARIS,
        signed_by="Hélène Maurienne",
        signed_as="conservatrice",
        picture_url="/static/art/mail-hirondelles.jpg",
        picture_alt="Porcelaine blanche peinte d’hirondelles bleues",
        rank=1044,
        missing=eur(1470),
        relief_percent=66,
        relief=eur(33),
        net=eur(17),
        reward="Le premier regard",
        receipt="attached",
        receipt_number="A-2026-1044",
        receipt_kilobytes=84,
        old_number="A-2026-1001",
        receipt_reason="L’adresse a été corrigée.",
        refunded=eur(50),
        other_amount=eur(50),
        retry_url="https://example.org/r",
        keep_url="https://example.org/k",
        change_url="https://example.org/c",
        refund_url="https://example.org/f",
        giver="Camille Rey",
        dedication="honour",
        dedicated_to="Jean Morel",
        answer_by=dt.date(2026, 12, 2),
        otherwise="refund",
        withdrawn=True,
        moved_to="Un mammouth",
        moved_url="https://example.org/m",
        own_words="Vous étiez là dès le premier jour.\n\nLa tasse vous attend.",
    )
    return replace(one, **more)


CASES.update({f"mail-{kind}": (f"mail/{kind}.html", partial(_mail, kind)) for kind in MAIL_KINDS})
CASES.update({f"text-{kind}": (f"mail/{kind}.txt", partial(_mail, kind)) for kind in MAIL_KINDS})
CASES.update(preview_editor.CASES)
CASES.update(
    {
        f"mail-thanks-{receipt}": (
            "mail/thanks.html",
            partial(_mail, "thanks", receipt=receipt, first_name="", relief=None, reward="", picture_url=""),
        )
        for receipt in ("coming", "held", "none", "not_wanted")
    }
)
TALK_MAILS = ("follow_confirm", "answered", "opened", "news")
CASES.update({f"mail-{kind}": (f"mail/{kind}.html", partial(talk_mail, kind)) for kind in TALK_MAILS})
CASES.update({f"text-{kind}": (f"mail/{kind}.txt", partial(talk_mail, kind)) for kind in TALK_MAILS})
CASES["mail-news-plain"] = (
    "mail/news.html",
    partial(talk_mail, "news", lang="", signed_by="", picture_url="http://h/p.jpg"),
)
CASES["mail-follow-next"] = (
    "mail/follow_confirm.html",
    partial(talk_mail, "follow_confirm", next_time=True, stop_url=""),
)
TALK_STEPS = ("ask", "ask_sent", "follow", "follow_sent", "confirm", "following", "stop", "stopped")
CASES.update({f"talk-{step.replace('_', '-')}": ("talk/page.html", partial(talk_page, step)) for step in TALK_STEPS})
CASES["talk-ask-errors"] = (
    "talk/page.html",
    partial(
        talk_page,
        "ask",
        values={"email": "x"},
        errors={"question": "Écrivez votre question", "email": "Pas une adresse"},
    ),
)
CASES["talk-follow-next"] = (
    "talk/page.html",
    partial(talk_page, "follow", next_time=True, errors={"email": "Écrivez"}),
)
CASES["talk-confirm-next"] = ("talk/page.html", partial(talk_page, "confirm", next_time=True))
CASES["news"] = (
    "pages/news.html",
    lambda: {
        "page": NewsPage(
            "arvieres",
            "Musée d’Arvières",
            "Le Service aux Hirondelles",
            "/fr/a/b/",
            talk().news[1],
            ("Un.", "Deux."),
            (CorrectionNote("Deux tasses, non trois.", dt.date(2026, 11, 5), "it"),),
        )
    },
)
CASES["staff-questions"] = ("staff/questions.html", partial(talk_desk, "questions"))
CASES["staff-questions-empty"] = (
    "staff/questions.html",
    partial(talk_desk, "questions", rows=[], beginnings=[]),
)
CASES["staff-questions-errors"] = (
    "staff/questions.html",
    partial(talk_desk, "questions", problem=Problem(1, {"answer": "Écrivez"}), errors={"answer": "Écrivez"}),
)
CASES["staff-journal"] = ("staff/journal.html", partial(talk_desk, "news"))
CASES["staff-journal-empty"] = (
    "staff/journal.html",
    partial(talk_desk, "news", rows=[], errors={"campaign": "Choisissez"}),
)
CASES["staff-news"] = ("staff/news.html", partial(talk_desk, "news"))
CASES["staff-news-published"] = (
    "staff/news.html",
    lambda: talk_desk(
        "news", row=replace(talk_desk("news")["row"], state="published", url="/fr/a/b/news/1"), fixed=True
    ),
)
CASES["staff-launch"] = ("staff/launch.html", partial(talk_desk, "launch"))
CASES["staff-launch-empty"] = ("staff/launch.html", partial(talk_desk, "launch", launches=[]))
CASES["staff-launch-errors"] = (
    "staff/launch.html",
    partial(talk_desk, "launch", problem=Problem(1, {"opens": "Passé"}), errors={"opens": "Passé"}),
)
CASES.update(
    {
        f"sign-in-notice-{ending}": (
            f"mail/sign_in_notice.{ending}",
            lambda: {
                "account_name": "Hélène",
                "at": moment(22, 13, 2),
                "timezone": PARIS,
                "place": "Firefox, Chambéry",
                "secure_url": "https://example.org/account/",
            },
        )
        for ending in ("html", "txt")
    }
)
CASES.update(after_cases(desk, mail))
CASES.update(plaque_cases(desk))
CASES.update(team_cases(desk))
CASES.update(DONOR_CASES)
CASES.update(appeal_cases(appeal))

CASES.update(preview_desk.CASES)

WALLS = (
    ("arvieres", 166, "0.058", "0"),
    ("roccalta", 30, "0.105", "0"),
    ("port-clary", 345, "0.075", "0"),
    ("mirevaux", 264, "0.115", "0"),
)


def create_app() -> Flask:
    """Build an application that serves the made-up views."""
    app = Flask("preview", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    config = Config.from_environ(
        {
            "APP_ENV": "test",
            "DATA_DIR": str(ROOT / "instance" / "preview"),
            "SECRET_KEY": "preview",
            "SIGNING_KEYS": "preview",
        }
    )
    i18n.register(app)
    assets.register(app, config)
    app.jinja_env.globals["longest_message"] = LONGEST_MESSAGE
    app.jinja_env.globals["installation_is_quiet"] = lambda: False  # it would ask the database
    heads.register(app, config)

    @app.get("/theme.css")
    @app.get("/theme/<slug>.css")
    def theme(slug: str = "") -> Response:
        walls = [
            dict(zip(("slug", "wall_h", "wall_c", "wall_shift"), wall, strict=True))
            for wall in WALLS
            if slug in {"", wall[0]}
        ]
        return Response(render_template("theme.css", museums=walls), mimetype="text/css")

    @app.get("/<lang:lang>/preview/<name>")
    def page(name: str) -> str:
        if name not in CASES:
            abort(404)
        template, build = CASES[name]
        return render_template(template, **build())

    return app


def _ending(**more: Any) -> dict[str, Any]:
    """One campaign's end at the desk."""
    card = MethodSums("card", 401, eur(98_000), eur(500), eur(1480), eur(97_500))
    boxes = MethodSums("box", 6, eur(2500), eur(0), eur(0), eur(2500))
    figures = Figures(
        (card, boxes), MethodSums("", 407, eur(100_500), eur(500), eur(1480), eur(100_000)), 398, 931, eur(50), 182,
        eur(41_200), (Counterpart({"fr": "Un soir devant l’œuvre", "en": "An evening with the work"}, 45, eur(2025)),),
    )  # fmt: skip
    signed = StatementRow(
        1, "9f" * 32, moment(22, 13, 2), "Rose Cartier", "agent comptable", eur(99_900), 1, eur(100), eur(50)
    )
    ending = Ending(
        7, "Les Hirondelles", "succeeded", moment(21, 22, 0), "/arvieres/hirondelles/", ("fr", "en"), eur(100_000),
        (Finding(Point.OPEN_PLEDGES, 2), Finding(Point.REFUNDS, 0), Finding(Point.FEES, 0),
         Finding(Point.CHOICES, 3), Finding(Point.DESK_MONEY, 1), Finding(Point.PLAQUE, 1)), figures, (signed,),
        (StepRow(dt.date(2026, 11, 24), "Payée au vendeur", "La facture est réglée.", eur(98_000), "a" * 64),),
        LessonsText("Les tramways.", "Le creux de mai.", "Demandez tôt.", shared=True, written_at=moment(22, 9, 0)),
    )  # fmt: skip
    ending = replace(ending, **more.pop("ending", {}))
    here = "/staff/arvieres/ending/7"
    return {
        "desk": desk(), "place": "ending", "ending": ending, "here": here, "confirm": "", "name": "Colette Vautrin",
        "steps": list(Step), "timezone": PARIS, "problem": None, "values": {}, "errors": {}, "can": lambda _asked: True, **more,
    }  # fmt: skip


CASES["staff-ending"] = ("staff/ending.html", _ending)
CASES["staff-ending-live"] = (
    "staff/ending.html",
    partial(
        _ending,
        ending={
            "state": "live",
            "findings": (Finding(Point.DISPUTES, 1),),
            "statements": (),
            "steps": (),
            "reckoned_at": moment(22, 14),
        },
    ),
)
CASES["staff-ending-wrong"] = (
    "staff/ending.html",
    partial(
        _ending,
        ending={"steps": ()},
        problem=ClosingProblem("step", {"on": "Write the day like this: 2026-12-01"}),
        errors={"on": "Write the day like this: 2026-12-01"},
        values={"on": "soon"},
    ),
)
CASES["staff-ending-asked"] = (
    "staff/ending.html",
    partial(_ending, ending={"state": "withdrawn", "asked": preview_choice.ASKED}),
)
CASES["staff-ending-ask"] = (
    "staff/ending.html",
    partial(
        _ending,
        ending={"state": "ended"},
        problem=ClosingProblem("ask", {}),
        errors={"until": "Trop tôt", "words": "Dites"},
    ),
)
CASES.update(preview_choice.cases(works, desk))
CASES["staff-endings"] = (
    "staff/endings.html",
    lambda: {
        "desk": desk(),
        "place": "ending",
        "timezone": PARIS,
        "rows": [
            EndedRow(
                7, "Les Hirondelles", "succeeded", moment(21, 22, 0), eur(100_000), eur(100_000), moment(22, 13, 2)
            ),
            EndedRow(8, "La Verdure", "live", moment(28, 22, 0), eur(22_100), eur(85_000), None),
        ],
    },
)
CASES["staff-endings-none"] = (
    "staff/endings.html",
    lambda: {"desk": desk(), "place": "ending", "timezone": PARIS, "rows": []},
)


def _network(**more: Any) -> dict[str, Any]:
    """The museums side by side."""
    running = CampaignRow(
        "Les Hirondelles",
        "/fr/arvieres/hirondelles/",
        "live",
        Progress(eur(68_412), eur(100_000)),
        23,
        1043,
        (20, 40, 0, 100) * 3 + (5, 60),
    )
    new = CampaignRow("Une boîte", "/fr/arvieres/boite/", "scheduled", Progress(eur(0), None), None, 0, ())
    few = CampaignRow("La Verdure", "/fr/roccalta/verdure/", "ended", Progress(eur(90), eur(85_000)), None, None, ())
    notices = tuple(
        Notice(sign, count, "La Verdure", "/staff/roccalta/")
        for sign, count in zip(Sign, (None, None, None, 6, 40, None, None, None), strict=True)
    )
    museums = (
        MuseumRow("arvieres", "Musée d’Arvières", "Arvières", (running, new), ()),
        MuseumRow("roccalta", "Palazzo Ricaldone", "Roccalta", (few,), notices),
    )
    lesson = Lesson("Musée d’Arvières", "Les Hirondelles", "fr", "Les tramways.", "Le creux de mai.", "Demandez tôt.")
    network = Network(museums, 1, 1, 0, (eur(68_502), Money(1_014_500, "CHF")), 1046, (lesson,))
    return {"network": replace(network, **more), "person": _account()["person"], "csrf_token": "signed"}


CASES["network"] = ("network/overview.html", _network)
CASES["network-calm"] = ("network/overview.html", partial(_network, museums=(), running=0, lessons=()))


def _letterbox(**given: Any) -> dict[str, Any]:
    """Show the parts of the inbox beside the questions."""
    return {"desk": desk(), "place": "questions", "own": "fr", "values": {}, "errors": {}, "rows": [], "campaigns": [(1, "Le Service")],
            "titles": {1: "Le Service"}, "waiting": [], "decided": [], "title_of": lambda one: one.campaign["fr"]} | given  # fmt: skip


_WORDS = Words(1, "Pour ma tante Berthe.", "Camille R.", "fr", {"fr": "Le Service"}, None)
_SAID = Mention(
    id=1,
    campaign_id=1,
    source="Le Dauphiné",
    title="La tasse revient",
    url="https://example.org/a",
    said_on=dt.date(2026, 11, 5),
    locale="fr",
)
CASES["staff-words"] = (
    "staff/words_waiting.html",
    lambda: _letterbox(waiting=[_WORDS], decided=[replace(_WORDS, shown=True), replace(_WORDS, shown=False)]),
)
CASES["staff-words-none"] = ("staff/words_waiting.html", _letterbox)
CASES["staff-replies"] = (
    "staff/replies.html",
    lambda: _letterbox(rows=[ReplyTemplate(id=1, locale="fr", title="Photos", text="Oui, sans flash.")]),
)
CASES["staff-replies-wrong"] = ("staff/replies.html", lambda: _letterbox(errors={"title": "?", "text": "?"}))
CASES["staff-mentions"] = ("staff/mentions.html", lambda: _letterbox(place="news", rows=[_SAID]))
CASES["staff-mentions-wrong"] = (
    "staff/mentions.html",
    lambda: _letterbox(place="news", errors=dict.fromkeys(("campaign", "source", "title", "url", "on"), "?")),
)


if __name__ == "__main__":
    from crowdfund import headers

    application = create_app()
    headers.register(
        application, Config.from_environ({"APP_ENV": "test", "SECRET_KEY": "preview", "SIGNING_KEYS": "preview"})
    )
    application.run(port=int(sys.argv[1]))
