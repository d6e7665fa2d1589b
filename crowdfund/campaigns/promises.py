"""What binds the words of a campaign: who agrees to them, what is decided before, what stays once donors gave on it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from crowdfund.campaigns.rules import CampaignState
from crowdfund.errors import Conflict, Refusal
from crowdfund.i18n import N_


class WordState(StrEnum):
    """How far the words of one language are. Without a title and a summary they are missing, whatever is written down."""

    MISSING = "missing"
    MACHINE = "machine"  # a draft that a machine translated
    DRAFT = "draft"
    APPROVED = "approved"


class DecisionKind(StrEnum):
    """A decision that a campaign rests on."""

    COMMISSION = "commission"  # the advice of the scientific commission
    COUNCIL = "council"  # the act of the council, or of the board
    MANDATE = "mandate"  # the platform may collect
    ACCOUNTANT = "accountant"  # the public accountant agrees


class Approver(StrEnum):
    """Whose yes a campaign needs before it opens."""

    CURATOR = "curator"
    DIRECTOR = "director"
    FINANCE = "finance"


# What donors read before they gave stays as it was. Names as in `content`; a trailing dot stands for every language.
FIXED_ONCE_OPEN = (
    "campaign.goal_minor",
    "campaign.threshold_minor",
    "campaign.minimum_minor",
    "campaign.funding_model",
    "campaign.closes_at",
    "campaign.tax_regime",
    "campaign.fallback.",
    "artwork.price_minor",
)
FIXED_IN_ROWS = {
    "reward": ("price_minor", "fair_value_minor", "symbolic", "fulfilment"),
    "stage": ("amount_minor",),
    "source": (),
}
IS_OVER = N_("This campaign is over: it stays as it is.")
IS_FIXED = N_("Donors give on this promise: it stays as it is.")
READ_BY_FRIENDS = N_(
    "Friends give on this promise by their link. While none has given, close the links under “Opening” first."
)
NOTE_MISSING = N_("Say in a few words why: donors give on this already, and the change is kept with its reason.")


def check_editable(state: str) -> None:
    """Make sure that a campaign may still be changed. Raises Conflict."""
    if state not in {CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.LIVE}:
        raise Conflict(IS_OVER)


def check_change(state: str, changes: Mapping[str, Sequence[Any]], note: str) -> None:
    """Make sure that these fields (each with what it was and is to be) may change while donors give on them.

    Raises Conflict for what binds, Refusal for a change without a note.
    """
    if any(is_fixed(field, before, after) for field, (before, after) in changes.items()):
        raise Conflict(IS_FIXED if state == CampaignState.LIVE else READ_BY_FRIENDS)
    if not note:
        raise Refusal(NOTE_MISSING, field="note")


def is_fixed(field: str, before: Any, after: Any) -> bool:
    """Say whether a change touches what donors gave on. New rewards and milestones may be added."""
    kind = field.partition(".")[0]
    if kind in FIXED_IN_ROWS:
        if before is None:
            return False
        return after is None or any(before.get(column) != after.get(column) for column in FIXED_IN_ROWS[kind])
    return any(field == one or (one.endswith(".") and field.startswith(one)) for one in FIXED_ONCE_OPEN)


def check_approvable(state: str) -> None:
    """Make sure that a yes still decides something. Raises Conflict once a campaign is open."""
    if state not in {CampaignState.DRAFT, CampaignState.SCHEDULED}:
        raise Conflict(N_("This campaign is open already: nothing is left to agree to."))
