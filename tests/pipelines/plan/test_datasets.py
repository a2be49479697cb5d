"""Inputs of the `datasets` library, offline."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import datasets
import huggingface_hub.constants
import pyarrow as pa
import pyarrow.parquet as pq
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


def awkward() -> pa.Table:
    """Columns that the library could not load as they are."""
    maps = pa.map_(pa.string(), pa.int32())
    pairs = [("b", 2), ("a", 1), ("b", None)]
    sizes = pa.array([[1, 2], None], pa.list_(pa.int8(), 2))
    return pa.table(
        {
            "text": ["x", "y"],
            "map": pa.array([pairs, None], maps),
            "maps": pa.array([[pairs, []], []], pa.list_(maps)),
            "inner": pa.array([{"m": pairs}, {"m": None}], pa.struct([("m", maps)])),
            "interval": pa.array([pa.MonthDayNano([1, 2, 3]), None]),
            "runs": pa.RunEndEncodedArray.from_arrays(pa.array([2]), pa.array(["r"])),
            "union": pa.UnionArray.from_sparse(
                pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["u", "v"])]
            ),
            "views": pa.array([[1], None], pa.list_view(pa.int32())),
            "small": pa.array([None, 1], pa.decimal128(5, 2)).cast(pa.decimal32(5, 2)),
            "fixed": sizes,
        }
    )


def test_carried_columns_are_loaded_by_the_library(
    tmp_path: Path, read_all: ReadAll, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    table = awkward()
    with pa.ipc.new_file(tmp_path / "in.arrow", table.schema) as writer:
        writer.write_table(table)
    found = read_all({"path": "in.arrow"})
    assert found.rejected == []
    (tmp_path / "data").mkdir()
    pq.write_table(found.documents, tmp_path / "data" / "part.parquet")
    loaded = datasets.load_dataset(
        "parquet", data_files=str(tmp_path / "data" / "*.parquet"), split="train"
    )
    first, second = loaded.select_columns(table.column_names).to_list()
    pairs = '[["b",2],["a",1],["b",null]]'
    assert (first["map"], second["map"]) == (pairs, None)
    assert (first["maps"], second["maps"]) == (f"[{pairs},[]]", "[]")
    assert (first["inner"], second["inner"]) == (f'{{"m":{pairs}}}', '{"m":null}')
    assert first["interval"] == "MonthDayNano(months=1, days=2, nanoseconds=3)"
    assert second["interval"] is None
    assert (first["runs"], second["runs"]) == ("r", "r")
    assert (first["union"], second["union"]) == ("1", '"v"')
    assert (first["views"], second["views"]) == ("[1]", None)
    assert (first["small"], str(second["small"])) == (None, "1.00")
    assert (first["fixed"], second["fixed"]) == ([1, 2], None)
