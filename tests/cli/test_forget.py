"""`isinglass forget` on the command line: output, exit codes, and what is not said."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
import yaml
from rich.console import Console

from isinglass.cli.app import run
from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.run import Request, execute
from isinglass.schemas.config import RunConfig
from tests.corpora import write_jsonl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Call = Callable[..., tuple[int, str, str]]

NAME, MAIL = "Zedbrook Quillfeather", "zed.quill@mailbox.io"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run and value files."""
    folder = tmp_path_factory.mktemp("cli-forget")
    (folder / "corpus").mkdir()
    texts = [f"So said {NAME}.", f"Write to {MAIL}.", "Nothing of the kind."]
    write_jsonl(folder / "corpus" / "a.jsonl", [{"text": text} for text in texts])
    settings = {
        "inputs": [{"path": "corpus", "source": "web"}],
        "output": "run",
        "pii": {"mode": "identifiers", "canaries": {"documents": 0}},
    }
    config = RunConfig.model_validate(settings)
    request = Request(config, "clean", folder, Execution(config.beam))
    execute(request, Console(stderr=True))
    (folder / "values").write_text(f"# asked in May\nPERSON\t{NAME}\n{MAIL.upper()}\n")
    (folder / "other").write_text("Nobody Atall\n")
    (folder / "wrong").write_text(f"{MAIL}\nEMAIL\t{MAIL}\n")
    (folder / "noent").write_text(f"NOENT\t{MAIL}\n")
    (folder / "short").write_text("Zed\n")
    return folder


@pytest.fixture
def call(
    finished: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Call]:
    """Call the command line in this process: exit code, stdout and stderr."""
    monkeypatch.chdir(finished)
    root = logging.getLogger()
    before = root.handlers[:], root.level

    def called(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["isinglass", *arguments])
        return run(), *capsys.readouterr()

    yield called
    root.handlers[:], root.level = before


def said(text: str) -> bool:
    return any(piece in text.lower() for piece in ("zed", "quill", "nobody"))


def test_counts_first_then_the_run(finished: Path, call: Call) -> None:
    asked = ["forget", "--value-file", "values", "run", "--format", "json"]
    code, counted, errors = call(*asked, "--dry-run")
    assert code == 0, errors
    told = json.loads(counted)
    assert (told["documents"], told["spans"], told["output"]) == (2, 2, None)
    # Found by its key though written in another case.
    assert told["found_by_key"] == 1
    code, done, more = call(*asked)
    assert code == 0, more
    told = json.loads(done)
    assert Path(told["output"]) == finished / "run-forgotten-1"
    assert told["erasure"]["documents"] == 2
    assert (told["still_in"], told["named_in"]) == ([], [])
    assert not said(counted + errors + done + more)
    rows = pq.read_table(finished / "run-forgotten-1" / "data").to_pylist()
    assert [row["text"] for row in rows] == ["Nothing of the kind."]
    config = yaml.safe_load(
        (finished / "run-forgotten-1" / "work" / "forget" / "config.yaml").read_text()
    )
    assert config["output"] == "run-forgotten-1"
    code, proof, _ = call("verify", "run-forgotten-1")
    assert code == 0, proof
    assert "erasure: 2 documents" in proof


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--value-file", "other", "run"], 0, "Found: 0 documents"),
        (["--value-file", "values", "run", "--dry-run"], 0, "2 documents, 2 places"),
        (["--value-file", "short", "run"], 2, "short, line 1 has 3 letters"),
        (["--value-file", "wrong", "run"], 2, "wrong, line 2: what stands before"),
        (["--value-file", "wrong", "run"], 2, "knows is EMAIL_ADDRESS."),
        (["--value-file", "noent", "run", "--dry-run"], 2, "noent, line 1: what"),
        (["--value-file", "none", "run"], 2, "cannot be read"),
        (["--value-file", "values", "corpus"], 2, "not a finished run"),
        (["--value-file", "values", "run", "--output", "run"], 2, "outside"),
        (["run"], 2, "--value-file"),
    ],
)
def test_exit_codes(call: Call, arguments: list[str], code: int, words: str) -> None:
    found, output, errors = call("forget", *arguments)
    assert found == code, errors
    assert words in output + errors
    assert not said(output + errors)
