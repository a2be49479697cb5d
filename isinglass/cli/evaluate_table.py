"""The result of `isinglass evaluate pii` for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isinglass.cli.options import console_on

if TYPE_CHECKING:
    from typing import TextIO

_COLUMNS = (
    ("entity", "left"),
    ("gold", "right"),
    ("pred.", "right"),
    ("precision", "right"),
    ("95 %", "left"),
    ("recall", "right"),
    ("95 %", "left"),
    ("F1", "right"),
    ("F2", "right"),
    ("strict F1", "right"),
    ("false/1k", "right"),
)
WIDTH = 110


def show(told: dict[str, Any], out: TextIO) -> None:
    """Print a result, as `evaluate.as_json` gives it, as a table."""
    console = console_on(out)
    if not console.is_terminal:
        console.width = WIDTH
    console.print(_table(told))
    for line in _lines(told):
        console.print(line, soft_wrap=True)


def _table(told: dict[str, Any]) -> Any:
    from rich import box  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name, side in _COLUMNS:
        table.add_column(name, justify="left" if side == "left" else "right")
    for entity, scores in told["entities"].items():
        if _is_seen(scores):
            table.add_row(*_row(entity, scores))
    table.add_section()
    table.add_row(*_row("total (micro)", told["total"]))
    return table


def _is_seen(scores: dict[str, Any]) -> bool:
    return bool(scores["overlap"]["gold"] or scores["overlap"]["predicted"])


def _row(name: str, scores: dict[str, Any]) -> list[str]:
    overlap, strict = scores["overlap"], scores["strict"]
    cells = [name, f"{overlap['gold']:,}", f"{overlap['predicted']:,}"]
    for measure in ("precision", "recall"):
        low, high = overlap[f"{measure}_interval"]
        known = overlap[measure] is not None
        cells += [_number(overlap[measure]), f"{low:.2f}-{high:.2f}" if known else ""]
    cells += [_number(overlap["f1"]), _number(overlap["f2"]), _number(strict["f1"])]
    rate = overlap["false_hits_per_1000_words"]
    return [*cells, "-" if rate is None else f"{rate:.2f}"]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _lines(told: dict[str, Any]) -> list[str]:
    lines = [f"{told['records']:,} records, {told['words']:,} words"]
    if told["records_failed"]:
        lines.append(f"Not scanned (all counted as missed): {told['records_failed']:,}")
    unseen = [name for name, s in told["entities"].items() if not _is_seen(s)]
    if unseen:
        lines.append(f"Neither labelled nor found: {', '.join(unseen)}")
    for name, heading in (
        ("not_looked_for", "Labelled, but not looked for"),
        ("unknown_labels", "Unknown labels, ignored (see --map)"),
        ("ignored_labels", "Ignored labels"),
    ):
        if told[name]:
            parts = (f"{label} {count:,}" for label, count in told[name].items())
            lines.append(f"{heading}: {', '.join(parts)}")
    for entity, scores in told["entities"].items():
        for kind in ("misses", "false_hits"):
            lines += (
                f"{entity} {kind.replace('_', ' ')}: {_place(place)}"
                for place in scores.get(kind, ())
            )
    return lines


def _place(place: dict[str, Any]) -> str:
    where = f"line {place['line']}, {place['start']}-{place['end']}"
    return f"{where}: {place['text']!a}" if "text" in place else where
