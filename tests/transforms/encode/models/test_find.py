from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.errors import ConfigError, MissingExtraError, RefuseError
from isinglass.transforms.encode.models.find import (
    model_folder,
    packaged_folder,
    packaged_tokenizer,
    tokenizer_file,
)

if TYPE_CHECKING:
    from tests.transforms.encode.models.conftest import Hub


def of(path: str | Path) -> EncodeConfig:
    return EncodeConfig(tokenizer=str(path), model=str(path))


def test_packaged_name_is_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "minilm").mkdir()
    (tmp_path / "minilm" / "config.json").write_text("{}")
    (tmp_path / "minilm" / "tokenizer.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert model_folder(of("minilm")) == packaged_folder()
    assert tokenizer_file(of("minilm")) == packaged_tokenizer()


def test_tokenizer_by_file_or_folder(tmp_path: Path) -> None:
    (tmp_path / "own.json").touch()
    assert tokenizer_file(of(tmp_path / "own.json")) == tmp_path / "own.json"
    (tmp_path / "tokenizer.json").touch()
    assert tokenizer_file(of(tmp_path)) == tmp_path / "tokenizer.json"


def test_folder_without_a_tokenizer(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"encode\.tokenizer: .* is neither 'minilm'"):
        tokenizer_file(of(tmp_path))
    (tmp_path / "sentencepiece.bpe.model").touch()
    with pytest.raises(RefuseError, match=r"bpe\.model and no tokenizer\.json.*Conve"):
        tokenizer_file(of(tmp_path))


def test_folder_without_settings(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(ConfigError, match=r"encode\.model: .*a folder with a config"):
        model_folder(of(tmp_path))
    (tmp_path / "config.json").touch()
    assert model_folder(of(tmp_path)) == tmp_path
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(RefuseError, match=r"has no model\.safetensors"):
        model_folder(of(tmp_path))


@pytest.mark.parametrize("choice", ["/nothing/here", "./nothing", "a/b/c", ""])
def test_path_that_leads_to_nothing(hub: Hub, choice: str) -> None:
    settings = of(choice).model_copy(update={"allow_download": True})
    with pytest.raises(ConfigError, match=r"encode\.model: .* is neither"):
        model_folder(settings)
    with pytest.raises(ConfigError, match=r"encode\.tokenizer: .* is neither"):
        tokenizer_file(settings)
    assert hub.requests == []


def test_revision_of_two_names(hub: Hub) -> None:
    settings = EncodeConfig(
        tokenizer="owner/one", model="owner/two", revision="v1", allow_download=True
    )
    for find in (model_folder, tokenizer_file):
        with pytest.raises(ConfigError, match=r"encode\.revision: 'v1'.*are two"):
            find(settings)
    assert hub.requests == []


def test_missing_library_of_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtraError, match="huggingface_hub, which is not"):
        model_folder(of("owner/name"))
    assert model_folder(of("minilm")) == packaged_folder()
