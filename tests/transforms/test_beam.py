"""The stages as PTransforms: coder, graph, each stage, and the example."""

from __future__ import annotations

import importlib.util
from functools import partial
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pytest
from apache_beam.testing import test_pipeline
from apache_beam.testing.util import assert_that, equal_to

from isinglass.pipelines.engine.buckets import bucket_graph
from isinglass.pipelines.engine.graph import build_unit_pipeline
from isinglass.pipelines.engine.mapped_tables import Extent
from isinglass.pipelines.engine.workspace import Workspace
from isinglass.pipelines.plan import Plan, plan
from isinglass.pipelines.seam import Driver
from isinglass.pipelines.stages.dedup import match
from isinglass.pipelines.stages.dedup.stage import Dedup
from isinglass.pipelines.survey import SurveyWork, survey_units
from isinglass.schemas.config import DedupConfig, EncodeConfig, PiiConfig, RunConfig
from isinglass.schemas.errors import InputError
from isinglass.transforms.batches import one_batch
from isinglass.transforms.beam import (
    ArrowBatchCoder,
    CountMentions,
    Deduplicate,
    EraseEmbeddings,
    FindCandidates,
    FitEraser,
    ReadDocuments,
    RedactDocuments,
    SurveyDocuments,
    TokenizeDocuments,
)
from isinglass.transforms.leace.batches import add_batch, list_column, vectors_of
from isinglass.transforms.leace.eraser import finish
from isinglass.transforms.leace.moments import add, create
from isinglass.transforms.read import read_shard
from tests.corpora import write_jsonl
from tests.drivers import quiet_session
from tests.transforms.leace.conftest import plant

TEXTS = [
    "She wrote to someone@mailbox.io and he answered in the evening of that day.",
    "A quiet river ran past the old mill and under seven bridges to the harbor.",
    "A quiet river ran past the old mill and under seven bridges to the harbor!",
]


@pytest.fixture
def made(tmp_path: Path) -> Plan:
    rows = [{"id": str(i), "text": text} for i, text in enumerate(TEXTS)]
    write_jsonl(tmp_path / "a.jsonl", rows)
    config = RunConfig.model_validate(
        {"inputs": [{"path": str(tmp_path / "a.jsonl")}], "output": "-"}
    )
    return plan(config, Path.cwd())


def runner() -> test_pipeline.TestPipeline:
    return test_pipeline.TestPipeline(runner="FnApiRunner")


def test_a_batch_survives_and_a_slice_does_not_carry_its_parent() -> None:
    batch = pa.RecordBatch.from_pydict({"text": ["x" * 1000] * 1000})
    coder = ArrowBatchCoder()
    piece = coder.encode(batch.slice(5, 1))
    assert coder.decode(piece).equals(batch.slice(5, 1))
    assert len(piece) < 3000
    assert coder.encode(batch.slice(5, 1)) == piece


def test_documents_are_read_redacted_and_counted(made: Plan) -> None:
    pii = PiiConfig(mode="identifiers")
    with runner() as root:
        clean = (
            root
            | ReadDocuments(made.shards, made.layout)
            | RedactDocuments(pii, b"a key for tests")
        )
        texts = clean | beam.FlatMap(lambda b: b.column("text").to_pylist())
        redacted = TEXTS[0].replace("someone@mailbox.io", "<EMAIL_ADDRESS>")
        assert_that(texts, equal_to([redacted, *TEXTS[1:]]), label="texts")
        counts = clean | CountMentions() | beam.FlatMap(lambda b: b.to_pylist())
        women = counts | beam.Map(lambda row: row["gender.female"])
        assert_that(women, equal_to([1, 0, 0]), label="women")


def test_candidates_name_the_pair_that_shares_bands(made: Plan) -> None:
    with runner() as root:
        pairs = (
            root
            | ReadDocuments(made.shards, made.layout)
            | SurveyDocuments(DedupConfig())
            | FindCandidates(buckets=4)
            | beam.FlatMap(lambda b: b.to_pylist())
            | beam.Map(lambda row: tuple(sorted(row.values())))
            | beam.Distinct()
            | beam.combiners.Count.Globally()
        )
        assert_that(pairs, equal_to([1]))


def test_duplicates_go_for_a_document_that_stays(made: Plan) -> None:
    batches = [b.documents for s in made.shards for b in read_shard(s, made.layout)]
    ids = [name for batch in batches for name in batch.column("doc_id").to_pylist()]
    # Equal but for a mark, which is no word: of the two the smaller doc_id stays.
    stays, goes = sorted(ids[1:])
    with runner() as root:
        kept, removed = (
            root
            | ReadDocuments(made.shards, made.layout)
            | Deduplicate(DedupConfig(), buckets=4)
        )
        rows = kept | "Rows" >> beam.FlatMap(lambda b: b.to_pylist())
        left = rows | "Left" >> beam.Map(lambda row: (row["doc_id"], row["text"]))
        expected = [(ids[0], TEXTS[0]), (stays, TEXTS[ids.index(stays)])]
        assert_that(left, equal_to(expected), label="left")
        why = removed | "Why" >> beam.FlatMap(lambda b: b.to_pylist())
        gone = {"doc_id": goes, "kept_doc_id": stays, "similarity": 1.0}
        assert_that(why, equal_to([gone | {"reason": "near_duplicate"}]), label="why")


def test_without_duplicates_nothing_goes(made: Plan) -> None:
    with runner() as root:
        kept, removed = (
            root
            | ReadDocuments(made.shards, made.layout)
            | Deduplicate(DedupConfig(fuzzy=False))
        )
        count = kept | beam.Map(lambda b: b.num_rows) | beam.CombineGlobally(sum)
        assert_that(count, equal_to([3]), label="count")
        assert_that(removed, equal_to([]), label="removed")


@pytest.mark.slow
def test_token_ids_start_and_end_as_the_model_wants(made: Plan) -> None:
    with runner() as root:
        ends = (
            root
            | ReadDocuments(made.shards, made.layout)
            | TokenizeDocuments(EncodeConfig())
            | beam.FlatMap(lambda b: b.column("input_ids").to_pylist())
            | beam.Map(lambda ids: (ids[0], ids[-1]))
        )
        assert_that(ends, equal_to([(101, 102)] * 3))


INTERNAL = ("Create", "Shards", "Spread", "Units", "Reshuffle")
"""Beam's own steps around a Create, which handle our bytes as they are."""


def pickled(pipeline: beam.Pipeline) -> list[str]:
    """Steps whose output Beam would pickle because it does not know the type."""
    components = pipeline.to_runner_api().components
    found = []
    for step in components.transforms.values():
        if step.subtransforms or any(part in step.unique_name for part in INTERNAL):
            continue
        for name in step.outputs.values():
            coder = components.coders[components.pcollections[name].coder_id]
            if b"FastPrimitives" in coder.spec.payload:
                found.append(step.unique_name)
    return found


def outputs(pipeline: beam.Pipeline) -> dict[str, Any]:
    """Element type by producing step, Beam's own steps left out."""

    class Visitor(beam.pipeline.PipelineVisitor):
        def __init__(self) -> None:
            self.found: dict[str, Any] = {}

        def visit_value(self, value: Any, producer_node: Any) -> None:
            if not any(part in producer_node.full_label for part in INTERNAL):
                self.found[producer_node.full_label] = value.element_type

    visitor = Visitor()
    pipeline.visit(visitor)
    return visitor.found


def test_no_record_batch_is_pickled_in_the_public_stages(made: Plan) -> None:
    pipeline = beam.Pipeline()
    documents = pipeline | ReadDocuments(made.shards, made.layout)
    documents | RedactDocuments(PiiConfig(mode="identifiers"), b"key")
    documents | CountMentions()
    documents | TokenizeDocuments(EncodeConfig())
    documents | SurveyDocuments(DedupConfig()) | FindCandidates()
    documents | Deduplicate()
    kinds = outputs(pipeline)
    assert sum(kind is pa.RecordBatch for kind in kinds.values()) >= 6
    assert pickled(pipeline) == []


def test_the_walk_finds_a_pickled_batch() -> None:
    """A step without a type must be found, or the walk proves nothing."""
    pipeline = beam.Pipeline()
    batch = pa.RecordBatch.from_pydict({"n": [1]})
    pipeline | beam.Create([1]) | "Make" >> beam.Map(lambda _: batch)
    assert pickled(pipeline) == ["Make"]


def test_only_bytes_and_numbers_cross_the_passes(made: Plan, tmp_path: Path) -> None:
    """No pass sends batches or text through Beam at all."""
    workspace = Workspace(str(tmp_path))
    pipeline = beam.Pipeline()
    dedup = DedupConfig()
    stages = (Dedup(dedup),)
    work = SurveyWork(made.layout, stages, workspace, dedup.normalise, detect=True)
    config = RunConfig.model_validate({"inputs": [{"path": "-"}], "output": "-"})
    driver = Driver(quiet_session(tmp_path), made, config, "clean", "code")
    units = survey_units(driver, work, [])
    build_unit_pipeline(pipeline, work, units, workspace)
    places = (Extent(made.shards[0].shard_id, 0, 3),)
    waves = match.plan_waves(3, 0, dedup)
    buckets = match.bucket_units(waves, 3, [], "code")
    emit = partial(match.emit_entries, workspace=workspace, wave=waves[0])
    bucket_graph(match.BucketWork(), workspace, places, emit, pipeline, buckets)
    assert pickled(pipeline) == []
    kinds = outputs(pipeline)
    assert kinds["survey/Run"] is bytes
    assert kinds["match/Run"] is bytes
    assert str(kinds["match/Emit"]) == "Tuple[<class 'int'>, <class 'bytes'>]"


@pytest.mark.slow
def test_the_example_runs(
    repository: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [{"id": str(i), "text": text} for i, text in enumerate(TEXTS)]
    write_jsonl(tmp_path / "a.jsonl", rows)
    path = repository / "examples" / "beam_pipeline.py"
    spec = importlib.util.spec_from_file_location("beam_pipeline_example", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(str(tmp_path))
    printed = capfd.readouterr().out
    assert "documents: 3" in printed
    assert "e-mail addresses redacted: 1" in printed
    assert "gender.female: 1" in printed


def test_a_concept_is_erased_by_sums_from_many_bundles() -> None:
    planted = plant(rows=2000, dimensions=12)
    vectors = planted.vectors.astype(np.float32)
    batches = [
        pa.RecordBatch.from_pydict(
            {
                "doc_id": [str(row) for row in range(start, start + 100)],
                "embedding": list_column(vectors[start : start + 100]),
                "first": planted.labels[start : start + 100, 0],
                "second": planted.labels[start : start + 100, 1],
            }
        )
        for start in range(0, len(vectors), 100)
    ]
    expected = finish(add(create(), vectors, planted.labels[:, :2])).apply(vectors)

    def check(found: list[pa.RecordBatch]) -> None:
        table = pa.Table.from_batches(found)
        assert table.schema == batches[0].schema
        rows = table["doc_id"].cast(pa.int64()).to_numpy()
        erased = vectors_of(one_batch(table))
        assert sorted(rows.tolist()) == list(range(2000))
        assert np.abs(erased - expected[rows]).max() < 1e-5
        sums = add(create(), erased, planted.labels[rows, :2])
        assert np.abs(sums.covariances).max() < 1e-6

    with runner() as root:
        given = root | beam.Create(batches, reshuffle=True)
        eraser = given | FitEraser(("first", "second"))
        ranks = eraser | beam.Map(lambda one: one.rank)
        assert_that(ranks, equal_to([2]), label="rank")
        assert_that(given | EraseEmbeddings(eraser), check, label="erased")


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (pa.array([[1.0, 2.0]], pa.list_(pa.float32())), "is of type list"),
        (pa.array([[1.0]], pa.list_(pa.float64(), 1)), "is of type fixed_size_list"),
        (pa.array([None], pa.list_(pa.float32(), 1)), "has 1 nulls"),
        (pa.array(["text"]), "is of type string"),
    ],
)
def test_what_is_no_vector_is_not_summed(column: pa.Array, told: str) -> None:
    batch = pa.RecordBatch.from_pydict({"embedding": column, "a": [True]})
    with pytest.raises(InputError, match=told):
        add_batch(create(), batch, ("a",))
