"""What every run is judged by, whatever it was asked to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from isinglass.schemas.config import GateConfig, RunConfig
from isinglass.schemas.manifest import GateResult, InputFile, Records
from isinglass.schemas.reasons import QuarantineReason
from isinglass.schemas.statistic import Statistic

_MOST_NAMED = 5


def general_gates(config: RunConfig, records: Records) -> tuple[GateConfig, ...]:
    """The gates that every run has, whatever its `gates` section says."""
    rate = config.limits.max_quarantine_rate
    limit = GateConfig(metric="quarantine.rate", op="<=", value=rate, severity="error")
    if not records.total_in:
        return (limit,)
    kept = GateConfig(metric="records.kept", op=">=", value=1, severity="error")
    return limit, kept.model_copy(update={"reason": "Nothing was kept."})


def general_warnings(
    inputs: Iterable[InputFile], records: Records, statistics: Iterable[Statistic]
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
        more = len(gone) - _MOST_NAMED
        rest = f" and {more} more" if more > 0 else ""
        named = ", ".join(gone[:_MOST_NAMED])
        warnings.append(f"Nothing is left of these sources: {named}{rest}.")
    if not records.total_in:
        warnings.append("The inputs hold no records.")
    return warnings


def _sources_gone(statistics: Iterable[Statistic]) -> list[str]:
    """Sources that had documents, and of which none was kept."""
    documents: dict[str, dict[str, float]] = {"input": {}, "output": {}}
    for row in statistics:
        if row.metric == "documents" and row.source and row.language is None:
            documents[row.when][row.source] = row.value
    before, after = documents["input"], documents["output"]
    return sorted(name for name, n in before.items() if n and not after.get(name))


def verdict(
    gates: Iterable[GateResult], warnings: Sequence[str]
) -> Literal["passed", "warned", "failed"]:
    """A failed error gate fails; any warning or failed warning gate warns."""
    failed = {gate.severity for gate in gates if not gate.passed}
    if "error" in failed:
        return "failed"
    return "warned" if failed or warnings else "passed"
