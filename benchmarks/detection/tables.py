"""Part `tables`: Presidio's own tables of tests, row by row.

Each row is a text with the entity that Presidio's test looks for, how many findings it
expects, and where. Three readings: the installed Presidio's own recognizer; ours in
mode identifiers with that entity named, at any score; and ours as `pii.countries` or
the default has it. A row agrees if number and places are equal. Every row that does
not, with the entity named, must have a reason: `table_reasons.yaml`.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import yaml

from benchmarks.detection.peers import build_stock
from benchmarks.measuring.processes import Target, table
from isinglass.schemas.config.countries import entities_of
from isinglass.schemas.config.pii import EntityConfig, PiiConfig, default_entities
from isinglass.transforms.pii.catalogue import checks_of
from isinglass.transforms.pii.detector import build_detector
from isinglass.transforms.pii.found import resolve_overlaps
from isinglass.transforms.pii.plugins.presidio import (
    LOCAL_MODEL,
    all_classes,
)
from isinglass.transforms.pii.reserved import PHONE_NUMBER, is_reserved

FILE = "presidio_tables.jsonl"
REGIONS = {"TR_PHONE_NUMBER": "TR", "PH_MOBILE_NUMBER": "PH"}
"""Telephone numbers of a country are PHONE_NUMBER here, by region."""

NOBODY = "nobody's: a private, documentation or fictional range, or one digit repeated"
SAME = "the installed Presidio differs from the row in the same way"
CHECKED = "our check digit, date or issuer refuses it"

Span = tuple[int, int]


class Row(NamedTuple):
    """One row: what Presidio's test expects in a text.

    Attributes:
        spans: Empty where the test counts only.
    """

    entity: str
    text: str
    count: int
    spans: tuple[Span, ...]

    def agrees(self, found: tuple[Span, ...]) -> bool:
        """Whether the findings are those that are expected."""
        return len(found) == self.count and (not self.spans or found == self.spans)


@dataclass(frozen=True)
class Readings:
    """Findings of each row, in the order of the rows."""

    rows: list[Row]
    stock: list[tuple[Span, ...]]
    named: list[tuple[Span, ...]]
    usual: list[tuple[Span, ...]]


def run(folder: Path, *, small: bool) -> list[Target]:
    """Print agreement by entity and the reasons; returns the targets.

    Raises:
        SystemExit: There is no such file.
    """
    if not (folder / FILE).is_file():
        raise SystemExit(f"--labelled: no file {folder / FILE}")
    rows = read_rows(folder)
    readings = read_all(rows[:: 10 if small else 1])
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    why: dict[str, Counter[str]] = defaultdict(Counter)
    for row, stock, named, usual in zip(*vars(readings).values(), strict=True):
        count = counts[row.entity]
        count["rows"] += 1
        for name, found in (("stock", stock), ("named", named), ("usual", usual)):
            count[name] += row.agrees(found)
        if not row.agrees(named):
            why[row.entity][reason_of(row, named, stock) or "NO REASON"] += 1
    kinds = ("rows", "stock", "named", "usual")
    head = ("entity", "rows", "Presidio", "named", "by default or country", "reasons")
    told = [
        [
            e,
            *(str(c[k]) for k in kinds),
            "; ".join(f"{n} {r}" for r, n in why[e].items()),
        ]
        for e, c in sorted(counts.items())
    ]
    total = sum(counts.values(), Counter[str]())
    print(table(head, [*told, ["all", *(str(total[k]) for k in kinds), ""]]))
    missing = sum(reasons["NO REASON"] for reasons in why.values())
    what = "differences from Presidio's tables without a reason"
    return [Target(what, "0", str(missing), missing == 0)]


def read_rows(folder: Path) -> list[Row]:
    """The rows of the file."""
    with (folder / FILE).open(encoding="utf-8") as lines:
        given = [json.loads(line) for line in lines]
    return [
        Row(
            r["entity"],
            r["text"],
            r["count"],
            tuple(sorted(map(tuple, r["spans"] or ()))),
        )
        for r in given
    ]


def read_all(rows: list[Row]) -> Readings:
    """Every row by Presidio, by us with its entity named, and by us as usual."""
    return Readings(rows, by_stock(rows), by_name(rows), _as_usual(rows))


def by_stock(rows: list[Row]) -> list[tuple[Span, ...]]:
    """What the installed Presidio's own recognizer finds in each row."""
    build_stock()  # lists of domains come from the package
    return _by_entity(rows, _stock_spans)


def by_name(rows: list[Row]) -> list[tuple[Span, ...]]:
    """What we find in each row with its entity named, at any score."""
    return _by_entity(rows, lambda entity, texts: _spans(entity, EntityConfig(), texts))


def _as_usual(rows: list[Row]) -> list[tuple[Span, ...]]:
    usual, whole = default_entities(), entities_of(("all",))

    def read(entity: str, texts: list[str]) -> list[tuple[Span, ...]]:
        kind = kind_of(entity)
        added = whole.get(kind, {"threshold": 0.5})
        return _spans(entity, usual.get(kind) or EntityConfig(**added), texts)

    return _by_entity(rows, read)


def _by_entity(
    rows: list[Row], read: Callable[[str, list[str]], list[tuple[Span, ...]]]
) -> list[tuple[Span, ...]]:
    """What is found in each row, all rows of an entity at a time."""
    found: list[tuple[Span, ...]] = [() for _ in rows]
    for entity in dict.fromkeys(row.entity for row in rows):
        places = [i for i, row in enumerate(rows) if row.entity == entity]
        texts = [rows[i].text for i in places]
        for place, spans in zip(places, read(entity, texts), strict=True):
            found[place] = spans
    return found


def kind_of(entity: str) -> str:
    """What we call an entity of the tables."""
    return PHONE_NUMBER if entity in REGIONS else entity


def _stock_spans(entity: str, texts: list[str]) -> list[tuple[Span, ...]]:
    made = [one for one in _stock() if entity in one.supported_entities]
    return [
        tuple(
            sorted(
                {
                    (f.start, f.end)
                    for one in made
                    for f in one.analyze(text, [entity], None)
                }
            )
        )
        for text in texts
    ]


@cache
def _stock() -> list[Any]:
    by_engine = ("SpacyRecognizer", "StanzaRecognizer", "TransformersRecognizer")
    return [
        kind()
        for name, kind in all_classes().items()
        if name not in LOCAL_MODEL
        and name not in by_engine
        and ".third_party." not in kind.__module__
    ]


def _spans(
    entity: str, settings: EntityConfig, texts: list[str]
) -> list[tuple[Span, ...]]:
    regions = (REGIONS[entity],) if entity in REGIONS else PiiConfig().phone_regions
    kinds = {kind_of(entity): settings}
    config = PiiConfig(mode="identifiers", entities=kinds, phone_regions=regions)
    unknown = pa.array(["und"] * len(texts))
    found = build_detector(config).detect(pa.array(texts), unknown)
    if found.failures.num_rows:
        raise RuntimeError(f"{found.failures.num_rows} texts could not be scanned")
    spans: list[list[Span]] = [[] for _ in texts]
    for finding in resolve_overlaps(found.findings).to_pylist():
        spans[finding["row"]].append((finding["start"], finding["end"]))
    return [tuple(sorted(each)) for each in spans]


def reason_of(row: Row, found: tuple[Span, ...], stock: tuple[Span, ...]) -> str | None:
    """Why a row does not agree; None if nobody said."""
    if set(found) == set(stock):
        return SAME
    expected = set(row.spans or stock)
    wrong = expected ^ set(found)
    reasons = {_reason(row, span, span in expected) for span in wrong}
    if None in reasons or not reasons:
        return None
    return ", ".join(sorted(filter(None, reasons)))


def _reason(row: Row, span: Span, missed: bool) -> str | None:  # noqa: FBT001
    value = row.text[span[0] : span[1]]
    for reason in _reasons().get(row.entity, ()):
        if (reason.get("missed", True) == missed) and re.fullmatch(
            reason["value"], value
        ):
            return str(reason["reason"])
    kind = kind_of(row.entity)
    if missed and is_reserved(kind, value):
        return NOBODY
    checks = checks_of(kind)
    if missed and checks and not any(check(value) for check in checks):
        return CHECKED
    return None


@cache
def _reasons() -> dict[str, list[dict[str, Any]]]:
    path = Path(__file__).with_name("table_reasons.yaml")
    content: dict[str, list[dict[str, Any]]] = yaml.safe_load(path.read_text("utf-8"))
    return content
