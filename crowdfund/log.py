"""Log lines: one JSON object each, with ids and never with names, addresses or bodies."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# What may stand in a line; anything else is dropped, so that identity cannot slip in by a careless call.
ALLOWED = frozenset(
    "event level timestamp request_id method path endpoint status ms institution_id outbox_id topic listener error"
    " error_class account operation key object_id provider_request_id http_status event_id type state reason count stack"
    " gift_id pledge_id receipt_id checkout_id name seconds attempts".split()
)


def _allow(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value for key, value in line.items() if key in ALLOWED}


def _error_places(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Name an exception and where it came from, without its text: a message can quote what a person typed."""
    error = line.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        line["error_class"] = type(error).__name__
        places = []
        trace = error.__traceback__
        while trace is not None:
            places.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}")
            trace = trace.tb_next
        line["stack"] = places[-8:]
    return line


def configure(level: int = logging.INFO) -> None:
    """Write JSON lines to the standard error; the supervisor keeps them."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _error_places,
            _allow,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def get() -> Any:
    """Give the logger."""
    return structlog.get_logger()
