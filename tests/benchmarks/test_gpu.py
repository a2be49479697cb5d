"""The GPU's command runs to its end on a CPU, and keeps going after a failure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from benchmarks.encoding.corpus import write_texts
from benchmarks.encoding.gpu import Session, call
from isinglass.transforms.encode.models.find import packaged_folder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_command_runs_to_the_end(repository: Path, tmp_path: Path) -> None:
    # The command is called from inside another checkout.
    other = tmp_path / "benchmarks"
    other.mkdir()
    (other / "__init__.py").write_text("raise ImportError", encoding="utf-8")
    done = subprocess.run(
        [repository / "benchmarks" / "gpu.sh", tmp_path / "none", "--device", "cpu"],
        env=os.environ | {"QUICK": "1", "PYTHON": sys.executable},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line[:1] == "{"]
    assert [(line["part"], line["ok"]) for line in lines] == [
        ("torch", True),
        ("texts", True),
        ("checks", True),
        ("MiniLM", True),
        ("BERT-base", True),
    ]
    assert lines[1]["result"]["texts"] == "made up"
    checks = lines[2]["result"]
    assert set(checks) == {
        "parity, float32",
        "mates, float32",
        "parity, bfloat16",
        "mates, bfloat16",
        "out of memory",
    }
    assert checks["out of memory"]["halvings"] > 0
    assert "| target | asked | measured |" in done.stdout


def test_a_part_that_fails_stops_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    session = Session(time.monotonic() + 60)
    program = "import sys; sys.exit('no such device')"
    session.run("one", lambda left: call(("-c", program), 30, left))
    session.run("two", lambda left: call(("-c", "print('{\"a\": 1}')"), 30, left))
    first, second = [json.loads(x) for x in capsys.readouterr().out.splitlines()]
    assert first["ok"] is False
    assert first["error"] == "RuntimeError: ended with 1: no such device"
    assert second["result"] == {"a": 1}
    assert (session.failed, session.results) == (["one"], {"two": {"a": 1}})


def test_a_part_that_hangs_is_ended() -> None:
    program = (
        "import sys, time; print('so far', file=sys.stderr, flush=True); time.sleep(60)"
    )
    with pytest.raises(RuntimeError, match=r"(?s)took over 2 s.*so far"):
        call(("-c", program), 2.0, 60.0)


def test_no_part_begins_without_time() -> None:
    with pytest.raises(RuntimeError, match="not begun"):
        call(("-c", ""), 10.0, -1.0)


def test_made_up_texts_are_the_same_again(tmp_path: Path) -> None:
    tokenizer = packaged_folder() / "tokenizer.json"
    tables = []
    for name in ("a", "b"):
        file = tmp_path / name
        assert write_texts(tmp_path / "none", file, 0.05, tokenizer) == "made up"
        tables.append(pq.read_table(file))
    assert tables[0].equals(tables[1])
    assert 0.04e6 < tables[0].nbytes < 0.2e6


def test_texts_are_taken_as_often_as_needed(tmp_path: Path) -> None:
    tokenizer = packaged_folder() / "tokenizer.json"
    source, target = tmp_path / "source", tmp_path / "target"
    write_texts(tmp_path / "none", source, 0.05, tokenizer)
    size = pq.read_table(source)["text"].nbytes / 1e6
    assert write_texts(source, target, 3 * size, tokenizer) == "source, 3 times"
    assert pq.read_table(target).num_rows == 3 * pq.read_table(source).num_rows
