"""Count what may be a machine trying out cards.

Whoever pays gets the count back, so that a class giving together is welcome.
"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address, ip_network

from flask import current_app, request

from config import Config
from crowdfund.accounts import buckets
from crowdfund.donors.service import donor_of
from crowdfund.pledges import service as pledges
from crowdfund.tenancy import DonorScope, transaction

REMEMBERED = 7 * 86_400  # a payment is given back for once


def network_of(address: str) -> str:
    """Give the block an address is of: /24 of IPv4, /48 of IPv6."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network(f"{found}/{24 if found.version == 4 else 48}", strict=False))


def _holds(name: str) -> bool:
    """Say whether a limit holds for this request.

    Nobody in front of a proxy is the machine itself: what comes from it is a demonstration or a test, and is counted
    only when the setting LIMITS names the limit.
    """
    config: Config = current_app.extensions["config"]
    try:
        own = ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        own = False
    return name in config.limits or not own


def _counted(email: str) -> dict[str, str]:
    """List the limits of a pledge with the key each is counted by."""
    address = request.remote_addr or ""
    return {
        "pledge_ip_hour": address,
        "pledge_ip_day": address,
        "pledge_network_hour": network_of(address),
        "pledge_email_hour": email,
    }


def count_pledge(email: str) -> None:
    """Count a pledge that is about to be made. Raises TooManyRequests (429) with Retry-After."""
    for name, key in _counted(email).items():
        if _holds(name):
            buckets.limited(name, key)


def too_quick(age: timedelta) -> bool:
    """Say whether a form came back faster than a person fills it in.

    The setting LIMITS gives the least age as `form_seconds`; 0, the rule is off, unless real money moves.
    """
    config: Config = current_app.extensions["config"]
    return age < timedelta(seconds=config.limits.get("form_seconds", 2 if config.livemode else 0))


def count_failed(scope: DonorScope, pledge_id: int) -> None:
    """Count another try after a refused card. Raises TooManyRequests (429) with Retry-After."""
    with transaction(scope) as session:
        campaign_id = pledges.pledge_of(session, pledge_id).campaign_id
    counted = {
        "payment_failed_ip": request.remote_addr or "",
        "payment_failed_campaign": f"{scope.institution_id}:{campaign_id}",
    }
    for name, key in counted.items():
        if _holds(name):
            buckets.limited(name, key)


def give_back(scope: DonorScope, pledge_id: int, session_id: str) -> None:
    """Take back what a pledge counted, once, when its payment has come."""
    held = [name for name in _counted("") if _holds(name)]
    if not held or not buckets.allow(None, f"paid:{session_id}", 1, REMEMBERED):
        return
    with transaction(scope) as session:
        pledge = pledges.pledge_of(session, pledge_id)
        email = donor_of(session, pledge.donor_id).email or ""
    for name, key in _counted(email).items():
        if name in held:
            buckets.give_back(None, name, key)
