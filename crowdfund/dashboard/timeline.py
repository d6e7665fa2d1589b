"""One donor and all that happened between them and the museum, the latest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.texts import said
from crowdfund.conversation.models import Question
from crowdfund.crm.merging import Twin, merges_of, twins_of
from crowdfund.crm.models import DonorNote, DonorStanding, DonorTag
from crowdfund.crm.service import records_of_person
from crowdfund.dashboard.contacts import LISTED, Happening, contacts
from crowdfund.dashboard.queries import donor_name
from crowdfund.dashboard.segments import waits_among
from crowdfund.dashboard.trail import names_of
from crowdfund.donors.models import Consent, Donor
from crowdfund.donors.rules import ADDRESS
from crowdfund.gifts.models import Gift
from crowdfund.i18n import country_name
from crowdfund.institutions.current import Membership
from crowdfund.institutions.permissions import can
from crowdfund.institutions.rules import Permission
from crowdfund.intake.models import BroughtDonor, DonorFile
from crowdfund.mail import SentMail
from crowdfund.money import Money


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a person. `undo_url` takes back the merge that brought it here, where that is the last one."""

    number: int
    name: str
    email: str
    address: tuple[str, ...]
    known_since: datetime
    undo_url: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """A consent with its proof: the words shown, where, when; and when it ended."""

    kind: str
    wording: str
    language: str
    source: str
    given_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A record that may be the same person."""

    name: str
    email: str
    town: str
    why: str
    url: str
    merge_url: str


@dataclass(frozen=True, slots=True)
class Person:
    """A donor as the museum knows them."""

    id: int
    name: str
    url: str
    phone: str
    language: str
    timezone: str
    records: tuple[Record, ...]
    given: tuple[tuple[int, Money, datetime], ...]  # gifts, what is kept of them, since when; by currency
    tags: tuple[tuple[int, str], ...]
    agreements: tuple[Agreement, ...]
    happenings: tuple[Happening, ...]
    suggestions: tuple[Suggestion, ...]
    address: dict[str, str] = field(default_factory=dict)  # of the record that stands for them, by column
    waiting: bool = False  # money of theirs is entered or matched, and nobody has approved it


def read_person(session: Session, museum: Membership, person_id: int) -> Person:
    """Read all of one person: the record that stands for them, and those merged into it."""
    records = records_of_person(session, person_id)
    here, ids = f"/staff/{museum.slug}/donors/{person_id}", [one.id for one in records]
    merges = merges_of(session, person_id)
    undo = {merges[0].merged_id: f"{here}/merges/{merges[0].id}/undo"} if merges else {}
    consents = session.scalars(select(Consent).where(Consent.donor_id.in_(ids)).order_by(Consent.given_at.desc())).all()
    standings = session.scalars(select(DonorStanding).where(DonorStanding.donor_id == person_id))
    tags = session.scalars(select(DonorTag).where(DonorTag.donor_id == person_id).order_by(DonorTag.tag))
    return Person(
        id=person_id,
        name=donor_name(records[0]),
        url=here,
        phone=next((one.phone for one in records if one.phone), "") or "",
        language=records[0].locale,
        timezone=museum.time_zone,
        records=tuple(_record(one, undo.get(one.id, "")) for one in records),
        given=tuple((one.gifts, Money(one.kept_minor, one.currency), one.first_at) for one in standings),
        tags=tuple((one.id, one.tag) for one in tags),
        agreements=tuple(_agreement(one) for one in consents),
        happenings=_happenings(session, museum, here, records, consents),
        address={name: getattr(records[0], name) or "" for name in ADDRESS},
        waiting=bool(waits_among(session, [person_id])),
        suggestions=tuple(_suggestion(twin, here, museum.slug) for twin in twins_of(session, records)),
    )


def _record(donor: Donor, undo_url: str) -> Record:
    town = " ".join(part for part in (donor.postcode, donor.city) if part)
    country = country_name(donor.country) if donor.country else ""
    address = tuple(line for line in (donor.address_line, town, country) if line)
    return Record(donor.id, donor_name(donor), donor.email or "", address, donor.created_at, undo_url)


def _agreement(one: Consent) -> Agreement:
    return Agreement(one.kind, one.wording, one.locale, one.source, one.given_at, one.withdrawn_at)


def _suggestion(twin: Twin, here: str, slug: str) -> Suggestion:
    other = twin.donor
    town = " ".join(part for part in (other.postcode, other.city) if part)
    url, merge_url = f"/staff/{slug}/donors/{other.id}", f"{here}/merge/{other.id}"
    return Suggestion(donor_name(other), other.email or "", town, twin.why, url, merge_url)


def _happenings(
    session: Session, museum: Membership, here: str, records: Sequence[Donor], consents: Iterable[Consent]
) -> tuple[Happening, ...]:
    ids, emails = [one.id for one in records], [one.email for one in records if one.email]
    all_of_them = [
        *_gifts(session, museum, ids),
        *_notes(session, here, ids),
        *contacts(session, museum, ids),
        *_files(session, museum, ids),
        *(_mails(session, emails) if emails else ()),
        *(_questions(session, emails) if emails else ()),
        *(Happening(one.given_at, "consent", one.wording) for one in consents),
        *(Happening(one.withdrawn_at, "withdrawn", one.wording) for one in consents if one.withdrawn_at),
    ]
    return tuple(sorted(all_of_them, key=lambda one: one.at, reverse=True)[:LISTED])


def _gifts(session: Session, museum: Membership, ids: Sequence[int]) -> Iterator[Happening]:
    found = session.execute(
        select(Gift, Campaign.title)
        .join(Campaign, Campaign.id == Gift.campaign_id)
        .where(Gift.donor_id.in_(ids))
        .order_by(Gift.received_at.desc())
        .limit(LISTED)
    )
    for gift, title in found:
        url = f"/staff/{museum.slug}/gifts/{gift.id}"
        yield Happening(gift.received_at, "gift", said(title, museum.default_locale), url, gift.amount)


def _notes(session: Session, here: str, ids: Sequence[int]) -> Iterator[Happening]:
    notes = session.scalars(
        select(DonorNote).where(DonorNote.donor_id.in_(ids)).order_by(DonorNote.at.desc()).limit(LISTED)
    ).all()
    names = names_of(session, {one.written_by for one in notes})
    for one in notes:
        by = names.get(one.written_by, "")
        yield Happening(one.at, one.kind, one.text, by=by, drop_url=f"{here}/notes/{one.id}/drop")


def _files(session: Session, museum: Membership, ids: Sequence[int]) -> Iterator[Happening]:
    found = session.execute(
        select(DonorFile).join(BroughtDonor, BroughtDonor.file_id == DonorFile.id).where(BroughtDonor.donor_id.in_(ids))
    )
    for file in found.scalars():
        url = f"/staff/{museum.slug}/donors/files/{file.id}" if can(Permission.MANAGE_DONORS) else ""
        yield Happening(file.applied_at or file.created_at, "file", f"{file.filename} · {file.origin or ''}", url)


def _mails(session: Session, emails: Sequence[str]) -> Iterator[Happening]:
    sent = select(SentMail).where(SentMail.to_address.in_(emails)).order_by(SentMail.created_at.desc()).limit(LISTED)
    for one in session.scalars(sent):
        yield Happening(one.sent_at or one.created_at, f"mail_{one.state}", str(one.content.get("subject", "")))


def _questions(session: Session, emails: Sequence[str]) -> Iterator[Happening]:
    asked = select(Question).where(func.lower(Question.asker_email).in_(emails)).limit(LISTED)
    for one in session.scalars(asked):
        yield Happening(one.asked_at, "question", one.text)
