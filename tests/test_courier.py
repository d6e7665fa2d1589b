"""The embedded queue: a message is seen whole or not at all, whoever looks and whenever."""

from __future__ import annotations

import threading
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from flask import Flask
from kombu.connection import Connection

from crowdfund import courier


@pytest.fixture
def channel(tmp_path: Path) -> Any:
    courier.register()
    folders = {name: str(tmp_path) for name in ("data_folder_in", "data_folder_out", "processed_folder")}
    options = folders | {"control_folder": tmp_path / "control", "store_processed": False}
    with Connection("filesystem://", transport_options=options) as connection:  # type: ignore[no-untyped-call]
        yield connection.channel()


def test_the_house_uses_it(app: Flask) -> None:
    with app.extensions["celery"].connection() as connection:
        assert isinstance(connection.transport, courier.Transport)


def test_a_message_comes_as_it_was_sent(channel: Any) -> None:
    channel._put("facts", {"body": "é", "n": 1})
    assert channel._get("facts") == {"body": "é", "n": 1}
    with pytest.raises(Empty):
        channel._get("facts")


def test_a_message_that_is_being_written_is_not_seen(channel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(part: Path, _target: Path) -> None:
        assert part.exists()
        with pytest.raises(Empty):
            channel._get("facts")

    monkeypatch.setattr(Path, "rename", look)
    channel._put("facts", {"n": 1})


def test_whoever_reads_while_others_bind_finds_a_table(channel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tables: list[Any] = []
    link = Path.hardlink_to

    def look(table: Path, part: Path) -> None:
        tables.append(channel.get_table("orders"))
        link(table, part)
        tables.append(channel.get_table("orders"))

    monkeypatch.setattr(Path, "hardlink_to", look)
    channel._queue_bind("orders", "facts", "", "facts")
    assert tables == [[], []]
    assert [row.queue for row in channel.get_table("orders")] == ["facts"]


def test_many_writers_and_readers_lose_nothing_and_double_nothing(channel: Any) -> None:
    got: list[int] = []

    def write(first: int) -> None:
        for number in range(first, first + 50):
            channel._put("facts", {"n": number})

    def read() -> None:
        misses = 0
        while misses < 200:
            try:
                got.append(channel._get("facts")["n"])
            except Empty:
                misses += 1

    threads = [threading.Thread(target=write, args=(first,)) for first in (0, 50)]
    threads += [threading.Thread(target=read) for _reader in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while True:
        try:
            got.append(channel._get("facts")["n"])
        except Empty:
            break
    assert sorted(got) == list(range(100))
