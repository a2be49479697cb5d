"""Sources, languages and lengths before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.distributions import (
    MOST_BARS,
    Bar,
    bars,
    histogram,
)
from isinglass.pipelines.report.text import (
    MISSING,
    decimal,
    grouped,
    ratio,
    share_of,
    shorten,
    words_of,
)
from isinglass.transforms.statistics.fold import unit_of

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData, Slices

_MOST_GROUPS = 40
_COUNTS = ("documents", "characters", "words")
_STAGES = ("input", "output")
_HEADS = (
    "Documents in",
    "Documents out",
    "Lost",
    "Kept",
    "Characters in",
    "Characters out",
    "Words in",
    "Words out",
)
_LENGTH_WORDS = ("length", "quantile")
_SLICED = ("source", "language", "axis")


def content_section(data: ReportData) -> page.Section:
    """What the corpus consists of, at input and at output."""
    anchor, title = "content", "Sources, languages and lengths"
    slices = data.slices
    if slices.total("documents", "input") is None:
        return page.not_run(
            anchor, title, "there are no document statistics in this run."
        )
    blocks: list[page.Block] = [
        page.Paragraph(
            "Input means every document that could be read; output means the kept "
            "ones after redaction. The largest losses come first."
        )
    ]
    parts = []
    for column, name in (("source", "Source"), ("language", "Language")):
        numbers = _numbers(slices, column)
        if numbers:
            plural = "" if len(numbers) == 1 else "s"
            parts.append(f"{grouped(len(numbers))} {name.lower()}{plural}")
            blocks += [_picture(numbers, name), _before_after(numbers, column, name)]
    if data.lengths:
        picture = histogram(data.lengths, "Documents by characters", _rounded)
        caption = "Documents by their characters: hollow in, full out"
        blocks.append(page.Figure(picture, caption))
    lengths = _length_table(slices)
    if lengths is not None:
        blocks += [page.Heading("Document lengths"), lengths]
    said = f"{' and '.join(parts)}. {_medians(slices)}".strip()
    return page.Section(anchor, title, tuple(blocks), said=said)


def _medians(slices: Slices) -> str:
    """How long half of the documents are, before and after."""
    found = {
        row["stage"]: float(row["value"])
        for row in slices.named("length.quantile")
        if row["position"] == "0.5"
        and row["unit"] == "characters"
        and not any(row[name] is not None for name in _SLICED)
    }
    if len(found) < len(_STAGES):
        return ""
    before, after = (grouped(found[stage]) for stage in _STAGES)
    return f"Half of the documents have up to {before} characters in, {after} out."


def _rounded(length: float) -> str:
    """A power of two, short."""
    for size, unit in ((2.0**20, "M"), (2.0**10, "k")):
        if length >= size:
            return f"{length / size:.0f}{unit}"
    return f"{length:.0f}"


def _picture(numbers: Mapping[str, Sequence[float]], name: str) -> page.Figure:
    """The largest groups, before and after."""
    largest = sorted(numbers, key=lambda key: (-numbers[key][0], key))
    rows = [Bar(key or "(none)", *numbers[key][:2]) for key in largest[:MOST_BARS]]
    more = len(largest) - len(rows)
    rest = f"; {grouped(more)} smaller ones are in the table" if more else ""
    caption = f"Documents by {name.lower()}: hollow in, full out{rest}"
    return page.Figure(bars(rows, f"Documents by {name.lower()}"), caption)


def _before_after(
    numbers: Mapping[str, Sequence[float]], column: str, name: str
) -> page.Table:
    ordered = sorted(numbers, key=lambda key: (numbers[key][1] - numbers[key][0], key))
    shown = [_row(shorten(key) or "(none)", numbers[key]) for key in ordered]
    if len(shown) > _MOST_GROUPS:
        rest = ordered[_MOST_GROUPS - 1 :]
        others = _added([numbers[key] for key in rest])
        label = f"({grouped(len(rest))} others)"
        shown = [*shown[: _MOST_GROUPS - 1], _row(label, others)]
    unspaced = sorted(
        key for key in numbers if unit_of("words", {column: key}) != "words"
    )
    note = f"In {', '.join(unspaced)} words are characters." if unspaced else ""
    return page.table(
        f"By {name.lower()}, before and after: kept = documents out / documents in",
        page.columns(f"<{name}", *_HEADS),
        shown,
        total=_row("sum", _added(numbers.values())),
        note=note,
    )


def _numbers(slices: Slices, column: str) -> dict[str, tuple[float, ...]]:
    """By group: documents in and out, characters in and out, words in and out."""
    counts = [slices.by(name, stage, column) for name in _COUNTS for stage in _STAGES]
    keys = set(counts[0]) | set(counts[1])
    return {key: tuple(count.get(key, 0.0) for count in counts) for key in keys}


def _added(rows: Iterable[Sequence[float]]) -> tuple[float, ...]:
    return tuple(sum(column) for column in zip(*rows, strict=True))


def _row(label: str, numbers: Sequence[float]) -> page.Row:
    documents_in, documents_out, *sizes = numbers
    kept = page.Cell(
        share_of(documents_out, documents_in), bar=ratio(documents_out, documents_in)
    )
    return [
        label,
        grouped(documents_in),
        grouped(documents_out),
        grouped(documents_in - documents_out),
        kept,
        *(grouped(count) for count in sizes),
    ]


def _length_table(slices: Slices) -> page.Table | None:
    """Length statistics over everything, one row a quantile or other summary."""
    found: dict[tuple[str, str, float, str], dict[str, float]] = {}
    for row in slices.rows:
        is_length = any(word in row["metric"] for word in _LENGTH_WORDS)
        if is_length and not any(row[name] is not None for name in _SLICED):
            values = found.setdefault(_length_key(row), {})
            values[row["stage"]] = float(row["value"])
    if not found:
        return None
    rows = [
        [words_of(metric), label, *(_length(values.get(s)) for s in _STAGES), unit]
        for (metric, unit, _, label), values in sorted(found.items())
    ]
    return page.table(
        "Distribution of document lengths",
        page.columns("<Statistic", "<Point", "Input", "Output", "<Unit"),
        rows,
        note="Half of the documents are shorter than the 0.5 quantile (the median).",
    )


def _length_key(row: Mapping[str, Any]) -> tuple[str, str, float, str]:
    label = row["position"] or row["group"] or ""
    try:
        order = float(label.lstrip("pq"))
    except ValueError:
        order = 0.0
    return row["metric"], row["unit"], order, label


def _length(value: float | None) -> str:
    if value is None:
        return MISSING
    return grouped(value) if value.is_integer() else decimal(value, 1)
