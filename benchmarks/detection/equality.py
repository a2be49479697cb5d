"""Part `equality`: what `exact` and own inference find and stock does not, and reverse.

Own inference is that of stock's model, before the form rules of names.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from benchmarks.detection.peers import (
    build,
    build_stock,
    detect,
    own_inference,
    read_texts,
    sample,
    scored_spans,
    stock_entities,
    stock_spans,
)
from benchmarks.measuring.processes import Target, table

if TYPE_CHECKING:
    from pathlib import Path

MODEL_ENTITIES = ["LOCATION", "NRP", "PERSON"]
MOST_SHARE = 0.001
OFFSET = 0.25
"""Other documents than those of the part `speed`."""

Spans = Counter[tuple[Any, ...]]
Place = tuple[Any, ...]


def run(corpus: Path, *, small: bool) -> list[Target]:
    """Print differences by entity; returns the targets."""
    texts = sample(read_texts(corpus), 150 if small else 1_500, OFFSET)
    stock = build_stock()
    entities = stock_entities(stock)
    expected = stock_spans(stock, texts)
    exact = scored_spans(detect(build("exact", entities), texts))
    own = scored_spans(own_inference(texts, MODEL_ENTITIES))
    rows = []
    for entity in entities:
        wanted = _of(expected, entity)
        one, other = _of(exact, entity), _of(own, entity)
        other = other if entity in MODEL_ENTITIES else wanted
        rows.append(
            [
                entity,
                wanted.total(),
                *(f"{d.total():,}" for d in (wanted - one, one - wanted)),
                *(f"{d.total():,}" for d in (wanted - other, other - wanted)),
            ]
        )
    header = ("entity", "stock", "exact: missing", "extra", "own: missing", "extra")
    print(table(header, rows))
    wrong = (expected - exact).total() + (exact - expected).total()
    share = _model_share(expected, own)
    total = f"{expected.total():,} findings of {len(texts):,} documents"
    return [
        Target(f"exact: differences in {total}", "0", str(wrong), wrong == 0),
        Target(
            "own inference: entities of the model that differ",
            f"<= {MOST_SHARE:.1%}",
            f"{share:.3%}",
            share <= MOST_SHARE,
        ),
    ]


def _of(spans: Spans, entity: str) -> Spans:
    return Counter({span: n for span, n in spans.items() if span[3] == entity})


def _model_share(expected: Spans, own: Spans) -> float:
    """Missing or extra entities of the model, of those of stock."""
    one, other = _model_places(expected), _model_places(own)
    missing, extra = len(one - other), len(other - one)
    # A span that only moved is missing at one place and extra at another: one entity.
    return max(missing, extra) / max(1, len(one))


def _model_places(spans: Spans) -> set[Place]:
    """Places of entities of the model, without those that lie in one of their kind.

    Stock leaves these out; `fast` does so when it resolves overlaps.
    """
    places = {span[:4] for span in spans if span[3] in MODEL_ENTITIES}
    by_row: dict[tuple[int, str], list[Place]] = {}
    for place in places:
        by_row.setdefault((place[0], place[3]), []).append(place)
    return {
        place
        for place in places
        if not any(
            other != place and other[1] <= place[1] and place[2] <= other[2]
            for other in by_row[place[0], place[3]]
        )
    }
