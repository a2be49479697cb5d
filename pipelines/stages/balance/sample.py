"""What a sample says of the targets, before a run is begun."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from isinglass.pipelines.report.text import grouped, shorten
from isinglass.pipelines.stages.balance.warnings import few_named

if TYPE_CHECKING:
    from isinglass.schemas.config import BalanceConfig
    from isinglass.schemas.weighting import AxisSummary

_MOST_NAMED = 5


def sample_lines(
    config: BalanceConfig, axes: Mapping[str, AxisSummary]
) -> Iterator[str]:
    """A sentence for each axis: whether its targets can be reached in the sample."""
    ends = "the run is refused" if config.on_infeasible == "refuse" else "it warns"
    for axis, summary in sorted(axes.items()):
        of = f"of the {grouped(summary.documents)} sampled documents that stay"
        name = f"balance of {shorten(axis)}"
        if not any(summary.mentions.values()):
            yield (
                f"{name}: none {of} mentions it. If no other document does, there is "
                f"nothing to balance, and {ends}."
            )
        elif not summary.feasible:
            yield (
                f"{name}: the weights {of} cannot reach its target ({_out(summary)}). "
                f"If that holds for all documents, {ends}; a sample need not be like "
                "the whole."
            )
        elif summary.too_few:
            yield (
                f"{name}: too few mentions in the sample to say whether its target can "
                f"be reached ({few_named(summary)})."
            )
        else:
            yield f"{name}: the weights {of} reach its target."


def _out(summary: AxisSummary) -> str:
    """The targets and limits that are out of reach, with what can be reached."""
    asked = [(group, share, share) for group, share in summary.target.items()]
    asked += [(group, 0.0, share) for group, share in summary.cap.items()]
    asked += [(group, share, 1.0) for group, share in summary.floor.items()]
    told = []
    for group, least, most in asked:
        low, high = summary.together.get(group) or summary.reachable[group]
        if low > most or high < least:
            goal = f"{least:g}" if least == most else f"{least:g} to {most:g}"
            told.append(f"{shorten(group)} {goal}, reachable {low:.4f} to {high:.4f}")
    more = len(told) - _MOST_NAMED
    told = told[:_MOST_NAMED] + ([f"and {more} more"] if more > 0 else [])
    return "; ".join(told) or "each group could alone, not all of them together"
