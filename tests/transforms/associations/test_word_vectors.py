from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.errors import InputError
from isinglass.transforms.associations import vectors_text
from isinglass.transforms.associations.word_vectors import (
    WordVectors,
    read_word_vectors,
)

GLOVE = "the 1 2 3\ncat 0.5 -1e-1 .25\n. . . 7 8 9\ncategory 4 5 6\n"


def read(tmp_path: Path, content: str | bytes, *wanted: str) -> WordVectors:
    path = tmp_path / "vectors.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_word_vectors(path, wanted)


@pytest.mark.parametrize(
    "content",
    [
        GLOVE,
        "4 3\n" + GLOVE,
        "4 3\r\n" + GLOVE.replace("\n", "\r\n"),
        "4 3\n" + GLOVE.replace("\n", " \n"),
        GLOVE.removesuffix("\n"),
        GLOVE.replace(" ", "\t"),
        GLOVE + "\n",
    ],
)
@pytest.mark.parametrize("block", [8, 2**20])
def test_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, block: int
) -> None:
    monkeypatch.setattr(vectors_text, "BLOCK_BYTES", block)
    found = read(tmp_path, content, "cat", "category", "dog")
    assert (found.width, found.words_in_file, found.warnings) == (3, 4, ())
    assert found.vectors.keys() == {"cat", "category"}
    assert found.vectors["cat"] == pytest.approx([0.5, -0.1, 0.25])
    assert found.vectors["cat"].dtype == np.float32
    assert found.vectors["category"] == pytest.approx([4, 5, 6])


@given(
    st.lists(
        st.text("abcdefghié", min_size=1, max_size=12),
        min_size=1,
        max_size=30,
        unique=True,
    ),
    st.integers(1, 200),
)
def test_the_words_that_are_asked_for_are_found(words: list[str], block: int) -> None:
    rows = {word: [float(n), -n / 7] for n, word in enumerate(words)}
    lines = "".join(f"{word} {a!r} {b!r}\n" for word, (a, b) in rows.items())
    read = vectors_text.TextRead
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors_text, "BLOCK_BYTES", block)
        content = f"{len(words)} 2\n{lines}".encode()
        patch.setattr(vectors_text, "_opened", lambda _: io.BytesIO(content))
        found: Any = vectors_text.read_text(Path("x"), frozenset(words[::2]))
    assert isinstance(found, read)
    assert found.vectors.keys() == set(words[::2])
    for word, vector in found.vectors.items():
        assert vector == pytest.approx(rows[word])


def test_packed_text(tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt.gz"
    path.write_bytes(gzip.compress(GLOVE.encode()))
    assert read_word_vectors(path, ["cat"]).vectors["cat"][0] == 0.5
    path.write_bytes(gzip.compress(GLOVE.encode())[:-12])
    with pytest.raises(InputError, match="damaged or not whole"):
        read_word_vectors(path, ["cat"])
    path.write_bytes(GLOVE.encode())
    with pytest.raises(InputError, match="damaged or not whole"):
        read_word_vectors(path, ["cat"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("\n", "is empty"),
        ("cat\n", "line 1: it is neither"),
        ('{"a": 1}\n', "line 1: it is neither"),
        ("3 0\n", "line 1: it says that vectors have 0 values"),
        (
            "cat 1 2 3\ndog 1 2\n",
            "line 2: a vector has 2 values, and those",
        ),
        ("cat 1 2 3\ndog 1 2 3 4\n", "line 2: a vector has 4 values"),
        ("2 3\ncat 1 2 3\ndog 1 2\n", "line 3: a vector has 2 values"),
        (
            "3 3\ncat 1 2 3\ndog 1 2 3\n",
            "3 words, and it holds 2: it is not whole",
        ),
        ("1 3\ncat 1 2 3\ndog 1 2 3\n", "put together from several"),
        ("dog 1 2 3\ncat 1 nan 3\n", "line 2: a value of 'cat' is not finite"),
        ("dog 1 2 3\ncat 1 -inf 3\n", "line 2: a value of 'cat' is not finite"),
        ("dog 1 2 3\ncat 1 x 3\n", "line 2: a value of 'cat' is no number"),
        (b"1 3\ncat \x00\x00\x80\x3f\x00\x00\x80\x3f\n", "binary form of word2vec"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, content, "cat")
    assert said in str(error.value)
    assert "vectors.txt" in str(error.value)


def test_values_of_other_words_are_not_asked(tmp_path: Path) -> None:
    found = read(tmp_path, "cat 1 2 3\ndog nan nan nan\n", "cat")
    assert found.vectors["cat"] == pytest.approx([1, 2, 3])


def test_the_first_of_several_vectors_counts(tmp_path: Path) -> None:
    found = read(tmp_path, "cat 1 2 3\ndog 1 1 1\ncat 4 5 6\n", "cat", "dog")
    assert found.vectors["cat"] == pytest.approx([1, 2, 3])
    assert found.warnings == (
        "Words with several vectors, of which the first counts: 'cat' (line 3).",
    )


def test_words_that_are_not_utf8_are_told(tmp_path: Path) -> None:
    found = read(tmp_path, b"cat 1 2 3\nca\xff 1 2 3\ncat\xc3 1 2 3\n", "cat")
    assert found.vectors.keys() == {"cat"}
    assert found.warnings[0].startswith("Line 2 of the vectors is not UTF-8")


@pytest.mark.parametrize("block", [16, 2**20])
def test_arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    module = "isinglass.transforms.associations.vectors_arrays.BLOCK_BYTES"
    monkeypatch.setattr(module, block)
    path = tmp_path / "vectors.npz"
    vectors = np.arange(12.0).reshape(4, 3)
    np.savez_compressed(path, words=np.array(["a", "cat", "b", "cat"]), vectors=vectors)
    found = read_word_vectors(path, ["cat", "b", "dog"])
    assert {word: list(vector) for word, vector in found.vectors.items()} == {
        "cat": [3, 4, 5],
        "b": [6, 7, 8],
    }
    assert (found.width, found.words_in_file) == (3, 4)
    assert "'cat' (row 3)" in found.warnings[0]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"words": ["cat"]}, "holds the arrays words; it must hold"),
        ({"words": [b"cat"], "vectors": [[1.0]]}, "must be a flat array of strings"),
        (
            {"words": [["cat"]], "vectors": [[1.0]]},
            "must be a flat array of strings",
        ),
        (
            {"words": ["cat"], "vectors": [1.0]},
            "`vectors` is of type float64 and",
        ),
        ({"words": ["cat"], "vectors": [[1.0], [2.0]]}, r"(1, width)"),
        ({"words": ["cat"], "vectors": [[1]]}, "it must be of floats"),
        ({"words": ["cat"], "vectors": [[np.nan]]}, "row 0: a value of 'cat' is not"),
        (
            {"words": np.array(["cat", 1], object), "vectors": [[1.0], [1.0]]},
            "`words` holds Python objects",
        ),
        (
            {"words": ["a", "cat"], "vectors": np.asfortranarray([[1.0, 2], [3, 4]])},
            "`vectors` is stored by columns",
        ),
    ],
)
def test_arrays_that_cannot_be_used(
    tmp_path: Path, arrays: dict[str, Any], said: str
) -> None:
    path = tmp_path / "vectors.npz"
    np.savez(path, **arrays)
    with pytest.raises(InputError) as error:
        read_word_vectors(path, ["cat"])
    assert said in str(error.value)


def test_damaged_arrays(tmp_path: Path) -> None:
    path = tmp_path / "vectors.npz"
    path.write_bytes(b"no archive")
    with pytest.raises(InputError, match="damaged or not whole"):
        read_word_vectors(path, ["cat"])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("words.npy", b"text")
        archive.writestr("vectors.npy", b"text")
    with pytest.raises(InputError, match="`words` is no array of numpy"):
        read_word_vectors(path, ["cat"])


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file"):
        read_word_vectors(tmp_path / "none.txt", ["cat"])
    with pytest.raises(InputError, match="is a folder; name the file in it"):
        read_word_vectors(tmp_path, ["cat"])
