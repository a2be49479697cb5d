from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from isinglass.pipelines.engine.passes import Session
from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.engine.workspace import Workspace, file_sha256
from isinglass.pipelines.stages.decontaminate.sets import (
    DECONTAMINATE,
    EvaluationSets,
    decontamination_summary,
    open_index,
    read_sets,
    store_index,
)
from isinglass.schemas.config import BeamConfig, DecontaminateConfig
from isinglass.schemas.errors import InputError
from isinglass.transforms.decontaminate.items import find_items

if TYPE_CHECKING:
    from pathlib import Path

LONG = " ".join(f"word{i}" for i in range(20))
OTHER = " ".join(f"other{i}" for i in range(20))


def write_lines(path: Path, *records: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [r if isinstance(r, str) else json.dumps(r) for r in records]
    path.write_text("\n".join(lines) + "\n")


def read(base: Path, *files: str, **values: Any) -> EvaluationSets:
    config = DecontaminateConfig.model_validate({"files": files, **values})
    return read_sets(config, base)


@pytest.fixture
def sets(tmp_path: Path) -> EvaluationSets:
    """Three files of two formats, with records that are no items."""
    write_lines(
        tmp_path / "z" / "set.jsonl",
        {"question": LONG, "id": 7},
        "{broken",
        {"question": None},
        {"question": "too short"},
        {"question": f"{LONG}!"},
    )
    write_lines(tmp_path / "a" / "set.jsonl", {"question": "one two three four five"})
    table = pa.table({"question": [OTHER, LONG], "id": [[1], [2]]})
    pq.write_table(table, tmp_path / "set.parquet")
    files = ("z/set.jsonl", "a/set.jsonl", "set.parquet")
    return read(tmp_path, *files, column="question")


def test_items_are_numbered_by_files_as_configured_and_rows(
    sets: EvaluationSets,
) -> None:
    assert sets.names == (
        "z/set.jsonl:0",
        "z/set.jsonl:3",
        "z/set.jsonl:4",
        "a/set.jsonl:0",
        "set.parquet:0",
        "set.parquet:1",
    )
    assert sets.texts.to_pylist()[2:5] == [
        f"{LONG}!",
        "one two three four five",
        OTHER,
    ]
    assert [(f.first, f.items, f.unreadable) for f in sets.files] == [
        (0, 3, 2),
        (3, 1, 0),
        (4, 2, 0),
    ]


def test_every_record_is_counted_once(sets: EvaluationSets) -> None:
    assert sets.counts == {
        "records_in": 8,
        "items": 6,
        "searched": 2,
        "searched_whole": 1,
        "too_short": 1,
        "duplicate": 2,
        "unreadable": 2,
    }


def test_identity_follows_bytes_and_settings_but_not_the_place(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_lines(tmp_path / name / "set.jsonl", {"text": LONG})
    first = read(tmp_path / "one", "set.jsonl")
    digest = file_sha256(tmp_path / "one" / "set.jsonl")
    assert first.identity[0] == [["set.jsonl", digest]]
    assert read(tmp_path / "two", "set.jsonl").identity == first.identity
    flagged = read(tmp_path / "two", "set.jsonl", action="flag")
    assert flagged.identity != first.identity
    write_lines(tmp_path / "two" / "set.jsonl", {"text": f"{LONG} "})
    assert read(tmp_path / "two", "set.jsonl").identity != first.identity
    assert json.loads(json.dumps(first.identity)) == first.identity


def test_folders_and_patterns_name_the_files_below_them(tmp_path: Path) -> None:
    write_lines(tmp_path / "sets" / "b.jsonl", {"text": LONG})
    write_lines(tmp_path / "sets" / "in" / "a.jsonl", {"text": OTHER})
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "whole.txt").write_text(f"{LONG}\n{OTHER}\n")
    found = read(tmp_path, "sets", "more/*.txt")
    assert found.names == ("sets/b.jsonl:0", "sets/in/a.jsonl:0", "more/whole.txt:0")


def test_rows_stay_in_order_over_many_shards(tmp_path: Path) -> None:
    texts = [f"{LONG} number{i}" for i in range(5000)]
    table = pa.table({"text": texts})
    pq.write_table(table, tmp_path / "set.parquet", row_group_size=700)
    found = read(tmp_path, "set.parquet")
    assert found.texts.to_pylist() == texts
    assert found.names[4321] == "set.parquet:4321"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.jsonl", None, r"decontaminate\.files: gone\.jsonl does not exist"),
        (
            "set.jsonl",
            '{"question": "x"}\n',
            (
                r"set\.jsonl has no column text .* Its columns: question\. "
                r"Set `column: NAME` in decontaminate\."
            ),
        ),
        ("set.odd", "x", r"suffix does not tell .* Set a known suffix for the file\.$"),
        (
            "set.parquet",
            "no Parquet",
            r"decontaminate\.files: set\.parquet cannot be read: .*Repair the file",
        ),
        (
            "set.jsonl",
            '{"text": "four words are few"}\n',
            r"set\.jsonl hold no item .* 1 records with a text in column text",
        ),
    ],
)
def test_errors_name_the_file_and_the_fix(
    tmp_path: Path, name: str, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path, name)
    assert "inputs" not in str(caught.value)
    assert "limits" not in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        ("sets[x]", ["sets[x]/a.jsonl:0", "sets[x]/b/set.jsonl:0"]),
        ("sets[x]/a.jsonl", ["sets[x]/a.jsonl:0"]),
        ("sets[x]/b", ["sets[x]/b/set.jsonl:0"]),
        ("sets?x]/a.jsonl", ["sets[x]/a.jsonl:0"]),
        ("sets*/**/set.jsonl", ["sets[x]/b/set.jsonl:0"]),
        (".", ["sets[x]/a.jsonl:0", "sets[x]/b/set.jsonl:0"]),
    ],
)
def test_items_of_a_folder_with_brackets_have_its_name(
    tmp_path: Path, entry: str, names: list[str]
) -> None:
    write_lines(tmp_path / "sets[x]" / "a.jsonl", {"text": LONG})
    write_lines(tmp_path / "sets[x]" / "b" / "set.jsonl", {"text": OTHER})
    assert list(read(tmp_path, entry).names) == names


def test_the_stored_index_finds_items_by_their_names(
    sets: EvaluationSets, tmp_path: Path
) -> None:
    workspace = Workspace(str(tmp_path / "run"))
    quiet = Console(file=io.StringIO(), quiet=True)
    session = Session(workspace, Execution(BeamConfig()), quiet)
    commit = store_index(session, sets, "code")
    assert commit.counts == sets.counts
    folder = workspace.pass_folder(DECONTAMINATE)
    written = {path.name for path in folder.glob("*.npy")}
    assert {output.path.rsplit("/", 1)[1] for output in commit.outputs} == written
    documents = pa.array([f"see {LONG}", "none", "one two three four five", OTHER])
    found = find_items(documents, open_index(workspace))
    names = [sets.names[item] if item >= 0 else None for item in found.item.tolist()]
    assert names == ["z/set.jsonl:0", None, "a/set.jsonl:0", "set.parquet:0"]


def test_summary_counts_each_document_for_one_file(sets: EvaluationSets) -> None:
    found = np.array([0, -1, 0, 4, -1, 4, 4], np.int32)
    summary = decontamination_summary(sets, found)
    assert (summary.documents, summary.action) == (5, "drop")
    counts = [
        (f.path, f.items, f.too_short, f.duplicates, f.unreadable)
        for f in summary.files
    ]
    assert counts == [
        ("z/set.jsonl", 3, 1, 1, 2),
        ("a/set.jsonl", 1, 0, 0, 0),
        ("set.parquet", 2, 0, 1, 0),
    ]
    assert [(f.matched_items, f.documents) for f in summary.files] == [
        (1, 2),
        (0, 0),
        (1, 3),
    ]
