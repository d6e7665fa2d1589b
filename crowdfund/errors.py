"""What can be refused, and how a refusal is said."""

from __future__ import annotations

from collections.abc import Mapping


class Refusal(Exception):
    """A rule said no.

    `message` is a gettext message id (marked with `i18n.N_`), `params` fill its placeholders; the door
    translates it. `field` names the form field it belongs to, if one does. `status` is the HTTP answer:
    422 for what the person can correct, 409 for a state that no longer allows it, 404 for what is not there.
    """

    def __init__(
        self, message: str, *, field: str | None = None, status: int = 422, params: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.status = status
        self.params = dict(params or {})


class NotFound(Refusal):
    """It is not there, or it is not yours: the same answer for both."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message, status=404)


class Conflict(Refusal):
    """The state no longer allows it."""

    def __init__(self, message: str, params: Mapping[str, object] | None = None) -> None:
        super().__init__(message, status=409, params=params)
