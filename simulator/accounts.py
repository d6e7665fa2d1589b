"""Connected accounts (second generation), their onboarding links, and their life."""

from __future__ import annotations

from typing import Any

from simulator.contract import blank
from simulator.errors import invalid
from simulator.events import emit, emit_account, iso
from simulator.settings import APPLICATION
from simulator.store import INTERNAL, PLATFORM, Document
from simulator.world import World

STATUS_EVENT = "v2.core.account[configuration.merchant].capability_status_updated"
REQUIREMENTS_EVENT = "v2.core.account[requirements].updated"
LINK_LIFE = 300
# Parts of an account that are shown only when the client includes them.
PARTS = (
    "configuration.merchant",
    "configuration.customer",
    "configuration.recipient",
    "defaults",
    "identity",
    "requirements",
)
CURRENCY = {"CH": "chf", "GB": "gbp", "US": "usd"}
BY_STATUS: dict[str, list[Document]] = {
    "active": [],
    "pending": [{"code": "determining_status", "resolution": "no_resolution"}],
    "restricted": [{"code": "requirements_past_due", "resolution": "provide_info"}],
}


def create_account(
    world: World, params: dict[str, Any], *, ident: str | None = None, status: str = "restricted"
) -> Document:
    """Open an account; it can take payments once its onboarding is finished."""
    identity = params.get("identity") or {}
    country = str(identity.get("country", "fr")).lower()
    asked = ((params.get("configuration") or {}).get("merchant") or {}).get("capabilities") or {}
    defaults = params.get("defaults") or {}
    currency = str(defaults.get("currency") or CURRENCY.get(country.upper(), "eur")).lower()
    account = {
        **blank("v2.core.account"),
        "object": "v2.core.account",
        "id": ident or world.ident("acct_sim", 16),
        "applied_configurations": sorted((params.get("configuration") or {"merchant": {}}).keys()),
        "closed": False,
        "contact_email": params.get("contact_email"),
        "created": iso(world.time()),
        "dashboard": params.get("dashboard", "full"),
        "defaults": {
            "currency": currency,
            "locales": defaults.get("locales"),
            "responsibilities": {
                "fees_collector": (defaults.get("responsibilities") or {}).get("fees_collector", "stripe"),
                "losses_collector": (defaults.get("responsibilities") or {}).get("losses_collector", "stripe"),
                "requirements_collector": "stripe",
            },
        },
        "display_name": params.get("display_name"),
        "identity": {**identity, "country": country},
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "_capabilities": sorted(name for name in asked) or ["card_payments"],
        "_capability": status,
        "_country": country.upper(),
        "_currency": currency,
        "_deauthorised": False,
    }
    world.store.save(PLATFORM, account)
    emit_account(world, "v2.core.account.created", account)
    return account


def show_account(account: Document, include: list[str]) -> Document:
    """Show an account with the included parts; the others are null."""
    shown = {key: value for key, value in account.items() if not key.startswith("_")}
    wanted = {part for part in include if part in PARTS}
    details = BY_STATUS[account["_capability"]]
    if "configuration.merchant" in wanted:
        status = {"status": account["_capability"], "status_details": details}
        capabilities = {name: dict(status) for name in account["_capabilities"]}
        shown["configuration"] = {
            "customer": None,
            "merchant": {"applied": True, "capabilities": capabilities},
            "recipient": None,
        }
    if "requirements" in wanted:
        entries = [] if account["_capability"] == "active" else [_requirement()]
        summary = {"minimum_deadline": {"status": "past_due", "time": None}} if entries else None
        shown["requirements"] = {"entries": entries, "summary": summary}
    for part in ("defaults", "identity"):
        if part not in wanted:
            shown[part] = None
    return shown


def _requirement() -> Document:
    restricts = {"capability": "card_payments", "configuration": "merchant", "deadline": {"status": "past_due"}}
    return {
        "awaiting_action_from": "user",
        "description": "identity.attestations.terms_of_service",
        "errors": [],
        "impact": {"restricts_capabilities": [restricts]},
        "minimum_deadline": {"status": "past_due"},
        "reference": None,
        "requested_reasons": [{"code": "routine_onboarding"}],
    }


def set_status(world: World, account: Document, status: str) -> None:
    """Change whether the account may take payments: active, pending or restricted."""
    if account["_capability"] == status:
        return
    account["_capability"] = status
    world.store.save(PLATFORM, account)
    emit_account(world, REQUIREMENTS_EVENT, account)
    emit_account(world, STATUS_EVENT, account)


def deauthorise(world: World, account: Document) -> None:
    """Take the platform's access to the account away, as its owner can."""
    account["_deauthorised"] = True
    world.store.save(PLATFORM, account)
    application = {"object": "application", "id": APPLICATION, "name": "Simulated platform"}
    emit(world, account["id"], "account.application.deauthorized", application)


def show_account_v1(account: Document) -> Document:
    """Show an account as the first generation of the interface does."""
    active = account["_capability"] == "active"
    due = [] if active else ["tos_acceptance.date"]
    return {
        "object": "account",
        "id": account["id"],
        "business_type": None,
        "capabilities": dict.fromkeys(account["_capabilities"], "active" if active else "inactive"),
        "charges_enabled": active,
        "country": account["_country"],
        "default_currency": account["_currency"],
        "details_submitted": active,
        "email": account["contact_email"],
        "metadata": account["metadata"],
        "payouts_enabled": active,
        "requirements": {
            "currently_due": due,
            "eventually_due": due,
            "past_due": due,
            "pending_verification": [],
            "errors": [],
        },
        "type": "none",
    }


def create_link(world: World, params: dict[str, Any]) -> Document:
    """Make the address of the onboarding page: for one use, within minutes."""
    account = world.get(PLATFORM, "v2.core.account", params["account"], "account")
    use_case = params["use_case"]
    details = use_case.get(use_case["type"])
    if not details:
        raise invalid(f"Missing required param: use_case[{use_case['type']}].", param=f"use_case[{use_case['type']}]")
    token = world.ident("link", 32)
    expires_at = world.time() + LINK_LIFE
    link = {
        "object": "_link",
        "id": token,
        "account": account["id"],
        "return_url": details.get("return_url") or details["refresh_url"],
        "refresh_url": details["refresh_url"],
        "expires_at": expires_at,
        "used": False,
    }
    world.store.save(INTERNAL, link)
    return {
        "object": "v2.core.account_link",
        "account": account["id"],
        "created": iso(world.time()),
        "expires_at": iso(expires_at),
        "livemode": False,
        "url": f"{world.settings.base_url}/c/onboarding/{token}",
        "use_case": use_case,
    }


def take_link(world: World, token: str) -> Document | None:
    """Find an onboarding link that may still be used."""
    link = world.store.find(INTERNAL, "_link", token)
    return link if link and not link["used"] and link["expires_at"] > world.time() else None
