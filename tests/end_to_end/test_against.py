"""Runs held against earlier ones: what is not kept again, and who may serve."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from isinglass.schemas.errors import InputError
from tests.corpora import write_jsonl
from tests.end_to_end.test_deduplication import (
    LINES,
    LONG,
    Row,
    again,
    ledger,
    proved,
    run,
    texts,
)


def test_what_an_earlier_run_kept_is_not_kept_again(tmp_path: Path) -> None:
    old = texts(LONG, *LINES[:4])
    first = run(tmp_path, {"web": old}, output="run-old")
    (tmp_path / "web" / "a.jsonl").rename(tmp_path / "run-old.jsonl")
    (tmp_path / "web").rmdir()
    edited = LONG + " And three more."
    new = texts(
        LONG.upper(), edited, LINES[7], LINES[7] + " x", LINES[1] + " Two words."
    )
    found = run(tmp_path, {"new": new}, dedup={"against": ["run-old"]})
    rows, before = ledger(tmp_path / "run"), ledger(tmp_path / "run-old")
    assert found.records.kept == 1
    assert found.dedup is not None
    assert found.dedup.removed_for_earlier == 3
    assert found.dedup.against[0].run_id == first.run_id
    assert found.dedup.against[0].documents == 5
    assert rows["new:0"]["reason"] == "exact_duplicate"
    assert rows["new:0"]["kept_doc_id"] == before["web:0"]["doc_id"]
    assert rows["new:0"]["kept_in"] == first.run_id
    # The longer new text goes too: what was kept stays.
    assert rows["new:1"]["reason"] == "near_duplicate"
    assert rows["new:1"]["kept_doc_id"] == before["web:0"]["doc_id"]
    assert rows["new:4"]["kept_doc_id"] == before["web:2"]["doc_id"]
    assert rows["new:2"]["kept_in"] is None
    assert rows["new:2"]["kept_doc_id"] == rows["new:3"]["doc_id"]
    assert proved(tmp_path / "run")


def test_near_duplicates_of_an_earlier_run_are_read_from_its_inputs(
    tmp_path: Path,
) -> None:
    """While the old inputs are as they were, similarity is that of the source texts."""
    (tmp_path / "first").mkdir()
    run(tmp_path / "first", {"web": texts(LONG, *LINES[:3])}, output="run-old")
    (tmp_path / "second").mkdir()
    over = {"dedup": {"against": ["../first/run-old"]}}
    run(tmp_path / "second", {"web": texts(LONG + " One more.")}, **over)
    row = ledger(tmp_path / "second" / "run")["web:0"]
    words = len(LONG.split())
    assert row["similarity"] == pytest.approx((words - 4) / (words - 2))


def test_an_earlier_run_may_have_had_containment(tmp_path: Path) -> None:
    part = " ".join(LONG.split()[100:200])
    run(
        tmp_path,
        {"web": texts(LONG, *LINES[:3])},
        output="run-old",
        dedup={"containment": 0.9},
    )
    write_jsonl(tmp_path / "web" / "a.jsonl", texts(LONG, part))
    assert run(tmp_path, dedup={"against": ["run-old"]}).records.kept == 1
    both = {"against": ["run-old"], "containment": 0.9}
    found = run(tmp_path, output="run-both", dedup=both)
    assert found.records.dropped == {"contained": 1, "exact_duplicate": 1}
    assert proved(tmp_path / "run-both")


@pytest.mark.parametrize(
    ("spoil", "over", "message"),
    [
        ("", {"ngram": 4}, "no near hashes of the same settings"),
        ("", {"normalise": {"numbers": True}}, "no exact hashes of the same settings"),
        ("", {"containment": 0.9}, "no containment hashes of the same settings"),
        ("_SUCCESS", {}, "did not pass its gates"),
        ("manifest.json", {}, "it holds no manifest.json"),
        ("folder", {}, "is no folder"),
        ("work", {}, "has lost the hashes of shard web-"),
        ("twice", {}, "names run-old twice"),
    ],
)
def test_an_earlier_run_that_cannot_serve_is_refused(
    tmp_path: Path, spoil: str, over: Row, message: str
) -> None:
    run(tmp_path, {"web": texts(*LINES[:3])}, output="run-old")
    if spoil == "work":
        for path in (tmp_path / "run-old" / "work" / "survey").glob("*.arrow"):
            path.write_bytes(path.read_bytes()[:-1])
    elif spoil == "folder":
        shutil.rmtree(tmp_path / "run-old")
    elif spoil and spoil != "twice":
        (tmp_path / "run-old" / spoil).unlink()
    names = ["run-old"] * (2 if spoil == "twice" else 1)
    with pytest.raises(InputError, match=message):
        run(tmp_path, dedup={"against": names, **over})
    assert not (tmp_path / "run").exists()


def test_an_audit_is_no_earlier_run(tmp_path: Path) -> None:
    run(tmp_path, {"web": texts(*LINES[:3])}, output="run-old", verb="audit")
    with pytest.raises(InputError, match="is an audit"):
        run(tmp_path, dedup={"against": ["run-old"]})


def test_an_earlier_run_that_was_redone_is_another_one(tmp_path: Path) -> None:
    """Same file, same rows, other texts: nothing of the first comparison may stay."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    against: Row = {"dedup": {"against": ["../old/run"]}}
    run(old, {"web": texts(*LINES[:6])})
    near = [line + " Two words." for line in LINES[3:6]]
    first = run(new, {"web": texts(*LINES[:3], *near, LINES[7])}, **against)
    assert first.records.kept == 1
    write_jsonl(old / "web" / "a.jsonl", texts(*[x[::-1] for x in LINES[:6]]))
    run(old, replace=True)
    second = run(new, **against)
    assert second.records.kept == 7
    # And back: what is near to the first texts must be found again.
    write_jsonl(old / "web" / "a.jsonl", texts(*LINES[:6]))
    run(old, replace=True)
    assert run(new, **against).records.kept == 1


def test_other_earlier_runs_of_equal_shape_are_told_apart(tmp_path: Path) -> None:
    for name, lines in (("a", LINES[:6]), ("b", LINES[6:])):
        (tmp_path / name).mkdir()
        run(tmp_path / name, {"web": texts(*lines)})
    new = tmp_path / "new"
    new.mkdir()
    own = {"web": texts(*[line + " Two words." for line in LINES[6:]])}
    assert run(new, own, dedup={"against": ["../a/run"]}).records.kept == 6
    assert again(new, dedup={"against": ["../b/run"]}).records.kept == 0
