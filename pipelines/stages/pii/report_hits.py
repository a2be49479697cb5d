"""How precise the findings are, as far as it shows: by source, and by value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from isinglass.pipelines.report.blocks import (
    Block,
    Cell,
    Heading,
    Paragraph,
    Row,
    Table,
    code,
    columns,
    digest,
    table,
)
from isinglass.pipelines.report.text import (
    MISSING,
    THIN_SPACE,
    decimal,
    grouped,
    percent,
    shorten,
)
from isinglass.pipelines.stages.pii.counts import WORDS_UNIT
from isinglass.pipelines.stages.pii.hits import hit_warnings, is_warned, word_share
from isinglass.transforms.pii.names import PERSON

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData
    from isinglass.schemas.manifest import FrequentValue

MOST_KINDS = 6
"""Kinds that have a column by source, most findings first; PERSON always has one."""

LEAST_SHOWN = 30
"""Findings of a kind that has a column; a rate of fewer says little."""

FAR_ABOVE = 5.0
"""Times the rate of all other sources together, from which on a source is named."""

LEAST_FOUND, LEAST_WORDS = 100, 10_000
"""Findings of a source that is named, and words of the others, to compare with."""

_SIGNS = {
    "small": "also in small letters in the same text",
    "article": "behind an article",
    "label": "alone on its line or before a number",
}


@dataclass(frozen=True)
class _Rates:
    """Findings by kind and source, and words by source."""

    found: Mapping[tuple[str, str], float]
    words: Mapping[str, float]

    def rate(self, kind: str, source: str) -> float | None:
        """Findings in 1,000 words; None without words."""
        words = self.words.get(source)
        return WORDS_UNIT * self.found.get((kind, source), 0) / words if words else None

    def times_the_rest(self, kind: str, source: str) -> float | None:
        """How many times the rate of all others; None where that says nothing."""
        own, words = self.found.get((kind, source), 0.0), self.words.get(source, 0.0)
        others = sum(n for (k, _), n in self.found.items() if k == kind) - own
        rest = sum(self.words.values()) - words
        if own < LEAST_FOUND or rest < LEAST_WORDS or not words:
            return None
        return own / words * rest / others if others else float("inf")


def hit_blocks(data: ReportData, kinds: list[str]) -> list[Block]:
    """Findings by source, and the values that were replaced most often."""
    values = data.manifest.frequent_values
    blocks: list[Block] = [
        Heading("Where they were found, and which values most often")
    ]
    rates = _rates(data)
    shown = _kinds(data, kinds)
    if shown and rates.found:
        blocks += _by_source(rates, shown)
    blocks += [Paragraph(warning, "warn") for warning in hit_warnings(values)]
    if values:
        blocks.append(_value_table(values))
    return blocks if len(blocks) > 1 else []


def _rates(data: ReportData) -> _Rates:
    found = {
        (row["entity"], row["source"]): float(row["value"])
        for row in data.slices.named("pii.found")
        if row["source"] is not None
    }
    return _Rates(found, data.slices.by("words", "output", "source"))


def _kinds(data: ReportData, kinds: list[str]) -> list[str]:
    """Kinds that have a column: names first, then what was found most often."""
    findings = data.manifest.findings
    found = {kind: findings[kind].found for kind in kinds if kind in findings}
    others = [k for k, n in found.items() if n >= LEAST_SHOWN and k != PERSON]
    return [*([PERSON] if PERSON in found else []), *others][:MOST_KINDS]


def _by_source(rates: _Rates, kinds: list[str]) -> list[Block]:
    """A row a source, the highest rate of names first, and which are far above."""
    ordered = sorted(
        rates.words,
        key=lambda name: (*(-(rates.rate(kind, name) or 0.0) for kind in kinds), name),
    )
    rows: list[Row] = [
        [
            shorten(source) or "(none)",
            grouped(rates.words[source]),
            *(_rate_cell(rates, kind, source) for kind in kinds),
        ]
        for source in ordered
    ]
    made = table(
        f"Findings per 1{THIN_SPACE}000 words, by source",
        columns("<Source", "Words", *kinds),
        rows,
        note=f"Of {kinds[0]} the highest rate comes first.",
    )
    far = [
        f"{kind} in {shorten(source) or '(none)'} "
        f"({decimal(rates.rate(kind, source), 2)}, {_times(times)})"
        for kind in kinds
        for source in ordered
        for times in [rates.times_the_rest(kind, source)]
        if times is not None and times >= FAR_ABOVE
    ]
    if not far:
        return [made]
    said = (
        f"Far above all other sources together: {'; '.join(far)}. Either such texts "
        "hold more of them, or what is found there is none; look at some."
    )
    return [made, Paragraph(said, "warn")]


def _times(times: float) -> str:
    return "none elsewhere" if times == float("inf") else f"{decimal(times, 1)} times"


def _rate_cell(rates: _Rates, kind: str, source: str) -> Cell:
    times = rates.times_the_rest(kind, source)
    far = times is not None and times >= FAR_ABOVE
    return Cell(decimal(rates.rate(kind, source), 3), tone="warn" if far else "")


def _value_table(values: list[FrequentValue]) -> Table:
    """Those that are written like words come first, then those replaced most often."""
    ordered = sorted(values, key=lambda value: (not is_warned(value), -value.found))
    return table(
        "Values that were replaced most often, by their keyed hash",
        columns(
            *("<Value", "<Kind", "Replaced", "Documents", "Share of kind"),
            *("Signs of a word", "<Most of them"),
        ),
        [_value_row(value) for value in ordered],
        note=(
            "The value is value_key in findings/; what it stands for is written "
            "nowhere. A sign of a word is that a finding is used as no name is, "
            f"see docs/pii.md; other kinds than {PERSON} are not looked at."
        ),
    )


def _value_row(value: FrequentValue) -> Row:
    signs = max(value.signs, key=lambda sign: value.signs[sign], default="")
    share = percent(word_share(value)) if value.entity == PERSON else MISSING
    return [
        digest(value.value_key),
        code(value.entity),
        grouped(value.found),
        grouped(value.documents),
        percent(value.share),
        Cell(share, tone="warn" if is_warned(value) else ""),
        _SIGNS.get(signs, MISSING),
    ]
