"""What deduplication removes from whom, and the stop before it removes too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.side_tables import (
    decisions_path,
    read_side,
    read_survey,
)
from isinglass.schemas.errors import ConfigError, GateError
from isinglass.schemas.reasons import DUPLICATE_REASONS
from isinglass.transforms.dedup.removals import (
    cluster_statistics,
    removal_gates,
    removal_statistics,
    removal_sums,
)
from isinglass.transforms.statistics.gates import evaluate_gates
from isinglass.transforms.statistics.sums import Accumulator, add_into

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.pipelines.engine.side_tables import Extent
    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.schemas.config import DedupConfig
    from isinglass.schemas.manifest import GateResult
    from isinglass.schemas.statistic import Statistic

_REASONS = pa.array([str(reason) for reason in DUPLICATE_REASONS], pa.string())
MOST_NAMED = 5
MOST_KNOWN = 20


def removals(workspace: Workspace, places: Sequence[Extent]) -> list[Statistic]:
    """Removed shares by source, language and cluster size, from the decisions."""
    kept: list[pa.Array] = []
    for place in places:
        path = decisions_path(workspace, place.shard_id)
        kept += read_side(path, ["kept_doc_id"])["kept_doc_id"].chunks
    clusters = cluster_statistics(pa.chunked_array(kept, pa.string()))
    return [*removal_statistics(_sums(workspace, places)), *clusters]


def _sums(workspace: Workspace, places: Sequence[Extent]) -> Accumulator:
    total: Accumulator = {"all": {"documents": 0}, "source": {}, "language": {}}
    for place in places:
        survey = read_survey(workspace, [place], ["source", "language"])
        path = decisions_path(workspace, place.shard_id)
        reason = read_side(path, ["reason"])["reason"].combine_chunks()
        gone = pc.is_in(reason, value_set=_REASONS).to_numpy(zero_copy_only=False)
        names = (survey[name].combine_chunks() for name in ("source", "language"))
        add_into(total, removal_sums(gone, *names))
    return total


def stop_if_too_many(
    workspace: Workspace, places: Sequence[Extent], dedup: DedupConfig
) -> None:
    """Stop a run that would remove more than `dedup.max_removed` allows.

    Raises:
        GateError: Names what would be lost. Nothing was written to `data/`.
        ConfigError: A limit names a source that no document has.
    """
    gates = removal_gates(dedup)
    if not gates:
        return
    sums = _sums(workspace, places)
    results = evaluate_gates(gates, removal_statistics(sums))
    failed = [result for result in results if not result.passed]
    if not failed:
        return
    unknown = [result for result in failed if result.actual is None]
    if unknown:
        name = unknown[0].slice.get("source", "")
        known = ", ".join(sorted(sums["source"])[:MOST_KNOWN])
        raise ConfigError(
            f"dedup.max_removed.sources names {name}, but no document has that source. "
            f"Known: {known}."
        )
    losses = "; ".join(map(_loss, failed))
    worst = "; ".join(_worst(sums["source"]))
    raise GateError(
        f"Deduplication would remove too much: {losses}. Most lose: {worst}. Nothing "
        "was written to data/. `isinglass audit` with the same configuration and "
        "another output shows all of it; if it is right, raise dedup.max_removed and "
        "give --replace."
    )


def _loss(result: GateResult) -> str:
    what = result.slice.get("source") or f"a {result.slice.get('position')}"
    return f"{what} loses {result.actual or 0:.1%} (at most {result.value:.1%})"


def _worst(cells: dict[str, dict[str, int]]) -> list[str]:
    """The sources that lose most, with their counts."""
    counts = [
        (name, cell["removed"], cell["documents"]) for name, cell in cells.items()
    ]
    counts.sort(key=lambda row: (-row[1] / row[2], row[0]))
    return [
        f"{name or '(no source)'} {removed:,} of {documents:,}"
        for name, removed, documents in counts[:MOST_NAMED]
    ]
