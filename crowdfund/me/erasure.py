"""Erase a person at every museum. Books and receipts stay, as the law asks; nothing else tells who it was.

The wish is a row, carried out by the worker museum by museum, each in a transaction of its own: a process that dies
leaves the rest to the next try, and doing a museum twice is once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from flask import current_app
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.campaigns import service as campaigns
from crowdfund.conversation import followers, questions
from crowdfund.crm import merging
from crowdfund.crm import service as crm
from crowdfund.database import Database
from crowdfund.desk import lines
from crowdfund.donors import service as donors
from crowdfund.donors import suppressed
from crowdfund.donors.models import Donor
from crowdfund.donors.rules import ConsentKind
from crowdfund.gifts import dedications
from crowdfund.intake import service as intake
from crowdfund.mail import Mail, SentMail, send_once
from crowdfund.me import door, erased, mails, service, visits
from crowdfund.me.models import Erasure
from crowdfund.outbox import publish
from crowdfund.payments.calls import OPEN_STATES
from crowdfund.payments.models import Checkout, ProviderCall
from crowdfund.plaques import keeping
from crowdfund.pledges import wall
from crowdfund.pledges.models import Group, Pledge, Reminder
from crowdfund.pledges.rules import Wall
from crowdfund.tenancy import DonorScope, MuseumScope, OperatorScope, PlatformScope, museum_of, transaction

IDENTITY = (
    "first_name", "last_name", "company_name", "company_number", "legal_form", "email", "address_line", "postcode",
    "city", "country", "tax_number", "phone",
)  # fmt: skip
SHOWN = (
    "wall_name",
    "wall_town",
    "message",
    "dedication_kind",
    "dedication_name",
    "dedication_email",
    "told",
    "card_hash",
)


class StillPaying(RuntimeError):
    """A payment page of this person is being opened this very moment: try again when its answer is known."""


def ask(session: Session, email: str, locale: str, *, by: str) -> Erasure:
    """Write the wish down, end the person's visits, and let the worker carry it out.

    The session is of a museum that knows the address: its post takes the last mail.
    """
    erasure = Erasure(email=email, locale=locale, asked_by=by, written_from=museum_of(session), asked_at=clock.now())
    session.add(erasure)
    session.flush()  # for its id
    visits.end_all(session, email, "erased")
    publish(session, "me.erasure_asked", key=str(erasure.id), erasure_id=erasure.id)
    return erasure


def carry_out(erasure_id: int) -> int:
    """Erase at every museum, say so in a last mail, and forget the address. Gives how many records were erased.

    Raises StillPaying, and what the mail server's refusal raised: the worker tries again.
    """
    database: Database = current_app.extensions["database"]
    with database.alone(f"erasure:{erasure_id}"):
        with transaction(PlatformScope()) as session:
            erasure = session.get_one(Erasure, erasure_id)
        if erasure.email is None:
            return 0
        erased.note(erasure.email)
        found = door.at_each(lambda session: at_museum(session, str(erasure.email)), _scope(erasure))
        records = sum(count for _scope_of, count in found)
        _say_so(erasure, erasure.email)
        return records


def _scope(erasure: Erasure) -> Callable[[int], MuseumScope]:
    if erasure.asked_by == "donor":
        return DonorScope
    return lambda museum: OperatorScope(museum, "privacy erase")


def at_museum(session: Session, email: str) -> int:
    """Erase an address at the museum of this session; give the number of records erased. Audited.

    Files that wait come first: one that is being taken in is waited for, and the record it makes is there to be erased.
    """
    struck = intake.strike(session, email)
    records = _of_person(session, email)
    crm.forget(session, [donor.id for donor in records])
    if records:
        pledged = session.scalars(select(Pledge).where(Pledge.donor_id.in_([donor.id for donor in records]))).all()
        _forget_at_provider(session, [pledge.id for pledge in pledged])
        for pledge in pledged:
            _take_down(session, pledge)
            dedications.forget_card(pledge)
        keeping.forget(session, [pledge.id for pledge in pledged])
        for donor in records:
            _forget(session, donor)
    _forget_beside(session, email)
    _forget_mails(session, email)
    for donor in records:
        audit.record(session, "donor.erased", f"donor:{donor.id}")
    if struck or records:
        suppressed.note_erased(session, email)
    return len(records)


def _of_person(session: Session, email: str) -> list[Donor]:
    """List the records of an address, with those the museum has said to be the same person's and that bear no other one.

    A record with another address is parted from them and stays: who asked has not shown that it is theirs, and the
    museum may have been mistaken.
    """
    known: dict[int, Donor] = {}
    for donor in service.records_of(session, email):
        known |= {one.id: one for one in crm.records_of_person(session, donor.merged_into_id or donor.id)}
    standing = [donor for donor in known.values() if donor.erased_at is None]
    own = [donor for donor in standing if donor.email in {None, email}]
    merging.part(session, own, [donor for donor in standing if donor not in own])
    return own


def _forget(session: Session, donor: Donor) -> None:
    for kind in ConsentKind:
        donors.withdraw_consent(session, donor.id, kind)
    for name in IDENTITY:
        setattr(donor, name, None)
    lines.forget_payer(session, donor.id)
    donor.erased_at = clock.now()
    publish(session, "donor.erased", key=str(donor.id), donor_id=donor.id)


def _take_down(session: Session, pledge: Pledge) -> None:
    """Leave the promise and its amount, and nothing of what the public or a mail could tell."""
    pledge.wall = Wall.ANONYMOUS
    for name in SHOWN:
        setattr(pledge, name, None)
    wall.remove_entry(session, pledge.id)
    campaigns.touch(session, pledge.campaign_id)


def _forget_at_provider(session: Session, pledge_ids: list[int]) -> None:
    """Take the address out of what was asked of the provider. Raises StillPaying while one may be sent again."""
    checkouts = session.scalars(select(Checkout.id).where(Checkout.pledge_id.in_(pledge_ids)))
    subjects = [f"checkout:{checkout_id}" for checkout_id in checkouts]
    asked = select(ProviderCall).where(ProviderCall.subject.in_(subjects)).with_for_update()
    for call in session.scalars(asked):
        if call.state in OPEN_STATES:
            raise StillPaying
        call.params = {name: value for name, value in call.params.items() if name != "customer_email"}


def _forget_beside(session: Session, email: str) -> None:
    """Forget an address where it was left without giving: to follow, to ask, to be reminded, for a group."""
    followers.forget_person(session, email)
    questions.forget_asker_everywhere(session, email)
    session.execute(delete(Reminder).where(Reminder.email == email))
    session.execute(update(Group).where(Group.organiser_email == email).values(organiser_email=None))
    session.execute(update(Pledge).where(Pledge.dedication_email == email).values(dedication_email=None))


def _forget_mails(session: Session, email: str) -> None:
    """Keep that mails left, when, and of which kind; not to whom, nor a subject that may name them."""
    sent = select(SentMail).where(SentMail.to_hash == hashlib.sha256(email.encode()).hexdigest())
    for mail in session.scalars(sent):
        mail.to_address, mail.error = None, None
        mail.content = {"locale": mail.content.get("locale", "")}


def _say_so(erasure: Erasure, email: str) -> None:
    """Confirm by a last mail; then nothing is left that knows the address."""
    scope: MuseumScope = OperatorScope(erasure.written_from, "last mail of an erasure")

    def compose(_session: Session) -> Mail:
        return mails.erased_mail(email, erasure.locale)

    send_once(scope, f"me_erased:{erasure.id}", compose)
    with transaction(scope) as session:
        _forget_mails(session, email)
        service.forget_links(session, email)
        visits.end_all(session, email, "erased")
        done = session.get_one(Erasure, erasure.id)
        done.email, done.done_at = None, clock.now()
