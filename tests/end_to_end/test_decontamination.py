"""Evaluation items in a corpus: dropped or flagged, with the item as evidence."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from isinglass.schemas.errors import ConfigError, InputError
from tests.corpora import document, sentence, write_jsonl
from tests.end_to_end.test_deduplication import ledger, proved, run, texts

if TYPE_CHECKING:
    from pathlib import Path

CHANCE = random.Random(8)  # noqa: S311 - test data
ITEM = sentence(CHANCE, 30)
OTHER = sentence(CHANCE, 20)
WORDS = ITEM.split()
RULE = "evaluation match>=13 words, or a whole item"
DOCUMENTS = [document(CHANCE) for _ in range(6)]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Documents with the whole item, with 13 of its words, with 12, and without."""
    rows = texts(
        f"{DOCUMENTS[0]} {ITEM.upper()} {DOCUMENTS[1]}",
        f"{DOCUMENTS[2]} {'  '.join(WORDS[5:18])} {DOCUMENTS[3]}",
        f"{DOCUMENTS[4]} {' '.join(WORDS[5:17])} zz {DOCUMENTS[5]}",
        DOCUMENTS[1],
        f"{DOCUMENTS[0]} {ITEM.upper()} {DOCUMENTS[1]}",
    )
    (tmp_path / "web").mkdir()
    write_jsonl(tmp_path / "web" / "a.jsonl", rows)
    items = texts(OTHER, ITEM, "too short", ITEM.lower())
    (tmp_path / "run-sets").mkdir()
    write_jsonl(tmp_path / "run-sets" / "items.jsonl", items)
    return tmp_path


def test_documents_with_an_item_are_dropped(corpus: Path) -> None:
    found = run(corpus, decontaminate=["run-sets/items.jsonl"])
    rows = ledger(corpus / "run")
    assert [rows[f"web:{n}"]["reason"] for n in range(5)] == [
        "contaminated",
        "contaminated",
        None,
        None,
        "contaminated",
    ]
    assert rows["web:0"]["evaluation_item"] == "run-sets/items.jsonl:1"
    assert rows["web:0"]["similarity"] == 1.0
    assert rows["web:1"]["similarity"] == 13 / 30
    assert rows["web:1"]["rule"] == RULE
    assert rows["web:2"]["evaluation_item"] is None
    assert found.records.dropped == {"contaminated": 3}
    assert found.decontamination is not None
    assert found.decontamination.documents == 3
    (file,) = found.decontamination.files
    assert (file.items, file.too_short, file.duplicates) == (4, 1, 1)
    assert file.matched_items == 1
    assert proved(corpus / "run")
    page = (corpus / "run" / "report.html").read_text()
    assert "run-sets/items.jsonl" in page
    assert WORDS[3] + " " + WORDS[4] not in page


def test_flagged_documents_stay_and_say_so(corpus: Path) -> None:
    section = {"files": ["run-sets/items.jsonl"], "action": "flag"}
    found = run(corpus, decontaminate=section)
    rows = ledger(corpus / "run")
    same = [rows["web:0"], rows["web:4"]]
    # A flagged copy is a duplicate like any other, and still says what it holds.
    assert sorted(str(row["reason"]) for row in same) == ["None", "exact_duplicate"]
    assert {r["evaluation_item"] for r in same} == {"run-sets/items.jsonl:1"}
    assert rows["web:1"]["outcome"] == "kept"
    assert rows["web:1"]["rule"] == RULE
    assert found.records.dropped == {"exact_duplicate": 1}
    assert proved(corpus / "run")


def test_the_share_of_the_item_is_a_setting(corpus: Path) -> None:
    section = {"files": ["run-sets/items.jsonl"], "min_share": 0.5}
    found = run(corpus, decontaminate=section)
    assert found.records.dropped == {"contaminated": 2}
    rule = ledger(corpus / "run")["web:0"]["rule"]
    assert rule == RULE.replace(",", " and 0.5 of the item,")


def test_another_set_is_another_run(corpus: Path) -> None:
    first = run(corpus, decontaminate=["run-sets/items.jsonl"])
    write_jsonl(corpus / "run-sets" / "items.jsonl", texts(OTHER))
    second = run(corpus, decontaminate=["run-sets/items.jsonl"])
    assert first.run_id != second.run_id
    assert second.records.dropped == {"exact_duplicate": 1}


@pytest.mark.parametrize(
    ("section", "error", "message"),
    [
        (["run-sets/none.jsonl"], InputError, "decontaminate.files"),
        ([], ConfigError, "decontaminate"),
        (
            {"files": ["run-sets/items.jsonl"], "column": "question"},
            InputError,
            "column",
        ),
        ({"files": ["run-sets/items.jsonl"], "min_words": 5}, ConfigError, "ngram"),
    ],
)
def test_bad_sections_are_refused(
    corpus: Path, section: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises((error, ValueError), match=message):
        run(corpus, decontaminate=section)
    assert not (corpus / "run").exists()
