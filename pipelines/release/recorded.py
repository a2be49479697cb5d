"""What an earlier release of a run recorded of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pydantic

from isinglass.pipelines.engine.workspace import PROVENANCE, read_json
from isinglass.schemas.config.release import ReleaseConfig

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import FinishedRun


def read_statement(run: FinishedRun) -> dict[str, Any] | None:
    """The statement of how the files came to be; None if there is none to read."""
    try:
        value = read_json(run.folder / PROVENANCE)
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def recorded_settings(run: FinishedRun) -> ReleaseConfig | None:
    """What the papers that lie there were made with; None if that cannot be read."""
    statement = read_statement(run)
    try:
        given = (statement or {})["predicate"]["buildDefinition"]["externalParameters"]
        return ReleaseConfig.model_validate(given["release"])
    except (KeyError, TypeError, pydantic.ValidationError):
        return None
