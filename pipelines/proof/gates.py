"""Gates, warnings and verdict follow from the statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.gates import baselines
from isinglass.pipelines.proof.check import Check, FinishedRun, conclude
from isinglass.pipelines.review.told import review_warnings
from isinglass.pipelines.verdict import all_gates, general_warnings, verdict
from isinglass.schemas.config import GateConfig
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.statistics.gates import evaluate_gates

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import Stages


def check_gates(run: FinishedRun, stages: Stages) -> Check:
    """All gates of the configuration were evaluated, rightly, and give the verdict."""
    manifest, config = run.manifest, run.config
    found = {"actual", "passed", "where"}
    told = [
        GateConfig.model_validate(gate.model_dump(exclude=found))
        for gate in manifest.gates
    ]
    statistics = run.statistics()
    faults = [
        f"gate {gate.metric} of the configuration was not evaluated"
        for gate in all_gates(config, stages, manifest.records, statistics)
        if gate not in told
    ]
    try:
        compared, apart = baselines(told), ""
    except ConfigError:
        compared, apart = {}, "; a baseline is not at hand, so its gates stand as told"
    try:
        results = evaluate_gates(told, statistics, compared)
    except ConfigError as error:
        return conclude("gates", [*faults, str(error)], "")
    if apart:
        both = zip(results, manifest.gates, strict=True)
        results = [theirs if ours.baseline else ours for ours, theirs in both]
    faults += [
        f"gate {ours.metric} does not follow from the statistics"
        for ours, theirs in zip(results, manifest.gates, strict=True)
        if ours != theirs
    ]
    # Those that can be told from manifest and statistics alone.
    warnings = general_warnings(manifest.inputs, manifest.records, statistics)
    warnings += review_warnings(manifest.review)
    for stage in stages:
        warnings += stage.warns(config, dict(manifest), statistics)
    faults += [
        "a warning that follows from the numbers is not given"
        for warning in warnings
        if warning not in manifest.warnings
    ]
    if verdict(results, manifest.warnings) != manifest.verdict:
        faults.append(f"the verdict {manifest.verdict} does not follow from the gates")
    detail = f"{len(told)} gates, verdict {manifest.verdict}{apart}"
    return conclude("gates", faults, detail)
