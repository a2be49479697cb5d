"""Part `equality`: what `exact` and `fast` find that stock does not, and reverse."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from benchmarks.deduplication.measure import Target, table
from benchmarks.detection.peers import (
    build,
    build_stock,
    detect,
    read_texts,
    sample,
    scored_spans,
    stock_entities,
    stock_spans,
)

if TYPE_CHECKING:
    from pathlib import Path

MODEL_ENTITIES = ("DATE_TIME", "LOCATION", "NRP", "PERSON")
MOST_SHARE = 0.001
OFFSET = 0.25
"""Other documents than those of the part `speed`."""

Spans = Counter[tuple[Any, ...]]


def run(corpus: Path, *, small: bool) -> list[Target]:
    """Print differences by entity; returns the targets."""
    texts = sample(read_texts(corpus), 150 if small else 1_500, OFFSET)
    stock = build_stock()
    entities = stock_entities(stock)
    expected = stock_spans(stock, texts)
    exact = scored_spans(detect(build("exact", entities), texts))
    fast = scored_spans(detect(build("fast", entities), texts))
    rows = []
    for entity in entities:
        wanted = _of(expected, entity)
        one, other = _of(exact, entity), _of(fast, entity)
        rows.append(
            [
                entity,
                wanted.total(),
                *(f"{d.total():,}" for d in (wanted - one, one - wanted)),
                *(f"{d.total():,}" for d in (wanted - other, other - wanted)),
            ]
        )
    header = ("entity", "stock", "exact: missing", "extra", "fast: missing", "extra")
    print(table(header, rows))
    wrong = (expected - exact).total() + (exact - expected).total()
    share = _model_share(expected, fast)
    total = f"{expected.total():,} findings of {len(texts):,} documents"
    return [
        Target(f"exact: differences in {total}", "0", str(wrong), wrong == 0),
        Target(
            "fast: entities of the model that differ",
            f"<= {MOST_SHARE:.1%}",
            f"{share:.3%}",
            share <= MOST_SHARE,
        ),
    ]


def _of(spans: Spans, entity: str) -> Spans:
    return Counter({span: n for span, n in spans.items() if span[3] == entity})


def _model_share(expected: Spans, fast: Spans) -> float:
    """Missing and extra findings of the model, of those of stock."""
    wanted = {s: n for s, n in expected.items() if s[3] in MODEL_ENTITIES}
    found = {s: n for s, n in fast.items() if s[3] in MODEL_ENTITIES}
    one, other = Counter(wanted), Counter(found)
    missing, extra = (one - other).total(), (other - one).total()
    # A span that only moved is missing at one place and extra at another: one entity.
    return max(missing, extra) / max(1, one.total())
