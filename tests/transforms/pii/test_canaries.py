from __future__ import annotations

from collections import Counter
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from isinglass.schemas.config.pii import EntityConfig, PiiConfig
from isinglass.transforms.pii.canaries import Planted, measure, plant
from isinglass.transforms.pii.data import load_data
from isinglass.transforms.pii.identifiers import IdentifierScanner
from isinglass.transforms.pii.planting import POSITIONS

if TYPE_CHECKING:
    from isinglass.transforms.pii.detector import Detector

CONFIG = PiiConfig(mode="identifiers")
DOCUMENTS = 250
PLAIN = "The river was high and the road was closed. Nobody could say for how long."
KINDS = 7


def documents(count: int = DOCUMENTS) -> tuple[pa.Array, pa.Array, pa.Array]:
    texts = pa.array([f"{PLAIN} Line {n}." for n in range(count)])
    ids = pa.array([f"{n:032x}" for n in range(count)])
    return texts, ids, pa.array(["en", None, "zh", "de-AT", "und"] * (count // 5))


def values(planted: Planted) -> list[tuple[str, str, str]]:
    texts = planted.texts.to_pylist()
    return [
        (e["entity"], e["position"], texts[e["row"]][e["start"] : e["end"]])
        for e in planted.expected.to_pylist()
    ]


def test_expected_spans_cut_the_values_and_nothing_else_changes() -> None:
    planted = plant(*documents(), CONFIG, seed=3)
    assert planted.expected.num_rows == 4 * DOCUMENTS
    for entity, position, value in values(planted):
        assert value == value.strip()
        assert (entity == "EMAIL_ADDRESS") == ("home.arpa" in value)
        assert not (position == "url" and " " in value)
    for row in planted.expected.to_pylist():
        text = planted.texts[row["row"]].as_py()
        assert row["position"] != "start" or row["start"] == 0
        assert row["position"] != "end" or row["end"] == len(text)
        around = text[max(0, row["start"] - 1) : row["end"] + 1]
        assert row["position"] != "json" or around[0] + around[-1] == '""'


def test_every_kind_meets_every_position() -> None:
    planted = plant(*documents(), CONFIG, seed=3)
    pairs = {(entity, position) for entity, position, _ in values(planted)}
    assert len({entity for entity, _ in pairs}) == KINDS
    assert len(pairs) == KINDS * len(POSITIONS)


def test_order_and_batches_do_not_matter() -> None:
    texts, ids, languages = documents(20)
    whole = plant(texts, ids, languages, CONFIG, seed=3)
    back = pa.array(range(19, -1, -1))
    texts_back, ids_back, languages_back = (
        x.take(back) for x in (texts, ids, languages)
    )
    turned = plant(texts_back, ids_back, languages_back, CONFIG, seed=3)
    assert turned.texts.take(back).equals(whole.texts)
    part = plant(texts[7:9], ids[7:9], languages[7:9], CONFIG, seed=3)
    assert part.texts.equals(whole.texts[7:9])
    assert not plant(texts, ids, languages, CONFIG, seed=4).texts.equals(whole.texts)


def test_recall_is_counted_by_entity_language_and_position(
    identifiers: Detector,
) -> None:
    counts = measure(identifiers, plant(*documents(), CONFIG, seed=3))
    assert sum(planted for planted, _ in counts.values()) == 4 * DOCUMENTS
    assert {key.split("|")[1] for key in counts} == {"en", "und", "zh", "de"}
    assert list(counts) == sorted(counts)
    total = recall(counts)
    for entity in ("EMAIL_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "CRYPTO"):
        assert total[entity] == 1.0
    assert min(total.values()) > 0.9


def recall(counts: dict[str, list[int]]) -> dict[str, float]:
    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for key, (there, hit) in counts.items():
        planted[key.split("|")[0]] += there
        found[key.split("|")[0]] += hit
    return {entity: found[entity] / planted[entity] for entity in planted}


def test_a_broken_detector_is_noticed(identifiers: Detector) -> None:
    planted = plant(*documents(50), CONFIG, seed=3)
    without = PiiConfig(mode="identifiers", entities={"IBAN_CODE": EntityConfig()})
    scanner = IdentifierScanner.build(without)
    broken = recall(measure(replace(identifiers, identifiers=scanner), planted))
    assert broken.pop("IBAN_CODE") == 1.0
    assert set(broken.values()) == {0.0}
    late = recall(measure(replace(identifiers, seconds=1e-9, clock=monotonic), planted))
    assert set(late.values()) == {0.0}


def test_names_are_planted_where_a_model_looks_for_them() -> None:
    fast = PiiConfig(mode="fast")
    planted = plant(*documents(50), fast, seed=3)
    tags = planted.languages.to_pylist()
    rows = [e["row"] for e in planted.expected.to_pylist() if e["entity"] == "PERSON"]
    assert rows
    assert {tags[row] for row in rows} == {"en"}
    assert not [
        v for v in values(plant(*documents(50), CONFIG, seed=3)) if v[0] == "PERSON"
    ]


def test_half_of_a_value_counts_and_less_does_not(identifiers: Detector) -> None:
    text = "jo@acme.org rest"
    for end, found in ((22, 1), (23, 0)):
        expected = pa.RecordBatch.from_pylist(
            [
                {
                    "row": 0,
                    "start": 0,
                    "end": end,
                    "entity": "EMAIL_ADDRESS",
                    "position": "start",
                }
            ],
            schema=plant(*documents(5), CONFIG, seed=0).expected.schema,
        )
        planted = Planted(pa.array([text + " " * 20]), pa.array(["en"]), expected)
        assert measure(identifiers, planted) == {"EMAIL_ADDRESS|en|start": [1, found]}


def test_every_fixed_value_is_found_alone(identifiers: Detector) -> None:
    content = load_data("canaries", "en").content
    fixed = [
        (entity, entry["template"])
        for entity, entries in content["values"].items()
        for entry in entries
        if not set(entry["template"]) & set("#~%")
    ]
    texts = pa.array([value for _, value in fixed])
    found = identifiers.detect(texts, pa.nulls(len(fixed), pa.string())).findings
    rows = {(r["row"], r["entity"]) for r in found.to_pylist()}
    assert len(fixed) > 10
    assert {(row, entity) for row, (entity, _) in enumerate(fixed)} <= rows


def test_the_copies_are_not_shown() -> None:
    planted = plant(*documents(5), CONFIG, seed=3)
    assert "river" not in repr(planted)


@pytest.mark.parametrize("text", ["", "余额很高没有空格", "x"])
def test_texts_without_spaces(text: str) -> None:
    ids, languages = pa.array(["0" * 32]), pa.array([None], pa.string())
    planted = plant(pa.array([text]), ids, languages, CONFIG, seed=1)
    assert len(values(planted)) == 4
