"""The SMTP side of the mailbox, with the bad days a mail server can have."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, Protocol

from simulator.mail_store import MailStore

MODES = ("ok", "refuse", "tempfail", "hang", "bounce")
ACCEPTED = "250 2.0.0 Message accepted"
REFUSED = "550 5.1.1 No such user here"
TRY_LATER = "451 4.3.0 Try again later"
# The longest SMTP waits anywhere are minutes; a client of ours gives up well before.
HANG_SECONDS = 60.0


class Envelope(Protocol):
    """What the server tells of a mail beside its content."""

    mail_from: str | None
    rcpt_tos: list[str]
    content: bytes | str | None


@dataclass(slots=True)
class MailFault:
    """How the server misbehaves for the next `times` mails (-1: all), or those to one address."""

    mode: str
    times: int = -1
    to: str | None = None
    seconds: float = HANG_SECONDS


class Reception:
    """Takes mails, as the fault of the moment wants it."""

    def __init__(self, store: MailStore) -> None:
        self.store = store
        self._fault: MailFault | None = None
        self._lock = threading.Lock()

    def misbehave(self, fault: MailFault) -> None:
        """Set how mails are treated from now on; mode `ok` ends it."""
        with self._lock:
            self._fault = None if fault.mode == "ok" else fault

    def fault_for(self, address: str) -> MailFault | None:
        """Take the fault that a mail to this address meets."""
        with self._lock:
            fault = self._fault
            if fault is None or (fault.to and fault.to.lower() != address.lower()):
                return None
            if fault.times > 0:
                fault.times -= 1
                if fault.times == 0:
                    self._fault = None
            return fault

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: object, _session: object, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer to a recipient: here a server refuses unknown addresses."""
        fault = self.fault_for(address)
        if fault is not None:
            if fault.mode == "hang":
                await asyncio.sleep(fault.seconds)
                return TRY_LATER
            if fault.mode == "refuse":
                return REFUSED
            if fault.mode == "tempfail":
                return TRY_LATER
        envelope.rcpt_tos.append(address)
        if fault is not None and fault.mode == "bounce":
            bouncing: list[str] = getattr(envelope, "bouncing", [])
            envelope.bouncing = [*bouncing, address]  # type: ignore[attr-defined] # aiosmtpd's envelope takes notes
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail, on the disk before it is accepted."""
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content or "").encode()
        bouncing: list[str] = getattr(envelope, "bouncing", [])
        arrived = [address for address in envelope.rcpt_tos if address not in bouncing]
        if arrived:
            await asyncio.to_thread(self.store.keep, content, arrived, envelope.mail_from or "")
        if bouncing and envelope.mail_from:
            notice = bounce_notice(envelope.mail_from, bouncing)
            await asyncio.to_thread(self.store.keep, notice.as_bytes(), [envelope.mail_from], "")
        return ACCEPTED

    async def handle_exception(self, _error: Exception) -> str:
        """Ask the client to come again when something broke here (a full disk)."""
        return TRY_LATER


def bounce_notice(sender: str, addresses: list[str]) -> EmailMessage:
    """Write the notice that a mail was accepted but could not be brought."""
    notice = EmailMessage()
    notice["From"] = "Mail Delivery System <mailer-daemon@localhost>"
    notice["To"] = sender
    notice["Subject"] = "Undelivered Mail Returned to Sender"
    notice["Date"] = formatdate()
    notice["Message-ID"] = make_msgid(domain="localhost")
    notice["Auto-Submitted"] = "auto-replied"
    notice.set_content("Your message could not be delivered to: " + ", ".join(addresses) + "\n")
    report: Any = EmailMessage()
    report.set_content(
        "\n".join(f"Final-Recipient: rfc822; {one}\nAction: failed\nStatus: 5.1.1\n" for one in addresses),
        subtype="plain",
    )
    notice.add_attachment(report.get_content(), subtype="plain", filename="delivery-status.txt")
    return notice
