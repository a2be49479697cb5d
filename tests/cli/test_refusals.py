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
    *("apache_beam", "numba", "pandas", "presidio_analyzer"),
    *("scipy", "spacy", "torch", "transformers"),
}
SCRIPT = f"""
import os, sys
os.access = lambda _, mode, **__: mode != os.W_OK
sys.argv = ["isinglass", "run", "-c", "c.yaml"]
from isinglass.cli.app import run
print(run(), sorted({HEAVY!r} & sys.modules.keys()))
"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nonsense": 1}, "nonsense: unknown key"),
        ({"pii": {"mode": "nonsense"}}, "pii.mode: nonsense is none of"),
        ({"gates": [{"metric": "x", "id": "y"}]}, "gates.0.id: unknown key"),
        ({"inputs": [{"path": "nowhere"}]}, "inputs: nowhere does not exist"),
        ({}, "No permission to write"),
    ],
)
def test_no_library_is_read_for_a_bad_configuration(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    (tmp_path / "a.jsonl").write_text("")
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
    assert done.stdout == "2 []\n"
