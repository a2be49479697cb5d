"""Part `senses`: precision and recall of ambiguous terms on labelled sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from benchmarks.measuring.processes import ROOT, Target, table
from isinglass.transforms.demographics.counts import count_mentions
from isinglass.transforms.demographics.lexicon import load_lexicons
from isinglass.transforms.statistics.intervals import wilson

if TYPE_CHECKING:
    from pathlib import Path

CASES = ROOT / "tests" / "transforms" / "demographics"
FILES = {
    "sense_cases.tsv": "en",
    "sense_cases_held.tsv": "en",
    "sense_cases_nations.tsv": "en",
    "sense_cases_nations_held.tsv": "en",
    "sense_cases_zh.tsv": "zh",
}
PRECISION, RECALL = 0.9, 0.85


def run() -> list[Target]:
    """Print the table; returns the targets."""
    rows, targets = [], []
    for name, language in FILES.items():
        both, found, meant = _counts(CASES / name, language)
        rows.append((name, meant, _share(both, found), _share(both, meant)))
        for what, whole, asked in (
            ("precision", found, PRECISION),
            ("recall", meant, RECALL),
        ):
            share = both / whole
            reached = share >= asked
            told = f"{share:.3f}"
            targets.append(Target(f"{name}, {what}", f">= {asked}", told, reached))
    heads = ("sentences", "of them meant", "precision (95 %)", "recall (95 %)")
    print(table(heads, rows))
    return targets


def _share(part: int, whole: int) -> str:
    low, high = wilson(part, whole)
    return f"{part / whole:.3f} ({low:.3f} to {high:.3f})"


def _counts(path: Path, language: str) -> tuple[int, int, int]:
    """Sentences in which a group is found and meant, found, and meant."""
    lexicons = load_lexicons()
    lines = path.read_text(encoding="utf-8").splitlines()
    cases = [line.split("\t") for line in lines if line and not line.startswith("#")]
    texts = pa.array([case[4] for case in cases])
    counts, _ = count_mentions(texts, pa.array([language] * len(cases)), lexicons)
    places = {group: place for place, group in enumerate(lexicons.groups)}
    found = [
        bool(counts.dense([places[case[0], case[1]]])[row, 0])
        for row, case in enumerate(cases)
    ]
    meant = [case[3] == "1" for case in cases]
    both = sum(a and b for a, b in zip(found, meant, strict=True))
    return both, sum(found), sum(meant)
