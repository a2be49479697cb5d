from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from isinglass.transforms.pii import windows
from isinglass.transforms.pii.budget import Budget
from isinglass.transforms.pii.found import FoundColumns
from isinglass.transforms.pii.ner import engine as module
from isinglass.transforms.pii.ner.encoder import UnknownNetworkError
from isinglass.transforms.pii.ner.engine import OwnEngine, load_engine
from isinglass.transforms.pii.ner.inference import Inference
from isinglass.transforms.pii.ner.pipe import (
    PipeEngine,
    keep_recogniser,
    load_pipeline,
)
from isinglass.transforms.pii.ner.sentences import SentenceStarts
from isinglass.transforms.pii.ner.weights import read_weights
from isinglass.transforms.pii.windows import Chunk, chunk_spans

if TYPE_CHECKING:
    from isinglass.transforms.pii.models import SpacyModel
    from isinglass.transforms.pii.ner.engine import NerEngine

ENTITIES = {"PERSON": "PERSON", "GPE": "LOCATION", "DATE": "DATE_TIME"}

NAMES = "Barack Obama met Angela Merkel in Berlin on Monday."


@pytest.fixture(scope="module")
def ours(nlp: Any) -> OwnEngine:
    return OwnEngine("en", Inference(nlp), ENTITIES)


@pytest.fixture(scope="module")
def piped(nlp: Any) -> PipeEngine:
    return PipeEngine("en", nlp, ENTITIES)


def scan(
    engine: NerEngine, texts: list[str], budget: Budget | None = None
) -> list[tuple[int, str, str]]:
    found = FoundColumns()
    rows = np.arange(len(texts)) * 2
    engine.scan(pa.array(texts), rows, budget or Budget(60.0), found)
    return [
        (row["row"], row["entity"], texts[row["row"] // 2][row["start"] : row["end"]])
        for row in found.batch().to_pylist()
    ]


def test_findings_of_both_engines(ours: OwnEngine, piped: PipeEngine) -> None:
    texts = [NAMES, "", "   ", "IBM paid $5.", "😀 " + NAMES]
    expected = [
        (row, entity, value)
        for row in (0, 8)
        for entity, value in (
            ("PERSON", "Barack Obama"),
            ("PERSON", "Angela Merkel"),
            ("LOCATION", "Berlin"),
            ("DATE_TIME", "Monday"),
        )
    ]
    assert scan(ours, texts) == expected
    assert scan(piped, texts) == expected


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Tokens of each window that the parser reads."""
    lengths: list[int] = []
    parse = SentenceStarts._parse

    def count(self: SentenceStarts, batch: Any, lows: Any, highs: Any) -> Any:
        lengths.extend((highs - lows).tolist())
        return parse(self, batch, lows, highs)

    monkeypatch.setattr(SentenceStarts, "_parse", count)
    return lengths


def test_the_parser_is_asked_where_it_matters(
    ours: OwnEngine, piped: PipeEngine, inference: Inference, parsed: list[int]
) -> None:
    text = "I met John Smith Jr. Mary came later."
    assert [x[2] for x in scan(ours, [NAMES, text])][4:] == ["John Smith Jr.", "Mary"]
    assert parsed == [9]
    assert scan(ours, [NAMES, text]) == scan(piped, [NAMES, text])
    blind = OwnEngine("en", inference, ENTITIES)
    assert scan(blind, [text]) == [(0, "PERSON", "John Smith Jr. Mary")]


def test_the_parser_reads_a_window(ours: OwnEngine, parsed: list[int]) -> None:
    filler = "The river was high and the road was closed again. " * 20
    text = f"{filler}I met John Smith Jr. Mary came later. {filler}"
    found = scan(ours, [text, text])
    assert found == [
        (row, "PERSON", n) for row in (0, 2) for n in ("John Smith Jr.", "Mary")
    ]
    assert len(parsed) == 2
    assert all(140 < count < 190 for count in parsed)


def test_a_text_that_fails_fails_alone(
    ours: OwnEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans = ours.inference.spans

    def fail(texts: pa.StringArray) -> Any:
        if "bad" in texts.to_pylist():
            raise RuntimeError("bad")
        return spans(texts)

    monkeypatch.setattr(ours.inference, "spans", fail)
    budget = Budget(60.0)
    found = scan(ours, [NAMES, "bad", NAMES], budget)
    assert {row for row, _, _ in found} == {0, 4}
    assert budget.failed == {2: ("detector_error", "RuntimeError")}


def test_time_is_charged_by_length(ours: OwnEngine) -> None:
    times = iter([0.0, 10.0])
    budget = Budget(6.0, lambda: next(times))
    scan(ours, ["x" * 30, "y" * 70], budget)
    assert list(budget.failed) == [2]


@pytest.mark.parametrize("engine", ["ours", "piped"])
def test_a_name_at_every_place_of_a_cut_text(
    engine: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    def small(text: str, _size: int = 0) -> list[Chunk]:
        return chunk_spans(text, 600, 200)

    monkeypatch.setattr(windows, "chunk_spans", small)
    plain = "The river was high and the road was closed again. " * 24
    name = "Barack Obama"
    for paragraph in (" ", "\n\n"):
        texts = [
            f"{plain[:at]}{paragraph}A speech was given by {name} in May. {plain[at:]}"
            for at in range(250, 700, 50)
        ]
        found = scan(request.getfixturevalue(engine), texts)
        persons = [(row, value) for row, entity, value in found if entity == "PERSON"]
        assert persons == [(2 * row, name) for row in range(len(texts))]


def test_a_known_model_runs_by_own_inference(model: SpacyModel) -> None:
    engine = load_engine(model, frozenset({"PERSON"}))
    assert isinstance(engine, OwnEngine)
    assert {x[1] for x in scan(engine, [NAMES])} == {"PERSON"}


def test_a_changed_model_runs_by_spacy(
    model: SpacyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(model: SpacyModel) -> Any:
        nlp = load_pipeline(model)
        nlp.get_pipe("ner").cfg["beam_width"] = 3
        return nlp

    monkeypatch.setattr(module, "load_pipeline", changed)
    engine = load_engine(model, frozenset({"PERSON"}))
    assert isinstance(engine, PipeEngine)
    assert engine.nlp.pipe_names == ["ner"]


def node(nlp: Any, name: str) -> Any:
    nodes = nlp.get_pipe("ner").model.walk(order="dfs_pre")
    return next(n for n in nodes if n.name == name)


def test_a_network_that_differs_is_refused(model: SpacyModel) -> None:
    nlp = load_pipeline(model)
    keep_recogniser(nlp)
    read_weights(nlp)
    changes = {
        "window is": (node(nlp, "expand_window").attrs, "window_size", 2),
        "columns is": (node(nlp, "extract_features").attrs, "columns", ["ORTH"]),
        "unseen classes": (nlp.get_pipe("ner").model.attrs, "unseen_classes", {3}),
        "embedded columns": (node(nlp, "hashembed").attrs, "column", 3),
        "beam_width": (nlp.get_pipe("ner").cfg, "beam_width", 2),
    }
    for message, (place, key, value) in changes.items():
        before = place[key]
        place[key] = value
        with pytest.raises(UnknownNetworkError, match=message):
            read_weights(nlp)
        place[key] = before
    norm = node(nlp, "layernorm")
    norm.set_param("G", np.ones(97, np.float32))
    with pytest.raises(UnknownNetworkError, match="shape of G of layernorm"):
        read_weights(nlp)
    nlp.remove_pipe("ner")
    with pytest.raises(UnknownNetworkError, match="pipe ner"):
        read_weights(nlp)


def test_a_parser_with_another_encoder_is_refused(model: SpacyModel) -> None:
    nlp = load_pipeline(model)
    nodes = nlp.get_pipe("tok2vec").model.walk(order="dfs_pre")
    attributes = next(n for n in nodes if n.name == "extract_features").attrs
    attributes["columns"] = [*attributes["columns"][:-1], "IS_ALPHA"]
    with pytest.raises(UnknownNetworkError, match="IS_ALPHA"):
        Inference(nlp)
    nlp.remove_pipe("tok2vec")
    with pytest.raises(UnknownNetworkError, match="pipe tok2vec"):
        Inference(nlp)
