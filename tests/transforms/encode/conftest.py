"""The packaged model, loaded once, and small models with seeded random weights."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from isinglass.schemas.config import EncodeConfig
from isinglass.transforms.encode.encoder.device import configure_threads
from isinglass.transforms.encode.encoder.encoder import load_encoder
from isinglass.transforms.encode.models.find import packaged_folder
from isinglass.transforms.encode.tokenizers.reference import load_reference

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from isinglass.transforms.encode.encoder.encoder import Encoder
    from isinglass.transforms.encode.tokenizers.reference import Reference

TINY = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 40,
    "vocab_size": 30522,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
}


@pytest.fixture(scope="session")
def tokenizer() -> Reference:
    return load_reference(EncodeConfig())


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    configure_threads(1)
    return load_encoder(EncodeConfig())


@pytest.fixture
def save_model(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that saves a small random model with MiniLM's tokenizer."""

    def save(kind: str, **settings: Any) -> Path:
        import torch  # noqa: PLC0415
        import transformers  # noqa: PLC0415

        config_class = getattr(transformers, f"{kind.partition('For')[0]}Config")
        suffix = "" if "For" in kind else "Model"
        torch.manual_seed(7)
        with torch.no_grad():
            model = getattr(transformers, f"{kind}{suffix}")(
                config_class(**{**TINY, **settings})
            )
            # Fresh biases are zero and fresh norms one: they would hide mistakes.
            for value in model.parameters():
                value.add_(torch.randn_like(value) * 0.1)
        folder = tmp_path / "small-model"
        model.save_pretrained(folder)
        shutil.copy(packaged_folder() / "tokenizer.json", folder)
        return folder

    return save


@pytest.fixture
def packaged_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a copy of the packaged folder, which can be changed, in its place."""
    folder = tmp_path / "packaged"
    shutil.copytree(packaged_folder(), folder)
    monkeypatch.setattr(
        "isinglass.transforms.encode.models.find.packaged_folder", lambda: folder
    )
    monkeypatch.setattr("isinglass.transforms.encode.models.find.OWN_FOLDER", folder)
    return folder


@pytest.fixture
def edit_json() -> Callable[[Path, str, Any], None]:
    """Return a function that sets one dotted key of a JSON file."""

    def edit(path: Path, key: str, value: Any) -> None:
        content = json.loads(path.read_text())
        *outer, last = key.split(".")
        part = content
        for name in outer:
            part = part[name]
        part[last] = value
        path.write_text(json.dumps(content))

    return edit
