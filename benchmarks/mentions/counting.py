"""Part `counting`: MB of text a CPU second, and what all axes add to a survey."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from benchmarks.measuring.processes import Target, table
from isinglass.schemas.config.demographics import DemographicsConfig
from isinglass.transforms.demographics.counts import count_mentions
from isinglass.transforms.demographics.lexicon import (
    DemographicLexicon,
    Lexicons,
    load_lexicons,
)
from isinglass.transforms.language import detect_languages
from isinglass.transforms.normalise import normalise

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH_ROWS = 1_000
ROUNDS = 3
PLAIN, JUDGED, SURVEY = 30.0, 15.0, 1.5


def run(texts: pa.StringArray) -> list[Target]:
    """Print the table; returns the targets."""
    texts = texts.cast(pa.string())
    parts = [
        texts[start : start + BATCH_ROWS] for start in range(0, len(texts), BATCH_ROWS)
    ]
    size = sum(part.nbytes for part in parts) / 1e6
    gender = load_lexicons(DemographicsConfig(axes=("gender",)))
    every = load_lexicons()
    unjudged = Lexicons(tuple(map(_without_rules, every.all)))
    spent = _in_turn(
        {
            "gender": lambda part: _count(part, gender),
            "all axes": lambda part: _count(part, every),
            "all axes, every match": lambda part: _count(part, unjudged),
            "languages and equal texts": _rest,
        },
        parts,
    )
    rows = [
        (name, f"{cpu:.2f}", f"{size / cpu:.1f}" if cpu else "")
        for name, cpu in spent.items()
    ]
    print(f"{len(texts):,} documents, {size:.1f} MB.\n")
    print(table(("counted", "CPU s", "MB/s"), rows))
    plain = size / spent["all axes, every match"]
    judged = size / spent["all axes"]
    rest = spent["languages and equal texts"]
    ratio = (rest + spent["all axes"]) / (rest + spent["gender"])
    told = (
        ("counting without sense rules", f">= {PLAIN:g} MB/s", plain, plain >= PLAIN),
        ("counting with them", f">= {JUDGED:g} MB/s", judged, judged >= JUDGED),
        ("survey, all axes beside gender", f"<= {SURVEY:g}", ratio, ratio <= SURVEY),
    )
    return [Target(what, asked, f"{got:.2f}", ok) for what, asked, got, ok in told]


def _without_rules(lexicon: DemographicLexicon) -> DemographicLexicon:
    """The same terms, of which every match counts."""
    off = {"sense": None, "case": False}
    terms = ((group, term.model_copy(update=off)) for group, term in lexicon.terms)
    return replace(lexicon, terms=tuple(terms))


def _in_turn(
    work: dict[str, Callable[[pa.StringArray], object]], parts: list[pa.StringArray]
) -> dict[str, float]:
    """CPU seconds of each over all parts, the best of some rounds in turn."""
    best = dict.fromkeys(work, float("inf"))
    for done in work.values():
        done(parts[0])
    for _ in range(ROUNDS):
        for name, done in work.items():
            began = time.process_time()
            for part in parts:
                done(part)
            best[name] = min(best[name], time.process_time() - began)
    return best


def _count(texts: pa.StringArray, lexicons: Lexicons) -> object:
    return count_mentions(texts, pa.array(["en"] * len(texts)), lexicons)


def _rest(texts: pa.StringArray) -> object:
    """What else a survey does that takes long."""
    return detect_languages(texts), normalise(texts)
