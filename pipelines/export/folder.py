"""The folder of an export: empty, begun by the same program, or finished.

It is claimed by `work/export.json`; `export.json` comes last, and then `work/` goes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isinglass.pipelines.engine.commits import is_intact
from isinglass.pipelines.engine.workspace import (
    TEMPORARY_SUFFIX,
    Workspace,
    exists,
    is_folder,
    list_files,
    list_folder,
    read_json,
    remove,
    remove_scratch,
    write_atomically,
)
from isinglass.pipelines.proof.files import SUMS
from isinglass.schemas.commit import OutputFile
from isinglass.schemas.errors import OutputError

NOTE = "export.json"


def check_place(given: Path, run: Path) -> Path:
    """The folder that was named, if it has nothing to do with that of the run."""
    folder, run = given.expanduser().resolve(), run.resolve()
    if folder.is_relative_to(run) or run.is_relative_to(folder):
        raise OutputError(f"--to {given}: choose a folder outside of {run}.")
    return folder


def finished(folder: Path, head: Mapping[str, Any]) -> dict[str, Any] | None:
    """The note of this very export, if it is there and whole; else None.

    Raises:
        OutputError: Something else is there.
    """
    if not exists(folder):
        return None
    if not exists(folder / NOTE):
        empty = is_folder(folder) and not list_folder(folder)
        if not empty and not exists(folder / "work" / NOTE):
            raise OutputError(f"{folder} is not empty. Name another folder by --to.")
        return None
    told = _read_note(folder)
    if any(told.get(key) != value for key, value in head.items()):
        raise OutputError(
            f"{folder} holds another export. Name another folder by --to, or remove it."
        )
    for file in told["files"]:
        kinds = {"rows": file["written"], "path": file["path"]}
        output = OutputFile(bytes=file["bytes"], sha256=file["sha256"], **kinds)
        if not is_intact(Workspace(str(folder)), output):
            raise OutputError(
                f"{folder}: {output.path} is not as it was written. Remove the folder, "
                "and the same command writes it anew."
            )
    remove_scratch(folder / "work")
    return told


def _read_note(folder: Path) -> dict[str, Any]:
    try:
        told = read_json(folder / NOTE)
    except ValueError:
        told = None
    if not isinstance(told, dict) or "isinglass_version" not in told:
        raise OutputError(f"{folder / NOTE} is of another program: name another --to.")
    return told


def claim(workspace: Workspace, head: Mapping[str, Any], files: Sequence[str]) -> None:
    """Take a folder; what a stopped export left there and this one lacks goes."""
    path = workspace.work / NOTE
    if exists(path):
        before = set(read_json(path)["files"]) - {*files}
        for there in list_folder(workspace.path):
            if there.name in before:
                remove(there)
    for left in list_files(workspace.path, f".*{TEMPORARY_SUFFIX}"):
        remove(left)
    write_atomically(path, json.dumps({**head, "files": list(files)}, indent=2) + "\n")


def finish(workspace: Workspace, told: Mapping[str, Any]) -> None:
    """Write the sums and the note, and remove what was needed to go on."""
    sums = [f"{file['sha256']}  {file['path']}\n" for file in told["files"]]
    write_atomically(workspace.path / SUMS, "".join(sums))
    write_atomically(workspace.path / NOTE, json.dumps(told, indent=2) + "\n")
    remove_scratch(workspace.work)
