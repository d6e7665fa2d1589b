"""What the editor's pages show: frozen plain values, and how the law's and the checklist's sentences are said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from crowdfund.campaigns.counterparts import Verdict
from crowdfund.campaigns.view import Picture, uploaded
from crowdfund.editor.parts import Field
from crowdfund.i18n import gettext, language_name, money_exact
from crowdfund.money import Money
from crowdfund.pictures.models import Picture as Kept


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture in the list: `missing` are the languages it is not described in."""

    id: int
    picture: Picture
    credit: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One field of a form: what it holds, what the museum's own language says, whether it stays as it is."""

    field: Field
    value: str
    beside: str = ""
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Other:
    """What somebody else made of a field meanwhile."""

    label: str
    value: str
    name: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """What the law says of a reward, in words."""

    fine: bool
    words: str
    held: bool = False


def shown_picture(kept: Kept, languages: list[str]) -> Shown:
    """Turn a picture's row into what lists show."""
    alt = next((kept.alt[locale] for locale in languages if kept.alt.get(locale)), "")
    drawn = uploaded(kept.digest, kept.width, kept.height, alt, (kept.focus_x, kept.focus_y))
    return Shown(kept.id, drawn, kept.credit, tuple(locale for locale in languages if not kept.alt.get(locale)))


def in_words(verdict: Verdict) -> Judged:
    """Say a verdict in the page's language."""
    words = " ".join(gettext(text, **said(values)) for text, values in verdict.sentences)
    return Judged(verdict.fine, words, verdict.held)


def said(values: Mapping[str, object]) -> dict[str, object]:
    """Write the amounts and languages among a sentence's values."""
    written = {name: money_exact(one) if isinstance(one, Money) else one for name, one in values.items()}
    return written | ({"language": language_name(str(values["language"]))} if "language" in values else {})
