from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields, replace
from time import monotonic
from unittest.mock import Mock

import pyarrow as pa
import pytest

from isinglass.schemas.config.pii import EntityConfig, PiiConfig
from isinglass.transforms.pii.canaries.plant import EXPECTED, Planted, plant
from isinglass.transforms.pii.canaries.recall import (
    CELL,
    NO_LANGUAGE,
    add_cell,
    measure,
)
from isinglass.transforms.pii.detector import Detection, Detector
from isinglass.transforms.pii.identifiers import IdentifierScanner
from tests.transforms.pii.canaries.test_canaries import CONFIG, documents


def totals(counts: dict[str, list[int]]) -> dict[str, float]:
    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for key, (there, hit, _) in counts.items():
        planted[key.split("|")[0]] += there
        found[key.split("|")[0]] += hit
    return {entity: found[entity] / planted[entity] for entity in planted}


def one(start: int, end: int, entity: str = "EMAIL_ADDRESS") -> Planted:
    row = {"row": 0, "start": start, "end": end, "entity": entity, "position": "end"}
    expected = pa.RecordBatch.from_pylist([row], schema=EXPECTED)
    text = "jo@acme.org rest" + " " * 20
    return Planted(
        pa.array([text]), pa.array(["en-US"]), pa.array([None], pa.string()), expected
    )


def test_recall_is_counted_by_entity_language_position_and_source(
    identifiers: Detector,
) -> None:
    planted = plant(documents(), CONFIG, seed=3)
    counts = measure(identifiers, planted)
    cells = [dict(zip(CELL, key.split("|", 3), strict=True)) for key in counts]
    assert sum(v[0] for v in counts.values()) == planted.expected.num_rows
    assert {cell["language"] for cell in cells} == {"en", "und", "zh", "de"}
    assert {cell["source"] for cell in cells} == {"web", "mail|box"}
    assert list(counts) == sorted(counts)
    total = totals(counts)
    for entity in ("EMAIL_ADDRESS", "IBAN_CODE", "CRYPTO"):
        assert total[entity] == 1.0
    assert min(total.values()) > 0.7


def test_a_broken_detector_is_noticed(identifiers: Detector) -> None:
    planted = plant(documents(50), CONFIG, seed=3)
    without = PiiConfig(mode="identifiers", entities={"IBAN_CODE": EntityConfig()})
    scanner = IdentifierScanner.build(without)
    broken = totals(measure(replace(identifiers, identifiers=scanner), planted))
    assert broken.pop("IBAN_CODE") == 1.0
    assert set(broken.values()) == {0.0}
    late = replace(identifiers, seconds=1e-9, clock=monotonic)
    assert set(totals(measure(late, planted)).values()) == {0.0}


@pytest.mark.parametrize(
    ("planted", "counts"),
    [
        (one(0, 22), [1, 1, 0]),
        # Less than half of the value is covered.
        (one(0, 23), [1, 0, 0]),
        (one(0, 11, "PERSON"), [1, 0, 1]),
        (one(12, 16, "PERSON"), [1, 0, 0]),
    ],
)
def test_half_of_a_value_counts_and_another_kind_is_told_apart(
    identifiers: Detector, planted: Planted, counts: list[int]
) -> None:
    (entity,) = planted.expected.column("entity").to_pylist()
    assert measure(identifiers, planted) == {f"{entity}|en|end|(none)": counts}


def test_sources_are_labels_without_addresses(identifiers: Detector) -> None:
    planted = replace(one(0, 11), sources=pa.array(["by jo@acme.org"]))
    (key,) = measure(identifiers, planted)
    assert key.endswith("|by <EMAIL_ADDRESS>")


@pytest.mark.parametrize("exact", [False, True])
def test_a_model_reads_the_copies_with_names_alone(
    identifiers: Detector, *, exact: bool
) -> None:
    seen: list[str] = []

    @dataclass(frozen=True)
    class Recording(Detector):
        def detect(self, texts: pa.StringArray, languages: pa.StringArray) -> Detection:
            seen.extend(languages.to_pylist())
            return super().detect(texts, languages)

    columns = {f.name: getattr(identifiers, f.name) for f in fields(identifiers)}
    detector = Recording(**columns)
    mail, name = one(0, 11), one(0, 11, "PERSON")
    expected = name.expected.set_column(0, EXPECTED.field(0), pa.array([1], pa.int32()))
    rows = pa.Table.from_batches([mail.expected, expected]).combine_chunks()
    both = Planted(
        pa.concat_arrays([mail.texts, name.texts]),
        pa.concat_arrays([mail.languages, name.languages]),
        pa.concat_arrays([mail.sources, name.sources]),
        rows.to_batches()[0],
    )
    if exact:
        # Stock Presidio, which finds identifiers by the model as well, reads all.
        detector.exact["de"] = (Mock(), Mock())
    measure(detector, both)
    assert seen == (["en-US", "en-US"] if exact else [NO_LANGUAGE, "en-US"])
    detector.exact.clear()


def test_nothing_planted_is_no_cell(identifiers: Detector) -> None:
    nothing = replace(one(0, 1), expected=one(0, 1).expected[:0])
    assert measure(identifiers, nothing) == {}


def test_cells_are_added() -> None:
    total = {"a": [1, 0, 1]}
    add_cell(total, "a", [2, 2, 0])
    add_cell(total, "b", [1, 1, 0])
    assert total == {"a": [3, 2, 1], "b": [1, 1, 0]}
