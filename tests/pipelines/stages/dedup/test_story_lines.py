"""What is said of a duplicate, and of what was dropped for a kept document."""

from __future__ import annotations

from typing import Any

import pytest

from isinglass.pipelines.stages.dedup.story import (
    Texts,
    comparison_facts,
    evidence_lines,
    removed_lines,
    texts_facts,
)
from isinglass.schemas.config.normalise import NormaliseConfig
from isinglass.transforms.dedup.shared import compare

OTHER = "b" * 32
TALE = (
    "The miller by the old bridge carried his flour over the river every morning "
    "and sold it at the market where the baker weighed it"
)
LEFT, RIGHT = f"{TALE} twice \x1b[31m", f"{TALE} once"
COMPARISON = compare(LEFT, RIGHT, 5, NormaliseConfig())


def both(*, agrees: bool = True, clean: bool = False) -> Texts:
    return Texts(LEFT, RIGHT, clean, COMPARISON, agrees)


def row(**values: Any) -> dict[str, Any]:
    found = {
        "reason": "near_duplicate",
        "kept_doc_id": OTHER,
        "kept_in": None,
        "similarity": 0.5,
    }
    return found | values


@pytest.mark.parametrize(
    ("values", "folder", "lines"),
    [
        ({"kept_doc_id": None}, None, []),
        (
            {},
            None,
            [
                ("kept instead", f"{OTHER} in this run"),
                ("similarity", "0.500000 in the ledger"),
            ],
        ),
        (
            {"reason": "contained", "kept_in": "beef"},
            None,
            [
                ("kept instead", f"{OTHER} in the earlier run beef"),
                ("containment", "0.500000 in the ledger"),
            ],
        ),
        (
            {"kept_in": "beef", "similarity": None},
            "runs/old",
            [("kept instead", f"{OTHER} in the earlier run beef (runs/old)")],
        ),
    ],
)
def test_the_kept_document_and_the_number_of_the_ledger(
    values: dict[str, Any], folder: str | None, lines: list[tuple[str, str]]
) -> None:
    assert list(evidence_lines(row(**values), folder, None)) == lines


def test_the_number_is_computed_again() -> None:
    *_, (name, said) = evidence_lines(row(), None, both())
    assert name == ""
    assert said.startswith("0.875000 computed again: of 24 shingles of 5 words, 21 are")
    assert "(91.3% of the dropped text's)" in said
    *_, (_, said) = evidence_lines(row(reason="contained"), None, both())
    assert said.startswith("0.913043 computed again")
    assert "(Jaccard 0.875000)" in said


HAN = "自然语言处理是人工智能领域中的一个重要方向它研究人与计算机之间的通信"


@pytest.mark.parametrize(
    ("left", "right", "units"),
    [
        (TALE, f"{TALE} once", "words"),
        (HAN, f"{HAN}呢", "characters"),
        # A name does not make words of it, nor do all of its letters.
        (f"{HAN} Unicode", HAN, "words and characters"),
        (f"{TALE} 语言", TALE, "words and characters"),
        # The one that is too short for a shingle is made of the same.
        ("The miller", TALE, "words"),
        ("自然", HAN, "characters"),
    ],
)
def test_the_unit_of_the_shingles_is_named(left: str, right: str, units: str) -> None:
    found = compare(left, right, 5, NormaliseConfig())
    texts = Texts(left, right, kept_is_clean=False, comparison=found, agrees=True)
    *_, (_, said) = evidence_lines(row(), None, texts)
    assert f" shingles of 5 {units}, " in said


def test_a_differing_similarity_is_shouted() -> None:
    *_, (_, said) = evidence_lines(row(), None, both())
    assert "DIFFER" not in said
    *_, (_, said) = evidence_lines(row(), None, both(agrees=False))
    assert said.endswith(". THE TWO DIFFER")
    *_, (_, said) = evidence_lines(row(), None, both(agrees=False, clean=True))
    assert said.endswith("THE TWO DIFFER (the kept text is the cleaned one)")


@pytest.mark.parametrize(
    ("shown", "total", "lines"),
    [
        (0, 0, [("kept for", "no other document was dropped for this one")]),
        (1, 1, [("kept for", "1 dropped document"), ("", f"{0:032x} contained 0.5")]),
        (
            2,
            1_021,
            [
                ("kept for", "1,021 dropped documents"),
                ("", f"{0:032x} contained 0.5"),
                ("", f"{1:032x} contained 0.5"),
                ("", "and 1,019 more"),
            ],
        ),
    ],
)
def test_what_was_dropped_for_it(
    shown: int, total: int, lines: list[tuple[str, str]]
) -> None:
    removed = [
        {"doc_id": f"{n:032x}", "reason": "contained", "similarity": 0.5}
        for n in range(shown)
    ]
    said = [(name, value.replace("0.500000", "0.5")) for name, value in lines]
    found = [
        (name, value.replace("0.500000", "0.5"))
        for name, value in removed_lines(removed, total)
    ]
    assert found == said


def test_facts_hold_both_texts_in_pieces() -> None:
    told = texts_facts(both())
    assert told is not None
    for name, text in (("removed", LEFT), ("kept", RIGHT)):
        cut = told[name]["pieces"]
        assert told[name]["origin"] == "source"
        assert "".join(piece["text"] for piece in cut) == text
        assert {piece["shared"] for piece in cut} == {True, False}
    compared = comparison_facts(both())
    assert compared is not None
    assert compared["agrees_with_ledger"] is True
    assert compared["ngram"] == 5


def test_facts_of_a_missing_text() -> None:
    texts = Texts(None, "clean", True, None, None)  # noqa: FBT003
    assert (
        comparison_facts(texts) is comparison_facts(None) is texts_facts(None) is None
    )
    assert texts_facts(texts) == {
        "removed": None,
        "kept": {"origin": "clean", "pieces": [{"text": "clean", "shared": None}]},
    }
