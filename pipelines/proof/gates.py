"""Gates and verdict, evaluated again from the statistics of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.proof.check import conclude
from isinglass.pipelines.verdict import general_warnings, quarantine_gate, verdict
from isinglass.schemas.config import GateConfig
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.statistics.gates import evaluate_gates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.pipelines.proof.check import Check, FinishedRun
    from isinglass.pipelines.stage import Stage
    from isinglass.schemas.manifest import GateResult
    from isinglass.schemas.statistic import Statistic


def check_gates(run: FinishedRun, stages: Sequence[type[Stage] | Stage]) -> Check:
    """All gates of the configuration were evaluated, rightly, and give the verdict."""
    manifest, config = run.manifest, run.config
    told = [_gate(result) for result in manifest.gates]
    asked = [gate for stage in stages for gate in stage.asks(config)]
    faults = [
        f"gate {gate.metric} of the configuration was not evaluated"
        for gate in (*config.gates, *asked, quarantine_gate(config))
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
        for warning in _warnings(run, stages, statistics)
        if warning not in manifest.warnings
    ]
    if verdict(results, manifest.warnings) != manifest.verdict:
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


def _warnings(
    run: FinishedRun,
    stages: Sequence[type[Stage] | Stage],
    statistics: Sequence[Statistic],
) -> list[str]:
    """Warnings that can be told from manifest and statistics alone."""
    told = dict(run.manifest)
    warnings = general_warnings(run.manifest.inputs, run.manifest.records)
    for stage in stages:
        warnings += stage.warns(run.config, told, statistics)
    return warnings
