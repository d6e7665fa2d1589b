"""Refusals, in the provider's words and shape."""

from __future__ import annotations

from typing import Any

from simulator.contract import Problem


class ApiError(Exception):
    """An answer that is an error: `status` is the HTTP status, `kind` the provider's `type`."""

    def __init__(self, status: int, kind: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "type": kind,
            "message": message,
            **{key: value for key, value in more.items() if value is not None},
        }

    def answer(self, request_id: str) -> dict[str, Any]:
        """Give the body of the answer."""
        return {"error": {**self.body, "request_log_url": f"https://dashboard.stripe.com/test/logs/{request_id}"}}


def invalid(message: str, *, param: str | None = None, code: str | None = None, status: int = 400) -> ApiError:
    """Refuse a request as the client's mistake."""
    return ApiError(status, "invalid_request_error", message, param=param, code=code)


def missing(kind: str, ident: object, param: str = "id", status: int = 404) -> ApiError:
    """Say that there is no such object (in this account)."""
    noun = "issuer fraud record" if kind == "radar.early_fraud_warning" else kind
    return invalid(f"No such {noun}: '{ident}'", param=param, code="resource_missing", status=status)


def refused_parameters(problems: list[Problem]) -> ApiError:
    """Refuse the first parameter that does not fit the contract, with the provider's codes."""
    first = problems[0]
    if first.kind == "unknown":
        return invalid(f"Received unknown parameter: {first.param}", param=first.param, code="parameter_unknown")
    if first.kind == "missing":
        return invalid(f"Missing required param: {first.param}.", param=first.param, code="parameter_missing")
    if first.kind == "integer":
        return invalid(f"Invalid integer: {first.detail}", param=first.param, code="parameter_invalid_integer")
    if first.kind == "boolean":
        return invalid(f"Invalid boolean: {first.detail}", param=first.param)
    if first.kind == "choice":
        return invalid(f"Invalid {first.param}: must be one of {first.detail}", param=first.param)
    return invalid(f"Invalid {first.detail} for {first.param}", param=first.param)


MOST_KEYS, LONGEST_KEY, LONGEST_VALUE = 50, 40, 500


def check_metadata(params: dict[str, Any], at: str = "") -> None:
    """Refuse metadata that is larger than the provider takes, wherever it stands in the parameters."""
    for name, value in params.items():
        where = f"{at}[{name}]" if at else name
        if not isinstance(value, dict):
            continue
        if name != "metadata":
            check_metadata(value, where)
            continue
        if len(value) > MOST_KEYS:
            raise invalid(f"Metadata can have up to {MOST_KEYS} keys.", param=where)
        for key, text in value.items():
            if len(key) > LONGEST_KEY:
                raise invalid(f"Metadata keys must be under {LONGEST_KEY} characters.", param=where)
            if len(str(text)) > LONGEST_VALUE:
                raise invalid(f"Metadata values can have up to {LONGEST_VALUE} characters.", param=f"{where}[{key}]")
