"""Counts that stand beside each other are of the same documents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from isinglass.schemas.marks import Mark
from tests.corpora import write_jsonl
from tests.end_to_end.test_verbs import start

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

OFF: dict[str, Any] = {"dedup": None, "pii": None, "balance": None, "encode": None}
SHE = "She walked home with her daughter after the long day at work, number {}."
TA = "她今天早上和女儿一起去了学校 编号{} 路上没有下雨。"
LABELS = ("English", "en-US", None, "en", "zh-Hant")


def written(folder: Path) -> None:
    rows = []
    for number in range(100):
        label = LABELS[number % len(LABELS)]
        text = TA if label == "zh-Hant" else SHE
        row: dict[str, Any] = {"text": text.format(number)}
        rows.append(row if label is None else {**row, "language": label})
    (folder / "corpus").mkdir()
    write_jsonl(folder / "corpus/a.jsonl", rows)


def test_terms_are_counted_in_the_languages_of_the_survey(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path)
    monkeypatch.chdir(tmp_path)
    start(tmp_path, "clean", **OFF, demographics={"axes": ["gender"]})
    told = json.loads((tmp_path / "run/manifest.json").read_text())["demographics"]
    rows = pq.read_table(tmp_path / "run/audit/statistics.parquet").to_pylist()
    (mentioned,) = (
        row["numerator"]
        for row in rows
        if (row["metric"], row["axis"], row["stage"])
        == ("axis.coverage", "gender", "output")
        and row["source"] is None
        and row["language"] is None
    )
    assert told["documents"] == mentioned == 100
    of = {(one["language"], one["of"]) for one in told["shares"]}
    assert of == {("en", 80), ("zh", 20)}
    she = {one["term"]: one["documents"] for one in told["shares"]}
    assert (she["she"], she["她"]) == (80, 20)
    assert (told["told_in"], told["not_told_in"]) == ({"en": 80}, {"zh": 20})
    page = (tmp_path / "run/report.html").read_text()
    assert "They are not looked for in zh (20)" in page


def test_what_rules_and_vetoes_did_is_told_of_kept_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second of two equal texts goes, and its places with it."""
    (tmp_path / "corpus").mkdir()
    texts = [
        "Black voters came; a black roof, the black market and a black hole did not.",
        "Black voters came; a black roof, the black market and a black hole did not.",
        "French nurses and the French came; French wine did not. Black hole.",
        "Re\u0301sume\u0301 of the black market, and black nurses.",
    ]
    rows = [{"text": text, "language": "en"} for text in texts]
    write_jsonl(tmp_path / "corpus/a.jsonl", rows)
    monkeypatch.chdir(tmp_path)
    axes = {"axes": ["race_ethnicity", "nationality"]}
    off = {**OFF, "dedup": {"fuzzy": False}}
    start(tmp_path, "clean", **off, demographics=axes)
    marks = tmp_path / "marks.jsonl"
    marked(tmp_path / "run", marks)
    given = {**axes, "marks": str(marks)}
    start(tmp_path, "clean", replace=True, **off, demographics=given)
    told = json.loads((tmp_path / "run/manifest.json").read_text())["demographics"]
    assert {one["term"]: one["rules"] for one in told["terms"]} == {
        "black": {"rejected": 1, "qualifies": 2},
        "french": {"rejected": 1, "language": 2},
    }
    assert [(one["phrase"], one["terms"], one["places"]) for one in told["vetoes"]] == [
        ("black hole", ["race_ethnicity/black/black"], 2),
        ("black market", ["race_ethnicity/black/black"], 2),
    ]
    assert told["rules"] == [
        {"rule": "qualifies", "accepted": 2, "right": 1, "wrong": 0},
        {"rule": "language", "accepted": 2, "right": 0, "wrong": 0},
    ]


def marked(run: Path, path: Path) -> None:
    """Mark the black voters of the equal texts, of which one stays, as right."""
    lines = [
        Mark(
            kind="mention",
            label="en/race_ethnicity/black/black",
            doc_id=row["doc_id"],
            source="web",
            path="a.jsonl",
            row=row["row"],
            file_sha256="ab" * 32,
            start=0,
            end=5,
            drawn=(0,),
            ranks={0: 1 + row["row"]},
            mark="right",
        ).model_dump_json()
        for row in pq.read_table(run / "ledger").to_pylist()
        if row["row"] < 2
    ]
    path.write_text("".join(f"{line}\n" for line in lines))
