"""Detectors shared by the tests; loading takes seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from isinglass.schemas.config.pii import PiiConfig
from isinglass.transforms.pii.detector import Detector, build_detector
from isinglass.transforms.pii.found import resolve_overlaps

if TYPE_CHECKING:
    from collections.abc import Callable

Spans = list[tuple[str, str]]


@pytest.fixture(scope="session")
def identifiers() -> Detector:
    return build_detector(PiiConfig(mode="identifiers"))


@pytest.fixture(scope="session")
def fast() -> Detector:
    return build_detector(PiiConfig(mode="fast"))


@pytest.fixture
def spans(identifiers: Detector) -> Callable[[str], Spans]:
    """Return what remains in a text as (entity, value), overlaps resolved."""

    def find(text: str) -> Spans:
        detection = identifiers.detect(pa.array([text]), pa.array(["en"]))
        assert detection.failures.num_rows == 0
        return [
            (row["entity"], text[row["start"] : row["end"]])
            for row in resolve_overlaps(detection.findings).to_pylist()
        ]

    return find
