"""What `verify` asks of a release: its papers, its signature, a published folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isinglass import __version__
from isinglass.pipelines.engine.workspace import (
    PROVENANCE,
    exists,
    file_sha256,
    is_file,
    list_files,
    read_bytes,
)
from isinglass.pipelines.proof.check import Check, FinishedRun, conclude
from isinglass.pipelines.proof.files import SUMS, is_plain
from isinglass.pipelines.release.facts import gather, is_published
from isinglass.pipelines.release.intact import MADE, OWN
from isinglass.pipelines.release.papers import papers
from isinglass.pipelines.release.recorded import read_statement, recorded_settings
from isinglass.pipelines.release.sign import (
    ATTESTATIONS,
    STATEMENTS,
    is_signed,
    payloads,
)

_HUB = frozenset({".git", ".gitattributes", ".gitignore", ".cache", ".huggingface"})
"""What a hub keeps beside the files of a data set."""


def is_published_folder(run: FinishedRun) -> bool:
    """Whether this is what was handed on of a run."""
    return exists(run.folder / PROVENANCE) and not exists(run.folder / "_SUCCESS")


def check_papers(run: FinishedRun) -> list[Check]:
    """The papers follow from the manifest; nothing if the run was not released.

    Call only where the tables are known to be as the manifest has them.
    """
    if not exists(run.folder / PROVENANCE):
        return []
    settings, version = recorded_settings(run), _version(run)
    if settings is None:
        said = f"{PROVENANCE} cannot be read"
        return [Check("papers", "failed", said, (said,))]
    if version != __version__:
        told = f"they were made by isinglass {version}, and this is {__version__}"
        return [Check("papers", "skipped", told)]
    own = {name: file_sha256(run.folder / name) for name in OWN}
    told_again = papers(gather(run, settings), own)
    faults = [
        f"{name} is missing"
        if not is_file(run.folder / name)
        else f"{name} does not follow from the manifest"
        for name, text in told_again.items()
        if not is_file(run.folder / name)
        or read_bytes(run.folder / name) != text.encode()
    ]
    return [conclude("papers", faults, f"{len(told_again)} papers")]


def _version(run: FinishedRun) -> str:
    try:
        definition = (read_statement(run) or {})["predicate"]["buildDefinition"]
        return str(definition["internalParameters"]["release_version"])
    except (KeyError, TypeError):
        return "of an unknown version"


def check_published(run: FinishedRun) -> Check:
    """Every file that is handed on is there, as the sums have it, and no other."""
    path = run.folder / SUMS
    if not is_file(path):
        return conclude("published", [f"{SUMS} is missing"], "")
    lines = read_bytes(path).decode("utf-8", "replace").splitlines()
    listed = {line[66:]: line[:64] for line in lines}
    recorded = {o.path: o.sha256 for o in run.manifest.outputs if is_published(o.path)}
    expected = {*recorded, *OWN, *MADE}
    odd = sorted(name for name in recorded if not is_plain(name))
    if odd:
        # Nothing outside of the folder is ever opened.
        return conclude("published", [f"{odd[0]} is not a name of a table"], "")
    faults = [f"{SUMS} does not list {name}" for name in sorted(expected - {*listed})]
    more = {*listed} - expected - {ATTESTATIONS}
    faults += [f"{SUMS} lists {name}, which is not handed on" for name in sorted(more)]
    for name in sorted({*listed} - more):
        faults += _file_faults(run.folder / name, name, listed[name], recorded)
    faults += _strangers(run.folder, {*listed, SUMS})
    return conclude("published", faults, f"{len(listed)} files")


def _file_faults(
    path: Path, name: str, listed: str, recorded: Mapping[str, str]
) -> list[str]:
    if not is_file(path):
        return [f"{name} is missing"]
    now = file_sha256(path)
    if now != listed:
        return [f"{name} is not as {SUMS} has it"]
    differs = now != recorded.get(name, now)
    return [f"{name} is not as the manifest has it"] if differs else []


def _strangers(folder: Path, known: set[str]) -> list[str]:
    names = [
        path.relative_to(folder).as_posix()
        for path in list_files(folder, "**/*")
        if is_file(path)
    ]
    return [
        f"{name} is not in {SUMS}"
        for name in names
        if name not in known and name.partition("/")[0] not in _HUB
    ]


def check_signature(run: FinishedRun, key: Any) -> Check:
    """The statements are signed by the key, and are of the files that lie here."""
    path = run.folder / ATTESTATIONS
    if not is_file(path):
        return conclude("signature", [f"{ATTESTATIONS} is missing: not signed"], "")
    content = read_bytes(path)
    if not is_signed(content, key):
        return conclude("signature", [f"{ATTESTATIONS} is not signed by this key"], "")
    files = [run.folder / name for name in STATEMENTS]
    statements = [read_bytes(file) if is_file(file) else b"" for file in files]
    if payloads(content) != statements:
        said = f"{ATTESTATIONS} is a signature of other statements"
        return conclude("signature", [said], "")
    return conclude("signature", _unlike(run), f"{len(statements)} statements")


def _unlike(run: FinishedRun) -> list[str]:
    """Files that are not those that the statement is about."""
    found = (read_statement(run) or {}).get("subject", [])
    signed = {one["name"]: one["digest"]["sha256"] for one in found}
    published = {o.path for o in run.manifest.outputs if is_published(o.path)}
    wanted = {*published, *OWN, *(n for n in MADE if n not in STATEMENTS)}
    faults = [f"{name} is not signed" for name in sorted(wanted - {*signed})]
    return faults + [
        f"{name} is not as it was signed"
        for name, sha256 in sorted(signed.items())
        if name not in wanted
        or not is_file(run.folder / name)
        or file_sha256(run.folder / name) != sha256
    ]
