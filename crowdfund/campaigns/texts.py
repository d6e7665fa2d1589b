"""Texts that a museum writes in several languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crowdfund.i18n import current_locale, gettext


def said(texts: Mapping[str, Any], fallback: str) -> Any:
    """Give the text in the page's language, else in the museum's own, else in any; empty when there is none."""
    for locale in (current_locale(), fallback, *texts):
        if texts.get(locale):
            return texts[locale]
    return ""


def named_piece(title: str, reward: str, number: int) -> str:
    """Name a piece: by its own title, else by its reward's and its number."""
    return title or gettext("%(reward)s, no. %(number)s", reward=reward, number=number)
