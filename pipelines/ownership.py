"""Whose run folder it is, and what may be done in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.engine.fingerprint import config_digest
from isinglass.pipelines.engine.workspace import (
    FINAL_FILES,
    PAPERS,
    PROVENANCE,
    TABLES,
    Workspace,
    exists,
    is_folder,
    list_files,
    list_folder,
    read_json,
    write_atomically,
)
from isinglass.schemas.errors import OutputError

if TYPE_CHECKING:
    from isinglass.pipelines.identity import Identity

OWNER = "run.json"
_RANK = {"audit": 0, "clean": 1, "encode": 2, "run": 2}
_OURS = {*FINAL_FILES, *TABLES, "work"}
_SHARD_FILE = re.compile(
    r"[A-Za-z0-9._-]+-[0-9a-f]{8}-\d{5}\.(?:parquet|bin|idx)"
    r"|(?:statistics|paragraphs|erasure|clusters|cluster_shares|[a-z][a-z0-9_]*\.[\w.]+)\.parquet"
)
_TEMPORARY = re.compile(r"\..*\.tmp(?:\.bin|\.idx)?")


def check_claim(workspace: Workspace, identity: Identity, *, replace: bool) -> None:
    """Refuse a folder that holds something else; writes nothing.

    Without `replace` also a run of another configuration, or of a verb that wrote more.
    """
    if not exists(workspace.path):
        return
    if not is_folder(workspace.path):
        raise OutputError(f"{workspace.root} is a file. Choose another output folder.")
    claimed = read_owner(workspace)
    _refuse_strangers(workspace, known=claimed is not None)
    if claimed is None or replace:
        return
    if claimed["config_id"] != identity.config_id:
        changed = _changed_keys(claimed.get("config", {}), identity.config)
        # Values of lists are not published, so they are not compared one by one.
        changed = changed or ["values in pii.recognizers"]
        raise OutputError(
            f"The output folder {workspace.root} is in use by a run with another "
            f"configuration (changed: {', '.join(changed)}). Choose another output, or "
            "give --replace to redo what the change affects."
        )
    earlier = claimed.get("verb", "audit")
    if _RANK.get(earlier, 0) > _RANK[identity.verb]:
        raise OutputError(
            f"The output folder {workspace.root} holds the result of `{earlier}`, of "
            f"which `{identity.verb}` would remove a part. Choose another output, or "
            "give --replace."
        )


def _refuse_strangers(workspace: Workspace, *, known: bool) -> None:
    ours = _OURS if known else {"work"}
    if known and exists(workspace.path / PROVENANCE):
        # Else somebody wrote a README of their own.
        ours = {*ours, *PAPERS}
    names = [path.name for path in list_folder(workspace.path)]
    strangers = [name for name in names if name not in ours]
    for table in TABLES:
        folder = workspace.path / table
        strangers += [
            f"{table}/{path.name}"
            for path in list_files(folder, "*")
            if not _SHARD_FILE.fullmatch(path.name)
            and not _TEMPORARY.fullmatch(path.name)
        ]
    if strangers:
        what = "holds files that are not of a run" if known else "holds no run"
        raise OutputError(
            f"The output folder {workspace.root} {what} ({strangers[0]}). Choose "
            "another output, or move them away."
        )


def write_claim(
    workspace: Workspace, identity: Identity, base: Path, inputs: list[list[Any]]
) -> None:
    """Leave our name in the folder, and `inputs` that a later run is held to."""
    note = {
        "base": str(base.resolve()),
        "config": identity.config,
        "config_id": identity.config_id,
        "given": identity.given,
        "inputs": inputs,
        "verb": identity.verb,
    }
    path = workspace.work / OWNER
    write_atomically(path, json.dumps(note, sort_keys=True, indent=1))


def read_owner(workspace: Workspace) -> dict[str, Any] | None:
    """Who claimed the folder; of a run without `work/`, as its manifest tells."""
    note = read_note(workspace)
    if note is not None and "config_id" in note:
        return note
    manifest = read_mapping(workspace.path / "manifest.json")
    if manifest is None or "config" not in manifest:
        return None
    config = manifest["config"]
    return {
        "config": config,
        "config_id": config_digest(config),
        "verb": manifest.get("verb", "audit"),
    }


def read_note(workspace: Workspace) -> dict[str, Any] | None:
    """What `write_claim` left."""
    return read_mapping(workspace.work / OWNER)


def read_mapping(path: Path) -> dict[str, Any] | None:
    """A JSON object; None if the file holds none or cannot be read."""
    try:
        note = read_json(path)
    except (OSError, ValueError):
        return None
    return note if isinstance(note, dict) else None


def _changed_keys(
    old: dict[str, Any], new: dict[str, Any], prefix: str = ""
) -> list[str]:
    changed = []
    for key in sorted(set(old) | set(new)):
        if not prefix and key in {"beam", "output", "release", "review"}:
            continue
        before, after = old.get(key), new.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            changed += _changed_keys(before, after, f"{prefix}{key}.")
        elif before != after:
            changed.append(f"{prefix}{key}")
    return changed
