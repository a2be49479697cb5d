"""Part `quality`: precision and recall on labelled text, beside stock Presidio.

Scored as `isinglass evaluate pii` does: a labelled span is found if a prediction of its
entity overlaps it, and a prediction is right if it overlaps such a span. Stock has no
model for languages other than English, so it is shown on English sets only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.detection.peers import MODEL, build_stock
from benchmarks.measuring.processes import Target, table
from isinglass.pipelines.stages.pii.evaluate import (
    Evaluation,
    Labelled,
    evaluate,
    read_labelled,
)
from isinglass.schemas.config.pii import PiiConfig, default_entities
from isinglass.transforms.pii.evaluation import Labels, Score, Span, match_spans

if TYPE_CHECKING:
    from pathlib import Path

CERTAIN = ("EMAIL_ADDRESS", "IBAN_CODE", "US_SSN", "IP_ADDRESS")
CHINESE = ("CN_ID_CARD", "CN_PASSPORT", "CN_PLATE", "CREDIT_CARD", "EMAIL_ADDRESS")
MOST_FALSE_HITS = 0.1
PERSON_ONLY = ("wikigold", "wnut17_test")
NOT_IDENTIFIERS = ("PERSON",)


@dataclass(frozen=True)
class Result:
    """One labelled set, scanned by the detector and, where it can, by stock."""

    evaluation: Evaluation
    stock: dict[str, Score]

    def score(self, entity: str) -> Score:
        """Counts of an entity."""
        return self.evaluation.overlap[entity].score


def run(folder: Path, *, small: bool) -> list[Target]:
    """Print the tables; returns the targets.

    Raises:
        SystemExit: There is no such folder.
    """
    if not folder.is_dir():
        raise SystemExit(f"--labelled: no folder {folder}")
    names = ["presidio_synth_v2", "zh_structured_synth", "clean_pydoc"]
    names += [] if small else [*PERSON_ONLY, "pii_syn_nano"]
    results = {name: _result(folder / f"{name}.jsonl") for name in names}
    for name, result in results.items():
        _print(name, result)
    return [
        *_synthetic(results["presidio_synth_v2"]),
        *_chinese(results["zh_structured_synth"]),
        _clean(results["clean_pydoc"]),
    ]


def _result(path: Path) -> Result:
    data = read_labelled(path, "en")
    config = PiiConfig(entities=default_entities())
    labels = Labels.of(list(config.entities))
    found = evaluate(config, data, labels)
    stock: dict[str, Score] = {}
    if set(data.languages) == {"en"}:
        predicted = _stock_spans(data)
        entities = set(found.looked_for)
        matches = match_spans(found.gold, predicted, entities)
        stock = {entity: match.score for entity, match in matches.items()}
    return Result(found, stock)


def _stock_spans(data: Labelled) -> list[Span]:
    stock = build_stock()
    return [
        Span(record, found.start, found.end, found.entity_type)
        for record, text in enumerate(data.texts)
        for found in stock.analyze(text, language="en")
    ]


def _print(name: str, result: Result) -> None:
    rows = []
    for entity, match in result.evaluation.overlap.items():
        own, other = match.score, result.stock.get(entity)
        if own.gold or own.predicted:
            rows.append([entity, *_cells(own), *(_cells(other)[1:] if other else [])])
    stock = ["stock: found", "P", "R", "F1"] if result.stock else []
    header = ["entity", "labelled", "found", "P", "R", "F1", *stock]
    print(f"\n### {name}: {result.evaluation.records:,} records\n")
    print(table(header, rows))


def _cells(score: Score) -> list[str]:
    numbers = (score.precision, score.recall, score.f(1))
    shown = ["" if n is None else f"{n:.3f}" for n in numbers]
    return [f"{score.gold:,}", f"{score.predicted:,}", *shown]


def _target(what: str, asked: float, value: float | None) -> Target:
    got = 0.0 if value is None else value
    return Target(what, f">= {asked:g}", f"{got:.3f}", got >= asked)


def _synthetic(result: Result) -> list[Target]:
    place = "presidio_synth_v2"
    one = [
        _target(f"{place}: F1 of {entity}", 1.0, result.score(entity).f(1))
        for entity in CERTAIN
    ]
    card = result.score("CREDIT_CARD").f(1)
    phone = result.score("PHONE_NUMBER").f(1)
    stock = result.stock["PERSON"].f(1) or 0.0
    person = result.score("PERSON").f(1)
    return [
        *one,
        _target(f"{place}: F1 of CREDIT_CARD", 0.95, card),
        _target(f"{place}: F1 of PHONE_NUMBER", 0.85, phone),
        _target(f"{place}: F1 of PERSON ({MODEL})", round(stock, 4), person),
    ]


def _chinese(result: Result) -> list[Target]:
    targets = []
    for entity in (*CHINESE, "PHONE_NUMBER"):
        score = result.score(entity)
        least = min(score.precision or 0.0, score.recall or 0.0)
        what = f"zh_structured_synth: P and R of {entity}"
        targets.append(_target(what, 0.99, least))
    return targets


def _clean(result: Result) -> Target:
    hits = sum(
        match.score.predicted
        for entity, match in result.evaluation.overlap.items()
        if entity not in NOT_IDENTIFIERS
    )
    rate = hits / result.evaluation.words * 1000
    what = "clean_pydoc: identifiers found per 1,000 words"
    return Target(what, f"< {MOST_FALSE_HITS}", f"{rate:.3f}", rate < MOST_FALSE_HITS)
