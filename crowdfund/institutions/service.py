"""Found museums, add issuers, invite and change members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.accounts import service as accounts
from crowdfund.accounts import sessions
from crowdfund.errors import NotFound, Refusal
from crowdfund.i18n import N_
from crowdfund.institutions.models import Institution, Issuer, Member
from crowdfund.institutions.rules import LAST_OWNER, Role, read_role

SLUG_TAKEN = N_("Another museum has this address already")
ACCOUNT_TAKEN = N_("Another museum is paid into this account already")
MEMBER_ALREADY = N_("This person is a member already")

# Words that follow the language in public addresses: a museum of this name could not be reached.
RESERVED_SLUGS = frozenset(
    {"about", "campaigns", "cards", "choices", "gifts", "me", "news", "receipts", "static", "theme", "staff", "account"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MuseumDetails:
    """A museum, as the public will know it. Texts are `{locale: text}`."""

    code: str
    slug: str
    name: str
    kind: str
    city: str
    region: str
    country: str
    contact_email: str
    latitude: float
    longitude: float
    time_zone: str = "Europe/Paris"
    currency: str = "EUR"
    locales: list[str] = field(default_factory=lambda: ["fr", "it", "en"])
    default_locale: str = "fr"
    intro: Mapping[str, str] = field(default_factory=dict)
    opening: Mapping[str, str] = field(default_factory=dict)
    facade: str | None = None
    wall_hue: float = 166
    wall_chroma: float = 0.05
    wall_shift: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerDetails:
    """The legal entity that is paid and signs the receipts."""

    legal_name: str
    kind: str
    jurisdiction: str
    registrations: Mapping[str, str]
    address_line: str
    postcode: str
    city: str
    country: str
    series: str
    purpose: Mapping[str, str]
    category: Mapping[str, str]
    legal_bases: list[str]
    time_zone: str = "Europe/Paris"
    currency: str = "EUR"
    stamp_duty_policy: str | None = None
    signatory_name: str | None = None
    signatory_quality: str | None = None
    signature_asset: str | None = None
    mandate_signed_on: date | None = None
    mandate_revoked_on: date | None = None
    accountant_agreed_on: date | None = None
    payment_account: str | None = None
    payment_account_state: str = "pending"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What was made of an invitation: the account, and the token of the link to choose a password, if need be."""

    account_id: int
    role: Role
    token: str | None


def add_institution(session: Session, details: MuseumDetails) -> Institution:
    """Found a museum (in no museum's scope). Raises Refusal when its address is taken or reserved."""
    taken = session.scalar(select(Institution.id).where(Institution.slug == details.slug))
    if taken is not None or details.slug in RESERVED_SLUGS:
        raise Refusal(SLUG_TAKEN, field="slug", status=409)
    values = asdict(details) | {"intro": dict(details.intro), "opening": dict(details.opening)}
    museum = Institution(**values, created_at=clock.now())
    session.add(museum)
    session.flush()  # for its id: every later step is in its scope
    return museum


def list_institutions(session: Session) -> list[Institution]:
    """List the museums by name."""
    return list(session.scalars(select(Institution).order_by(Institution.name)))


def add_issuer(session: Session, details: IssuerDetails) -> Issuer:
    """Add the legal entity that signs this museum's receipts. Refuses (409) another one's account at the provider."""
    issuer = Issuer(**asdict(details))
    try:
        with session.begin_nested():
            session.add(issuer)
            session.flush()  # for its id
    except IntegrityError as error:  # another museum's rows cannot be looked at, only met
        if "payment_account" in str(error.orig):
            raise Refusal(ACCOUNT_TAKEN, field="payment_account", status=409) from None
        raise
    audit.record(session, "issuer.added", f"issuer:{issuer.id}")
    return issuer


def add_member(session: Session, account_id: int, role: str, *, invited_by_id: int | None = None) -> Member:
    """Make an account a member of this museum. Raises Refusal when it is one, or there is no such role."""
    wanted = read_role(role)
    member = _member(session, account_id)
    if member is not None and member.state == "active":
        raise Refusal(MEMBER_ALREADY, field="email", status=409)
    if member is None:
        member = Member(
            account_id=account_id, role=wanted, state="active", invited_by_id=invited_by_id, created_at=clock.now()
        )
        session.add(member)
    else:  # somebody who left comes back
        member.role, member.state = wanted, "active"
    session.flush()  # for its id
    audit.record(session, "member.added", f"member:{member.id}", role=wanted)
    return member


def invite_member(
    session: Session, email: str, name: str, role: str, *, locale: str = "fr", invited_by_id: int | None = None
) -> Invitation:
    """Invite a person into this museum, opening an account for those who have none. Raises Refusal."""
    wanted = read_role(role)
    account = accounts.account_by_email(session, email) or accounts.add_account(session, email, name, locale)
    add_member(session, account.id, wanted, invited_by_id=invited_by_id)
    token = accounts.invitation_token(account.id) if account.password_hash is None else None
    return Invitation(account.id, wanted, token)


def is_member(session: Session, account_id: int) -> bool:
    """Say whether an account works for this museum."""
    mine = select(Member.id).where(Member.account_id == account_id, Member.state == "active")
    return session.scalar(mine) is not None


def change_role(session: Session, account_id: int, role: str) -> Member:
    """Give a member another role and end their sessions. Raises NotFound, and Refusal when the last owner would go."""
    wanted = read_role(role)
    member = _active(session, account_id)
    if member.role == Role.OWNER and wanted is not Role.OWNER:
        _keep_an_owner(session)
    before, member.role = member.role, wanted
    sessions.end_all(session, account_id, "role changed")
    audit.record(session, "member.role_changed", f"member:{member.id}", before=before, after=wanted)
    return member


def remove_member(session: Session, account_id: int) -> None:
    """Let a member go and end their sessions. Raises NotFound, and Refusal when the last owner would go."""
    member = _active(session, account_id)
    if member.role == Role.OWNER:
        _keep_an_owner(session)
    member.state = "left"
    sessions.end_all(session, account_id, "left a museum")
    audit.record(session, "member.left", f"member:{member.id}")


def _member(session: Session, account_id: int) -> Member | None:
    return session.scalars(select(Member).where(Member.account_id == account_id).with_for_update()).one_or_none()


def _active(session: Session, account_id: int) -> Member:
    member = _member(session, account_id)
    if member is None or member.state != "active":
        raise NotFound
    return member


def _keep_an_owner(session: Session) -> None:
    """Hold the owners' rows: two who leave at once see each other."""
    owners = session.scalars(
        select(Member.id)
        .where(Member.role == Role.OWNER, Member.state == "active")
        .order_by(Member.id)
        .with_for_update()
    )
    if len(owners.all()) < 2:
        raise Refusal(LAST_OWNER, status=409)
