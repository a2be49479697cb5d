"""Rank, match and resolve synthetic signatures in this process, by the real passes.

A part of benchmarks/dedup.py that is started in a fresh process of its own: once to
write the mapped tables of the survey, once to measure what reads them.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from rich.console import Console

from benchmarks.deduplication.signatures import CASES, write_survey
from benchmarks.measuring.processes import cpu_seconds, peak_mb
from isinglass.pipelines.engine.mapped_tables import extents
from isinglass.pipelines.engine.passes import Session
from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.engine.workspace import Workspace
from isinglass.pipelines.plan import Plan
from isinglass.pipelines.seam import Driver
from isinglass.pipelines.stages.dedup import match as matching
from isinglass.pipelines.stages.dedup.rank import (
    RANK,
    compared_ranks,
    load_identified,
    rank_documents,
)
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import RunConfig
from isinglass.schemas.config.dedup import DedupConfig
from isinglass.schemas.documents import Layout, Shard
from isinglass.transforms.dedup.decide import NO_RANK
from isinglass.transforms.dedup.keepers import Similarity, resolve_near

CODE = "benchmark"
SURVEYS, GROUPS = "surveys.json", "groups.npy"


def prepare(folder: Path, case: str, documents: int) -> dict[str, Any]:
    """Write mapped tables, their commits and the groups into an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    dedup = DedupConfig()
    made = CASES[case](documents, dedup.bands, dedup.seed)
    commits = write_survey(made, Workspace(str(folder)))
    dumped = {name: commit.model_dump(mode="json") for name, commit in commits.items()}
    (folder / SURVEYS).write_text(json.dumps(dumped))
    np.save(folder / GROUPS, made.group)
    return {"documents": made.documents}


def match(folder: Path) -> dict[str, Any]:
    """Rank, match in waves, merge, and remove as if every pair were verified.

    Nothing of an earlier call is taken over.

    Returns:
        CPU seconds of each step, entries, pairs and removals.
    """
    dedup = DedupConfig()
    driver = _driver(folder)
    workspace, places = driver.workspace, list(driver.places)
    for name in (RANK, matching.MATCH):
        shutil.rmtree(workspace.pass_folder(name), ignore_errors=True)
    clock = [cpu_seconds()]
    ranked = rank_documents(driver, dedup, np.ones(driver.documents, np.bool_))
    clock.append(cpu_seconds())
    documents = ranked.counts["records_in"]
    waves = matching.plan_waves(documents, 0, dedup)
    units = matching.bucket_units(waves, documents, [], CODE)
    done = matching.match_documents(driver.session, places, waves, units, 0)
    matching.check_entries(workspace, places, done, dedup)
    clock.append(cpu_seconds())
    pairs = matching.load_pairs(workspace, units, waves, places)
    clock.append(cpu_seconds())
    found = load_identified(workspace)
    alike = Similarity(np.ones(len(pairs)))
    removals = resolve_near(pairs, alike, dedup, found.ranked)
    clock.append(cpu_seconds())
    steps = dict(
        zip(("rank", "match", "merge", "resolve"), np.diff(clock).tolist(), strict=True)
    )
    return {
        "steps": steps,
        "cpu": sum(steps.values()),
        "waves": len(waves),
        "entries": sum(commit.counts["entries"] for commit in done.values()),
        "pairs": len(pairs),
        "removed": int((removals.kept >= 0).sum()),
        **_truth(folder, documents, pairs),
    }


def _driver(folder: Path) -> Driver:
    """What a stage has at hand after the survey."""
    dumped = json.loads((folder / SURVEYS).read_text())
    surveys = {name: Commit.model_validate(one) for name, one in dumped.items()}
    values = {
        "inputs": [{"path": "-"}],
        "output": str(folder),
        "beam": {"mode": "in_memory"},
    }
    config = RunConfig.model_validate(values)
    execution = Execution(config.beam)
    quiet = Console(stderr=True, quiet=True)
    session = Session(Workspace(str(folder)), execution, quiet)
    shards = tuple(Shard(name, "synthetic", 0, ()) for name in surveys)
    made = Plan(shards, Layout((), pa.schema([]), {}, 0), ())
    places = tuple(extents(list(surveys), surveys))
    return Driver(session, made, config, "clean", CODE, surveys, places)


def _truth(folder: Path, documents: int, pairs: np.ndarray) -> dict[str, int]:
    """What should have been removed, and pairs of documents of different groups."""
    found = load_identified(Workspace(str(folder)))
    group = np.load(folder / GROUPS)
    ranks = compared_ranks(found, 0, documents)
    compared = ranks != NO_RANK
    by_rank = np.full(documents, -1, np.int64)
    by_rank[ranks[compared]] = group[compared]
    sizes = np.bincount(group[compared & (group >= 0)])
    left, right = by_rank[pairs[:, 0]], by_rank[pairs[:, 1]]
    return {
        "expected": int((sizes[sizes > 0] - 1).sum()),
        "false_pairs": int(((left != right) | (left < 0)).sum()),
    }


def main() -> None:
    """Answer `{"prepare": {...}}` or `{"folder": ..., "warm": ...}`."""
    question = json.load(sys.stdin)
    if "prepare" in question:
        asked = question["prepare"]
        folder = Path(asked["folder"])
        answer = prepare(folder, asked["case"], asked["documents"])
    else:
        match(Path(question["warm"]))
        answer = match(Path(question["folder"]))
    print(json.dumps({**answer, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main()
