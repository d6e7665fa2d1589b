"""Two museums at work, each with a donor whose name stands nowhere else: what belongs to one must not leave by the other's doors."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select

from crowdfund import clock
from crowdfund.crm.models import DonorMerge, DonorNote, DonorTag, SavedView
from crowdfund.gifts import tasks as thanks
from crowdfund.institutions.models import Institution
from crowdfund.institutions.rules import PERMISSIONS, Permission, Role
from crowdfund.payments.models import QuarantinedCharge
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.reach.service import make_place
from crowdfund.receipts import service as receipts
from crowdfund.receipts import tasks
from tests.after import plant
from tests.desk import enter, make_colleague
from tests.factories import make_apart, make_checkout, make_desk, make_donor, make_file, make_news, make_talk, make_team
from tests.receipts.conftest import MailKeeper, found_museum

PUBLISHED = 777  # the number of each house's news
DRAWN = re.compile(rb"[^a-z]")


@dataclass(frozen=True)
class House:
    """A museum with one gift, its receipt and its page, and a payment set aside; `canary` is in its donor's name, address and words."""

    id: int
    slug: str
    campaign: str
    canary: str
    gift_id: int
    token: str
    code: str
    place_id: int
    short: str  # of the place's link
    donor_id: int


def found_house(slug: str, canary: str) -> House:
    """Found a museum, receive a gift from its canary, and write, print and send all that follows."""
    museum = found_museum()
    with museum.open() as session:
        session.get_one(Institution, museum.id).slug = slug
        donor = make_donor(
            session,
            first_name=f"Zoé{canary}",
            last_name=canary,
            email=f"{canary}@example.org",
            address_line=f"1 rue {canary}",
        )
        campaign = museum.campaign(session)
        gift = museum.give(session, donor, pledged=True)
        pledge = session.scalars(select(Pledge)).one()
        pledge.message = f"Words of {canary}"
        token = pledges.gift_token(pledge)
        make_checkout(session, pledge)
        place = make_place(session, campaign.id, "Hall", takes_cash=True)
        receipt = receipts.issue(session, gift.id)
        assert receipt is not None
        session.add(  # under the gift's number, so that one address finds either
            QuarantinedCharge(id=gift.id, charge=f"ch_of_{slug}", account="acct_test", amount_minor=5000,
                              currency="EUR", reason="unknown_attempt")
        )  # fmt: skip
        session.add(
            SavedView(id=gift.id, page="gifts", name=f"View of {canary}", filters={"method": "card"}, saved_by="x")
        )
        session.add(DonorTag(id=gift.id, donor_id=donor.id, tag=f"Tag of {canary}"))
        session.add(DonorNote(id=gift.id, donor_id=donor.id, kind="note", text=f"Note of {canary}", written_by="x"))
        session.add(
            DonorMerge(id=gift.id, kept_id=donor.id, merged_id=donor.id, moved=[], merged_by="x", undone_at=clock.now())
        )
        make_file(session, gift.id, f"File of {canary}")
        make_apart(session, gift.id, donor.id)
        make_talk(session, gift.id, canary)
        make_team(session, gift.id)
        plant(session, gift, pledge, canary)
        make_news(session, campaign, id=PUBLISHED)
        make_desk(session, campaign, gift.id, canary)
    tasks.render_and_send(museum.scope, receipt_id=receipt.id)
    thanks.thank(museum.scope, gift.id)
    code = receipt.snapshot["verification_code"]
    return House(museum.id, slug, campaign.slug, canary, gift.id, token, code, place.id, place.code, donor.id)


def roles_for(permission: str) -> tuple[Role, Role | None]:
    """Give a role that has a permission, and one that has not (None where every role has it)."""
    without = [role for role in Role if Permission(permission) not in PERMISSIONS[role]]
    return Role.OWNER, (without[0] if without else None)


def open_desk(app: Flask, house: House, role: Role) -> FlaskClient:
    """Sign a new colleague of the museum in."""
    return enter(app, make_colleague(house.id, role, f"{role}@{house.slug}.example"))


def said_by_pdf(content: bytes) -> str:
    """Read all that a PDF says: its pages, its metadata, the files it carries."""
    reader = PdfReader(io.BytesIO(content))
    carried = [one for files in reader.attachments.values() for one in files]
    pages = "".join(page.extract_text() for page in reader.pages)
    return pages + str(reader.metadata) + "".join(one.decode() for one in carried)


def said_by(answer: Any) -> str:
    """Read all that an answer says, its headers too."""
    if answer.mimetype == "image/png":
        return str(answer.headers)  # drawn; what it could say is on the page beside it
    body = said_by_pdf(answer.data) if answer.data.startswith(b"%PDF") else answer.get_data(as_text=True)
    return f"{answer.headers}\n{body}"


def said_by_mail(message: EmailMessage) -> str:
    """Read all that a mail says, decoded, with what it carries."""
    parts: list[str] = [str(message.items())]
    for part in message.walk():
        if part.get_content_maintype() == "text":
            parts.append(part.get_content())
        elif part.get_content_type() == "application/pdf":
            parts.append(said_by_pdf(part.get_content()))
    return "\n".join(parts)


def named(text: str, houses: Iterable[House]) -> set[str]:
    """Tell whose canaries a text names, however they are written."""
    plain = DRAWN.sub(b"", text.lower().encode("ascii", "ignore")).decode()
    return {house.slug for house in houses if house.canary.lower() in plain}


def mails_of(keeper: MailKeeper, house: House) -> list[str]:
    """Read the mails that a museum sent."""
    return [said_by_mail(message) for key, message in keeper.kept if key.startswith(f"{house.id}:")]
