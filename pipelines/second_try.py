"""What becomes of a run when a worker died: a second try, without the file that did it.

What is known of such files stays in the run folder, so that a later run with the same
files knows it, too. A file that was changed since is another one.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.engine.trial import deadly_pieces
from isinglass.pipelines.engine.workspace import read_json, write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.plan import Plan
    from isinglass.schemas.errors import WorkerDiedError

LOGGER = logging.getLogger(__name__)


def deadly_files(workspace: Workspace) -> dict[str, str]:
    """Why files cannot be read whose reading ended a process before, by SHA-256."""
    files: dict[str, str] = _read(workspace)["files"]
    return files


def prepare_second_try(
    workspace: Workspace, plan: Plan, death: WorkerDiedError
) -> None:
    """Find the files that a worker died of; they are quarantined from now on.

    If there is none, everything is tried once more, since a worker may have been ended
    from outside. The second time the error is raised again.
    """
    note = _read(workspace)
    shards = [shard for shard in plan.shards if shard.shard_id in death.units]
    found = {}
    for shard in shards:
        for piece, cause in deadly_pieces(shard, plan.layout):
            rows = {file.rows for file in plan.inputs if file.sha256 == piece.sha256}
            held = "an unknown number of" if None in rows else max(filter(None, rows))
            why = f"reading it ends the process ({cause}); it holds {held} records"
            LOGGER.error("%s: %s", piece.path, why)
            found[piece.sha256] = why
    if not found and set(death.units) <= set(note["tried"]):
        write_atomically(_path(workspace), json.dumps(note | {"tried": []}))
        raise death
    LOGGER.warning("%s Trying again.", death)
    tried = sorted({*note["tried"], *death.units})
    files = note["files"] | found
    write_atomically(_path(workspace), json.dumps({"files": files, "tried": tried}))


def _path(workspace: Workspace) -> Path:
    return workspace.work / "deadly.json"


def _read(workspace: Workspace) -> dict[str, Any]:
    try:
        note: dict[str, Any] = read_json(_path(workspace))
    except (OSError, ValueError):
        return {"files": {}, "tried": []}
    return note
