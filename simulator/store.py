"""What the simulator holds: documents by account, kind and id, kept in memory and in a journal on disk.

A document is a JSON object with `object` (its kind) and `id`. Names that begin with an underscore are the
simulator's own and are never shown to a client. Each change is written to the journal as one line before its
request is answered, so that what was answered is never forgotten, even after kill -9. A torn last line (the
change that was being written when the process died) is left out at the next start.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]

# Inside one process; an account's id is the owner of its documents.
PLATFORM = "platform"
INTERNAL = "simulator"


class Store:
    """Documents in memory, with an optional journal."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._documents: dict[str, dict[str, dict[str, Document]]] = {}
        self._dirty: dict[tuple[str, str, str], None] = {}
        self._path = path
        self._journal: int | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._load(path)
            self.compact()

    @contextmanager
    def change(self) -> Iterator[None]:
        """Hold the store; at the end of the outermost block, write what changed to the journal.

        Also after an exception: a refused card has left its trace too.
        """
        with self._lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0 and self._dirty:
                    self._write()

    def save(self, account: str, document: Document) -> Document:
        """Keep a document, new or changed in place."""
        kind, ident = document["object"], document["id"]
        self._documents.setdefault(account, {}).setdefault(kind, {})[ident] = document
        self._dirty[account, kind, ident] = None
        return document

    def remove(self, account: str, document: Document) -> None:
        """Forget a document."""
        kind, ident = document["object"], document["id"]
        self._documents.get(account, {}).get(kind, {}).pop(ident, None)
        self._dirty[account, kind, ident] = None

    def find(self, account: str, kind: str, ident: str) -> Document | None:
        """Look a document up."""
        return self._documents.get(account, {}).get(kind, {}).get(ident)

    def every(self, account: str, kind: str) -> list[Document]:
        """List the documents of a kind in the order in which they were made."""
        return list(self._documents.get(account, {}).get(kind, {}).values())

    def accounts(self) -> list[str]:
        """List the accounts that own anything."""
        return [account for account in self._documents if account != INTERNAL]

    def clear(self) -> None:
        """Forget everything."""
        with self.change():
            for account, kinds in self._documents.items():
                for kind, documents in kinds.items():
                    self._dirty.update(dict.fromkeys((account, kind, ident) for ident in documents))
            self._documents.clear()

    def compact(self) -> None:
        """Rewrite the journal so that it holds each document once."""
        if self._path is None:
            return
        with self._lock:
            fresh = self._path.with_name(self._path.name + ".new")
            with fresh.open("w", encoding="utf-8") as file:
                for account, kinds in self._documents.items():
                    for kind, documents in kinds.items():
                        for ident, document in documents.items():
                            file.write(json.dumps([[account, kind, ident, document]]) + "\n")
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
            self._close()
            self._journal = os.open(self._path, os.O_WRONLY | os.O_APPEND)

    def close(self) -> None:
        """Write everything and let the file go."""
        with self._lock:
            self.compact()
            self._close()

    def _close(self) -> None:
        if self._journal is not None:
            os.close(self._journal)
            self._journal = None

    def _write(self) -> None:
        changed = [[*key, self.find(*key)] for key in self._dirty]
        self._dirty.clear()
        if self._journal is not None:
            line = json.dumps(changed).encode() + b"\n"
            while line:
                line = line[os.write(self._journal, line) :]

    def _load(self, path: Path) -> None:
        if not path.exists():
            return
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                for account, kind, ident, document in json.loads(line):
                    kinds = self._documents.setdefault(account, {}).setdefault(kind, {})
                    if document is None:
                        kinds.pop(ident, None)
                    else:
                        kinds[ident] = document
