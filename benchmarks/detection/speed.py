"""Part `speed`: CPU seconds of every mode beside stock Presidio, in one process.

The sample is cut into slices, and every detector scans a slice before the next slice
begins, so that a noisy neighbour meets them all.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING

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
from benchmarks.measuring.processes import Target, table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa

SLICES = 4
MODES: tuple[Mode, ...] = ("exact", "fast", "identifiers")
ASKED = {"fast": 10.0, "identifiers": 400.0}
LEAST_MB = {"identifiers": 36.0, "identifiers, all countries": 36.0 * 0.95}
ROUNDS = 4
ALL_OF_STOCK = ", all of stock's entities"


def run(corpus: Path, *, small: bool) -> list[Target]:
    """Print the table; returns the targets."""
    texts = read_texts(corpus)
    chosen = sample(texts, 120 if small else 800)
    spent = _interleaved(chosen)
    size = megabytes(chosen)
    base = size / spent["stock"]
    rows = [_row(name, size, cpu, base) for name, cpu in spent.items()]
    whole, whole_mb = _whole(texts), megabytes(texts)
    for name, cpu in whole.items():
        rows.append(_row(f"{name}, whole corpus", whole_mb, cpu, base))
    print(table(("detector", "MB of text", "CPU s", "MB/s", "times stock"), rows))
    targets = []
    for mode, asked in ASKED.items():
        # The modes with a model do all that stock does; the third has no names.
        name = mode if mode == "identifiers" else f"{mode}{ALL_OF_STOCK}"
        ratio = size / spent[name] / base
        what = f"{name}, times stock"
        targets.append(Target(what, f">= {asked:g}", f"{ratio:.1f}", ratio >= asked))
    for name, least in LEAST_MB.items():
        rate = whole_mb / whole[name]
        what = f"{name}, whole corpus"
        targets.append(Target(what, f">= {least:g} MB/s", f"{rate:.1f}", rate >= least))
    ratio = whole_mb / whole["identifiers"] / base
    asked = ASKED["identifiers"]
    what = "identifiers, whole corpus, times stock"
    targets.append(Target(what, f">= {asked:g}", f"{ratio:.0f}", ratio >= asked))
    return targets


def _interleaved(chosen: pa.StringArray) -> dict[str, float]:
    stock = build_stock()
    entities = stock_entities(stock)
    detectors = {
        f"exact{ALL_OF_STOCK}": build("exact", entities),
        f"fast{ALL_OF_STOCK}": build("fast", entities),
        **{mode: build(mode) for mode in MODES},
        "fast, names without the head": build("fast", confirm=False),
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


def _whole(texts: pa.StringArray) -> dict[str, float]:
    """CPU seconds of the whole corpus in mode identifiers, the best of some in turn."""
    detectors = {
        "identifiers": build("identifiers"),
        "identifiers, all countries": build("identifiers", countries=("all",)),
    }
    best = dict.fromkeys(detectors, float("inf"))
    for _ in range(ROUNDS):
        for name, detector in detectors.items():
            began = time.process_time()
            detect(detector, texts)
            best[name] = min(best[name], time.process_time() - began)
    return best


def _row(name: str, size: float, cpu: float, base: float) -> list[str]:
    rate = size / cpu
    return [name, f"{size:.2f}", f"{cpu:.2f}", f"{rate:.3f}", f"{rate / base:.1f}"]
