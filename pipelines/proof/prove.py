"""All checks of a finished run, from the seal to the tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pydantic

from isinglass.pipelines.engine.workspace import read_bytes
from isinglass.pipelines.proof.books import check_books, check_evidence
from isinglass.pipelines.proof.check import Check, FinishedRun
from isinglass.pipelines.proof.counts import check_counts
from isinglass.pipelines.proof.erasure import check_erasure, tells_of_erasure
from isinglass.pipelines.proof.gates import check_gates
from isinglass.pipelines.proof.paragraphs import asks_for_paragraphs, check_paragraphs
from isinglass.pipelines.proof.recount import check_statistics
from isinglass.pipelines.proof.seal import check_hashes, check_seal
from isinglass.pipelines.proof.source import check_source
from isinglass.pipelines.proof.structure import check_schemas, check_tables
from isinglass.pipelines.proof.tokens import check_tokens
from isinglass.pipelines.proof.vectors import check_clusters, check_vectors
from isinglass.pipelines.proof.weights import check_weights
from isinglass.pipelines.stages.dedup.proof import check_similarity
from isinglass.pipelines.stages.pii.proof_spans import check_findings
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import InputError
from isinglass.schemas.manifest import Manifest

if TYPE_CHECKING:
    from pathlib import Path


def prove(folder: Path) -> list[Check]:
    """Check a finished run against its manifest, and its tables against each other.

    Raises:
        InputError: The folder holds no readable manifest.
    """
    run = open_run(folder)
    checks = [check_seal(run), check_hashes(run)]
    # Each of the following relies on the one before: no check reads a file that is
    # known to be wrong, missing or of another form.
    if checks[-1].status == "passed":
        checks += [check_tables(run), check_schemas(run)]
    if all(check.status == "passed" for check in checks[1:]):
        checks += _check_contents(run)
    return checks


def _check_contents(run: FinishedRun) -> list[Check]:
    asked = asks_for_paragraphs(run.config.dedup)
    return [
        check_books(run),
        check_evidence(run),
        check_similarity(run),
        check_counts(run),
        check_statistics(run),
        check_weights(run),
        check_gates(run),
        check_findings(run),
        *([check_paragraphs(run)] if asked else []),
        *([check_erasure(run)] if tells_of_erasure(run) else []),
        check_source(run),
        *check_tokens(run),
        *check_vectors(run),
        *([check_clusters(run)] if run.paths("clusters") else []),
    ]


def open_run(folder: Path) -> FinishedRun:
    """Read the manifest of a run.

    Raises:
        InputError: There is none, or it is not a manifest of this version.
    """
    path = folder / "manifest.json"
    try:
        manifest = Manifest.model_validate_json(read_bytes(path))
    except (FileNotFoundError, NotADirectoryError):
        msg = f"{folder} holds no manifest.json: it is not a finished run."
        raise InputError(msg) from None
    except PermissionError:
        msg = f"No permission to read {path}."
        raise InputError(msg) from None
    except pydantic.ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        msg = f"{path} is not a manifest that this version reads (at {where or 'top'})."
        raise InputError(msg) from None
    try:
        config = RunConfig.model_validate(manifest.config)
    except pydantic.ValidationError:
        msg = f"{path} holds a config that this version does not read."
        raise InputError(msg) from None
    return FinishedRun(folder, manifest, config)
