"""The worker's door: send the links asked for, carry out erasures, forget what has had its time."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from crowdfund.institutions.models import Institution
from crowdfund.mail import Mail, send_once
from crowdfund.me import door, erasure, mails, service, visits
from crowdfund.me.models import DonorLink
from crowdfund.me.rules import link_ends
from crowdfund.outbox import subscribes
from crowdfund.tenancy import MuseumScope, PlatformScope, TaskScope, museum_of, transaction
from crowdfund.worker import sweeps_every


@subscribes("me.link_asked", outside=True)
def send_link(scope: TaskScope, link_id: int) -> None:
    """Send a link to an address that has given, in one mail; an address that has not is forgotten."""
    with transaction(PlatformScope()) as session:
        link = session.get(DonorLink, link_id)
    if link is None:
        return
    known = _known_best(scope, link.email)
    if known is None:
        with transaction(PlatformScope()) as session:
            service.forget_links(session, link.email)
        return

    def compose(session: Session) -> Mail | None:
        records = service.records_of(session, link.email)
        if not records:
            return None
        museum = session.get_one(Institution, museum_of(session))
        token = service.link_token(link.key)
        return mails.link_mail(records[0], token, until=link_ends(link.asked_at), timezone=museum.time_zone)

    send_once(known, f"me_link:{link_id}", compose)


def _known_best(scope: TaskScope, email: str) -> MuseumScope | None:
    """Find the museum that met this address last: it speaks its language now."""

    def last_met(session: Session) -> float | None:
        records = service.records_of(session, email)
        return records[0].created_at.timestamp() if records else None

    found = door.at_each(last_met, lambda museum: TaskScope(museum, scope.outbox_id))
    met = [(at, own) for own, at in found if at is not None]
    return max(met, key=lambda one: one[0])[1] if met else None


@subscribes("me.erasure_asked", outside=True)
def erase(_scope: TaskScope, erasure_id: int) -> None:
    """Carry out a wish to be erased."""
    erasure.carry_out(erasure_id)


@sweeps_every(timedelta(hours=1))
def forget_old(_institution_id: int) -> None:
    """End visits and forget links that have had their time. They belong to no museum; once for each is harmless."""
    with transaction(PlatformScope()) as session:
        visits.forget_old(session)
