"""The stages as PTransforms, for Beam pipelines of your own.

Elements are `pa.RecordBatch`es, encoded as Arrow IPC when they must cross a fusion
break. Each composite is a small dataclass; the arithmetic is in plain functions that
need no Beam. Models load once a worker. See `examples/beam_pipeline.py`.

The passes of `isinglass run` do not use these: they also commit, resume and reconcile,
which takes files rather than PCollections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam import coders

from isinglass.schemas.config import (
    DedupConfig,
    EncodeConfig,
    NormaliseConfig,
    PiiConfig,
)
from isinglass.schemas.documents import Layout, Shard
from isinglass.transforms.dedup import groups
from isinglass.transforms.dedup.survey import near_columns, near_fields
from isinglass.transforms.demographics.counts import (
    count_mentions,
    mention_columns,
    mention_fields,
)
from isinglass.transforms.demographics.lexicon import load_lexicons
from isinglass.transforms.edits import View, apply_edits
from isinglass.transforms.encode.tokenizers.tokenizer import load_tokenizer
from isinglass.transforms.leace import moments
from isinglass.transforms.leace.batches import add_batch, erase_batch
from isinglass.transforms.leace.eraser import finish
from isinglass.transforms.pii.operators.replacement import writer
from isinglass.transforms.pii.scan import load_detector, pii_edits
from isinglass.transforms.read import read_shard
from isinglass.transforms.seen import Seen, known_languages
from isinglass.transforms.survey import SURVEY, survey_columns

if TYPE_CHECKING:
    from isinglass.transforms.edits.edits import Write
    from isinglass.transforms.pii.detector import Detector


Batches = beam.PCollection[pa.RecordBatch]


class ArrowBatchCoder(coders.Coder):
    """Record batches as Arrow IPC streams.

    Without it Beam pickles a batch, which is many times slower and writes the whole
    parent of a slice.
    """

    def encode(self, value: pa.RecordBatch) -> bytes:
        """One batch as an IPC stream."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, value.schema) as writer:
            writer.write_batch(value)
        return bytes(sink.getvalue().to_pybytes())

    def decode(self, encoded: bytes) -> pa.RecordBatch:
        """Inverse of `encode`."""
        with pa.ipc.open_stream(encoded) as reader:
            return reader.read_next_batch()

    def is_deterministic(self) -> bool:
        """Equal batches give equal bytes."""
        return True

    def to_type_hint(self) -> type:
        """The type this coder is registered for."""
        return pa.RecordBatch


def register_coder() -> None:
    """Make Beam use `ArrowBatchCoder` for record batches; may be called often."""
    coders.registry.register_coder(pa.RecordBatch, ArrowBatchCoder)


@dataclass
class ReadDocuments(beam.PTransform[Any, Any]):
    """Begin a pipeline with the readable documents of planned shards.

    Rejected records are left out here; `isinglass run` puts them into quarantine.

    Attributes:
        shards: From `isinglass.pipelines.plan.plan`.
        layout: From the same plan.
    """

    shards: tuple[Shard, ...]
    layout: Layout

    def expand(self, pbegin: Any) -> Batches:
        """Create(shards) | Reshuffle | read."""
        register_coder()
        elements = [shard.to_json().encode() for shard in self.shards]
        return (
            pbegin
            | "Shards" >> beam.Create(elements).with_output_types(bytes)
            | "Spread"
            >> beam.Reshuffle().with_input_types(bytes).with_output_types(bytes)
            | "Read"
            >> beam.FlatMap(_read, self.layout).with_output_types(pa.RecordBatch)
        )


def _read(element: bytes, layout: Layout) -> Iterator[pa.RecordBatch]:
    for batch in read_shard(Shard.from_json(element), layout):
        if batch.documents.num_rows:
            yield batch.documents


@dataclass
class SurveyDocuments(beam.PTransform[Any, Any]):
    """Documents -> hashes, band hashes, language and mention counts; no text.

    Attributes:
        dedup: The `dedup` section; None leaves the band hashes out.
    """

    dedup: DedupConfig | None

    def expand(self, pcoll: Batches) -> Batches:
        """One survey batch a document batch.

        Columns of `transforms.survey.SURVEY`, then mention counts, then what
        near-duplicates are found by.
        """
        register_coder()
        return pcoll | "Survey" >> _mapped(_survey, self.dedup)


def _survey(documents: pa.RecordBatch, dedup: DedupConfig | None) -> pa.RecordBatch:
    seen = Seen(documents)
    normalise = NormaliseConfig() if dedup is None else dedup.normalise
    mentions, _ = count_mentions(seen.texts, seen.languages, load_lexicons())
    columns = survey_columns(seen, normalise) | mention_columns(mentions)
    fields = [*SURVEY, *mention_fields()]
    if dedup is not None:
        columns |= near_columns(seen.normalised(normalise), dedup)
        fields += near_fields(dedup)
    arrays = [columns[field.name] for field in fields]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


@dataclass
class FindCandidates(beam.PTransform[Any, Any]):
    """Survey batches -> pairs of documents that share a band hash (`CANDIDATES`).

    A pair may come from several buckets. Candidates are not duplicates yet: compare
    them with `transforms.dedup.candidates.compare` before anything is removed, or let
    `Deduplicate` do all of it.

    Attributes:
        buckets: Groups of the shuffle; more for a larger corpus.
        exact: Also pair documents whose whole texts have one hash.
    """

    buckets: int = 64
    exact: bool = False

    def expand(self, pcoll: Batches) -> Batches:
        """Pack | GroupByKey | pair up."""
        register_coder()
        packed = beam.FlatMap(groups.pack, self.buckets, exact=self.exact)
        return (
            pcoll
            | "Pack" >> packed.with_output_types(tuple[int, bytes])
            | "Group" >> beam.GroupByKey()
            | "Blobs" >> beam.Values()
            | "Pair" >> beam.FlatMap(groups.pair_up).with_output_types(pa.RecordBatch)
        )


class Deduplicated(NamedTuple):
    """What `Deduplicate` gives back.

    Attributes:
        kept: The documents that stay, in their batches.
        removed: `transforms.dedup.groups.REMOVED`, the evidence of all others.
    """

    kept: Batches
    removed: Batches


@dataclass
class Deduplicate(beam.PTransform[Any, Any]):
    """Documents -> `Deduplicated`; what goes, and for whom, is as in a run.

    Documents that candidate pairs lead to from one to the other are brought together
    and compared exactly. Only their texts cross a shuffle, once. One worker holds all
    pairs of ids, and one the texts of a group; each batch is held against the list of
    removed documents.

    Attributes:
        dedup: The `dedup` section.
        buckets: Groups of the shuffle of band hashes; more for a larger corpus.

    Raises:
        ConfigError: The section asks for what takes the order or the files of a run.
    """

    dedup: DedupConfig = field(default_factory=DedupConfig)
    buckets: int = 64

    def __post_init__(self) -> None:
        """Refuse what cannot be done here."""
        groups.check_section(self.dedup)

    def expand(self, pcoll: Batches) -> Deduplicated:
        """Survey | pair | connect, then the texts of each group | decide | remove."""
        register_coder()
        connected = (
            pcoll
            | "Survey" >> _mapped(groups.survey, self.dedup)
            | FindCandidates(self.buckets, exact=self.dedup.exact)
            | "Together" >> beam.Map(lambda pairs: (0, pairs)).with_output_types(_KEYED)
            | "All" >> beam.GroupByKey()
            | "Pairs" >> beam.Values()
            | "Connect" >> _mapped(groups.connect)
        )
        split = beam.FlatMap(groups.split, beam.pvalue.AsList(connected))
        removed = (
            pcoll
            | "Split" >> split.with_output_types(tuple[str, pa.RecordBatch])
            | "Gather" >> beam.GroupByKey()
            | "Texts" >> beam.Values()
            | "Decide" >> _mapped(groups.decide_group, self.dedup)
        )
        without = _mapped(groups.without, beam.pvalue.AsList(removed))
        return Deduplicated(pcoll | "Remove" >> without, removed)


_KEYED = tuple[int, pa.RecordBatch]


def _mapped(function: Callable[..., pa.RecordBatch], *arguments: Any) -> Any:
    return beam.Map(function, *arguments).with_output_types(pa.RecordBatch)


@dataclass
class RedactDocuments(beam.PTransform[Any, Any]):
    """Documents -> the same documents with PII changed in `text`.

    Documents that could not be scanned are left out: nothing unscanned gets through.

    Attributes:
        pii: The `pii` section.
        key: Secret key of the hash operator.
        clock: For example `time.monotonic`: bounds the time for a document by
            `pii.max_seconds_per_document`.
    """

    pii: PiiConfig
    key: bytes = field(repr=False)
    clock: Callable[[], float] | None = None

    def expand(self, pcoll: Batches) -> Batches:
        """Detect, resolve overlaps, apply operators."""
        register_coder()
        return pcoll | "Redact" >> beam.ParDo(
            _Redact(self.pii, self.key, self.clock)
        ).with_output_types(pa.RecordBatch)


class _Redact(beam.DoFn):
    def __init__(
        self, pii: PiiConfig, key: bytes, clock: Callable[[], float] | None
    ) -> None:
        self._pii, self._key, self._clock = pii, key, clock
        self._detector: Detector | None = None
        self._write: Write | None = None

    def setup(self) -> None:
        self._detector = load_detector(self._pii, self._clock)
        self._write = writer(self._pii, self._key)

    def process(self, element: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        assert self._detector is not None
        assert self._write is not None
        view = View.of(element, known_languages(element))
        applied = apply_edits(view, [pii_edits(self._detector, view, self._write)])
        index = element.schema.get_field_index("text")
        whole = element.take(pa.array(applied.alive))
        yield whole.set_column(index, element.schema.field(index), applied.texts)


@dataclass
class CountMentions(beam.PTransform[Any, Any]):
    """Documents -> doc_id and one count column a demographic group."""

    def expand(self, pcoll: Batches) -> Batches:
        """Columns are named `<axis>.<group>`."""
        register_coder()
        return pcoll | "Count" >> _mapped(_count)


def _count(documents: pa.RecordBatch) -> pa.RecordBatch:
    lexicons = load_lexicons()
    texts, languages = documents.column("text"), known_languages(documents)
    found, _ = count_mentions(texts, languages, lexicons)
    counts = found.dense(range(len(lexicons.groups)))
    columns = {"doc_id": documents.column("doc_id")}
    for index, (axis, group) in enumerate(lexicons.groups):
        columns[f"{axis}.{group}"] = pa.array(counts[:, index])
    return pa.RecordBatch.from_pydict(columns)


@dataclass
class TokenizeDocuments(beam.PTransform[Any, Any]):
    """Documents -> doc_id and token ids (`tables.TOKENS` columns).

    Attributes:
        encode: The `encode` section; only its tokenizer matters here.
    """

    encode: EncodeConfig

    def expand(self, pcoll: Batches) -> Batches:
        """Token ids with special tokens, not truncated."""
        register_coder()
        return pcoll | "Tokenize" >> beam.ParDo(
            _Tokenize(self.encode)
        ).with_output_types(pa.RecordBatch)


class _Tokenize(beam.DoFn):
    def __init__(self, config: EncodeConfig) -> None:
        self._config = config
        self._tokenizer: Any = None

    def setup(self) -> None:
        self._tokenizer = load_tokenizer(self._config)

    def process(self, element: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        encoded = self._tokenizer.encode(element.column("text"))
        offsets = pa.array(encoded.offsets.astype(np.int32))
        ids = pa.ListArray.from_arrays(offsets, pa.array(encoded.values))
        lengths = pa.array(np.diff(encoded.offsets).astype(np.int32))
        yield pa.RecordBatch.from_pydict(
            {"doc_id": element.column("doc_id"), "input_ids": ids, "n_tokens": lengths}
        )


@dataclass
class FitEraser(beam.PTransform[Any, Any]):
    """Vectors, and `labels` in columns of bools -> one `Eraser` of all of them."""

    labels: tuple[str, ...]

    def expand(self, pcoll: Batches) -> Any:
        """Sums are made where the vectors are, and only they are brought together."""
        return pcoll | "Add up" >> beam.CombineGlobally(_Moments(self.labels))


class _Moments(beam.CombineFn):
    def __init__(self, labels: tuple[str, ...]) -> None:
        self._labels = labels

    def create_accumulator(self) -> Any:
        return moments.create()

    def add_input(self, mutable_accumulator: Any, element: pa.RecordBatch) -> Any:
        return add_batch(mutable_accumulator, element, self._labels)

    def merge_accumulators(self, accumulators: Any) -> Any:
        return reduce(moments.merge, accumulators, moments.create())

    def extract_output(self, accumulator: Any) -> Any:
        return finish(accumulator)


@dataclass
class EraseEmbeddings(beam.PTransform[Any, Any]):
    """Vectors, and what `FitEraser` gave -> the vectors erased, in their batches."""

    eraser: Any

    def expand(self, pcoll: Batches) -> Batches:
        """Every worker has the eraser, which is small."""
        return pcoll | _mapped(erase_batch, beam.pvalue.AsSingleton(self.eraser))
