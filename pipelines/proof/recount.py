"""The records of a run against the bytes of its inputs, counted once more."""

from __future__ import annotations

from collections import Counter

from isinglass.pipelines.proof.check import Check, FinishedRun, conclude
from isinglass.transforms.read.counts import Content


def check_recount(run: FinishedRun) -> Check:
    """Every input has as many records as its bytes hold; no reader is asked.

    Without the inputs as they were it says why.
    """
    name = "recount"
    if isinstance(run.plan, str):
        return Check(name, "skipped", run.plan)
    held: Counter[tuple[str, str]] = Counter()
    for shard in run.plan.shards:
        for piece in shard.pieces:
            rows = Content(piece).records() if piece.rows is None else piece.rows
            held[shard.source, piece.relative] += rows or 0
    faults = [
        f"{file.path} ({file.source}): {file.rows} records, of which its bytes hold "
        f"{held[file.source, file.path]}"
        for file in run.manifest.inputs
        if file.rows != held[file.source, file.path]
    ]
    seen = f"{held.total():,} records in the bytes of {len(held):,} inputs"
    return conclude(name, faults, seen)
