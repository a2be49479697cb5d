"""What every run is judged by, whatever it was asked to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from isinglass.schemas.config import GateConfig, RunConfig
from isinglass.schemas.manifest import GateResult, InputFile, Records
from isinglass.schemas.reasons import QuarantineReason


def general_gates(config: RunConfig, records: Records) -> tuple[GateConfig, ...]:
    """The gates that every run has, whatever its `gates` section says."""
    rate = config.limits.max_quarantine_rate
    limit = GateConfig(metric="quarantine.rate", op="<=", value=rate, severity="error")
    if not records.total_in:
        return (limit,)
    kept = GateConfig(metric="records.kept", op=">=", value=1, severity="error")
    return limit, kept.model_copy(update={"reason": "Nothing was kept."})


def general_warnings(inputs: Iterable[InputFile], records: Records) -> list[str]:
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
    if not records.total_in:
        warnings.append("The inputs hold no records.")
    return warnings


def verdict(
    gates: Iterable[GateResult], warnings: Sequence[str]
) -> Literal["passed", "warned", "failed"]:
    """A failed error gate fails; any warning or failed warning gate warns."""
    failed = {gate.severity for gate in gates if not gate.passed}
    if "error" in failed:
        return "failed"
    return "warned" if failed or warnings else "passed"
