"""Who may do what in a museum, as data. Pure: no database, no web."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from crowdfund.errors import Refusal
from crowdfund.i18n import N_

NO_SUCH_ROLE = N_("There is no such role")
LAST_OWNER = N_("A museum keeps at least one owner")


class Role(StrEnum):
    """What somebody is in one museum."""

    OWNER = "owner"
    DIRECTOR = "director"
    CURATOR = "curator"
    CAMPAIGN_LEAD = "campaign_lead"
    DESK = "desk"
    FINANCE = "finance"
    AUDITOR = "auditor"  # reads everything, changes nothing


class Permission(StrEnum):
    """What a view of the staff asks for."""

    ENTER = "enter"  # the museum's desk at all
    READ_GIFTS = "read_gifts"  # with the donors' names
    READ_BOOKS = "read_books"
    EXPORT = "export"  # lists with names and addresses, as files
    KEEP_DONORS = "keep_donors"  # notes, tags, telephone numbers
    MANAGE_DONORS = "manage_donors"  # who is the same person; files of donors
    REFUND = "refund"
    DECIDE = "decide"  # on money that contradicts what was asked
    MANAGE_MEMBERS = "manage_members"
    READ_TRAIL = "read_trail"  # who did what
    MAKE_POSTERS = "make_posters"
    CONVERSE = "converse"  # news and questions
    RECORD_MONEY = "record_money"  # transfers, cheques, boxes: note and count what came in at the desk
    APPROVE_MONEY = "approve_money"  # the second person, by whom it becomes a gift
    CHANGE_BANK = "change_bank"  # the account that donors are told to pay into
    EDIT = "edit"  # what campaigns say and promise, and their pictures
    APPROVE = "approve"  # what a campaign says, before it opens
    LAUNCH = "launch"  # when a campaign opens, and to whom before
    HAND_OVER = "hand_over"  # rewards, and people at the door
    INVITE = "invite"  # donors, to visits and evenings
    THANK = "thank"  # by rules, calls and letters
    CLOSE = "close"  # ends a campaign, and tells what becomes of the work
    SIGN = "sign"  # its final statement
    SIGN_PLAQUE = "sign_plaque"  # what is cut in brass
    SEE_NETWORK = "see_network"  # the museums side by side, in counts and sums


_READS = frozenset({Permission.ENTER, Permission.READ_GIFTS})
_TELLS = frozenset({Permission.CONVERSE, Permission.LAUNCH, Permission.INVITE})
_MONEY = frozenset(
    {
        Permission.REFUND,
        Permission.DECIDE,
        Permission.RECORD_MONEY,
        Permission.APPROVE_MONEY,
        Permission.CHANGE_BANK,
    }
)
_SERVES = frozenset({Permission.MAKE_POSTERS, Permission.HAND_OVER, Permission.THANK})
_READS_ALL = _READS | {Permission.READ_BOOKS, Permission.READ_TRAIL}
_KNOWS_DONORS = frozenset({Permission.KEEP_DONORS, Permission.MANAGE_DONORS, Permission.EXPORT})

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.DIRECTOR: _READS_ALL
    | _TELLS
    | _SERVES
    | _KNOWS_DONORS
    | {Permission.CLOSE, Permission.SIGN_PLAQUE, Permission.SEE_NETWORK}
    | {Permission.EDIT, Permission.APPROVE},
    Role.CURATOR: frozenset({Permission.ENTER, Permission.CONVERSE}) | {Permission.EDIT, Permission.APPROVE},
    Role.CAMPAIGN_LEAD: _READS
    | _TELLS
    | _SERVES
    | _KNOWS_DONORS
    | {Permission.CLOSE, Permission.RECORD_MONEY, Permission.EDIT},
    Role.DESK: _READS | _SERVES | {Permission.RECORD_MONEY, Permission.KEEP_DONORS},
    Role.FINANCE: _READS_ALL | _MONEY | {Permission.SIGN, Permission.APPROVE, Permission.EXPORT},
    Role.AUDITOR: _READS_ALL,
}

# Whose yes to a campaign somebody may note: their own; the owner notes those that are written elsewhere.
YESES: Mapping[Role, frozenset[str]] = {
    Role.OWNER: frozenset({"curator", "director", "finance"}),
    Role.DIRECTOR: frozenset({"curator", "director"}),
    Role.CURATOR: frozenset({"curator"}),
    Role.FINANCE: frozenset({"finance"}),
}

# Roles near the money: a session ends after half an hour without a word.
STRICT_ROLES = frozenset({Role.OWNER, Role.FINANCE})


def allows(role: str, permission: Permission) -> bool:
    """Say whether a role may do it; an unknown role may nothing."""
    try:
        return permission in PERMISSIONS[Role(role)]
    except ValueError:
        return False


def may_approve(role: str, part: str) -> bool:
    """Say whether a role may note this yes (curator, director, finance) to a campaign."""
    return part in YESES.get(Role(role), frozenset())


def read_role(name: str) -> Role:
    """Read a role's name. Raises Refusal."""
    try:
        return Role(name)
    except ValueError:
        raise Refusal(NO_SUCH_ROLE, field="role") from None
