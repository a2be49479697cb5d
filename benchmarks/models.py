"""Tests of associations beside WEFE, and word vectors of any size beside gensim.

WEFE and gensim want older libraries than ours: `--peer` names an interpreter that has
them (`pip install wefe==1.0.1`); without it our own numbers alone are told. `--vectors`
are text of word2vec. WEFE's wheel brings 13,013 words of Google News as
`wefe/datasets/data/test_model.kv`, which gensim saves so. Run:

    python benchmarks/models.py --vectors FILE [--peer PYTHON] [--words 300000]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.measuring.processes import Usage, run_process, table  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 300
FEW = 200
"""Partitions that WEFE draws; what one costs is told, so that few suffice."""

_READ = """
import json, sys
from pathlib import Path
from isinglass.transforms.associations.lists import load_tests
from isinglass.transforms.associations.word_vectors import read_word_vectors
asked = json.load(sys.stdin)
found = read_word_vectors(Path(asked["vectors"]), load_tests().words)
print(json.dumps({"words": found.words_in_file, "width": found.width}))
"""


def ours(vectors: Path) -> Usage:
    """All packaged tests of a file of vectors, as a user would do them."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["-m", "isinglass", "evaluate", "model", "--format", "json"]
        named = ["--vectors", str(vectors), "--output", f"{folder}/out"]
        return run_process([sys.executable, *command, *named])


def tests_of(answer: dict[str, Any]) -> dict[str, Any]:
    """Results by the id of the test."""
    return {one["id"]: one for one in answer["kinds"]["weat"]["tests"]}


def sets_of(found: dict[str, Any]) -> dict[str, list[list[str]]]:
    """Words of the tests that were done, without those that have no vector."""
    from isinglass.transforms.associations.lists import load_tests  # noqa: PLC0415

    sets = {}
    for test in load_tests().all:
        if test.id not in found:
            continue
        told = found[test.id]["words"]
        sets[test.id] = [
            [word for word in one.words if word not in words["missing"]]
            for one, words in zip(test.sets, told, strict=True)
        ]
    return sets


def compare_tests(vectors: Path, peer: str | None) -> None:
    """Effects of both, and what one partition costs."""
    run = ours(vectors)
    found = tests_of(run.answer)
    drawn = sum(one["permutations"]["partitions"] for one in found.values())
    print(
        f"{len(found)} tests, {drawn:,} partitions: {run.cpu:.2f} CPU s, "
        f"{run.peak_mb:.0f} MB peak\n"
    )
    theirs: dict[str, Any] = {}
    if peer is not None:
        script = [peer, "benchmarks/associating/peer.py"]
        asked = {"vectors": str(vectors), "tests": sets_of(found), "iterations": 0}
        plain = run_process(script, asked)
        more = run_process(script, asked | {"iterations": FEW})
        theirs = plain.answer
        spent = (more.cpu - plain.cpu) / (FEW * len(found))
        print(
            f"WEFE: {plain.cpu:.2f} CPU s without p, and {1000 * spent:.2f} ms a "
            f"partition: {spent * drawn:,.0f} CPU s for as many\n"
        )
    rows = []
    for name, one in found.items():
        sizes = [words["found"] for words in one["words"][:2]]
        # WEFE takes the deviation of a population, the paper that of a sample.
        scale = np.sqrt((sum(sizes) - 1) / sum(sizes))
        other = theirs[name]["d"] * scale if name in theirs else None
        told = "-" if other is None else f"{other:.4f}"
        rows.append([name, f"{one['effect_size']:.4f}", told, f"{one['p']:.5f}"])
    print(table(["test", "d", "d of WEFE, by a sample's deviation", "p"], rows))


def write_large(path: Path, words: int) -> None:
    """A file of word2vec's text form with the words of the tests somewhere in it."""
    from isinglass.transforms.associations.lists import load_tests  # noqa: PLC0415

    generator = np.random.default_rng(1)
    own = sorted(load_tests().words)
    names = [*own, *(f"word{n}" for n in range(words - len(own)))]
    order = generator.permutation(words)
    line = " ".join(f"{value:.6f}" for value in generator.normal(size=2 * WIDTH))
    values = line.split(" ")
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{words} {WIDTH}\n")
        for place in order:
            begin = int(place) % WIDTH
            file.write(f"{names[place]} {' '.join(values[begin : begin + WIDTH])}\n")


def compare_reading(words: int, peer: str | None) -> None:
    """A large file: what it costs to take the words of the lists out of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.txt"
        write_large(path, words)
        size = path.stat().st_size / 1e6
        asked = {"vectors": str(path)}
        runs = {"isinglass": run_process([sys.executable, "-c", _READ], asked)}
        if peer is not None:
            command = [peer, "benchmarks/associating/peer.py"]
            runs["gensim"] = run_process(command, asked)
    rows = [
        [name, f"{run.cpu:.1f}", f"{size / run.cpu:.0f}", f"{run.peak_mb:.0f}"]
        for name, run in runs.items()
    ]
    print(f"\n{words:,} words, {size:,.0f} MB\n")
    print(table(["reader", "CPU s", "MB/s", "peak MB"], rows))


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--vectors", type=Path, required=True)
    parser.add_argument("--peer", help="A Python that has WEFE and gensim.")
    parser.add_argument("--words", type=int, default=300_000)
    options = parser.parse_args(arguments)
    compare_tests(options.vectors.resolve(), options.peer)
    compare_reading(options.words, options.peer)


if __name__ == "__main__":
    main(sys.argv[1:])
