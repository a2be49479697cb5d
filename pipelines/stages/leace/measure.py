"""What erasing did: told before and after, by probes, neighbours and covariances."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from isinglass.pipelines.engine.workspace import Workspace, read_json
from isinglass.pipelines.stages.leace.associations import association_shifts
from isinglass.pipelines.stages.leace.concept import Concept, usable
from isinglass.pipelines.stages.leace.work import (
    eraser_path,
    held_out,
    held_out_eraser,
    left_covariances,
    read_whole,
)
from isinglass.schemas.encoding import ErasedGroup, LeaceSummary
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.leace.eraser import changed_share, read_eraser
from isinglass.transforms.statistics.characteristics import share, statistic
from isinglass.transforms.statistics.probes import neighbour_recall, probe

if TYPE_CHECKING:
    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.schemas.config import EncodeConfig

MEASURE = "leace_measure"
INPUT, OUTPUT = "input", "output"
"""As a statistic has it: of vectors before erasing, and after."""

MOST_PROBED = 12
"""Groups that are probed: the most frequent ones. A probe takes seconds."""

QUERIES = 1000
"""Held-out rows whose neighbours are looked for among all that are held out."""


def measure(
    outputs: UnitOutputs, shards: Sequence[str], concept: Concept, encode: EncodeConfig
) -> dict[str, int]:
    """Probe held-out rows before and after, and compare neighbours and associations."""
    workspace = outputs.workspace
    vectors, labels = held_out(workspace, shards)
    with threadpool_limits(1):
        after = held_out_eraser(workspace).apply(vectors)
        whole = read_whole(workspace)
        often = np.argsort(-whole.labelled, kind="stable")[:MOST_PROBED]
        probed: dict[str, Any] = {}
        for place in often[usable(whole.labelled, whole.rows)[often]].tolist():
            pair = [probe(some, labels[:, place]) for some in (vectors, after)]
            if pair[0] is not None:
                probed[concept.groups[place]] = pair
        eraser = read_eraser(eraser_path(workspace))
        kept, of = neighbour_recall(vectors, eraser.apply(vectors), QUERIES)
    found = {
        "probed": probed,
        "neighbours": [kept, of],
        "held_out": len(vectors),
        "associations": association_shifts(encode, eraser),
    }
    outputs.write_bytes(_path(workspace), json.dumps(found, sort_keys=True))
    return {}


def _path(workspace: Workspace) -> Path:
    return workspace.mapped(MEASURE, "measured.json")


def summarise(
    workspace: Workspace, shards: Sequence[str], concept: Concept, rows: int
) -> LeaceSummary:
    """What the manifest tells; `rows` were erased."""
    whole, found = read_whole(workspace), read_json(_path(workspace))
    eraser = read_eraser(eraser_path(workspace))
    left = left_covariances(workspace, shards, whole.rows)
    erased = usable(whole.labelled, whole.rows)
    kept, of = found["neighbours"]
    groups = [
        ErasedGroup(
            group=group,
            rows=int(count),
            erased=bool(used),
            **_probed(found["probed"].get(group)),
        )
        for group, count, used in zip(
            concept.groups, whole.labelled, erased, strict=True
        )
    ]
    return LeaceSummary(
        axis=concept.axis,
        groups=groups,
        rows=rows,
        fitted_on=whole.rows,
        held_out=found["held_out"],
        dimensions=eraser.dimensions,
        rank=eraser.rank,
        covariance_before=_greatest(whole.covariances[:, erased]),
        covariance_after=_greatest(left[:, erased]),
        variance_taken=changed_share(whole, eraser),
        neighbours=of,
        neighbours_kept=kept,
        associations=found["associations"],
    )


def _greatest(values: np.ndarray) -> float:
    return float(np.abs(values).max(initial=0.0))


def _probed(pair: Sequence[Sequence[int]] | None) -> Mapping[str, int]:
    if pair is None:
        return {}
    (rows, linear, near), (_, linear_after, near_after) = pair
    return {
        "probed": rows,
        "linear_before": linear,
        "linear_after": linear_after,
        "nearest_before": near,
        "nearest_after": near_after,
    }


def statistics_of(summary: LeaceSummary) -> list[Statistic]:
    """The numbers before erasing as of the input, those after as of the output."""
    axis = {"axis": summary.axis}
    told = []
    for when, value in (
        (INPUT, summary.covariance_before),
        (OUTPUT, summary.covariance_after),
    ):
        told.append(statistic("leace.covariance", value, "covariance", when, **axis))
    taken = summary.variance_taken
    told.append(statistic("leace.variance_taken", taken, "share", OUTPUT, **axis))
    if summary.neighbours:
        counts = summary.neighbours_kept, summary.neighbours
        # Neighbours of one row are not independent of each other.
        recall = share("leace.recall_at_10", counts, OUTPUT, interval=False, **axis)
        told.append(recall)
    for group in summary.groups:
        told += _of_group(group, axis | {"group": group.group})
    for one in summary.associations:
        slices = axis | {"group": one.test}
        for when, value in ((INPUT, one.before), (OUTPUT, one.after)):
            unit = "standard deviations"
            told.append(statistic("leace.association", value, unit, when, **slices))
    return told


def _of_group(group: ErasedGroup, slices: Mapping[str, Any]) -> list[Statistic]:
    rows = group.probed
    if rows is None:
        return []
    told = []
    for when, linear, near in (
        (INPUT, group.linear_before, group.nearest_before),
        (OUTPUT, group.linear_after, group.nearest_after),
    ):
        counts = linear or 0, rows
        one = share("leace.probe_accuracy", counts, when, **slices)
        # As many rows mention the group as do not.
        gain = statistic("leace.probe_gain", one.value - 0.5, "share", when, **slices)
        other = share("leace.neighbour_accuracy", (near or 0, rows), when, **slices)
        told += [one, gain, other]
    return told
