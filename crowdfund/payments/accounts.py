"""Whether an issuer's account at the provider can be asked: stopped when our key is refused, looked at again later."""

from __future__ import annotations

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import log
from crowdfund.institutions.models import Issuer
from crowdfund.payments.provider import Provider, ProviderRefused
from crowdfund.tenancy import MuseumScope, transaction

ACTIVE, RESTRICTED, BLOCKED, DEAUTHORIZED = "active", "restricted", "blocked", "deauthorized"
STOPPED = frozenset({RESTRICTED, BLOCKED, DEAUTHORIZED})


def all_of(session: Session) -> list[str]:
    """List the museum's accounts that may be asked: those that are not blocked."""
    rows = session.execute(
        select(Issuer.payment_account, Issuer.payment_account_state)
        .where(Issuer.payment_account.is_not(None))
        .order_by(Issuer.id)
    )
    return [str(account) for account, state in rows if state not in {BLOCKED, DEAUTHORIZED}]


def is_stopped(session: Session, account: str) -> bool:
    """Say whether giving to this account is paused."""
    state = session.scalar(select(Issuer.payment_account_state).where(Issuer.payment_account == account))
    return state in STOPPED


def block(scope: MuseumScope, account: str, why: str) -> None:
    """Stop asking for the account: our key, or our right to it, was refused."""
    if _set(scope, account, BLOCKED):
        log.get().error("account_blocked", account=account, reason=why)


def deauthorize(scope: MuseumScope, account: str) -> None:
    """Note that the museum has withdrawn our right to its account."""
    if _set(scope, account, DEAUTHORIZED):
        log.get().error("account_deauthorized", account=account)


def look_again(scope: MuseumScope, account: str) -> None:
    """Ask the provider how the account stands, and keep it. A refused key blocks it."""
    provider: Provider = current_app.extensions["provider"]
    try:
        standing = provider.standing(account)
    except ProviderRefused as error:
        block(scope, account, error.code)
        return
    if _set(scope, account, ACTIVE if standing.active else RESTRICTED):
        log.get().warning(
            "account_changed",
            account=account,
            state=ACTIVE if standing.active else RESTRICTED,
            reason=",".join(standing.reasons),
        )


def look_at_stopped(scope: MuseumScope) -> None:
    """Look again at each account that is stopped: it may have been put right."""
    with transaction(scope) as session:
        stopped = session.scalars(
            select(Issuer.payment_account).where(
                Issuer.payment_account.is_not(None), Issuer.payment_account_state.in_({RESTRICTED, BLOCKED})
            )
        ).all()
    for account in stopped:
        look_again(scope, str(account))


def _set(scope: MuseumScope, account: str, state: str) -> bool:
    with transaction(scope) as session:
        issuer = session.scalars(
            select(Issuer).where(Issuer.payment_account == account).with_for_update(key_share=True)
        ).one_or_none()
        if issuer is None or issuer.payment_account_state == state:
            return False
        issuer.payment_account_state = state
        return True
