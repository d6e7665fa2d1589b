"""All that is kept of an address, at all museums: one JSON document, and the receipts as they were issued."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any
from uuid import UUID

from sqlalchemy import Select, inspect, select
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.ambassadors.models import Ambassador
from crowdfund.conversation import followers
from crowdfund.conversation.models import Dispatch, Question
from crowdfund.crm.models import DonorNote, DonorTag
from crowdfund.database import Base
from crowdfund.desk.models import BankLine, Cheque
from crowdfund.donors.models import Consent
from crowdfund.fulfilment.models import Counterpart
from crowdfund.gifts.models import Dispute, Gift, GiftChoice, Refund
from crowdfund.institutions.models import Institution
from crowdfund.intake.models import BroughtDonor, DonorFile
from crowdfund.invitations.models import Booking, MuseumVisit
from crowdfund.mail import SentMail
from crowdfund.me import door, service, visits
from crowdfund.me.models import DonorLink
from crowdfund.money import Money
from crowdfund.plaques.models import PlaqueCorrection, PlaqueLine, PlaqueName
from crowdfund.pledges.models import Group, Pledge, Reminder, WallEntry
from crowdfund.receipts import rendering
from crowdfund.receipts.models import Receipt, ReceiptGift, ReceiptHold
from crowdfund.receipts.numbering import printed_number
from crowdfund.spreadsheets import csv_parts
from crowdfund.tenancy import DonorScope, MuseumScope, PlatformScope, museum_of, transaction
from crowdfund.thanks.models import ThankCall, ThankLetter

# What opens a door is nobody's data; what the receipt prints stands in its file.
UNTOLD = frozenset(
    {
        "token_hash",
        "code_hash",
        "card_hash",
        "order_key",
        "snapshot",
        "storage_key",
        "institution_id",
        "key",
        "twin_key",
        "address_hash",
        "to_hash",
        "asker_hash",
        "by_name",  # of a colleague
    }
)
# What is kept of a donor, of a gift and of a pledge, by the name it is told under.
OF_A_DONOR: dict[str, type[Any]] = {
    "consents": Consent,
    "pledges": Pledge,
    "gifts": Gift,
    "bank_lines": BankLine,
    "cheques": Cheque,
    "notes": DonorNote,
    "tags": DonorTag,
    "rewards": Counterpart,
    "calls": ThankCall,
    "places": Booking,
    "visits": MuseumVisit,
    "ambassador": Ambassador,
    "letters": ThankLetter,
    "dispatches": Dispatch,
}
OF_A_GIFT: dict[str, type[Any]] = {
    "refunds": Refund,
    "disputes": Dispute,
    "choices": GiftChoice,
    "receipts_held": ReceiptHold,
}
OF_A_PLEDGE: dict[str, type[Any]] = {
    "wall": WallEntry,
    "plaques": PlaqueName,
    "engraved": PlaqueLine,
}
IN_MEMORY = 8 * 1024 * 1024
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What one museum tells."""

    slug: str
    document: Document
    receipts: list[Receipt]


def told_at_museum(session: Session, email: str) -> Told | None:
    """Tell all that the museum of this session keeps of an address; None when it keeps nothing. Audited."""
    records = service.records_of(session, email)
    if not records:
        return None
    museum = session.get_one(Institution, museum_of(session))
    ids = [donor.id for donor in records]
    found = _receipts(session, ids)
    document = {
        "museum": museum.name,
        "records": _rows(records),
        **{name: _rows(session.scalars(kept)) for name, kept in kept_of(ids, email).items()},
        "receipts": [{**_row(one), "file": _file(museum.slug, one) if one.storage_key else None} for one in found],
        "brought": _brought(session, ids),
        "follows": _rows(followers.of_person(session, email)),
    }
    for donor in records:
        audit.record(session, "donor.exported", f"donor:{donor.id}")
    return Told(museum.slug, document, found)


def kept_of(ids: list[int], email: str) -> dict[str, Select[Any]]:
    """Select what is kept of a donor's records and of their address, by the name it is told under."""
    gifts, pledges = select(Gift.id).where(Gift.donor_id.in_(ids)), select(Pledge.id).where(Pledge.donor_id.in_(ids))
    names = select(PlaqueName.id).where(PlaqueName.pledge_id.in_(pledges))
    return {
        **{name: _ordered(table, table.donor_id.in_(ids)) for name, table in OF_A_DONOR.items()},
        **{name: _ordered(table, table.gift_id.in_(gifts)) for name, table in OF_A_GIFT.items()},
        **{name: _ordered(table, table.pledge_id.in_(pledges)) for name, table in OF_A_PLEDGE.items()},
        "corrections": _ordered(PlaqueCorrection, PlaqueCorrection.name_id.in_(names)),
        "questions": _ordered(Question, Question.asker_email == email),
        "reminders": _ordered(Reminder, Reminder.email == email),
        "groups": _ordered(Group, Group.organiser_email == email),
        "mails": _ordered(SentMail, SentMail.to_hash == hashlib.sha256(email.encode()).hexdigest()),
    }


def _ordered(table: type[Any], of_them: Any) -> Select[Any]:
    return select(table).where(of_them).order_by(table.id)


def _brought(session: Session, ids: list[int]) -> list[Document]:
    """Tell with which files these records came, and from where."""
    files = select(DonorFile).join(BroughtDonor, BroughtDonor.file_id == DonorFile.id)
    found = session.scalars(files.where(BroughtDonor.donor_id.in_(ids)).order_by(DonorFile.id))
    return [{"file": one.filename, "origin": one.origin, "at": _plain(one.applied_at)} for one in found]


def told_of_platform(session: Session, email: str) -> Document:
    """Tell what is kept outside the museums: links asked for, open visits."""
    links = session.scalars(select(DonorLink).where(DonorLink.email == email).order_by(DonorLink.id))
    return {"links": _rows(links), "visits": _rows(visits.open_visits(session, email))}


def _receipts(session: Session, ids: list[int]) -> list[Receipt]:
    of = select(ReceiptGift.receipt_id).join(Gift, Gift.id == ReceiptGift.gift_id).where(Gift.donor_id.in_(ids))
    return list(session.scalars(select(Receipt).where(Receipt.id.in_(of)).order_by(Receipt.id)))


def _rows(rows: Iterable[Base]) -> list[Document]:
    return [_row(row) for row in rows]


def _row(row: Base) -> Document:
    columns = inspect(type(row)).column_attrs
    return {one.key: _plain(getattr(row, one.key)) for one in columns if one.key not in UNTOLD}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _file(museum: str, receipt: Receipt) -> str:
    return f"receipts/{museum}/{printed_number(receipt).lower()}.pdf"


def whole(email: str, parts: Iterable[Document], platform: Document) -> Document:
    """Put together the document of the export."""
    return {"made_at": clock.now().isoformat(), "email": email, "museums": list(parts), "platform": platform}


def collect(email: str, scope: Callable[[int], MuseumScope] = DonorScope) -> tuple[Document, list[tuple[str, Receipt]]]:
    """Collect at every museum, each in its own scope: the document, and receipts with their museum's slug."""
    parts: list[Document] = []
    files: list[tuple[str, Receipt]] = []
    for _own, found in door.at_each(lambda session: told_at_museum(session, email), scope):
        if found is not None:
            parts.append(found.document)
            files += [(found.slug, receipt) for receipt in found.receipts]
    with transaction(PlatformScope()) as session:
        platform = told_of_platform(session, email)
    return whole(email, parts, platform), files


def _gifts_table(document: Document) -> bytes:
    """Write the gifts as a table that any spreadsheet opens."""
    rows = [
        (
            part["museum"],
            date.fromisoformat(gift["gift_date"]),
            Money(gift["amount_minor"], gift["currency"]).decimal,
            Money(gift["refunded_minor"], gift["currency"]).decimal,
            gift["currency"],
            gift["method"],
            gift["state"],
        )
        for part in document["museums"]
        for gift in part["gifts"]
    ]
    head = ("museum", "day", "amount", "given back", "currency", "way", "state")
    return b"".join(csv_parts(head, rows, separator=",", decimal="."))


def packed(document: Document, receipts: Iterable[tuple[str, Receipt]]) -> IO[bytes]:
    """Pack the document and the receipts' files (museum's slug, receipt) into a ZIP; a large one goes to disk."""
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the answer closes it
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", json.dumps(document, ensure_ascii=False, indent=2))
        archive.writestr("gifts.csv", _gifts_table(document))
        for museum, receipt in receipts:
            content = rendering.stored(receipt)
            if content is not None:
                archive.writestr(_file(museum, receipt), content)
    file.seek(0, io.SEEK_SET)
    return file
