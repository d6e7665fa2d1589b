"""Answer what went wrong: in words, in the page's language, with nothing of our insides."""

from __future__ import annotations

import secrets
import time

import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from crowdfund import crash, log
from crowdfund.errors import Refusal
from crowdfund.i18n import LOCALES, in_words, negotiate, set_locale
from crowdfund.storage import StorageUnavailable

WORDED = (400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503)
RETRY_SECONDS = "30"


def page(status: int, message: str = "") -> Response:
    """Make the page of a failure; JSON for those who speak it (RFC 9457)."""
    shown = status if status in WORDED else 500
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        answer = jsonify(type="about:blank", title=message, status=status)
        answer.content_type = "application/problem+json"
    else:
        lang = request.path.lstrip("/").partition("/")[0]
        set_locale(lang if lang in LOCALES else g.get("lang") or negotiate(request.headers.get("Accept-Language")))
        answer = make_response(
            render_template(f"errors/{shown}.html", message=message, request_id=g.get("request_id", ""))
        )
    answer.status_code = status
    answer.headers["Cache-Control"] = "no-store"
    if status in {429, 503}:
        answer.headers.setdefault("Retry-After", RETRY_SECONDS)
    return answer


def register(app: Flask) -> None:
    """Teach the app its answers, and give each request an id and a line in the log."""
    _follow_requests(app)
    _answer_failures(app)


def _follow_requests(app: Flask) -> None:
    @app.before_request
    def _begin() -> None:
        g.request_id = secrets.token_hex(8)
        g.began = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def _end(answer: Response) -> Response:
        answer.headers["X-Request-Id"] = g.get("request_id", "")
        took = (time.perf_counter() - g.get("began", time.perf_counter())) * 1000
        # The rule, not the address: addresses carry tokens.
        rule = request.url_rule.rule if request.url_rule else "?"
        crash.point("before reply")
        log.get().info("request", method=request.method, path=rule, status=answer.status_code, ms=round(took, 1))
        return answer


def _answer_failures(app: Flask) -> None:
    @app.errorhandler(Refusal)
    def _refused(refusal: Refusal) -> Response:
        return page(refusal.status, in_words(refusal) if refusal.message else "")

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        if error.response is not None:
            return make_response(error.response)
        answer = page(error.code or 500)
        for name, value in error.get_headers():
            if name not in {"Content-Type", "Content-Length"}:
                answer.headers[name] = value
        return answer

    @app.errorhandler(OperationalError)
    @app.errorhandler(PoolTimeout)
    @app.errorhandler(StorageUnavailable)
    def _away(error: Exception) -> Response:
        log.get().error("ground_away", exc_info=error)
        return page(503)

    @app.errorhandler(Exception)
    def _fault(error: Exception) -> Response:
        log.get().error("fault", exc_info=error)
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            return page(503)
        return page(500)
