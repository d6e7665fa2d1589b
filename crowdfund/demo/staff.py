"""The demo's staff: one person for each role and museum, all with the same password and second factor."""

from __future__ import annotations

import base64
import hashlib

import pyotp
from sqlalchemy.orm import Session

from crowdfund import clock
from crowdfund.accounts import service as accounts
from crowdfund.accounts.passwords import hash_password
from crowdfund.accounts.rules import RECOVERY_CODES
from crowdfund.accounts.second_factor import recovery_hash
from crowdfund.institutions import service as institutions
from crowdfund.network import service as network
from crowdfund.tenancy import PlatformScope, transaction

PASSWORD = "cimaise des musées"  # noqa: S105 - the demo's, printed to whoever starts it
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 - likewise
PEOPLE = {
    "VAL": [("Giulia Ferrero", "owner"), ("Marta Olivero", "campaign_lead"), ("Paolo Sacco", "finance"), ("Irene Bosio", "desk")],
    "SAV": [("Luca Pellissier", "owner"), ("Chiara Bionaz", "campaign_lead")],
    "AUB": [
        ("Hélène Maurienne", "owner"), ("Étienne Girod", "director"), ("Solène Favre", "curator"), ("Léa Perrier", "campaign_lead"),
        ("Bernard Charvet", "finance"), ("Noé Jacquier", "desk"), ("Agnès Perret", "auditor"),
    ],
    "LAM": [("René Chassaigne", "owner"), ("Zoé Desbois", "campaign_lead")],
    "JAQ": [("Claire Jaquerod", "owner"), ("Hugo Perrin", "finance")],
    "TAE": [("Marie Taelman", "owner"), ("Jan Claes", "campaign_lead")],
}  # fmt: skip
COORDINATOR = ("Anne Dubreuil", "coordinator", "fr")  # of the network: a member of no museum
LOCALES = {"VAL": "it", "SAV": "it", "AUB": "fr", "LAM": "fr", "JAQ": "fr", "TAE": "fr"}


def address(museum: str, role: str) -> str:
    """Give the sign-in address of a role at a museum: lea@… would be forgotten, campaign-lead@aub is not."""
    return f"{role.replace('_', '-')}@{museum.lower()}.example"


def recovery_codes(email: str) -> list[str]:
    """Give the recovery codes of one of the demo's people: the same on every machine, as is all of the demo."""
    drawn = (hashlib.sha256(f"demo {email} {n}".encode()).digest()[:10] for n in range(RECOVERY_CODES))
    plain = (base64.b32encode(one).decode().lower() for one in drawn)
    return ["-".join(code[i : i + 4] for i in range(0, 16, 4)) for code in plain]


def code_now() -> str:
    """Give the code that the telephones of the demo's people would show now."""
    return pyotp.TOTP(TOTP_SECRET).at(int(clock.now().timestamp()))


def sign_ins() -> list[tuple[str, str, str]]:
    """List address, password and code of the demo's people, for the demo's own sign-in pages."""
    return [
        (address(museum, role), PASSWORD, code_now()) for museum, people in PEOPLE.items() for _name, role in people
    ]


def add_people() -> None:
    """Open the accounts."""
    hashed = hash_password(PASSWORD)  # once for all: it is slow on purpose
    with transaction(PlatformScope()) as session:
        for museum, people in PEOPLE.items():
            for name, role in people:
                account = accounts.add_account(
                    session, address(museum, role), name, LOCALES[museum], totp_secret=TOTP_SECRET
                )
                accounts.rehash(session, account.id, hashed)
                account.recovery_hashes = [recovery_hash(code) for code in recovery_codes(account.email)]
        name, role, locale = COORDINATOR
        email = address("network", role)
        account = accounts.add_account(session, email, name, locale, totp_secret=TOTP_SECRET)
        accounts.rehash(session, account.id, hashed)
        network.give_seat(session, email)
        account.recovery_hashes = [recovery_hash(code) for code in recovery_codes(email)]


def accounts_of(museum: str) -> dict[str, int]:
    """Find the accounts of a museum's people, by role."""
    found = {}
    with transaction(PlatformScope()) as session:
        for _name, role in PEOPLE[museum]:
            account = accounts.account_by_email(session, address(museum, role))
            if account is None:
                raise LookupError(f"no account of {role} at {museum}")
            found[role] = account.id
    return found


def join(session: Session, people: dict[str, int]) -> None:
    """Make these accounts members of the museum in scope."""
    for role, account_id in people.items():
        institutions.add_member(session, account_id, role)


def credentials() -> list[dict[str, object]]:
    """List who may sign in and with what; `code_now` is what an authenticator application shows at this moment."""
    return [
        {
            "museum": museum,
            "role": role,
            "name": name,
            "email": address(museum, role),
            "password": PASSWORD,
            "totp_secret": TOTP_SECRET,
            "code_now": code_now(),
            "recovery_codes": recovery_codes(address(museum, role)),
        }
        for museum, people in {**PEOPLE, "network": [COORDINATOR[:2]]}.items()
        for name, role in people
    ]
