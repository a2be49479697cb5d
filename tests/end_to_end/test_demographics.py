"""Counts that stand beside each other are of the same documents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from tests.corpora import write_jsonl
from tests.end_to_end.test_verbs import start

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

OFF = {"dedup": None, "pii": None, "balance": None, "encode": None}
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
    assert {one["of"] for one in told["shares"]} == {mentioned}
    she = {one["term"]: one["documents"] for one in told["shares"]}
    assert (she["she"], she["她"]) == (80, 20)
    assert (told["told_in"], told["not_told_in"]) == ({"en": 80}, {"zh": 20})
    page = (tmp_path / "run/report.html").read_text()
    assert "They are not looked for in zh (20)" in page
