"""What is taken as texts, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import isinglass
from isinglass.api.texts import as_column, batches
from isinglass.schemas.config.run import LimitsConfig
from isinglass.transforms.read.batches import BATCH_ROWS

ADDRESS = "Write to ann@mailbox.io"
OF_TEXTS = sorted({*isinglass.__all__} - {"__version__", "erase_concept"})
KINDS: dict[str, Any] = {
    "list": [ADDRESS, None],
    "list with NaN": [ADDRESS, float("nan")],
    "tuple": (ADDRESS, None),
    "numpy objects": np.array([ADDRESS, None], object),
    "string": pa.array([ADDRESS, None]),
    "slice": pa.array(["before", ADDRESS, None, "after"])[1:3],
    "large string": pa.array([ADDRESS, None], pa.large_string()),
    "string view": pa.array([ADDRESS, None], pa.string_view()),
    "dictionary": pa.array([ADDRESS, None]).dictionary_encode(),
    "bytes": [ADDRESS.encode(), None],
    "chunks": pa.chunked_array([[], [ADDRESS], [None]], pa.string()),
    "Series": pd.Series([ADDRESS, None], index=[7, 3]),
    "Series of objects": pd.Series([ADDRESS, np.nan], dtype=object),
    "Series of categories": pd.Series([ADDRESS, None], dtype="category"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_texts_gives_the_same(kind: str) -> None:
    texts = KINDS[kind]
    found = isinglass.find_pii(texts).select(["row", "start", "end", "entity"])
    assert found.to_pylist() == [
        {"row": 0, "start": 9, "end": 23, "entity": "EMAIL_ADDRESS"},
        {"row": 1, "start": None, "end": None, "entity": None},
    ]
    assert isinglass.redact(texts)["text"].to_pylist() == [
        "Write to <EMAIL_ADDRESS>",
        None,
    ]
    assert isinglass.deduplicate(texts)["kept"].to_pylist() == [True, None]
    assert isinglass.detect_languages(texts).to_pylist()[1] is None


@pytest.mark.parametrize(
    "texts",
    [[], (), pa.array([]), pa.chunked_array([], pa.string()), pd.Series([], dtype=str)],
)
def test_no_texts_give_empty_tables_of_the_same_schema(texts: Any) -> None:
    one = ["a"]
    assert isinglass.find_pii(texts).equals(isinglass.find_pii(one))
    for function in (isinglass.redact, isinglass.deduplicate):
        assert function(texts).equals(function(one)[:0])
    assert isinglass.detect_languages(texts).equals(pa.array([], pa.string()))


@pytest.mark.parametrize("function", OF_TEXTS)
@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("ann", r"texts is a single str; give a list .*, such as \[texts\]"),
        (b"ann", "texts is a single bytes"),
        (7, "texts is a int"),
        (None, "texts is a NoneType"),
        ({"a": "b"}, "texts is a dict"),
        ({"a"}, "texts is a set"),
        ((x for x in ["a"]), "texts is a generator"),
        (pd.DataFrame({"text": ["a"]}), "texts is a DataFrame"),
        (pa.table({"text": ["a"]}), "texts is a Table"),
        ([1, 2], "texts holds int64"),
        (["a", 1], "texts holds a int"),
        ([["a"]], "texts holds list"),
        (np.array([["a"]]), "texts holds a ndarray"),
        (pd.Series([1.5]), "texts holds double"),
        (pa.array([True]), "texts holds bool"),
    ],
)
def test_what_is_no_column_of_texts(function: str, texts: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        getattr(isinglass, function)(texts)


def test_what_is_refused_is_not_told() -> None:
    with pytest.raises(TypeError) as refused:
        isinglass.redact(ADDRESS)
    assert "mailbox" not in str(refused.value)


BAD = [
    ("sound", None),
    ("half \ud83d of a pair", "invalid_utf8"),
    ("nul \0", "nul_character"),
    ("x" * (LimitsConfig().max_document_chars + 1), "too_long"),
    ("x" * LimitsConfig().max_document_chars, None),
    (None, None),
    ("sound as well", None),
]


def test_texts_that_cannot_be_read_fail_alone_and_visibly() -> None:
    texts = [text for text, _ in BAD]
    failures = [failure for _, failure in BAD]
    sound = [0, 4, 6]
    redacted = isinglass.redact(texts)
    assert redacted["failure"].to_pylist() == failures
    kept = [row for row, text in enumerate(redacted["text"].to_pylist()) if text]
    assert kept == sound
    assert [
        row for row, x in enumerate(redacted["spans"].to_pylist()) if x == []
    ] == kept
    found = isinglass.find_pii(texts)
    assert found["row"].to_pylist() == [1, 2, 3, 5]
    assert found["failure"].to_pylist() == [*failures[1:4], None]
    assert found["start"].null_count == 4
    decided = isinglass.deduplicate(texts)
    assert decided["failure"].to_pylist() == failures
    assert [row for row, x in enumerate(decided["kept"].to_pylist()) if x] == sound
    languages = isinglass.detect_languages(texts).to_pylist()
    assert [row for row, tag in enumerate(languages) if tag] == sound


def test_bytes_that_are_no_text_fail() -> None:
    column = pa.array([b"a", b"\xff"]).view(pa.string())
    assert isinglass.redact(column)["failure"].to_pylist() == [None, "invalid_utf8"]


def test_batches_hold_every_row_once() -> None:
    count = 2 * BATCH_ROWS + 5
    texts = [None if n % 5 == 2 else f"text {n}" for n in range(count)]
    column = pa.chunked_array(
        [texts[:7], texts[7:7], texts[7:9], texts[9:]], pa.string()
    )
    made = list(batches(as_column(column)))
    assert len(made) == 4
    assert [
        row for batch in made for row in range(batch.first, batch.first + batch.size)
    ] == list(range(count))
    spread = [batch.column(batch.texts).to_pylist() for batch in made]
    assert [text for part in spread for text in part] == texts
