"""Runs that are ended at random moments: the same bytes in the end, and no leaks.

Every job is run once in peace. Then it is begun in another folder, and at random
moments it is killed (-9), stopped as by Ctrl-C, started twice at once, its files are
dated into the future as if the clock had been set back, or its disk is filled up. What
comes out must be the same to the byte, and the planted values must be nowhere but in
`data/` and `quarantine/`: not in a table, a commit, a temporary file or a log. Nobody
but their owner may look into `work/` and `quarantine/`, though the umask is 0. Run:

    python benchmarks/soak.py --moments 100
    python benchmarks/soak.py --jobs names encode --moments 20 --seed 7

The disk is filled only where --disk names a folder on a small file system of its own,
for example one of `mount -t tmpfs -o size=256m none FOLDER`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from isinglass.pipelines.engine.workspace import TABLES
from isinglass.pipelines.engine.workspace.layout import PRIVATE

KEY = {"ISINGLASS_SOAK_KEY": "a key of more than sixteen characters"}
OPEN_TO_VALUES = ("data", "quarantine")
FULL, BUSY = 75, 75
AS_SHELLS_SAY = 128
"""What is added to the number of a signal."""
EARLY = 0.1
"""Seconds in which an interpreter has not come to isinglass."""
HOUR = 3600.0
TRIES = 3
"""So many moments are tried for one that meets a run that is not over."""
DISTINCT = 7
"""Of nine texts the last is that before it, where the numbers are taken modulo 9."""
MODES = ("in_memory", "in_memory", "multi_processing")
OWNER_ALONE = 0o700
PERMISSIONS = 0o777
_WORDS = ("river", "stone", "window", "paper", "garden", "letter", "table", "morning")
_NAMES = ("James Miller", "Mary Johnson", "Robert Brown", "Linda Davis")
MARK = "quixolantern"
"""A word of every text, which has no business outside of the texts either."""
WORDS = (".words.arrow", "vocabulary.data.npy")
"""Ends of the names of files in `work/` that hold words one by one until a run is done:
of clusters, of which a report shows some, and of evaluation sets; values are none."""
EARLIER, PART = "earlier", "corpus/[013].jsonl"
"""A run over a part of the corpus, or against it nothing would be left."""
FOOTER = "This page is kept by webmaster@footers-of-pages.io, who reads every letter."
"""A paragraph of every fifth text: boilerplate, which is listed without the address."""
EVALUATED = 17
"""Of so many texts one is in the evaluation set."""

JOBS: dict[str, tuple[str, dict[str, Any]]] = {
    "audit": ("audit", {"dedup": {}, "pii": {"mode": "identifiers"}}),
    "identifiers": (
        "clean",
        {"dedup": {}, "pii": {"mode": "identifiers"}, "balance": {}},
    ),
    "boilerplate": (
        "clean",
        {
            "dedup": {
                "paragraphs": {"max_documents": 5, "remove": True},
                "repeats": {"words": 20},
            },
            "decontaminate": {"files": ["evaluation.jsonl"]},
            "pii": {"mode": "identifiers"},
        },
    ),
    "names": ("clean", {"dedup": {}, "pii": {"mode": "fast"}}),
    "encode": (
        "run",
        {"pii": {"mode": "identifiers"}, "encode": {"model": "minilm"}},
    ),
    "semantic": (
        "run",
        {"encode": {"model": "minilm", "semantic": {"clusters": 4}}},
    ),
    "against": ("clean", {"dedup": {"against": [EARLIER]}}),
    "forget": ("forget", {}),
}
"""Verb and sections by job; `earlier` and what is forgotten are made beforehand."""


@dataclass
class Soak:
    """A folder with a corpus, and how jobs are started in it."""

    base: Path
    chance: random.Random
    planted: Sequence[str] = ()
    said: list[bytes] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    """Moments that met a run, by kind; a run may be over before its moment comes."""

    def command(self, job: str, output: Path) -> list[str]:
        """The command line of a job that writes to `output`."""
        verb, sections = JOBS[job]
        start = [sys.executable, "-m", "isinglass", verb]
        if verb == "forget":
            values = str(self.base / "values.txt")
            given = [str(self.base / EARLIER), "--value-file", values]
            return [*start, *given, "--output", str(output)]
        path = self.base / f"{job}.yaml"
        corpus = PART if output.name == EARLIER else "corpus"
        path.write_text(yaml.safe_dump(self.settings(sections, corpus)))
        # The same bytes must come whoever does the work.
        mode = self.chance.choice(MODES)
        changes = [f"output={output}", f"beam.mode={mode}"]
        return [*start, "-c", str(path), *(p for c in changes for p in ("--set", c))]

    def settings(self, sections: dict[str, Any], corpus: str) -> dict[str, Any]:
        """A configuration with small shards and worker processes."""
        keyed = {name: dict(section) for name, section in sections.items()}
        if "pii" in keyed:
            keyed["pii"]["key_env"] = next(iter(KEY))
            keyed["pii"]["canaries"] = {"documents": 20}
        return {
            "inputs": [{"path": str(self.base / corpus), "source": "web"}],
            "output": "unset",
            "limits": {"shard_bytes": 8_000, "max_quarantine_rate": 1.0},
            "beam": {"workers": 2, "mode": "in_memory"},
            **keyed,
        }

    def start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start a command in a group of its own; what it says is kept."""
        return subprocess.Popen(
            command,
            cwd=self.base,
            env=os.environ | KEY | {"TMPDIR": str(self.base / "tmp")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0,
        )

    def finish(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for a command; returns its exit code."""
        said, _ = process.communicate(timeout=HOUR)
        self.said.append(said)
        return process.returncode

    def run(self, command: Sequence[str]) -> None:
        """Run a command in peace."""
        code = self.finish(self.start(command))
        if code:
            sys.exit(
                f"{' '.join(command)} exited with {code}:\n{self.said[-1].decode()}"
            )


def make_corpus(base: Path, documents: int, chance: random.Random) -> list[str]:
    """Write texts with duplicates and identifiers; returns what must not leak."""
    (base / "corpus").mkdir(parents=True)
    (base / "tmp").mkdir()
    planted = [MARK, "webmaster@footers-of-pages.io"]
    rows: list[dict[str, str]] = []
    for number in range(documents):
        words = [chance.choice(_WORDS) for _ in range(80)]
        address = f"person{number}.{MARK}@mailbox.io"
        planted.append(address)
        name = _NAMES[number % len(_NAMES)]
        text = f"{' '.join(words)}, {MARK}, wrote {name}. Mail: {address}"
        if number % 5 == 0:
            text += f"\n\n{FOOTER}"
        rows.append(
            {
                "id": str(number),
                "text": rows[-1]["text"] if number % 9 > DISTINCT else text,
            }
        )
    for part in range(4):
        lines = [json.dumps(row) + "\n" for row in rows[part::4]]
        if part == 0:
            lines.append('{"text": "' + MARK + " cut off\n")
        (base / "corpus" / f"{part}.jsonl").write_text("".join(lines))
    evaluated = [json.dumps(row) + "\n" for row in rows[::EVALUATED]]
    (base / "evaluation.jsonl").write_text("".join(evaluated))
    (base / "values.txt").write_text("\n".join(planted[5:8]) + "\n")
    return planted


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every table file of a run."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for table in TABLES
        for path in sorted((folder / table).rglob("*"))
        if path.is_file()
    }


def leaks(folder: Path, planted: Sequence[str]) -> list[str]:
    """Files that hold a planted value, but those that hold texts."""
    found, done = [], (folder / "_SUCCESS").exists()
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and inside.parts[0] not in OPEN_TO_VALUES:
            content = b"\n".join(contents(path))
            allowed = MARK if path.name.endswith(WORDS) and not done else ""
            wanted = [value for value in planted if value != allowed]
            if any(value.encode() in content for value in wanted):
                found.append(f"{inside} holds a value")
    return found


def look_over(soak: Soak, folder: Path) -> list[str]:
    """What is wrong with the files of a run that may have been disturbed."""
    found = leaks(soak.base / "tmp", soak.planted)
    return [*found, *leaks(folder, soak.planted), *unlocked(folder)]


def unlocked(folder: Path) -> list[str]:
    """Folders of a run that others than their owner may look into."""
    return [
        f"{name} has the mode {mode:o}"
        for name in PRIVATE
        if (folder / name).exists()
        and (mode := (folder / name).stat().st_mode & PERMISSIONS) != OWNER_ALONE
    ]


def contents(path: Path) -> Iterator[bytes]:
    """A file as it is, and its columns if it is a table that can be read."""
    yield path.read_bytes()
    try:
        if path.suffix == ".parquet":
            yield str(pq.read_table(path).to_pylist()).encode()
        elif path.suffix == ".arrow":
            with pa.OSFile(str(path)) as file:
                yield str(pa.ipc.open_file(file).read_all().to_pylist()).encode()
    except (pa.ArrowException, OSError):
        return


def kill(soak: Soak, command: Sequence[str], output: Path, seconds: float) -> str:
    """Kill it and its workers."""
    del output
    return _end(soak, command, seconds, signal.SIGKILL, "kill")


def stop(soak: Soak, command: Sequence[str], output: Path, seconds: float) -> str:
    """Press Ctrl-C, or end it as batch systems do."""
    del output
    number = soak.chance.choice((signal.SIGINT, signal.SIGTERM))
    return _end(soak, command, seconds, number, "stop")


def _end(
    soak: Soak, command: Sequence[str], seconds: float, number: int, kind: str
) -> str:
    process = soak.start(command)
    time.sleep(seconds)
    if process.poll() is None:
        os.killpg(process.pid, number)
    code = soak.finish(process)
    # A signal in the first moments meets Python before isinglass.
    early = number == signal.SIGKILL or seconds < EARLY
    ended = (early and code == -number) or code == AS_SHELLS_SAY + number
    soak.met[kind] += ended
    return "" if ended or code == 0 else f"exit code {code}"


def twice(soak: Soak, command: Sequence[str], output: Path, seconds: float) -> str:
    """Start it again while it runs; one of them gives way."""
    del output
    first = soak.start(command)
    time.sleep(seconds / 4)
    second = soak.start(command)
    codes = soak.finish(first), soak.finish(second)
    soak.met["twice"] += BUSY in codes
    return "" if set(codes) <= {0, BUSY} and 0 in codes else f"exit codes {codes}"


def set_back(soak: Soak, command: Sequence[str], output: Path, seconds: float) -> str:
    """Date all files a day ahead, as they are when the clock is set back."""
    ahead = time.time() + 24 * HOUR
    for path in output.rglob("*"):
        os.utime(path, (ahead, ahead))
    return _end(soak, command, seconds, signal.SIGKILL, "set_back")


def fill(soak: Soak, command: Sequence[str], output: Path, seconds: float) -> str:
    """Fill the disk while it runs, and free it afterwards."""
    process, ballast = soak.start(command), output.parent / "ballast"
    time.sleep(seconds)
    try:
        with ballast.open("wb", buffering=0) as file:
            while file.write(b"\0" * 2**16):
                pass
    except OSError:
        code = soak.finish(process)
    finally:
        ballast.unlink(missing_ok=True)
    soak.met["fill"] += code == FULL
    return "" if code in {0, FULL} else f"exit code {code} on a full disk"


Moment = Callable[[Soak, Sequence[str], Path, float], str]
KINDS: dict[str, Moment] = {
    kind.__name__: kind for kind in (kill, stop, twice, set_back, fill)
}
OFTEN = ("kill", "kill", "kill", "stop", "twice", "set_back")
"""What is done where nothing else is said."""


def soak_job(
    soak: Soak, job: str, moments: int, kinds: Sequence[Moment], folder: Path
) -> list[str]:
    """Disturb one job until so many moments met it; returns what went wrong."""
    whole, disturbed = soak.base / f"{job}-whole", folder / f"{job}-disturbed"
    # The first time code is compiled, which would make the run look long.
    soak.run(soak.command(job, disturbed))
    started = time.monotonic()
    soak.run(soak.command(job, whole))
    seconds, expected = time.monotonic() - started, hashes(whole)
    faults, soak.met = _differing(expected, hashes(disturbed)), Counter[str]()
    shutil.rmtree(disturbed)
    for _ in range(TRIES * moments):
        if soak.met.total() == moments:
            break
        kind, moment = soak.chance.choice(kinds), soak.chance.uniform(0, seconds)
        fault = kind(soak, soak.command(job, disturbed), disturbed, moment)
        found = [fault] if fault else []
        found += look_over(soak, disturbed)
        if (disturbed / "_SUCCESS").exists():
            found += _differing(expected, hashes(disturbed))
            shutil.rmtree(disturbed)
        print(f"{job}: {kind.__name__} at {moment:.1f} s", *found, flush=True)
        faults += found
    faults += _end_in_peace(soak, job, disturbed, expected)
    print(
        f"{job}: {dict(+soak.met)}, {len(faults)} faults, {seconds:.1f} s in peace",
        flush=True,
    )
    return faults


def _end_in_peace(
    soak: Soak, job: str, output: Path, expected: dict[str, str]
) -> list[str]:
    """Let a disturbed run end, prove it, and look at all that was ever said."""
    command = soak.command(job, output)
    verify = [sys.executable, "-m", "isinglass", "-v", "verify", str(output)]
    for last in (command, verify, [*command, "--dry-run"]):
        soak.run(last)
    faults = _differing(expected, hashes(output)) + look_over(soak, output)
    shutil.rmtree(output)
    logs = b"\n".join(soak.said)
    loud = [value for value in soak.planted if value.encode() in logs]
    return faults + ["a log holds a value" for _ in loud[:1]]


def _differing(expected: dict[str, str], found: dict[str, str]) -> list[str]:
    names = sorted({*expected, *found})
    return [f"{n} differs" for n in names if expected.get(n) != found.get(n)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all jobs; returns 1 if something went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=list(JOBS))
    parser.add_argument("--moments", type=int, default=100, help="in all")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, help="what is done")
    parser.add_argument("--documents", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--disk", type=Path, help="folder on a small file system")
    given = parser.parse_args(arguments)
    chance = random.Random(given.seed)  # noqa: S311 - when to disturb
    # In the background Ctrl-C is ignored, and that would be handed down.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    names = given.kinds or [*OFTEN, *(["fill"] if given.disk else [])]
    if "fill" in names and given.disk is None:
        parser.error("the disk is filled only where --disk names a folder")
    kinds = [KINDS[name] for name in names]
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        soak = Soak(base, chance, make_corpus(base, given.documents, chance))
        if {"against", "forget"} & set(given.jobs):
            soak.run(soak.command("identifiers", base / EARLIER))
        for number, job in enumerate(given.jobs):
            share = len(range(number, given.moments, len(given.jobs)))
            where = given.disk or base
            faults += [
                f"{job}: {fault}" for fault in soak_job(soak, job, share, kinds, where)
            ]
    print("\n".join(faults) or "All runs came out the same, and nothing leaked.")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
