"""Starts the mailbox: `python -m simulator.mailbox --smtp-port 8025 --http-port 8026 --dir instance/mail`.

A real SMTP server that sends nothing on: it keeps every mail, and shows it under /_mail/.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
from pathlib import Path

from aiosmtpd.controller import Controller
from werkzeug.serving import make_server

from simulator.mail_smtp import Reception
from simulator.mail_store import MailStore
from simulator.mail_web import create_app
from simulator.quiet import QuietHandler

POLL_SECONDS = 0.1
LARGEST = 30 * 1024 * 1024


class Mailbox:
    """One running mailbox."""

    def __init__(self, smtp_port: int, http_port: int, folder: Path) -> None:
        self.store = MailStore(folder)
        self.reception = Reception(self.store)
        self._smtp = Controller(
            self.reception,
            hostname="127.0.0.1",
            port=smtp_port,
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
            ident="mailbox",
        )
        app = create_app(self.store, self.reception)
        self._web = make_server("127.0.0.1", http_port, app, threaded=True, request_handler=QuietHandler)
        self._thread = threading.Thread(target=self._web.serve_forever, args=(POLL_SECONDS,), daemon=True)

    def start(self) -> None:
        """Take mails and show them, in the background."""
        self._smtp.start()
        self._thread.start()

    def stop(self) -> None:
        """Stop taking and showing mails."""
        self._smtp.stop()
        self._web.shutdown()
        self._web.server_close()


def main() -> int:
    """Run until a signal ends it."""
    parser = argparse.ArgumentParser(
        prog="python -m simulator.mailbox", description="A mail server that keeps every mail."
    )
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--dir", type=Path, help="where the mails are kept (default: a new temporary folder)")
    given = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    mailbox = Mailbox(given.smtp_port, given.http_port, given.dir or Path(tempfile.mkdtemp(prefix="mailbox-")))
    mailbox.start()
    where = f"http://127.0.0.1:{given.http_port}/_mail/view/"
    print(f"Mailbox on 127.0.0.1:{given.smtp_port}, to be read at {where}", flush=True)  # noqa: T201
    stop.wait()
    mailbox.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
