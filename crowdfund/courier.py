"""The embedded queue: kombu's queue of files, in which a message or an exchange is seen whole or not at all.

kombu writes a file under its last name and locks it a moment later; a worker that looks in between reads nothing and
ends. Here a file is written aside and renamed.
"""

from __future__ import annotations

from contextlib import suppress
from json import dumps
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from kombu.transport import TRANSPORT_ALIASES, filesystem


class Channel(filesystem.Channel):
    """A channel whose files appear at once."""

    def _put(self, queue: str, payload: Any, **_options: Any) -> None:  # type: ignore[override] # kombu says so
        folder = Path(self.data_folder_out)
        name = f"{round(monotonic() * 1000)}_{uuid4()}.{queue}.msg"
        part = folder / f".{name}.part"
        part.write_text(dumps(payload), encoding="utf-8")
        part.rename(folder / name)

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        table = self._exchange_file(exchange)  # type: ignore[no-untyped-call] # kombu is typed in part
        if not table.exists():
            table.parent.mkdir(parents=True, exist_ok=True)
            part = table.with_name(f".{table.name}.{uuid4()}.part")
            part.write_text("[]", encoding="utf-8")
            with suppress(FileExistsError):  # another process was faster
                table.hardlink_to(part)
            part.unlink()
        super()._queue_bind(exchange, routing_key, pattern, queue)  # type: ignore[no-untyped-call] # likewise


class Transport(filesystem.Transport):
    """What `filesystem://` means here."""

    Channel = Channel


def register() -> None:
    """Let kombu take this queue for `filesystem://`."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
