"""Balancing: document weights that move a corpus to target shares.

Weights are the closest to 1 that meet the targets of all axes at once. That they were
found proves that the targets can be met; where none are found, a linear programme has
the last word, and tells how far each target could be gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from isinglass.schemas.arrays import Floats
from isinglass.schemas.config.balance import BalanceConfig
from isinglass.schemas.errors import RefuseError
from isinglass.transforms.balance.axes import SHARE_TOLERANCE, Axis
from isinglass.transforms.balance.calibration import (
    TOLERANCE,
    Calibration,
    Constraints,
    calibrate,
)
from isinglass.transforms.balance.distance import Distance
from isinglass.transforms.balance.reach import (
    MOST_FOR_PROGRAMME,
    Bounds,
    Reachable,
    can_be_met,
    reachable,
    reachable_together,
)

if TYPE_CHECKING:
    from isinglass.transforms.balance.cells import Cells

_LEAST_MENTIONS = 1e-6
_BISECTIONS = 24
_MOST_NAMED = 10


@dataclass(frozen=True)
class Solution:
    """Weights of cells, of mean 1, and what can be reached.

    Attributes:
        reachable: By axis, what it can reach alone.
        together: By axis, what it can reach while the others meet their targets; empty
            where all do, and for a single axis.
        missed: Sources or languages in which targets that hold in each are not met.
    """

    weights: Floats
    feasible: bool
    reachable: dict[str, Reachable]
    together: dict[str, Reachable] = field(default_factory=dict)
    missed: tuple[str, ...] = ()


class _Problem(NamedTuple):
    """What is weighed at once: all documents, or those of a stratum."""

    axes: tuple[Axis, ...]
    mass: Floats
    strata: tuple[slice, ...]
    distance: Distance

    @property
    def bounds(self) -> Bounds:
        return self.distance.low, self.distance.high


def solve(cells: Cells, config: BalanceConfig) -> Solution:
    """Find the weights (k,) of cells that are closest to 1 and meet the targets.

    Raises:
        RefuseError: The bounds do not allow the targets, or no document mentions an
            axis, and `on_infeasible` is `refuse`.
    """
    bounds = (0.0, float("inf")) if config.distance == "kl" else config.bounds
    distance = Distance(config.distance, *bounds)
    whole = _Problem(cells.axes, cells.mass, cells.strata, distance)
    if config.on_infeasible == "refuse":
        _refuse_silent(whole, config)
    weights, refused, missed = np.ones(len(cells.mass)), [], []
    together: dict[str, Reachable] = {}
    problems = _each(cells, distance) if config.targets == "each" else {"": whole}
    for name, problem in problems.items():
        found = _weigh(problem.axes, problem)
        if not _met(problem, found.weights, found.residual):
            together = _together(problem)
            refused.append(_unreachable(name, problem, together))
            missed.append(name)
            if config.on_infeasible == "closest":
                found = _closest(problem)
        weights[_extent(problem, name, cells)] = found.weights
    if refused and config.on_infeasible == "refuse":
        raise RefuseError(_refusal(refused, bounds))
    return Solution(
        weights=weights,
        feasible=not missed,
        reachable={
            axis.name: reachable(axis, whole.mass, bounds, whole.strata)
            for axis in whole.axes
        },
        together=together if config.targets == "overall" else {},
        missed=tuple(name for name in missed if name),
    )


def _each(cells: Cells, distance: Distance) -> dict[str, _Problem]:
    """The strata as problems of their own."""
    problems = {}
    for name, one in zip(cells.names, cells.strata, strict=True):
        axes, mass = tuple(axis.part(one) for axis in cells.axes), cells.mass[one]
        problems[name] = _Problem(axes, mass, (slice(0, len(mass)),), distance)
    return problems


def _extent(problem: _Problem, name: str, cells: Cells) -> slice:
    if not name:
        return slice(0, len(problem.mass))
    return cells.strata[cells.names.index(name)]


def _weigh(axes: Sequence[Axis], problem: _Problem) -> Calibration:
    if problem.mass.sum() == 0:
        return Calibration(np.ones(len(problem.mass)), 0.0)
    constraints = Constraints(
        np.concatenate([axis.equal() for axis in axes]),
        np.concatenate([axis.at_most() for axis in axes]),
        problem.mass,
        problem.strata,
    )
    return calibrate(constraints, problem.distance)


def _met(problem: _Problem, found: Floats, residual: float) -> bool:
    """Whether targets are met in shares too.

    Weights that take all mentions away would bring the constraints to 0 as well.
    """
    if residual > TOLERANCE:
        return False
    weights = problem.mass * found
    for axis in problem.axes:
        total = axis.total()
        mentions = float((problem.mass * total).sum())
        if float((weights * total).sum()) < _LEAST_MENTIONS * mentions:
            return False
        misses = axis.misses(axis.shares(weights))
        if mentions > 0 and max(misses.values()) > SHARE_TOLERANCE:
            return False
    return True


def _closest(problem: _Problem) -> Calibration:
    """Weights that go as far towards the targets as they can.

    Each axis first goes as far as it can alone, on the line from its shares to its
    target; then all go the same part of that, as far as they can together. For an axis
    of two groups this is the least |share - target| there is.
    """
    axes = [_within_reach(axis, problem) for axis in problem.axes]
    ways = [_farthest([axis], problem)[0] for axis in axes]
    nearer = [
        axis.towards_target(problem.mass, way)
        for axis, way in zip(axes, ways, strict=True)
    ]
    return _farthest(nearer, problem)[1]


def _within_reach(axis: Axis, problem: _Problem) -> Axis:
    """The axis with targets that each group could reach alone.

    One that is out of reach becomes the nearest end of what can be reached, and the
    other groups share the rest as their targets do: a group that nobody mentions must
    not hold up the others. Of two groups the line to the target leads there anyway.
    """
    ends = reachable(axis, problem.mass, problem.bounds, problem.strata)
    fixed: dict[str, float] = {}
    goal = dict(axis.target)
    while len(axis.target) > 2 and ends:  # noqa: PLR2004
        clipped = {
            group: min(max(share, ends[group][0]), ends[group][1])
            for group, share in goal.items()
        }
        moved = [
            g for g, share in goal.items() if g not in fixed and clipped[g] != share
        ]
        if not moved:
            return replace(axis, target=goal)
        fixed |= {group: clipped[group] for group in moved}
        free = {g: share for g, share in axis.target.items() if g not in fixed}
        rest, total = 1.0 - sum(fixed.values()), sum(free.values())
        if rest <= 0.0 or total <= 0.0:
            break
        free = {group: rest * share / total for group, share in free.items()}
        goal = {group: fixed.get(group, free.get(group, 0.0)) for group in axis.target}
    return axis


def _farthest(axes: Sequence[Axis], problem: _Problem) -> tuple[float, Calibration]:
    """Bisect for the greatest part of the way to the targets that can be gone."""
    found = _weigh(axes, problem)
    if _met(problem._replace(axes=tuple(axes)), found.weights, found.residual):
        return 1.0, found
    best = Calibration(np.ones(len(problem.mass)), 0.0)
    gone, blocked = 0.0, 1.0
    for _ in range(_BISECTIONS):
        way = (gone + blocked) / 2.0
        part = [axis.towards_target(problem.mass, way) for axis in axes]
        trial = _weigh(part, problem)
        met = _met(problem._replace(axes=tuple(part)), trial.weights, trial.residual)
        if met:
            gone, best = way, trial
        else:
            blocked = way
    return gone, best


def _together(problem: _Problem) -> dict[str, Reachable]:
    """What the axes can reach together; empty for one, and for too large a table."""
    if len(problem.axes) == 1 or len(problem.mass) > MOST_FOR_PROGRAMME:
        return {}
    return reachable_together(
        problem.axes, problem.mass, problem.bounds, problem.strata
    )


def _refuse_silent(problem: _Problem, config: BalanceConfig) -> None:
    for axis in problem.axes:
        if problem.mass.sum() > 0 and not (problem.mass * axis.total()).sum() > 0:
            asked = config.axes[axis.name].target
            groups = "its groups" if asked == "parity" else ", ".join(axis.groups)
            raise RefuseError(
                f"balance.axes.{axis.name}: no document mentions {groups}, so that "
                "there is nothing to balance. Take the axis out, or set "
                "balance.on_infeasible to closest."
            )


def _unreachable(name: str, problem: _Problem, together: dict[str, Reachable]) -> str:
    """Which targets are out of reach, each with the interval that is not."""
    alone = {
        axis.name: reachable(axis, problem.mass, problem.bounds, problem.strata)
        for axis in problem.axes
    }
    lines = _outside(problem, alone, "reachable")
    if not lines:
        lines = ["each target could be reached alone, but not all of them together"]
        lines += _outside(problem, together, "with the others reachable")
        lines += [
            f"{axis}: the others alone can not be reached"
            for axis, ends in together.items()
            if not ends and alone[axis]
        ]
        if len(problem.mass) <= MOST_FOR_PROGRAMME and can_be_met(
            problem.axes, problem.mass, problem.bounds, problem.strata
        ):
            lines = ["the targets are at the very edge of what can be reached"]
    where = f"{name}: " if name else ""
    more = len(lines) - _MOST_NAMED
    lines = lines[:_MOST_NAMED] + ([f"and {more} more"] if more > 0 else [])
    return where + "; ".join(lines)


def _outside(problem: _Problem, ends: dict[str, Reachable], words: str) -> list[str]:
    """Targets and limits that lie outside of an interval."""
    found = []
    for axis in problem.axes:
        asked = [(group, "target", goal, 0) for group, goal in axis.target.items()]
        asked += [(one.group, one.kind, one.share, one.side) for one in axis.limits]
        for group, kind, share, side in asked:
            if group not in ends.get(axis.name, {}):
                continue
            least, most = ends[axis.name][group]
            if (share < least and side >= 0) or (share > most and side <= 0):
                found.append(
                    f"{axis.name}/{group}: {kind} {share:g}, {words} {least:.4f} to "
                    f"{most:.4f}"
                )
    return found


def _refusal(lines: list[str], bounds: Bounds) -> str:
    low, high = bounds
    return (
        f"balance: weights from {low:g} to {high:g} cannot reach the targets "
        f"({'; '.join(lines)}). Widen balance.bounds, move the targets, or set "
        "balance.on_infeasible to closest."
    )
