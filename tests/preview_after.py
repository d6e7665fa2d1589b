"""Made-up views of what follows a gift: rewards, invitations, ambassadors, thanks. A part of `tests.preview`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from crowdfund import qr
from crowdfund.dashboard.gatherings import Choice
from crowdfund.fulfilment.finding import FoundReward, FoundRewards
from crowdfund.fulfilment.view import (
    CampaignRewards,
    CounterpartList,
    CounterpartRow,
    Liability,
    OwedSum,
    RewardLine,
)
from crowdfund.gifts.view import Desk, GiftMail
from crowdfund.invitations.view import GatheringMail, GatheringRow, GuestRow, InvitationCard, VisitFigures
from crowdfund.money import Money
from crowdfund.reach.brought import BroughtRow
from crowdfund.thanks.view import AskedRow, BatchRow, CallRow, LetterRow, NotedRow

Case = tuple[str, Callable[[], dict[str, Any]]]
PARIS = "Europe/Paris"
DAY = dt.datetime(2026, 11, 12, 9, 30, tzinfo=dt.UTC)


def after_cases(desk: Callable[[], Desk], mail: Callable[..., GiftMail]) -> dict[str, Case]:
    """Give the cases, with the frame of the desk and the mail that the others use."""
    return _mails(mail) | _rewards(desk) | _gatherings(desk) | _ambassadors(desk, mail) | _thanks(desk)


def _mails(mail: Callable[..., GiftMail]) -> dict[str, Case]:
    found: dict[str, Case] = {}
    for fulfilment in ("postal", "pick_up", "digital"):
        for kind, ending in (("mail", "html"), ("text", "txt")):

            def build(fulfilment: str = fulfilment) -> dict[str, Any]:
                return {"mail": mail("reward_ready", fulfilment=fulfilment, opening="Mardi à dimanche, 10 h – 18 h")}

            found[f"{kind}-reward-ready-{fulfilment}"] = (f"mail/reward_ready.{ending}", build)
    return found


def _line(number: int, title: str, fulfilment: str, *counts: int, **more: Any) -> RewardLine:
    due, given, ready = counts
    values: dict[str, Any] = {
        "image": "", "automatic": False, "impossible": 0, "addressed": due - given, "stock": None, "claimed": 0,
    }  # fmt: skip
    return RewardLine(
        id=number, title=title, fulfilment=fulfilment, due=due, given=given, ready=ready, **(values | more)
    )


def _liability(*, empty: bool = False) -> Liability:
    lines = (OwedSum("Le Service aux Hirondelles", "La carte aux hirondelles", 24, Money(4800, "EUR")),)
    return Liability(dt.date(2026, 11, 12), () if empty else lines, () if empty else (Money(4800, "EUR"),))


def counterpart(number: int, state: str = "promised", **more: Any) -> CounterpartRow:
    """Make up a reward that is owed."""
    values: dict[str, Any] = {
        "id": number, "gift_id": number, "donor": "Viviane Hugonnet", "email": "viviane@exemple.example",
        "address": ("8 rue des Tanneurs", "73000 Arvières"), "town": "Arvières", "country": "FR",
        "wall": "<b>Viviane H.</b>", "dedication": "Jean Morel", "dedication_kind": "memory", "state": state, "note": "",
        "made_at": DAY, "changed_at": DAY, "reminded_at": None,
    }  # fmt: skip
    return CounterpartRow(**values | more)


def found_rewards(desk: Desk, more: int | None) -> dict[str, Any]:
    """Show what was found over all campaigns; nothing, where no more is to follow."""
    rows = (
        FoundReward(counterpart(1), 2, "La carte", "Le Service aux Hirondelles"),
        FoundReward(
            counterpart(2, "impossible", donor="", email="", address=(), note="Fermé"), 3, "Le carnet", "Le Pastel"
        ),
    )
    found = FoundRewards(rows if more else (), "Rey", "owed", more)
    return {"desk": desk, "place": "rewards", "found": found, "timezone": PARIS}


def _rewards(desk: Callable[[], Desk]) -> dict[str, Case]:
    lines = (
        _line(1, "Votre nom au mur", "wall", 612, 612, 0, automatic=True, image="art/piece-bol.svg"),
        _line(2, "La carte aux hirondelles", "postal", 212, 188, 3, addressed=22),
        _line(3, "Le premier regard", "invitation", 214, 141, 0, stock=300, claimed=214, impossible=1),
        _line(4, "Le carnet", "pick_up", 0, 0, 0),
    )
    campaigns = (CampaignRewards("Le Service aux Hirondelles", "hirondelles", lines),)

    def overview(**more: Any) -> dict[str, Any]:
        return {"desk": desk(), "place": "rewards", "campaigns": campaigns, "liability": _liability()} | more

    def reward(fulfilment: str, **more: Any) -> dict[str, Any]:
        rows = (
            counterpart(1), counterpart(2, "ready", donor="", email="", address=(), wall="", dedication="", reminded_at=DAY),
            counterpart(3, "impossible", note="L’imprimeur a fermé"), counterpart(4, "cancelled"),
        )  # fmt: skip
        values: dict[str, Any] = {
            "desk": desk(), "place": "rewards", "reward": SimpleNamespace(id=2, fulfilment=fulfilment),
            "title": "La carte aux hirondelles", "automatic": False, "act": "act", "done": ("act", 2), "reminded": 3,
            "found": CounterpartList(rows, "owed", "", 24, 4), "timezone": PARIS, "values": {}, "chosen": {"1"},
            "errors": {},
        }  # fmt: skip
        return values | more

    none = CounterpartList((), "owed", "", 0, None)
    wrong = {"rows": "Choisissez au moins une ligne.", "note": "Dites pourquoi"}
    return {
        "staff-rewards": ("staff/rewards/overview.html", overview),
        "staff-rewards-empty": (
            "staff/rewards/overview.html",
            lambda: overview(campaigns=(), liability=_liability(empty=True)),
        ),
        "staff-rewards-found": ("staff/rewards/find.html", lambda: found_rewards(desk(), 9)),
        "staff-rewards-not-found": ("staff/rewards/find.html", lambda: found_rewards(desk(), None)),
        "staff-reward-postal": ("staff/rewards/reward.html", lambda: reward("postal")),
        "staff-reward-wall": ("staff/rewards/reward.html", lambda: reward("wall", automatic=True, errors=wrong)),
        "staff-reward-none": (
            "staff/rewards/reward.html",
            lambda: reward("postal", found=none, done=None, reminded=0),
        ),
        "staff-reward-nobody": (
            "staff/rewards/reward.html",
            lambda: reward("postal", found=CounterpartList((), "all", "zz", 0, None), done=None),
        ),
        "staff-liability": (
            "staff/rewards/liability.html",
            lambda: {
                "desk": desk(),
                "place": "rewards",
                "found": _liability(),
                "values": {"on": "x"},
                "errors": {"on": "Date"},
            },
        ),
        "staff-liability-empty": (
            "staff/rewards/liability.html",
            lambda: {
                "desk": desk(),
                "place": "rewards",
                "found": _liability(empty=True),
                "values": {"on": ""},
                "errors": {},
            },
        ),
    }


def _about() -> dict[str, str]:
    return {
        "museum_slug": "arvieres", "museum_name": "Musée d’Arvières", "campaign_title": "Le Service aux Hirondelles",
        "opening": "Mardi à dimanche",
    }  # fmt: skip


def _card(number: int, mine: str = "", **more: Any) -> InvitationCard:
    values: dict[str, Any] = {
        "id": number, "kind": "evening", "title": "Le premier regard", "place": "Salle basse", "starts_at": DAY,
        "ends_at": DAY + dt.timedelta(hours=2), "timezone": PARIS, "most_each": 3, "free": 12, "open": True, "mine": mine,
        "people": 2,
    }  # fmt: skip
    return InvitationCard(**values | more)


def gathering_mail(step: str, **more: Any) -> GatheringMail:
    """Make up a mail about an invitation."""
    values: dict[str, Any] = {
        "kind": "gathering", "step": step, "museum_name": "Musée d’Arvières", "museum_address": "73000 Arvières",
        "campaign_title": "Le Service aux Hirondelles", "gift_url": "https://example.org/fr/gifts/token",
        "title": "Le premier regard", "place": "Salle basse", "starts_at": DAY, "ends_at": DAY, "timezone": PARIS, "people": 2,
        "code": "4F2A 91BC", "wall": "#3d3a35",
    }  # fmt: skip
    return GatheringMail(**values | more)


def _gatherings(desk: Callable[[], Desk]) -> dict[str, Case]:
    def invitations(*cards: InvitationCard, **more: Any) -> dict[str, Any]:
        values = {"token": "token", "code": "4F2A 91BC", "csrf_token": "signed", "wrong": 0, "values": {}, "errors": {}}
        return {"about": _about(), "cards": cards} | values | more

    def guests(state: str = "open", *, rows: tuple[GuestRow, ...] = (), **more: Any) -> dict[str, Any]:
        one = GatheringRow(
            1, "Hirondelles", "visit", state, "Le premier regard", "Salle", DAY, DAY, 30, 12, 2, 3, "La soirée"
        )
        values = {"query": "", "timezone": PARIS, "invited": 2, "walked_in": "", "values": {}, "errors": {}}
        return {"desk": desk(), "place": "gatherings", "row": one, "rows": rows} | values | more

    listed = (
        GuestRow(1, "<b>Viviane</b>", "4F2A 91BC", 2, "booked", 0, "/staff/arvieres/gifts/1"),
        GuestRow(2, "Bo Li", "5F2A 91BC", 2, "booked", 2, "/staff/arvieres/gifts/2"),
        GuestRow(3, "", "6F2A 91BC", 1, "waiting", 0, "/staff/arvieres/gifts/3"),
    )
    row = guests()["row"]
    form: dict[str, Any] = {
        "place": "gatherings", "kinds": ["visit", "evening"], "zone": PARIS, "values": {"kind": "evening", "campaign": "1"},
        "campaigns": (Choice(1, "Hirondelles", ((1, "La soirée"),)),),
    }  # fmt: skip
    figures = (VisitFigures("Hirondelles", "hirondelles", 612, 88, 97),)
    found: dict[str, Case] = {
        "invitations": (
            "gifts/invitations.html",
            lambda: invitations(_card(1), _card(2, "booked"), _card(3, "waiting", free=0), _card(4, "cancelled", open=False)),
        ),
        "invitations-wrong": (
            "gifts/invitations.html",
            lambda: invitations(_card(1), _card(2, open=False), wrong=1, values={"people": "9"}, errors={"people": "De 1 à 3"}),
        ),
        "invitations-none": ("gifts/invitations.html", invitations),
        "ticket": (
            "gifts/ticket.html",
            lambda: {"about": _about(), "card": _card(1, "booked"), "code": "4F2A 91BC", "drawn": qr.draw("https://e.org"), "token": "t"},
        ),
        "staff-gatherings": (
            "staff/gatherings/overview.html",
            lambda: {"desk": desk(), "place": "gatherings", "rows": (row,), "figures": figures, "timezone": PARIS},
        ),
        "staff-gatherings-empty": (
            "staff/gatherings/overview.html",
            lambda: {"desk": desk(), "place": "gatherings", "rows": (), "figures": (), "timezone": PARIS},
        ),
        "staff-gathering-new": (
            "staff/gatherings/form.html",
            lambda: form | {"desk": desk(), "gathering_id": None, "errors": {"kind": "Dites", "reward": "Non", "place": "Où"}},
        ),
        "staff-gathering-edit": (
            "staff/gatherings/form.html", lambda: form | {"desk": desk(), "gathering_id": 1, "errors": {}},
        ),
        "staff-guests": ("staff/gatherings/guests.html", lambda: guests(rows=listed, walked_in="new", errors={"code": "Aucun don"})),
        "staff-guests-planned": ("staff/gatherings/guests.html", lambda: guests("planned", walked_in="old")),
        "staff-guests-cancelled": (
            "staff/gatherings/guests.html", lambda: guests("cancelled", query="zz"),
        ),
    }  # fmt: skip
    for step, more in (
        ("invited", {}),
        ("booked", {}),
        ("waiting", {}),
        ("cancelled", {}),
        ("cancelled", {"called_off": True}),
    ):
        for kind, ending in (("mail", "html"), ("text", "txt")):

            def build(step: str = step, more: dict[str, Any] = more) -> dict[str, Any]:
                return {"mail": gathering_mail(step, **more)}

            found[f"{kind}-gathering-{step}{'-off' if more else ''}"] = (f"mail/gathering.{ending}", build)
    return found


def _ambassadors(desk: Callable[[], Desk], mail: Callable[..., GiftMail]) -> dict[str, Case]:
    ada = SimpleNamespace(name="<b>Ada</b>", goal=10, code="3467", off_at=None, wants_mail=True)

    def bring(**more: Any) -> dict[str, Any]:
        values: dict[str, Any] = {
            "token": "token", "campaign_url": "/fr/arvieres/hirondelles/", "ambassador": ada, "running": True, "has_mail": True,
            "papers": True, "short": "example.org/with/t3467",
            "people": 3, "link": "https://example.org/fr/arvieres/hirondelles/with/3467", "csrf_token": "signed",
            "values": {"name": "Ada", "goal": "10"}, "errors": {},
        }  # fmt: skip
        return _about() | values | more

    def board(*rows: BroughtRow) -> dict[str, Any]:
        campaign = SimpleNamespace(slug="hirondelles")
        return {
            "desk": desk(),
            "place": "posters",
            "campaign": campaign,
            "title": "Hirondelles",
            "rows": rows,
            "langs": (),
        }

    rows = (
        BroughtRow(1, "<b>Ada</b>", "3467", 7, 10, off=False, since=DAY),
        BroughtRow(2, "Bo", "4679", 2, 10, off=True, since=DAY),
        BroughtRow(3, "", "6799", 0, 10, off=True, since=DAY),
    )
    found: dict[str, Case] = {
        "bring": ("gifts/bring.html", bring),
        "bring-new": (
            "gifts/bring.html",
            lambda: bring(ambassador=None, people=0, values={}, errors={"name": "Écrivez", "goal": "De 1 à 500"}),
        ),
        "bring-off": ("gifts/bring.html", lambda: bring(ambassador=SimpleNamespace(off_at=DAY), running=False)),
        "staff-ambassadors": ("staff/reach/ambassadors.html", lambda: board(*rows)),
        "staff-ambassadors-none": ("staff/reach/ambassadors.html", board),
    }
    for people in (1, 10):
        for kind, ending in (("mail", "html"), ("text", "txt")):

            def build(people: int = people) -> dict[str, Any]:
                return {"mail": mail("brought", people=people, goal=10)}

            found[f"{kind}-brought-{people}"] = (f"mail/brought.{ending}", build)
    return found


def appeal_cases(appeal: Callable[[], Any]) -> dict[str, Case]:
    """Give the cases of pages that show a campaign as it is shown elsewhere."""
    ada = SimpleNamespace(name="<b>Ada</b>", goal=10)

    def here(**more: Any) -> dict[str, Any]:
        return {"appeal": appeal(), "welcome": False, "csrf_token": "signed", "values": {}, "errors": {}} | more

    return {
        "here": ("gifts/here.html", lambda: here(errors={"code": "Aucun don n’a ce code"}, values={"code": "x"})),
        "here-welcome": ("gifts/here.html", lambda: here(welcome=True)),
        "with": ("reach/with.html", lambda: {"appeal": appeal(), "ambassador": ada, "people": 3, "way": "with-3467"}),
        "with-none": (
            "reach/with.html",
            lambda: {"appeal": appeal(), "ambassador": ada, "people": 0, "way": "with-3467"},
        ),
    }


def _thanks(desk: Callable[[], Desk]) -> dict[str, Case]:
    call = CallRow(
        id=1, gift_id=1, donor="<b>Ada</b>", town="Arvières", phone="+33 4 79 00 00 00", locale="fr", amount=Money(30000, "EUR"),
        campaign="Hirondelles", received_at=DAY, due_at=DAY, late=True, state="due", why="Grands dons", note="le soir",
    )  # fmt: skip
    done = replace(call, id=2, state="made", late=False, called_by="Léa", called_at=DAY)
    letter = LetterRow(
        1, 1, "Jeanne", "Arvières", "fr", Money(5000, "EUR"), "Hirondelles", DAY, reachable=True, state="due", why=""
    )
    lost = replace(letter, id=2, donor="", town="", reachable=False, donor_id=7)
    row = BatchRow(1, 3, 2, "Léa", DAY, None)
    rule = SimpleNamespace(
        id=1,
        name="Grands dons",
        calls=True,
        letter=True,
        method="cheque",
        turn="first",
        locale="fr",
        signed_by="H. Maurienne",
    )
    other = SimpleNamespace(
        id=2, name="Tous", calls=False, letter=False, method=None, turn="any", locale=None, signed_by=""
    )

    question = AskedRow(
        7,
        3,
        "<b>Odette</b>",
        "Arvières",
        "fr",
        Money(5000, "EUR"),
        "Hirondelles",
        dt.date(2026, 12, 11),
        "keep",
        reachable=True,
    )

    def overview(**more: Any) -> dict[str, Any]:
        values: dict[str, Any] = {
            "desk": desk(), "place": "thanks", "calls": (call, replace(call, id=3, late=False, state="unreached", phone="")),
            "done": (done,), "letters": (letter, lost), "batches": (row, replace(row, sent_at=DAY)), "window": "right",
            "asked": (question, replace(question, reachable=False, otherwise="refund"), replace(question, posted_at=DAY)),
            "noted": (NotedRow(9, "<b>Ugo</b>", Money(5000, "EUR"), "move", "phone", "Un mammouth"),),
            "timezone": PARIS, "wrong": 0, "values": {}, "errors": {},
        }  # fmt: skip
        return values | more

    def batch(sent_at: Any, *rows: LetterRow) -> dict[str, Any]:
        one = SimpleNamespace(id=1, number=3, made_by="Léa", made_at=DAY, sent_at=sent_at)
        return {"desk": desk(), "place": "thanks", "batch": one, "rows": rows, "timezone": PARIS}

    def rules(*rows: Any, **more: Any) -> dict[str, Any]:
        values: dict[str, Any] = {"rule_id": None, "methods": ["card", "cheque"], "values": {}, "errors": {}}
        return {"desk": desk(), "place": "thanks", "rows": rows} | values | more

    least = Money(30000, "EUR")
    wrong = {"name": "Donnez", "method": "Non", "turn": "Non", "locale": "Non", "words_fr": "Long"}
    return {
        "staff-thanks": (
            "staff/thanks/overview.html",
            lambda: overview(wrong=1, values={"note": "x"}, errors={"phone": "En chiffres"}),
        ),
        "staff-thanks-none": (
            "staff/thanks/overview.html", lambda: overview(calls=(), done=(), letters=(), batches=(), asked=(), noted=()),
        ),
        "staff-letters": ("staff/thanks/batch.html", lambda: batch(None, letter, lost)),
        "staff-letters-sent": ("staff/thanks/batch.html", lambda: batch(DAY, letter)),
        "staff-letters-none": ("staff/thanks/batch.html", lambda: batch(None)),
        "staff-rules": (
            "staff/thanks/rules.html", lambda: rules((rule, least), (other, Money(0, "EUR")), rule_id=1, errors=wrong),
        ),
        "staff-rules-none": ("staff/thanks/rules.html", rules),
    }  # fmt: skip
