"""Files by key: written once, never changed, never outside the folder or the bucket, whichever it is."""

from __future__ import annotations

import functools
import logging
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from flask import Flask
from flask.testing import FlaskClient
from moto.server import ThreadedMotoServer

from crowdfund import backups
from crowdfund.bucket import BucketStorage
from crowdfund.storage import FileStorage, Storage, StorageError, StorageUnavailable
from crowdfund.storages import opened


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """Give the address of a server that speaks S3, over HTTP."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment tell who we are."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "planted")


@pytest.fixture
def bucket(s3: str, known: None) -> str:
    """Give the STORAGE_URL of an empty bucket."""
    name = f"kept-{secrets.token_hex(6)}"
    boto3.Session().client("s3", endpoint_url=s3, region_name="us-east-1").create_bucket(Bucket=name)
    return f"s3://{name}?endpoint={s3}&region=us-east-1"


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    url = f"file://{tmp_path}/files" if request.param == "folder" else request.getfixturevalue("bucket")
    return opened(url)


def test_a_key_is_written_once(storage: Storage) -> None:
    storage.write("receipts/1/a.pdf", b"one")
    storage.write("receipts/1/a.pdf", b"one")  # the same bytes again: a retry
    with pytest.raises(StorageError, match="other bytes"):
        storage.write("receipts/1/a.pdf", b"two")
    assert storage.read("receipts/1/a.pdf") == b"one"
    storage.write("receipts/1/empty.pdf", b"")
    assert storage.read("receipts/1/empty.pdf") == b""


def test_of_many_who_write_one_key_one_wins(storage: Storage) -> None:
    refused = []

    def write(content: bytes) -> None:
        try:
            storage.write("receipts/1/a.pdf", content)
        except StorageError:
            refused.append(content)

    texts = [bytes([65 + number]) * 1000 for number in range(8)]
    threads = [threading.Thread(target=write, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted([*refused, storage.read("receipts/1/a.pdf")]) == texts


def test_what_is_not_there_is_said(storage: Storage) -> None:
    with pytest.raises(StorageError, match=r"no file receipts/1/none\.pdf"):
        storage.read("receipts/1/none.pdf")


def test_keys_are_listed_and_forgotten(storage: Storage) -> None:
    assert list(storage.keys()) == []
    for key in ("b/2/x.txt", "a/1.txt"):
        storage.write(key, b"x")
    assert sorted(storage.keys()) == ["a/1.txt", "b/2/x.txt"]
    storage.forget("a/1.txt")
    storage.forget("a/1.txt")
    assert list(storage.keys()) == ["b/2/x.txt"]


def test_a_key_stays_inside(storage: Storage) -> None:
    for key in (
        "",
        "a",
        "/etc/passwd",
        "../a/b",
        "a/../b",
        "a/b/..",
        "a//b",
        "a/.b",
        "A/b",
        "a/b\x00",
        "a/b\n",
        "a\\b/c",
        "a/b/",
    ):
        for attempt in (storage.read, storage.forget, functools.partial(storage.write, content=b"x")):
            with pytest.raises(StorageError, match="not a key"):
                attempt(key)
    assert list(storage.keys()) == []


def test_nothing_half_written_is_left_in_a_folder(tmp_path: Path) -> None:
    storage = FileStorage(tmp_path)
    for content in (b"one", b"one"):
        storage.write("receipts/1/a.pdf", content)
    with pytest.raises(StorageError):
        storage.write("receipts/1/a.pdf", b"two")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a.pdf"]


def test_a_bucket_that_is_away_is_not_an_empty_one(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes silence for "no such file" would draw a receipt anew that was sent long ago."""
    away = opened("s3://kept?endpoint=http://127.0.0.1:9&region=us-east-1")
    stranger = opened(bucket.replace("s3://kept", "s3://lost"))
    for attempt in (
        lambda: away.read("a/b"),
        lambda: away.write("a/b", b"x"),
        lambda: away.forget("a/b"),
        lambda: list(away.keys()),
        lambda: list(stranger.keys()),
    ):
        with pytest.raises(StorageUnavailable):
            attempt()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(StorageUnavailable, match="credentials"):
        opened(bucket).read("a/b")


@pytest.mark.usefixtures("known")
def test_a_page_whose_files_are_away_says_so(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "storage", BucketStorage("kept", endpoint="http://127.0.0.1:9", region="x"))
    answer = client.get(f"/pictures/{'a' * 64}/640.webp")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


def test_a_backup_copies_what_a_bucket_keeps(
    app: Flask, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = opened(bucket)
    kept.write("receipts/1/a.pdf", b"one")
    monkeypatch.setitem(app.extensions, "storage", kept)
    with app.app_context():
        made = backups.create(tmp_path)
    assert [name for name in made.files if name != backups.DUMP] == ["files/receipts/1/a.pdf"]
    assert FileStorage(tmp_path / made.name / backups.FILES).read("receipts/1/a.pdf") == b"one"
    assert backups.problems(tmp_path / made.name) == []
