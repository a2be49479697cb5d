"""What cannot be reached, in words: the target, and the interval that it is not in."""

from __future__ import annotations

from isinglass.schemas.config.balance import BalanceConfig
from isinglass.schemas.errors import RefuseError
from isinglass.transforms.balance.reach import (
    MOST_FOR_PROGRAMME,
    Bounds,
    Problem,
    Reachable,
    can_be_met,
    reachable,
)

_MOST_NAMED = 10


def refuse_silent(problem: Problem, config: BalanceConfig) -> None:
    """Raise a `RefuseError` if no document mentions one of the axes."""
    for axis in problem.axes:
        if problem.mass.sum() > 0 and not (problem.mass * axis.total()).sum() > 0:
            asked = config.axes[axis.name].target
            groups = "its groups" if asked == "parity" else ", ".join(axis.groups)
            raise RefuseError(
                f"balance.axes.{axis.name}: no document mentions {groups}, so that "
                "there is nothing to balance. Take the axis out, or set "
                "balance.on_infeasible to closest."
            )


def unreachable(name: str, problem: Problem, together: dict[str, Reachable]) -> str:
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


def _outside(problem: Problem, ends: dict[str, Reachable], words: str) -> list[str]:
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


def refusal(lines: list[str], bounds: Bounds) -> str:
    """What a refused run says of all that is out of reach."""
    low, high = bounds
    return (
        f"balance: weights from {low:g} to {high:g} cannot reach the targets "
        f"({'; '.join(lines)}). Widen balance.bounds, move the targets, or set "
        "balance.on_infeasible to closest."
    )
