"""What changed in a campaign, by whom and when, word by word; the way back; and the page as it will be."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import Blueprint, current_app, g, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from config import Config
from crowdfund.campaigns.editing import RESTORED, changes_of, restore_campaign
from crowdfund.campaigns.preparation import Change
from crowdfund.editor.frame import author, campaign_here, head_of, note, render
from crowdfund.editor.parts import ROWS, TOLD, field_label, find_field
from crowdfund.editor.reading import Frame, in_words_of
from crowdfund.errors import NotFound, Refusal
from crowdfund.headers import policy
from crowdfund.i18n import gettext, in_words, language_name, use_locale
from crowdfund.institutions.permissions import keep_private, membership_here, requires
from crowdfund.institutions.rules import Permission
from crowdfund.pages import campaign as pages
from crowdfund.tenancy import transaction

blueprint = Blueprint("versions", __name__, url_prefix="/staff/<museum>/campaigns")
blueprint.after_request(keep_private)
SHOWN = 100
MOST_WORDS = 3000
TOGETHER = 600  # seconds: what one person keeps within them is one version in the list


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words: `kind` is same, gone or new."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One field's change, word by word."""

    label: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """What one person changed in one go. `number` is its last change, `before` the number to go back to.

    `place` counts the versions from 1, the first, as people do.
    """

    number: int
    before: int
    name: str
    made_at: datetime
    note: str
    differences: tuple[Difference, ...]
    place: int = 0


@blueprint.get("/<int:campaign_id>/edit/versions")
@requires(Permission.ENTER)
def versions(campaign_id: int) -> AnyResponse:
    """Show the campaign's versions, the latest first."""
    return _versions(campaign_id)


@blueprint.post("/<int:campaign_id>/edit/versions/<int:number>/restore")
@requires(Permission.EDIT)
def restore(campaign_id: int, number: int) -> AnyResponse:
    """Go back to what the campaign said after a change. The way forward stays in the list."""
    try:
        with transaction(g.scope) as session:
            campaign_here(session, campaign_id)
            restore_campaign(session, campaign_id, number, author=author(), note=note())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _versions(campaign_id, {refusal.field or "": in_words(refusal)}, refusal.status)
    return redirect(url_for(".versions", museum=membership_here().slug, campaign_id=campaign_id), 303)


@blueprint.get("/<int:campaign_id>/edit/preview")
@requires(Permission.ENTER)
def preview(campaign_id: int) -> AnyResponse:
    """Show the campaign's page on a phone, as it will be."""
    with transaction(g.scope) as session:
        campaign = campaign_here(session, campaign_id)
        answer = render(session, "editor/preview.html", head_of(session, campaign), "preview", {})
    config: Config = _config()
    answer.headers["Content-Security-Policy"] = f"{policy('staff', config.checkout_origin)}; frame-src 'self'"
    return answer


@blueprint.get("/<int:campaign_id>/edit/page")
@requires(Permission.ENTER)
def page(campaign_id: int) -> AnyResponse:
    """Give the page itself, read as its museum reads it, for the frame of the preview."""
    with transaction(g.scope) as session:
        campaign = campaign_here(session, campaign_id)
        head = head_of(session, campaign)
        with use_locale(head.locale):
            shown = pages.campaign(session, membership_here().slug, campaign.slug, {}, draft=True)
            answer = make_response(render_template("pages/campaign.html", page=shown, framed=True))
    own = policy("staff", _config().checkout_origin)
    answer.headers["Content-Security-Policy"] = own.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    return answer


def _config() -> Config:
    from_app: Config = current_app.extensions["config"]
    return from_app


def _versions(campaign_id: int, errors: dict[str, str] | None = None, status: int = 422) -> AnyResponse:
    with transaction(g.scope) as session:
        campaign = campaign_here(session, campaign_id)
        head = head_of(session, campaign)
        frame = Frame(head.locale, campaign.currency, head.timezone)
        found = _numbered(list(_told(changes_of(session, campaign.id), frame)))[:SHOWN]
        values = {"found": found, "errors": errors or {}, "note": note()}
        return render(session, "editor/versions.html", head, "versions", values, status if errors else 200)


def _numbered(found: list[Version]) -> list[Version]:
    """Count the versions (the latest first) from the first on, and say by that count which one was gone back to."""
    places = {one.number: len(found) - above for above, one in enumerate(found)}
    told = []
    for one in found:
        note = one.note
        if note.startswith(RESTORED):
            number = int(note.removeprefix(RESTORED))
            place = next((places[other.number] for other in found if other.before < number <= other.number), 0)
            note = gettext("Back to version %(number)s", number=place) if place else gettext("Back to the beginning")
        told.append(replace(one, place=places[one.number], note=note))
    return told


def _told(changes: list[Change], frame: Frame) -> Iterator[Version]:
    """Put together what one person kept in one go, the latest first."""
    prices = _prices(changes)
    together: list[Change] = []
    for change in changes:
        if together and not _one_go(together[-1], change):
            yield _version(together, frame, prices)
            together = []
        together.append(change)
    if together:
        yield _version(together, frame, prices)


def _prices(changes: list[Change]) -> dict[int, int]:
    """Tell what the rewards of pieces cost, as they were last written down."""
    return {
        int(field.partition(".")[2]): row["price_minor"]
        for change in reversed(changes)
        for field, rows in change.fields.items()
        if field.startswith("reward.")
        for row in rows
        if row
    }


def _one_go(later: Change, earlier: Change) -> bool:
    same = later.account_id == earlier.account_id and not later.note and not earlier.note
    return same and (later.made_at - earlier.made_at).total_seconds() < TOGETHER


def _version(changes: list[Change], frame: Frame, prices: Mapping[int, int]) -> Version:
    latest, first = changes[0], changes[-1]
    ends: dict[str, tuple[Any, Any]] = {}
    for change in reversed(changes):
        for field, (before, after) in change.fields.items():
            was, now = (_priced(field, one, prices) for one in (before, after))
            ends[field] = (ends[field][0] if field in ends else was, now)
    told = (one for field, (before, after) in sorted(ends.items()) for one in _differences(field, before, after, frame))
    return Version(latest.number, first.number - 1, latest.name, latest.made_at, latest.note, tuple(told))


def _priced(field: str, row: Any, prices: Mapping[int, int]) -> Any:
    """Say of a piece what it costs: that stands with its reward."""
    return row | {"price_minor": prices.get(row["reward_id"])} if row and field.startswith("piece.") else row


def _differences(field: str, before: Any, after: Any, frame: Frame) -> Iterator[Difference]:
    owner = field.partition(".")[0]
    label = gettext(field_label(field))
    if owner in ROWS or owner in TOLD:
        for one in ROWS.get(owner) or TOLD[owner]:
            locales: tuple[str, ...] = _locales(one.name, before, after) if one.worded else ("",)
            for locale in locales:
                was, now = (_cell(one, row, locale, frame) for row in (before, after))
                if was != now:
                    said = f"{label}: {gettext(one.label)}" + (f" ({language_name(locale)})" if locale else "")
                    yield Difference(said, tuple(compare(was, now)))
        return
    found = find_field(field)
    locale = field.rpartition(".")[2] if found and found.worded else ""
    was, now = ((in_words_of(found, one, frame) if found else str(one or "")) for one in (before, after))
    if was != now:
        yield Difference(f"{label} ({language_name(locale)})" if locale else label, tuple(compare(was, now)))


def _locales(name: str, *rows: Mapping[str, Any] | None) -> tuple[str, ...]:
    return tuple(sorted({locale for row in rows for locale in ((row or {}).get(name) or {})}))


def _cell(field: Any, row: Mapping[str, Any] | None, locale: str, frame: Frame) -> str:
    value = (row or {}).get(field.name)
    return in_words_of(field, (value or {}).get(locale) if locale else value, frame)


def compare(before: str, after: str) -> Iterator[Piece]:
    """Compare two texts word by word."""
    old, new = (re.findall(r"\S+\s*|\s+", text) for text in (before, after))
    if len(old) + len(new) > MOST_WORDS:  # the time grows with the square
        old, new = (text.splitlines(keepends=True) for text in (before, after))
    for kind, first, last, start, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Piece("same", "".join(old[first:last]))
            continue
        if first < last:
            yield Piece("gone", "".join(old[first:last]))
        if start < end:
            yield Piece("new", "".join(new[start:end]))
