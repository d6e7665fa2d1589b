"""What the editor's pages show: frozen plain values, and how the law's and the checklist's sentences are said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from crowdfund.campaigns.counterparts import Verdict
from crowdfund.editor.parts import Field
from crowdfund.i18n import gettext, language_within, money_exact
from crowdfund.money import Money


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


def judged_in_words(verdict: Verdict) -> Judged:
    """Say a verdict in the page's language."""
    words = " ".join(gettext(text, **said(values)) for text, values in verdict.sentences)
    return Judged(verdict.fine, words, verdict.held)


def said(values: Mapping[str, object]) -> dict[str, object]:
    """Write the amounts and languages among a sentence's values."""
    written = {name: money_exact(one) if isinstance(one, Money) else one for name, one in values.items()}
    return written | ({"language": language_within(str(values["language"]))} if "language" in values else {})
