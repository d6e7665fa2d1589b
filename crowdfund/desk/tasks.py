"""The worker's door: who announces money is told how to pay it; files that nobody took in are thrown away."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from flask import current_app

from crowdfund.desk import mails, notices, statements
from crowdfund.desk.slip import Slip
from crowdfund.errors import NotFound
from crowdfund.gifts.models import Refund
from crowdfund.i18n import use_locale
from crowdfund.mail import send_once
from crowdfund.outbox import subscribes
from crowdfund.pledges import service as pledges
from crowdfund.storage import Storage
from crowdfund.tenancy import OperatorScope, PlatformScope, TaskScope, transaction
from crowdfund.worker import sweeps_every

REVERSALS = frozenset({"returned", "correction"})


@subscribes("bank_details.changed", outside=True)
def tell_of_new_account(scope: TaskScope, issuer_id: int) -> None:
    """Tell those who answer for the money that donors are told of another account: one of them may not have done it."""
    for reader in _answerable(scope):
        key = f"bank_changed:{scope.outbox_id}:{reader.account_id}"
        send_once(scope, key, partial(notices.bank_changed, issuer_id=issuer_id, reader=reader))


@subscribes("gift.refund_succeeded", outside=True)
def tell_of_reversal(scope: TaskScope, refund_id: int, gift_id: int) -> None:  # noqa: ARG001 - the refund tells all
    """Tell the donor of a gift that was taken back in the books; of a returned cheque, the museum too."""
    with transaction(scope) as session:
        kind = session.get_one(Refund, (scope.institution_id, refund_id)).kind
    if kind not in REVERSALS:
        return
    send_once(scope, f"reversed:{refund_id}", partial(mails.reversal_mail, refund_id=refund_id))
    for reader in _answerable(scope) if kind == "returned" else ():
        key = f"cheque_returned:{refund_id}:{reader.account_id}"
        send_once(scope, key, partial(notices.cheque_returned, refund_id=refund_id, reader=reader))


def _answerable(scope: TaskScope) -> list[notices.Reader]:
    with transaction(scope) as session:
        wanted = notices.answerable(session)
    with transaction(PlatformScope()) as session:
        return notices.readers(session, wanted)


@subscribes("pledge.announced", outside=True)
def tell_how_to_pay(scope: TaskScope, pledge_id: int) -> None:
    """Write to a donor how to pay, with the slip. The slip is kept only as long as the mail is on its way."""
    storage: Storage = current_app.extensions["storage"]
    key = f"slips/{scope.institution_id}/{pledge_id}.pdf"
    try:
        with transaction(scope) as session:
            pledge = pledges.pledge_of(session, pledge_id)
            slip, locale = Slip(session, pledge), pledge.locale
    except NotFound:  # paid meanwhile, or no such money is taken any more
        return
    with use_locale(locale):
        storage.write(key, slip.pdf())
    send_once(scope, f"announced:{pledge_id}", lambda session: mails.announced_mail(session, pledge_id, key))
    storage.forget(key)


@sweeps_every(timedelta(hours=6))
def forget_statements(institution_id: int) -> None:
    """Throw away the bank's files that nobody took in."""
    with transaction(OperatorScope(institution_id, "forget statements")) as session:
        statements.forget_old(session)
