"""Gates: conditions that statistics of a finished run must meet."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from math import isnan

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


def evaluate_gates(
    gates: Iterable[GateConfig], statistics: Sequence[Statistic]
) -> list[GateResult]:
    """Evaluate each gate.

    A gate is about the statistics of its metric that have exactly its slice columns;
    `stage`, `unit` and `characteristic` may be given among them to narrow it down.
    Where several remain (input and output), all must hold, and `actual` is the one
    that comes nearest to failing, or fails the most. Where none remains, the gate
    fails: what was not measured did not pass.

    Raises:
        ConfigError: A gate names a slice column that statistics do not have.
    """
    return [_evaluate(gate, statistics) for gate in gates]


def _evaluate(gate: GateConfig, statistics: Sequence[Statistic]) -> GateResult:
    unknown = sorted(set(gate.slice) - set(_SELECTORS))
    if unknown:
        raise ConfigError(
            f"gates: {gate.metric} has the slice column {unknown[0]}; "
            f"known columns: {', '.join(_SELECTORS)}."
        )
    values = [found.value for found in statistics if _applies(gate, found)]
    actual = _worst(gate, values)
    passed = actual is not None and _COMPARE[gate.op](actual, gate.value)
    return GateResult(**gate.model_dump(), actual=actual, passed=passed)


def _applies(gate: GateConfig, statistic: Statistic) -> bool:
    if statistic.metric != gate.metric:
        return False
    if any(getattr(statistic, name) != gate.slice.get(name) for name in SLICES):
        return False
    told = vars(statistic) | {"stage": statistic.when}
    return all(told[key] == value for key, value in gate.slice.items())


def _worst(gate: GateConfig, values: Sequence[float]) -> float | None:
    if not values or any(isnan(value) for value in values):
        return None
    if gate.op in (">=", ">"):
        return min(values)
    if gate.op in ("<=", "<"):
        return max(values)
    return max(values, key=lambda value: abs(value - gate.value))
