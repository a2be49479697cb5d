"""Which run this is: configuration, inputs, code and what every stage depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pydantic

from isinglass.pipelines.engine.commits import is_intact
from isinglass.pipelines.engine.fingerprint import (
    code_fingerprint,
    config_digest,
    digest,
)
from isinglass.pipelines.engine.workspace import Workspace, exists, read_bytes
from isinglass.pipelines.outside import code_of, is_outside
from isinglass.schemas.config import RunConfig
from isinglass.schemas.manifest import Lexicon, Manifest, Model

if TYPE_CHECKING:
    from isinglass.pipelines.plan import Plan
    from isinglass.pipelines.review.marks import MarksFile
    from isinglass.pipelines.stage import Stage, Verb


@dataclass(frozen=True)
class Identity:
    """What makes this run this run.

    `run_id` is 16 hex digits over configuration, inputs, code, stages and verb,
    `config_id` leaves out how and where a run is executed. `config` is resolved, as in
    the manifest; of what was `given` a column that was not mapped may be missing.
    `marks` are those by which the run is judged when it closes; no pass depends on
    them.
    """

    run_id: str
    config_id: str
    verb: Verb
    code: str
    config: dict[str, Any]
    given: dict[str, Any]
    models: tuple[Model, ...]
    lexicons: tuple[Lexicon, ...]
    marks: MarksFile | None = None

    @classmethod
    def of(
        cls,
        config: RunConfig,
        verb: Verb,
        plan: Plan,
        stages: Sequence[Stage],
        marks: MarksFile | None = None,
    ) -> Identity:
        """Compute the identity of a run from what was resolved and prepared."""
        files = [stage.files() for stage in stages]
        models = tuple(model for found, _ in files for model in found)
        lexicons = tuple(lexicon for _, found in files for lexicon in found)
        resolved = config.model_dump(mode="json")
        config_id = config_digest(resolved)
        code = code_fingerprint()
        outside = [code_of(stage) for stage in stages if is_outside(stage)]
        if outside:
            # Nobody can tell what of a stage from outside matters to which pass.
            code = digest([code, outside, resolved["stages"]])
        parts = [
            config_id,
            [(i.path, i.source, i.sha256, i.bytes, i.problem) for i in plan.inputs],
            code,
            [model.model_dump() for model in models],
            [lexicon.sha256 for lexicon in lexicons],
            verb,
            [[stage.name, stage.identity("run")] for stage in stages],
        ]
        if marks is not None:
            parts.append(marks.sha256)
        published = resolved
        for stage in stages:
            published = stage.publishable(published)
        return cls(
            run_id=digest(parts)[:16],
            config_id=config_id,
            verb=verb,
            code=code,
            config=published,
            given=config.model_dump(mode="json", exclude_unset=True),
            models=models,
            lexicons=lexicons,
            marks=marks,
        )


def finished_run(workspace: Workspace, identity: Identity) -> Manifest | None:
    """The manifest of a complete run with this identity whose files are intact.

    Every file is hashed again: a damaged run must not be called complete.
    """
    if not exists(workspace.path / "_SUCCESS"):
        return None
    try:
        text = read_bytes(workspace.path / "manifest.json")
        manifest = Manifest.model_validate_json(text)
    except (OSError, pydantic.ValidationError):
        return None
    if manifest.run_id != identity.run_id:
        return None
    intact = all(is_intact(workspace, output) for output in manifest.outputs)
    return manifest if intact else None
