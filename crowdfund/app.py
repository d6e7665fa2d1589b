"""The roof: build the app, wire the features, register the doors. Nobody imports it."""

from __future__ import annotations

import importlib
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask

from config import Config
from crowdfund import assets, clock, crash, failures, i18n, log, outbox
from crowdfund.database import Database
from crowdfund.health import blueprint as health
from crowdfund.mail import Mailer
from crowdfund.storage import FileStorage
from crowdfund.worker import make_celery

ROOT = Path(__file__).parent.parent
LARGEST_BODY = 1024 * 1024
LARGEST_FORM_PARTS = 200


def create_app(config: Config, provider: object | None = None, mailer: Mailer | None = None) -> Flask:
    """Build the app from its settings. `provider` and `mailer` take the place of the real ones in unit tests."""
    log.configure()
    clock.move_by(config.clock_offset)
    app = Flask("crowdfund", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.config.update(
        SECRET_KEY=config.secret_key,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LARGEST_BODY,
        MAX_FORM_PARTS=LARGEST_FORM_PARTS,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
        TRUSTED_HOSTS=[urlsplit(config.public_url).hostname, "127.0.0.1", "localhost"],
    )
    database = Database(config.database_url)
    storage = FileStorage.from_url(config.storage_url)
    app.extensions.update(config=config, database=database, storage=storage, mailer=mailer or Mailer(config, storage))
    crash.arm(config, database.engine)
    failures.register(app)
    i18n.register(app)
    assets.register(app, config)
    app.register_blueprint(health)
    _features(app, config, provider)
    app.extensions["celery"] = make_celery(app, config, outbox.deliver)
    return app


# While the house is being built a missing room is skipped; the final list is explicit.
def _features(app: Flask, config: Config, provider: object | None) -> None:
    def module(name: str) -> object | None:
        try:
            return importlib.import_module(f"crowdfund.{name}")
        except ModuleNotFoundError as error:
            if error.name and error.name.startswith("crowdfund."):
                return None
            raise

    headers = module("headers")
    if headers:
        headers.register(app, config)
    stripe = module("payments.stripe")
    if provider is not None:
        app.extensions["provider"] = provider
    elif stripe:
        app.extensions["provider"] = stripe.StripeProvider(config)
    for name in ("accounts.tasks", "campaigns.tasks", "payments.tasks", "gifts.tasks", "receipts.tasks", "pledges.tasks"):
        module(name)
    who = module("accounts.current")
    if who:
        who.register(app, config)
    for name, prefix in (
        ("accounts.views", "/account"),
        ("institutions.staff", None),
        ("dashboard.staff", None),
        ("payments.views", None),
        ("payments.webhook", None),
        ("receipts.views", None),
        ("pages.views", None),
    ):
        found = module(name)
        if found:
            app.register_blueprint(found.blueprint, url_prefix=prefix)
    cli = module("cli")
    if cli:
        cli.register(app)
