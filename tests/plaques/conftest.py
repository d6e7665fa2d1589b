"""A museum with a plaque: donors who wish to be named, a campaign that has ended, names that are fixed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from crowdfund import clock
from crowdfund.campaigns import service as campaigns
from crowdfund.gifts.models import Gift
from crowdfund.institutions.current import Membership
from crowdfund.plaques.rules import Plan
from crowdfund.proofs import preparing, signing
from crowdfund.proofs.reading import read_proof
from crowdfund.proofs.signing import Signature
from crowdfund.proofs.view import Proof
from tests.after import Museum, found


@dataclass
class Hall:
    """The museum, and the plaque of its campaign."""

    museum: Museum

    @property
    def here(self) -> Membership:
        return Membership(self.museum.id, self.museum.slug, "Hôtel d’Aubigneux", "Europe/Paris", "fr", "owner")

    def give(self, name: str = "", minor: int = 5000, **given: Any) -> int:
        """Let somebody give who wishes to stand on the wall under this name; gives the gift's id."""
        wall = {"wall": "other", "wall_name": name} if name else {"wall": "anonymous"}
        return self.museum.give(None, minor, **(wall | given))

    def pledge_id(self, gift_id: int) -> int:
        with self.museum.open() as session:
            return session.scalars(select(Gift.pledge_id).where(Gift.id == gift_id)).one() or 0

    def key(self, gift_id: int) -> str:
        return f"p{self.pledge_id(gift_id)}"

    def proof(self) -> Proof:
        with self.museum.open() as session:
            return read_proof(session, self.here, self.museum.campaign_id)

    def names(self) -> list[str]:
        return [one.name for one in self.proof().names]

    def plan(self, **given: Any) -> None:
        with self.museum.open() as session:
            preparing.set_up(session, self.here, self.museum.campaign_id, Plan(**given))

    def lock(self, day: date) -> None:
        with self.museum.open() as session:
            preparing.set_lock(session, self.here, self.museum.campaign_id, day)

    def correct(self, gift_id: int, name: str, **given: Any) -> int:
        wish = preparing.Wish(name, **({"note": "herself, by telephone"} | given))
        with self.museum.open() as session:
            return preparing.correct(
                session, self.here, self.museum.campaign_id, self.key(gift_id), wish, "Zoé Desbois"
            )

    def end(self) -> None:
        with self.museum.open() as session:
            campaigns.close_campaign(session, self.museum.campaign_id)

    def after_the_day(self) -> AbstractContextManager[Any]:
        """Tell today as the last day and go on to the day after tomorrow."""
        self.lock(clock.now().date())
        return clock.at(clock.now() + timedelta(days=2))

    def sign(self, seen: str | None = None) -> int:
        signature = Signature(1, "Rose Cartier", "directrice")
        return signing.sign(
            self.museum.scope, self.here, self.museum.campaign_id, seen or self.proof().fingerprint, signature
        )


@pytest.fixture
def hall(app: Flask) -> Iterator[Hall]:
    with found(app, "gifts.") as museum:
        yield Hall(museum)
