"""Paths that cannot be one, and a run folder that lies inside of an input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from isinglass.schemas.errors import InputError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Planned = Callable[..., Any]

LINE = '{"text":"a"}\n'

NO_PATHS = [
    ("~nosuchuser/x", "home folder of an unknown user. Write the whole path"),
    ("~nosuchuser/*.jsonl", "home folder of an unknown user"),
    ("\ud800", "is not valid Unicode"),
    ("x" * 300, "File name too long|does not exist"),
]


@pytest.mark.parametrize(("path", "message"), NO_PATHS)
def test_what_cannot_be_an_input_path(
    planned: Planned, path: str, message: str
) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        planned({"path": path})
    assert str(refusal.value).startswith("inputs: ")


@pytest.mark.parametrize(("path", "message"), NO_PATHS[:3])
def test_what_cannot_be_an_output_path(
    tmp_path: Path, planned: Planned, path: str, message: str
) -> None:
    (tmp_path / "a.jsonl").write_text(LINE)
    with pytest.raises(OutputError, match=message) as refusal:
        planned({"path": "a.jsonl"}, output=path)
    assert str(refusal.value).startswith("output: ")


def test_home_is_expanded(
    tmp_path: Path, planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "corpus").mkdir(parents=True)
    (tmp_path / "home" / "corpus" / "a.jsonl").write_text(LINE)
    made = planned({"path": "~/corpus"}, output="~/out")
    assert [file.path for file in made.inputs] == ["a.jsonl"]
    with pytest.raises(InputError, match="output: ~/corpus/out lies inside"):
        planned({"path": "~/corpus"}, output="~/corpus/out")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A folder with input files, and a run folder among them."""
    for name in (
        "corpus/a.jsonl",
        "corpus/deep/b.jsonl",
        "corpus/out/data/part.jsonl",
        "corpus/outer/c.jsonl",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(LINE.replace("a", name))
    (tmp_path / "link").symlink_to(tmp_path / "corpus")
    return tmp_path


INSIDE = [
    ("corpus", "corpus/out"),
    ("corpus", "corpus/not/there/yet"),
    ("corpus", "corpus"),
    (".", "corpus/out"),
    ("corpus", "./corpus/deep/../out/"),
    ("link", "corpus/out"),
    ("corpus", "link/out"),
    ("corpus/**", "corpus/out"),
    ("corpus/**/*.jsonl", "corpus/out"),
    ("c*/**/*.jsonl", "corpus/out"),
    ("**/*.jsonl", "corpus/out"),
    ("*/o*/**/*.jsonl", "corpus/out"),
]


@pytest.mark.parametrize(("path", "output"), INSIDE)
@pytest.mark.usefixtures("corpus")
def test_output_inside_of_an_input_is_refused(
    planned: Planned, path: str, output: str
) -> None:
    with pytest.raises(InputError) as refusal:
        planned({"path": path}, output=output)
    message = str(refusal.value)
    assert f"output: {output} lies inside inputs: {path}," in message
    assert "Set `output` to a folder outside of the input" in message


BESIDE = [
    ("corpus/deep", "corpus/out", ["b.jsonl"]),
    ("corpus/*.jsonl", "corpus/out", ["a.jsonl"]),
    ("corpus/*/*.jsonl", "corpus/deep", ["outer/c.jsonl"]),
    ("corpus/*/data/../*.jsonl", "corpus/outer", ["deep/b.jsonl"]),
    ("corpus/*/*/*.jsonl", "corpus/deep", ["out/data/part.jsonl"]),
    ("corpus/d*/**/*.jsonl", "corpus/out", ["deep/b.jsonl"]),
    ("corpus/*.jsonl", "corpus/**", ["a.jsonl"]),
    ("corpus/outer", "corpus/out", ["c.jsonl"]),
    ("corpus/a.jsonl", "corpus", ["a.jsonl"]),
    (
        "corpus",
        "corpus/.out",
        ["a.jsonl", "deep/b.jsonl", "out/data/part.jsonl", "outer/c.jsonl"],
    ),
]


@pytest.mark.parametrize(("path", "output", "expected"), BESIDE)
@pytest.mark.usefixtures("corpus")
def test_files_of_the_run_folder_are_no_inputs(
    planned: Planned, path: str, output: str, expected: list[str]
) -> None:
    made = planned({"path": path}, output=output)
    assert [file.path for file in made.inputs] == expected


@pytest.mark.parametrize(
    "path", ["corpus/out/data", "corpus/out/data/*.jsonl", "corpus/*/data/*.jsonl"]
)
@pytest.mark.usefixtures("corpus")
def test_inputs_only_in_the_run_folder(planned: Planned, path: str) -> None:
    with pytest.raises(InputError, match=r"lie in the run folder, output: corpus/out"):
        planned({"path": path}, output="corpus/out")


def test_a_link_into_the_run_folder_is_not_followed(
    corpus: Path, planned: Planned
) -> None:
    (corpus / "runs").mkdir()
    (corpus / "runs" / "x.jsonl").write_text(LINE)
    (corpus / "corpus" / "runs").symlink_to(corpus / "runs")
    with_link = planned({"path": "corpus"}, output="-")
    assert "runs/x.jsonl" in [file.path for file in with_link.inputs]
    without = planned({"path": "corpus"}, output="runs")
    assert "runs/x.jsonl" not in [file.path for file in without.inputs]
    assert len(without.inputs) == len(with_link.inputs) - 1
