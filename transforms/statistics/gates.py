"""Gates: conditions that statistics of a finished run must meet."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import isnan
from operator import attrgetter

from isinglass.schemas.config.run import GateConfig
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.manifest import GateResult
from isinglass.schemas.statistic import Statistic
from isinglass.schemas.tables import SLICES

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
}
_SELECTORS = (*SLICES, "stage", "unit", "characteristic")


EACH = "*"
"""In place of a slice's value: every one that was measured."""

Baselines = Mapping[str, Sequence[Statistic]]
"""Statistics of earlier runs, by the folder that a gate names."""


def evaluate_gates(
    gates: Iterable[GateConfig],
    statistics: Sequence[Statistic],
    baselines: Baselines | None = None,
) -> list[GateResult]:
    """Evaluate each gate.

    A gate is about the statistics of its metric that have exactly its slice columns,
    of any value where it says `*`; `stage`, `unit` and `characteristic` may be given
    among them to narrow it down. Where several remain, all must hold, and `actual` is
    the one that comes nearest to failing, or fails the most, `where` its slice. Where
    none remains, the gate fails: what was not measured did not pass. A gate with a
    baseline is about the difference to the same statistic there; where `*` stands and
    some of its values are there alone, they count as 0 here.

    Raises:
        ConfigError: A gate names a slice column that statistics do not have.
    """
    return [_evaluate(gate, statistics, baselines or {}) for gate in gates]


def _evaluate(
    gate: GateConfig, statistics: Sequence[Statistic], baselines: Baselines
) -> GateResult:
    unknown = sorted(set(gate.slice) - set(_SELECTORS))
    if unknown:
        raise ConfigError(
            f"gates: {gate.metric} has the slice column {unknown[0]}; "
            f"known columns: {', '.join(_SELECTORS)}."
        )
    chosen = [found for found in statistics if _applies(gate, found)]
    if gate.baseline:
        earlier = baselines.get(gate.baseline, ())
        before = [one for one in earlier if _applies(gate, one)]
        chosen = _differences(chosen, before, every=EACH in gate.slice.values())
    worst = _worst(gate, chosen)
    actual = None if worst is None else worst.value
    passed = actual is not None and _COMPARE[gate.op](actual, gate.value)
    each = [name for name, value in gate.slice.items() if value == EACH]
    where = {name: str(getattr(worst, name)) for name in each} if worst else {}
    return GateResult(**gate.model_dump(), actual=actual, passed=passed, where=where)


def _differences(
    now: Sequence[Statistic], before: Sequence[Statistic], *, every: bool
) -> list[Statistic]:
    """Those of now less those of before; with `every` also of what is gone since."""
    earlier = {_place(one): one for one in before}
    held = {_place(one) for one in now}
    both = [
        replace(one, value=one.value - earlier[_place(one)].value)
        for one in now
        if _place(one) in earlier
    ]
    gone = [one for place, one in earlier.items() if place not in held]
    if not every or not now:
        return both
    return [*both, *(replace(one, value=-one.value) for one in gone)]


def _place(statistic: Statistic) -> tuple[str | None, ...]:
    """What two runs have in common of the same statistic."""
    names = ("metric", "unit", "when", *SLICES)
    return tuple(getattr(statistic, name) for name in names)


def _applies(gate: GateConfig, statistic: Statistic) -> bool:
    if statistic.metric != gate.metric:
        return False
    told = vars(statistic) | {"stage": statistic.when}
    wanted = dict.fromkeys(SLICES) | gate.slice
    return all(
        told[name] is not None if value == EACH else told[name] == value
        for name, value in wanted.items()
    )


def _worst(gate: GateConfig, chosen: Sequence[Statistic]) -> Statistic | None:
    if not chosen or any(isnan(one.value) for one in chosen):
        return None
    if gate.op in (">=", ">"):
        return min(chosen, key=attrgetter("value"))
    if gate.op in ("<=", "<"):
        return max(chosen, key=attrgetter("value"))
    return max(chosen, key=lambda one: abs(one.value - gate.value))
