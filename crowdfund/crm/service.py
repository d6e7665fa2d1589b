"""Write down what is known of a donor: telephone, tags, notes; forget it when they wish to be forgotten."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.crm.models import DonorNote, DonorTag
from crowdfund.crm.rules import phone_number
from crowdfund.donors.models import Donor
from crowdfund.donors.rules import ADDRESS
from crowdfund.errors import NotFound, Refusal
from crowdfund.gifts.models import Gift
from crowdfund.i18n import N_
from crowdfund.outbox import publish
from crowdfund.tenancy import scope_of

MOST_TAGS = 12
ENOUGH = N_("Twelve tags are enough for one donor: remove one first.")


def person_of(session: Session, donor_id: int) -> Donor:
    """Find the record that stands for a donor of the museum. Raises NotFound, for an erased one too."""
    found = session.scalars(select(Donor).where(Donor.id == donor_id)).one_or_none()
    if found is not None and found.merged_into_id is not None:
        found = session.scalars(select(Donor).where(Donor.id == found.merged_into_id)).one()
    if found is None or found.erased_at is not None:
        raise NotFound
    return found


def records_of_person(session: Session, person_id: int) -> list[Donor]:
    """List the record that stands for a person first, then those merged into it."""
    same = select(Donor).where(or_(Donor.id == person_id, Donor.merged_into_id == person_id))
    return list(session.scalars(same.order_by(Donor.merged_into_id.is_not(None), Donor.id)))


def put_phone(session: Session, donor_id: int, typed: str) -> None:
    """Write a donor's telephone number; empty removes it. Raises Refusal, NotFound."""
    donor = person_of(session, donor_id)
    donor.phone = phone_number(typed)
    audit.record(session, "donor.phone", f"donor:{donor.id}")


def put_address(session: Session, donor_id: int, told: Mapping[str, str]) -> None:
    """Write a donor's postal address, as a whole (the columns of `donors.rules.ADDRESS`).

    Letters and labels take it, and a receipt that waited for it is issued. Raises NotFound.
    """
    donor = person_of(session, donor_id)
    for name in ADDRESS:
        setattr(donor, name, told.get(name) or None)
    session.flush()  # what the listeners read
    waiting = select(Gift.id).where(Gift.donor_id == donor.id, Gift.wants_receipt.is_(True)).order_by(Gift.id)
    for gift_id in session.scalars(waiting):
        publish(session, "gift.identity_completed", key=f"{gift_id}:{clock.now().isoformat()}", gift_id=gift_id)
    audit.record(session, "donor.address", f"donor:{donor.id}")


def add_tag(session: Session, donor_id: int, tag: str) -> None:
    """Tag a donor. Twice is once. Raises Refusal, NotFound."""
    donor = person_of(session, donor_id)
    tags = session.scalars(select(DonorTag.tag).where(DonorTag.donor_id == donor.id)).all()
    if tag in tags:
        return
    if len(tags) >= MOST_TAGS:
        raise Refusal(ENOUGH, field="tag", status=409)
    session.add(DonorTag(donor_id=donor.id, tag=tag))
    audit.record(session, "donor.tagged", f"donor:{donor.id}")


def remove_tag(session: Session, donor_id: int, tag_id: int) -> None:
    """Take a tag away. Raises NotFound."""
    donor = person_of(session, donor_id)
    tag = session.scalars(select(DonorTag).where(DonorTag.id == tag_id, DonorTag.donor_id == donor.id)).one_or_none()
    if tag is None:
        raise NotFound
    session.delete(tag)
    audit.record(session, "donor.untagged", f"donor:{donor.id}")


def write_note(session: Session, donor_id: int, kind: str, text: str) -> None:
    """Write down a note, a call, a letter or a visit. Raises NotFound."""
    donor = person_of(session, donor_id)
    session.add(DonorNote(donor_id=donor.id, kind=kind, text=text, written_by=scope_of(session).actor))
    audit.record(session, f"donor.{kind}", f"donor:{donor.id}")


def drop_note(session: Session, donor_id: int, note_id: int) -> None:
    """Delete a note. Raises NotFound."""
    person = person_of(session, donor_id)
    ids = [one.id for one in records_of_person(session, person.id)]
    note = session.scalars(select(DonorNote).where(DonorNote.id == note_id, DonorNote.donor_id.in_(ids))).one_or_none()
    if note is None:
        raise NotFound
    session.delete(note)
    audit.record(session, "donor.note_dropped", f"donor:{person.id}")


def forget(session: Session, donor_ids: Collection[int]) -> None:
    """Forget the tags and notes of donors who are erased."""
    for table in (DonorTag, DonorNote):
        session.execute(delete(table).where(table.donor_id.in_(donor_ids)).execution_options(synchronize_session=False))


def tags_in_use(session: Session) -> list[str]:
    """List the museum's tags, those used most first."""
    used = select(DonorTag.tag).group_by(DonorTag.tag).order_by(func.count().desc(), DonorTag.tag).limit(50)
    return list(session.scalars(used))
