"""Marks on mentions go out of a run and in again: as precision, and as sure terms."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from isinglass.cli.app import app
from isinglass.pipelines.engine.mapped_tables import read_mapped
from isinglass.pipelines.engine.workspace import list_files, read_table
from isinglass.pipelines.proof.prove import prove
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.statistic import read_statistics
from isinglass.transforms.demographics.counts import read_mentions
from isinglass.transforms.demographics.lexicon import load_lexicons
from isinglass.transforms.statistics.intervals import wilson
from tests.corpora import write_jsonl
from tests.end_to_end.test_verbs import reused, start

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from isinglass.pipelines.run import Result
    from isinglass.schemas.demographics import TermSummary

BLACK, GAY = "en/race_ethnicity/black/black", "en/sexual_orientation/gay/gay"
PLACE = ("language", "axis", "group", "entity")
GATE = {
    "metric": "review.precision",
    "slice": dict(zip(PLACE, BLACK.split("/"), strict=True)),
    "op": ">=",
    "value": 0.9,
    "severity": "warning",
}
MENTIONS = 30


def rows() -> list[dict[str, str]]:
    """Documents that mention two groups, some of them twice; others that mention none.

    Equal ones are dropped.
    """
    said = [
        f"e\u0301 {row}: Black voters of ward{row}x{row} met gay men on day{row}y."
        for row in range(MENTIONS)
    ]
    cars = [
        f"A black car{row}x stood in lane{row}y by house{row}z." for row in range(9)
    ]
    return [{"text": text, "language": "en"} for text in [*said, *cars, *said[:5]]]


def clean(folder: Path, output: str, verb: Any = "clean", **sections: Any) -> Result:
    off = {"pii": None, "balance": None, "encode": None}
    return start(
        folder, verb, replace=True, output=str(folder / output), **off, **sections
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("mentions")
    (made / "corpus").mkdir()
    write_jsonl(made / "corpus" / "a.jsonl", rows())
    clean(made, "first")
    return made


def shown(run: Path, *options: str) -> list[dict[str, Any]]:
    call = ["review", str(run), "--mentions", "--format", "jsonl", *options]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def terms_of(result: Result) -> dict[str, TermSummary]:
    summary = result.manifest.demographics
    assert summary is not None
    return {one.term: one for one in summary.terms}


def firm(run: Path, column: tuple[str, str]) -> int:
    """Mentions of a group by terms that are sure, in all documents."""
    place = [load_lexicons().groups.index(column)]
    paths = list_files(run / "work" / "survey", "*.arrow")
    tables = [read_mentions(read_mapped(path)) for path in paths]
    return int(sum(one.dense(place, firm=True).sum() for one in tables))


def test_cases_are_of_kept_texts_as_they_were(folder: Path) -> None:
    cases = shown(folder / "first")
    assert [one["label"] for one in cases] == [BLACK] * MENTIONS + [GAY] * MENTIONS
    assert {one["kind"] for one in cases} == {"mention"}
    for one in cases:
        what, rule = (
            ("Black", "qualifies") if one["label"] == BLACK else ("gay", "people")
        )
        assert one["text"] == what
        known = {"language": "en", "axis": one["label"].split("/")[1], "rule": rule}
        assert known.items() <= one["evidence"].items()
        whole = rows()[one["row"]]["text"]
        assert one["before"] + one["text"] + one["after"] == whole
    assert shown(folder / "first", "--term", "gay", "--sample", "7") == cases[30:37]
    rejected = shown(folder / "first", "--rejected")
    assert {(one["kind"], one["label"]) for one in rejected} == {("rejected", BLACK)}
    assert sorted(one["text"] for one in rejected) == ["black"] * 9


def test_options_that_do_not_go_together_are_refused(folder: Path) -> None:
    for options, said in (
        (["--term", "gay"], "--term goes with --mentions"),
        (["--rejected"], "--rejected goes with --mentions"),
        (["--mentions", "--kept"], "Choose one of"),
        (["--mentions", "--drawn"], "--drawn goes with"),
        (["--mentions", "--term", "ay"], f"no mention by ay; it has those of {BLACK}"),
    ):
        done = CliRunner().invoke(app, ["review", str(folder / "first"), *options])
        assert done.exit_code != 0
        assert said in str(done.exception), options


def sampled(done: Result) -> list[tuple[int, int]]:
    """Marks of each sample: right ones that count, and those that do not."""
    review = done.manifest.review
    assert review is not None
    return [(one.right, one.behind) for one in review.judged]


def mark(folder: Path, cases: Iterable[dict[str, Any]], name: str) -> dict[str, str]:
    """A file of marks on cases, three of which are wrong for one term."""
    wrong = [one for one in cases if one["label"] == BLACK][:3]
    said = [one | {"mark": "wrong" if one in wrong else "right"} for one in cases]
    write_jsonl(folder / f"{name}.out", said)
    call = ["review", str(folder / "first"), "--marks", str(folder / name)]
    done = CliRunner().invoke(app, [*call, "--marks-in", str(folder / f"{name}.out")])
    assert done.exit_code == 0, done.output
    assert "voters" not in (folder / name).read_text()
    return {"marks": str(folder / name)}


def test_marks_come_back_as_precision_and_make_terms_sure(folder: Path) -> None:
    run = folder / "run"
    before = clean(folder, "run")
    assert {name: one.sure for name, one in terms_of(before).items()} == {
        "black": False,
        "gay": False,
    }
    assert firm(run, ("sexual_orientation", "gay")) == 0
    every = [*shown(run), *shown(run, "--rejected")]
    marks = mark(folder, every, "marks.jsonl")
    after = clean(folder, "run", demographics=marks, review=marks, gates=[GATE])

    # The precision, its slices, and a gate about it.
    told = read_statistics(read_table(run / "audit" / "statistics.parquet"))
    found = {
        tuple(getattr(one, name) for name in PLACE): one
        for one in told
        if one.metric == "review.precision"
    }
    assert found.keys() == {tuple(BLACK.split("/")), tuple(GAY.split("/"))}
    black = found[tuple(BLACK.split("/"))]
    assert (black.numerator, black.denominator) == (MENTIONS - 3, MENTIONS)
    assert (black.low, black.high) == wilson(MENTIONS - 3, MENTIONS)
    gate = next(one for one in after.manifest.gates if one.metric == black.metric)
    assert (gate.actual, gate.passed) == (0.9, True)
    review = after.manifest.review
    assert review is not None
    assert [(one.kind, one.label, one.population) for one in review.judged] == [
        ("mention", BLACK, MENTIONS),
        ("mention", GAY, MENTIONS),
        ("rejected", BLACK, 9),
    ]
    page = (run / "report.html").read_text()
    assert f"mentions by {BLACK}" in page
    assert "not used for balancing: below 0.8" in page

    # What is sure counts as firm, before equal documents are dropped.
    terms = terms_of(after)
    assert {name: (one.matches, one.accepted) for name, one in terms.items()} == {
        "black": (MENTIONS + 9, MENTIONS),
        "gay": (MENTIONS, MENTIONS),
    }
    assert (terms["black"].sure, terms["gay"].sure) == (False, True)
    summary = after.manifest.demographics
    assert summary is not None
    assert summary.marks_sha256 == review.sha256
    assert firm(run, ("sexual_orientation", "gay")) == MENTIONS + 5
    assert firm(run, ("race_ethnicity", "black")) == 0
    assert [one for one in prove(run) if one.status == "failed"] == []

    # Other marks that make the same terms sure: the survey stands.
    gay = [one for one in every if one["label"] == GAY]
    (folder / "marks.jsonl").unlink()
    # Two places are passed over, and no sample goes beyond them.
    mark(folder, [*gay[:25], *gay[27:]], "marks.jsonl")
    again = clean(folder, "run", demographics=marks, review=marks, gates=[GATE])
    assert not again.nothing_to_do
    assert reused(again)["survey"] == (1, 1)
    assert (terms_of(again)["gay"].right, terms_of(again)["black"].right) == (25, 0)
    assert terms_of(again)["gay"].not_counted == {"behind": MENTIONS - 27}
    assert sampled(again) == [(25, 3)]
    for said in ("3 marks of demographics", "so the 3 marks behind the first"):
        assert any(said in warning for warning in again.manifest.warnings)
    assert "; 3 marks not counted" in (run / "report.html").read_text()
    assert [one for one in prove(run) if one.status == "failed"] == []

    # Without the survey nobody can draw again, which is no fault.
    shutil.rmtree(run / "work" / "survey")
    (check,) = (one for one in prove(run) if one.name == "review")
    assert check.status == "skipped"
    assert "Run again to see mentions" in check.detail
    done = CliRunner().invoke(app, ["review", str(run), "--mentions"])
    assert "Run again to see mentions" in str(done.exception)


def test_an_audit_tells_of_terms_as_well(folder: Path) -> None:
    terms = terms_of(clean(folder, "audit", "audit"))
    assert (terms["gay"].matches, terms["gay"].sure) == (MENTIONS, False)
    assert len(shown(folder / "audit", "--term", BLACK)) == MENTIONS


def test_a_line_that_is_no_mark_is_refused_before_the_first_pass(folder: Path) -> None:
    (folder / "broken.jsonl").write_text("\n{}\nnone\n")
    with pytest.raises(ConfigError, match=r"demographics\.marks: .*, line 3 is not JS"):
        clean(folder, "new", demographics={"marks": str(folder / "broken.jsonl")})
    assert not (folder / "new").exists()


def test_mentions_that_were_not_counted_are_not_shown(folder: Path) -> None:
    clean(folder, "none", survey={"count_mentions": False})
    assert shown(folder / "none") == []
