"""The wire protocol: keys, versions, accounts, idempotency, and the contract check of every request."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, request

from simulator import faults, sdk
from simulator.contract import check_answer, check_request
from simulator.encoding import decode_form
from simulator.errors import ApiError, check_metadata, invalid, refused_parameters
from simulator.operations import OPERATIONS, Call
from simulator.settings import KEY_PREFIX
from simulator.shapes import Endpoint
from simulator.store import INTERNAL, PLATFORM, Document
from simulator.world import Cause, World, caused_by

KEY_LIFE = 24 * 3600
KEPT_STATUSES = {200, 402}
wire = Blueprint("wire", __name__)
_busy: set[tuple[int, str]] = set()
_busy_lock = threading.Lock()


@dataclass(slots=True)
class Exchange:
    """One request and its answer."""

    request_id: str
    account: str
    key: str | None
    status: int = 200
    body: bytes = b""
    replayed: bool = False


@wire.route("/v1/<path:_rest>", methods=["GET", "POST", "DELETE"])
@wire.route("/v2/<path:_rest>", methods=["GET", "POST", "DELETE"])
def answer(_rest: str) -> Response:
    """Answer one call of the interface."""
    world: World = current_app.extensions["world"]
    exchange = Exchange(
        world.ident("req", 14),
        request.headers.get("Stripe-Account") or request.headers.get("Stripe-Context") or PLATFORM,
        request.headers.get("Idempotency-Key"),
    )
    started = time.time()
    try:
        _handle(world, exchange)
    except ApiError as error:
        exchange.status = error.status
        exchange.body = json.dumps(error.answer(exchange.request_id), indent=2).encode()
    except faults.Cut:
        exchange.status = 0
        raise
    finally:
        _remember(world, exchange, started)
    return _respond(exchange)


def _handle(world: World, exchange: Exchange) -> None:
    endpoint = sdk.match(request.method, request.path)
    fault = faults.next_fault(world, request.method, request.path, endpoint.path if endpoint else request.path)
    if fault:
        faults.before(fault)
    _check_key()
    if endpoint is None or (endpoint.method, endpoint.path) not in OPERATIONS:
        raise invalid(f"Unrecognized request URL ({request.method}: {request.path}).", status=404)
    _check_version()
    _check_account(world, exchange.account)
    params = _params(endpoint)
    problems = check_request(endpoint, params, form=_is_form())
    if problems:
        raise refused_parameters(problems)
    check_metadata(params)
    call = Call(world, exchange.account, request.path, params, _args(endpoint.path))
    with _alone(exchange):
        if fault and fault["kind"] == "slow":
            time.sleep(fault["seconds"])
        _carry_out(endpoint, call, exchange)
    if fault:
        faults.after(fault)


def _carry_out(endpoint: Endpoint, call: Call, exchange: Exchange) -> None:
    """Do the call once: a key that was seen before gets the first answer again."""
    fingerprint = _fingerprint(call)
    with call.world.store.change(), caused_by(Cause(exchange.request_id, exchange.key)):
        if exchange.key and endpoint.method == "POST":
            kept = _kept(call.world, exchange)
            if kept is not None:
                _replay(kept, fingerprint, exchange)
                return
        try:
            shown = OPERATIONS[endpoint.method, endpoint.path](call)
            if call.world.settings.check_answers:
                _check_answer(endpoint, shown)
            exchange.body = json.dumps(shown, indent=2).encode()
        except ApiError as error:
            exchange.status = error.status
            exchange.body = json.dumps(error.answer(exchange.request_id), indent=2).encode()
        if exchange.key and endpoint.method == "POST" and exchange.status in KEPT_STATUSES:
            _keep(call.world, exchange, fingerprint)


def _check_key() -> None:
    scheme, _space, key = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not key:
        raise invalid("You did not provide an API key.", status=401)
    if not key.startswith(KEY_PREFIX):
        raise invalid(
            f"Invalid API Key provided: {key[:8]}{'*' * 8}. The simulator takes {KEY_PREFIX}… keys only.", status=401
        )


def _check_version() -> None:
    version = request.headers.get("Stripe-Version")
    if version != sdk.api_version():
        raise invalid(f"Invalid Stripe API version: {version}. The simulator speaks {sdk.api_version()} only.")


def _check_account(world: World, account: str) -> None:
    if account == PLATFORM:
        return
    holder = world.account_document(account)
    if holder is None or holder["_deauthorised"]:
        raise invalid(
            f"The provided key '{KEY_PREFIX}********' does not have access to account '{account}' (or that "
            "account does not exist). Application access may have been revoked.",
            code="account_invalid",
            status=403,
        )


def _is_form() -> bool:
    return request.path.startswith("/v1/") or request.method == "GET"


def _params(endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.method in {"GET", "DELETE"}:
        return decode_form(request.query_string.decode())
    text = request.get_data(as_text=True)
    if _is_form():
        return decode_form(text)
    try:
        body = json.loads(text or "{}")
    except ValueError as error:
        raise invalid("Invalid JSON in the request's body.") from error
    if not isinstance(body, dict):
        raise invalid("The request's body must be a JSON object.")
    return body


def _args(template: str) -> list[str]:
    found = re.fullmatch(re.sub(r"\{\w+\}", "([^/]+)", template), request.path)
    return list(found.groups()) if found else []


def _check_answer(endpoint: Endpoint, shown: Document) -> None:
    checked = shown
    if shown.get("object") == "v2.core.event":  # the SDK's class leaves out what its subclasses add
        checked = {key: value for key, value in shown.items() if key != "related_object"}
    if endpoint.path == "/v2/core/events":
        return
    problems = check_answer(endpoint, checked)
    if problems:
        raise ApiError(500, "api_error", f"Contract: {'; '.join(map(str, problems))}")


@contextmanager
def _alone(exchange: Exchange) -> Iterator[None]:
    """Refuse a second request with the same key while the first is being worked on."""
    if exchange.key is None or request.method != "POST":
        yield
        return
    mark = (id(current_app.extensions["world"]), f"{exchange.account} {exchange.key}")
    with _busy_lock:
        if mark in _busy:
            raise faults.in_use()
        _busy.add(mark)
    try:
        yield
    finally:
        with _busy_lock:
            _busy.discard(mark)


def _fingerprint(call: Call) -> str:
    sent = json.dumps([request.method, call.path, call.params], sort_keys=True)
    return hashlib.sha256(sent.encode()).hexdigest()


def _kept(world: World, exchange: Exchange) -> Document | None:
    kept = world.store.find(INTERNAL, "_key", f"{exchange.account} {exchange.key}")
    if kept is not None and kept["at"] + KEY_LIFE <= world.time():
        world.store.remove(INTERNAL, kept)
        return None
    return kept


def _keep(world: World, exchange: Exchange, fingerprint: str) -> None:
    world.store.save(
        INTERNAL,
        {
            "object": "_key",
            "id": f"{exchange.account} {exchange.key}",
            "at": world.time(),
            "fingerprint": fingerprint,
            "status": exchange.status,
            "body": exchange.body.decode(),
            "request_id": exchange.request_id,
        },
    )


def _replay(kept: Document, fingerprint: str, exchange: Exchange) -> None:
    if kept["fingerprint"] != fingerprint:
        raise ApiError(
            400,
            "idempotency_error",
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try "
            f"using a key other than '{exchange.key}' if you meant to execute a different request.",
        )
    exchange.status = kept["status"]
    exchange.body = kept["body"].encode()
    exchange.replayed = True


def _respond(exchange: Exchange) -> Response:
    response = Response(exchange.body, status=exchange.status, content_type="application/json")
    response.headers["Request-Id"] = exchange.request_id
    response.headers["Stripe-Version"] = sdk.api_version()
    response.headers["Cache-Control"] = "no-cache, no-store"
    if exchange.account != PLATFORM:
        response.headers["Stripe-Account"] = exchange.account
    if exchange.key:
        response.headers["Idempotency-Key"] = exchange.key
    if exchange.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _remember(world: World, exchange: Exchange, started: float) -> None:
    world.requests.append(
        {
            "id": exchange.request_id,
            "method": request.method,
            "path": request.path,
            "account": exchange.account,
            "idempotency_key": exchange.key,
            "status": exchange.status,
            "replayed": exchange.replayed,
            "at": round(started, 3),
        }
    )
