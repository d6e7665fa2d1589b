"""The rows of the files that the desk takes away: read in portions, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row as Found
from sqlalchemy import Select, and_, select, tuple_

from crowdfund.campaigns.models import Campaign, Reward
from crowdfund.campaigns.texts import said
from crowdfund.dashboard.asked import Asked, conditions, receipt_code
from crowdfund.donors.models import Donor
from crowdfund.gifts.models import Gift
from crowdfund.i18n import current_locale
from crowdfund.i18n import gettext as _
from crowdfund.institutions.current import Membership
from crowdfund.money import Money
from crowdfund.pledges.models import Pledge
from crowdfund.receipts.models import Receipt, ReceiptGift
from crowdfund.receipts.rules import number_text
from crowdfund.spreadsheets import Row, csv_parts
from crowdfund.tenancy import MuseumScope, transaction

PORTION = 5_000


def csv_here(head: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """Write a CSV as the reader's own spreadsheet opens it: commas and points in English, semicolons and commas elsewhere."""
    english = current_locale() == "en"
    return csv_parts(head, rows, separator="," if english else ";", decimal="." if english else ",")


def gift_head() -> tuple[str, ...]:
    """Name the columns of the file of gifts."""
    return (
        _("No."), _("Received"), _("Date of the gift"), _("Campaign"), _("Kind of donor"), _("First name"), _("Last name"),
        _("Company"), _("E-mail"), _("Address"), _("Postcode"), _("Town"), _("Country"), _("Language"), _("Way"), _("State"),
        _("Sum"), _("Given back"), _("Currency"), _("Payment fees"), _("Reward"), _("Receipt"), _("Receipt number"),
        _("Where the donor came from"),
    )  # fmt: skip


def gift_rows(scope: MuseumScope, museum: Membership, asked: Asked) -> Iterator[Row]:
    """Read the gifts that match, the latest first, as rows of a file. Opens its own transactions."""
    zone, after = ZoneInfo(museum.time_zone), asked.after
    while True:
        with transaction(scope) as session:
            statement = _gifts().where(*conditions(session, asked, zone))
            if after is not None:
                statement = statement.where(tuple_(Gift.received_at, Gift.id) < tuple_(*after))
            found = session.execute(statement.order_by(Gift.received_at.desc(), Gift.id.desc()).limit(PORTION)).all()
        titles: dict[int, str] = {}
        for row in found:
            yield _gift_row(row, zone, museum.default_locale, titles)
        if len(found) < PORTION:
            return
        after = (found[-1].received_at, found[-1].id)


def _gifts() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Gift.id, Gift.received_at, Gift.gift_date, Gift.campaign_id, Campaign.title, Donor.kind, Donor.first_name,
            Donor.last_name, Donor.company_name, Donor.email, Donor.address_line, Donor.postcode, Donor.city, Donor.country,
            Donor.locale, Gift.method, Gift.state, Gift.amount_minor, (Gift.refunded_minor + Gift.lost_minor).label("gone"),
            Gift.currency, Gift.fee_minor, Reward.title.label("reward"), Pledge.reward_state, receipt_code().label("receipt"),
            Receipt.series, Receipt.year, Receipt.number, Pledge.channel,
        )
        .join(Campaign, Campaign.id == Gift.campaign_id)
        .outerjoin(Donor, Donor.id == Gift.donor_id)
        .outerjoin(Pledge, Pledge.id == Gift.pledge_id)
        .outerjoin(Reward, Reward.id == Pledge.reward_id)
        .outerjoin(ReceiptGift, and_(ReceiptGift.gift_id == Gift.id, ReceiptGift.live))
        .outerjoin(Receipt, Receipt.id == ReceiptGift.receipt_id)
    )  # fmt: skip


def _gift_row(one: Found[Any], zone: ZoneInfo, home: str, titles: dict[int, str]) -> Row:
    if one.campaign_id not in titles:
        titles[one.campaign_id] = said(one.title, home)
    reward = said(one.reward, home) if one.reward and one.reward_state != "waived" else ""
    number = number_text(one.series, one.year, one.number) if one.number is not None else ""
    return (
        one.id, _local(one.received_at, zone), one.gift_date, titles[one.campaign_id], one.kind, one.first_name, one.last_name,
        one.company_name, one.email, one.address_line, one.postcode, one.city, one.country, one.locale, one.method, one.state,
        Money(one.amount_minor, one.currency).decimal, Money(one.gone, one.currency).decimal, one.currency,
        None if one.fee_minor is None else Money(one.fee_minor, one.currency).decimal, reward, one.receipt, number, one.channel,
    )  # fmt: skip


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)
