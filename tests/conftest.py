"""Fixtures and settings shared by all tests."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

# Thread pools read these once, when their libraries are first imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import pytest
from hypothesis import settings

from tests.properties import examples

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[1]

settings.register_profile("isinglass", examples())
settings.load_profile("isinglass")


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of shared test data, which lies beside the checkout.

    Tests that ask for it are skipped where it is absent.
    """
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no shared test data at {folder}")
    return folder


@pytest.fixture(autouse=True)
def _signals_are_heard() -> Iterator[None]:
    """Find the test that would make all later ones start processes deaf to signals."""
    yield
    assert signal.getsignal(signal.SIGTERM) != signal.SIG_IGN
