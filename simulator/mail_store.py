"""The mails that the mailbox has taken, each kept as one .eml file beside a note of its envelope."""

from __future__ import annotations

import json
import os
import re
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

IDENT = re.compile(r"[0-9]{8}T[0-9]{12}-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Received:
    """One mail, as the list shows it. `to` are the envelope's recipients."""

    id: str
    to: list[str]
    sender: str
    subject: str
    message_id: str
    received_at: str
    size: int

    def shown(self) -> dict[str, Any]:
        """Give the mail as the JSON list does."""
        row = asdict(self)
        sender = row.pop("sender")
        return {**row, "to": ", ".join(self.to), "from": sender}


class MailStore:
    """A folder of mails. A mail is on the disk before it is accepted, so none that was accepted is ever lost."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._mails: dict[str, Received] = {}
        for note in sorted(folder.glob("*.json")):
            if note.with_suffix(".eml").exists():
                found = Received(**json.loads(note.read_text(encoding="utf-8")))
                self._mails[found.id] = found

    def keep(self, content: bytes, to: list[str], sender: str) -> Received:
        """Write a mail to the disk, and only then list it."""
        now = datetime.now(UTC)
        message = BytesParser(policy=policy.default).parsebytes(content, headersonly=True)
        mail = Received(
            id=f"{now:%Y%m%dT%H%M%S%f}-{os.urandom(4).hex()}",
            to=to,
            sender=str(message["From"] or sender),
            subject=str(message["Subject"] or ""),
            message_id=str(message["Message-ID"] or ""),
            received_at=now.isoformat(timespec="milliseconds"),
            size=len(content),
        )
        with self._lock:
            self._write(self.folder / f"{mail.id}.json", json.dumps(asdict(mail)).encode())
            self._write(self.folder / f"{mail.id}.eml", content)
            folder = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
            self._mails[mail.id] = mail
        return mail

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        fresh = path.with_name(path.name + ".new")
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)

    def newest_first(self, to: str | None = None) -> list[Received]:
        """List the mails, or those to one address."""
        with self._lock:
            mails = list(self._mails.values())
        wanted = (to or "").strip().lower()
        return [one for one in reversed(mails) if not wanted or wanted in (address.lower() for address in one.to)]

    def find(self, ident: str) -> Received | None:
        """Look a mail up."""
        return self._mails.get(ident)

    def content(self, ident: str) -> bytes | None:
        """Give a mail as it came."""
        if not IDENT.fullmatch(ident) or ident not in self._mails:
            return None
        return (self.folder / f"{ident}.eml").read_bytes()

    def message(self, ident: str) -> EmailMessage | None:
        """Give a mail, read into its parts."""
        content = self.content(ident)
        if content is None:
            return None
        return BytesParser(policy=policy.default).parsebytes(content)

    def clear(self) -> int:
        """Throw all mails away; tell how many there were."""
        with self._lock:
            count = len(self._mails)
            self._mails.clear()
            for path in [*self.folder.glob("*.eml"), *self.folder.glob("*.json")]:
                path.unlink()
        return count
