"""Detection measured on labelled text of the user."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from isinglass.schemas.config import PiiConfig
from isinglass.schemas.errors import InputError
from isinglass.transforms.pii.evaluation import (
    ANY_OVERLAP,
    EXACT,
    IGNORED,
    Labels,
    Match,
    Span,
    match_spans,
)
from isinglass.transforms.pii.installed_presidio import model_labels
from isinglass.transforms.pii.plugins.build import plug_ins
from isinglass.transforms.pii.scan import load_detector, scan

if TYPE_CHECKING:
    from isinglass.transforms.pii.detector import Detector

BATCH = 256
"""Records that are scanned together."""

SHOWN_LINES = 5
"""Bad lines that the message names."""


@dataclass(frozen=True)
class Labelled:
    """A data set with labelled spans.

    Attributes:
        spans: Labelled spans; `entity` is the label of the data set.
        lines: Line of each record in its file, from 1.
    """

    texts: list[str] = field(repr=False)
    languages: list[str]
    spans: list[Span] = field(repr=False)
    lines: list[int]


@dataclass(frozen=True)
class Evaluation:
    """What was measured.

    Attributes:
        words: Their words, divided by white space.
        failed: Records that could not be scanned; all in them counts as missed.
        not_looked_for: Labelled spans of each entity that the configuration does not
            look for.
        ignored: Spans of each label that is not scored by intention.
        unknown: Spans of each label that no mapping knows; these are ignored as well.
    """

    records: int
    words: int
    failed: int
    looked_for: tuple[str, ...]
    not_looked_for: Counter[str]
    ignored: Counter[str]
    unknown: Counter[str]
    overlap: dict[str, Match] = field(repr=False)
    strict: dict[str, Match] = field(repr=False)
    gold: list[Span] = field(repr=False)
    predicted: list[Span] = field(repr=False)


def looked_for(config: PiiConfig) -> frozenset[str]:
    """Entities that a configuration finds: its own and those of plug-ins.

    Raises:
        ConfigError: A recognizer of the user is wrong.
    """
    own = set(config.entities)
    if config.mode == "identifiers":
        own -= set(model_labels().values())
    return frozenset(own | {p.entity for p in plug_ins(config.recognizers)})


def evaluate(config: PiiConfig, data: Labelled, labels: Labels) -> Evaluation:
    """Scan the texts as a run does, and compare with the labels.

    Raises:
        RefuseError: A model is missing or the configuration is wrong.
    """
    entities = looked_for(config)
    predicted, failed = _predict(load_detector(config, time.monotonic), data)
    unknown, ignored, outside = Counter[str](), Counter[str](), Counter[str]()
    gold = []
    for span in data.spans:
        entity = labels.entity(span.entity)
        if entity is None:
            unknown[span.entity] += 1
        elif entity == IGNORED:
            ignored[span.entity] += 1
        elif entity not in entities:
            outside[entity] += 1
        gold.append(span._replace(entity=entity or IGNORED))
    return Evaluation(
        records=len(data.texts),
        words=sum(len(text.split()) for text in data.texts),
        failed=failed,
        looked_for=tuple(sorted(entities)),
        not_looked_for=outside,
        ignored=ignored,
        unknown=unknown,
        overlap=match_spans(gold, predicted, entities, ANY_OVERLAP),
        strict=match_spans(gold, predicted, entities, EXACT),
        gold=gold,
        predicted=predicted,
    )


def _predict(detector: Detector, data: Labelled) -> tuple[list[Span], int]:
    spans: list[Span] = []
    failed = 0
    for begin in range(0, len(data.texts), BATCH):
        texts = pa.array(data.texts[begin : begin + BATCH], pa.string())
        languages = pa.array(data.languages[begin : begin + BATCH], pa.string())
        scanned = scan(detector, texts, languages)
        failed += scanned.failures.num_rows
        columns = scanned.findings.select(["row", "start", "end", "entity"]).to_pydict()
        rows = zip(*columns.values(), strict=True)
        spans += (Span(begin + row, *rest) for row, *rest in rows)
    return spans, failed


def read_labelled(path: Path, language: str) -> Labelled:
    """Read one JSON object a line: `text`, `spans` and perhaps `lang` or `language`.

    Args:
        path: The file; with the ending `.gz` it is decompressed.
        language: Language of records that name none.

    Raises:
        InputError: The file cannot be read, or lines are wrong; names the lines and
            says nothing of their contents.
    """
    data = Labelled([], [], [], [])
    bad: list[str] = []
    for number, raw in _lines(path):
        if not raw.strip():
            continue
        try:
            record = _record(raw)
        except InputError as error:
            bad.append(f"line {number}: {error}")
            continue
        own = record.get("lang") or record.get("language") or language
        data.spans.extend(
            Span(len(data.texts), span["start"], span["end"], span["label"])
            for span in record["spans"]
        )
        data.texts.append(record["text"])
        data.languages.append(own)
        data.lines.append(number)
    if bad:
        shown = "; ".join(bad[:SHOWN_LINES])
        more = len(bad) - SHOWN_LINES
        rest = f"; and {more:,} more" if more > 0 else ""
        raise InputError(f"{path}: {shown}{rest}")
    if not data.texts:
        raise InputError(f"{path}: holds no record")
    return data


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield from enumerate(file, 1)
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or "it is no gzip, or breaks off"
        raise InputError(f"{path} cannot be read ({reason})") from None


def _record(raw: bytes) -> dict[str, Any]:
    """The record of a line.

    Raises:
        InputError: Says what is wrong with it.
    """
    try:
        record = json.loads(raw)
    except UnicodeDecodeError:
        raise InputError("not UTF-8") from None
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON (column {error.colno})") from None
    if not isinstance(record, dict) or not isinstance(record.get("text"), str):
        raise InputError("`text` must be a string")
    if any("\ud800" <= char <= "\udfff" for char in record["text"]):
        raise InputError("`text` holds a lone surrogate")
    if not isinstance(record.get("spans"), list):
        raise InputError("`spans` must be a list")
    length = len(record["text"])
    for position, span in enumerate(record["spans"]):
        if not _is_span(span, length):
            raise InputError(
                f"spans.{position}: wants a string `label` and whole numbers with "
                f"0 <= start < end <= {length}"
            )
    tags = (record.get("lang"), record.get("language"))
    if not all(tag is None or isinstance(tag, str) for tag in tags):
        raise InputError("`lang` must be a string")
    return record


def _is_span(span: Any, length: int) -> bool:
    if not isinstance(span, dict):
        return False
    start, end, label = span.get("start"), span.get("end"), span.get("label")
    if type(start) is not int or type(end) is not int or not isinstance(label, str):
        return False
    return 0 <= start < end <= length and bool(label.strip())
