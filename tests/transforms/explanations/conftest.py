"""Small models with seeded random weights, as the tests of the encoder have them."""

from __future__ import annotations

from tests.transforms.encode.conftest import save_model

__all__ = ["save_model"]
