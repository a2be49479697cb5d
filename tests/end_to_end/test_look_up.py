"""`explain` by any id of a record, and a kept record with its findings in context."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from isinglass.cli.explain import as_json, show
from isinglass.pipelines.explain.build import explain
from isinglass.schemas.errors import InputError
from tests.forgeries import finish

if TYPE_CHECKING:
    from pathlib import Path

MAIL = "A bell \x07 rings.\nWrite to zoe.quint@mailbox.io, or come\nby after seven."
ROWS: dict[str, list[dict[str, Any]]] = {
    "a/own.jsonl": [
        {"id": "mail 1", "text": MAIL},
        {"id": "twice", "text": "The ferry leaves at noon and comes back by night."},
        {"id": "same", "text": "The ferry leaves at noon and comes back by night."},
        {"id": "none", "text": None},
        {
            "id": "0123456789abcdef",
            "text": "An id may look like one of ours.",
        },
    ],
    "b/own.jsonl": [
        {"id": "mail 1", "text": "Another file may use an id once more, of course."}
    ],
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("look-up")
    for path, rows in ROWS.items():
        file = folder / "corpus" / path
        file.parent.mkdir(parents=True)
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    sections = {
        "dedup": {},
        "pii": {"mode": "identifiers", "canaries": {"documents": 0}},
        "limits": {"max_quarantine_rate": 1.0},
    }
    finish(folder, "run", sections, "clean")
    return folder / "run"


def ledger(run: Path) -> dict[tuple[str, int], str]:
    rows = [r for f in (run / "ledger").iterdir() for r in pq.read_table(f).to_pylist()]
    return {(row["path"], row["row"]): row["doc_id"] for row in rows}


def printed(run: Path, given: str, *, full: bool = False) -> str:
    out = io.StringIO()
    show(explain(run, given, full=full), Console(file=out, width=200))
    return out.getvalue()


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("a/own.jsonl:1", ("a/own.jsonl", 1)),
        ("b/own.jsonl:0", ("b/own.jsonl", 0)),
        # As a person has the file, from wherever they stand.
        ("some/corpus/b/own.jsonl:0", ("b/own.jsonl", 0)),
        (" twice ", ("a/own.jsonl", 1)),
        # Dropped, and so not in data/.
        ("same", ("a/own.jsonl", 2)),
        ("a/own.jsonl:3", ("a/own.jsonl", 3)),
        ("0123456789abcdef", ("a/own.jsonl", 4)),
    ],
)
def test_a_record_is_found_by_its_place_and_its_own_id(
    run: Path, given: str, place: tuple[str, int]
) -> None:
    found = explain(run, given).facts["record"]
    assert (found["path"], found["row"]) == place
    assert found["doc_id"] == ledger(run)[place]


@pytest.mark.parametrize(
    "given", ["a/own.jsonl:9", "own.jsonl:1", "a/own.jsonl:", "a/own.jsonl:" + "9" * 40]
)
def test_what_is_nowhere_is_refused_without_repeating_it(run: Path, given: str) -> None:
    with pytest.raises(InputError, match="No record of run") as caught:
        explain(run, given)
    assert given not in str(caught.value)


def test_several_matches_are_listed(run: Path) -> None:
    with pytest.raises(InputError, match="2 records match") as caught:
        explain(run, "mail 1")
    places = ledger(run)
    for place in (("a/own.jsonl", 0), ("b/own.jsonl", 0)):
        assert f"{places[place]}  {place[0]}:{place[1]}  " in str(caught.value)


def test_an_id_cannot_be_looked_up_without_the_inputs(
    run: Path, tmp_path: Path
) -> None:
    moved = run.parent / "corpus"
    moved.rename(tmp_path / "away")
    try:
        with pytest.raises(InputError, match="cannot be looked up in the inputs"):
            explain(run, "twice")
        found = explain(run, "a/own.jsonl:0")
        assert found.notes[0].startswith("Findings are not shown in context")
        assert "in_context" not in found.facts["record"]["spans"][0]
    finally:
        (tmp_path / "away").rename(moved)


def test_a_kept_record_shows_its_findings_in_context(run: Path) -> None:
    (span,) = as_json(explain(run, "a/own.jsonl:0"))["record"]["spans"]
    assert span["in_context"] == {
        "before": "A bell \x07 rings.\nWrite to ",
        "value": "zoe.quint@mailbox.io",
        "after": ", or come\nby after seven.",
        "became": "<EMAIL_ADDRESS>",
    }
    text = printed(run, "a/own.jsonl:0")
    line = next(line for line in text.splitlines() if "⟦" in line)
    assert line.strip() == (
        "...A bell ⟨U+0007⟩ rings. Write to ⟦zoe.quint@mailbox.io⟧, or come by after "
        "seven....  ->  <EMAIL_ADDRESS>"
    )


def test_full_shows_the_whole_text_of_a_kept_record(run: Path) -> None:
    whole = MAIL.replace("\x07", "⟨U+0007⟩")
    assert whole not in printed(run, "a/own.jsonl:0")
    assert whole in printed(run, "a/own.jsonl:0", full=True)
    # A dropped one is shown beside what was kept, once.
    outcomes = {
        explain(run, i).facts["record"]["outcome"]: i for i in ("same", "twice")
    }
    assert "whole text as it was" in printed(run, outcomes["kept"], full=True)
    assert "whole text as it was" not in printed(run, outcomes["dropped"], full=True)


def test_explaining_writes_nothing(run: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in sorted(run.rglob("*"))}
    explain(run, "twice", full=True)
    assert {p: p.stat().st_mtime_ns for p in sorted(run.rglob("*"))} == before
