"""Open the provider's page for a pledge: one try at a time, each with a request of its own that can be sent again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import Config
from crowdfund import clock, log
from crowdfund.campaigns.models import Campaign
from crowdfund.donors.models import Donor
from crowdfund.errors import NotFound
from crowdfund.institutions.models import Issuer
from crowdfund.payments import accounts, calls
from crowdfund.payments.calls import Frozen, provider
from crowdfund.payments.models import Checkout
from crowdfund.payments.provider import (
    CheckoutRequest,
    Claim,
    PageState,
    ProviderRefused,
    ProviderUnavailable,
)
from crowdfund.payments.rules import CHECKOUT_LIFE, CheckoutState
from crowdfund.payments.settlement import become, follow, settle_page
from crowdfund.pledges import service as pledges
from crowdfund.pledges.models import Pledge
from crowdfund.pledges.rules import PledgeState
from crowdfund.tenancy import MuseumScope, museum_of, transaction

# A page that ends sooner is not offered again.
SHORTEST_REST = timedelta(minutes=2)
LONGEST_TITLE = 200
# Each round ends one try; more than this many are ended nowhere.
ROUNDS = 4
UNSENT = {CheckoutState.NEW, CheckoutState.UNKNOWN}
DONE = {CheckoutState.PAID, CheckoutState.PROCESSING}


@dataclass(frozen=True, slots=True)
class _Next:
    """What to do for a pledge: go somewhere, send a request, or look at a page that may be over."""

    url: str | None = None
    send: Frozen | None = None
    fresh: bool = False
    end: tuple[str, str] | None = None  # account, session


def open_checkout(scope: MuseumScope, pledge_id: int) -> str:
    """Give the address to send the donor to: the page to pay on, or the gift's own page when it is paid.

    The same pledge with a live page gets the same page; one whose answer was lost gets the same request again. Raises
    ProviderUnavailable (the outcome is unknown; asking again is safe), ProviderRefused, and refuses (409) a campaign
    that has closed or a reward that has gone.
    """
    for _round in range(ROUNDS):
        todo = _plan(scope, pledge_id)
        if todo.url is not None:
            return todo.url
        if todo.end is not None:
            _end(scope, *todo.end)
        elif todo.send is not None:
            try:
                url = send(scope, todo.send)
            except ProviderRefused:
                if todo.fresh:
                    raise
                continue  # an old request was never carried out, and can no longer be: a new try
            if url is not None:
                return url
    raise ProviderUnavailable("no page could be opened")


def _plan(scope: MuseumScope, pledge_id: int) -> _Next:
    with transaction(scope) as session:
        pledge = pledges.pledge_of(session, pledge_id, lock=True)
        latest = session.scalars(
            select(Checkout).where(Checkout.pledge_id == pledge_id).order_by(Checkout.number.desc()).limit(1)
        ).one_or_none()
        if pledge.state == PledgeState.PAID or (latest is not None and latest.state in DONE):
            return _Next(url=gift_page(pledge))
        if latest is not None and latest.state == CheckoutState.OPEN and latest.session is not None:
            if latest.url is not None and latest.expires_at > clock.now() + SHORTEST_REST:
                return _Next(url=latest.url)
            return _Next(end=(latest.account, latest.session))
        pledges.reopen(session, pledge_id)
        _refuse_if_stopped(session, pledge)
        if latest is not None and latest.state in UNSENT:
            return _Next(send=calls.of(session, f"checkout:{latest.id}"))
        return _Next(send=_freeze(session, pledge, 1 if latest is None else latest.number + 1), fresh=True)


def _refuse_if_stopped(session: Session, pledge: Pledge) -> None:
    campaign = session.get_one(Campaign, (museum_of(session), pledge.campaign_id))
    issuer = session.get_one(Issuer, (museum_of(session), campaign.issuer_id))
    if issuer.payment_account is None or accounts.is_stopped(session, issuer.payment_account):
        raise ProviderUnavailable("the account is stopped")


def _freeze(session: Session, pledge: Pledge, number: int) -> Frozen:
    """Write down a new try and its request, parameters and all."""
    campaign = session.get_one(Campaign, (museum_of(session), pledge.campaign_id))
    issuer = session.get_one(Issuer, (museum_of(session), campaign.issuer_id))
    donor = session.get_one(Donor, (museum_of(session), pledge.donor_id))
    account = str(issuer.payment_account)
    checkout = Checkout(
        pledge_id=pledge.id,
        number=number,
        account=account,
        state=CheckoutState.NEW,
        amount_minor=pledge.amount_minor,
        currency=pledge.currency,
        expires_at=clock.now() + CHECKOUT_LIFE,
        created_at=clock.now(),
    )
    session.add(checkout)
    session.flush()  # its id names the request's subject
    title = campaign.title.get(pledge.locale) or next(iter(campaign.title.values()))
    page = gift_page(pledge)
    request = CheckoutRequest(
        institution_id=museum_of(session),
        attempt=pledge.attempt,
        number=number,
        amount=pledge.amount,
        title=title[:LONGEST_TITLE],
        locale=pledge.locale,
        email=donor.email,
        success_url=f"{page}/return?session_id={{CHECKOUT_SESSION_ID}}",
        cancel_url=page,
        expires_at=checkout.expires_at,
    )
    return calls.freeze(
        session,
        "checkout",
        account,
        provider().checkout_parameters(request),
        name=f"{museum_of(session)}:{pledge.attempt}:{number}",
        subject=f"checkout:{checkout.id}",
    )


def gift_page(pledge: Pledge) -> str:
    """Give the address of a gift's own page."""
    config: Config = current_app.extensions["config"]
    return f"{config.public_url}/{pledge.locale}/gifts/{pledges.gift_token(pledge)}"


def _end(scope: MuseumScope, account: str, page_id: str) -> None:
    """Close a page that is over, and settle what it came to: it may have been paid in its last second."""
    page = provider().page(account, page_id)
    if page.state == PageState.OPEN:
        page = provider().close_page(account, page_id)
    settle_page(scope, page)


def withdraw(scope: MuseumScope, pledge_id: int) -> bool:
    """Close the donor's open page and cancel the pledge, so that its reward is free at once. False: it is paid already.

    Raises ProviderUnavailable; nothing is cancelled then. Money that comes all the same is booked, as ever.
    """
    with transaction(scope) as session:
        pledges.pledge_of(session, pledge_id, lock=True)
        page = session.execute(
            select(Checkout.account, Checkout.session).where(
                Checkout.pledge_id == pledge_id, Checkout.state == CheckoutState.OPEN, Checkout.session.is_not(None)
            )
        ).first()
    if page is not None:
        _end(scope, page.account, str(page.session))
    with transaction(scope) as session:
        return pledges.cancel(session, pledge_id).state != PledgeState.PAID


def send(scope: MuseumScope, frozen: Frozen) -> str | None:
    """Send a checkout's request, for the first time or again, and keep its answer; None when the page is over already.

    After the provider has forgotten the key it is asked first whether the page is there.
    """
    if frozen.key_forgotten:
        return _found_later(scope, frozen)
    with calls.noting(scope, frozen):
        try:
            answer = provider().open_page(frozen.account, frozen.parameters, frozen.key)
        except ProviderUnavailable:
            _mark(scope, frozen, CheckoutState.UNKNOWN)
            raise
        except ProviderRefused as error:
            if error.status not in {401, 403}:
                _mark(scope, frozen, CheckoutState.FAILED)
            raise
    with transaction(scope) as session:
        checkout = _of(session, frozen)  # the checkout first, then its request: everybody locks in this order
        calls.done(session, frozen, answer)
        if answer.page is not None:
            follow(session, checkout, answer.page)
        return checkout.url if checkout.state == CheckoutState.OPEN else None


def _found_later(scope: MuseumScope, frozen: Frozen) -> str | None:
    """Look for the page by what it says of itself; one that is not there was never opened."""
    with transaction(scope) as session:
        checkout = _of(session, frozen)
        pledge = session.get_one(Pledge, (museum_of(session), checkout.pledge_id))
        claim = Claim(museum_of(session), pledge.attempt, checkout.number)
    page = provider().page_of(frozen.account, claim, frozen.created_at - timedelta(hours=1))
    if page is None:
        with transaction(scope) as session:
            become(session, _of(session, frozen), CheckoutState.FAILED)
            calls.given_up(session, frozen, "never_carried_out")
        return None
    settle_page(scope, page)
    with transaction(scope) as session:
        checkout = _of(session, frozen)
        calls.found(session, frozen, page.id)
        return checkout.url if checkout.state == CheckoutState.OPEN else None


def _mark(scope: MuseumScope, frozen: Frozen, state: CheckoutState) -> None:
    with transaction(scope) as session:
        become(session, _of(session, frozen), state)


def _of(session: Session, frozen: Frozen) -> Checkout:
    checkout_id = int(frozen.subject.partition(":")[2])
    return session.scalars(
        select(Checkout)
        .where(Checkout.id == checkout_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def settle_checkout(scope: MuseumScope, session_id: str, pledge_id: int | None = None) -> CheckoutState:
    """Settle the page a donor comes back from, and say where its checkout stands.

    Refuses (404) a page we do not know, or of another pledge than `pledge_id`. Raises ProviderUnavailable.
    """
    with transaction(scope) as session:
        checkout = session.scalars(select(Checkout).where(Checkout.session == session_id)).one_or_none()
        if checkout is None or (pledge_id is not None and checkout.pledge_id != pledge_id):
            raise NotFound
        if checkout.state == CheckoutState.PAID:
            return CheckoutState.PAID
        account = checkout.account
    settle_page(scope, provider().page(account, session_id))
    with transaction(scope) as session:
        state = session.scalar(select(Checkout.state).where(Checkout.session == session_id))
        return CheckoutState(str(state))


def sweep_checkouts(scope: MuseumScope) -> int:
    """Settle pages that are still open though their time is over; tell how many."""
    with transaction(scope) as session:
        over = session.execute(
            select(Checkout.account, Checkout.session)
            .where(
                Checkout.state == CheckoutState.OPEN, Checkout.expires_at < clock.now(), Checkout.session.is_not(None)
            )
            .order_by(Checkout.id)
            .limit(calls.SWEPT_AT_ONCE)
        ).all()
    for account, page_id in over:
        try:
            _end(scope, account, str(page_id))
        except Exception as error:  # noqa: BLE001 - one that fails must not hold up the others
            log.get().warning("checkout_waits", object_id=page_id, exc_info=error)
    return len(over)
