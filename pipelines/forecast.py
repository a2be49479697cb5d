"""How long a run will take and how much it will write, from a short sample of it.

The whole corridor is run over the beginnings of a few shards, in this process, in a
folder that is gone afterwards: once so that everything is loaded, then over little and
over more of them. What more documents cost is scaled to all of them and divided by the
workers, and by how much of a processor there is beside what else the machine does. It
is an estimate: documents further in may be others, pairs of near-duplicates grow faster
than documents, and a run that goes on does only what is left.
"""

from __future__ import annotations

import logging
import os
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console

from isinglass.pipelines.engine.passes import Session
from isinglass.pipelines.engine.runner import WORKER_SECONDS, Execution
from isinglass.pipelines.engine.workspace import Workspace, free_bytes
from isinglass.pipelines.run import Job, Prepared, Request, passes_of
from isinglass.schemas.config import BeamConfig
from isinglass.schemas.documents import Shard
from isinglass.schemas.errors import IsinglassError, RetryError
from isinglass.schemas.manifest import PassRecord
from isinglass.transforms.read import read_shard

if TYPE_CHECKING:
    from isinglass.pipelines.plan import Plan

LOGGER = logging.getLogger("isinglass")

SHARDS = 3
"""The sample is the beginning of so many shards, over all of the corpus."""

FIRST_BYTES, FEW_BYTES, LEAST_BYTES, MOST_BYTES = 2**14, 2**15, 2**17, 2**22
"""Of text: to load everything, for what a pass costs by itself, and between which
bounds the sample is."""

SECONDS = 3.0
"""CPU seconds that the documents of the sample should take."""

SPIN_SECONDS = 0.1
"""CPU seconds by which it is seen how much of a processor there is."""

START_SECONDS = 3.0
"""Until worker processes are at work."""


@dataclass(frozen=True)
class PassTime:
    """About how many seconds a pass will take."""

    name: str
    seconds: float


@dataclass(frozen=True)
class Forecast:
    """What a run will probably take.

    Attributes:
        documents: Of the sample.
        expected: Documents of the whole run.
        passes: All passes and steps, in their order.
        written: Bytes that will be written.
        said: What stages say of the sample.
    """

    documents: int
    expected: int
    passes: tuple[PassTime, ...]
    written: int
    said: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Of all passes together."""
        return sum(one.seconds for one in self.passes)


@dataclass(frozen=True)
class _Trial:
    """One run over a sample, and what its passes did."""

    documents: int
    records: tuple[PassRecord, ...]
    said: tuple[str, ...] = ()

    @property
    def written(self) -> int:
        """Bytes of all files."""
        return sum(record.bytes for record in self.records)

    @property
    def cpu(self) -> float:
        """CPU seconds of all units."""
        return sum(record.cpu_seconds for record in self.records)


def forecast(request: Request, prepared: Prepared, folder: Path) -> Forecast | None:
    """Run a sample in an empty folder; None if there is nothing to sample, or it fails.

    Why it fails is logged: a sample may lack what a whole corpus has.
    """
    shards = _spread(prepared.plan.shards)
    expected = _documents(prepared.plan, shards)
    if not expected:
        return None
    sample = _Sample(prepared, shards, expected, folder)
    try:
        with _quiet():
            first, few = sample.run(FIRST_BYTES), sample.run(FEW_BYTES)
            more = sample.run(LEAST_BYTES)
            spent = max(more.cpu - few.cpu, 1e-3)
            size = min(int(LEAST_BYTES * SECONDS / spent), MOST_BYTES)
            if size > 2 * LEAST_BYTES:
                more = sample.run(size)
    except IsinglassError as error:
        LOGGER.warning("No time can be told, a sample was stopped: %s", error)
        return None
    times = _times(request, prepared, (first, few, more), expected)
    written = _scaled(few.written, more.written, (few, more), expected)
    return Forecast(more.documents, expected, times, int(written), more.said)


def check_space(request: Request, found: Forecast) -> None:
    """Refuse a run that its disk has no room for.

    Raises:
        RetryError: As a run would when the disk is full.
    """
    free = free_bytes(request.output)
    if found.written > free:
        raise RetryError(
            f"{request.output} would take about {found.written / 1e9:.1f} GB, and "
            f"{free / 1e9:.1f} GB are free there. Free some space, or choose another "
            "output."
        )


def _spread(shards: Sequence[Shard]) -> list[Shard]:
    """Some shards that can be read, from the first to the last."""
    sound = [
        shard for shard in shards if any(not piece.problem for piece in shard.pieces)
    ]
    chosen = np.linspace(0, len(sound) - 1, min(SHARDS, len(sound))).astype(int)
    return [sound[number] for number in chosen]


@dataclass(frozen=True)
class _Sample:
    """Shards of a run, which holds so many documents, and a folder to try them in."""

    prepared: Prepared
    shards: list[Shard]
    expected: int
    folder: Path

    def run(self, size: int) -> _Trial:
        """Run all passes over so many bytes of text."""
        prepared, each = self.prepared, size // len(self.shards)
        shards = tuple(replace(shard, most_bytes=each) for shard in self.shards)
        documents = sum(_read(shard, prepared.plan)[0] for shard in shards)
        share = min(1.0, documents / self.expected)
        here = replace(
            prepared,
            plan=replace(prepared.plan, shards=shards),
            stages=tuple(stage.scaled(share) for stage in prepared.stages),
        )
        session = Session(
            Workspace(str(self.folder / str(size))),
            Execution(BeamConfig(mode="in_memory")),
            Console(quiet=True),
        )
        finished = Job(here, session).passes()
        said = (
            line
            for stage in self.prepared.stages
            for line in stage.sample_says(finished.driver)
        )
        return _Trial(documents, tuple(session.records), tuple(said))


def _read(shard: Shard, plan: Plan) -> tuple[int, int]:
    """Documents of a sampled shard, and how large they are when compressed."""
    documents = size = 0
    for batch in read_shard(shard, plan.layout):
        documents += batch.documents.num_rows
        texts = batch.documents.column("text").to_pylist()
        size += len(zlib.compress("\n".join(texts).encode(), 1))
    return documents, size


def _documents(plan: Plan, shards: Sequence[Shard]) -> int:
    """About how many documents all shards hold.

    Where the format does not tell, as of compressed lines, what the first documents
    take when compressed does.
    """
    pieces = [piece for shard in plan.shards for piece in shard.pieces]
    known = sum(piece.rows or 0 for piece in pieces)
    unknown = sum(piece.bytes for piece in pieces if piece.rows is None)
    if not unknown:
        return known
    beginnings = [replace(shard, most_bytes=LEAST_BYTES) for shard in shards]
    read = [_read(shard, plan) for shard in beginnings]
    documents, size = (sum(numbers) for numbers in zip(*read, strict=True))
    return known + int(unknown * documents / max(size, 1))


def _times(
    request: Request,
    prepared: Prepared,
    trials: tuple[_Trial, _Trial, _Trial],
    expected: int,
) -> tuple[PassTime, ...]:
    """What each pass takes, by three trials: to load, over few documents, over more."""
    first, few, more = trials
    config, shards = request.execution.config, len(prepared.plan.shards)
    over_units = passes_of(prepared.stages, request.verb)
    before = {record.name: record.cpu_seconds for record in few.records}
    # What a pass takes at first, in every worker at once, and not for its documents.
    loading = {
        r.name: max(0.0, r.seconds - before.get(r.name, 0.0)) for r in first.records
    }
    most, starting, stalled = config.workers, START_SECONDS, _stalled()
    most = min(most, os.cpu_count() or 1)
    times = []
    for record in more.records:
        small = before.get(record.name, 0.0)
        work = _scaled(small, record.cpu_seconds, (few, more), expected)
        # A sample has as many units as shards, but in passes over buckets.
        units = shards if record.units == min(SHARDS, shards) else record.units
        workers = min(most, max(1, units)) if record.name in over_units else 1
        if config.mode == "in_memory" or (
            config.mode == "auto" and work < WORKER_SECONDS * workers
        ):
            workers = 1
        seconds = loading.get(record.name, 0.0) + work * stalled / workers
        if workers > 1:
            seconds, starting = seconds + starting * stalled, 0.0
        times.append(PassTime(record.name, seconds))
    return tuple(times)


def _scaled(
    small: float, large: float, trials: tuple[_Trial, _Trial], expected: int
) -> float:
    """What two trials say of as many documents as are expected, on a straight line."""
    few, more = (trial.documents for trial in trials)
    slope = max(0.0, large - small) / max(1, more - few)
    return large + slope * max(0, expected - more)


def _stalled() -> float:
    """Seconds that a CPU second takes beside what else the machine does."""
    wall, cpu = time.monotonic(), time.thread_time()
    while time.thread_time() - cpu < SPIN_SECONDS:
        pass
    return max(1.0, (time.monotonic() - wall) / (time.thread_time() - cpu))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what is said of a sample from the log: the run may say other things."""
    before = LOGGER.level
    LOGGER.setLevel(logging.ERROR)
    try:
        yield
    finally:
        LOGGER.setLevel(before)
