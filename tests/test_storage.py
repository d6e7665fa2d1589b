"""Files by key: written once, never changed, never outside the folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from crowdfund.storage import FileStorage, StorageError


def test_a_key_is_written_once(tmp_path: Path) -> None:
    storage = FileStorage(tmp_path)
    storage.write("receipts/1/a.pdf", b"one")
    storage.write("receipts/1/a.pdf", b"one")  # the same bytes again: a retry
    with pytest.raises(StorageError):
        storage.write("receipts/1/a.pdf", b"two")
    assert storage.read("receipts/1/a.pdf") == b"one"
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a.pdf"]  # nothing half-written is left


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        FileStorage(tmp_path).read("receipts/1/none.pdf")


@pytest.mark.parametrize(
    "key",
    ["", "a", "/etc/passwd", "../a/b", "a/../b", "a/b/..", "a//b", "a/.b", "A/b", "a/b\x00", "a/b\n", "a\\b/c", "a/b/"],
)
def test_a_key_stays_inside(tmp_path: Path, key: str) -> None:
    storage = FileStorage(tmp_path / "files")
    for attempt in (lambda: storage.write(key, b"x"), lambda: storage.read(key)):
        with pytest.raises(StorageError, match="not a key"):
            attempt()
    assert not list(tmp_path.rglob("*.*"))


def test_an_unknown_storage_is_refused(tmp_path: Path) -> None:
    assert FileStorage.from_url(f"file://{tmp_path}").root == tmp_path
    with pytest.raises(StorageError, match="STORAGE_URL"):
        FileStorage.from_url("gopher://x")
