from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from isinglass.pipelines.plan.discover import discover
from isinglass.schemas.config import InputConfig
from isinglass.schemas.errors import InputError

FILES = [
    "corpus/b.jsonl",
    "corpus/a.parquet",
    "corpus/deep/er/c.csv",
    "corpus/deep/d.txt.gz",
    "corpus/deep/notes.pdf",
    "corpus/deep/e.parquet.gz",
    "corpus/.hidden.jsonl",
    "corpus/.git/x.jsonl",
    "corpus/odd[1].jsonl",
    "corpus/data.bin",
]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path


ALL = ["a.parquet", "b.jsonl", "deep/d.txt.gz", "deep/er/c.csv", "odd[1].jsonl"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("corpus", ALL),
        ("corpus/", ALL),
        ("./corpus/../corpus", ALL),
        ("corpus/**", ALL),
        ("corpus/**/*", ALL),
        ("corpus/*", ["a.parquet", "b.jsonl", "odd[1].jsonl"]),
        ("corpus/*.parquet", ["a.parquet"]),
        ("corpus/**/*.csv", ["deep/er/c.csv"]),
        ("corpus/d*p/*.gz", ["deep/d.txt.gz"]),
        ("*/a.parquet", ["corpus/a.parquet"]),
        ("corpus/a.parquet", ["a.parquet"]),
        ("corpus/odd[1].jsonl", ["odd[1].jsonl"]),
        ("corpus/.hidden.jsonl", [".hidden.jsonl"]),
    ],
)
def test_paths(base: Path, path: str, expected: list[str]) -> None:
    found = discover(InputConfig(path=path), base)
    assert [file.relative for file in found] == expected
    assert all(Path(file.path).is_file() for file in found)
    absolute = discover(InputConfig(path=str(base / path)), Path("/"))
    assert absolute == found


def test_formats(base: Path) -> None:
    found = discover(InputConfig(path="corpus"), base)
    formats = ["parquet", "jsonl", "text", "csv", "jsonl"]
    assert [file.format for file in found] == formats
    forced = discover(InputConfig(path="corpus/*.bin", format="text"), base)
    assert [(file.relative, file.format) for file in forced] == [("data.bin", "text")]


def test_unknown_suffixes_are_told(
    base: Path, caplog: pytest.LogCaptureFixture
) -> None:
    discover(InputConfig(path="corpus"), base)
    assert "3 files with an unknown suffix are passed over" in caplog.text


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere", r"nowhere does not exist \(looked at .*nowhere\)"),
        ("corpus/nowhere.jsonl", r"does not exist"),
        ("corpus/*.ndjson", r"matches nothing\. Looked for files with.*\.ndjson"),
        ("corpus/*.pdf", r"matches nothing"),
        ("corpus/deep/*.pdf", r"1 files there have another suffix; set `format`"),
        ("corpus/data.bin", r"the suffix does not tell the format.*Set `format`"),
    ],
)
def test_refusals(base: Path, path: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        discover(InputConfig(path=path), base)


def test_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="matches nothing"):
        discover(InputConfig(path="."), tmp_path)


def test_links_are_followed_once(base: Path) -> None:
    (base / "corpus/deep/loop").symlink_to(base / "corpus")
    (base / "corpus/z.jsonl").symlink_to(base / "corpus/b.jsonl")
    found = discover(InputConfig(path="corpus"), base)
    assert [file.relative for file in found] == [*ALL, "z.jsonl"]


def test_link_to_nothing_is_not_passed_over(base: Path) -> None:
    (base / "corpus/gone.jsonl").symlink_to(base / "nowhere")
    found = discover(InputConfig(path="corpus"), base)
    assert "gone.jsonl" in [file.relative for file in found]


def test_folder_without_permission(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read everything, so the system's answer is played."""

    def denied(path: Any, *_: Any) -> Any:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(InputError, match=r"No permission to read .*corpus"):
        discover(InputConfig(path="corpus"), base)


def test_pattern_without_permission(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match=r"No permission to read .*corpus"):
        discover(InputConfig(path="corpus/*"), base)


def test_name_that_is_no_unicode(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt")).write_bytes(b"x")
    except OSError:
        pytest.skip("the file system takes Unicode names only")
    [found] = discover(InputConfig(path="."), tmp_path)
    assert found.relative == "\\xff.txt"
    assert Path(found.path).read_bytes() == b"x"
