"""Whether a model and a tokenizer can be used, and the files that outputs depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isinglass.schemas.errors import ConfigError, RefuseError
from isinglass.transforms.encode import require
from isinglass.transforms.encode.models.find import (
    MINILM,
    MINILM_NAME,
    WHEEL_VERSION,
    model_folder,
    tokenizer_file,
)
from isinglass.transforms.encode.models.folder import (
    CONFIG_FILE,
    TOKENIZER_FILE,
    file_sha256,
    model_settings,
    pooling_of,
    read_json,
    weight_files,
)
from isinglass.transforms.encode.models.hub import expected_sha256, snapshot_name

if TYPE_CHECKING:
    # Files are found where the libraries of the configuration are not installed.
    from isinglass.schemas.config import EncodeConfig
    from isinglass.schemas.manifest import Model


def check_models(settings: EncodeConfig, *, embeds: bool = True) -> list[Model]:
    """Everything the outputs depend on besides the text; nothing is loaded.

    These are the `tokenizer`, and if `embeds` the weights and the settings of the
    `encoder`. Names that the hub's cache lacks are fetched here, if that is allowed.
    Raises as `tokenizer_file`, `model_folder` and `check_fit` do, and `ConfigError` for
    a revision of nothing on the hub.
    """
    if embeds:
        require("torch", "safetensors", "transformers")
    require("tokenizers")
    file = tokenizer_file(settings)
    models = [_model(settings.tokenizer, "tokenizer", file)]
    found = [file]
    if embeds:
        folder = model_folder(settings)
        check_fit(settings)
        models += [
            _model(settings.model, "encoder", *weight_files(folder)),
            _model(settings.model, "encoder settings", folder / CONFIG_FILE),
        ]
        found.append(folder)
    if settings.revision and not any(snapshot_name(path) for path in found):
        raise ConfigError(
            f"encode.revision: {settings.revision!r} belongs to a name on the hub, and "
            "neither model nor tokenizer is one. Leave it out."
        )
    return models


def _model(choice: str, role: str, *files: Path) -> Model:
    from isinglass.schemas.manifest import Model  # noqa: PLC0415  (as above)

    digest = parts_sha256({file.name: _checked_sha256(file) for file in files})
    # Only the last part of the path: the same model elsewhere is the same model.
    told = {"name": Path(choice).resolve().name}
    if choice == MINILM:
        told = {"name": MINILM_NAME, "version": WHEEL_VERSION}
    elif (snapshot := snapshot_name(files[0])) is not None:
        told = dict(zip(("name", "revision"), snapshot, strict=True))
    return Model(role=role, sha256=digest, **told)


def _checked_sha256(file: Path) -> str:
    digest = file_sha256(file)
    expected = expected_sha256(file)
    if expected is not None and digest != expected:
        raise RefuseError(
            f"{file} is not what the hub gave (sha256 {digest[:12]}, should be "
            f"{expected[:12]}): the cache is damaged. Delete {file.resolve()} and "
            "fetch it again."
        )
    return digest


def parts_sha256(digests: Mapping[str, str]) -> str:
    """One SHA-256 for weights that are spread over several files, hex.

    It is that of the text `sha256sum` prints: a line `digest  name` for every part,
    in the order of the names.

    The digests are by file name, at least one; that of a single file is returned as it
    is.
    """
    if len(digests) == 1:
        return next(iter(digests.values()))
    lines = [f"{digest}  {name}\n" for name, digest in sorted(digests.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


# Positions of these architectures start behind the padding id, which is 1 where
# config.json does not say. Source: the embeddings of each in transformers.
_SHIFTED_POSITIONS = {
    "camembert",
    "data2vec-text",
    "ibert",
    "lilt",
    "longformer",
    "luke",
    "mpnet",
    "roberta",
    "roberta-prelayernorm",
    "xlm-roberta",
    "xlm-roberta-xl",
    "xmod",
}


def longest_input(shape: dict[str, Any]) -> int | None:
    """Most tokens the model has positions for; None where it has no such limit."""
    positions = shape.get("max_position_embeddings")
    if not isinstance(positions, int) or positions <= 0:
        return None
    if shape["model_type"] in _SHIFTED_POSITIONS:
        pad = shape.get("pad_token_id", 1)
        return positions - int(pad or 0) - 1
    return positions


def largest_id(file: Path, tokenizer: dict[str, Any]) -> int:
    """Largest token id of a tokenizer.json; -1 where it has none.

    Raises:
        RefuseError: It is of another form.
    """
    try:
        vocabulary = (tokenizer.get("model") or {}).get("vocab") or {}
        added: list[int] = [one["id"] for one in tokenizer.get("added_tokens") or []]
        largest: int = len(vocabulary) - 1  # Unigram: a list of pieces and scores
        if isinstance(vocabulary, dict):
            largest = max(vocabulary.values(), default=-1)
        return max([largest, *added])
    except (AttributeError, KeyError, TypeError) as error:
        raise RefuseError(
            f"{file} is not a tokenizer of the tokenizers library. Save it with "
            "save_pretrained of a fast tokenizer."
        ) from error


def check_fit(settings: EncodeConfig) -> None:
    """Check that model, tokenizer, max_tokens and pooling go together.

    Raises:
        ConfigError: max_tokens is more than the model has positions for.
        RefuseError: The tokenizer's ids mean nothing to the model: they go beyond
            its vocabulary, or the model comes with another tokenizer. Or the model
            asks for a pooling that there is not.
    """
    folder, file = model_folder(settings), tokenizer_file(settings)
    shape = model_settings(folder)
    limit = longest_input(shape)
    if limit is not None and settings.max_tokens > limit:
        raise ConfigError(
            f"encode.max_tokens: {settings.max_tokens} is more than the {limit} tokens "
            f"that the model {settings.model!r} takes. Set it to {limit} or less."
        )
    if settings.pooling == "auto":
        pooling_of(folder)
    tokenizer = read_json(file)
    ids, size = largest_id(file, tokenizer) + 1, shape["vocab_size"]
    if ids > size:
        _refuse_pair(settings, f"the one has {ids} ids and the other knows {size}")
    own = folder / TOKENIZER_FILE
    if own.is_file() and not _same_rules(tokenizer, file, own):
        _refuse_pair(settings, f"the model's own {TOKENIZER_FILE} has other rules")


def _same_rules(tokenizer: dict[str, Any], file: Path, own: Path) -> bool:
    """Whether two files give the same ids; the second is parsed only if need be."""
    if file.samefile(own) or file.read_bytes() == own.read_bytes():
        return True
    return _rules(read_json(own)) == _rules(tokenizer)


def _rules(tokenizer: dict[str, Any]) -> dict[str, Any]:
    """What decides the ids; truncation and padding are switched off anyway."""
    ignored = {"version", "truncation", "padding"}
    return {key: value for key, value in tokenizer.items() if key not in ignored}


def _refuse_pair(settings: EncodeConfig, why: str) -> None:
    fix = f"Set encode.tokenizer to {settings.model!r}"
    if settings.tokenizer == settings.model:
        fix = "The folder holds files of two models: save both of one"
    raise RefuseError(
        f"encode.tokenizer {settings.tokenizer!r} and encode.model {settings.model!r} "
        f"do not belong together: {why}. {fix}, or set encode.embeddings to none."
    )
