"""What a campaign may be and become. Pure: no database, no web."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from crowdfund.errors import Refusal
from crowdfund.i18n import N_


class CampaignState(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    LIVE = "live"
    SUCCEEDED = "succeeded"  # closed at or above its goal
    ENDED = "ended"  # closed below it
    WITHDRAWN = "withdrawn"  # the seller or the museum withdrew


class FundingModel(StrEnum):
    """What happens below the goal."""

    KEEP = "keep"
    ALL_OR_NOTHING = "all_or_nothing"
    THRESHOLD = "threshold"


class DocumentKind(StrEnum):
    """What a paper is."""

    INVOICE = "invoice"  # of the purchase
    REPORT = "report"  # an expert's, a restorer's
    ADVICE = "advice"  # of the acquisitions commission
    ACT = "act"  # of the council or the board
    LICENCE = "licence"  # to export or to import
    BUDGET = "budget"  # a quote, the accounts of the appeal
    MANDATE = "mandate"  # of who signs the receipts
    AGREEMENT = "agreement"  # the accountant's
    LETTER = "letter"  # the seller's, the museum's
    PRESS = "press"
    OTHER = "other"


class DocumentState(StrEnum):
    """Who may read a paper."""

    INTERNAL = "internal"  # the museum's staff
    PUBLIC = "public"
    WITHDRAWN = "withdrawn"  # nobody any more; the file is kept


DOCUMENT_TRANSITIONS: dict[DocumentState, frozenset[DocumentState]] = {
    DocumentState.INTERNAL: frozenset({DocumentState.PUBLIC, DocumentState.WITHDRAWN}),
    DocumentState.PUBLIC: frozenset({DocumentState.INTERNAL, DocumentState.WITHDRAWN}),
    DocumentState.WITHDRAWN: frozenset({DocumentState.INTERNAL}),  # a slip is undone
}
LARGEST_DOCUMENT = 10 * 1024 * 1024  # bytes
MOST_DOCUMENTS = 100  # of one campaign
PDF_BEGINS, PDF_ENDS = b"%PDF-", b"%%EOF"

TRANSITIONS: dict[CampaignState, frozenset[CampaignState]] = {
    CampaignState.DRAFT: frozenset({CampaignState.SCHEDULED, CampaignState.LIVE}),
    CampaignState.SCHEDULED: frozenset({CampaignState.DRAFT, CampaignState.LIVE, CampaignState.WITHDRAWN}),
    CampaignState.LIVE: frozenset({CampaignState.SUCCEEDED, CampaignState.ENDED, CampaignState.WITHDRAWN}),
    CampaignState.SUCCEEDED: frozenset({CampaignState.WITHDRAWN}),
    CampaignState.ENDED: frozenset(),
    CampaignState.WITHDRAWN: frozenset(),
}


def is_open(state: str, opens_at: datetime, closes_at: datetime, now: datetime) -> bool:
    """Say whether gifts are welcome at this moment (UTC)."""
    return state == CampaignState.LIVE and opens_at <= now < closes_at


def closing_state(received_minor: int, goal_minor: int | None) -> CampaignState:
    """Tell how a campaign ends with what it has received; one without a goal always succeeds."""
    reached = goal_minor is None or received_minor >= goal_minor
    return CampaignState.SUCCEEDED if reached else CampaignState.ENDED


def moment_in(text: str, time_zone: str) -> datetime:
    """Read day and hour as a museum types them ("2026-12-01T09:00"), in its time zone; gives UTC, to the minute.

    An hour that comes twice when the clocks go back is its first one. Raises Refusal for what cannot be read, and for an
    hour that the clocks skip.
    """
    zone = ZoneInfo(time_zone)
    try:
        local = datetime.strptime(text, "%Y-%m-%dT%H:%M").replace(tzinfo=zone)
        moment = local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refusal(N_("Write day and hour like this: 2026-12-01T09:00"), field="opens") from None
    if moment.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise Refusal(N_("The clocks skip this hour: choose another one."), field="opens")
    return moment


def check_opening(opens_at: datetime, closes_at: datetime, now: datetime) -> None:
    """Make sure that a campaign may open at this moment (UTC). Raises Refusal."""
    if opens_at <= now:
        raise Refusal(N_("This moment is past."), field="opens")
    if opens_at >= closes_at:
        raise Refusal(N_("The campaign would open after its end."), field="opens")


def is_offered(state: str, available_from: datetime | None, available_until: datetime | None, now: datetime) -> bool:
    """Say whether a reward may be chosen at this moment (UTC), its stock aside."""
    begun = available_from is None or available_from <= now
    return state == "offered" and begun and (available_until is None or now < available_until)


def check_document(content: bytes) -> None:
    """Make sure that a file may be kept as a paper of a campaign: a whole PDF of at most 10 MB. Raises Refusal."""
    if len(content) > LARGEST_DOCUMENT:
        raise Refusal(N_("This file is larger than 10 MB: choose a smaller one."), field="file")
    if not content.startswith(PDF_BEGINS) or PDF_ENDS not in content[-2048:]:
        raise Refusal(N_("This file is not a PDF, or a part of it is missing."), field="file")
