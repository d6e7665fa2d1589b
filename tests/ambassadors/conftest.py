"""A museum whose donors bring others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.after import Museum, found


@pytest.fixture
def museum(app: Flask) -> Iterator[Museum]:
    with found(app, "reach.", "ambassadors.") as made:
        yield made
