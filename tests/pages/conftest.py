"""Public pages show what the test made: nothing kept from the one before, nothing another has left in the database."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund.institutions.models import Institution
from crowdfund.pages import views
from crowdfund.pages.cards import cards
from crowdfund.tenancy import PlatformScope, transaction


def forget(house: Flask) -> None:
    """Let the kept pages' time be up."""
    views._cache.__init__()  # type: ignore[misc] # empties it, as a new process begins
    house.wsgi_app.forget()  # type: ignore[attr-defined] # the gate that keeps public pages


@pytest.fixture(autouse=True)
def own_pages(house: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what was kept, and leave the museums that are there already out of the lists."""
    forget(house)
    with house.app_context(), transaction(PlatformScope()) as session:
        before = set(session.scalars(select(Institution.slug)))

    def own(session: Session) -> Any:
        return [(row, card) for row, card in cards(session) if row.museum_slug not in before]

    for module in ("lists", "discovery"):
        monkeypatch.setattr(f"crowdfund.pages.{module}.cards", own)
