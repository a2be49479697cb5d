from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.errors import ConfigError, RefuseError
from isinglass.transforms.encode.models.check import (
    check_fit,
    largest_id,
    longest_input,
)
from isinglass.transforms.encode.models.find import packaged_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    EditJson = Callable[[Path, str, Any], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that is a model as far as can be seen without loading it."""
    folder = tmp_path / "model"
    folder.mkdir()
    settings = {
        "model_type": "bert",
        "vocab_size": 30522,
        "max_position_embeddings": 512,
    }
    (folder / "config.json").write_text(json.dumps(settings))
    (folder / "model.safetensors").touch()
    shutil.copy(packaged_folder() / "tokenizer.json", folder)
    return folder


def of_folder(folder: Path, **settings: Any) -> EncodeConfig:
    return EncodeConfig(**{"model": str(folder), "tokenizer": str(folder), **settings})


def test_pair_that_fits(folder: Path) -> None:
    check_fit(EncodeConfig())
    check_fit(of_folder(folder))
    check_fit(of_folder(folder, tokenizer="minilm"))
    check_fit(of_folder(folder, special_tokens=False))
    (folder / "tokenizer.json").unlink()
    check_fit(of_folder(folder, tokenizer="minilm"))


def test_vocabulary_larger_than_the_tokenizer(
    folder: Path, edit_json: EditJson
) -> None:
    edit_json(folder / "config.json", "vocab_size", 30528)
    check_fit(of_folder(folder))
    edit_json(folder / "config.json", "vocab_size", 30521)
    with pytest.raises(RefuseError, match=r"do not belong together.*30522 ids.*30521"):
        check_fit(of_folder(folder))


def test_tokenizer_of_another_model(shared_data: Path, folder: Path) -> None:
    other = of_folder(folder, tokenizer=str(shared_data / "models" / "gpt2_bpe"))
    with pytest.raises(RefuseError, match=r"do not belong together.*50257"):
        check_fit(other)


def test_tokenizer_with_other_rules(
    folder: Path, edit_json: EditJson, tmp_path: Path
) -> None:
    other = tmp_path / "tokenizer.json"
    other.write_bytes((folder / "tokenizer.json").read_bytes())
    settings = of_folder(folder, tokenizer=str(other))

    edit_json(other, "truncation", None)
    edit_json(other, "padding", None)
    check_fit(settings)

    edit_json(other, "normalizer.lowercase", False)  # noqa: FBT003
    with pytest.raises(RefuseError, match="has other rules"):
        check_fit(settings)


@pytest.mark.parametrize(
    "content",
    ['{"model": 1}', '{"added_tokens": [{}]}', '{"model": {"vocab": 5}}'],
)
def test_tokenizer_of_another_kind(folder: Path, content: str) -> None:
    (folder / "tokenizer.json").write_text(content)
    with pytest.raises(RefuseError, match="is not a tokenizer of the tokenizers"):
        check_fit(of_folder(folder))


@pytest.mark.parametrize(("tokens", "fits"), [(512, True), (513, False)])
def test_positions(folder: Path, tokens: int, fits: bool) -> None:  # noqa: FBT001
    for model in (str(folder), "minilm"):
        settings = of_folder(folder, model=model, max_tokens=tokens)
        if fits:
            check_fit(settings)
            continue
        with pytest.raises(ConfigError, match=r"513 is more than the 512 tokens"):
            check_fit(settings)


def test_pooling_is_looked_at_where_it_counts(folder: Path) -> None:
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode": "max"}')
    with pytest.raises(RefuseError, match="asks for the pooling max"):
        check_fit(of_folder(folder))
    check_fit(of_folder(folder).model_copy(update={"pooling": "mean"}))


@pytest.mark.parametrize(
    ("tokenizer", "expected"),
    [
        ({}, -1),
        ({"model": {"vocab": {}}}, -1),
        ({"model": {"vocab": {"a": 0, "b": 7}}, "added_tokens": []}, 7),
        ({"model": {"vocab": {"a": 0}}, "added_tokens": [{"id": 9}]}, 9),
        ({"model": {"vocab": {"a": 9}}, "added_tokens": [{"id": 3}, {"id": 4}]}, 9),
        ({"model": {"vocab": [["a", -1.0], ["b", -2.0]]}}, 1),
        ({"model": {"vocab": [["a", -1.0]]}, "added_tokens": [{"id": 4}]}, 4),
        ({"added_tokens": [{"id": 2}]}, 2),
    ],
)
def test_largest_id(tokenizer: dict[str, Any], expected: int) -> None:
    assert largest_id(Path("tokenizer.json"), tokenizer) == expected


@pytest.mark.parametrize(
    ("kind", "settings", "expected"),
    [
        ("bert", {"max_position_embeddings": 512}, 512),
        ("t5", {}, None),
        ("deberta-v2", {"max_position_embeddings": -1}, None),
        ("roberta", {"max_position_embeddings": 514, "pad_token_id": 1}, 512),
        ("roberta", {"max_position_embeddings": 514}, 512),
        ("xlm-roberta", {"max_position_embeddings": 8194, "pad_token_id": 1}, 8192),
        ("roberta", {"max_position_embeddings": 514, "pad_token_id": 0}, 513),
        ("mpnet", {"max_position_embeddings": 514, "pad_token_id": 1}, 512),
    ],
)
def test_longest_input(
    kind: str, settings: dict[str, Any], expected: int | None
) -> None:
    assert longest_input({"model_type": kind, **settings}) == expected
