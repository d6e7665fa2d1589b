"""The storage that STORAGE_URL names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from crowdfund.storage import FileStorage, Storage


def opened(url: str) -> Storage:
    """Open the storage: file:///folder or s3://bucket?endpoint=…&region=…, as `config` has checked it."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FileStorage(Path(parts.path))
    from crowdfund.bucket import BucketStorage  # noqa: PLC0415 - its client takes 0.4 s to load, and few need it

    return BucketStorage(parts.netloc, **dict(parse_qsl(parts.query)))
