"""Gates and verdict, evaluated again from the statistics of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from isinglass.pipelines.proof.check import conclude
from isinglass.pipelines.summaries import plain_warnings
from isinglass.schemas.config import GateConfig
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.statistics.gates import evaluate_gates
from isinglass.transforms.statistics.removals import removal_gates, removal_warnings

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import Check, FinishedRun
    from isinglass.schemas.manifest import GateResult, Manifest


def check_gates(run: FinishedRun) -> Check:
    """All gates of the configuration were evaluated, rightly, and give the verdict."""
    manifest = run.manifest
    told = [_gate(result) for result in manifest.gates]
    faults = [
        f"gate {gate.metric} of the configuration was not evaluated"
        for gate in (
            *run.config.gates,
            *removal_gates(run.config.dedup),
            quarantine_gate(run),
        )
        if gate not in told
    ]
    statistics = run.statistics()
    try:
        results = evaluate_gates(tuple(told), statistics)
    except ConfigError as error:
        return conclude("gates", [*faults, str(error)], "")
    faults += [
        f"gate {ours.metric} does not follow from the statistics"
        for ours, theirs in zip(results, manifest.gates, strict=True)
        if ours != theirs
    ]
    faults += [
        "a warning that follows from the numbers is not given"
        for warning in [*_warnings(run), *removal_warnings(statistics)]
        if warning not in manifest.warnings
    ]
    if verdict(results, manifest) != manifest.verdict:
        faults.append(f"the verdict {manifest.verdict} does not follow from the gates")
    return conclude("gates", faults, f"{len(told)} gates, verdict {manifest.verdict}")


def _gate(result: GateResult) -> GateConfig:
    return GateConfig(
        metric=result.metric,
        slice=result.slice,
        op=result.op,  # type: ignore[arg-type]
        value=result.value,
        severity=result.severity,
    )


def quarantine_gate(run: FinishedRun) -> GateConfig:
    """The gate that every run has, whatever its `gates` section says."""
    rate = run.config.limits.max_quarantine_rate
    return GateConfig(metric="quarantine.rate", op="<=", value=rate, severity="error")


def _warnings(run: FinishedRun) -> list[str]:
    """Warnings that can be told from the manifest alone."""
    manifest, records = run.manifest, run.manifest.records
    counts = {f"quarantined.{k}": n for k, n in records.quarantined.items()}
    counts |= {"records_in": records.total_in, "kept": records.kept}
    return plain_warnings(run.config, counts, manifest.inputs, manifest.balance)


def verdict(
    gates: list[GateResult], manifest: Manifest
) -> Literal["passed", "warned", "failed"]:
    """A failed error gate fails; any warning or failed warning gate warns."""
    failed = {gate.severity for gate in gates if not gate.passed}
    if "error" in failed:
        return "failed"
    return "warned" if failed or manifest.warnings else "passed"
