"""A museum that invites its donors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.after import Museum, found


@pytest.fixture
def museum(app: Flask) -> Iterator[Museum]:
    with found(app, "invitations.") as made:
        yield made
