"""The run that is to forget: its manifest, its inputs as they were, and its key."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydantic

from isinglass.pipelines.engine.workspace import Workspace
from isinglass.pipelines.read_again import plan_again, read_manifest, read_note
from isinglass.pipelines.stages.erase.listed import AUDIT_NAME, Erasure, read_erasure
from isinglass.pipelines.stages.pii.key import known_key
from isinglass.schemas.config import RunConfig
from isinglass.schemas.config.pii import default_entities
from isinglass.schemas.errors import ConfigError, InputError
from isinglass.schemas.manifest import Manifest
from isinglass.transforms.pii.operators.replacement import LEAST_KEY

if TYPE_CHECKING:
    from isinglass.pipelines.plan import Plan


@dataclass(frozen=True, eq=False)
class SourceRun:
    """A finished run with its inputs at hand.

    Attributes:
        base: Folder that relative paths of its configuration start from.
        given: What was given of its configuration.
        key: Its secret key; None if it is gone, or not to be used.
        earlier: What it has been asked to forget before; None for nothing.
    """

    workspace: Workspace
    manifest: Manifest
    base: Path
    given: dict[str, Any]
    plan: Plan
    key: bytes | None = field(repr=False)
    earlier: Erasure | None


def open_source(folder: Path, *, texts_only: bool = False) -> SourceRun:
    """Open a run that is to forget something; do without its key if `texts_only`.

    Raises:
        InputError: It is no finished run with texts, or its inputs are not as they
            were.
        ConfigError: Its key is gone.
    """
    folder = folder.resolve()
    manifest = _manifest(folder)
    made, note = plan_again(folder, manifest), read_note(folder)
    if isinstance(made, str) or note is None:
        raise InputError(
            f"{folder}: {made}. The source texts must be there to be searched: put "
            "them back, or run the job again on the inputs of today and let that run "
            "forget."
        )
    workspace, base = Workspace(str(folder)), Path(note["base"])
    key = None if texts_only else _find_key(workspace, manifest)
    earlier = None
    if manifest.erasure is not None:
        earlier = read_erasure(str(workspace.table("audit", AUDIT_NAME)))
    return SourceRun(workspace, manifest, base, note["given"], made, key, earlier)


def _manifest(folder: Path) -> Manifest:
    try:
        manifest = read_manifest(folder)
    except pydantic.ValidationError:
        msg = f"{folder} was made by another version; redo that run, then forget."
        raise InputError(msg) from None
    if manifest.verb == "audit":
        msg = f"{folder} is an audit: it holds no texts, so there is nothing to forget."
        raise InputError(msg)
    return manifest


def _find_key(workspace: Workspace, manifest: Manifest) -> bytes | None:
    """The key of a run; None where nothing was made with one."""
    config = RunConfig.model_validate(manifest.config)
    if config.pii is None and config.erase is None:
        return None
    key = known_key(workspace, config.pii)
    if key:
        return key
    name = config.pii.key_env if config.pii is not None else None
    if name is not None:
        where = f"the environment variable {name} is not set"
        new = f"{_new_key(name)} and give --texts-only"
    else:
        where = "work/key is gone"
        new = "give --texts-only, for which the new run gets a new key"
    raise ConfigError(
        f"The key of {workspace.root} is missing: {where}. Without it findings cannot "
        f"be told by their value. Put it back; or {new}, to search the source texts "
        "alone."
    )


def _new_key(name: str) -> str:
    return f"set {name} to any new secret of at least {LEAST_KEY} characters"


def check_new_key(source: SourceRun) -> None:
    """Make sure that there is a key for the run that is to be made.

    Without the key of the old run a new one does; value keys then differ.

    Raises:
        ConfigError: The configuration names a variable, and it holds none.
    """
    pii = RunConfig.model_validate(source.given).pii
    name = pii.key_env if pii is not None else None
    if name is None or len(os.environ.get(name, "")) >= LEAST_KEY:
        return
    state = "too short" if os.environ.get(name) else "not set"
    raise ConfigError(
        f"The new run needs a key, and the environment variable {name} is {state}. "
        f"Put the key of {source.workspace.root} back; or {_new_key(name)}, which "
        "--texts-only takes (--dry-run needs none)."
    )


def known_entities(source: SourceRun, asked: frozenset[str]) -> frozenset[str]:
    """Entities of the configuration, of the findings and of the run's own recognizers.

    A run without a detector knows those that are the default. Recognizers are only
    made, which takes seconds, if one that is `asked` for is of neither configuration
    nor findings.

    Raises:
        ConfigError: A recognizer cannot be made.
    """
    pii = RunConfig.model_validate(source.manifest.config).pii
    own = default_entities() if pii is None else pii.entities
    known = frozenset({*own, *source.manifest.findings})
    if pii is None or asked <= known:
        return known
    # Presidio takes seconds to import.
    from isinglass.transforms.pii.plugins.build import plug_ins  # noqa: PLC0415

    return known | {plug_in.entity for plug_in in plug_ins(pii.recognizers)}
