"""All checks of a finished run, from the seal to what each stage can prove."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pydantic

from isinglass.pipelines.proof.books import check_books, check_counts, check_statistics
from isinglass.pipelines.proof.check import Check, FinishedRun, merged
from isinglass.pipelines.proof.files import (
    check_hashes,
    check_schemas,
    check_seal,
    check_tables,
)
from isinglass.pipelines.proof.gates import check_gates
from isinglass.pipelines.proof.recount import check_recount
from isinglass.pipelines.proof.review import check_review
from isinglass.pipelines.proof.source import check_source
from isinglass.pipelines.read_again import read_manifest
from isinglass.pipelines.release import proof as release
from isinglass.pipelines.stages import STAGES
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import InputError

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
    if release.is_published_folder(run):
        checks = [release.check_published(run)]
        if checks[0].status == "passed":
            checks += [check_gates(run, every), *release.check_papers(run)]
        return checks
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
        checks += release.check_papers(run)
        checks += check_source(run, every)
        checks += [check for stage in every for check in stage.prove(run)]
    return merged([*checks, *_not_at_hand(run, stages)])


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
