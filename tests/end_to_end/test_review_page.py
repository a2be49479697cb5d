"""Every command and key of `docs/review.md` does what the page says, in its order."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shlex
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from typer.testing import CliRunner

from isinglass.cli.app import app
from isinglass.pipelines.proof.prove import prove
from isinglass.pipelines.review.marks import read_marks_file
from isinglass.schemas.marks import Mark
from tests.corpora import write_jsonl
from tests.end_to_end.test_verbs import start

if TYPE_CHECKING:
    from collections.abc import Callable

    from typer.testing import Result

PAGE = (Path(__file__).parents[2] / "docs/review.md").read_text()
PARAGRAPH = "We use cookies on this page, and our policy says how long we keep them."
ITEM = "the quick brown fox jumps over the lazy dog and runs into the dark wood again"

COMMANDS = [
    *re.findall(r"^\| `(isinglass [^`]*)` \|", PAGE, re.MULTILINE),
    *re.findall(r"^    (isinglass .*)$", PAGE, re.MULTILINE),
]


def rows() -> list[dict[str, str]]:
    """A pair of near-duplicates, boilerplate, an evaluation text, and a name."""
    words = [" ".join(f"word{n}x{i}" for i in range(60)) for n in range(8)]
    texts = [f"{PARAGRAPH}\n\n{one}" for one in words]
    texts += [f"{PARAGRAPH}\n\n{PARAGRAPH}", f"{words[7]} more", f"He wrote: {ITEM}."]
    texts.append("Barbara Liskov met Alan Turing in Cambridge before she left.")
    texts.append("Black voters and gay men came to the town hall in a black car.")
    return [{"text": text} for text in texts]


def sections() -> dict[str, Any]:
    return {
        "dedup": {
            "paragraphs": {"max_documents": 4, "min_characters": 40, "remove": True}
        },
        "decontaminate": ["sets.jsonl"],
        "pii": {"canaries": {"documents": 2}},
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("page")
    (made / "corpus").mkdir()
    write_jsonl(made / "corpus" / "a.jsonl", rows())
    write_jsonl(made / "sets.jsonl", [{"text": ITEM}])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        start(made, "clean", **sections(), output="RUN")
    return made


@pytest.fixture
def call(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Result]:
    """Types a command of the page in the folder of the run, which stays as it is."""
    monkeypatch.chdir(folder)

    def typed(command: str) -> Result:
        command, _, target = command.partition(" > ")
        files = {p: p.read_bytes() for p in Path("RUN").rglob("*") if p.is_file()}
        done = CliRunner().invoke(app, shlex.split(command)[1:])
        assert done.exit_code == 0, f"{command}\n{done.output}"
        after = {p: p.read_bytes() for p in Path("RUN").rglob("*") if p.is_file()}
        assert after == files
        if target:
            Path(target).write_text(done.stdout)
        return done

    return typed


def test_the_page_shows_every_way(call: Callable[[str], Result]) -> None:
    shown = [command for command in COMMANDS if "--" in command and "RUN" in command]
    assert len(shown) >= 10
    for command in [
        one for one in shown if "marks-in" not in one and "export" not in one
    ]:
        done = call(command)
        assert "Nothing is written into RUN." in done.stderr or "jsonl" in command


def test_each_case_has_what_the_page_promises(call: Callable[[str], Result]) -> None:
    done = call("isinglass review RUN --filtered --format jsonl --sample 9")
    cases = [json.loads(line) for line in done.stdout.splitlines()]
    by_reason = {case["label"]: case for case in cases}
    named = re.findall(r"^\| `(\w+)` \| a ", PAGE, re.MULTILINE)
    assert sorted(by_reason) == sorted(named)
    assert by_reason["boilerplate_paragraph"]["text"].strip() == PARAGRAPH
    assert by_reason["boilerplate_paragraph"]["evidence"]["documents"] == 9
    assert by_reason["only_boilerplate"]["evidence"]["threshold"] == 4
    told = by_reason["contaminated"]["evidence"]
    assert (told["evaluation_item"], told["share"]) == ("sets.jsonl:0", 1.0)
    # Nine places hold one paragraph: near the threshold, one stands for all.
    assert len(cases) == len(by_reason)
    line = json.loads(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1])  # type: ignore[index]
    assert list(line) == list(Mark.model_fields)


def test_marks_go_out_and_in_and_to_the_gates(
    folder: Path, call: Callable[[str], Result]
) -> None:
    out, taken, export, evaluate = COMMANDS[-4:]
    call(out)
    lines = Path("cases.jsonl").read_text()
    ways = ("--filtered --drawn", "--duplicates --drawn", "--mentions", "--kept")
    for way in ways:
        lines += call(f"isinglass review RUN {way} --format jsonl").stdout
    said = [json.loads(line) | {"mark": "right"} for line in lines.splitlines()]
    write_jsonl(Path("marked.jsonl"), said)
    call(taken)
    call(export)
    exported = [json.loads(x) for x in Path("labelled.jsonl").read_text().splitlines()]
    assert all(record["lang"] == "en" for record in exported if record["spans"])
    assert "PERSON" in call(evaluate).stdout

    block = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert block
    given = yaml.safe_load(block[1])
    start(folder, "clean", **sections(), **given, output="RUN", replace=True)
    told = json.loads(Path("RUN/manifest.json").read_text())
    ours = [gate for gate in told["gates"] if gate["metric"].startswith("review.")]
    assert [gate["passed"] for gate in ours] == [True] * len(given["gates"])
    assert [check for check in prove(Path("RUN")) if check.status == "failed"] == []


def test_a_terminal_takes_keys(folder: Path) -> None:
    ours, theirs = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "isinglass",
        "review",
        "RUN",
        "--marks",
        "keys.jsonl",
    ]
    asked = subprocess.Popen(
        [*command, "--kept", "--sample", "3"],
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "90"},
    )
    seen, keys, end = b"", [b"r", b"u", b"q"], time.monotonic() + 120
    while asked.poll() is None and time.monotonic() < end:
        if select.select([ours], [], [], 0.05)[0]:
            seen += os.read(ours, 65_536)
        # Keys count from when the terminal waits for one: what came before is lost.
        elif keys and not termios.tcgetattr(ours)[3] & termios.ICANON:
            os.write(ours, keys.pop(0))
            time.sleep(0.2)
    asked.kill()
    os.close(theirs)
    os.close(ours)
    assert asked.wait() == 0
    assert b"Nothing is written into RUN." in seen
    marks = read_marks_file(folder / "keys.jsonl").marks
    assert sorted(mark.mark for mark in marks.values()) == ["right", "unsure"]
