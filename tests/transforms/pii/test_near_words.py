"""Numbers that count next to a word only are found in every text of a batch."""

from __future__ import annotations

import pyarrow as pa
import pytest

from isinglass.schemas.config.pii import EntityConfig, PiiConfig
from isinglass.transforms.pii.detector import Detector, build_detector

TEXTS = [
    "My Number: 1234-5678-9018, as said",
    "TCKN 10000000146",
    "and so on, NSS 92-91-90-8443-1",
    "DNI 12345678",
    "R.F.C. COMG600703",
]
ENTITIES = ("JP_MY_NUMBER", "TR_NATIONAL_ID", "MX_NSS", "AR_DNI", "MX_RFC")


@pytest.fixture(scope="module")
def detector() -> Detector:
    entities = {entity: EntityConfig(threshold=0.5) for entity in ENTITIES}
    return build_detector(PiiConfig(mode="identifiers", entities=entities))


@pytest.mark.parametrize("turned", range(len(TEXTS)))
def test_a_text_that_begins_with_the_word(detector: Detector, turned: int) -> None:
    # What stood at the end of the text before is no part of it.
    texts = TEXTS[turned:] + TEXTS[:turned]
    entities = ENTITIES[turned:] + ENTITIES[:turned]
    found = detector.detect(pa.array(texts), pa.nulls(len(texts), pa.string()))
    rows = [(row["row"], row["entity"]) for row in found.findings.to_pylist()]
    assert rows == list(enumerate(entities))
