"""Send each mail once, as near as that can be.

A mail is written down with its key before it leaves and marked after the server took it. A crash between the two sends it again with the
same Message-ID, so that a second copy is provably the same letter. A server that is down loses none: the error goes
up, and the fact that asked for the mail is delivered again later.
"""

from __future__ import annotations

import hashlib
import smtplib
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from flask import current_app
from sqlalchemy import Index, UniqueConstraint, column, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from config import Config
from crowdfund import clock, crash, installation
from crowdfund.database import Base, Database
from crowdfund.storage import Storage
from crowdfund.tenancy import MuseumScope, OwnedByInstitution, transaction

TIMEOUT = 10
DONE, PERMANENT = 250, 500
KEPT = 5.0  # seconds without a letter after which a connection is not used again
LOST = ("bounced", "failed")  # states
TURNING = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\u202d\u202e"))  # marks of direction


@dataclass(frozen=True, slots=True)
class Attachment:
    """A stored file that goes with a mail."""

    storage_key: str
    filename: str
    content_type: str = "application/pdf"


@dataclass(frozen=True, slots=True)
class Inline:
    """A JPEG inside a mail, which its HTML names `cid:` and `name`. It is drawn when the mail leaves, outside transactions."""

    name: str
    draw: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Mail:
    """A composed mail: plain values, in the reader's language."""

    kind: str
    to: str
    to_name: str
    from_name: str
    subject: str
    text: str
    html: str
    locale: str
    reply_to: str | None = None
    attachments: tuple[Attachment, ...] = field(default=())
    pictures: tuple[Inline, ...] = field(default=())
    headers: tuple[tuple[str, str], ...] = field(default=())
    keep_address: bool = True  # else only its hash is kept


class SentMail(OwnedByInstitution, Base):
    """What was sent, or is about to be.

    sending, sent, bounced (the server refused it for good), failed, withdrawn (nothing was left to say).
    """

    __tablename__ = "mails"
    __table_args__ = (
        UniqueConstraint("institution_id", "key"),
        Index("ix_mails_lost", "institution_id", "created_at", postgresql_where=column("state").in_(LOST)),
    )

    kind: Mapped[str]
    key: Mapped[str]
    to_hash: Mapped[str]
    to_address: Mapped[str | None]
    content: Mapped[dict[str, Any]]
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None]


class Mailer:
    """The SMTP server named by SMTP_URL. Each thread keeps its connection for the letters that follow soon."""

    def __init__(self, config: Config, storage: Storage) -> None:
        self._url = urlsplit(config.smtp_url)
        self._options = parse_qs(self._url.query)
        self._from = config.mail_from
        self._domain = urlsplit(config.public_url).hostname or "localhost"
        self._storage = storage
        self._kept = threading.local()

    def send(self, mail: Mail, key: str) -> None:
        """Hand the mail to the server. Raises smtplib.SMTPException or OSError when it does not take it."""
        message = self.message(mail, key)
        server = self._open()
        try:
            crash.point("before mail")
            server.send_message(message)
            crash.point("after mail")
        except BaseException:
            server.close()  # whatever state it is in, no other letter meets it
            raise
        self._kept.server, self._kept.until = server, time.monotonic() + KEPT

    def _open(self) -> smtplib.SMTP:
        """Give the thread's connection, if it is young and its server still answers; else a new one."""
        server: smtplib.SMTP | None = self._kept.__dict__.pop("server", None)
        if server is not None:
            if time.monotonic() < self._kept.until and _answers(server):
                return server
            server.close()
        host, port = self._url.hostname or "127.0.0.1", self._url.port or 25
        server = smtplib.SMTP(host, port, timeout=TIMEOUT)
        try:
            if self._options.get("tls") == ["1"]:
                server.starttls(context=ssl.create_default_context())
            if self._url.username:
                server.login(unquote(self._url.username), unquote(self._url.password or ""))
        except BaseException:
            server.close()
            raise
        return server

    def message(self, mail: Mail, key: str) -> EmailMessage:
        """Build the message; its Message-ID comes from the key."""
        message = EmailMessage(policy=SMTP.clone(max_line_length=200))
        message["Message-ID"] = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{self._domain}>"
        message["Date"] = format_datetime(clock.now())
        message["From"] = formataddr((_one_line(mail.from_name), self._from))
        message["To"] = formataddr((_one_line(mail.to_name), mail.to))
        message["Subject"] = _one_line(mail.subject)
        message["Auto-Submitted"] = "auto-generated"
        if mail.reply_to:
            message["Reply-To"] = mail.reply_to
        for name, value in mail.headers:
            message[name] = value
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        for picture in mail.pictures:
            message.get_payload()[1].add_related(  # type: ignore[union-attr,index] # the second is the HTML
                picture.draw(),
                maintype="image",
                subtype="jpeg",
                cid=f"<{picture.name}>",
                disposition="inline",
                filename=f"{picture.name}.jpg",
            )
        for attachment in mail.attachments:
            maintype, _, subtype = attachment.content_type.partition("/")
            message.add_attachment(
                self._storage.read(attachment.storage_key),
                maintype=maintype,
                subtype=subtype,
                filename=attachment.filename,
            )
        message["Content-Language"] = mail.locale  # last: bodies and attachments take such headers to themselves
        return message


def _answers(server: smtplib.SMTP) -> bool:
    try:
        return server.noop()[0] == DONE
    except (smtplib.SMTPException, OSError):
        return False


def _one_line(value: str) -> str:
    """Take out what could start another header or turn the text around; unusual spaces become plain ones."""
    plain = "".join(" " if one.isspace() else one for one in value if one.isprintable() or one.isspace())
    return " ".join(plain.translate(TURNING).split())


def send_once(scope: MuseumScope, key: str, compose: Callable[[Session], Mail | None]) -> None:
    """Send the mail of this key unless it has left already. `compose` may answer None: there is nothing to say.

    Raises what the server's refusal or absence raised, when trying again can help; a permanent refusal is written down as
    a bounce and raises nothing. While the installation is quiet it raises Quiet, an OSError. Two facts, or two deliverers
    of one, may ask for the same mail at once: the second waits.
    """
    database: Database = current_app.extensions["database"]
    with database.alone(f"mail:{scope.institution_id}:{key}"):
        _send_once(scope, key, compose)


def _send_once(scope: MuseumScope, key: str, compose: Callable[[Session], Mail | None]) -> None:
    with transaction(scope) as session:
        row = session.scalars(select(SentMail).filter_by(key=key).with_for_update()).one_or_none()
        if row is not None and row.state in {"sent", "bounced"}:
            return
        installation.refuse_if_quiet(session)
        mail = compose(session)
        if mail is None:
            if row is not None:
                row.state = "withdrawn"  # tried in vain, and what it said no longer holds
            return
        if row is None:
            row = SentMail(
                kind=mail.kind,
                key=key,
                to_hash=hashlib.sha256(mail.to.lower().encode()).hexdigest(),
                to_address=mail.to if mail.keep_address else None,
                content={"subject": mail.subject, "locale": mail.locale},
                state="sending",
                attempts=0,
                created_at=clock.now(),
            )
            session.add(row)
        row.attempts += 1
        row.state = "sending"
    mailer: Mailer = current_app.extensions["mailer"]
    try:
        mailer.send(mail, f"{scope.institution_id}:{key}")
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
        _mark(scope, key, "bounced" if _permanent(error) else "failed", str(error))
        if not _permanent(error):
            raise
    except (smtplib.SMTPException, OSError) as error:
        _mark(scope, key, "failed", type(error).__name__)
        raise
    else:
        _mark(scope, key, "sent", None)


def forget_address(session: Session, key: str) -> None:
    """Forget to whom the mail of this key went; that it went stays known."""
    for row in session.scalars(select(SentMail).filter_by(key=key).with_for_update()):
        row.to_address, row.to_hash = None, ""


def _permanent(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPResponseException) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _ in error.recipients.values())
    # Any other answer (a refused password, a refused sender) is about us, and can be put right.
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= PERMANENT


def _mark(scope: MuseumScope, key: str, state: str, error: str | None) -> None:
    sent_at = clock.now() if state == "sent" else None
    with transaction(scope) as session:
        session.execute(
            update(SentMail)
            .where(SentMail.key == key)
            .values(state=state, error=error, sent_at=sent_at)
            .execution_options(synchronize_session=False)
        )
