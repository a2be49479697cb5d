"""All checks of a finished run, from the seal to the tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pydantic

from isinglass.pipelines.fingerprint import file_sha256
from isinglass.pipelines.proof.books import check_books, check_evidence
from isinglass.pipelines.proof.check import Check, FinishedRun, conclude
from isinglass.pipelines.proof.spans import check_findings, check_source
from isinglass.pipelines.proof.vectors import check_embeddings, check_tokens
from isinglass.pipelines.workspace import TABLES
from isinglass.schemas import tables
from isinglass.schemas.errors import InputError
from isinglass.schemas.manifest import Manifest

if TYPE_CHECKING:
    from pathlib import Path

_SCHEMAS = {
    "data": tables.DATA,
    "findings": tables.FINDINGS,
    "ledger": tables.LEDGER,
    "quarantine": tables.QUARANTINE,
    "tokens": tables.TOKENS,
    "audit": tables.STATISTICS,
}


def prove(folder: Path) -> list[Check]:
    """Check a finished run against its manifest, and its tables against each other.

    Raises:
        InputError: The folder holds no readable manifest.
    """
    run = open_run(folder)
    hashes = check_hashes(run)
    checks = [check_seal(run), hashes]
    if hashes.status == "failed":
        # What follows would read files that are known to be wrong.
        return checks
    return [
        *checks,
        check_schemas(run),
        check_books(run),
        check_evidence(run),
        check_findings(run),
        check_source(run),
        check_tokens(run),
        check_embeddings(run),
    ]


def open_run(folder: Path) -> FinishedRun:
    """Read the manifest of a run.

    Raises:
        InputError: There is none, or it is not a manifest of this version.
    """
    path = folder / "manifest.json"
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
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
    return FinishedRun(folder, manifest)


def check_seal(run: FinishedRun) -> Check:
    """`_SUCCESS` is there unless the verdict is `failed`, and names the run."""
    seal = run.folder / "_SUCCESS"
    faults = []
    if run.manifest.verdict == "failed":
        if seal.exists():
            faults.append("_SUCCESS is there although the verdict is failed")
    elif not seal.exists():
        faults.append("_SUCCESS is missing")
    elif seal.read_text().strip() != file_sha256(run.folder / "manifest.json"):
        faults.append("_SUCCESS does not hold the hash of manifest.json")
    return conclude("seal", faults, f"verdict {run.manifest.verdict}")


def check_hashes(run: FinishedRun) -> Check:
    """Every output is as recorded, and no other file stands beside them."""
    faults, size = [], 0
    known = {output.path for output in run.manifest.outputs}
    for output in run.manifest.outputs:
        path = run.folder / output.path
        if not path.is_file():
            faults.append(f"{output.path} is missing")
            continue
        size += path.stat().st_size
        if file_sha256(path) != output.sha256:
            faults.append(f"{output.path} is not as recorded")
    for table in TABLES:
        for path in sorted((run.folder / table).rglob("*")):
            name = path.relative_to(run.folder).as_posix()
            if path.is_file() and name not in known:
                faults.append(f"{name} is not in the manifest")
    return conclude("hashes", faults, f"{len(known)} files, {size / 1e6:.1f} MB")


def check_schemas(run: FinishedRun) -> Check:
    """Every table has the declared columns, types and version."""
    faults, files = [], 0
    for table, expected in _SCHEMAS.items():
        for path in run.paths(table):
            files += 1
            found = pq.read_schema(path)
            ours = found.field(0) is not None and [
                found.field(name) if name in found.names else None
                for name in expected.names
            ] == list(expected)
            version = (found.metadata or {}).get(b"isinglass.schema_version")
            if not ours or version != tables.SCHEMA_VERSION.encode():
                faults.append(f"{table}/{path.name} does not have the declared schema")
    return conclude("schemas", faults, f"{files} tables")
