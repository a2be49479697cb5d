"""Passes over buckets of keys: entries of all shards meet in Beam's GroupByKey."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from isinglass.pipelines.engine.mapped_tables import Extent
from isinglass.pipelines.engine.units import PassWork, Unit, run_unit

if TYPE_CHECKING:
    import apache_beam as beam

    from isinglass.pipelines.engine.workspace import Workspace

    Emit = Callable[[Extent, list[int]], Iterator[tuple[int, bytes]]]


BUCKET_BYTES = 16 * 2**20
LEAST_BUCKETS = 4


def bucket_count(size: int) -> int:
    """Buckets for entries of so many bytes; the number depends on the corpus alone."""
    return max(LEAST_BUCKETS, -(-size // BUCKET_BYTES))


def bucket_graph(
    work: PassWork,
    workspace: Workspace,
    places: Sequence[Extent],
    emit: Emit,
    pipeline: beam.Pipeline,
    pending: list[Unit],
) -> object:
    """Add Create(shards) | emit | GroupByKey | run of the pending buckets.

    Their names end in their numbers. `emit` yields a blob for each of the buckets, an
    empty one included, so that all of them are run; `work` is run with all entries of
    a bucket, in any order, for its state.
    """
    import apache_beam as beam  # noqa: PLC0415 - nothing is checked by it

    from isinglass.pipelines.engine.graph import spread  # noqa: PLC0415

    name, units = work.name, {bucket_number(unit): unit for unit in pending}
    elements = [json.dumps(asdict(place)).encode() for place in places]
    entries = beam.FlatMap(_entries, emit, sorted(units))
    run = beam.Map(_run_bucket, work, units, workspace)
    return (
        spread(pipeline, name, elements)
        | f"{name}/Emit" >> entries.with_output_types(tuple[int, bytes])
        | f"{name}/Group" >> beam.GroupByKey()
        | f"{name}/Run" >> run.with_output_types(bytes)
    )


def _entries(
    place: bytes, emit: Emit, wanted: list[int]
) -> Iterator[tuple[int, bytes]]:
    """Shard -> (bucket, packed entries), for the buckets that are still to do."""
    yield from emit(Extent(**json.loads(place)), wanted)


def _run_bucket(
    bucket: tuple[int, Iterable[bytes]],
    work: PassWork,
    units: dict[int, Unit],
    workspace: Workspace,
) -> bytes:
    """(bucket, blobs) -> the committed unit of that bucket; returns its name."""
    number, blobs = bucket
    unit = units[number]
    make = partial(work.run, b"".join(blobs), unit.payload)
    run_unit(work.name, unit, workspace, make)
    return unit.name.encode()


def bucket_number(unit: Unit) -> int:
    """Number of the bucket of a unit."""
    return int(unit.name.rpartition("-")[2])
