"""Which run this is: config, inputs, code and models; and whose folder it writes."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pydantic

from isinglass.pipelines.fingerprint import code_fingerprint, digest
from isinglass.pipelines.workspace import Workspace, write_atomically
from isinglass.schemas.errors import ConfigError, OutputError
from isinglass.schemas.manifest import Lexicon, Manifest, Model
from isinglass.transforms.demographics.lexicon import manifest_entries
from isinglass.transforms.encode.models import check_models as check_encoder
from isinglass.transforms.pii.detector import check_models as check_detector
from isinglass.transforms.pii.detector import data_files

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.pipelines.plan import Plan
    from isinglass.schemas.config import RunConfig

Verb = Literal["run", "clean", "audit", "encode"]
OWNER = "run.json"


@dataclass(frozen=True)
class Identity:
    """What makes this run this run.

    Attributes:
        run_id: 16 hex digits over configuration, inputs, code, models and verb.
        config_id: Hash of the configuration without how and where it is executed.
        verb: What was asked for.
        config: The resolved configuration as written to the manifest.
        given: What was given of it; a column that was not mapped may be missing.
        detector_models: Models of the PII detector.
        encoder_models: Tokenizer and encoder.
        lexicons: Data files of the project that are used.
    """

    run_id: str
    config_id: str
    verb: Verb
    config: dict[str, Any]
    given: dict[str, Any]
    detector_models: tuple[Model, ...]
    encoder_models: tuple[Model, ...]
    lexicons: tuple[Lexicon, ...]

    @classmethod
    def of(cls, config: RunConfig, verb: Verb, plan: Plan) -> Identity:
        """Compute the identity; checks on the way that all models are there.

        Raises:
            MissingExtraError: A model or an optional dependency is missing.
        """
        detector = tuple(check_detector(config.pii)) if config.pii else ()
        encodes = config.encode is not None and verb in {"run", "encode"}
        encoder = tuple(check_encoder(config.encode)) if encodes else ()  # type: ignore[arg-type]
        lexicons = (*manifest_entries(), *(data_files() if config.pii else ()))
        resolved = config.model_dump(mode="json")
        config_id = digest({k: v for k, v in resolved.items() if k not in _EXECUTION})
        inputs = [(i.path, i.source, i.sha256, i.bytes, i.problem) for i in plan.inputs]
        parts = [
            config_id,
            inputs,
            code_fingerprint(),
            [model.model_dump() for model in (*detector, *encoder)],
            verb,
        ]
        return cls(
            run_id=digest(parts)[:16],
            config_id=config_id,
            verb=verb,
            config=resolved,
            given=config.model_dump(mode="json", exclude_unset=True),
            detector_models=detector,
            encoder_models=encoder,
            lexicons=lexicons,
        )

    def detector_hashes(self) -> tuple[str, ...]:
        """Hashes of everything that the detector's findings depend on."""
        data = [lexicon.sha256 for lexicon in self.lexicons]
        return (*(model.sha256 for model in self.detector_models), *data)


_EXECUTION = {"beam", "output"}


def claim_output(
    workspace: Workspace, identity: Identity, base: Path, *, replace: bool
) -> None:
    """Make sure that the folder is ours to write, and leave our name in it.

    Raises:
        OutputError: The folder holds something else, or the run of another
            configuration and `replace` was not given.
    """
    owner = workspace.work / OWNER
    claimed = _read_owner(workspace)
    if claimed is None:
        strangers = [p.name for p in workspace.path.iterdir() if p.name != "work"]
        if strangers:
            msg = (
                f"The output folder {workspace.root} is not empty and holds no run "
                f"({min(strangers)}, ...). Choose another output."
            )
            raise OutputError(msg)
    elif claimed.get("config_id") != identity.config_id and not replace:
        changed = _changed_keys(claimed.get("config", {}), identity.config)
        msg = (
            f"The output folder {workspace.root} is in use by a run with another "
            f"configuration (changed: {', '.join(changed)}). Choose another output, or "
            "give --replace to redo what the change affects."
        )
        raise OutputError(msg)
    note = {
        "base": str(base.resolve()),
        "config": identity.config,
        "config_id": identity.config_id,
        "given": identity.given,
    }
    write_atomically(owner, json.dumps(note, sort_keys=True, indent=1))


def _read_owner(workspace: Workspace) -> dict[str, Any] | None:
    try:
        note = json.loads((workspace.work / OWNER).read_text())
    except (OSError, ValueError):
        return None
    return note if isinstance(note, dict) else None


def _changed_keys(
    old: dict[str, Any], new: dict[str, Any], prefix: str = ""
) -> list[str]:
    changed = []
    for key in sorted(set(old) | set(new)):
        if not prefix and key in _EXECUTION:
            continue
        before, after = old.get(key), new.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            changed += _changed_keys(before, after, f"{prefix}{key}.")
        elif before != after:
            changed.append(f"{prefix}{key}")
    return changed


def finished_run(workspace: Workspace, identity: Identity) -> Manifest | None:
    """The manifest of a complete run with this identity whose files are in place."""
    if not (workspace.path / "_SUCCESS").exists():
        return None
    try:
        text = (workspace.path / "manifest.json").read_bytes()
        manifest = Manifest.model_validate_json(text)
    except (OSError, pydantic.ValidationError):
        return None
    if manifest.run_id != identity.run_id:
        return None
    for output in manifest.outputs:
        path = workspace.path / output.path
        if not path.exists() or path.stat().st_size != output.bytes:
            return None
    return manifest


def secret_key(workspace: Workspace, config: RunConfig) -> bytes:
    """Key of value keys and hashes: from the environment, or one for this folder.

    Raises:
        ConfigError: The variable that the configuration names is not set.
    """
    if config.pii is None:
        return b""
    if config.pii.key_env is not None:
        value = os.environ.get(config.pii.key_env, "")
        if not value:
            msg = (
                f"pii.key_env: the environment variable {config.pii.key_env} is not "
                "set. Set it to a secret of at least 16 characters."
            )
            raise ConfigError(msg)
        return value.encode()
    path = workspace.work / "key"
    if not path.exists():
        write_atomically(path, secrets.token_hex(32))
        path.chmod(0o600)
    return path.read_bytes()


def canary_share(config: RunConfig, documents: int) -> float:
    """Share of the documents that are sampled for planted identifiers."""
    if config.pii is None or documents == 0:
        return 0.0
    return min(1.0, config.pii.canaries.documents / documents)
