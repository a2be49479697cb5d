"""Which places of a run a person is shown: drawn, nearest, or of frequent values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.review.units import DRAW, drawn, first_of_each, units
from isinglass.schemas.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.schemas.marks import Kind

COUNT = "count"
_OF_VALUE = ["label", "value"]
_NAMED = {
    "finding": "finding of",
    "removal": "removal as",
    "filter": "removal by a filter as",
    "mention": "mention by",
    "rejected": "place that is not counted of",
    "kept": "passage of",
}


@dataclass(frozen=True)
class Choice:
    """What a person asked to see.

    Attributes:
        kind: Of the places.
        labels: Those that are wanted; empty for all. Of mentions, the terms at their
            end are enough.
        by: `draw` is a simple random sample of each label, `near` what lies nearest to
            a threshold, `value` one place of each of the most frequent values.
        count: Places of each label.
        seed: Of the draw.
    """

    kind: Kind
    labels: tuple[str, ...] = ()
    by: Literal["draw", "near", "value"] = "draw"
    count: int = 50
    seed: int = 0


def choose(run: RunFolder, choice: Choice) -> pa.Table:
    """The places, by label; those by `draw` are a sample that one can measure by.

    Raises:
        InputError: The run has nothing of a label that is wanted.
    """
    if choice.by == "value":
        found = _frequent(run, choice)
    else:
        column = DRAW if choice.by == "draw" else "near"
        found = _least(_wanted(run, choice), column, choice.count)
    seen = pc.unique(found["label"]) if found.num_columns else pa.array([], pa.string())
    absent = sorted(
        label for label in choice.labels if not pc.any(_is_of(seen, (label,))).as_py()
    )
    if absent:
        tables = units(run, choice.kind)
        known = {name for one in tables for name in pc.unique(one["label"]).to_pylist()}
        raise InputError(
            f"The run has no {_NAMED[choice.kind]} {', '.join(absent)}; it has those "
            f"of {', '.join(sorted(known)) or 'none'}."
        )
    return found


def _wanted(run: RunFolder, choice: Choice) -> Iterator[pa.Table]:
    for table in units(run, choice.kind):
        some = table
        if choice.labels:
            some = table.filter(_is_of(table["label"], choice.labels))
        if choice.by == "near" and "value" in some.column_names:
            # One place of a value stands for all of them.
            some = some.filter(
                pc.or_(pc.is_valid(some["near"]), pc.is_null(some["value"]))
            )
        yield drawn(some, choice.kind, lambda _: choice.seed)


def _is_of(labels: pa.ChunkedArray, wanted: tuple[str, ...]) -> pa.ChunkedArray:
    """Whether each label is one that is wanted, or ends in it behind a stroke."""
    chosen = pc.is_in(labels, value_set=pa.array(wanted, pa.string()))
    for name in wanted:
        chosen = pc.or_(chosen, pc.ends_with(labels, f"/{name}"))
    return chosen


def _least(tables: Iterator[pa.Table], column: str, count: int) -> pa.Table:
    """The first places of each label, with only so many of them in memory."""
    held: list[pa.Table] = []
    for table in tables:
        parts = [*held, first_of_each(table, column, count)]
        # Each stage has evidence of its own.
        both = pa.concat_tables(parts, promote_options="permissive")
        held = [first_of_each(both, column, count)]
    return held[0] if held else pa.table({})


def _frequent(run: RunFolder, choice: Choice) -> pa.Table:
    """One place of each of the most frequent values, and how often they occur."""
    own = [([], "count_all"), ("doc_id", "count_distinct"), (DRAW, "min")]
    summed = [
        table.filter(pc.is_valid(table["value"])).group_by(_OF_VALUE).aggregate(own)
        for table in _wanted(run, choice)
    ]
    if not summed:
        return pa.table({})
    whole = [(name, "sum") for name in ("count_all", "doc_id_count_distinct")]
    total = pa.concat_tables(summed).group_by(_OF_VALUE)
    total = total.aggregate([*whole, (f"{DRAW}_min", "min")])
    total = total.rename_columns([*_OF_VALUE, COUNT, "documents", DRAW])
    rarity = pc.negate(pc.cast(total[COUNT], pa.int64()))
    total = total.append_column("rarity", rarity)
    top = first_of_each(total, "rarity", choice.count, ties=("value",))
    # The place of a value that comes first in the draw of its label stands for it.
    wanted = top[DRAW].combine_chunks()
    found = pa.concat_tables(
        table.filter(pc.is_in(table[DRAW], value_set=wanted))
        for table in _wanted(run, choice)
    )
    numbers = top.select([DRAW, COUNT, "documents", "rarity"])
    joined = found.join(numbers, DRAW, join_type="inner")
    return joined.sort_by([("label", "ascending"), ("rarity", "ascending")]).drop(
        ["rarity"]
    )
