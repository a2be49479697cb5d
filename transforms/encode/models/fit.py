"""Whether a model, a tokenizer and the lengths they are run with go together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isinglass.schemas.errors import ConfigError, RefuseError
from isinglass.transforms.encode.models.find import model_folder, tokenizer_file
from isinglass.transforms.encode.models.folder import (
    TOKENIZER_FILE,
    model_settings,
    read_json,
)
from isinglass.transforms.encode.models.pooling import pooling_of

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.transforms.encode.settings import EncodeSettings

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
    """Most tokens the model has positions for; None where it has no such limit.

    Args:
        shape: What config.json holds.
    """
    positions = shape.get("max_position_embeddings")
    if not isinstance(positions, int) or positions <= 0:
        return None
    if shape["model_type"] in _SHIFTED_POSITIONS:
        pad = shape.get("pad_token_id", 1)
        return positions - int(pad or 0) - 1
    return positions


def largest_id(file: Path, tokenizer: dict[str, Any]) -> int:
    """Largest token id of a tokenizer.json; -1 where it has none.

    Args:
        file: For messages.
        tokenizer: What it holds.

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
        msg = (
            f"{file} is not a tokenizer of the tokenizers library. Save it with "
            "save_pretrained of a fast tokenizer."
        )
        raise RefuseError(msg) from error


def check_fit(settings: EncodeSettings) -> None:
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
        msg = (
            f"encode.max_tokens: {settings.max_tokens} is more than the {limit} tokens "
            f"that the model {settings.model!r} takes. Set it to {limit} or less."
        )
        raise ConfigError(msg)
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


def _refuse_pair(settings: EncodeSettings, why: str) -> None:
    fix = f"Set encode.tokenizer to {settings.model!r}"
    if settings.tokenizer == settings.model:
        fix = "The folder holds files of two models: save both of one"
    msg = (
        f"encode.tokenizer {settings.tokenizer!r} and encode.model {settings.model!r} "
        f"do not belong together: {why}. {fix}, or set encode.embeddings to none."
    )
    raise RefuseError(msg)
