"""A museum that thanks its donors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.after import Museum, found


@pytest.fixture
def museum(app: Flask) -> Iterator[Museum]:
    with found(app, "thanks.", "gifts.") as made:
        yield made
