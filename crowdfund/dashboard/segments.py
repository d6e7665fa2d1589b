"""The donors of a segment: how many, and as the rows of a file."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from crowdfund.crm.people import Segment, people
from crowdfund.desk.queries import whose_money_waits
from crowdfund.donors.models import Consent
from crowdfund.donors.rules import ConsentKind
from crowdfund.i18n import gettext as _
from crowdfund.institutions.current import Membership
from crowdfund.institutions.models import Institution
from crowdfund.money import Money
from crowdfund.spreadsheets import Row
from crowdfund.tenancy import MuseumScope, transaction

PORTION = 5_000
COUNTED = 5_000  # more are "more than": a page does not wait for them


def currency_of(session: Session, museum: Membership) -> str:
    """Tell the museum's currency: what donors gave is summed in it."""
    return session.get_one(Institution, museum.institution_id).currency


def count_people(session: Session, museum: Membership, segment: Segment) -> int:
    """Count the people of a segment, up to one more than `COUNTED`."""
    return count_found(session, people(session, segment, currency_of(session, museum), ZoneInfo(museum.time_zone)))[0]


def count_found(session: Session, found: Select[*tuple[Any, ...]]) -> tuple[int, int]:
    """Count whom a statement finds, up to one more than `COUNTED`; and who of them has only money that waits for approval."""
    some = found.order_by(None).limit(COUNTED + 1).subquery()
    waits = func.count().filter(some.c.gifts == 0, some.c.id.in_(whose_money_waits()))
    total, waiting = session.execute(select(func.count(), waits).select_from(some)).one()
    return total, waiting


def people_head() -> tuple[str, ...]:
    """Name the columns of the file of donors."""
    return (
        _("No."), _("Kind of donor"), _("First name"), _("Last name"), _("Company"), _("E-mail"), _("Telephone"), _("Address"),
        _("Postcode"), _("Town"), _("Country"), _("Language"), _("Gifts"), _("In all"), _("Currency"), _("First gift"),
        _("Last gift"), _("Waits for approval"), _("News of the museum"), _("News of the network"),
    )  # fmt: skip


def people_rows(scope: MuseumScope, museum: Membership, segment: Segment) -> Iterator[Row]:
    """Read the people of a segment as rows of a file, the latest known first. Opens its own transactions."""
    zone, after = ZoneInfo(museum.time_zone), segment.after
    while True:
        with transaction(scope) as session:
            currency = currency_of(session, museum)
            statement = people(session, segment, currency, zone)
            if after is not None:
                statement = statement.where(statement.selected_columns.id < after)
            found = session.execute(statement.limit(PORTION)).all()
            said = _said(session, [one.id for one in found])
            waiting = waits_among(session, [one.id for one in found if not one.gifts])
        for one in found:
            first, last = (moment and moment.astimezone(zone).date() for moment in (one.first_at, one.last_at))
            yield (
                one.id, one.kind, one.first_name, one.last_name, one.company_name, one.email, one.phone, one.address_line,
                one.postcode, one.city, one.country, one.locale, int(one.gifts), Money(int(one.kept), currency).decimal,
                currency, first, last, _("yes") if one.id in waiting else "",
                *(_("yes") if (one.id, kind) in said else "" for kind in ConsentKind),
            )  # fmt: skip
        if len(found) < PORTION:
            return
        after = found[-1].id


def waits_among(session: Session, ids: Collection[int]) -> set[int]:
    """Tell of whom among these people money waits for approval."""
    waits = whose_money_waits().subquery()
    return set(session.scalars(select(waits.c[0]).where(waits.c[0].in_(ids)))) if ids else set()


def _said(session: Session, ids: list[int]) -> set[tuple[int, str]]:
    """Tell which consents of these records are in force."""
    in_force = select(Consent.donor_id, Consent.kind).where(Consent.donor_id.in_(ids), Consent.withdrawn_at.is_(None))
    return {(donor_id, kind) for donor_id, kind in session.execute(in_force)}
