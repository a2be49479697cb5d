from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode.models.check import parts_sha256
from isinglass.transforms.encode.models.folder import (
    file_sha256,
    model_settings,
    slow_tokenizer,
    weight_files,
)

if TYPE_CHECKING:
    from pathlib import Path

PARTS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")


def write_index(folder: Path, content: Any) -> None:
    (folder / "model.safetensors.index.json").write_text(json.dumps(content))


def test_one_file(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    # What else is there is not looked at.
    write_index(tmp_path, {})
    (tmp_path / "pytorch_model.bin").touch()
    assert weight_files(tmp_path) == [tmp_path / "model.safetensors"]


def test_several_files(tmp_path: Path) -> None:
    write_index(tmp_path, {"weight_map": {"b": PARTS[1], "a": PARTS[0], "c": PARTS[1]}})
    for name in PARTS:
        (tmp_path / name).touch()
    assert [path.name for path in weight_files(tmp_path)] == list(PARTS)
    (tmp_path / PARTS[1]).unlink()
    with pytest.raises(RefuseError, match=f"lacks {PARTS[1]}, one of the 2 files"):
        weight_files(tmp_path)


@pytest.mark.parametrize(
    "index",
    [
        {},
        {"weight_map": {}},
        {"weight_map": ["model.safetensors"]},
        {"weight_map": {"a": "pytorch_model.bin"}},
        {"weight_map": {"a": "../model.safetensors"}},
        {"weight_map": {"a": "..\\model.safetensors"}},
        {"weight_map": {"a": 1}},
    ],
)
def test_damaged_index(tmp_path: Path, index: dict[str, Any]) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "model.safetensors").touch()
    (folder / "pytorch_model.bin").touch()
    write_index(folder, index)
    with pytest.raises(RefuseError, match="does not say which safetensors file"):
        weight_files(folder)


@pytest.mark.parametrize(
    "name",
    ["pytorch_model.bin", "model.pt", "model.pth", "model.ckpt", "weights.pkl"],
)
def test_pickle(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(RefuseError, match=f"in {name}, a pickle.*save_pretrained"):
        weight_files(tmp_path)


def test_no_weights(tmp_path: Path) -> None:
    (tmp_path / "tf_model.h5").touch()
    with pytest.raises(RefuseError, match=r"has no model\.safetensors"):
        weight_files(tmp_path)


def test_adapter(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").touch()
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(RefuseError, match=r"holds an adapter.*Merge"):
        weight_files(tmp_path)


@pytest.mark.parametrize(
    ("content", "pattern"),
    [
        ("{", "is not valid JSON"),
        ("[" * 100_000, "is not valid JSON"),
        ("[]", "is not a JSON object"),
        ("{}", "has no model_type"),
        ('{"model_type": "bert"}', "has no vocab_size"),
        ('{"model_type": "bert", "vocab_size": "many"}', "has no vocab_size"),
        ('{"model_type": 1, "vocab_size": 2}', "has no model_type"),
    ],
)
def test_damaged_settings(tmp_path: Path, content: str, pattern: str) -> None:
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(RefuseError, match=rf"config\.json {pattern}"):
        model_settings(tmp_path)


def test_settings_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b"\xff{}")
    with pytest.raises(RefuseError, match="is not valid JSON"):
        model_settings(tmp_path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("spiece.model", True),
        ("sentencepiece.bpe.model", True),
        ("spm.model", True),
        ("source.spm", True),
        ("vocab.txt", True),
        ("model.safetensors", False),
        ("special_tokens_map.json", False),
    ],
)
def test_slow_tokenizer(tmp_path: Path, name: str, expected: bool) -> None:  # noqa: FBT001
    (tmp_path / name).touch()
    assert slow_tokenizer(tmp_path) == (name if expected else None)


def test_sha256_of_several_files(tmp_path: Path) -> None:
    for name in PARTS:
        (tmp_path / name).write_text(name)
    digests = {name: file_sha256(tmp_path / name) for name in reversed(PARTS)}
    first, second = (hashlib.sha256(name.encode()).hexdigest() for name in PARTS)
    printed = f"{first}  {PARTS[0]}\n{second}  {PARTS[1]}\n"
    assert parts_sha256(digests) == hashlib.sha256(printed.encode()).hexdigest()
    assert parts_sha256({PARTS[0]: first}) == first
