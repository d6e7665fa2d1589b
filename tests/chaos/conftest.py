"""The scenes of the other tests, for the harnesses that are tried on seeded bugs."""

from tests.payments.conftest import scene
from tests.payments.test_model import kept
from tests.pledges.test_races import hall
from tests.receipts.test_numbers import shared

__all__ = ["hall", "kept", "scene", "shared"]
