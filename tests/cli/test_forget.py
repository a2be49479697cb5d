"""`isinglass forget` on the command line: output, exit codes, and what is not said."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from tests.cli.test_cli import isinglass
from tests.corpora import write_jsonl

NAME, MAIL = "Zedbrook Quillfeather", "zed.quill@mailbox.io"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a configuration, its finished run and value files."""
    folder = tmp_path_factory.mktemp("cli-forget")
    (folder / "corpus").mkdir()
    texts = [f"So said {NAME}.", f"Write to {MAIL}.", "Nothing of the kind."]
    write_jsonl(folder / "corpus" / "a.jsonl", [{"text": text} for text in texts])
    settings = {
        "inputs": [{"path": "corpus", "source": "web"}],
        "output": "run",
        "pii": {"mode": "identifiers", "canaries": {"documents": 0}},
    }
    (folder / "job.yaml").write_text(yaml.safe_dump(settings))
    (folder / "values").write_text(f"# asked in May\nPERSON\t{NAME}\n{MAIL.upper()}\n")
    (folder / "other").write_text("Nobody Atall\n")
    (folder / "short").write_text("Zed\n")
    done = isinglass("clean", "-c", "job.yaml", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def said(text: str) -> bool:
    return any(piece in text.lower() for piece in ("zed", "quill", "nobody"))


def test_counts_first_then_the_run(finished: Path) -> None:
    asked = ["forget", "--value-file", "values", "run", "--format", "json"]
    counted = isinglass(*asked, "--dry-run", cwd=finished)
    assert counted.returncode == 0, counted.stderr
    told = json.loads(counted.stdout)
    assert (told["documents"], told["spans"], told["output"]) == (2, 2, None)
    # Found by its key though written in another case.
    assert told["found_by_key"] == 1
    done = isinglass(*asked, cwd=finished)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert Path(told["output"]) == finished / "run-forgotten-1"
    assert told["erasure"]["documents"] == 2
    assert (told["still_in"], told["named_in"]) == ([], [])
    assert not said(counted.stdout + counted.stderr + done.stdout + done.stderr)
    rows = pq.read_table(finished / "run-forgotten-1" / "data").to_pylist()
    assert [row["text"] for row in rows] == ["Nothing of the kind."]
    proof = isinglass("verify", "run-forgotten-1", cwd=finished)
    assert proof.returncode == 0, proof.stdout
    assert "erasure: 2 documents" in proof.stdout
    resumed = ["clean", "-c", "run-forgotten-1/work/forget/config.yaml"]
    assert isinglass(*resumed, cwd=finished).returncode == 5


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--value-file", "other", "run"], 5, "Found: 0 documents"),
        (["--value-file", "short", "run"], 2, "short, line 1 has 3 letters"),
        (["--value-file", "none", "run"], 2, "cannot be read"),
        (["--value-file", "values", "corpus"], 2, "not a finished run"),
        (["--value-file", "values", "run", "--output", "run"], 2, "outside"),
        (["run"], 2, "--value-file"),
    ],
)
def test_exit_codes(
    finished: Path, arguments: list[str], code: int, words: str
) -> None:
    done = isinglass("forget", *arguments, cwd=finished)
    assert done.returncode == code, done.stderr
    assert words in done.stdout + done.stderr
    assert not said(done.stdout + done.stderr)
