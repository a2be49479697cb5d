"""What `explain` prints: for terminals, for pipes, for programs."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import unicodedata
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from rich.console import Console
from rich.text import Text

from isinglass.cli.explain import as_json, show
from isinglass.pipelines.explain.build import explain
from isinglass.pipelines.stage import Stage, Story
from tests.corpora import document, write_jsonl
from tests.forgeries import finish

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from isinglass.pipelines.explain.folder import RunFolder

ONE = "a" * 32
RUN = {
    "run_id": "c0ffee",
    "name": "small",
    "verb": "clean",
    "verdict": "passed",
    "created": "",
}
HOSTILE = "\x1b[31mred\x1b]0;title\x07 \u202egnol\u2066 \x00\x08 ⟦fake⟧ [bold]x[/bold]"


def explanation(**values: Any) -> Story:
    told: dict[str, Any] = {
        "facts": {"run": RUN, "record": {"doc_id": ONE}, "evidence": None},
        "lines": (("outcome", "dropped: near duplicate"), ("", "A sentence.")),
        "notes": (),
        "texts": (),
    }
    return Story(**(told | values))


def printed(told: Story, **settings: Any) -> str:
    file = io.StringIO()
    values: dict[str, Any] = {"width": 100, "highlight": False, "markup": False}
    show(told, Console(file=file, **(values | settings)))
    return file.getvalue()


def test_lines_notes_and_texts_stand_below_each_other() -> None:
    notes = ("a.jsonl changed since the run",)
    told = explanation(notes=notes, texts=(Text("one"), Text("other")))
    assert printed(told).splitlines() == [
        f"Document {ONE} of run c0ffee (small, clean, passed)",
        "",
        "outcome       dropped: near duplicate",
        "              A sentence.",
        "Note: a.jsonl changed since the run",
        "",
        "one",
        "other",
    ]


@pytest.mark.parametrize("settings", [{}, {"force_terminal": True, "no_color": True}])
def test_hostile_names_cannot_steer_the_terminal(settings: dict[str, Any]) -> None:
    told = explanation(lines=(("from", f"{HOSTILE}.jsonl"),), notes=(HOSTILE,))
    text = bare = printed(told, **settings)
    for style in ("\x1b[1m", "\x1b[2m", "\x1b[0m"):
        bare = bare.replace(style, "")
    kinds = {unicodedata.category(character) for character in bare} - {"Zs"}
    assert not kinds & {"Cf", "Co", "Cs"}
    assert {c for c in bare if unicodedata.category(c) == "Cc"} <= {"\n"}
    assert text.count("⟨U+202E⟩") == text.count("[bold]x[/bold]") == 2


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli-explain")
    (folder / "corpus").mkdir()
    chance = random.Random(3)  # noqa: S311 - test data
    text = document(chance, 12)
    texts = [text, f"{text} {HOSTILE[:-18]}", document(chance)]
    rows = [{"text": text.replace("\x00", "")} for text in texts]
    write_jsonl(folder / "corpus" / "a.jsonl", rows)
    return finish(folder, "run", {"dedup": {}}, "clean")


def isinglass(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "isinglass", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
    )


def test_the_verb_explains_a_duplicate(finished: Path) -> None:
    ledger = pq.read_table(finished / "ledger").to_pylist()
    doc_id = next(row["doc_id"] for row in ledger if row["reason"] == "near_duplicate")
    done = isinglass("explain", "run", doc_id[:12], cwd=finished.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Document {doc_id} of run" in done.stdout
    assert "⟨U+001B⟩" in done.stdout
    assert "\x1b" not in done.stdout
    done = isinglass("explain", "run", doc_id, "--format", "json", cwd=finished.parent)
    told = json.loads(done.stdout)
    assert list(told) == [
        "run",
        "record",
        "evidence",
        "removed_for_it",
        "comparison",
        "texts",
        "notes",
    ]
    assert list(told["record"])[-4:] == [
        "chars_out",
        "findings",
        "spans",
        "balance_weight",
    ]
    assert told["record"]["doc_id"] == doc_id
    assert told["comparison"]["agrees_with_ledger"] is True


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "f" * 32), "No record of run"),
        (("run", "abc"), "first 8 digits"),
        (("corpus", "f" * 32), "not a finished run"),
        (("run",), "needs DOC_ID"),
    ],
)
def test_mistakes_are_answered_without_a_trace(
    finished: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = isinglass("explain", *arguments, cwd=finished.parent)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


class Words(Stage):
    """A stage of somebody else's."""

    name = "words"

    @classmethod
    def story(cls, run: RunFolder, row: Mapping[str, Any], *, full: bool) -> Story:
        return Story(
            facts={"record": {"words": row["row"]}, "words": run.facts["verb"]},
            lines=(("words", f"all {full}"),),
            notes=("Words are words.",),
        )


def test_a_further_stage_tells_what_it_knows(finished: Path) -> None:
    row = pq.read_table(finished / "ledger").to_pylist()[0]
    told = explain(finished, row["doc_id"], full=True, stages=(Words,))
    facts = as_json(told)
    assert facts["record"]["words"] == row["row"]
    assert facts["words"] == "clean"
    assert facts["notes"][-1] == "Words are words."
    assert ("words", "all True") in told.lines
    without = as_json(explain(finished, row["doc_id"]))
    assert "words" not in without
    assert list(without["record"]) == list(facts["record"])[:-1]
