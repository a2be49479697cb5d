"""Whether a run can be released: sealed, undamaged, and its gates met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.engine.workspace import (
    PAPERS,
    PROVENANCE,
    exists,
    file_sha256,
    is_file,
    read_bytes,
)
from isinglass.pipelines.proof.files import SUMS, check_hashes
from isinglass.pipelines.proof.gates import check_gates
from isinglass.pipelines.release.recorded import read_statement
from isinglass.pipelines.report.text import visible
from isinglass.pipelines.stages import STAGES
from isinglass.schemas.errors import GateError, OutputError, RefuseError

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import FinishedRun

OWN = ("manifest.json", "report.html")
MADE = tuple(name for name in PAPERS if not name.startswith("attestations"))
"""Papers of every release; a signature is made if somebody asks for one."""


def check_releasable(run: FinishedRun) -> None:
    """Refuse a run that failed, is damaged, or holds no documents.

    Raises:
        GateError: A gate failed.
        RefuseError: What is wrong is named, with the file.
    """
    manifest = run.manifest
    if manifest.verdict == "failed":
        failed = [g for g in manifest.gates if not g.passed and g.severity == "error"]
        named = ", ".join(
            f"{g.metric} {g.op} {g.value:g} (is "
            f"{'not known' if g.actual is None else f'{g.actual:g}'})"
            for g in failed
        )
        raise GateError(
            f"{run.folder} failed its gates and is not released: {visible(named)}. "
            "report.html says why."
        )
    if not run.paths("data"):
        raise RefuseError(
            f"{run.folder} holds no documents (`isinglass {manifest.verb}` wrote no "
            "data/): there is nothing to release. Clean the corpus first."
        )
    faults = [*_seal_faults(run)]
    checks = [check_hashes(run)]
    if checks[0].status == "passed":
        checks.append(check_gates(run, STAGES))
    faults += [check.detail for check in checks if check.status == "failed"]
    if faults:
        raise RefuseError(
            f"{run.folder} is not as it was sealed, and is not released: "
            f"{visible('; '.join(faults[:3]))}. `isinglass verify` tells more; the "
            "command that made the run mends it."
        )
    _check_edited(run)


def own_hashes(run: FinishedRun) -> dict[str, str]:
    """Of manifest and report as they are."""
    return {name: file_sha256(run.folder / name) for name in OWN}


def base_hashes(run: FinishedRun) -> dict[str, str]:
    """Of all that was there before the papers, as close lists it."""
    outputs = {file.path: file.sha256 for file in run.manifest.outputs}
    return outputs | own_hashes(run)


def _seal_faults(run: FinishedRun) -> list[str]:
    """What of the seal is missing or wrong; papers apart."""
    wanted = ("_SUCCESS", SUMS, *OWN)
    gone = [f"{name} is missing" for name in wanted if not is_file(run.folder / name)]
    if gone:
        return gone
    lines = {line[66:]: line[:64] for line in _lines(run)}
    faults = [
        f"{name} is not as {SUMS} has it"
        for name, sha256 in base_hashes(run).items()
        if lines.get(name) != sha256
    ]
    if not exists(run.folder / PROVENANCE):
        # A release that was cut off may have written one of the two.
        held = read_bytes(run.folder / "_SUCCESS").decode("ascii", "replace").strip()
        if held != file_sha256(run.folder / SUMS):
            faults.append(f"_SUCCESS does not hold the hash of {SUMS}")
    return faults


def _lines(run: FinishedRun) -> list[str]:
    return read_bytes(run.folder / SUMS).decode("utf-8", "replace").splitlines()


def _check_edited(run: FinishedRun) -> None:
    """Refuse to write over papers that somebody else wrote, or changed by hand."""
    known = {(line[66:], line[:64]) for line in _lines(run)} | _subjects(run)
    released = exists(run.folder / PROVENANCE)
    for name in MADE[1:-1]:
        path = run.folder / name
        if not exists(path) or (name, file_sha256(path)) in known:
            continue
        if released:
            raise OutputError(
                f"{path} was changed after it was released. What it is to say belongs "
                "into the release section of the configuration; move the file away, "
                "and it is written anew."
            )
        raise OutputError(
            f"{path} is in the way: it is of no release. Move it away; what it says "
            "belongs into the release section of the configuration."
        )


def _subjects(run: FinishedRun) -> set[tuple[str, str]]:
    """Files that a statement is about: of a release that was cut off, all of them."""
    statement = read_statement(run)
    found = (statement or {}).get("subject", [])
    try:
        return {(one["name"], one["digest"]["sha256"]) for one in found}
    except (TypeError, KeyError):
        return set()
