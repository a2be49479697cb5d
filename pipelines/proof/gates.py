"""Gates and verdict, evaluated again from the statistics of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.proof.check import conclude
from isinglass.pipelines.verdict import general_warnings, quarantine_gate, verdict
from isinglass.schemas.config import GateConfig
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.statistics.gates import evaluate_gates

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import Check, FinishedRun, Stages


def check_gates(run: FinishedRun, stages: Stages) -> Check:
    """All gates of the configuration were evaluated, rightly, and give the verdict."""
    manifest, config = run.manifest, run.config
    told = [
        GateConfig.model_validate(gate.model_dump(exclude={"actual", "passed"}))
        for gate in manifest.gates
    ]
    asked = [gate for stage in stages for gate in stage.asks(config)]
    faults = [
        f"gate {gate.metric} of the configuration was not evaluated"
        for gate in (*config.gates, *asked, quarantine_gate(config))
        if gate not in told
    ]
    statistics = run.statistics()
    try:
        results = evaluate_gates(told, statistics)
    except ConfigError as error:
        return conclude("gates", [*faults, str(error)], "")
    faults += [
        f"gate {ours.metric} does not follow from the statistics"
        for ours, theirs in zip(results, manifest.gates, strict=True)
        if ours != theirs
    ]
    # Those that can be told from manifest and statistics alone.
    warnings = general_warnings(manifest.inputs, manifest.records)
    for stage in stages:
        warnings += stage.warns(config, dict(manifest), statistics)
    faults += [
        "a warning that follows from the numbers is not given"
        for warning in warnings
        if warning not in manifest.warnings
    ]
    if verdict(results, manifest.warnings) != manifest.verdict:
        faults.append(f"the verdict {manifest.verdict} does not follow from the gates")
    return conclude("gates", faults, f"{len(told)} gates, verdict {manifest.verdict}")
