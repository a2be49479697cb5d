"""Part `truth`: recall by exact similarity and precision on planted and real pairs."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.deduplication.corpus import read_texts
from benchmarks.deduplication.recall import (
    SAME_WORDS,
    Removals,
    Share,
    precision,
    read_removals,
    recall_between,
    recall_by_kind,
    recall_by_similarity,
)
from benchmarks.deduplication.settings import job_config
from benchmarks.deduplication.speed import ask_peer
from benchmarks.deduplication.truthset import (
    Truth,
    build_truth,
    write_pairs,
    write_truth,
)
from benchmarks.measuring.processes import (
    BUILD,
    RESULTS,
    Target,
    print_targets,
    run_part,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

SEED = 20_260_101
REAL, EDITED = 24_000, 12_000
DATATROVE_DOCUMENTS = 6_000
THRESHOLD = 0.75
"""The default of `dedup.threshold`."""


def make_truth(folder: Path, *, small: bool) -> Truth:
    """The truth set of this call: real documents drawn by seed, and planted edits."""
    real, edited = (1_500, 900) if small else (REAL, EDITED)
    texts = read_texts(folder).to_pylist()
    chance = random.Random(SEED)  # noqa: S311 - a sample, not a secret
    return build_truth(chance.sample(texts, min(real, len(texts))), edited, SEED)


def ours(truth: Truth, inputs: Path) -> Removals:
    """Run the job and read what its ledger says."""
    output = BUILD / "run-truth"
    run_part(
        "job", {"jobs": [{"settings": job_config(inputs, output), "verb": "audit"}]}
    )
    return read_removals(output / "ledger", len(truth.texts))


def theirs(
    truth: Truth, inputs: Path, python: str, *, small: bool
) -> dict[str, Removals]:
    """Run the peers; datatrove, which is slow, on the first documents only."""
    found = {}
    usage = ask_peer(python, "datasketch", inputs, hash="xxh32")
    found[f"datasketch {usage.answer['version']}"] = Removals(
        dict(usage.answer["removed"]), len(truth.texts)
    )
    few = min(600 if small else DATATROVE_DOCUMENTS, len(truth.texts))
    folder = write_truth(truth, BUILD / "truth-few", few)
    usage = ask_peer(python, "datatrove", folder)
    found[f"datatrove {usage.answer['version']}"] = Removals(
        dict(usage.answer["removed"]), few
    )
    return found


def run(folder: Path, peers: str | None, *, small: bool) -> list[Target]:
    """Measure, print tables, and say which targets are reached."""
    truth = make_truth(folder, small=small)
    inputs = write_truth(truth, BUILD / "truth")
    # For others to measure against.
    write_truth(truth, RESULTS / "truth")
    write_pairs(truth, RESULTS / "truth-pairs.parquet")
    edited = sum(map(bool, truth.kinds))
    print(
        f"{len(truth.texts) - edited:,} real documents and {edited:,} edited ones; "
        f"{len(truth.pairs):,} pairs of J >= 0.5 among all of them, found by an exact "
        f"join ({truth.candidates:,} pairs compared, none left out)."
    )
    found = {"isinglass": ours(truth, inputs)}
    if peers:
        found |= theirs(truth, inputs, peers, small=small)
    _print_recall(truth, found)
    _print_kinds(truth, found["isinglass"])
    targets = _targets(truth, found["isinglass"])
    print_targets(targets)
    return targets


def _print_recall(truth: Truth, found: Mapping[str, Removals]) -> None:
    print(
        "\nShare of pairs of which at least one document was removed, by exact "
        "Jaccard similarity; precision is the share of removed documents that have "
        f"J >= {THRESHOLD} to a kept document that is named for them (datatrove: "
        "the one that stays of the cluster):\n"
    )
    columns = [recall_by_similarity(truth, one) for one in found.values()]
    rows: list[list[object]] = [
        [bucket, *(column[bucket] for column in columns)] for bucket in columns[0]
    ]
    rows.append(
        ["documents removed", *(f"{len(one.kept_for):,}" for one in found.values())]
    )
    right = [precision(truth, one, THRESHOLD) for one in found.values()]
    rows.append(["precision", *right])
    heads = [f"{name}, {one.documents:,} documents" for name, one in found.items()]
    print(table(["J", *heads], rows))


def _print_kinds(truth: Truth, removals: Removals) -> None:
    print(f"\nisinglass, planted pairs of J >= {THRESHOLD}, by what was edited:\n")
    shares = recall_by_kind(truth, removals, THRESHOLD)
    print(table(["edit", "pairs met"], list(shares.items())))


def _targets(truth: Truth, removals: Removals) -> list[Target]:
    by_similarity = recall_by_similarity(truth, removals)
    asked: list[tuple[str, float, Share]] = [
        ("recall, J in [0.75, 0.80)", 0.98, by_similarity["0.75-0.80"]),
        ("recall, J in [0.85, 1)", 0.999, recall_between(truth, removals, 0.85, 1.0)),
        ("recall, J = 1", 1.0, by_similarity["=1"]),
        (f"recall, J {SAME_WORDS}", 1.0, by_similarity[SAME_WORDS]),
        ("precision of removals", 1.0, precision(truth, removals, THRESHOLD)),
    ]
    return [
        Target(what, f">= {bound}", str(share), share.value >= bound)
        for what, bound, share in asked
    ]
