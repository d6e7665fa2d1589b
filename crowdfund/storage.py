"""Files by key. A key is written once and never changes."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9._-]*)+")


class StorageError(RuntimeError):
    """A file is missing, or a key would be written twice with other bytes."""


class FileStorage:
    """Files in one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def from_url(cls, url: str) -> FileStorage:
        """Open the storage named by STORAGE_URL. Raises StorageError for a scheme that is not known."""
        parts = urlsplit(url)
        if parts.scheme != "file":
            raise StorageError(f"STORAGE_URL: no storage for {parts.scheme}://")
        return cls(Path(parts.path))

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key) or ".." in key:
            raise StorageError(f"not a key: {key!r}")
        return self.root / key

    def write(self, key: str, content: bytes) -> None:
        """Keep the bytes under the key, durably. The same bytes again are a no-op, others raise StorageError."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        with made.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(made)
        except FileExistsError:
            if path.read_bytes() != content:
                raise StorageError(f"{key} exists with other bytes") from None
        finally:
            made.unlink()
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def keys(self) -> Iterator[str]:
        """List every key, in order; what is half-written has none."""
        for path in sorted(self.root.rglob("*")):
            key = path.relative_to(self.root).as_posix()
            if path.is_file() and _KEY.fullmatch(key):
                yield key

    def forget(self, key: str) -> None:
        """Throw the file of a key away, if there is one. Never for what the books rest on."""
        self._path(key).unlink(missing_ok=True)

    def read(self, key: str) -> bytes:
        """Give the bytes of the key. Raises StorageError when there are none."""
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError as error:
            raise StorageError(f"no file {key}") from error
