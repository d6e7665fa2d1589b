"""The roof: build the app, wire the features, register the doors. Nobody imports it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask

from config import Config
from crowdfund import assets, cli, clock, crash, failures, headers, i18n, installation, log, outbox
from crowdfund.accounts import current
from crowdfund.accounts import tasks as accounts_tasks
from crowdfund.accounts.views import blueprint as accounts
from crowdfund.ambassadors import tasks as ambassadors_tasks
from crowdfund.campaigns import tasks as campaigns_tasks
from crowdfund.closing import tasks as closing_tasks
from crowdfund.closing.answers import blueprint as answers
from crowdfund.closing.staff import blueprint as closing
from crowdfund.closing.views import blueprint as choosing
from crowdfund.conversation import tasks as conversation_tasks
from crowdfund.conversation.views import blueprint as conversation
from crowdfund.counter.bank_page import blueprint as bank
from crowdfund.counter.cheques_page import blueprint as cheques
from crowdfund.counter.counts_page import blueprint as counts
from crowdfund.counter.lines_page import blueprint as bank_lines
from crowdfund.counter.promises import blueprint as promises
from crowdfund.counter.statements_page import blueprint as statements
from crowdfund.crm import tasks as crm_tasks
from crowdfund.dashboard import tasks as dashboard_tasks
from crowdfund.dashboard.compared import blueprint as doubles
from crowdfund.dashboard.correspondence import blueprint as inbox
from crowdfund.dashboard.donor_files import blueprint as donor_files
from crowdfund.dashboard.donors import blueprint as people
from crowdfund.dashboard.exports import blueprint as exports
from crowdfund.dashboard.gatherings import blueprint as gatherings
from crowdfund.dashboard.guests import blueprint as guests
from crowdfund.dashboard.journal import blueprint as journal
from crowdfund.dashboard.person import blueprint as person
from crowdfund.dashboard.post import blueprint as post
from crowdfund.dashboard.rewards import blueprint as rewards
from crowdfund.dashboard.shelf import blueprint as shelf
from crowdfund.dashboard.staff import blueprint as staff
from crowdfund.dashboard.talk import blueprint as talk
from crowdfund.dashboard.thanks import blueprint as thanks
from crowdfund.database import Database
from crowdfund.demo import staff as demo_staff
from crowdfund.desk import tasks as desk_tasks
from crowdfund.desk.views import blueprint as slips
from crowdfund.editor import tasks as editor_tasks
from crowdfund.editor.doors import DOORS as EDITOR
from crowdfund.fulfilment import tasks as fulfilment_tasks
from crowdfund.gifts import tasks as gifts_tasks
from crowdfund.gifts.views import blueprint as gifts
from crowdfund.health import blueprint as health
from crowdfund.institutions.staff import blueprint as museums
from crowdfund.intake import tasks as intake_tasks
from crowdfund.invitations import tasks as invitations_tasks
from crowdfund.mail import Mailer
from crowdfund.me import tasks as me_tasks
from crowdfund.me.dedicated import blueprint as dedicated
from crowdfund.me.views import blueprint as me
from crowdfund.network.views import blueprint as network
from crowdfund.numbers import IntegerConverter
from crowdfund.pages.front import Front
from crowdfund.pages.views import blueprint as pages
from crowdfund.payments import tasks as payments_tasks
from crowdfund.payments.provider import Provider
from crowdfund.payments.stripe import StripeProvider
from crowdfund.payments.views import blueprint as giving
from crowdfund.payments.webhook import blueprint as webhook
from crowdfund.plaques import tasks as plaques_tasks
from crowdfund.pledges import tasks as pledges_tasks
from crowdfund.pledges.rules import LONGEST_MESSAGE
from crowdfund.pledges.views import blueprint as pledges
from crowdfund.proofs import tasks as proofs_tasks
from crowdfund.proofs.files import blueprint as plaque_files
from crowdfund.proofs.staff import blueprint as plaques
from crowdfund.reach import heads, share
from crowdfund.reach import tasks as reach_tasks
from crowdfund.reach.bring import blueprint as bring
from crowdfund.reach.card_views import blueprint as cards
from crowdfund.reach.invited import blueprint as invited
from crowdfund.reach.staff import blueprint as posters
from crowdfund.reach.views import blueprint as reach
from crowdfund.receipts import tasks as receipts_tasks
from crowdfund.receipts.views import blueprint as receipts
from crowdfund.storages import opened
from crowdfund.team import tasks as team_tasks
from crowdfund.team.journal import blueprint as trail
from crowdfund.team.staff import blueprint as team
from crowdfund.team.views import blueprint as joining
from crowdfund.thanks import tasks as thanks_tasks
from crowdfund.worker import make_celery

# Loaded for what they hear: a fact is written for those who listen, so every process must know all of them.
LISTENING = (
    accounts_tasks,
    ambassadors_tasks,
    campaigns_tasks,
    closing_tasks,
    conversation_tasks,
    crm_tasks,
    fulfilment_tasks,
    dashboard_tasks,
    desk_tasks,
    editor_tasks,
    gifts_tasks,
    intake_tasks,
    invitations_tasks,
    me_tasks,
    payments_tasks,
    plaques_tasks,
    pledges_tasks,
    proofs_tasks,
    reach_tasks,
    receipts_tasks,
    team_tasks,
    thanks_tasks,
)

# The desk's pages of money that comes by itself.
COUNTER = (promises, bank, statements, bank_lines, cheques, counts)
# Every door but those of accounts, which have an address of their own.
DOORS = (
    health,
    museums,
    staff,
    talk,
    journal,
    inbox,
    post,
    shelf,
    people,
    donor_files,
    doubles,
    person,
    exports,
    rewards,
    gatherings,
    thanks,
    guests,
    invited,
    bring,
    posters,
    closing,
    answers,
    choosing,
    plaques,
    plaque_files,
    network,
    *COUNTER,
    team,
    joining,
    trail,
    conversation,
    giving,
    gifts,
    slips,
    pledges,
    webhook,
    receipts,
    me,
    dedicated,
    cards,
    reach,
    pages,
)

ROOT = Path(__file__).parent.parent
LARGEST_BODY = 1024 * 1024
LARGEST_FORM_PARTS = 200


def create_app(config: Config, provider: Provider | None = None, mailer: Mailer | None = None) -> Flask:
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
    storage = opened(config.storage_url)
    app.extensions.update(config=config, database=database, storage=storage, mailer=mailer or Mailer(config, storage))
    app.url_map.converters["int"] = IntegerConverter
    crash.arm(config, database.engine)
    failures.register(app)
    app.jinja_env.globals["longest_message"] = LONGEST_MESSAGE
    i18n.register(app)
    assets.register(app, config)
    installation.register(app)
    _features(app, config, provider)
    for door in EDITOR:
        app.register_blueprint(door)
    app.wsgi_app = Front(app.wsgi_app)  # type: ignore[method-assign] # Flask's own way to put a door before the app
    app.extensions["celery"] = make_celery(app, config, outbox.deliver)
    return app


def _features(app: Flask, config: Config, given: Provider | None) -> None:
    """Open the doors; importing the tasks has made their listeners heard."""
    headers.register(app, config)
    current.register(app, config)
    if config.app_env == "demo":
        app.extensions["demo_sign_ins"] = demo_staff.sign_ins
    app.extensions["provider"] = given or StripeProvider(config)
    app.register_blueprint(accounts, url_prefix="/account")
    app.extensions["pictures"] = share.Kept()
    heads.register(app, config)
    for blueprint in DOORS:
        app.register_blueprint(blueprint)
    cli.register(app)
