"""Inputs of the `datasets` library, offline."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import datasets
import huggingface_hub.constants
import pytest

from isinglass.schemas.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    ReadAll = Callable[..., Any]


@pytest.fixture(autouse=True)
def quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the cache in the test's folder, and the network out of reach."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(
        datasets.config, "DOWNLOADED_DATASETS_PATH", tmp_path / "cache" / "downloads"
    )

    def refuse(*_: Any, **__: Any) -> Any:
        pytest.fail("the network was used")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    datasets.disable_progress_bars()


def dataset(*texts: str) -> datasets.Dataset:
    return datasets.Dataset.from_dict(
        {"text": list(texts), "n": list(range(len(texts)))}
    )


def test_saved_dataset(tmp_path: Path, read_all: ReadAll) -> None:
    dataset("a", "b", "c").save_to_disk(tmp_path / "saved", num_shards=2)
    found = read_all({"path": "saved"})
    assert found.texts == ["a", "b", "c"]
    names = [file.path for file in found.plan.inputs]
    assert names == ["data-00000-of-00002.arrow", "data-00001-of-00002.arrow"]
    assert [file.rows for file in found.plan.inputs] == [2, 1]
    assert found.plan.layout.carried.names == ["n"]


def test_selected_rows_are_what_is_saved(tmp_path: Path, read_all: ReadAll) -> None:
    dataset("a", "b", "c").select([2, 0]).save_to_disk(tmp_path / "saved")
    assert read_all({"path": "saved"}).texts == ["a", "c"]


def test_indices_mapping_is_refused(tmp_path: Path, read_all: ReadAll) -> None:
    """Older versions of the library saved the mapping beside all rows."""
    dataset("a", "b").save_to_disk(tmp_path / "saved")
    path = tmp_path / "saved" / "state.json"
    state = json.loads(path.read_text())
    state["_indices_data_files"] = [{"filename": "indices.arrow"}]
    path.write_text(json.dumps(state))
    with pytest.raises(InputError, match=r"indices mapping.*flatten_indices\(\)"):
        read_all({"path": "saved"})


def test_saved_splits(tmp_path: Path, read_all: ReadAll) -> None:
    splits = {"train": dataset("a", "b"), "test": dataset("c")}
    datasets.DatasetDict(splits).save_to_disk(tmp_path / "saved")
    found = read_all({"path": "saved", "split": "test"})
    assert found.texts == ["c"]
    assert found.plan.inputs[0].path == "test/data-00000-of-00001.arrow"
    both = read_all(
        {"path": "saved", "split": "train"}, {"path": "saved", "split": "test"}
    )
    assert both.texts == ["a", "b", "c"]
    with pytest.raises(InputError, match=r"has the splits train, test\. Set `split`"):
        read_all({"path": "saved"})
    with pytest.raises(InputError, match=r"no split dev; it has train, test"):
        read_all({"path": "saved", "split": "dev"})


def test_incomplete_saved_dataset(tmp_path: Path, read_all: ReadAll) -> None:
    dataset("a").save_to_disk(tmp_path / "saved")
    (tmp_path / "saved" / "data-00000-of-00001.arrow").unlink()
    with pytest.raises(InputError, match=r"incomplete: data-00000-of-00001\.arrow"):
        read_all({"path": "saved"})
    (tmp_path / "saved" / "state.json").write_text("{")
    with pytest.raises(InputError, match=r"state\.json is missing or damaged"):
        read_all({"path": "saved"})


def test_packaged_builder(tmp_path: Path, read_all: ReadAll) -> None:
    (tmp_path / "in.jsonl").write_text('{"text":"a","n":1}\n{"text":"b","n":2}\n')
    item = {"path": "hf:json", "data_files": "in.jsonl", "split": "train"}
    found = read_all(item)
    assert found.texts == ["a", "b"]
    assert found.plan.inputs[0].path == "train/json-train.arrow"
    assert read_all({**item, "split": None}).texts == ["a", "b"]
    with pytest.raises(InputError, match=r"part of a split"):
        read_all({**item, "split": "train[:1]"})
    with pytest.raises(InputError, match=r"could not be loaded"):
        read_all({**item, "split": "dev"})


def test_nothing_is_fetched_unasked(read_all: ReadAll) -> None:
    before = huggingface_hub.constants.HF_HUB_OFFLINE
    with pytest.raises(InputError, match=r"Downloads are off.*allow_download: true"):
        read_all({"path": "hf:nobody/nothing-like-this"})
    address = {"path": "hf:json", "data_files": "https://example.org/a.jsonl"}
    with pytest.raises(InputError, match=r"is an address.*allow_download: true"):
        read_all(address)
    assert before == huggingface_hub.constants.HF_HUB_OFFLINE
