"""What the survey keeps of documents, and which ids it finds used twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import xxhash

from isinglass.schemas.config import NormaliseConfig
from isinglass.schemas.tables import DOCUMENTS
from isinglass.transforms.seen import Seen
from isinglass.transforms.survey import SURVEY, ambiguous_ids, survey_columns

EQUAL_ONLY = NormaliseConfig(nfc=False, lower_case=False, white_space=False)


def documents(*rows: dict[str, Any]) -> pa.RecordBatch:
    """Documents numbered from 0, null where nothing is given."""
    given = [
        {"doc_id": f"{number:032x}", "row": number, "text": "", **row}
        for number, row in enumerate(rows)
    ]
    return pa.RecordBatch.from_pylist(given, schema=DOCUMENTS)


def survey(*rows: dict[str, Any], **changes: Any) -> dict[str, list[Any]]:
    normal = changes.get("normalise", NormaliseConfig())
    seen = Seen(documents(*rows), changes.get("detect", False))
    columns = survey_columns(seen, normal)
    assert list(columns) == SURVEY.names
    batch = pa.RecordBatch.from_arrays(list(columns.values()), schema=SURVEY)
    batch.validate(full=True)
    found: dict[str, list[Any]] = batch.to_pydict()
    return found


def test_ids_and_rows_are_those_of_the_documents() -> None:
    high, low = 0xFEDCBA9876543210, 2**64 - 1
    given = {"doc_id": f"{high:016x}{low:016x}", "row": 41}
    found = survey(given, {"row": 7})
    assert (found["doc_high"], found["doc_low"]) == ([high, 0], [low, 1])
    assert found["row"] == [41, 7]


@pytest.mark.parametrize(
    ("text", "characters", "words", "blank"),
    [
        ("", 0, 0, True),
        (" \t\n\u3000", 4, 0, True),
        ("...", 3, 0, False),
        ("Two words.", 10, 2, False),
        ("\u00e9\U0001f600 a", 4, 2, False),
    ],
)
def test_characters_words_and_blanks(
    text: str, characters: int, words: int, *, blank: bool
) -> None:
    found = survey({"text": text})
    assert found["characters"] == [characters]
    assert found["text_words"] == [words]
    assert found["blank"] == [blank]


def words_of(text: str) -> tuple[int, int]:
    digest = xxhash.xxh3_128_intdigest(text.encode())
    return digest >> 64, digest & (2**64 - 1)


@pytest.mark.parametrize(
    ("normalise", "hashed"),
    [
        (NormaliseConfig(), ["one two 3", "one two 3", "one two 34", "one-two 3"]),
        (EQUAL_ONLY, ["One  two 3\n", "one two 3", "one two 34", "one-two 3"]),
        (
            NormaliseConfig(numbers=True),
            ["one two 0", "one two 0", "one two 0", "one-two 0"],
        ),
    ],
)
def test_hashes_are_of_the_normalised_text(
    normalise: NormaliseConfig, hashed: list[str]
) -> None:
    texts = ["One  two 3\n", "one two 3", "one two 34", "one-two 3"]
    found = survey(*({"text": text} for text in texts), normalise=normalise)
    pairs = zip(found["hash_high"], found["hash_low"], strict=True)
    assert list(pairs) == [words_of(text) for text in hashed]


def test_id_keys_differ_by_source_and_id_and_are_0_without_an_id() -> None:
    keys = survey(
        {"source": "a", "source_id": "1"},
        {"source": "a", "source_id": "1", "text": "another"},
        {"source": "b", "source_id": "1"},
        {"source": "a", "source_id": "2"},
        {"source_id": "1"},
        {"source": "a1", "source_id": "."},
        {"source": "a"},
        {},
        {"source": "a1", "source_id": ""},
    )["id_key"]
    assert keys[0] == keys[1]
    assert len({*keys[1:6], 0}) == 6
    assert keys[6:] == [0, 0, 0]


def test_labels_lose_what_looks_like_an_identifier() -> None:
    found = survey(
        {"source": "web", "collected_at": "2024-05-01"}, {"source": "me@mailbox.io"}, {}
    )
    assert found["source"][0::2] == ["web", None]
    assert "me@mailbox.io" not in found["source"][1]
    assert found["collected_at"] == ["2024-05-01", None, None]


@pytest.mark.parametrize(
    ("given", "detect", "language"),
    [
        ("de", True, "de"),
        ("de", False, "de"),
        (None, True, "en"),
        (None, False, "und"),
        ("no tag", False, "und"),
    ],
)
def test_languages(given: str | None, language: str, *, detect: bool) -> None:
    text = "The house on the hill was empty when they came back in the spring."
    found = survey({"text": text, "language": given}, detect=detect)
    assert found["language"] == [language]


def test_no_documents() -> None:
    assert survey() == {name: [] for name in SURVEY.names}


Row = tuple[int, int, int, bool]


@pytest.mark.parametrize(
    ("rows", "ambiguous"),
    [
        # Of one key, another text than that of the smallest doc_id.
        ([(1, 5, 10, False), (1, 6, 11, False)], [1]),
        ([(1, 6, 10, False), (1, 5, 11, False)], [0]),
        # The same text under the same id is a duplicate, not an ambiguous id.
        ([(1, 5, 10, False), (1, 6, 10, False)], []),
        ([(1, 5, 10, False), (1, 6, 11, False), (1, 7, 10, False)], [1]),
        # Other keys, and no key at all.
        ([(1, 5, 10, False), (2, 6, 11, False)], []),
        ([(0, 5, 10, False), (0, 6, 11, False)], []),
        # A blank document neither takes an id nor loses by it.
        ([(1, 5, 10, True), (1, 6, 11, False)], []),
        ([(1, 5, 10, False), (1, 6, 11, True)], []),
        ([(1, 5, 9, True), (1, 6, 11, False), (1, 7, 12, False)], [2]),
        ([], []),
    ],
)
def test_ambiguous_ids(rows: list[Row], ambiguous: list[int]) -> None:
    keys, ids, hashes, blank = zip(*rows, strict=True) if rows else ((), (), (), ())
    for half in (0, 1):
        # High words decide first, and either half of a hash is enough to differ.
        low = np.zeros((len(rows), 2), np.uint64)
        numbers, texts = low.copy(), low.copy()
        numbers[:, half], texts[:, half] = ids, hashes
        found = ambiguous_ids(
            np.array(keys, np.uint64), numbers, texts, np.array(blank, np.bool_)
        )
        assert sorted(found.tolist()) == ambiguous


def test_high_words_of_ids_come_before_low_ones() -> None:
    keys = np.array([7, 7], np.uint64)
    ids = np.array([[2, 1], [1, 2]], np.uint64)
    hashes = np.array([[0, 3], [0, 4]], np.uint64)
    assert ambiguous_ids(keys, ids, hashes, np.zeros(2, np.bool_)).tolist() == [0]
