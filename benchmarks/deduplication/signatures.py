"""Synthetic signatures with known duplicate groups, written as survey mapped tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from isinglass.pipelines.engine.mapped_tables import SURVEY, survey_path, write_mapped
from isinglass.pipelines.engine.units import Failure, Unit, run_unit
from isinglass.schemas.config.dedup import DedupConfig
from isinglass.transforms.dedup.shingles import WORD_UNIT
from isinglass.transforms.dedup.survey import band_name, near_fields
from isinglass.transforms.survey import SURVEY as CORRIDOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.schemas.commit import Commit

SHARD = 50_000
BATCH = 5_000
SIZES = (2, 3, 4, 5)
LARGEST = 2**64 - 1


@dataclass(frozen=True, eq=False)
class Signatures:
    """Band hashes of documents.

    Attributes:
        bands: Shape (bands, documents), uint64.
        hashes: Shape (documents, 2): content hash of each document, in two words.
        group: Shape (documents,): duplicate group of each, -1 for none.
    """

    bands: NDArray[np.uint64]
    hashes: NDArray[np.uint64]
    group: NDArray[np.int64]

    @property
    def documents(self) -> int:
        """Number of documents."""
        return int(self.bands.shape[1])


def _random(generator: np.random.Generator, *shape: int) -> NDArray[np.uint64]:
    return generator.integers(0, LARGEST, shape, np.uint64, endpoint=True)


def grouped(documents: int, bands: int, seed: int) -> Signatures:
    """A tenth of the documents in groups of 2 to 5, the others alone.

    Every other group shares all bands, the rest a random number of them, at least
    one. All members of a group share the same bands.
    """
    generator = np.random.default_rng(seed)
    sizes = np.resize(SIZES, max(1, documents // 10 * len(SIZES) // sum(SIZES)))
    members = np.repeat(np.arange(len(sizes)), sizes)
    group = np.full(documents, -1, np.int64)
    group[generator.permutation(documents)[: len(members)]] = members
    shared = generator.random((len(sizes), bands)).argsort(axis=1)
    count = generator.integers(1, bands, len(sizes), endpoint=True)
    count[::2] = bands
    values = _random(generator, bands, documents)
    inside = np.flatnonzero(group >= 0)
    for band in range(bands):
        common = _random(generator, len(sizes))
        here = inside[(shared[:, band] < count)[group[inside]]]
        values[band, here] = common[group[here]]
    return Signatures(values, _random(generator, documents, 2), group)


def one_signature(documents: int, bands: int, seed: int) -> Signatures:
    """Different texts that all have the same signature."""
    generator = np.random.default_rng(seed)
    values = np.repeat(_random(generator, bands, 1), documents, axis=1)
    group = np.zeros(documents, np.int64)
    return Signatures(values, _random(generator, documents, 2), group)


def one_band(documents: int, bands: int, seed: int) -> Signatures:
    """Different texts that all share one band and nothing else."""
    generator = np.random.default_rng(seed)
    values = _random(generator, bands, documents)
    values[bands // 2] = values[bands // 2, 0]
    group = np.zeros(documents, np.int64)
    return Signatures(values, _random(generator, documents, 2), group)


def one_text(documents: int, bands: int, seed: int) -> Signatures:
    """Copies of one text: signature and content hash are the same."""
    made = one_signature(documents, bands, seed)
    hashes = np.repeat(made.hashes[:1], documents, axis=0)
    return Signatures(made.bands, hashes, made.group)


CASES = {
    "grouped": grouped,
    "one signature": one_signature,
    "one band": one_band,
    "one text": one_text,
}


@dataclass(frozen=True, eq=False)
class SyntheticSurvey:
    """Writes the mapped tables that the survey pass would write for these documents."""

    made: Signatures
    name: str = SURVEY

    def run(self, state: None, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        """Write one shard; the payload is the index of its first document."""
        del state
        start = int(payload)
        stop = min(start + SHARD, self.made.documents)
        path = survey_path(outputs.workspace, shard_name(start))
        schema = pa.schema([*CORRIDOR, *near_fields(DedupConfig())])
        write_mapped(outputs, path, schema, self._batches(start, stop, schema))
        return {"records_in": stop - start, "documents": stop - start}

    def _batches(
        self, start: int, stop: int, schema: pa.Schema
    ) -> Iterator[pa.RecordBatch]:
        for low in range(start, stop, BATCH):
            high = min(low + BATCH, stop)
            given = self._columns(low, high)
            columns = [
                given.get(field.name, blank_column(field.type, high - low))
                for field in schema
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    def _columns(self, low: int, high: int) -> dict[str, pa.Array]:
        made, numbers = self.made, np.arange(low, high)
        columns: dict[str, Any] = {
            "row": numbers,
            "doc_high": numbers.astype(np.uint64),
            "doc_low": numbers.astype(np.uint64),
            "hash_high": made.hashes[low:high, 0],
            "hash_low": made.hashes[low:high, 1],
            # Lengths decide the ranks; spread them, so that ranks follow no order.
            "characters": numbers * 7919 % 100_003 + 1,
            "unit": np.full(high - low, WORD_UNIT, np.uint8),
        }
        for band, values in enumerate(made.bands):
            columns[band_name(band)] = values[low:high]
        return {name: pa.array(values) for name, values in columns.items()}


def blank_column(kind: pa.DataType, rows: int) -> pa.Array:
    """A column of zeros, false, empty strings, or lists of zeros."""
    if pa.types.is_boolean(kind):
        return pa.array(np.zeros(rows, np.bool_))
    if pa.types.is_string(kind):
        return pa.array([""] * rows, kind)
    if pa.types.is_fixed_size_list(kind):
        values = np.zeros(rows * kind.list_size, kind.value_type.to_pandas_dtype())
        return pa.FixedSizeListArray.from_arrays(
            pa.array(values, kind.value_type), type=kind
        )
    return pa.array(np.zeros(rows, kind.to_pandas_dtype()), kind)


def shard_name(start: int) -> str:
    """Name of the shard that begins with a document."""
    return f"synthetic-{start // SHARD:05d}"


def write_survey(made: Signatures, workspace: Workspace) -> dict[str, Commit]:
    """Write all mapped tables under the commit protocol of the passes.

    Raises:
        RuntimeError: A shard could not be written.
    """
    work = SyntheticSurvey(made)
    commits = {}
    for start in range(0, made.documents, SHARD):
        name = shard_name(start)
        unit = Unit(name, str(start), f"{name} of {made.documents}")
        make = partial(work.run, None, unit.payload)
        outcome = run_unit(work.name, unit, workspace, make)
        if isinstance(outcome, Failure):
            raise outcome.to_error(SURVEY)
        commits[name] = outcome
    return commits
