from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.pipelines.stages.encode.evaluation.texts import read_texts
from isinglass.schemas.errors import InputError

IDS = [f"{n:032x}" for n in range(2)]


def texts_of(path: Path) -> list[str]:
    batches = list(read_texts(str(path)))
    assert all(len(ids) == len(texts) for ids, texts in batches)
    return [text for _, texts in batches for text in texts.to_pylist()]


def test_of_a_run_the_kept_texts_are_read(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(InputError, match="has no data/, as after an audit"):
        texts_of(tmp_path)
    (tmp_path / "data").mkdir()
    table = pa.table({"doc_id": IDS, "text": ["one", "two"], "more": [1, 2]})
    pq.write_table(table, tmp_path / "data" / "web-0.parquet")
    pq.write_table(table.slice(1), tmp_path / "data" / "web-1.parquet")
    (tmp_path / "ledger").mkdir()
    assert texts_of(tmp_path) == ["one", "two", "two"]


def test_files_and_folders_of_texts_are_read(tmp_path: Path) -> None:
    rows = "".join(json.dumps({"text": text}) + "\n" for text in ("one", "two"))
    (tmp_path / "a.jsonl").write_text(rows)
    assert texts_of(tmp_path / "a.jsonl") == ["one", "two"]
    (tmp_path / "b.txt").write_text("three")
    assert sorted(texts_of(tmp_path)) == ["one", "three", "two"]


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none does not exist"):
        texts_of(tmp_path / "none")
