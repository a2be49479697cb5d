"""Shingling and signatures alone, in this process: CPU seconds of each transform."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.deduplication.corpus import read_texts, text_megabytes
from benchmarks.measuring.processes import peak_mb
from isinglass.schemas.config.dedup import DedupConfig
from isinglass.transforms.dedup.shingles import shingle
from isinglass.transforms.dedup.survey import band_hashes
from isinglass.transforms.normalise import normalise

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 2_000
WARM_UP = 100


def sign(texts: pa.StringArray) -> dict[str, float]:
    """CPU seconds of normalising, shingling and signing texts in batches."""
    config = DedupConfig()
    spent = {"normalise": 0.0, "shingle": 0.0, "signatures": 0.0}
    for at in range(0, len(texts), BATCH):
        batch = texts.slice(at, BATCH)
        start = time.process_time()
        normal = normalise(batch, config.normalise)
        normalised = time.process_time()
        shingles = shingle(normal, config.ngram)
        shingled = time.process_time()
        band_hashes(shingles, config)
        signed = time.process_time()
        spent["normalise"] += normalised - start
        spent["shingle"] += shingled - normalised
        spent["signatures"] += signed - shingled
    return spent


def measure(folder: Path, rounds: int) -> dict[str, Any]:
    """Median CPU seconds of each step over some rounds, kernels loaded before."""
    texts = read_texts(folder)
    sign(texts.slice(0, WARM_UP))
    measures = [sign(texts) for _ in range(rounds)]
    steps = {name: median(one[name] for one in measures) for name in measures[0]}
    return {"megabytes": text_megabytes(texts), "steps": steps, "peak_mb": peak_mb()}


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    print(json.dumps(measure(Path(asked["folder"]), asked["rounds"])))
