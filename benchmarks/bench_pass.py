"""What Beam costs: the same read-map-write functions in a plain loop and as a pass.

Each way runs in a process of its own over the same linked Parquet files; reported are
CPU seconds of the process and its children, ratios to the plain loop, and peak memory
of the largest process. Run:

    python benchmarks/bench_pass.py --corpus FILE.parquet --megabytes 1000
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.passes import Session, run_pass
from isinglass.pipelines.engine.progress import Progress
from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.engine.units import Unit, run_unit
from isinglass.pipelines.engine.workspace import Workspace
from isinglass.pipelines.plan import plan
from isinglass.schemas.config import BeamConfig, RunConfig
from isinglass.schemas.documents import Layout, Shard
from isinglass.schemas.tables import DOCUMENTS, with_carried
from isinglass.transforms.read import read_shard

if TYPE_CHECKING:
    from isinglass.pipelines.engine.commits import UnitOutputs

WAYS = {
    "plain loop": None,
    "in_memory": ("in_memory", 1),
    "multi_processing 2": ("multi_processing", 2),
}
DEFAULT_CORPUS = Path(__file__).parents[2] / "shared" / "data" / "corpus"


@dataclass(frozen=True)
class UpperCase:
    """Read a shard, upper-case its source names, write it."""

    layout: Layout
    name: str = "upper"

    def run(self, state: None, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        """One shard in, one Parquet file out."""
        del state
        shard = Shard.from_json(payload)
        schema = with_carried(DOCUMENTS, self.layout.carried)
        path = outputs.workspace.table("data", shard.shard_id)
        writer = outputs.open_table(path, schema)
        for batch in read_shard(shard, self.layout):
            documents = batch.documents
            index = documents.schema.get_field_index("source")
            upper = pc.utf8_upper(documents.column("source"))
            writer.write(documents.set_column(index, schema.field("source"), upper))
        return {"records_in": writer.rows}


def link_corpus(source: Path, folder: Path, megabytes: float) -> tuple[int, float]:
    """Link the corpus files as often as needed; returns files and MB of text."""
    files = sorted(source.glob("*.parquet")) if source.is_dir() else [source]
    sizes = [_text_megabytes(path) for path in files]
    total, count = 0.0, 0
    while total < megabytes:
        path = files[count % len(files)]
        (folder / f"part-{count:05d}.parquet").symlink_to(path.resolve())
        total += sizes[count % len(files)]
        count += 1
    return count, total


def _text_megabytes(path: Path) -> float:
    column = pq.read_table(path, columns=["text"])["text"]
    return float(pc.sum(pc.binary_length(column)).as_py()) / 1e6


def run_way(way: str, corpus: Path, output: Path) -> dict[str, Any]:
    """Run one way in this process and measure it."""
    config = RunConfig.model_validate(
        {"inputs": [{"path": str(corpus)}], "output": str(output)}
    )
    made = plan(config, Path.cwd())
    before = _cpu_seconds()
    work = UpperCase(made.layout)
    workspace = Workspace(str(output))
    units = [
        Unit(
            s.shard_id, s.to_json(), digest(s.shard_id), sum(p.bytes for p in s.pieces)
        )
        for s in made.shards
    ]
    mode = WAYS[way]
    if mode is None:
        rows = 0
        for unit in units:
            make = partial(work.run, None, unit.payload)
            outcome = run_unit(work.name, unit, workspace, make)
            rows += getattr(outcome, "counts", {}).get("records_in", 0)
    else:
        beam = BeamConfig.model_validate({"mode": mode[0], "workers": mode[1]})
        session = Session(workspace, Execution(beam), Progress.on_stderr(quiet=True))
        commits = run_pass(session, work, units)
        rows = sum(commit.counts["records_in"] for commit in commits.values())
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "way": way,
        "rows": rows,
        "cpu_seconds": round(_cpu_seconds() - before, 2),
        "peak_mb": round(max(own.ru_maxrss, children.ru_maxrss) / 1024),
    }


def _cpu_seconds() -> float:
    usage = [
        resource.getrusage(who)
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    return sum(u.ru_utime + u.ru_stime for u in usage)


def main() -> None:
    """Run every way in a fresh process and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=DEFAULT_CORPUS)
    parser.add_argument("--megabytes", type=float, nargs="+", default=[100, 1000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        result = run_way(arguments.way, arguments.corpus, arguments.output)
        sys.stdout.write(json.dumps(result) + "\n")
        return
    for megabytes in arguments.megabytes:
        _compare(arguments.corpus, megabytes, arguments.repeats)


def _compare(corpus: Path, megabytes: float, repeats: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        linked = Path(folder) / "corpus"
        linked.mkdir()
        files, total = link_corpus(corpus, linked, megabytes)
        sys.stdout.write(f"\n{total:.0f} MB of text in {files} linked files\n")
        best: dict[str, dict[str, Any]] = {}
        for number in range(repeats):
            for way in WAYS:
                result = _measure(way, linked, Path(folder) / f"{way}-{number}")
                kept = best.get(way, result)
                best[way] = min(kept, result, key=lambda r: float(r["cpu_seconds"]))
        floor = float(best["plain loop"]["cpu_seconds"])
        header = f"{'way':<20}{'documents':>10}{'CPU s':>8}{'ratio':>7}{'peak MB':>9}\n"
        sys.stdout.write(header)
        for way, result in best.items():
            ratio = float(result["cpu_seconds"]) / floor
            sys.stdout.write(
                f"{way:<20}{result['rows']:>10}{result['cpu_seconds']:>8.2f}"
                f"{ratio:>7.2f}{result['peak_mb']:>9}\n"
            )


def _measure(way: str, corpus: Path, output: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--way", way]
    command += ["--corpus", str(corpus), "--output", str(output)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    main()
