"""Part `speed`: CPU seconds of every mode beside stock Presidio, in one process.

The sample is cut into slices, and every detector scans a slice before the next slice
begins, so that a noisy neighbour meets them all.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING

from benchmarks.deduplication.measure import Target, table
from benchmarks.detection.peers import (
    Mode,
    build,
    build_stock,
    detect,
    megabytes,
    read_texts,
    sample,
    stock_entities,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa

SLICES = 4
MODES: tuple[Mode, ...] = ("exact", "fast", "identifiers")
ASKED = {"exact": 2.0, "fast": 3.0, "identifiers": 400.0}
LEAST_MB = 10.0


def run(corpus: Path, *, small: bool) -> list[Target]:
    """Print the table; returns the targets."""
    texts = read_texts(corpus)
    chosen = sample(texts, 120 if small else 800)
    spent = _interleaved(chosen)
    size = megabytes(chosen)
    base = size / spent["stock"]
    rows = [_row(name, size, cpu, base) for name, cpu in spent.items()]
    whole, whole_mb = _whole("identifiers", texts)
    rows.append(_row("identifiers, whole corpus", whole_mb, whole, base))
    print(table(("detector", "MB of text", "CPU s", "MB/s", "times stock"), rows))
    targets = [
        Target(
            f"{mode}, times stock",
            f">= {ASKED[mode]:g}",
            f"{size / spent[mode] / base:.1f}",
            size / spent[mode] / base >= ASKED[mode],
        )
        for mode in MODES
    ]
    rate = whole_mb / whole
    reached = rate >= LEAST_MB
    return [
        *targets,
        Target(
            "identifiers, whole corpus", f">= {LEAST_MB:g} MB/s", f"{rate:.1f}", reached
        ),
        Target(
            "identifiers, whole corpus, times stock",
            f">= {ASKED['identifiers']:g}",
            f"{rate / base:.0f}",
            rate / base >= ASKED["identifiers"],
        ),
    ]


def _interleaved(chosen: pa.StringArray) -> dict[str, float]:
    stock = build_stock()
    entities = stock_entities(stock)
    detectors = {
        "exact, all of stock's entities": build("exact", entities),
        "fast, all of stock's entities": build("fast", entities),
        **{mode: build(mode) for mode in MODES},
    }

    def scan_stock(part: pa.StringArray) -> None:
        for text in part.to_pylist():
            stock.analyze(text, language="en")

    work: dict[str, Callable[[pa.StringArray], object]] = {"stock": scan_stock}
    for name, detector in detectors.items():
        work[name] = lambda part, detector=detector: detect(detector, part)
    # Kernels are compiled or loaded, and models warmed, before the clock runs.
    for scan in work.values():
        scan(chosen[:4])
    spent: dict[str, float] = defaultdict(float)
    for number in range(SLICES):
        part = chosen.take(list(range(number, len(chosen), SLICES)))
        for name, scan in work.items():
            began = time.process_time()
            scan(part)
            spent[name] += time.process_time() - began
    return spent


def _whole(mode: Mode, texts: pa.StringArray) -> tuple[float, float]:
    detector = build(mode)
    began = time.process_time()
    detect(detector, texts)
    return time.process_time() - began, megabytes(texts)


def _row(name: str, size: float, cpu: float, base: float) -> list[str]:
    rate = size / cpu
    return [name, f"{size:.2f}", f"{cpu:.2f}", f"{rate:.3f}", f"{rate / base:.1f}"]
