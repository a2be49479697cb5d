"""Runs without a network or a working folder, and where nothing can be written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from isinglass.cli import app
from tests.corpora import write_corpus
from tests.namespaces import read_only, without_network

MODULE = [sys.executable, "-m", "isinglass"]
KEY = {"ISINGLASS_TEST_KEY": "a key of more than sixteen characters"}


def write_job(folder: Path, name: str, **sections: object) -> str:
    values = {
        "inputs": [{"path": str(folder / "corpus"), "source": "web"}],
        "output": str(folder / name),
        **sections,
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(values))
    return str(path)


def cut_off(*command: str) -> None:
    done = subprocess.run(
        without_network([*MODULE, *command]),
        env=os.environ | KEY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (command[0], done.stderr)


@pytest.mark.slow
def test_everything_runs_with_the_network_cut(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus", 60)
    values = tmp_path / "values.txt"
    values.write_text("person7@mailbox.io\n")
    cheap = {"pii": {"mode": "identifiers", "canaries": {"documents": 10}}}
    audit = write_job(tmp_path, "audit", dedup={}, **cheap)
    whole = write_job(
        tmp_path,
        "whole",
        dedup={},
        pii={"key_env": "ISINGLASS_TEST_KEY", "canaries": {"documents": 10}},
        balance={},
        encode={"semantic": {}},
        beam={"mode": "multi_processing", "workers": 2},
    )
    tokens = write_job(tmp_path, "tokens", encode={"embeddings": "none"}, **cheap)
    run, less = str(tmp_path / "whole"), str(tmp_path / "less")
    cut_off("audit", "--config", audit)
    cut_off("run", "--config", whole)
    cut_off("run", "--config", tokens)
    cut_off("verify", run)
    cut_off("explain", run, pq.read_table(f"{run}/data")["doc_id"][0].as_py())
    cut_off("forget", run, "--value-file", str(values), "--output", less)
    for name in ("report.html", "_SUCCESS", "embeddings", "clusters"):
        assert (tmp_path / "whole" / name).exists()
    assert (tmp_path / "less" / "_SUCCESS").exists()


def test_the_network_is_cut() -> None:
    command = ["cat", "/proc/net/dev", "/proc/net/route"]
    told = subprocess.check_output(without_network(command), text=True)
    lines = [line.split(":") for line in told.splitlines() if ":" in line]
    assert [line[0].strip() for line in lines] == ["lo"]


@pytest.mark.slow
def test_the_working_folder_is_removed_while_a_run_goes_on(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus", 60)
    config = write_job(tmp_path, "run", dedup={}, pii={"mode": "identifiers"})
    here = tmp_path / "here"
    here.mkdir()
    process = subprocess.Popen(
        [*MODULE, "clean", "--config", config, "--set", "beam.mode=multi_processing"],
        cwd=here,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None and not (tmp_path / "run" / "work").exists():
        time.sleep(0.01)
    here.rmdir()
    told, said = process.communicate()
    assert process.returncode == 0, said
    assert told.startswith(f"Report: {tmp_path / 'run' / 'report.html'}\n")


def test_without_a_place_for_temporary_files(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nothing() -> str:
        raise FileNotFoundError

    monkeypatch.setattr(tempfile, "gettempdir", nothing)
    monkeypatch.setattr(sys, "argv", ["isinglass", "doctor"])
    assert app.run() == 2
    said = capsys.readouterr().err
    assert said.startswith("error: There is no folder for temporary files")
    assert "TMPDIR" in said


def test_torch_is_given_no_reason_to_make_a_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "whatever is there before")
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["isinglass", "run", "--config", "no such file"])
    assert app.run() == 2
    assert os.environ["TORCHINDUCTOR_CACHE_DIR"] == str(tmp_path)


@pytest.mark.slow
def test_a_read_only_installation_without_a_home(
    repository: Path, tmp_path: Path
) -> None:
    image = tmp_path / "image"
    shutil.copytree(
        repository / "isinglass",
        image / "isinglass",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    code = (
        "import isinglass\n"
        "print(isinglass.detect_languages(['A text that is long enough to tell.']))\n"
        "from isinglass.transforms import text\n"
        "import numpy as np\n"
        "print(text.__file__, text.largest_byte(np.zeros(1, np.uint8), 0, 1))"
    )
    homeless = {"PYTHONPATH": str(image), "HOME": str(image), "TMPDIR": str(temporary)}
    left_out = {"NUMBA_CACHE_DIR", "XDG_CACHE_HOME"}
    done = subprocess.run(
        read_only(str(image), [sys.executable, "-c", code]),
        env={k: v for k, v in os.environ.items() if k not in left_out} | homeless,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"{image}/isinglass/transforms/text.py 0" in done.stdout
    (folder,) = temporary.iterdir()
    assert done.stderr.count("\n") == 1
    assert f"compiled code is kept in {folder}." in done.stderr
    assert not [*image.rglob("*.nbi")]
