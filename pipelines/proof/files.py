"""Which files belong to a run, the hash of each of them, and its columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pyarrow as pa

from isinglass.pipelines.engine.workspace import (
    FINAL_FILES,
    PAPERS,
    TABLES,
    exists,
    file_sha256,
    is_file,
    is_folder,
    list_files,
    list_folder,
    read_bytes,
    size_of,
    table_rows,
    table_schema,
)
from isinglass.pipelines.proof.check import Check, FinishedRun, conclude
from isinglass.schemas import tables

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Written

SUMS = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_SHARD = "{shard}"
_DATA = "data/{shard}.parquet"
_OF_EVERY_RUN: Mapping[str, pa.Schema] = {
    "ledger/{shard}.parquet": tables.LEDGER,
    "quarantine/{shard}.parquet": tables.QUARANTINE,
    "audit/statistics.parquet": tables.STATISTICS,
}


def check_seal(run: FinishedRun) -> Check:
    """`SHA256SUMS` is right in every line, and `_SUCCESS` holds its hash.

    The papers of a release are listed, too.

    A run with the verdict `failed` has the sums, but no `_SUCCESS`. That outputs are
    as the manifest records them is for `check_hashes`; here they are compared with
    the manifest only, so that no large file is read twice.
    """
    faults = _check_sums(run)
    seal = run.folder / "_SUCCESS"
    if run.manifest.verdict == "failed":
        if exists(seal):
            faults.append("_SUCCESS is there although the verdict is failed")
    elif not is_file(seal):
        faults.append("_SUCCESS is missing")
    elif is_file(run.folder / SUMS):
        held = read_bytes(seal)
        if held.strip().decode("ascii", "replace") != file_sha256(run.folder / SUMS):
            faults.append(f"_SUCCESS does not hold the hash of {SUMS}")
    return conclude("seal", faults, f"verdict {run.manifest.verdict}")


def _check_sums(run: FinishedRun) -> list[str]:
    path = run.folder / SUMS
    if not is_file(path):
        return [f"{SUMS} is missing"]
    expected = {output.path: output.sha256 for output in run.manifest.outputs}
    for name in ("report.html", "manifest.json"):
        file = run.folder / name
        expected[name] = file_sha256(file) if is_file(file) else "no such file"
    faults: list[str] = []
    listed: Counter[str] = Counter()
    lines = read_bytes(path).decode("utf-8", "replace").splitlines()
    named = {line.partition("  ")[2] for line in lines}
    for name in PAPERS:
        file = run.folder / name
        if name in named or exists(file):
            expected[name] = file_sha256(file) if is_file(file) else "no such file"
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            faults.append(f"{SUMS} has a line that is not `hash  path`")
            continue
        listed[match[2]] += 1
        if match[2] not in expected:
            faults.append(f"{SUMS} lists {match[2]}, which is not of the run")
        elif match[1] != expected[match[2]]:
            faults.append(f"{match[2]} is not as {SUMS} has it")
    faults += [f"{SUMS} does not list {n}" for n in sorted({*expected} - {*listed})]
    faults += [f"{SUMS} lists {n} twice" for n, times in listed.items() if times > 1]
    return faults


def check_hashes(run: FinishedRun) -> Check:
    """Every output is as recorded, and no other file stands beside them."""
    faults, size = [], 0
    known: set[str] = set()
    for output in run.manifest.outputs:
        if not is_plain(output.path) or output.path in known:
            faults.append(f"{output.path} is not a name that a table can have once")
            continue
        known.add(output.path)
        path = run.folder / output.path
        if not is_file(path):
            faults.append(f"{output.path} is missing")
            continue
        size += size_of(path)
        if size_of(path) != output.bytes or file_sha256(path) != output.sha256:
            faults.append(f"{output.path} is not as recorded")
    faults += _strangers(run.folder, known)
    return conclude("hashes", faults, f"{len(known)} files, {size / 1e6:.1f} MB")


def is_plain(name: str) -> bool:
    """A file right in a folder of tables; nothing outside the run is ever opened."""
    parts = PurePosixPath(name).parts
    return len(parts) == 2 and parts[0] in TABLES and "/".join(parts) == name  # noqa: PLR2004 - folder and file


def _strangers(folder: Path, known: set[str]) -> list[str]:
    faults = []
    for path in list_folder(folder):
        if path.name in TABLES and is_folder(path):
            inside = list_files(path, "**/*")
            names = [p.relative_to(folder).as_posix() for p in inside]
            faults += [f"{n} is not in the manifest" for n in names if n not in known]
        elif path.name in (*FINAL_FILES, *PAPERS) and is_file(path):
            continue
        elif path.name != "work" or not is_folder(path):
            faults.append(f"{path.name} is not part of a run")
    return faults


def check_tables(run: FinishedRun, written: Sequence[Written]) -> Check:
    """Every shard has a file of each table the configuration asks for; no more."""
    wanted = _wanted(run, written)
    expected = _by_path(run, wanted).keys()
    found = {output.path for output in run.manifest.outputs}
    faults = [f"{name} was not written" for name in sorted(expected - found)]
    more = {name for name in found - expected if not _is_foreign(run, name)}
    faults += [f"{name} was not asked for" for name in sorted(more)]
    faults += [fault for part in written for fault in part.faults]
    count = sum(_SHARD in path and path.endswith(".parquet") for path in wanted)
    return conclude("tables", faults, f"{len(run.shards())} shards, {count} tables")


def _is_foreign(run: FinishedRun, path: str) -> bool:
    """Whether a file is a table under `audit/` that a stage from outside added."""
    stage, _, rest = path.removeprefix("audit/").partition(".")
    return path.startswith("audit/") and stage in run.manifest.stages and bool(rest)


def _wanted(
    run: FinishedRun, written: Sequence[Written]
) -> dict[str, pa.Schema | None]:
    """Schema of each file that the run must have; see `Written.files`."""
    data = {} if run.manifest.verb == "audit" else {_DATA: tables.DATA}
    wanted: dict[str, pa.Schema | None] = {**_OF_EVERY_RUN, **data}
    for part in written:
        wanted |= part.files
    return wanted


def _by_path(
    run: FinishedRun, wanted: Mapping[str, pa.Schema | None]
) -> dict[str, pa.Schema | None]:
    return {
        path.replace(_SHARD, shard): schema
        for path, schema in wanted.items()
        for shard in (run.shards() if _SHARD in path else [""])
    }


def check_schemas(run: FinishedRun, written: Sequence[Written]) -> Check:
    """Every table has the declared columns, types, version and rows.

    `data/` alone may have more columns: those carried from the input. What was not
    asked for has no declared schema; that it is there is told by `check_tables`.
    """
    schemas = _by_path(run, _wanted(run, written))
    faults = []
    for output in run.manifest.outputs:
        schema, path = schemas.get(output.path), run.folder / output.path
        if schema is None and output.path in schemas:
            continue
        try:
            found, rows = table_schema(path), table_rows(path)
        except (pa.ArrowException, OSError):
            faults.append(f"{output.path} is not a Parquet file")
            continue
        if schema is not None and not _fits(output.path, found, schema):
            faults.append(f"{output.path} does not have the declared schema")
        if rows != output.rows:
            faults.append(f"{output.path} does not have the recorded rows")
    return conclude("schemas", faults, f"{len(run.manifest.outputs)} tables")


def _fits(path: str, found: pa.Schema, expected: pa.Schema) -> bool:
    version = (found.metadata or {}).get(b"isinglass.schema_version")
    more = path.startswith("data/")
    own = list(found)[: len(expected)] if more else list(found)
    return own == list(expected) and version == tables.SCHEMA_VERSION.encode()
