"""All checks of a finished run, from the seal to what each stage can prove."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pydantic

from isinglass.pipelines.gates import baselines
from isinglass.pipelines.proof.books import check_books, check_counts, check_statistics
from isinglass.pipelines.proof.check import Check, FinishedRun, conclude, merged
from isinglass.pipelines.proof.files import (
    check_hashes,
    check_schemas,
    check_seal,
    check_tables,
)
from isinglass.pipelines.proof.recount import check_recount
from isinglass.pipelines.proof.review import check_review
from isinglass.pipelines.proof.source import check_source
from isinglass.pipelines.read_again import read_manifest
from isinglass.pipelines.review.told import review_warnings
from isinglass.pipelines.stages import STAGES
from isinglass.pipelines.verdict import all_gates, general_warnings, verdict
from isinglass.schemas.config import GateConfig, RunConfig
from isinglass.schemas.errors import ConfigError, InputError
from isinglass.transforms.statistics.gates import evaluate_gates

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import Stages


def prove(folder: Path, stages: Stages = ()) -> list[Check]:
    """Check a finished run against its manifest, and its tables against each other.

    Somebody else's stages are given if their code is to be asked as well: none is
    imported because a manifest names it.
    """
    return prove_run(open_run(folder), stages)


def prove_run(run: FinishedRun, stages: Stages = ()) -> list[Check]:
    """All checks of a run; see `prove`."""
    every = (*STAGES, *stages)
    written = [stage.written(run) for stage in every]
    checks = [check_seal(run), check_hashes(run)]
    # Each of the following relies on the one before: no check reads a file that is
    # known to be wrong, missing or of another form.
    if checks[-1].status == "passed":
        checks += [check_tables(run, written), check_schemas(run, written)]
    if all(check.status == "passed" for check in checks[1:]):
        checks += [check_books(run), check_counts(run), check_statistics(run)]
        checks += [check_gates(run, every), check_recount(run)]
        checks += check_review(run)
        checks += check_source(run, every)
        checks += [check for stage in every for check in stage.prove(run)]
    return merged([*checks, *_not_at_hand(run, stages)])


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


def _not_at_hand(run: FinishedRun, stages: Stages) -> list[Check]:
    """Stages of the configuration whose code nobody gave."""
    given = [stage if isinstance(stage, type) else type(stage) for stage in stages]
    detail = (
        "its code is not imported because a manifest names it; to have it asked, "
        "name it with --stage"
    )
    found = []
    for use in run.foreign:
        module, _, name = use.partition(":")
        if getattr(sys.modules.get(module), name, None) not in given:
            found.append(Check(f"stage {use}", "skipped", detail))
    return found


def open_run(folder: Path) -> FinishedRun:
    """Read the manifest of a run; an `InputError` if there is none of this version."""
    path = folder / "manifest.json"
    try:
        manifest = read_manifest(folder)
    except pydantic.ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise InputError(
            f"{path} is not a manifest that this version reads (at {where or 'top'})."
        ) from None
    try:
        config = RunConfig.model_validate(manifest.config)
    except pydantic.ValidationError:
        said = f"{path} holds a config that this version does not read."
        raise InputError(said) from None
    return FinishedRun(folder, manifest, config)
