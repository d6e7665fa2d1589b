"""Is it alive, is it ready, and the figures a monitor reads."""

from __future__ import annotations

from datetime import timedelta

import requests
from flask import Blueprint, Response, current_app, jsonify, request
from sqlalchemy import text

from config import Config
from crowdfund import clock, installation, schema
from crowdfund.tenancy import PlatformScope, transaction

blueprint = Blueprint("health", __name__)
OLDEST_FACT = timedelta(seconds=120)
PROXIED = ("Content-Type", "Content-Disposition", "Content-Security-Policy")


@blueprint.get("/health/live")
def live() -> Response:
    """Answer while the loop turns; touches nothing."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/health/ready")
def ready() -> tuple[Response, int]:
    """Say whether requests can be served: the database answers, the schema is current, facts are delivered, it is not quiet."""
    reasons = []
    now = clock.now()
    with transaction(PlatformScope()) as session:
        version = session.execute(text("SELECT version_num FROM alembic_version")).scalar()
        facts = session.execute(text("SELECT * FROM outbox_health(:now)"), {"now": now}).one()
        quiet = version == schema.head() and installation.is_quiet(session)
    if version != schema.head():
        reasons.append("migrations")
    if quiet:
        reasons.append("quiet")
    if facts.oldest_due is not None and now - facts.oldest_due > OLDEST_FACT:
        reasons.append("outbox")
    answer = jsonify(ready=not reasons, reasons=reasons, quiet=quiet, waiting=facts.waiting, failing=facts.failing)
    return answer, 503 if reasons else 200


@blueprint.get("/metrics")
def metrics() -> Response:
    """Give the figures as Prometheus text."""
    now = clock.now()
    with transaction(PlatformScope()) as session:
        facts = session.execute(text("SELECT * FROM outbox_health(:now)"), {"now": now}).one()
        stray = session.execute(text("SELECT count(*) FROM stray_events")).scalar_one()
    age = (now - facts.oldest_due).total_seconds() if facts.oldest_due else 0
    lines = [
        "# TYPE outbox_waiting gauge",
        f"outbox_waiting {facts.waiting}",
        "# TYPE outbox_failing gauge",
        f"outbox_failing {facts.failing}",
        "# TYPE outbox_oldest_due_seconds gauge",
        f"outbox_oldest_due_seconds {age:.1f}",
        "# TYPE provider_events_stray_total counter",
        f"provider_events_stray_total {stray}",
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain; version=0.0.4")


@blueprint.route("/_mail/", defaults={"rest": ""}, methods=["GET"])
@blueprint.route("/_mail/<path:rest>", methods=["GET"])
def mailbox(rest: str) -> Response:
    """Show the demo's mailbox at the platform's own address; elsewhere there is none."""
    config: Config = current_app.extensions["config"]
    if config.mailbox_url is None:
        return Response(status=404)
    found = requests.get(f"{config.mailbox_url}/_mail/{rest}", params=request.args.to_dict(), timeout=5)
    answer = Response(found.content, status=found.status_code)
    for name in PROXIED:
        if name in found.headers:
            answer.headers[name] = found.headers[name]
    answer.headers["Cache-Control"] = "no-store"
    return answer
