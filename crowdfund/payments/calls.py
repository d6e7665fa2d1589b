"""Requests that change something at the provider: written down before they leave, sent again byte for byte.

Transaction 1 freezes the parameters in a row, then comes the network, transaction 2 writes what came of it. No answer
means unknown, never failed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crowdfund import clock, installation, log
from crowdfund.payments import accounts
from crowdfund.payments.models import ProviderCall
from crowdfund.payments.provider import Answer, Provider, ProviderKeyRejected, ProviderRefused, ProviderUnavailable
from crowdfund.payments.rules import KEY_LIFE, CallState
from crowdfund.tenancy import MuseumScope, transaction

OPEN_STATES = (CallState.NEW, CallState.SENT, CallState.UNKNOWN)
SWEPT_AFTER = timedelta(minutes=2)
SWEPT_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Frozen:
    """A request as it was written down."""

    id: int
    key: str
    operation: str
    account: str
    parameters: dict[str, Any]
    subject: str
    created_at: datetime

    @property
    def key_forgotten(self) -> bool:
        """Say whether the provider may have forgotten the key: then look first, act after."""
        return clock.now() - self.created_at >= KEY_LIFE


def provider() -> Provider:
    """Give the app's provider."""
    found: Provider = current_app.extensions["provider"]
    return found


def freeze(
    session: Session, operation: str, account: str, parameters: dict[str, Any], *, name: str, subject: str
) -> Frozen:
    """Write a request down. Its key: this installation, the operation, and a name that is never used again.

    Raises ProviderUnavailable while the installation is quiet.
    """
    ours = installation.here(session)
    _refuse_if_quiet(ours)
    row = ProviderCall(
        key=f"{ours.name}:{operation}:{name}",
        operation=operation,
        account=account,
        params=parameters,
        state=CallState.SENT,
        subject=subject,
        attempts=1,
        created_at=clock.now(),
        sent_at=clock.now(),
    )
    session.add(row)
    session.flush()  # its id is needed
    return _frozen(row)


def of(session: Session, subject: str) -> Frozen | None:
    """Find the request about a subject ("checkout:12")."""
    row = session.scalars(select(ProviderCall).where(ProviderCall.subject == subject)).one_or_none()
    return None if row is None else _frozen(row)


def waiting(session: Session) -> list[Frozen]:
    """List requests of which nothing was heard for `SWEPT_AFTER`, oldest first."""
    since = func.coalesce(ProviderCall.sent_at, ProviderCall.created_at)
    rows = session.scalars(
        select(ProviderCall)
        .where(ProviderCall.state.in_(OPEN_STATES), since < clock.now() - SWEPT_AFTER)
        .order_by(ProviderCall.id)
        .limit(SWEPT_AT_ONCE)
    )
    return [_frozen(row) for row in rows]


def _frozen(row: ProviderCall) -> Frozen:
    return Frozen(row.id, row.key, row.operation, row.account, dict(row.params), row.subject, row.created_at)


def sending(scope: MuseumScope, frozen: Frozen) -> None:
    """Note that the request is sent again."""
    with transaction(scope) as session:
        _refuse_if_quiet(installation.here(session))
        row = _locked(session, frozen)
        row.state = CallState.SENT
        row.attempts += 1
        row.sent_at = clock.now()


def _refuse_if_quiet(ours: installation.Installation) -> None:
    if ours.quiet_since is not None:
        raise ProviderUnavailable("this installation is quiet")


@contextmanager
def noting(scope: MuseumScope, frozen: Frozen) -> Iterator[None]:
    """Write down what went wrong inside the block, and let it go on up.

    A key that was refused stops the account: nothing was done, and nothing more is asked until it is put right.
    """
    try:
        yield
    except ProviderUnavailable as error:
        _note(scope, frozen, CallState.UNKNOWN, str(error))
        log.get().warning("provider_unknown", operation=frozen.operation, key=frozen.key, error=str(error))
        raise
    except ProviderKeyRejected as error:
        _note(scope, frozen, CallState.NEW, error.code, error)
        accounts.block(scope, frozen.account, error.code)
        raise
    except ProviderRefused as error:
        _note(scope, frozen, CallState.REFUSED, error.code, error)
        log.get().error(
            "provider_refused",
            operation=frozen.operation,
            key=frozen.key,
            error=error.code,
            http_status=error.status,
            provider_request_id=error.request_id,
        )
        raise


def _note(
    scope: MuseumScope, frozen: Frozen, state: CallState, error: str, refused: ProviderRefused | None = None
) -> None:
    with transaction(scope) as session:
        row = _locked(session, frozen)
        if row.state == CallState.OK:  # another sender has heard the answer
            return
        row.state = state
        row.error = error[:200]
        if refused is not None:
            row.http_status, row.request_id = refused.status, refused.request_id


def done(session: Session, frozen: Frozen, answer: Answer) -> None:
    """Write down that the request was carried out."""
    row = _locked(session, frozen)
    row.state = CallState.OK
    row.object_id = answer.object_id
    row.request_id = answer.request_id or row.request_id
    row.http_status = answer.status
    row.error = None


def found(session: Session, frozen: Frozen, object_id: str) -> None:
    """Write down that the request had been carried out, as was found by looking."""
    row = _locked(session, frozen)
    row.state, row.object_id, row.error = CallState.OK, object_id, None


def given_up(session: Session, frozen: Frozen, why: str) -> None:
    """Write down that the request was never carried out and is not sent again."""
    row = _locked(session, frozen)
    if row.state != CallState.OK:
        row.state = CallState.REFUSED
        row.error = why


def _locked(session: Session, frozen: Frozen) -> ProviderCall:
    return session.scalars(
        select(ProviderCall)
        .where(ProviderCall.id == frozen.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
