"""Recognizers of the user in a run: what they find, and what a changed file changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.proof.prove import prove
from isinglass.pipelines.run import Request, Result, execute
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import ConfigError, IsinglassError

if TYPE_CHECKING:
    from pathlib import Path


def start(
    folder: Path,
    recognizers: dict[str, Any],
    entities: dict[str, Any] | None = None,
) -> Result:
    pii = {
        "mode": "identifiers",
        "entities": entities or {},
        "canaries": {"documents": 0},
        "recognizers": recognizers,
    }
    values = {
        "inputs": [{"path": "corpus", "source": "web"}],
        "output": "run",
        "pii": pii,
    }
    config = RunConfig.model_validate(values)
    request = Request(config, "clean", folder, Execution(config.beam), replace=False)
    return execute(request, Console(stderr=True, quiet=True))


def texts(folder: Path) -> list[str]:
    tables = [pq.read_table(p) for p in sorted((folder / "run/data").glob("*.parquet"))]
    return [text for table in tables for text in table.column("text").to_pylist()]


def test_a_changed_file_makes_another_run(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    line = '{"text": "Project Bluebird and project Heron are two."}\n'
    (tmp_path / "corpus" / "a.jsonl").write_text(line)
    names = tmp_path / "names.txt"
    names.write_text("Bluebird\n")
    own = {"deny": [{"entity": "PROJECT", "file": "names.txt"}]}
    first = start(tmp_path, own)
    assert texts(tmp_path) == ["Project <PROJECT> and project Heron are two."]
    listed = {entry.name for entry in first.manifest.lexicons}
    assert str(names) in listed
    assert start(tmp_path, own).nothing_to_do
    names.write_text("Heron\n")
    second = start(tmp_path, own)
    assert not second.nothing_to_do
    assert second.manifest.run_id != first.manifest.run_id
    assert texts(tmp_path) == ["Project Bluebird and project <PROJECT> are two."]


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"files": ["none.yaml"]}, r"pii\.recognizers\.files\.0: .*cannot be read"),
        ({"allow": [{"values": ["("], "match": "regex"}]}, r"allow\.0\.values\.0"),
    ],
)
def test_a_bad_section_is_refused_before_anything_is_written(
    own: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        start(tmp_path, own)
    assert list(tmp_path.iterdir()) == []


def test_allowed_values_stay_and_are_counted(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    line = '{"text": "Project Bluebird, project Heron and Heron again."}\n'
    (tmp_path / "corpus" / "a.jsonl").write_text(line)
    own: dict[str, Any] = {
        "deny": [{"entity": "PROJECT", "values": ["Bluebird", "Heron"]}],
        "allow": [{"entities": ["PROJECT"], "values": ["Heron"]}],
    }
    result = start(tmp_path, own)
    assert texts(tmp_path) == ["Project <PROJECT>, project Heron and Heron again."]
    assert result.manifest.allowed == {"PROJECT": 2}
    assert result.manifest.findings["PROJECT"].found == 1
    assert "2 of PROJECT" in (tmp_path / "run/report.html").read_text("utf-8")
    assert all(check.status != "failed" for check in prove(tmp_path / "run"))
    # The values may be names of persons: they are not published.
    for name in ("manifest.json", "report.html"):
        text = (tmp_path / "run" / name).read_text("utf-8")
        assert "(withheld)" in text
        assert "Bluebird" not in text
        assert "Heron" not in text
    assert start(tmp_path, own).nothing_to_do
    own["deny"][0]["values"] = ["Bluebird"]
    with pytest.raises(IsinglassError, match=r"pii\.recognizers"):
        start(tmp_path, own)


def test_the_operator_of_an_own_entity_is_a_setting(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    line = '{"text": "Project Bluebird and badge E-123456."}\n'
    (tmp_path / "corpus" / "a.jsonl").write_text(line)
    own = {
        "deny": [{"entity": "PROJECT", "values": ["Bluebird"]}],
        "patterns": [{"entity": "BADGE", "name": "badge", "regex": r"E-\d{6}"}],
    }
    entities = {"PROJECT": {"operator": "mask"}, "BADGE": {"threshold": 0.9}}
    start(tmp_path, own, entities)
    assert texts(tmp_path) == ["Project ******** and badge E-123456."]
