"""Balancing: document weights that move a corpus to target shares.

Weights are the closest to 1 that meet the targets of all axes at once. That they were
found proves that the targets can be met; where none are found, a linear programme has
the last word, and tells how far each target could be gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from isinglass.schemas.arrays import Floats
from isinglass.schemas.config.balance import BalanceConfig
from isinglass.schemas.errors import RefuseError
from isinglass.transforms.balance.axes import SHARE_TOLERANCE, Axis
from isinglass.transforms.balance.calibration import (
    STEPS,
    TOLERANCE,
    Calibration,
    Constraints,
    calibrate,
)
from isinglass.transforms.balance.distance import Distance
from isinglass.transforms.balance.reach import (
    MOST_FOR_PROGRAMME,
    Problem,
    Reachable,
    reachable,
    reachable_together,
)
from isinglass.transforms.balance.refusals import (
    refusal,
    refuse_silent,
    unreachable,
)

if TYPE_CHECKING:
    from isinglass.transforms.balance.cells import Cells

MOST_STRATA = 2_000
"""Each has a multiplier, and all of them make a matrix that is solved at once."""

_LEAST_MENTIONS = 1e-6
_BISECTIONS = 24
_LEAST_WAY = 1e-3
"""Part of the way to a target that is none: groups that stand in the same documents
may hold each other where they are."""
_TRIAL_STEPS = 40
_MOST_TOGETHER = 60
"""Groups; each takes several linear programmes."""


@dataclass(frozen=True)
class Solution:
    """Weights of cells, of mean 1, and what can be reached.

    Attributes:
        reachable: By axis, what it can reach alone.
        together: By axis, what it can reach while the others meet their targets; empty
            where all do, and for a single axis.
        unmet: Axes whose targets are not met.
        missed: Sources or languages in which targets that hold in each are not met.
    """

    weights: Floats
    reachable: dict[str, Reachable]
    together: dict[str, Reachable] = field(default_factory=dict)
    unmet: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()

    @property
    def feasible(self) -> bool:
        """Whether all targets are met."""
        return not self.unmet


def solve(cells: Cells, config: BalanceConfig) -> Solution:
    """Find the weights (k,) of cells that are closest to 1 and meet the targets.

    Raises:
        RefuseError: The bounds do not allow the targets, or no document mentions an
            axis, and `on_infeasible` is `refuse`; or there are too many strata.
    """
    if config.targets == "overall" and len(cells.strata) > MOST_STRATA:
        raise RefuseError(
            f"balance.within: there are {len(cells.strata):,} of {config.within}, and "
            f"weights are solved over {MOST_STRATA:,} at most. Set targets: each, or "
            "within: none."
        )
    bounds = (0.0, float("inf")) if config.distance == "kl" else config.bounds
    distance = Distance(config.distance, *bounds)
    whole = Problem(cells.axes, cells.mass, cells.strata, distance)
    if config.on_infeasible == "refuse":
        refuse_silent(whole, config)
    weights, refused, missed = np.ones(len(cells.mass)), [], []
    unmet: set[str] = set()
    together: dict[str, Reachable] = {}
    problems = _each(cells, distance) if config.targets == "each" else {"": whole}
    for name, problem in problems.items():
        found = _weigh(problem.axes, problem)
        if not _met(problem, found.weights, found.residual):
            together = _together(problem)
            refused.append(unreachable(name, problem, together))
            missed.append(name)
            if config.on_infeasible == "closest":
                found = _closest(problem)
            unmet |= _unmet(problem, found.weights)
        weights[_extent(problem, name, cells)] = found.weights
    if refused and config.on_infeasible == "refuse":
        raise RefuseError(refusal(refused, bounds))
    return Solution(
        weights=weights,
        reachable={
            axis.name: reachable(axis, whole.mass, bounds, whole.strata)
            for axis in whole.axes
        },
        together=together if config.targets == "overall" else {},
        unmet=tuple(sorted(unmet)),
        missed=tuple(name for name in missed if name),
    )


def _each(cells: Cells, distance: Distance) -> dict[str, Problem]:
    """The strata as problems of their own."""
    problems = {}
    for name, one in zip(cells.names, cells.strata, strict=True):
        axes, mass = tuple(axis.part(one) for axis in cells.axes), cells.mass[one]
        problems[name] = Problem(axes, mass, (slice(0, len(mass)),), distance)
    return problems


def _extent(problem: Problem, name: str, cells: Cells) -> slice:
    if not name:
        return slice(0, len(problem.mass))
    return cells.strata[cells.names.index(name)]


def _weigh(axes: Sequence[Axis], problem: Problem, steps: int = STEPS) -> Calibration:
    if problem.mass.sum() == 0:
        return Calibration(np.ones(len(problem.mass)), 0.0)
    constraints = Constraints(
        np.concatenate([axis.equal() for axis in axes]),
        np.concatenate([axis.at_most() for axis in axes]),
        problem.mass,
        problem.strata,
    )
    return calibrate(constraints, problem.distance, steps)


def _met(problem: Problem, found: Floats, residual: float) -> bool:
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


def _unmet(problem: Problem, found: Floats) -> set[str]:
    """Axes that are not where they should be; all of them if none is seen to be off."""
    far = {
        axis.name
        for axis in problem.axes
        if (problem.mass * axis.total()).sum() > 0
        and max(axis.misses(axis.shares(problem.mass * found)).values())
        > SHARE_TOLERANCE
    }
    return far or {axis.name for axis in problem.axes}


def _closest(problem: Problem) -> Calibration:
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


def _within_reach(axis: Axis, problem: Problem) -> Axis:
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


def _farthest(axes: Sequence[Axis], problem: Problem) -> tuple[float, Calibration]:
    """Bisect for the greatest part of the way to the targets that can be gone."""
    found = _weigh(axes, problem)
    if _met(problem._replace(axes=tuple(axes)), found.weights, found.residual):
        return 1.0, found
    best = Calibration(np.ones(len(problem.mass)), 0.0)
    gone, blocked = 0.0, 1.0
    for _ in range(_BISECTIONS):
        way = (gone + blocked) / 2.0
        part = [axis.towards_target(problem.mass, way) for axis in axes]
        trial = _weigh(part, problem, _TRIAL_STEPS)
        met = _met(problem._replace(axes=tuple(part)), trial.weights, trial.residual)
        if met:
            gone, best = way, trial
        else:
            blocked = way
        if blocked < _LEAST_WAY:
            break
    return gone, best


def _together(problem: Problem) -> dict[str, Reachable]:
    """What the axes can reach together; empty for one, and for too large a table."""
    groups = sum(len(axis.groups) for axis in problem.axes)
    small = groups <= _MOST_TOGETHER and len(problem.mass) <= MOST_FOR_PROGRAMME
    if len(problem.axes) == 1 or not small:
        return {}
    return reachable_together(
        problem.axes, problem.mass, problem.bounds, problem.strata
    )
