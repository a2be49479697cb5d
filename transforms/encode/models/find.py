"""Where the files are that `encode.model` and `encode.tokenizer` name.

In this order: the packaged model, which no folder of its name can take the place of;
a path; a name in the local cache of the hub; the hub itself, if that is allowed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from isinglass.schemas.errors import ConfigError, RefuseError
from isinglass.transforms.encode.models.folder import (
    CONFIG_FILE,
    TOKENIZER_FILE,
    pooling_of,
    slow_tokenizer,
    weight_files,
)
from isinglass.transforms.encode.models.hub import Request, find_on_hub, is_hub_name
from isinglass.transforms.encode.models.packaged import (
    MINILM,
    packaged_model,
    packaged_tokenizer,
)

if TYPE_CHECKING:
    from isinglass.transforms.encode.settings import EncodeSettings


def tokenizer_file(settings: EncodeSettings) -> Path:
    """Path of the tokenizer.json that `encode.tokenizer` names.

    Raises:
        MissingExtraError: The packaged one is asked for and not installed.
        ConfigError: It is no path and no name that can be had.
        RefuseError: The packaged file is not the published one, or the folder or the
            hub has the tokenizer in another form only.
        RetryError: The hub does not answer.
    """
    choice = settings.tokenizer
    if choice == MINILM:
        return packaged_tokenizer()
    if _is_named(choice):
        request = Request("encode.tokenizer", choice, _revision(settings))
        folder = find_on_hub(request, allow_download=settings.allow_download)
        return folder / TOKENIZER_FILE
    path = Path(choice)
    file = path / TOKENIZER_FILE if path.is_dir() else path
    if file.is_file():
        return file
    other = slow_tokenizer(path)
    if other is not None:
        raise RefuseError(
            f"encode.tokenizer: {choice!r} has {other} and no {TOKENIZER_FILE}, which "
            "alone is read. Convert it: AutoTokenizer.from_pretrained(folder)"
            ".save_pretrained(folder) of transformers writes one."
        )
    raise ConfigError(
        f"encode.tokenizer: {choice!r} is neither {MINILM!r}, a folder with a "
        f"{TOKENIZER_FILE}, such a file, nor a name on the hub. Save a tokenizer there "
        "with save_pretrained of a fast tokenizer, or correct the path."
    )


def model_folder(settings: EncodeSettings) -> Path:
    """Folder that `encode.model` names; its weights are safetensors.

    Raises:
        IsinglassError: As `tokenizer_file` does; also where it has no safetensors.
    """
    choice = settings.model
    if choice == MINILM:
        return packaged_model()
    if _is_named(choice):
        request = Request(
            "encode.model",
            choice,
            _revision(settings),
            weights=True,
            pooling=settings.pooling == "auto",
        )
        return find_on_hub(request, allow_download=settings.allow_download)
    folder = Path(choice)
    if not (folder / CONFIG_FILE).is_file():
        raise ConfigError(
            f"encode.model: {choice!r} is neither {MINILM!r}, a folder with a "
            f"{CONFIG_FILE}, nor a name on the hub. Give the path of a folder written "
            "by save_pretrained, or the name as its page has it."
        )
    weight_files(folder)
    return folder


def chosen_pooling(settings: EncodeSettings) -> str:
    """How vectors are made of hidden states, `auto` as the model's files say now."""
    if settings.pooling != "auto":
        return settings.pooling
    return pooling_of(model_folder(settings)) or "mean"


def _is_named(choice: str) -> bool:
    """Whether it is the name of a repository: it could be one, and is no path."""
    return choice != MINILM and is_hub_name(choice) and not Path(choice).exists()


def _revision(settings: EncodeSettings) -> str | None:
    """The revision of the one repository that is named.

    If there are two of them, it could be of one only.
    """
    names = {n for n in (settings.model, settings.tokenizer) if _is_named(n)}
    if settings.revision is not None and len(names) > 1:
        raise ConfigError(
            f"encode.revision: {settings.revision!r} can be of one model on the hub "
            f"only, and {settings.tokenizer!r} and {settings.model!r} are two. Give "
            "one of them as a folder, or leave the revision out."
        )
    return settings.revision
