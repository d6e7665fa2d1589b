"""Misbehaviour on command: the next calls hang, break, or are refused."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

from flask import request

from simulator.errors import ApiError, invalid
from simulator.store import Document
from simulator.world import World

KINDS = {"hang_before", "hang_after", "reset", "reset_after", "slow", "429", "500", "409"}
SECONDS = 30.0


def add_fault(world: World, wanted: dict[str, Any]) -> Document:
    """Plan that the next `times` calls of an operation go wrong; `times` -1 means all."""
    kind = str(wanted.get("kind"))
    if kind not in KINDS:
        raise invalid(f"kind must be one of {', '.join(sorted(KINDS))}", param="kind")
    fault = {
        "id": world.ident("fault", 8),
        "operation": str(wanted.get("operation", wanted.get("path", "/"))),
        "kind": kind,
        "times": int(wanted.get("times", 1)),
        "seconds": float(wanted.get("seconds", SECONDS)),
        "after_calls": int(wanted.get("after_calls", 0)),
    }
    world.set("faults", [*world.setting("faults", []), fault])
    return fault


def next_fault(world: World, method: str, path: str, template: str) -> Document | None:
    """Take the fault that this call meets, if any."""
    with world.store.change():
        faults: list[Document] = world.setting("faults", [])
        for fault in faults:
            if not _meant(fault["operation"], method, path, template):
                continue
            if fault["after_calls"] > 0:
                fault["after_calls"] -= 1
                continue
            if fault["times"] > 0:
                fault["times"] -= 1
            world.set("faults", [one for one in faults if one["times"] != 0])
            return fault
    return None


def _meant(wanted: str, method: str, path: str, template: str) -> bool:
    verb, space, rest = wanted.partition(" ")
    if not space:
        return wanted == "*" or path.startswith(wanted)
    return verb == method and rest in {template, path}


def before(fault: Document) -> None:
    """Do what goes wrong before the call is carried out."""
    kind = fault["kind"]
    if kind == "hang_before":
        time.sleep(fault["seconds"])
        cut()
    elif kind == "reset":
        cut()
    elif kind == "429":
        raise ApiError(429, "invalid_request_error", "Too many requests. Please slow down.", code="rate_limit")
    elif kind == "500":
        raise ApiError(500, "api_error", "An unknown error occurred.")
    elif kind == "409":
        raise in_use()


def in_use() -> ApiError:
    """Say that another request with the same key is being worked on."""
    words = "There is currently another in-progress request using this idempotency key. Please try again later."
    return ApiError(409, "invalid_request_error", words, code="idempotency_key_in_use")


def after(fault: Document) -> None:
    """Do what goes wrong after the call was carried out: its answer is lost."""
    if fault["kind"] == "hang_after":
        time.sleep(fault["seconds"])
        cut()
    elif fault["kind"] == "reset_after":
        cut()


class Cut(Exception):
    """The connection was broken without an answer."""


def cut() -> None:
    """Break the connection."""
    connection = request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        with contextlib.suppress(OSError):  # the client may have gone away before
            connection.shutdown(socket.SHUT_RDWR)
    raise Cut
