"""What the pages and mails of the team are shown with, for `tests.preview`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from crowdfund.accounts.passkeys import Asked, Listed
from crowdfund.institutions.rules import PERMISSIONS, Permission, Role
from crowdfund.team import trail as trails
from crowdfund.team.mails import Change
from crowdfund.team.trail import Entry, Trail
from crowdfund.team.view import Colleague, Offer, Team

Case = tuple[str, Callable[[], dict[str, Any]]]
NOW = dt.datetime(2026, 11, 22, 9, 30, tzinfo=dt.UTC)
PARIS = "Europe/Paris"
PEOPLE = [
    Colleague(1, 1, "Hélène Maurienne", "h@arvieres.example", "owner", NOW, True, True, None),
    Colleague(2, 2, "Léa Perrier", "l@arvieres.example", "campaign_lead", NOW, True, False, NOW),
    Colleague(3, 3, "Noé Jacquier", "n@arvieres.example", "desk", NOW, False, False, None),
]
KEYS = [Listed(1, "Mon téléphone", NOW, NOW), Listed(2, "Ordinateur", NOW, None)]
ASKED = Asked('{"challenge": "AA"}', "signed")
OFFERS = [
    Offer(1, "Agathe Roux", "agathe@example.org", "curator", NOW, expired=False, times_sent=1),
    Offer(2, "Bruno Vial", "bruno@example.org", "finance", NOW, expired=True, times_sent=2),
]
ENTRIES = [
    Entry(12, NOW, "Hélène Maurienne", "asked to give a gift back", "gift 7", "gift:7", "amount_minor 5000", "ab" * 32)
]


def team_cases(desk: Callable[[], Any]) -> dict[str, Case]:
    """List the cases."""

    def page(team: Team, **more: Any) -> dict[str, Any]:
        return {
            "desk": desk(), "place": "team", "team": team, "errors": {}, "values": {}, "timezone": PARIS,
            "roles": list(Role), "permissions": list(Permission), "allowed": PERMISSIONS, "manages": True, "confirm": "", **more,
        }  # fmt: skip

    def trail(breaks: list[str] | None, entries: list[Entry], older: int | None = None) -> dict[str, Any]:
        found = Trail(entries, older, len(entries), "cd" * 32 if entries else "", [(1, "Hélène Maurienne")], breaks)
        return {"desk": desk(), "place": "audit", "trail": found, "asked": trails.Asked(1, "gift"), "timezone": PARIS}

    whole = Team(PEOPLE, OFFERS)
    cases: dict[str, Case] = {
        "staff-team": ("staff/team/team.html", lambda: page(whole)),
        "staff-team-errors": (
            "staff/team/team.html",
            lambda: page(whole, errors={"email": "Adresse"}, values={"email": "x", "role": "desk"}),
        ),
        "staff-team-none": ("staff/team/team.html", lambda: page(Team(PEOPLE[:1], []), confirm="/account/confirm")),
        "staff-team-read": ("staff/team/team.html", lambda: page(whole, manages=False)),
        "staff-trail": ("staff/team/trail.html", lambda: trail(None, ENTRIES, 12)),
        "staff-trail-verified": ("staff/team/trail.html", lambda: trail([], ENTRIES)),
        "staff-trail-broken": ("staff/team/trail.html", lambda: trail(["12"], ENTRIES)),
        "staff-trail-none": ("staff/team/trail.html", lambda: trail(None, [])),
        "second-factor-recovery": ("accounts/second_factor.html", lambda: second_step(has_codes=False, demo_code="")),
        "join-over": ("accounts/join_over.html", lambda: {"errors": {}}),
    }
    cases.update({name: ("accounts/join.html", lambda more=more: _joining(**more)) for name, more in JOINING.items()})  # type: ignore[misc]
    for kind, ending in (("mail", "html"), ("text", "txt")):
        cases[f"{kind}-team-invitation"] = (f"mail/team_invitation.{ending}", _invited)
        for what in ("joined", "role", "left", "reset_asked", "reset_done"):
            cases[f"{kind}-team-{what}"] = (f"mail/team_changed.{ending}", lambda what=what: _changed(what))  # type: ignore[misc]
    return cases


def second_step(**more: Any) -> dict[str, Any]:
    """Show the second step of signing in, with a passkey beside the codes."""
    return {
        "values": {}, "errors": {}, "csrf_token": "signed", "next_url": "/staff/", "asked": ASKED, "has_codes": True,
        "demo_code": "123456", **more,
    }  # fmt: skip


JOINING: dict[str, dict[str, Any]] = {
    "join": {},
    "join-errors": {"errors": {"password": "Trop court"}},
    "join-known": {"has_account": True},
    "join-other": {"has_account": True, "person": PEOPLE[2]},
    "join-mine": {"has_account": True, "person": PEOPLE[0], "is_mine": True},
}


def _joining(**more: Any) -> dict[str, Any]:
    return {
        "museum": "Musée d’Arvières", "invitation": OFFERS[0], "person": None, "has_account": False, "is_mine": False,
        "sign_in": "/account/sign-in", "sign_out_token": "signed", "errors": {}, "csrf_token": "signed", **more,
    }  # fmt: skip


def _invited() -> dict[str, Any]:
    return {
        "museum": "Musée d’Arvières", "role": "desk", "by": "Hélène Maurienne", "url": "https://example.org/account/join/x",
        "until": NOW, "timezone": PARIS,
    }  # fmt: skip


def _changed(what: str) -> dict[str, Any]:
    return {
        "museum": "Musée d’Arvières", "timezone": PARIS, "change": Change(2, what, 1, "desk", "finance", NOW),
        "name": "Léa Perrier", "is_me": what == "left", "by": "Hélène Maurienne", "url": "https://example.org/staff/a/team",
        "secure_url": "https://example.org/account/",
    }  # fmt: skip
