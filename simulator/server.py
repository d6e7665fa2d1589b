"""The simulator as a web server on loopback."""

from __future__ import annotations

import threading

from flask import Flask, Response
from werkzeug.serving import BaseWSGIServer, make_server

from simulator import charges, disputes, refunds
from simulator.checkout import expire_when_due
from simulator.control import control
from simulator.deliveries import Courier
from simulator.errors import ApiError
from simulator.faults import Cut
from simulator.pages import pages
from simulator.quiet import QuietHandler
from simulator.settings import Settings
from simulator.wire import wire
from simulator.world import World

POLL_SECONDS = 0.1


def create_app(world: World, courier: Courier) -> Flask:
    """Build the web application of a world."""
    app = Flask("simulator", static_folder="static", static_url_path="/c/static")
    app.extensions["world"] = world
    app.extensions["courier"] = courier
    for blueprint in (wire, pages, control):
        app.register_blueprint(blueprint)

    @app.errorhandler(Cut)
    def broken(_error: Cut) -> Response:
        return Response(status=500)  # never read: the connection is broken

    @app.errorhandler(ApiError)
    def refused(error: ApiError) -> tuple[dict[str, object], int]:
        return error.answer("req_control"), error.status

    return app


class Simulator:
    """One running simulator."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.world = World(settings)
        self.world.chores.update(
            settle=lambda plan: charges.settle_charge(self.world, plan),
            dispute=lambda plan: disputes.open_when_due(self.world, plan),
            fraud_warning=lambda plan: disputes.warn_when_due(self.world, plan),
            refund_outcome=lambda plan: refunds.end_when_due(self.world, plan),
            expire_session=lambda plan: expire_when_due(self.world, plan),
        )
        self.courier = Courier(self.world)
        app = create_app(self.world, self.courier)
        self._server: BaseWSGIServer = make_server(
            settings.host, settings.port, app, threaded=True, request_handler=QuietHandler
        )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_SECONDS,), daemon=True)

    def start(self) -> None:
        """Serve in the background."""
        self.courier.start()
        self._thread.start()

    def stop(self) -> None:
        """Stop serving, and write what is held."""
        self._server.shutdown()
        self._server.server_close()
        self.courier.stop()
        self.world.store.close()
