"""The worker's door: who announces money is told how to pay it."""

from __future__ import annotations

from functools import partial

from flask import current_app

from crowdfund.desk import mails, notices
from crowdfund.desk.slip import Slip
from crowdfund.errors import NotFound
from crowdfund.i18n import use_locale
from crowdfund.mail import send_once
from crowdfund.outbox import subscribes
from crowdfund.pledges import service as pledges
from crowdfund.storage import FileStorage
from crowdfund.tenancy import PlatformScope, TaskScope, transaction


@subscribes("bank_details.changed", outside=True)
def tell_of_new_account(scope: TaskScope, issuer_id: int) -> None:
    """Tell those who answer for the money that donors are told of another account: one of them may not have done it."""
    with transaction(scope) as session:
        wanted = notices.answerable(session)
    with transaction(PlatformScope()) as session:
        readers = notices.readers(session, wanted)
    for reader in readers:
        send_once(
            scope,
            f"bank_changed:{scope.outbox_id}:{reader.account_id}",
            partial(notices.bank_changed, issuer_id=issuer_id, reader=reader),
        )


@subscribes("pledge.announced", outside=True)
def tell_how_to_pay(scope: TaskScope, pledge_id: int) -> None:
    """Write to a donor how to pay, with the slip. The slip is kept only as long as the mail is on its way."""
    storage: FileStorage = current_app.extensions["storage"]
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
