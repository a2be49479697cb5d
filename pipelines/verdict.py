"""What every run is judged by, whatever it was asked to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from isinglass.schemas.config import GateConfig, RunConfig
from isinglass.schemas.manifest import GateResult, InputFile, Records
from isinglass.schemas.reasons import QuarantineReason
from isinglass.schemas.statistic import Statistic

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Stage

LEAST_PRECISION, FEW = 0.9, 30
"""Share that must be right of what a person looked at, and places below which it says
little."""

_MOST_NAMED = 5


def all_gates(
    config: RunConfig,
    stages: Iterable[type[Stage] | Stage],
    records: Records,
    statistics: Iterable[Statistic],
) -> list[GateConfig]:
    """The gates of the configuration, of its sections, and those of every run.

    One of the configuration takes the place of a warning that would be there without it
    if it is about the same numbers, and bounds them from the same side. A warning that
    nobody asked for is left out where nothing was measured that it could be about.
    """
    own = {_about(gate) for gate in config.gates}
    measured = {row.metric for row in statistics}
    others = [gate for stage in stages for gate in stage.asks(config)]
    others = [
        gate
        for gate in others
        if gate.severity == "error"
        or (_about(gate) not in own and gate.metric in measured)
    ]
    return [*config.gates, *others, *general_gates(config, records)]


def _about(gate: GateConfig) -> tuple[object, ...]:
    return gate.metric, tuple(sorted(gate.slice.items())), gate.op[0], gate.baseline


def general_gates(config: RunConfig, records: Records) -> tuple[GateConfig, ...]:
    """The gates that every run has, whatever its `gates` section says."""
    rate = config.limits.max_quarantine_rate
    limit = GateConfig(metric="quarantine.rate", op="<=", value=rate, severity="error")
    if not records.total_in:
        return (limit,)
    kept = GateConfig(metric="records.kept", op=">=", value=1, severity="error")
    return limit, kept.model_copy(update={"reason": "Nothing was kept."})


def general_warnings(
    inputs: Iterable[InputFile], records: Records, statistics: Sequence[Statistic]
) -> list[str]:
    """What a reader must know of the inputs and of what became of the records."""
    warnings = []
    bad = sum(bool(file.problem) for file in inputs)
    if bad:
        warnings.append(f"{bad} input files could not be read; see inputs.")
    cut = records.quarantined.get(QuarantineReason.TRUNCATED_FILE, 0)
    if cut:
        warnings.append(f"{cut} compressed files end early: what followed is missing.")
    twice = records.quarantined.get(QuarantineReason.DUPLICATE_ID, 0)
    if twice:
        warnings.append(
            f"{twice} records use an id of another text; they are in quarantine."
        )
    gone = _sources_gone(statistics) if records.kept else []
    if gone:
        warnings.append(f"Nothing is left of these sources: {_some(gone)}.")
    if not records.total_in:
        warnings.append("The inputs hold no records.")
    return warnings + _weak_precision(statistics)


def _weak_precision(statistics: Iterable[Statistic]) -> list[str]:
    """Findings and removals of which a person found too many to be wrong."""
    weak = [
        f"{row.entity or row.reason} ({100 * row.value:.1f} % of "
        f"{row.denominator:,.0f})"
        for row in statistics
        if row.metric == "review.precision"
        and (row.denominator or 0) >= FEW
        and row.value < LEAST_PRECISION
    ]
    if not weak:
        return []
    return [f"Fewer than nine of ten that somebody looked at are right: {_some(weak)}."]


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _sources_gone(statistics: Iterable[Statistic]) -> list[str]:
    """Sources that had documents, and of which none was kept."""
    rows = (row for row in statistics if row.metric == "documents.retention")
    return sorted(row.source for row in rows if row.source and not row.value)


def verdict(
    gates: Iterable[GateResult], warnings: Sequence[str]
) -> Literal["passed", "warned", "failed"]:
    """A failed error gate fails; any warning or failed warning gate warns."""
    failed = {gate.severity for gate in gates if not gate.passed}
    if "error" in failed:
        return "failed"
    return "warned" if failed or warnings else "passed"
