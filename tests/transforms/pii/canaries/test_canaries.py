from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from isinglass.schemas.config.canaries import CanaryConfig
from isinglass.schemas.config.kinds import known_kinds
from isinglass.schemas.config.pii import PiiConfig, default_entities
from isinglass.transforms.draws import Draw
from isinglass.transforms.pii.canaries.fakes import (
    CHUNK_BORDER,
    PERSON,
    POSITIONS,
    carrier_languages,
    carriers,
    fake_value,
    labels,
    plantable,
    values,
)
from isinglass.transforms.pii.canaries.plant import (
    EXCERPT_CHARS,
    PER_DOCUMENT,
    Planted,
    Sampled,
    choose,
    copies_wanted,
    plant,
)
from isinglass.transforms.pii.catalogue import checks_of
from isinglass.transforms.pii.windows import chunk_spans
from isinglass.transforms.statistics.intervals import wilson

if TYPE_CHECKING:
    from isinglass.transforms.pii.detector import Detector

CONFIG = PiiConfig(mode="identifiers")
DOCUMENTS = 400
PLAIN = "The river was high and the road was closed. Nobody could say for how long."


def documents(count: int = DOCUMENTS) -> Sampled:
    return Sampled(
        pa.array([f"{PLAIN} Line {n}." for n in range(count)]),
        pa.array([f"{n:032x}" for n in range(count)]),
        pa.array((["en", None, "zh", "de-AT", "und"] * count)[:count]),
        pa.array((["web", "mail|box"] * count)[:count]),
    )


def placed(planted: Planted) -> list[tuple[str, str, str]]:
    texts = planted.texts.to_pylist()
    return [
        (e["entity"], e["position"], texts[e["row"]][e["start"] : e["end"]])
        for e in planted.expected.to_pylist()
    ]


def test_expected_spans_cut_the_values_and_nothing_else_changes() -> None:
    planted = plant(documents(), CONFIG, seed=3)
    for entity, position, value in placed(planted):
        assert value == value.strip()
        assert "{" not in value
        assert (entity == "EMAIL_ADDRESS") == ("home.arpa" in value)
        assert not (position == "url" and " " in value)
    for row in planted.expected.to_pylist():
        text = planted.texts[row["row"]].as_py()
        assert row["position"] != "start" or text.find("{") < 0 or row["start"] < 99
        around = text[max(0, row["start"] - 1) : row["end"] + 1]
        if row["position"] == "json" and row["entity"] != "URL_CREDENTIALS":
            assert around[0] + around[-1] == '""'


def test_every_kind_meets_every_position() -> None:
    planted = plant(documents(2_000), CONFIG, seed=3)
    pairs = {(entity, position) for entity, position, _ in placed(planted)}
    entities = set(plantable(CONFIG, "en"))
    assert len(entities) > 20
    common = [position for position in POSITIONS if position != CHUNK_BORDER]
    assert pairs >= {(e, p) for e in entities for p in common}
    # Few documents are made long, so a kind may be missing there.
    assert len({e for e, p in pairs if p == CHUNK_BORDER}) > len(entities) / 2
    per_row = planted.expected.column("row").value_counts().to_pylist()
    assert {entry["counts"] for entry in per_row} == {2, PER_DOCUMENT}


def test_every_default_kind_has_values() -> None:
    assert set(default_entities()) == {*values(), PERSON} & set(default_entities())


def test_order_and_batches_do_not_matter() -> None:
    sampled = documents(80)
    whole = plant(sampled, CONFIG, seed=3)
    back = pa.array(range(79, -1, -1))
    turned = plant(Sampled(*(c.take(back) for c in sampled)), CONFIG, seed=3)
    assert turned.texts.take(back).equals(whole.texts)
    part = plant(Sampled(*(c[7:50] for c in sampled)), CONFIG, seed=3)
    assert part.texts.equals(whole.texts[7:50])
    assert not plant(sampled, CONFIG, seed=4).texts.equals(whole.texts)


def test_long_copies_are_cut_in_one_value_and_begin_anew_at_the_other() -> None:
    planted = plant(documents(1_500), CONFIG, seed=5)
    across = 0
    spans = [e for e in planted.expected.to_pylist() if e["position"] == CHUNK_BORDER]
    assert len(spans) > 20
    for first, second in zip(spans[::2], spans[1::2], strict=True):
        assert first["row"] == second["row"]
        chunks = chunk_spans(planted.texts[first["row"]].as_py())
        assert len(chunks) == 2
        assert first["start"] == chunks[1].start
        assert second["start"] <= chunks[0].end <= second["end"]
        across += second["start"] < chunks[0].end < second["end"]
    assert across > len(spans) / 4


def test_few_documents_are_made_long() -> None:
    planted = plant(documents(2_000), CONFIG, seed=9)
    long = sum(len(text) > 50_000 for text in planted.texts.to_pylist())
    assert 25 < long < 80


@pytest.mark.parametrize("half_width", [0.03, 0.06])
def test_every_kind_gets_the_interval_that_is_wanted(half_width: float) -> None:
    config = PiiConfig(canaries=CanaryConfig(half_width=half_width))
    counts: Counter[str] = Counter()
    for number in range(copies_wanted(config)):
        canaries = choose(f"{number:032x}", "en", config, seed=7)
        counts.update(canary.entity for canary in canaries)
    assert set(counts) == set(plantable(config, "en"))
    for planted in counts.values():
        low, high = wilson(round(0.9 * planted), planted)
        assert (high - low) / 2 < 1.1 * half_width
    # No more than needed, either.
    typical = sum(counts.values()) // len(counts)
    low, high = wilson(round(0.9 * typical), typical)
    assert (high - low) / 2 > 0.9 * half_width


@pytest.mark.parametrize("documents", [0, 17])
def test_a_number_of_documents_may_be_given(documents: int) -> None:
    assert (
        copies_wanted(PiiConfig(canaries=CanaryConfig(documents=documents)))
        == documents
    )


def test_of_a_long_text_a_stretch_is_copied() -> None:
    words = " ".join(f"word{n:05d}" for n in range(5_000))
    sampled = documents(50)._replace(texts=pa.array([words] * 50))
    whole = plant(sampled, CONFIG, seed=3)
    begins = set()
    for row, text in enumerate(whole.texts.to_pylist()):
        if len(text) > 50_000:
            continue
        assert len(text) < 2 * EXCERPT_CHARS
        spans = [e for e in whole.expected.to_pylist() if e["row"] == row]
        assert len(spans) == PER_DOCUMENT
        if not any(e["position"] == "start" for e in spans):
            assert text[:9] in words
            assert words[words.index(text[:9]) - 1] == " "
            begins.add(text[:9])
    assert len(begins) > 10


def test_names_are_planted_where_a_model_looks_for_them() -> None:
    models = {"en": "a", "fr": "b", "ko": "c"}
    fast = PiiConfig(mode="fast", languages=models)
    tags = ["en-GB", "fr", "de", "ko", None]
    with_names = [tag for tag in tags if "PERSON" in plantable(fast, tag)]
    assert with_names == ["en-GB", "fr"]
    assert not [tag for tag in tags if "PERSON" in plantable(CONFIG, tag)]


@pytest.mark.parametrize("language", sorted(carrier_languages()))
def test_every_language_carries_every_kind_everywhere(language: str) -> None:
    for entity in values():
        for position in POSITIONS:
            found = carriers(entity, language, position)
            assert found, (entity, position)
            named = bool(labels(entity, language))
            for carrier in found:
                assert carrier.count("{value}") == 1
                assert named or not {"{label}", "{key}"} & {carrier}
                rest = carrier.replace("{value}", "")
                assert not any(char.isdigit() for char in rest if position == "start")


@pytest.mark.parametrize("entity", sorted(values()))
def test_computed_values_pass_their_check(entity: str) -> None:
    draw = Draw.of(entity)
    for entry in values()[entity]:
        for _ in range(5):
            value = fake_value(entity, entry, draw)
            assert "?" not in value
            assert len(value) == len(entry.template)
            checks = checks_of(entity) if "?" in entry.template else ()
            assert not checks or any(check(value) for check in checks)


def test_every_fixed_value_is_found_alone(identifiers: Detector) -> None:
    enabled = set(CONFIG.entities)
    fixed = [
        (entity, entry.template)
        for entity, entries in values().items()
        for entry in entries
        if entity in enabled
        and (canary := known_kinds()[entity].canary) is not None
        and not canary.labels
        and not set(entry.template) & set("#~%^&|?")
    ]
    texts = pa.array([value for _, value in fixed])
    found = identifiers.detect(texts, pa.nulls(len(fixed), pa.string())).findings
    rows = {(r["row"], r["entity"]) for r in found.to_pylist()}
    assert len(fixed) > 10
    assert {(row, entity) for row, (entity, _) in enumerate(fixed)} <= rows


def test_the_copies_are_not_shown() -> None:
    planted = plant(documents(5), CONFIG, seed=3)
    assert "river" not in repr(planted)


@pytest.mark.parametrize("text", ["", "余额很高没有空格", "x"])
@pytest.mark.parametrize("seed", range(60))
def test_texts_without_spaces(text: str, seed: int) -> None:
    ids, none = pa.array(["0" * 32]), pa.array([None], pa.string())
    planted = plant(Sampled(pa.array([text]), ids, none, none), CONFIG, seed)
    assert len(placed(planted)) in (2, PER_DOCUMENT)
