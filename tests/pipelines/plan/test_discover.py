from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from isinglass.pipelines.plan.discover import discover
from isinglass.schemas.config import InputConfig
from isinglass.schemas.errors import InputError
from isinglass.transforms.read.formats import format_of

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


NO_DATA = [
    "README.md",
    "readme.txt",
    "README.de.md",
    "LICENSE",
    "LICENSE.txt",
    "LICENCE-APACHE.md",
    "COPYING",
    "requirements.txt",
    "requirements-dev.txt",
    "CITATION.md",
    "Notice.txt",
    "data/README.rst",
    "dataset_info.json",
    "deep/state.json",
    "metadata.json",
    "croissant.json",
    "my-croissant_1.0.json",
    "_delta_log/000.json",
    "__MACOSX/a.jsonl",
    "data/desktop.ini",
]
DATA = [
    "a.jsonl",
    "data/b.parquet",
    "notices.txt",
    "license.parquet",
    "readme.csv",
    "state.jsonl",
    "metadata.jsonl",
    "metadata.csv",
    "my_readme.md",
    "readmes/x.txt",
    "licenses.txt",
    "changelogs/y.md",
    "requirements_engineering_for_beginners.txt",
]


@pytest.mark.parametrize("path", ["in", "in/**/*", "in/**"])
def test_what_lies_beside_data_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    hidden = [".DS_Store", "._a.jsonl", ".gitattributes"]
    for name in [*NO_DATA, *DATA, *hidden]:
        file = tmp_path / "in" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    found = discover(InputConfig(path=path), tmp_path)
    assert sorted(file.relative for file in found) == sorted(DATA)
    assert "files beside the data are left out" in caplog.text
    # Programs' leavings matter where a format is forced, too.
    for name in ("_SUCCESS", ".part.crc", "x.jsonl.crc", "y.tmp"):
        (tmp_path / "in" / name).write_bytes(b"x")
    forced = discover(InputConfig(path=path, format="text"), tmp_path)
    assert sorted(file.relative for file in forced) == sorted(DATA)


def test_warnings_name_what_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("a.parquet", "README.md", ".gitattributes", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    discover(InputConfig(path="."), tmp_path)
    assert "2 files beside the data are left out: .gitattributes, README.md." in (
        caplog.text
    )
    assert "mixes tables with 1 files that are a document each: notes.txt" in (
        caplog.text
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("README.md", ["README.md"]),
        ("*.md", ["README.md", "b.md"]),
        ("deep/**/*.rst", ["README.rst", "s/readme.rst"]),
        ("deep", ["README.rst", "s/readme.rst"]),
        ("metadata.json", ["metadata.json"]),
        ("*", ["b.md"]),
    ],
)
def test_what_is_asked_for_is_read(
    tmp_path: Path, path: str, expected: list[str]
) -> None:
    names = ["README.md", "b.md", "metadata.json", "deep/README.rst"]
    for name in [*names, "deep/s/readme.rst"]:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    found = discover(InputConfig(path=path), tmp_path)
    assert [file.relative for file in found] == expected


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


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a/b.JSONL.GZ", "jsonl"),
        ("a.parquet/b.csv", "csv"),
        ("a.b.tsv.zst", "csv"),
        ("a.jsonl.bak", None),
        ("a.parquet.gz", None),
        (".csv", None),
        (".csv.gz", None),
        ("a/.gz", None),
        ("jsonl", None),
        ("a.csv.", None),
        ("a.csv/", None),
    ],
)
def test_the_suffix_tells_the_format(name: str, found: str | None) -> None:
    assert format_of(name) == found


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
