"""Precision and recall on labelled text; licences are in the README beside it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from isinglass.transforms.pii.overlap import resolve_overlaps

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.transforms.pii.detector import Detector

Spans = dict[int, list[tuple[int, int, str]]]


def read(folder: Path, name: str) -> list[dict[str, Any]]:
    lines = (folder / "pii" / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def detect(detector: Detector, documents: list[dict[str, Any]]) -> Spans:
    texts = pa.array([document["text"] for document in documents])
    detection = detector.detect(texts, pa.array(["en"] * len(texts)))
    assert detection.failures.num_rows == 0
    found: Spans = {}
    for r in resolve_overlaps(detection.findings).to_pylist():
        found.setdefault(r["row"], []).append((r["start"], r["end"], r["entity"]))
    return found


def touches(one: tuple[int, int, str], others: list[tuple[int, int, str]]) -> bool:
    return any(
        one[2] == e and one[0] < end and start < one[1] for start, end, e in others
    )


@pytest.mark.slow
def test_scores_on_synthetic_sentences(
    identifiers: Detector, shared_data: Path
) -> None:
    documents = read(shared_data, "presidio_synth_v2")
    found = detect(identifiers, documents)
    gold, hit, predicted, right = (
        Counter[str](),
        Counter[str](),
        Counter[str](),
        Counter[str](),
    )
    for row, document in enumerate(documents):
        labels = [(s["start"], s["end"], s["label"]) for s in document["spans"]]
        for span in labels:
            gold[span[2]] += 1
            hit[span[2]] += touches(span, found.get(row, []))
        for span in found.get(row, []):
            predicted[span[2]] += 1
            right[span[2]] += touches(span, labels)
    for entity in ("EMAIL_ADDRESS", "IBAN_CODE", "US_SSN", "IP_ADDRESS"):
        assert gold[entity] == hit[entity] == predicted[entity] == right[entity] > 10
    # Stock: cards .77 and phones .59 of recall, phones .73 of precision.
    assert right["CREDIT_CARD"] == predicted["CREDIT_CARD"]
    assert hit["CREDIT_CARD"] / gold["CREDIT_CARD"] > 0.77
    assert hit["PHONE_NUMBER"] / gold["PHONE_NUMBER"] > 0.65
    assert right["PHONE_NUMBER"] / predicted["PHONE_NUMBER"] > 0.95


@pytest.mark.slow
def test_false_hits_on_technical_text(identifiers: Detector, shared_data: Path) -> None:
    documents = read(shared_data, "clean_pydoc")
    words = sum(len(document["text"].split()) for document in documents)
    hits = sum(len(spans) for spans in detect(identifiers, documents).values())
    assert words > 30_000
    # One address of a contributor, and four long numbers.
    assert hits <= 5
