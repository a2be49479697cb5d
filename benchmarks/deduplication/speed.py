"""Part `speed`: megabytes of text per CPU second, ours and the peers', in one call."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.deduplication.corpus import (
    first_texts,
    read_texts,
    text_megabytes,
    write_copies,
    write_texts,
)
from benchmarks.deduplication.settings import job_config
from benchmarks.measuring.processes import (
    BUILD,
    Target,
    Usage,
    print_targets,
    run_part,
    run_process,
    table,
)

FULL_SURVEY: dict[str, bool] = {}
PEER_SCRIPT = Path(__file__).with_name("peers.py")
COPIES = 4
"""A larger corpus shows what is left when fixed costs are spread over more text."""

JOB_RATE, SIGNING_RATE = 40.0, 150.0
DATASKETCH_RATIO, DATATROVE_RATIO = 8.0, 60.0
PEER_MEGABYTES = {"datasketch": 20.0, "datatrove": 6.0}
"""Text that each peer gets: the first of the corpus, for they are slow."""
SMALL_PEER_MEGABYTES = {"datasketch": 2.0, "datatrove": 1.0}


@dataclass(frozen=True)
class Measured:
    """One way of finding near-duplicates.

    Attributes:
        name: What it is.
        megabytes: Text that went through it.
        cpu: CPU seconds.
        peak_mb: Peak resident size of its process in MiB.
        removed: Documents removed; None where nothing is.
    """

    name: str
    megabytes: float
    cpu: float
    peak_mb: float
    removed: int | None = None

    @property
    def rate(self) -> float:
        """Million bytes of text per CPU second."""
        return self.megabytes / max(self.cpu, 1e-9)

    def row(self) -> list[str]:
        """Cells of the table."""
        gone = "" if self.removed is None else f"{self.removed:,}"
        return [
            self.name,
            f"{self.megabytes:.1f}",
            f"{self.cpu:.2f}",
            f"{self.rate:.2f}" if self.rate < 10 else f"{self.rate:.0f}",  # noqa: PLR2004
            f"{self.peak_mb:.0f}",
            gone,
        ]


def _removed(job: dict[str, Any]) -> int:
    return int(sum(job["records"]["dropped"].values()))


def in_process(
    name: str, folder: Path, megabytes: float, rounds: int, verb: str, **sections: Any
) -> tuple[Measured, list[dict[str, Any]]]:
    """Median of some jobs in one process that has run a small one before.

    Returns:
        The measure, and the median job's passes.
    """
    few = write_texts(read_texts(folder).slice(0, 500), BUILD / "few")
    jobs = [{"settings": job_config(few, BUILD / "run-warm", **sections), "verb": verb}]
    again = {"settings": job_config(folder, BUILD / "run", **sections), "verb": verb}
    usage = run_part("job", {"jobs": jobs + [again] * rounds})
    made = usage.answer["jobs"][1:]
    middle = sorted(made, key=lambda job: float(job["cpu"]))[(rounds - 1) // 2]
    cpu = median(job["cpu"] for job in made)
    found = Measured(name, megabytes, cpu, usage.peak_mb, _removed(middle))
    outside = cpu - sum(record["cpu_seconds"] for record in middle["passes"])
    rest = {"name": "outside passes: plan, Beam, close", "cpu_seconds": outside}
    return found, [*middle["passes"], rest]


def as_command(
    name: str, folder: Path, megabytes: float, verb: str, **sections: Any
) -> Measured:
    """One job as a person starts it: a fresh process, start-up and imports included."""
    output = BUILD / "run-command"
    shutil.rmtree(output, ignore_errors=True)
    file = BUILD / "job.yaml"
    # YAML reads JSON.
    file.write_text(json.dumps(job_config(folder, output, **sections)))
    command = [sys.executable, "-m", "isinglass", verb, "-c", str(file)]
    usage = run_process([*command, "--format", "json"])
    return Measured(name, megabytes, usage.cpu, usage.peak_mb, _removed(usage.answer))


def ask_peer(python: str, peer: str, folder: Path, **settings: Any) -> Usage:
    """Run a peer over the Parquet files of a folder."""
    question = {"peer": peer, "folder": str(folder), **settings}
    return run_process([python, str(PEER_SCRIPT)], question)


def measure_peers(
    python: str, texts: Any, sizes: dict[str, float]
) -> tuple[list[Measured], list[Measured]]:
    """Each peer on the first megabytes of the texts, and isinglass on the same.

    Returns:
        The peers' measures, and ours on the same texts.
    """
    peers, ours = [], []
    for peer, size in sizes.items():
        subset = first_texts(texts, size)
        folder = write_texts(subset, BUILD / f"texts-{peer}")
        megabytes = text_megabytes(subset)
        settings: list[dict[str, str]] = [{}]
        if peer == "datasketch":
            settings = [{"hash": "xxh32"}, {"hash": "sha1"}]
        for setting in settings:
            usage = ask_peer(python, peer, folder, **setting)
            answer = usage.answer
            label = " ".join([peer, answer["version"], *setting.values()])
            gone = len(answer["removed"])
            peers.append(Measured(label, megabytes, answer["cpu"], usage.peak_mb, gone))
            if "signing" in answer:
                name = f"shingles and signatures of {label} alone"
                signed = Measured(name, megabytes, answer["signing"], usage.peak_mb)
                peers.append(signed)
        name = f"isinglass audit on the texts of {peer}"
        ours.append(in_process(name, folder, megabytes, 3, "audit")[0])
    return peers, ours


def our_jobs(
    texts: Any, inputs: Path, rounds: int
) -> tuple[list[Measured], list[dict[str, Any]]]:
    """The whole job in several ways, the one that has a target first.

    Returns:
        The measures, and the passes of the first.
    """
    megabytes = text_megabytes(texts)
    bare, full = "deduplication only", "languages and mentions too"
    first, passes = in_process(
        f"audit, {bare}, in process", inputs, megabytes, rounds, "audit"
    )
    lines = [first]
    ways: list[tuple[str, str, dict[str, Any]]] = [
        (f"clean, {bare}, in process", "clean", {}),
        (f"audit, {full}, in process", "audit", {"survey": FULL_SURVEY}),
    ]
    for name, verb, sections in ways:
        found, _ = in_process(name, inputs, megabytes, rounds, verb, **sections)
        lines.append(found)
    copies = BUILD / "copies-speed"
    larger = write_copies(texts, copies, COPIES * megabytes)
    name = f"the first, on the corpus {COPIES} times with other words"
    lines.append(in_process(name, copies, larger, 1, "audit")[0])
    lines.append(as_command("the first as a command", inputs, megabytes, "audit"))
    name = "the third as a command"
    survey = {"survey": FULL_SURVEY}
    lines.append(as_command(name, inputs, megabytes, "audit", **survey))
    return lines, passes


def signing_alone(inputs: Path, rounds: int) -> list[Measured]:
    """Each transform without a job; the last is shingling and signatures together."""
    usage = run_part("signing", {"folder": str(inputs), "rounds": rounds})
    steps, megabytes = usage.answer["steps"], usage.answer["megabytes"]
    both = steps["shingle"] + steps["signatures"]
    every = [*steps.items(), ("all three", sum(steps.values()))]
    every.append(("shingle + signatures", both))
    return [
        Measured(f"{name} alone", megabytes, cpu, usage.peak_mb) for name, cpu in every
    ]


def run(folder: Path, peers: str | None, *, small: bool) -> list[Target]:
    """Measure, print tables, and say which targets are reached."""
    texts = read_texts(folder, 4.0 if small else None)
    inputs = write_texts(texts, BUILD / "texts")
    rounds = 1 if small else 3
    print(f"isinglass {version('isinglass')}, {len(texts):,} documents, one thread.")
    jobs, passes = our_jobs(texts, inputs, rounds)
    signing = signing_alone(inputs, rounds)
    beside: list[Measured] = []
    ours: list[Measured] = []
    if peers:
        sizes = SMALL_PEER_MEGABYTES if small else PEER_MEGABYTES
        beside, ours = measure_peers(peers, texts, sizes)
    header = ("what", "MB of text", "CPU s", "MB/s per core", "peak MiB", "removed")
    every = [*jobs, *signing, *beside, *ours]
    print("\n" + table(header, [line.row() for line in every]))
    _print_passes(passes, jobs[0].megabytes)
    targets = _targets(jobs[0], signing[-1].rate, beside)
    print_targets(targets)
    return targets


def _print_passes(passes: list[dict[str, Any]], megabytes: float) -> None:
    rows = [
        (
            record["name"],
            record.get("units", ""),
            f"{record['cpu_seconds']:.3f}",
            f"{megabytes / max(record['cpu_seconds'], 1e-3):.0f}",
        )
        for record in passes
    ]
    print("\nThe first job by pass:\n")
    print(table(("pass", "units", "CPU s", "MB/s"), rows))


def _targets(job: Measured, signing: float, peers: list[Measured]) -> list[Target]:
    targets = [
        Target(
            "near-duplicate job, in process",
            f">= {JOB_RATE:.0f} MB/s",
            f"{job.rate:.1f} MB/s",
            job.rate >= JOB_RATE,
        ),
        Target(
            "shingling + signatures",
            f">= {SIGNING_RATE:.0f} MB/s",
            f"{signing:.0f} MB/s",
            signing >= SIGNING_RATE,
        ),
    ]
    asked = {"datasketch": DATASKETCH_RATIO, "datatrove": DATATROVE_RATIO}
    for peer, bound in asked.items():
        rates = [(p.rate, p.name) for p in peers if p.name.startswith(peer)]
        if not rates:
            targets.append(Target(f"x {peer}", f">= {bound:.0f}", "no peers", None))
        # The target is held against the peer's fastest way.
        for rate, name in sorted(rates, reverse=True)[:1]:
            ratio = job.rate / rate
            targets.append(
                Target(f"x {name}", f">= {bound:.0f}", f"{ratio:.1f}", ratio >= bound)
            )
        for rate, name in sorted(rates, reverse=True)[1:]:
            note = f"x {name}, its default"
            ratio = job.rate / rate
            targets.append(Target(note, "", f"{ratio:.1f}", ratio >= bound))
    return targets
