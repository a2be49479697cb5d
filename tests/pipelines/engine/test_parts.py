"""What slow steps found comes back in the next attempt, and only what was right."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from isinglass.pipelines.engine import parts as module
from isinglass.pipelines.engine.commits import UnitOutputs
from isinglass.pipelines.engine.parts import Parts
from isinglass.pipelines.engine.workspace import Workspace


def step(number: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"n": [number]})


def taken(parts: Parts) -> list[int]:
    found = []
    while (batch := parts.take()) is not None:
        found.append(batch.column("n")[0].as_py())
    return found


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Every step is kept at once; the folder of the pass is there."""
    monkeypatch.setattr(module, "KEEP_SECONDS", 0.0)
    made = Workspace(str(tmp_path))
    made.pass_folder("clean").mkdir(parents=True)
    return made


def kept(workspace: Workspace, fingerprint: str, *numbers: int) -> list[Path]:
    parts = Parts(workspace, "clean", "a-0", fingerprint)
    taken(parts)
    for number in numbers:
        parts.keep(step(number))
    return sorted(workspace.pass_folder("clean").iterdir())


def test_steps_come_back_in_order_and_others_go_behind(workspace: Workspace) -> None:
    kept(workspace, "f", 1, 2)
    kept(workspace, "f", 3)
    assert taken(Parts(workspace, "clean", "a-0", "f")) == [1, 2, 3]
    assert taken(Parts(workspace, "clean", "a-1", "f")) == []


def test_steps_of_another_fingerprint_are_replaced(workspace: Workspace) -> None:
    kept(workspace, "f", 1, 2)
    kept(workspace, "g", 7)
    assert taken(Parts(workspace, "clean", "a-0", "g")) == [7]
    assert taken(Parts(workspace, "clean", "a-0", "f")) == []


@pytest.mark.parametrize("harm", ["cut", "flip", "swap", "empty"])
def test_a_harmed_part_and_what_follows_are_not_taken(
    workspace: Workspace, harm: str
) -> None:
    first, second, third = kept(workspace, "f", 1, 2, 3)
    content = second.read_bytes()
    harmed = {
        "cut": content[:-1],
        "flip": content[:-1] + bytes([content[-1] ^ 1]),
        "swap": first.read_bytes(),
        "empty": b"",
    }
    second.write_bytes(harmed[harm])
    assert third.exists()
    assert taken(Parts(workspace, "clean", "a-0", "f")) == [1]


def test_quick_steps_write_no_file(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEEP_SECONDS", 3600.0)
    assert kept(workspace, "f", 1, 2) == []


def test_they_outlive_a_failure_and_are_gone_after_the_commit(
    workspace: Workspace,
) -> None:
    def attempt() -> UnitOutputs:
        return UnitOutputs(workspace, "clean", "a-0", "f")

    def fail() -> None:
        with attempt() as outputs:
            outputs.parts.keep(step(1))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with attempt() as outputs:
        assert taken(outputs.parts) == [1]
        outputs.parts.keep(step(2))
        outputs.commit("f", {}, 0.0)
    names = [path.name for path in workspace.pass_folder("clean").iterdir()]
    assert names == ["a-0.commit.json"]
