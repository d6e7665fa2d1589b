"""The same museum as in the tests of payments."""

from __future__ import annotations

from tests.payments.conftest import later, scene

__all__ = ["later", "scene"]
