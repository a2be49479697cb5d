"""What `explain` prints: for terminals, for pipes, for programs."""

from __future__ import annotations

import dataclasses
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

from isinglass.cli.explain import as_json, show
from isinglass.cli.side_by_side import MOST_ROWS, Look, side_by_side, tidy
from isinglass.pipelines.explain.model import (
    Evidence,
    Explanation,
    Finding,
    FindingCount,
    Record,
    Removed,
    Texts,
)
from isinglass.schemas.config.dedup import NormaliseConfig
from isinglass.transforms.dedup.shared import compare
from tests.corpora import document, write_jsonl
from tests.forgeries import finish

if TYPE_CHECKING:
    from pathlib import Path

ONE, OTHER = "a" * 32, "b" * 32
RUN = {
    "run_id": "c0ffee",
    "name": "small",
    "verb": "clean",
    "verdict": "passed",
    "created": "",
}
TALE = (
    "The miller by the old bridge carried his flour over the river every morning "
    "and sold it at the market where the baker weighed it"
)
HOSTILE = "\x1b[31mred\x1b]0;title\x07 \u202egnol\u2066 \x00\x08 ⟦fake⟧ [bold]x[/bold]"

YES, NO = True, False
MAIL = Finding(
    1003, 1020, "EMAIL_ADDRESS", "replace", "presidio", "e-mail", YES, 1.0, 1.0, None
)
NUMBER = Finding(5, 15, "UK_NHS", "replace", "presidio", "spaced", NO, 0.4, 0.75, "nhs")


def test_many_findings_are_shown_on_request() -> None:
    spans = tuple(dataclasses.replace(MAIL, start=n) for n in range(25))
    counted = (FindingCount("EMAIL_ADDRESS", "replace", 25),)
    kept = record(outcome="kept", reason=None, findings=counted, spans=spans)
    told = explanation("", "", record=kept, evidence=None, texts=None)
    short, whole = printed(told), printed(told, full=True)
    assert short.count("EMAIL_ADDRESS at") == 20
    assert "and 5 more; --full shows all" in short
    assert whole.count("EMAIL_ADDRESS at") == 25
    assert len(as_json(told)["record"]["spans"]) == 25


def record(**changes: Any) -> Record:
    values: dict[str, Any] = {
        "doc_id": ONE,
        "source": "web",
        "path": "a.jsonl",
        "row": 1234,
        "shard": "web-1",
        "outcome": "dropped",
        "reason": "near_duplicate",
        "sentence": "A sentence.",
        "detail": None,
        "rule": "jaccard>=0.75",
        "compared_by": "words",
        "chars_in": 1500,
        "chars_out": 0,
        "findings": None,
        "spans": (),
        "balance_weight": None,
    }
    return Record(**(values | changes))


def explanation(left: str, right: str, **changes: Any) -> Explanation:
    comparison = compare(left, right, 5, NormaliseConfig())
    values: dict[str, Any] = {
        "run": RUN,
        "record": record(),
        "evidence": Evidence(OTHER, None, None, comparison.jaccard, None),
        "removed": (),
        "removed_total": 0,
        "texts": Texts(left, right, False, comparison, True),  # noqa: FBT003
        "notes": (),
    }
    return Explanation(**(values | changes))


def printed(told: Explanation, *, full: bool = False, **settings: Any) -> str:
    file = io.StringIO()
    values: dict[str, Any] = {"width": 100, "highlight": False, "markup": False}
    show(told, Console(file=file, **(values | settings)), full=full)
    return file.getvalue()


def columns(text: str) -> list[tuple[str, str]]:
    """The two cells of each line of the table."""
    rows = [line.split("│") for line in text.splitlines() if "│" in line]
    return [(left.strip(), right.strip()) for left, right in rows]


def test_a_pipe_gets_brackets_around_what_is_not_shared() -> None:
    text = printed(explanation(f"{TALE} twice today", f"{TALE} once only"))
    cells = columns(text)
    assert cells[0] == (
        "dropped aaaaaaaa (source text)",
        "kept bbbbbbbb (source text)",
    )
    left = " ".join(cell for cell, _ in cells[1:])
    right = " ".join(cell for _, cell in cells[1:])
    assert left.split() == f"{TALE} ⟦twice today⟧".split()
    assert right.split() == f"{TALE} ⟦once only⟧".split()
    assert "⟦⟧ encloses what the other text does not share" in text
    assert "\x1b" not in text


def test_brackets_go_on_over_words_that_stand_opposite_equal_ones() -> None:
    cells = columns(printed(explanation(f"{TALE} end", f"{TALE} the end")))
    assert cells[-1][0].endswith("⟦end⟧")
    assert cells[-1][1].endswith("⟦the end⟧")


def test_a_terminal_gets_colours_and_no_brackets() -> None:
    told = explanation(f"{TALE} twice today", f"{TALE} once only")
    text = printed(told, force_terminal=True, color_system="standard", no_color=False)
    assert "\x1b[1;31mtwice today\x1b[0m" in text
    assert "\x1b[1;32monce only\x1b[0m" in text
    assert "⟦" not in text
    assert "coloured: what the other text does not share" in text


def test_a_terminal_without_colour_gets_brackets() -> None:
    told = explanation(f"{TALE} twice today", f"{TALE} once only")
    text = printed(told, force_terminal=True, color_system="standard", no_color=True)
    assert "⟦twice today⟧" in text
    assert "\x1b[31m" not in text


def test_the_record_is_told_line_by_line() -> None:
    lines = printed(explanation(f"{TALE} twice", f"{TALE} once")).splitlines()
    assert lines[0] == f"Document {ONE} of run c0ffee (small, clean, passed)"
    assert "outcome       dropped: near duplicate" in lines
    assert "              A sentence." in lines
    assert "from          web, a.jsonl, row 1,234" in lines
    assert "characters    1,500 in" in lines
    assert f"kept instead  {OTHER} in this run" in lines
    assert "similarity    0.913043 in the ledger" in lines
    assert any("of 23 shingles of 5 words, 21 are in both" in line for line in lines)


@pytest.mark.parametrize(
    ("reason", "item", "expected"),
    [
        ("contained", None, "containment   0.500000 in the ledger"),
        ("contaminated", "exam:7", "longest match 0.500000 in the ledger"),
    ],
)
def test_the_number_has_the_name_of_what_it_is(
    reason: str, item: str | None, expected: str
) -> None:
    evidence = Evidence(None, None, None, 0.5, item)
    told = explanation(
        "", "", record=record(reason=reason), evidence=evidence, texts=None
    )
    lines = printed(told).splitlines()
    assert expected in lines
    assert ("found in it   exam:7" in lines) == (item is not None)


def test_a_kept_document_tells_findings_weight_and_copies() -> None:
    kept = record(
        outcome="kept",
        reason=None,
        sentence="",
        rule=None,
        chars_out=1490,
        findings=(FindingCount("EMAIL_ADDRESS", "replace", 2),),
        spans=(MAIL, NUMBER),
        balance_weight=1.25,
    )
    removed = tuple(Removed(f"{n:032x}", "contained", 0.5) for n in range(20))
    told = explanation("", "", record=kept, evidence=None, texts=None, removed=removed)
    lines = printed(Explanation(**(vars(told) | {"removed_total": 1_021}))).splitlines()
    assert "characters    1,500 in, 1,490 out" in lines
    assert "findings      2 x EMAIL_ADDRESS, replace" in lines
    assert (
        "evidence      EMAIL_ADDRESS at 1,003-1,020: presidio, e-mail, checksum holds, "
        "score 1.00, no context word"
    ) in lines
    assert (
        "              UK_NHS at 5-15: presidio, spaced, checksum fails, score 0.40 "
        'and 0.75 after the word "nhs"'
    ) in lines
    assert "weight        1.25" in lines
    assert "kept for      1,021 dropped documents" in lines
    assert f"              {'0' * 32} contained 0.500000" in lines
    assert lines[-1] == "              and 1,001 more"


def test_a_differing_similarity_is_shouted() -> None:
    told = explanation(f"{TALE} twice", f"{TALE} once")
    assert "DIFFER" not in printed(told)
    wrong = Texts(*(vars(told.texts) | {"agrees": False}).values())
    assert "THE TWO DIFFER" in printed(explanation("a", "b", texts=wrong))


def test_a_missing_text_is_noted_and_the_other_shown() -> None:
    texts = Texts(None, f"{TALE} once", True, None, None)  # noqa: FBT003
    told = explanation("", "", texts=texts, notes=("a.jsonl changed since the run",))
    text = printed(told)
    assert "Note: a.jsonl changed since the run" in text
    assert "kept bbbbbbbb (clean text)" in text
    assert TALE[:40] in text
    assert "dropped aaaaaaaa" not in text


def long_pair() -> tuple[str, str]:
    words = [f"word{n}" for n in range(3_000)]
    left, right = list(words), list(words)
    left[1_000], right[1_000] = "this", "that"
    right[2_000:2_000] = [f"more{n}" for n in range(900)]
    return " ".join(left), " ".join(right)


def test_what_is_shared_at_length_is_folded() -> None:
    told = explanation(*long_pair())
    text = printed(told)
    assert "… 968 shared words …" in text
    assert "⟦this⟧" in text
    assert "⟦that⟧" in text
    right = " ".join(cell for _, cell in columns(text))
    assert "more79⟧ … 740 more words, 0 of them shared … ⟦more820" in right
    assert len(text.splitlines()) < 100
    whole = printed(told, full=True)
    assert "shared words …" not in whole
    assert all(f"word{n}" in whole for n in (0, 500, 1_500, 2_999))
    assert "more450" in whole


def test_equal_words_stand_opposite_each_other_again_after_a_change() -> None:
    cells = columns(printed(explanation(*long_pair())))
    for word in ("word984 ", "word1984", "word2000", "word2984"):
        index = next(i for i, (left, _) in enumerate(cells) if word in left)
        assert cells[index][0] == cells[index][1]


def test_very_many_differences_are_cut_and_counted() -> None:
    words = [f"word{n}" for n in range(20_000)]
    left = [w if n % 100 else "left" for n, w in enumerate(words)]
    told = explanation(" ".join(left), " ".join(words))
    assert told.texts is not None
    assert told.texts.comparison is not None
    look = Look(marks=True, full=False)
    table, left_out = side_by_side(told.texts.comparison, ("a", "b"), look)
    assert table.row_count == MOST_ROWS
    assert left_out > MOST_ROWS
    assert f"… {left_out:,} more rows; --full shows everything." in printed(told)


@pytest.mark.parametrize("settings", [{}, {"force_terminal": True, "no_color": True}])
def test_hostile_text_cannot_steer_the_terminal(settings: dict[str, Any]) -> None:
    told = explanation(f"{TALE} {HOSTILE} twice", f"{HOSTILE} {TALE} once")
    named = record(path=f"{HOSTILE}.jsonl", detail=HOSTILE)
    for each in (told, Explanation(**(vars(told) | {"record": named}))):
        text = printed(each, **settings)
        bare = text
        for style in ("\x1b[1m", "\x1b[2m", "\x1b[0m"):
            bare = bare.replace(style, "")
        kinds = {unicodedata.category(character) for character in bare} - {"Zs"}
        assert not kinds & {"Cf", "Co", "Cs"}
        assert {c for c in bare if unicodedata.category(c) == "Cc"} <= {"\n"}
        assert "⟨U+202E⟩" in text
        assert "[bold]x[/bold]" in "".join(text.split("\n"))


def test_a_text_cannot_set_marks_itself() -> None:
    look = Look(marks=True, full=False)
    assert tidy("a ⟦b⟧\n\nc\td", look) == "a ⟨U+27E6⟩b⟨U+27E7⟩ ¶ c d"
    assert tidy("⟦b⟧", Look(marks=False, full=False)) == "⟦b⟧"


def test_json_holds_both_texts_in_pieces() -> None:
    left, right = f"{TALE} {HOSTILE}", f"{TALE} once"
    told = json.loads(json.dumps(as_json(explanation(left, right))))
    assert list(told) == [
        "run",
        "record",
        "evidence",
        "removed_for_it",
        "comparison",
        "texts",
        "notes",
    ]
    for name, text in (("removed", left), ("kept", right)):
        cut = told["texts"][name]["pieces"]
        assert "".join(piece["text"] for piece in cut) == text
        assert {piece["shared"] for piece in cut} == {True, False}
    assert told["comparison"]["agrees_with_ledger"] is True
    assert told["comparison"]["ngram"] == 5


def test_json_of_a_missing_text() -> None:
    texts = Texts(None, "clean", True, None, None)  # noqa: FBT003
    told = as_json(explanation("", "", texts=texts))
    assert told["comparison"] is None
    assert told["texts"] == {
        "removed": None,
        "kept": {"origin": "clean", "pieces": [{"text": "clean", "shared": None}]},
    }


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
    assert told["record"]["doc_id"] == doc_id
    assert told["comparison"]["agrees_with_ledger"] is True


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "f" * 32), "No record of run"),
        (("run", "abc"), "at least its first 8 digits"),
        (("corpus", "f" * 32), "not a finished run"),
        (("run",), "Missing argument"),
    ],
)
def test_mistakes_are_answered_without_a_trace(
    finished: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = isinglass("explain", *arguments, cwd=finished.parent)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
