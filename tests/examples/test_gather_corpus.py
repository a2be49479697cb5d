"""The demo corpus is deterministic, well formed and has the troubles we want."""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
import sys
from email.message import Message
from importlib.metadata import PackagePath
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from types import ModuleType

MEGABYTES = 0.6
COLUMNS = ["id", "license", "source", "text", "url"]


@pytest.fixture(scope="module")
def script(repository: Path) -> ModuleType:
    path = repository / "examples" / "gather_corpus.py"
    spec = importlib.util.spec_from_file_location("gather_corpus", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name while they are made.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def corpus(script: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    status = script.main(["--output", str(folder), "--max-megabytes", str(MEGABYTES)])
    assert status == 0
    return folder


def read(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for path in sorted(folder.iterdir()):
        if path.name.endswith(".jsonl.gz"):
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                rows += [json.loads(line) for line in lines]
        else:
            rows += pq.read_table(path).to_pylist()
    return rows


def shingles(text: str, width: int = 5) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + width]) for i in range(len(words) - width + 1)}


def jaccard(left: set[tuple[str, ...]], right: set[tuple[str, ...]]) -> float:
    return len(left & right) / len(left | right)


def test_same_bytes_again(script: ModuleType, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "left-over.parquet").write_bytes(b"from an earlier run")
    script.main(["--output", str(tmp_path), "--max-megabytes", str(MEGABYTES)])
    first = {path.name: path.read_bytes() for path in corpus.iterdir()}
    again = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert first.keys() == {
        "descriptions.parquet",
        "docstrings.parquet",
        "documentation.jsonl.gz",
        "licences.jsonl.gz",
    }
    assert again == first


def test_rows_are_whole(corpus: Path) -> None:
    rows = read(corpus)
    assert {tuple(sorted(row)) for row in rows} == {tuple(COLUMNS)}
    assert len({row["id"] for row in rows}) == len(rows)
    assert len({row["url"] for row in rows}) == len(rows)
    for row in rows:
        assert re.fullmatch(r"[0-9a-f]{16}", row["id"])
        assert re.fullmatch(r"pkg://[a-z0-9-]+/[^/]+/.+", row["url"])
        assert 200 <= len(row["text"]) <= 20_000
        assert "\r" not in row["text"]


def test_text_fills_the_limit_and_no_more(corpus: Path) -> None:
    size = sum(len(row["text"].encode()) for row in read(corpus))
    limit = MEGABYTES * 1_000_000
    assert 0.9 * limit < size <= limit


def test_parquet_can_be_cut_into_shards(corpus: Path) -> None:
    file = pq.ParquetFile(corpus / "docstrings.parquet")
    assert file.metadata.num_row_groups == -(-file.metadata.num_rows // 200)


def test_corpus_holds_addresses_and_near_duplicates(corpus: Path) -> None:
    rows = read(corpus)
    address = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
    with_address = [row for row in rows if address.search(row["text"])]
    assert len(with_address) >= 10

    licences = [shingles(row["text"]) for row in rows if row["source"] == "licences"]
    near = [
        (i, j)
        for i, left in enumerate(licences)
        for j, right in enumerate(licences[:i])
        if left and right and 0.75 <= jaccard(left, right) < 1
    ]
    assert near


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("thing-1.0.dist-info/licenses/LICENSE", "licences"),
        ("thing-1.0.dist-info/licenses/LICENCE.txt", "licences"),
        ("thing/COPYING.md", "licences"),
        ("thing/license.py", "docstrings"),
        ("thing/README.md", "documentation"),
        ("thing-1.0.dist-info/AUTHORS.md", None),
        ("thing/authors.txt", "documentation"),
        ("thing/requirements.txt", None),
        ("thing-1.0.dist-info/top_level.txt", None),
        ("thing/core.py", "docstrings"),
        ("thing/tests/test_core.py", None),
        ("thing/license_model.json", None),
        ("../../../bin/README.md", None),
    ],
)
def test_kind_of(script: ModuleType, path: str, kind: str | None) -> None:
    assert script.kind_of(PackagePath(path)) == kind


def test_docstrings_are_read_without_import(script: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        '"""One."""\nraise SystemExit\nclass A:\n    """Two."""\n'
        '    def f(self):\n        """Three."""\n        "not one"\n',
        encoding="utf-8",
    )
    assert script.read_docstrings(path) == "One.\n\nTwo.\n\nThree."
    path.write_text("x = 1\n", encoding="utf-8")
    assert script.read_docstrings(path) is None
    path.write_text("def broken(:\n", encoding="utf-8")
    assert script.read_docstrings(path) is None
    path.write_bytes(b'"""\xff"""')
    assert script.read_docstrings(path) is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"License-Expression": "MIT"}, "MIT"),
        (
            {"Classifier": "License :: OSI Approved :: Apache Software License"},
            "Apache Software License",
        ),
        ({"Classifier": "Topic :: Text Processing"}, ""),
        ({}, ""),
    ],
)
def test_declared_license(
    script: ModuleType, headers: dict[str, str], expected: str
) -> None:
    metadata = Message()
    for name, value in headers.items():
        metadata[name] = value
    assert script.declared_license(SimpleNamespace(metadata=metadata)) == expected


def test_no_room_is_refused(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        script.main(["--output", str(tmp_path), "--max-megabytes", "0"])
    assert stopped.value.code == 2
    assert "--max-megabytes 0.0" in capsys.readouterr().err
