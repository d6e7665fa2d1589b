"""Take a file back: the records it made go, but for those to which something has happened since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.crm.models import DonorNote, DonorStanding, DonorTag
from crowdfund.database import Base
from crowdfund.donors.models import Consent, Donor, DonorWord
from crowdfund.gifts.models import Gift
from crowdfund.intake.models import BroughtDonor, DonorFile
from crowdfund.intake.rules import PORTION, FileState, Stays
from crowdfund.intake.taking import said_sha256, source_of
from crowdfund.pledges.models import Pledge
from crowdfund.tenancy import OwnedByInstitution

OWN = (DonorWord, DonorStanding, BroughtDonor, Consent)  # made with the record, or looked at by themselves
NAMED = {Gift: Stays.GIFT, Pledge: Stays.GIFT, DonorNote: Stays.EDITED, DonorTag: Stays.EDITED}


def undo_portion(session: Session, file: DonorFile, most: int = PORTION) -> None:
    """Take the next records back, or say why they stay; after the last one the file is undone. Holds the records."""
    brought = session.scalars(
        select(BroughtDonor)
        .where(BroughtDonor.file_id == file.id, BroughtDonor.stays.is_(None))
        .order_by(BroughtDonor.id)
        .limit(most)
        .with_for_update()
    ).all()
    ids = [one.donor_id for one in brought]
    held = select(Donor).where(Donor.id.in_(ids)).order_by(Donor.id).with_for_update()
    donors = {one.id: one for one in session.scalars(held.execution_options(populate_existing=True))}
    why = _touched(session, ids, source_of(file))
    gone = []
    for one in brought:
        reason = _changed(donors[one.donor_id], one) or why.get(one.donor_id)
        if reason is None:
            gone.append(one.donor_id)
        else:
            one.stays = reason
    session.flush()
    for table, column in ((Consent, Consent.donor_id), (BroughtDonor, BroughtDonor.donor_id), (Donor, Donor.id)):
        session.execute(delete(table).where(column.in_(gone)).execution_options(synchronize_session=False))
    session.expire_all()
    file.done += len(gone)
    if len(brought) < most:
        file.state, file.undone_at = FileState.UNDONE, clock.now()
    session.flush()


def _changed(donor: Donor, brought: BroughtDonor) -> Stays | None:
    if donor.merged_into_id is not None or said_sha256(donor) != brought.said_sha256:
        return Stays.EDITED
    return None


def _touched(session: Session, ids: Sequence[int], source: str) -> dict[int, Stays]:
    """Find, in every table that points at donors, those of these records that something has happened to."""
    found: dict[int, Stays] = {}
    for table, column in pointing():
        why = NAMED.get(table, Stays.OTHER)
        for donor_id in session.scalars(select(column).where(column.in_(ids)).distinct()):
            if found.get(donor_id) != Stays.GIFT:
                found[donor_id] = why
    said = select(Consent.donor_id).where(
        Consent.donor_id.in_(ids), or_(Consent.source != source, Consent.withdrawn_at.is_not(None))
    )
    for donor_id in session.scalars(said):
        found.setdefault(donor_id, Stays.CONSENT)
    return found


def pointing() -> Iterator[tuple[type[Any], Any]]:
    """List every table of a museum that points at its donors, with the column, but for what is made with a record."""
    for mapper in sorted(Base.registry.mappers, key=lambda one: str(one.local_table)):
        if not issubclass(mapper.class_, OwnedByInstitution) or mapper.class_ in OWN:
            continue
        for constraint in mapper.local_table.foreign_key_constraints:  # type: ignore[attr-defined] # a table
            if constraint.referred_table.name == "donors":
                column = next(one for one in constraint.column_keys if one != "institution_id")
                yield mapper.class_, getattr(mapper.class_, column)
