"""The list of a museum's donors: each person once, found by what they gave, said and are tagged with."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, Select, and_, cast, false, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from crowdfund.campaigns.models import Campaign
from crowdfund.crm.models import DonorStanding, DonorTag
from crowdfund.donors.models import Consent, Donor, DonorWord
from crowdfund.donors.rules import ConsentKind
from crowdfund.donors.search import begins, gathered, one_of, words_meant
from crowdfund.gifts.models import Gift
from crowdfund.i18n import LOCALES
from crowdfund.money import Money, MoneyError
from crowdfund.numbers import row_number

GAVE = ("once", "again", "never")
LONGEST = 100
NEVER = datetime(1, 1, 1, tzinfo=UTC)  # before any gift


@dataclass(frozen=True, slots=True)
class Segment:
    """Which donors are asked for. What cannot be read is left out. `above` is in minor units of the museum's currency."""

    query: str = ""
    gave: str = ""
    above: int | None = None
    since: date | None = None
    campaign: str = ""
    locale: str = ""
    consent: str = ""
    town: str = ""
    tag: str = ""
    after: int | None = None

    def parameters(self) -> dict[str, str]:
        """Give the filters as an address carries them."""
        given = {
            "q": self.query,
            "gave": self.gave,
            "above": "" if self.above is None else f"{self.above // 100}.{self.above % 100:02d}".removesuffix(".00"),
            "since": self.since.isoformat() if self.since else "",
            "campaign": self.campaign,
            "language": self.locale,
            "consent": self.consent,
            "town": self.town,
            "tag": self.tag,
        }
        return {name: value for name, value in given.items() if value}


def read_segment(given: Mapping[str, str]) -> Segment:
    """Read the filters of an address."""

    def words(name: str) -> str:
        typed = unicodedata.normalize("NFC", given.get(name, "")[:LONGEST])
        return "".join(c for c in typed if c.isprintable()).strip()

    def one_of(name: str, allowed: Any) -> str:
        return given.get(name, "") if given.get(name, "") in set(allowed) else ""

    return Segment(
        query=words("q"),
        gave=one_of("gave", GAVE),
        above=_minor(given.get("above", "")),
        since=_day(given.get("since", "")),
        campaign=words("campaign"),
        locale=one_of("language", LOCALES),
        consent=one_of("consent", ConsentKind),
        town=words("town"),
        tag=words("tag"),
        after=row_number(given.get("after")) or None,
    )


def people(session: Session, segment: Segment, currency: str, zone: ZoneInfo) -> Select[*tuple[Any, ...]]:
    """Select the people of a segment with what they gave in the museum's currency, the latest known first."""
    standing = and_(DonorStanding.donor_id == Donor.id, DonorStanding.currency == currency)
    return (
        select(
            Donor.id, Donor.kind, Donor.first_name, Donor.last_name, Donor.company_name, Donor.email, Donor.phone,
            Donor.address_line, Donor.postcode, Donor.city, Donor.country, Donor.locale, Donor.created_at,
            func.coalesce(DonorStanding.gifts, 0).label("gifts"), func.coalesce(DonorStanding.kept_minor, 0).label("kept"),
            DonorStanding.first_at, DonorStanding.last_at,
        )
        .outerjoin(DonorStanding, standing)
        .where(Donor.merged_into_id.is_(None), Donor.erased_at.is_(None), *_conditions(session, segment, currency, zone))
        .order_by(Donor.id.desc())
    )  # fmt: skip


def best_first(session: Session, segment: Segment, people_found: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Put first who bears most of the words searched for as they were typed, then the latest gift; after `segment.after`.

    The order is sorted for: it is meant for a search that found few.
    """
    words = words_meant(session, segment.query)
    borne = [
        cast(select(DonorWord.id).where(DonorWord.donor_id == Donor.id, DonorWord.word == one).exists(), Integer)
        for one in words
    ]
    rank = sum(borne, literal(0)).label("rank")
    last = func.coalesce(DonorStanding.last_at, NEVER).label("last")
    found = people_found.add_columns(rank, last).order_by(None).order_by(rank.desc(), last.desc(), Donor.id.desc())
    if segment.after is not None:
        at = session.execute(found.where(Donor.id == segment.after)).one_or_none()
        found = found.where(tuple_(rank, last, Donor.id) < (at.rank, at.last, at.id)) if at else found
    return found


def _conditions(session: Session, segment: Segment, currency: str, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    found = [*_given(session, segment, currency, zone), *_said(session, segment)]
    if segment.query:
        words = words_meant(session, segment.query)
        found += [_person_has(session, DonorWord.donor_id, begins(word)) for word in words] or [false()]
    if segment.campaign:
        campaign = select(Campaign.id).where(Campaign.slug == segment.campaign).scalar_subquery()
        found.append(_person_has(session, Gift.donor_id, Gift.campaign_id == campaign, Gift.donor_id.is_not(None)))
    return found


def _given(session: Session, segment: Segment, currency: str, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    """Say what was given in all as conditions on the standings; the few of whom it is true are gathered."""
    if segment.gave == "never":
        return [~Donor.gave]  # no sum of theirs could be asked for
    found: list[ColumnElement[bool]] = []
    if segment.gave:
        found.append(DonorStanding.gifts == 1 if segment.gave == "once" else DonorStanding.gifts > 1)
    if segment.above is not None:
        found.append(DonorStanding.kept_minor >= segment.above)
    if segment.since:
        found.append(DonorStanding.last_at >= datetime.combine(segment.since, time(), zone).astimezone(UTC))
    if segment.above is not None or segment.since:
        few = gathered(session, select(DonorStanding.donor_id).where(DonorStanding.currency == currency, *found))
        found += [] if few is None else [one_of(Donor.id, few)]
    return found


def _said(session: Session, segment: Segment) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if segment.locale:
        found.append(Donor.locale == segment.locale)
    if segment.town:
        found.append(Donor.city == segment.town)
    if segment.consent:
        in_force = (Consent.kind == segment.consent, Consent.withdrawn_at.is_(None))
        found.append(_person_has(session, Consent.donor_id, *in_force))
    if segment.tag:
        found.append(_person_has(session, DonorTag.donor_id, DonorTag.tag == segment.tag))
    return found


def _person_has(session: Session, donor_id: Any, *which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Match a person one of whose records has such rows: the few that have are gathered, the many looked up one by one."""
    member = aliased(Donor)
    few = gathered(session, select(donor_id).where(*which))
    if few is not None:
        persons = select(func.coalesce(member.merged_into_id, member.id)).where(one_of(member.id, few))
        return one_of(Donor.id, session.scalars(persons).all())
    rows = select(donor_id).where(*which)
    merged = select(member.merged_into_id).where(
        member.merged_into_id.is_not(None), rows.where(donor_id == member.id).exists()
    )
    return or_(rows.where(donor_id == Donor.id).exists(), Donor.id.in_(merged))


def _minor(text: str) -> int | None:
    try:
        return Money.parse(text[:20], "EUR").minor
    except MoneyError:
        return None


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 < day.year < 2200 else None
