"""What is refused before any library is read, and what is left to planning."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from isinglass.pipelines.places import check_places
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import InputError, OutputError


def config(path: str, output: str = "run") -> RunConfig:
    return RunConfig.model_validate({"inputs": [{"path": path}], "output": output})


@pytest.mark.parametrize(
    "path",
    ["a.jsonl", "folder", "gone.jsonl", "no*where.jsonl", "hf:some/data", "x" * 300],
)
def test_what_is_there_or_only_planning_can_tell(tmp_path: Path, path: str) -> None:
    (tmp_path / "a.jsonl").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "gone.jsonl").symlink_to(tmp_path / "nowhere")
    check_places(config(path, "y" * 300), tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("path", ["nowhere", "a.jsonl/nowhere"])
def test_an_input_that_is_not_there(tmp_path: Path, path: str) -> None:
    (tmp_path / "a.jsonl").write_text("")
    with pytest.raises(InputError, match=rf"inputs: {path} does not exist \(looked at"):
        check_places(config(path), tmp_path)


def test_an_input_that_may_not_be_looked_at_is_left_to_planning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read everything, so the system's answer is played."""

    def denied(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_dir", denied)
    check_places(config("nowhere"), tmp_path)


def test_a_run_folder_that_may_not_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "made").mkdir()
    asked = []

    def denied(path: Path, _: int) -> bool:
        asked.append(path)
        return False

    monkeypatch.setattr(os, "access", denied)
    with pytest.raises(OutputError, match=r"No permission to write .*/a/run\. Choose"):
        check_places(config("made", "a/run"), tmp_path)
    assert asked == [tmp_path.resolve()]
    # A finished run is looked at, not written.
    check_places(config("made", "made"), tmp_path)
