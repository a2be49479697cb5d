from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.errors import ConfigError, RefuseError, RetryError
from isinglass.transforms.encode.encoder.encoder import load_encoder
from isinglass.transforms.encode.models.check import check_models
from isinglass.transforms.encode.models.find import (
    model_folder,
    packaged_folder,
    tokenizer_file,
)
from isinglass.transforms.encode.models.folder import file_sha256
from isinglass.transforms.encode.models.hub import is_hub_name, snapshot_name
from isinglass.transforms.encode.tokenizers.batch import TokenBatch
from tests.transforms.encode.models.parts import split_weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.transforms.encode.models.conftest import Hub

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER_COMMIT = "89abcdef0123456789abcdef0123456789abcdef"


def of_folder(folder: Path) -> EncodeConfig:
    return EncodeConfig(model=str(folder), tokenizer=str(folder), max_tokens=64)


def not_allowed(settings: EncodeConfig) -> EncodeConfig:
    return settings.model_copy(update={"allow_download": False})


@pytest.fixture
def small(tmp_path: Path, hub: Hub) -> Path:
    """Put a model on the hub, with a pickle and code beside its weights.

    It is one as far as can be seen without loading it.
    """
    folder = tmp_path / "saved"
    folder.mkdir()
    settings = {"model_type": "bert", "vocab_size": 30522}
    (folder / "config.json").write_text(json.dumps(settings))
    (folder / "model.safetensors").write_bytes(bytes(range(256)) * 1000)
    shutil.copy(packaged_folder() / "tokenizer.json", folder)
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    (folder / "modeling_own.py").write_text("raise SystemExit")
    (folder / "README.md").write_text("A model.")
    hub.take(folder)
    return folder


def test_allowed_download(hub: Hub, small: Path, named: EncodeConfig) -> None:
    found = check_models(named)
    assert [(m.role, m.name, m.revision, m.version) for m in found] == [
        ("tokenizer", "owner/small-model", COMMIT, ""),
        ("encoder", "owner/small-model", COMMIT, ""),
        ("encoder settings", "owner/small-model", COMMIT, ""),
    ]
    assert found[1].sha256 == file_sha256(small / "model.safetensors")
    # Some versions of the library ask for files that there are not.
    asked_for = hub.asked_for() & hub.files.keys()
    assert asked_for == {"config.json", "model.safetensors", "tokenizer.json"}


def test_second_time_without_the_hub(
    hub: Hub, small: Path, named: EncodeConfig
) -> None:
    folder = model_folder(named)
    hub.stop()
    asked = len(hub.requests)
    for settings in (named, not_allowed(named)):
        assert model_folder(settings) == folder
        assert tokenizer_file(settings) == folder / "tokenizer.json"
        assert len(check_models(settings)) == 3
    assert len(hub.requests) == asked
    # A path into the cache is still known for what it is.
    by_path = named.model_copy(update={"model": str(folder), "tokenizer": str(folder)})
    assert {m.name for m in check_models(by_path)} == {"owner/small-model"}
    assert (folder / "config.json").read_bytes() == (small / "config.json").read_bytes()


def test_branch_that_moves_on_is_not_followed(
    hub: Hub, small: Path, named: EncodeConfig
) -> None:
    folder = model_folder(named)
    (small / "config.json").write_text("{}")
    hub.take(small)
    hub.commits = {"main": OTHER_COMMIT}
    assert model_folder(named) == folder
    newer = named.model_copy(update={"revision": OTHER_COMMIT})
    assert model_folder(newer).name == OTHER_COMMIT


def test_revision(hub: Hub, small: Path, named: EncodeConfig) -> None:
    assert small.is_dir()
    hub.commits = {"main": OTHER_COMMIT, "v1": COMMIT}
    tagged = named.model_copy(update={"revision": "v1"})
    assert {m.revision for m in check_models(tagged)} == {COMMIT}
    assert model_folder(not_allowed(tagged)).name == COMMIT
    with pytest.raises(ConfigError, match="allow_download: true"):
        model_folder(not_allowed(named))
    unknown = named.model_copy(update={"revision": "v2"})
    with pytest.raises(ConfigError, match=r"encode\.revision: .* has no 'v2'"):
        model_folder(unknown)


def test_tokenizer_alone(hub: Hub, small: Path, named: EncodeConfig) -> None:
    file = tokenizer_file(named)
    assert file.read_bytes() == (small / "tokenizer.json").read_bytes()
    assert hub.asked_for() == {"tokenizer.json"}
    # The model is still to be fetched, and may not be.
    with pytest.raises(ConfigError, match="only in part in the local cache"):
        model_folder(not_allowed(named))
    assert model_folder(named) == file.parent


@pytest.mark.parametrize("key", ["model", "tokenizer"])
def test_not_allowed_and_not_cached(
    hub: Hub, small: Path, named: EncodeConfig, key: str
) -> None:
    assert small.is_dir()
    find = {"model": model_folder, "tokenizer": tokenizer_file}[key]
    pattern = rf"encode\.{key}: 'owner/small-model' is neither .*allow_download: true"
    with pytest.raises(ConfigError, match=pattern):
        find(not_allowed(named))
    assert hub.requests == []


@pytest.mark.parametrize("parts", [1, 3])
def test_what_was_fetched_loads(
    save_model: Callable[..., Path], hub: Hub, named: EncodeConfig, parts: int
) -> None:
    saved = save_model("Bert")
    names = split_weights(saved, parts) if parts > 1 else ["model.safetensors"]
    hub.take(saved)
    fetched, local = load_encoder(named), load_encoder(of_folder(saved))
    assert hub.asked_for() >= set(names)
    ids = np.array([101, 7592, 102], np.int32)
    tokens = TokenBatch(ids, np.array([0, 3], np.int64))
    assert np.array_equal(fetched.encode(tokens), local.encode(tokens))


@pytest.mark.parametrize(
    ("refusal", "error", "pattern"),
    [
        ((404, "RepoNotFound"), ConfigError, "is not on the hub, or not for you"),
        ((401, ""), ConfigError, "is not on the hub, or not for you"),
        ((403, "GatedRepo"), ConfigError, "agreed to its terms"),
        ((403, ""), ConfigError, "is not on the hub, or not for you"),
        ((500, ""), RetryError, "status 500"),
        ((429, ""), RetryError, "status 429"),
    ],
)
def test_hub_that_refuses(
    hub: Hub,
    named: EncodeConfig,
    refusal: tuple[int, str],
    error: type[Exception],
    pattern: str,
) -> None:
    hub.refusal = refusal
    with pytest.raises(error, match=pattern):
        model_folder(named)


def test_unknown_name(hub: Hub, named: EncodeConfig) -> None:
    other = named.model_copy(update={"model": "owner/nothing"})
    with pytest.raises(ConfigError, match="'owner/nothing' is not on the hub"):
        model_folder(other)
    assert hub.requests


def test_no_network(hub: Hub, named: EncodeConfig) -> None:
    hub.stop()
    with pytest.raises(RetryError, match=r"\(no answer\).*Try again"):
        model_folder(named)


def test_offline_is_respected(
    hub: Hub, named: EncodeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ConfigError, match="HF_HUB_OFFLINE is set"):
        model_folder(named)
    assert hub.requests == []


@pytest.mark.parametrize(
    ("missing", "pattern"),
    [
        ("model.safetensors", r"no model\.safetensors on the hub.*a pickle can run"),
        ("config.json", r"no config\.json on the hub"),
    ],
)
def test_unusable_model_is_not_fetched(
    hub: Hub, small: Path, named: EncodeConfig, missing: str, pattern: str
) -> None:
    assert small.is_dir()
    del hub.files[missing]
    with pytest.raises(RefuseError, match=pattern):
        model_folder(named)
    assert hub.asked_for() == set()


def test_tokenizer_in_another_form(hub: Hub, small: Path, named: EncodeConfig) -> None:
    assert small.is_dir()
    hub.files["sentencepiece.bpe.model"] = hub.files.pop("tokenizer.json")
    with pytest.raises(RefuseError, match=r"no tokenizer\.json on the hub.*fast"):
        tokenizer_file(named)
    assert hub.asked_for() == set()


@pytest.mark.parametrize("kept", [0, 20_000])
def test_hub_that_stops_in_the_middle(
    hub: Hub, small: Path, named: EncodeConfig, kept: int
) -> None:
    hub.cut = {"model.safetensors": kept}
    with pytest.raises(RetryError, match="Nothing of it is used"):
        model_folder(named)
    with pytest.raises(ConfigError, match="only in part"):
        model_folder(not_allowed(named))
    hub.cut = {}
    folder = model_folder(named)
    weights = (folder / "model.safetensors").read_bytes()
    assert weights == (small / "model.safetensors").read_bytes()


def test_hub_that_is_gone_before_the_rest(
    hub: Hub, small: Path, named: EncodeConfig
) -> None:
    assert small.is_dir()
    tokenizer_file(named)
    hub.stop()
    with pytest.raises(RetryError, match="could not be fetched"):
        model_folder(named)


def test_damaged_cache(hub: Hub, small: Path, named: EncodeConfig) -> None:
    assert small.is_dir()
    assert hub.files
    weights = model_folder(named) / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.resolve().write_bytes(content)
    with pytest.raises(RefuseError, match="the cache is damaged"):
        check_models(named)


def test_unknown_pooling(hub: Hub, small: Path, named: EncodeConfig) -> None:
    """Another program's cache does not say whether the model has a pooling."""
    (small / "modules.json").write_text("[]")
    hub.take(small)
    folder = model_folder(named)
    (folder / "modules.json").unlink()
    with pytest.raises(ConfigError, match="only in part"):
        model_folder(not_allowed(named))
    chosen = named.model_copy(update={"allow_download": False, "pooling": "cls"})
    assert model_folder(chosen) == folder
    assert model_folder(named) == folder
    assert (folder / "modules.json").is_file()


def test_path_goes_before_the_hub(
    hub: Hub,
    small: Path,
    named: EncodeConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "owner").mkdir()
    small.rename(tmp_path / "owner" / "small-model")
    monkeypatch.chdir(tmp_path)
    assert model_folder(named) == Path("owner/small-model")
    assert hub.requests == []


def test_library_and_environment(hub: Hub, small: Path, tmp_path: Path) -> None:
    """The variables that the library reads by itself, in a process of their own."""
    assert small.is_dir()
    code = (
        "from isinglass.transforms.encode.models.find import model_folder\n"
        "from isinglass.schemas.config import EncodeConfig\n"
        "settings = EncodeConfig(model='owner/small-model', allow_download=True)\n"
        "print(model_folder(settings))"
    )

    def run(offline: str) -> subprocess.CompletedProcess[str]:
        variables = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home")}
        return subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **variables, "HF_HUB_OFFLINE": offline},
        )

    assert "HF_HUB_OFFLINE is set" in run("1").stderr
    done = run("0")
    assert done.stdout.strip().endswith(f"owner--small-model/snapshots/{COMMIT}")
    assert run("1").stdout == done.stdout


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("owner/name", True),
        ("gpt2", True),
        ("owner/name-v1.5_x", True),
        ("1.x", True),
        ("a" * 96, True),
        ("a" * 97, False),
        ("", False),
        ("/owner/name", False),
        ("./name", False),
        ("../name", False),
        ("~/name", False),
        ("a/b/c", False),
        ("owner/", False),
        ("owner/na me", False),
        ("owner/na--me", False),
        ("owner/na..me", False),
        ("owner./name", False),
        ("owner/name.", False),
        ("owner/name.git", False),
        ("owner/näme", False),
        ("owner/name\n", False),
        ("C:\\model", False),
    ],
)
def test_hub_name(name: str, expected: bool) -> None:  # noqa: FBT001
    assert is_hub_name(name) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"/c/models--a--b/snapshots/{COMMIT}", ("a/b", COMMIT)),
        (f"/c/models--gpt2/snapshots/{COMMIT}/tokenizer.json", ("gpt2", COMMIT)),
        (f"/c/models--a--b/blobs/{COMMIT}", None),
        ("/c/models--a--b/snapshots/main", None),
        (f"/c/snapshots/{COMMIT}", None),
        ("/c/models--a--b", None),
    ],
)
def test_snapshot_name(path: str, expected: tuple[str, str] | None) -> None:
    assert snapshot_name(Path(path)) == expected
