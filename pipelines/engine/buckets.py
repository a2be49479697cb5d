"""Passes over buckets of keys: entries of all shards meet in Beam's GroupByKey."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import apache_beam as beam

from isinglass.pipelines.engine.runner import spread
from isinglass.pipelines.engine.side_tables import Extent
from isinglass.pipelines.engine.units import Unit, run_unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from isinglass.pipelines.engine.units import PassWork
    from isinglass.pipelines.engine.workspace import Workspace

    Emit = Callable[[Extent, list[int]], Iterator[tuple[int, bytes]]]


class _EmitEntries(beam.DoFn):
    """Shard -> (bucket, packed entries), for the buckets that are still to do."""

    def __init__(self, emit: Emit, wanted: list[int]) -> None:
        self._emit = emit
        self._wanted = wanted

    def process(self, element: bytes) -> Iterator[tuple[int, bytes]]:
        yield from self._emit(Extent(**json.loads(element)), self._wanted)


class _RunBucket(beam.DoFn):
    """(bucket, blobs) -> the committed unit of that bucket; yields its name."""

    def __init__(
        self, work: PassWork, units: dict[int, Unit], workspace: Workspace
    ) -> None:
        self._work = work
        self._units = units
        self._workspace = workspace

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[bytes]:
        number, blobs = element
        unit = self._units[number]
        run_unit(self._work, b"".join(blobs), unit, self._workspace)
        yield unit.name.encode()


@dataclass(frozen=True)
class BucketGraph:
    """Builds the pipeline of some buckets: Create(shards) | emit | GroupByKey | run.

    Attributes:
        work: Is run with all entries of a bucket, in any order, for its state.
        workspace: The run folder.
        places: Shards.
        emit: Yields a blob for each of the given buckets, an empty one included, so
            that all of them are run.
    """

    work: PassWork
    workspace: Workspace
    places: Sequence[Extent]
    emit: Emit

    def __call__(self, pipeline: beam.Pipeline, pending: list[Unit]) -> object:
        """Add the graph for the pending buckets, whose names end in their numbers."""
        name, units = self.work.name, {bucket_number(unit): unit for unit in pending}
        elements = [json.dumps(asdict(place)).encode() for place in self.places]
        emit = beam.ParDo(_EmitEntries(self.emit, sorted(units)))
        run = beam.ParDo(_RunBucket(self.work, units, self.workspace))
        return (
            spread(pipeline, name, elements)
            | f"{name}/Emit" >> emit.with_output_types(tuple[int, bytes])
            | f"{name}/Group" >> beam.GroupByKey()
            | f"{name}/Run" >> run.with_output_types(bytes)
        )


def bucket_number(unit: Unit) -> int:
    """Number of the bucket of a unit."""
    return int(unit.name.rpartition("-")[2])
