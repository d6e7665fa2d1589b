"""Files by key, in a folder or in a bucket. A key is written once and never changes."""

from __future__ import annotations

import os
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

KEY = re.compile(r"[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9._-]*)+")


class StorageError(RuntimeError):
    """A file is missing, or a key would be written twice with other bytes."""


class StorageUnavailable(Exception):
    """The storage does not answer, or refuses us: what is there is not known. Trying again is safe."""


class Storage(ABC):
    """What is kept beside the database: receipts, seals, pictures, papers."""

    @abstractmethod
    def write(self, key: str, content: bytes) -> None:
        """Keep the bytes under the key, durably. The same bytes again are a no-op, others raise StorageError."""

    @abstractmethod
    def read(self, key: str) -> bytes:
        """Give the bytes of the key. Raises StorageError when there are none."""

    @abstractmethod
    def keys(self) -> Iterator[str]:
        """List every key; what is half-written has none."""

    @abstractmethod
    def forget(self, key: str) -> None:
        """Throw the file of a key away, if there is one. Never for what the books rest on."""


def checked(key: str) -> str:
    """Give the key back. Raises StorageError for what is none, such as a way out of the folder."""
    if not KEY.fullmatch(key) or ".." in key:
        raise StorageError(f"not a key: {key!r}")
    return key


class FileStorage(Storage):
    """Files in one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __str__(self) -> str:
        return str(self.root)

    def _path(self, key: str) -> Path:
        return self.root / checked(key)

    def write(self, key: str, content: bytes) -> None:
        """Write beside the name, then take the name: who reads finds the whole file or none."""
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

    def read(self, key: str) -> bytes:
        """Give the bytes of the key. Raises StorageError when there are none."""
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError as error:
            raise StorageError(f"no file {key}") from error

    def keys(self) -> Iterator[str]:
        """List every key, in order; what is half-written has none."""
        for path in sorted(self.root.rglob("*")):
            key = path.relative_to(self.root).as_posix()
            if path.is_file() and KEY.fullmatch(key):
                yield key

    def forget(self, key: str) -> None:
        """Throw the file of a key away, if there is one."""
        self._path(key).unlink(missing_ok=True)
