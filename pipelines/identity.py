"""Which run this is: config, inputs, code and models; and whose folder it writes."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pydantic

from isinglass.pipelines.encode.preflight import check_encode, pooling_of_config
from isinglass.pipelines.engine.commits import is_intact
from isinglass.pipelines.engine.fingerprint import (
    code_fingerprint,
    config_digest,
    digest,
)
from isinglass.pipelines.engine.workspace import (
    Workspace,
    exists,
    read_bytes,
    write_atomically,
)
from isinglass.pipelines.stages.pii.withheld import publishable
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.manifest import Lexicon, Manifest, Model
from isinglass.transforms.demographics.lexicon import manifest_entries
from isinglass.transforms.encode.models import check_models as check_encoder
from isinglass.transforms.encode.settings import settings_of
from isinglass.transforms.scan import key_mark

if TYPE_CHECKING:
    from isinglass.pipelines.plan import Plan
    from isinglass.schemas.config import EncodeConfig, RunConfig

Verb = Literal["run", "clean", "audit", "encode"]
KEY = "key"
KEY_BYTES = 32
LEAST_KEY = 16
"""Characters; shorter secrets can be guessed from a list of hashed values."""


@dataclass(frozen=True)
class Identity:
    """What makes this run this run.

    Attributes:
        run_id: 16 hex digits over configuration, inputs, code, models and verb.
        config_id: Hash of the configuration without how and where it is executed.
        verb: What was asked for.
        config: The resolved configuration as written to the manifest, without the
            values of lists.
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
    def of(
        cls,
        config: RunConfig,
        verb: Verb,
        plan: Plan,
        key: bytes,
        others: Any = None,
    ) -> Identity:
        """Compute the identity; checks on the way that all models are there.

        Args:
            config: With absolute paths of models.
            verb: What was asked for.
            plan: Inputs and shards.
            key: Secret key; another one gives other value keys, so another run.
            others: What else is read, JSON-able: earlier runs and evaluation sets.

        Raises:
            MissingExtraError: A model or an optional dependency is missing.
        """
        detector, data = _detector_parts(config)
        encoder = _encoder_parts(config.encode, verb)
        lexicons = (*manifest_entries(), *data)
        resolved = config.model_dump(mode="json")
        config_id = config_digest(resolved)
        inputs = [(i.path, i.source, i.sha256, i.bytes, i.problem) for i in plan.inputs]
        parts = [
            config_id,
            inputs,
            code_fingerprint(),
            [model.model_dump() for model in (*detector, *encoder)],
            verb,
            key_mark(key),
            others,
            [lexicon.sha256 for lexicon in data],
            _pooling(config.encode, encoder),
        ]
        return cls(
            run_id=digest(parts)[:16],
            config_id=config_id,
            verb=verb,
            config=publishable(resolved),
            given=config.model_dump(mode="json", exclude_unset=True),
            detector_models=detector,
            encoder_models=encoder,
            lexicons=lexicons,
        )

    def detector_hashes(self) -> tuple[str, ...]:
        """Hashes of everything that the detector's findings depend on."""
        data = [lexicon.sha256 for lexicon in self.lexicons]
        return (*(model.sha256 for model in self.detector_models), *data)


def _pooling(config: EncodeConfig | None, encoder: tuple[Model, ...]) -> str:
    """How vectors are pooled, which `auto` leaves to files that may change."""
    if config is None or not encoder or config.embeddings == "none":
        return ""
    return pooling_of_config(config)


def _encoder_parts(config: EncodeConfig | None, verb: Verb) -> tuple[Model, ...]:
    """Tokenizer and encoder, if the verb runs them."""
    if config is None or verb not in {"run", "encode"}:
        return ()
    embeds = config.embeddings != "none"
    files = check_encoder(settings_of(config), embeds=embeds)
    check_encode(config)
    return tuple(
        Model(
            name=file.name,
            role=file.role,
            version=file.version,
            revision=file.revision,
            sha256=file.sha256,
        )
        for file in files
    )


def _detector_parts(
    config: RunConfig,
) -> tuple[tuple[Model, ...], tuple[Lexicon, ...]]:
    """Models and data files of the PII detector, if there is one."""
    if config.pii is None:
        return (), ()
    # Presidio takes seconds to import; a run without PII needs none of it.
    from isinglass.transforms.pii.detector import (  # noqa: PLC0415
        check_models,
        data_files,
    )
    from isinglass.transforms.pii.plugins.value_files import user_files  # noqa: PLC0415

    files = (*data_files(), *user_files(config.pii.recognizers))
    return tuple(check_models(config.pii)), files


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


def find_key(workspace: Workspace, config: RunConfig) -> bytes:
    """Key of value keys and hashes: from the environment, the folder, or a new one.

    Writes nothing; see `store_key`.

    Raises:
        ConfigError: The variable that the configuration names is not set or too short.
    """
    if config.pii is None and config.erase is None:
        return b""
    if config.pii is None or config.pii.key_env is None:
        try:
            kept = read_bytes(workspace.work / KEY)
        except OSError:
            kept = b""
        if len(kept) == 2 * KEY_BYTES:
            return kept
        return secrets.token_hex(KEY_BYTES).encode()
    value = os.environ.get(config.pii.key_env, "")
    if len(value) < LEAST_KEY:
        state = "too short" if value else "not set"
        msg = (
            f"pii.key_env: the environment variable {config.pii.key_env} is {state}. "
            f"Set it to a secret of at least {LEAST_KEY} characters."
        )
        raise ConfigError(msg)
    return value.encode()


def store_key(workspace: Workspace, config: RunConfig, key: bytes) -> None:
    """Keep a key that does not come from the environment, readable by its owner."""
    if not key or (config.pii is not None and config.pii.key_env is not None):
        return
    write_atomically(workspace.work / KEY, key, secret=True)


def canary_share(config: RunConfig, documents: int) -> float:
    """Share of the documents that are sampled for planted identifiers."""
    if config.pii is None or documents == 0:
        return 0.0
    return min(1.0, config.pii.canaries.documents / documents)
