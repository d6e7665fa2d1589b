"""Have a picture drawn anew in a child process, and take what it made.

The door does this while the person waits, not the worker: they learn beside the field what is wrong with the file, no state
"being prepared" is needed, and what was sent is never kept. One picture at a time in each process, so that uploads
cannot take the site's memory.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore

from crowdfund import confined
from crowdfund.errors import Refusal
from crowdfund.i18n import N_
from crowdfund.pictures.rules import LARGEST_FILE, TYPES, refused, storage_key
from crowdfund.storage import Storage

PROGRAM = Path(__file__).with_name("child.py")
PATIENCE = 25  # seconds by the wall's clock; the child's own limit is 10 of its work
ANOTHER = 20
BUSY = N_("Another picture is being prepared. Send yours again in a moment.")
_turn = BoundedSemaphore(1)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture drawn anew: its files by (width, type), their common hash, the size of the largest."""

    digest: str
    width: int
    height: int
    widths: tuple[int, ...]
    files: Mapping[tuple[int, str], bytes]


def encode(institution_id: int, content: bytes) -> Encoded:
    """Draw an uploaded picture anew. Raises Refusal for what is none, is too large, or cannot be read."""
    if not content:
        raise refused("nothing")
    if len(content) > LARGEST_FILE:
        raise refused("heavy")
    if not _turn.acquire(timeout=ANOTHER):
        raise Refusal(BUSY, field="file", status=503)
    try:
        with tempfile.TemporaryDirectory(prefix="picture-") as folder:
            Path(folder, "source").write_bytes(content)
            return _taken(institution_id, Path(folder), _run(folder))
    finally:
        _turn.release()


def keep(storage: Storage, encoded: Encoded) -> None:
    """Put a picture's files into the storage. Again is a no-op: their key is their content."""
    for (width, kind), content in encoded.files.items():
        storage.write(storage_key(encoded.digest, width, kind), content)


def _run(folder: str) -> dict[str, object]:
    try:
        made: dict[str, object] = json.loads(confined.run(PROGRAM, folder, PATIENCE))
    except confined.TooSlow:
        raise refused("slow") from None
    except confined.Stopped as stopped:
        raise refused(str(stopped)) from None
    return made


def _taken(institution_id: int, folder: Path, made: dict[str, object]) -> Encoded:
    """Read what the child wrote. The museum is part of the hash: no two museums share a file."""
    widths = tuple(int(width) for width in made["widths"])  # type: ignore[attr-defined]
    files = {(width, kind): Path(folder, f"{width}.{kind}").read_bytes() for width in widths for kind in TYPES}
    digest = hashlib.sha256(str(institution_id).encode())
    for content in files.values():
        digest.update(content)
    return Encoded(digest.hexdigest(), int(str(made["width"])), int(str(made["height"])), widths, files)
