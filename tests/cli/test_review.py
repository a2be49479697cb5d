"""`isinglass review`: what a terminal shows, which keys do what, and where marks go."""

from __future__ import annotations

import io
import json
import re
import stat
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from isinglass.cli.app import app
from isinglass.cli.judge import judge, occurrences, show_all
from isinglass.pipelines.explain.folder import RunFolder
from isinglass.pipelines.proof.prove import prove
from isinglass.pipelines.read_again import Place
from isinglass.pipelines.review.cases import Case
from isinglass.pipelines.review.marks import read_marks_file
from isinglass.pipelines.stages.pii.evaluate import read_labelled
from isinglass.schemas.marks import Key, MissedSpan
from tests.corpora import write_jsonl
from tests.forgeries import finish, sha256

if TYPE_CHECKING:
    from collections.abc import Iterable

    from isinglass.pipelines.review.marks import Marks
    from isinglass.schemas.marks import Kind

NO_RUN = RunFolder(Path(), {"config": {"dedup": {}}})
HOSTILE = "\x1b[31mred\x1b]0;title\x07 \u202egnol\u2066 \x00\x08 ⟦fake⟧ [bold]x[/bold]"
EMAIL = "EMAIL_ADDRESS"


def case(kind: Kind, label: str, text: str, row: int = 0, **values: Any) -> Case:
    place = Place(f"{row:032x}", "web", f"{HOSTILE}.jsonl", row, "ab" * 32)
    key = Key(kind, label, place.doc_id, 0, len(text))
    return Case(key, place, {0: 1}, {"rule": HOSTILE}, text=text, **values)


def printed(found: list[Case], **settings: Any) -> str:
    file = io.StringIO()
    values: dict[str, Any] = {"width": 100, "highlight": False, "markup": False}
    show_all(NO_RUN, found, Console(file=file, **(values | settings)), {})
    return file.getvalue()


@pytest.mark.parametrize("settings", [{}, {"force_terminal": True, "no_color": True}])
@pytest.mark.parametrize(
    "shown",
    [
        case("finding", HOSTILE, HOSTILE, before=HOSTILE, after=HOSTILE, note=HOSTILE),
        case("kept", "", HOSTILE, found=(MissedSpan(start=2, end=9, label=HOSTILE),)),
        case("removal", "near_duplicate", HOSTILE, beside=f"{HOSTILE} more"),
        case("removal", HOSTILE, HOSTILE, beside=HOSTILE),
        case("filter", HOSTILE, HOSTILE, before=HOSTILE, after=HOSTILE),
        case("mention", HOSTILE, HOSTILE, before=HOSTILE, after=HOSTILE),
        case("rejected", HOSTILE, HOSTILE, before=HOSTILE, after=HOSTILE),
    ],
)
def test_hostile_text_is_inert(shown: Case, settings: dict[str, Any]) -> None:
    bare = printed([shown], **settings)
    for style in ("\x1b[1m", "\x1b[2m", "\x1b[0m"):
        bare = bare.replace(style, "")
    kinds = {unicodedata.category(character) for character in bare} - {"Zs"}
    assert not kinds & {"Cf", "Co", "Cs"}
    assert {c for c in bare if unicodedata.category(c) == "Cc"} <= {"\n"}
    assert "⟦fake⟧" not in bare
    assert "[bold]x[/bold]" in bare


def test_what_is_huge_is_cut_and_says_so() -> None:
    long = "x" * 1_000_000
    for shown in (case("finding", long, long), case("filter", "too_long", long)):
        bare = printed([shown])
        assert len(bare) < 10_000
        assert re.search(r"1.000.000 characters|996,000 more characters", bare)


def press(
    found: list[Case], keys: str, path: Path, held: Marks, answers: Iterable[str] = ()
) -> str:
    file, given, said = io.StringIO(), iter(keys), iter(answers)
    console = Console(file=file, width=100, highlight=False, markup=False)
    judge(
        NO_RUN,
        found,
        console,
        path,
        held,
        key=lambda: next(given),
        ask=lambda _: next(said),
    )
    return file.getvalue()


def test_keys_mark_go_back_and_quit(tmp_path: Path) -> None:
    found = [case("finding", "PERSON", "Ada", row) for row in range(4)]
    path = tmp_path / "m.jsonl"
    held: Marks = {}
    # Wrong, right, back to it, unsure; m is nothing for a finding, and ? helps.
    shown = press(found, "wrbum?rq", path, held)
    assert [held[one.key].mark for one in found[:3]] == ["wrong", "unsure", "right"]
    assert found[3].key not in held
    assert shown.count("r right  w wrong") == 6 + 2
    assert read_marks_file(path).marks == held
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "Ada" not in path.read_text()
    # Another time one goes on where one was; the end of the list ends it.
    press(found, "R", path, held)
    assert held[found[3].key].mark == "right"


def test_misses_are_found_by_what_was_typed(tmp_path: Path) -> None:
    text = "Ada met Bob\nRay, Bob Ray and Ada."
    seen = MissedSpan(start=0, end=3, label="PERSON")
    passage = case("kept", "", text, found=(seen,))
    path = tmp_path / "m.jsonl"
    held: Marks = {}
    press([passage], "mmr", path, held, ["nobody", "PERSON", "", "Bob Ray", "X", ""])
    (mark,) = held.values()
    assert [(s.start, s.end, s.label) for s in mark.missed] == [
        (8, 15, "X"),
        (17, 24, "X"),
    ]
    assert occurrences(passage, "Ada", "PERSON") == [
        MissedSpan(start=29, end=32, label="PERSON")
    ]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("review")
    (folder / "corpus").mkdir()
    rows = [
        {"text": f"Line {row} by user{row}@example0.org, and no more {HOSTILE[:-18]}"}
        for row in range(8)
    ]
    for row in rows:
        row["text"] = row["text"].replace("\x00", "")
    write_jsonl(folder / "corpus" / "a.jsonl", rows)
    return finish(folder, "run", {"pii": {"mode": "identifiers"}}, "clean")


def test_marks_go_out_and_in_and_into_the_run(finished: Path) -> None:
    folder = finished.parent
    marks, runner = folder / "m.jsonl", CliRunner()
    files = [p for p in sorted(finished.rglob("*")) if p.is_file()]
    before = {path: sha256(path) for path in files}
    call = ["review", str(finished), "--marks", str(marks)]

    done = runner.invoke(app, [*call, "--sample", "6", "--format", "jsonl"])
    assert done.exit_code == 0, done.output
    cases = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(cases) == 6
    for one in cases:
        assert one["text"] == f"user{one['row']}@example0.org"
        assert one["before"].endswith("by ")
    for number, one in enumerate(cases):
        one["mark"] = "right" if number else "wrong"
    lines = "".join(json.dumps(one) + "\n" for one in cases)
    done = runner.invoke(app, [*call, "--marks-in", "-"], input=lines)
    assert done.exit_code == 0, done.output
    assert "@example0.org" not in marks.read_text()

    labelled = folder / "labelled.jsonl"
    done = runner.invoke(app, [*call, "--export", str(labelled)])
    assert "HOLDS SOURCE TEXTS" in done.stderr
    assert stat.S_IMODE(labelled.stat().st_mode) == 0o600
    data = read_labelled(labelled, "en")
    values = [data.texts[s.record][s.start : s.end] for s in data.spans]
    assert len(data.texts) == 6
    assert sorted(values) == sorted(one["text"] for one in cases[1:])

    inside = ["review", str(finished), "--marks", str(finished / "m.jsonl")]
    assert runner.invoke(app, inside).exit_code != 0
    assert before == {path: sha256(path) for path in files}
    assert [p for p in sorted(finished.rglob("*")) if p.is_file()] == files

    gate = {
        "metric": "review.precision",
        "slice": {"entity": EMAIL},
        "op": ">=",
        "value": 0.5,
    }
    sections = {"pii": {"mode": "identifiers"}, "review": {"marks": str(marks)}}
    # Another configuration but for the marks would be refused in this folder.
    finish(folder, "run", sections, "clean")
    manifest = json.loads((finished / "manifest.json").read_text())
    assert all(one["reused"] == one["units"] for one in manifest["passes"])
    (judged,) = manifest["review"]["judged"]
    assert (judged["label"], judged["right"], judged["wrong"]) == (EMAIL, 5, 1)
    assert "Looked at by a person" in (finished / "report.html").read_text()
    assert [c for c in prove(finished) if c.status == "failed"] == []

    # In a new run of the same corpus, the marks hold and a gate is about them.
    other = finish(folder, "other", {**sections, "gates": [gate]}, "clean")
    told = json.loads((other / "manifest.json").read_text())
    assert told["review"]["judged"] == [judged]
    assert next(g for g in told["gates"] if g["metric"] == gate["metric"])["passed"]
    # Marks that changed since are not what the run was judged by.
    marks.write_text("")
    (check,) = (c for c in prove(other) if c.name == "review")
    assert check.status == "skipped"
