"""Rows of `audit/statistics.parquet` against the same ones, counted again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import astuple, fields
from math import isclose
from typing import TYPE_CHECKING

from isinglass.schemas.statistic import Statistic
from isinglass.schemas.tables import SLICES

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import FinishedRun

_NUMBERS = ("value", "numerator", "denominator", "low", "high")
_PLACE = [one.name for one in fields(Statistic) if one.name not in _NUMBERS]
_TOLERANCE = 1e-9
"""Sums of fractions depend on the order of shards in the last digits."""


def differing(
    run: FinishedRun, metrics: Collection[str], again: Iterable[Statistic]
) -> list[str]:
    """What the rows of some metrics say that is not so, a sentence for each row.

    `again` are all rows that there should be; those of other metrics do not matter.
    """
    told = _by_place(row for row in run.statistics() if row.metric in metrics)
    ours = _by_place(row for row in again if row.metric in metrics)
    faults = []
    for place in sorted(told.keys() | ours.keys(), key=str):
        left, right = told.get(place, []), ours.get(place, [])
        if len(left) == len(right) == 1 and _same(left[0], right[0]):
            continue
        row = (left or right)[0]
        if not right:
            said = "is told, and is not to be"
        elif not left:
            said = "is not told"
        elif len(left) > 1:
            said = "is told twice"
        else:
            said = f"is told as {_numbers(row)} and is {_numbers(right[0])}"
        faults.append(f"{_named(row)} {said}")
    return faults


def _by_place(rows: Iterable[Statistic]) -> dict[tuple[object, ...], list[Statistic]]:
    found: dict[tuple[object, ...], list[Statistic]] = {}
    for row in rows:
        found.setdefault(tuple(getattr(row, name) for name in _PLACE), []).append(row)
    return found


def _numbers(row: Statistic) -> str:
    """The value, and what stands beside it."""
    known = (getattr(row, name) for name in _NUMBERS)
    value, *beside = ("-" if one is None else f"{one:.6g}" for one in known)
    return f"{value} ({', '.join(beside)})"


def _same(one: Statistic, other: Statistic) -> bool:
    pairs = zip(astuple(one), astuple(other), strict=True)
    return all(
        isclose(a, b, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
        if isinstance(a, int | float) and isinstance(b, int | float)
        else a == b
        for a, b in pairs
    )


def _named(row: Statistic) -> str:
    parts = [f"{name} {getattr(row, name)}" for name in SLICES if getattr(row, name)]
    return f"{row.metric} ({', '.join([row.when, *parts])})"
