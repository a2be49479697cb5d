"""Every fault that is planted in a file of tokens is found, and no other."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import decoders, models, normalizers, pre_tokenizers

from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.errors import InputError
from isinglass.transforms.encode.outputs.decoded import decodes_to
from isinglass.transforms.encode.outputs.reconcile import (
    MOST_DECODED,
    Expected,
    reconcile_tokens,
)
from isinglass.transforms.encode.outputs.rows import tokens_batch
from isinglass.transforms.encode.tokenizers.batch import cut, windows
from isinglass.transforms.encode.tokenizers.reference import Reference
from isinglass.transforms.encode.tokenizers.rules import read_rules
from tests.properties import examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any, Literal

    from isinglass.transforms.encode.tokenizers.batch import TokenBatch

    Windows = Literal["all", "truncate", "window"]

CLS, SEP = 2, 3
TEXTS = [f"word {number} and some {'more ' * (number % 7)}" for number in range(80)]
TEXTS[5] = ""


def word_pieces() -> tokenizers.Tokenizer:
    """Uncased, letter by letter; digits are unknown but for 0."""
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *string.ascii_lowercase, "0", "."]
    pieces += [f"##{piece}" for piece in pieces[4:]]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    backend = tokenizers.Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    backend.add_special_tokens(pieces[:4])
    return backend


def byte_level(*, space: bool = False) -> tokenizers.Tokenizer:
    """Every byte a token."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(alphabet)}
    backend = tokenizers.Tokenizer(models.BPE(vocabulary, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=space)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens(["<|end|>"])
    return backend


def unigram() -> tokenizers.Tokenizer:
    """As SentencePiece: NFKC, and a mark in the place of a space."""
    pieces = [("<unk>", 0.0), ("\u2581", -1.0)]
    pieces += [(letter, -2.0) for letter in string.ascii_letters]
    backend = tokenizers.Tokenizer(models.Unigram(pieces, 0))
    backend.normalizer = normalizers.NFKC()
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    return backend


KINDS = {
    "wordpiece": word_pieces(),
    "bytes": byte_level(),
    "bytes with a space": byte_level(space=True),
    "unigram": unigram(),
}
ANY_TEXT = st.text(max_size=40) | st.text("aAz é0.9[UNK]\u2581\ufffdﬁ \n", max_size=25)


@examples(150)
@given(text=ANY_TEXT, kind=st.sampled_from(sorted(KINDS)), most=st.integers(0, 30))
def test_own_ids_decode_to_the_text(text: str, kind: str, most: int) -> None:
    backend = KINDS[kind]
    ids = backend.encode(text).ids
    assert decodes_to(backend, ids, text)
    assert decodes_to(backend, ids[:most], text, whole=False)


@pytest.mark.parametrize(
    ("kind", "wrong", "text"),
    [
        ("wordpiece", "hellp", "hello"),
        ("wordpiece", "hello", "hello hello"),
        ("wordpiece", "hello hello", "hello"),
        ("wordpiece", "", "hello"),
        ("wordpiece", "hello", ""),
        ("wordpiece", "9 b 9 c", "9 c 9 b"),
        ("wordpiece", "9 ab", "9 abc"),
        ("wordpiece", "a 9 b", "a"),
        ("wordpiece", "9 b", "9 9 b"),
        ("wordpiece", "99 b", "9 9 b"),
        ("bytes", "hello", "Hello"),
        ("bytes", "hello ", "hello"),
        ("bytes", " hello", "hello  "),
        ("unigram", "hello", "Hello"),
        ("unigram", "a 9 b", "a 9 c"),
    ],
)
def test_ids_of_another_text(kind: str, wrong: str, text: str) -> None:
    backend = KINDS[kind]
    assert decodes_to(backend, backend.encode(text).ids, text)
    assert not decodes_to(backend, backend.encode(wrong).ids, text)


@pytest.mark.parametrize(
    ("kind", "ids_of", "text", "expected"),
    [
        ("wordpiece", "hel", "hello", True),
        ("wordpiece", "hex", "hello", False),
        ("wordpiece", "a 9", "a 9 b", True),
        ("bytes", "a\u00e9"[:2], "a\u00e9b", True),
        ("bytes", "b", "ab", False),
        ("unigram", "a b", "a bc", True),
    ],
)
def test_beginning_of_a_text(kind: str, ids_of: str, text: str, expected: bool) -> None:  # noqa: FBT001  (a column of the table)
    ids = KINDS[kind].encode(ids_of).ids
    assert decodes_to(KINDS[kind], ids, text, whole=False) is expected


def test_unknown_word_that_is_known() -> None:
    backend = KINDS["wordpiece"]
    (unknown,) = backend.encode("9").ids
    ids = backend.encode("a").ids
    assert decodes_to(backend, [*ids, unknown], "a 9")
    assert decodes_to(backend, [*ids, unknown], "a b9")
    assert not decodes_to(backend, [*ids, unknown], "a b")
    assert not decodes_to(backend, [*ids, unknown], "a 9 9")
    assert decodes_to(backend, [*ids, unknown], "a 9 9", whole=False)


def test_half_a_character_at_the_end() -> None:
    ids = KINDS["bytes"].encode("a\u00e9").ids
    assert decodes_to(KINDS["bytes"], ids[:2], "a\u00e9", whole=False)
    assert not decodes_to(KINDS["bytes"], ids[:2], "a\u00e9")


def test_added_tokens_of_the_text() -> None:
    for kind, text in (("wordpiece", "a [SEP] b"), ("bytes", "a <|end|> b")):
        ids = KINDS[kind].encode(text).ids
        assert decodes_to(KINDS[kind], ids, text)
        assert not decodes_to(KINDS[kind], ids, text.replace("b", "c"))


def test_added_token_that_swallows_spaces() -> None:
    backend = byte_level()
    mask = tokenizers.AddedToken("<mask>", lstrip=True, special=True)
    backend.add_special_tokens([mask])
    ids = backend.encode("a  <mask> b").ids
    assert decodes_to(backend, ids, "a  <mask> b")
    assert not decodes_to(backend, ids, "a  <mask> c")


class Case:
    """Texts and their tokens on disk, to be changed between the two.

    Args:
        write: The fixture.
        token_batch: The fixture.
        mode: How rows are made of documents.
    """

    def __init__(
        self,
        write: Callable[..., Path],
        token_batch: Callable[..., TokenBatch],
        mode: Windows = "all",
    ) -> None:
        self._write = write
        backend = KINDS["wordpiece"]
        tokenizer = Reference(
            name="wordpiece",
            sha256="",
            vocabulary_size=backend.get_vocab_size(),
            special_tokens=True,
            prefix_ids=(CLS,),
            suffix_ids=(SEP,),
            library=backend,
            rules=read_rules(backend.to_str().encode()),
        )
        stride = 4 if mode == "window" else 0
        settings = EncodeConfig(windows=mode, max_tokens=16, stride=stride)
        self.expected = Expected(tokenizer, settings)
        names = pa.array([f"d{row}" for row in range(len(TEXTS))])
        self.texts = pa.record_batch({"doc_id": names, "text": pa.array(TEXTS)})
        encoded = [KINDS["wordpiece"].encode(text).ids for text in TEXTS]
        tokens = token_batch([[CLS, *ids, SEP] for ids in encoded], prefix=1, suffix=1)
        documents = None
        if mode == "truncate":
            tokens = cut(tokens, 16)
        if mode == "window":
            tokens, documents = windows(tokens, 16, 4)
        self.tokens = tokens_batch(names, tokens, documents=documents)

    def faults(self, rows: list[dict[str, Any]] | None = None) -> list[str]:
        """Faults of the tokens, or of others in their place."""
        batch = self.tokens
        if rows is not None:
            batch = pa.RecordBatch.from_pylist(rows, schema=batch.schema)
        # Row groups of tokens and texts do not meet.
        parts = [batch.slice(start, 7) for start in range(0, batch.num_rows, 7)]
        tokens = self._write(parts or [batch], "tokens.parquet")
        texts = self._write([self.texts], "texts.parquet")
        return reconcile_tokens(tokens, texts, self.expected)


@pytest.fixture
def case(write: Callable[..., Path], token_batch: Callable[..., TokenBatch]) -> Case:
    return Case(write, token_batch)


@pytest.mark.parametrize("mode", ["all", "truncate", "window"])
def test_right_files_have_no_faults(
    write: Callable[..., Path], token_batch: Callable[..., TokenBatch], mode: Windows
) -> None:
    case = Case(write, token_batch, mode)
    assert case.faults() == []
    assert (case.tokens.num_rows > len(TEXTS)) == (mode == "window")


def test_no_rows(case: Case) -> None:
    case.texts = case.texts.slice(0, 0)
    assert case.faults([]) == []


def test_swapped_rows(case: Case) -> None:
    rows = case.tokens.to_pylist()
    rows[10], rows[11] = rows[11], rows[10]
    (fault,) = case.faults(rows)
    assert fault.startswith("2 of 80 rows from row 0 on are of another document")
    assert fault.endswith("the first is row 10.")


@pytest.mark.parametrize("row", [0, 41, 79])
def test_dropped_row(case: Case, row: int) -> None:
    rows = case.tokens.to_pylist()
    del rows[row]
    assert "There are ids of 79 documents, and texts of 80." in case.faults(rows)


def test_ids_shifted_by_one_document(case: Case) -> None:
    rows = case.tokens.to_pylist()
    ids = [row["input_ids"] for row in rows]
    for row, one in zip(rows, ids[1:] + ids[:1], strict=True):
        row |= {"input_ids": one, "n_tokens": len(one)}
    # Where digits are unknown, some neighbours have the same letters.
    assert len(case.faults(rows)) > MOST_DECODED / 2


def test_one_changed_id(case: Case) -> None:
    rows = case.tokens.to_pylist()
    rows[6]["input_ids"][2] += 1
    assert case.faults(rows) == ["The ids of document 6 are not of its text."]


def test_swapped_ids_of_sampled_documents(case: Case) -> None:
    rows = case.tokens.to_pylist()
    for name in ("input_ids", "n_tokens"):
        rows[3][name], rows[9][name] = rows[9][name], rows[3][name]
    assert case.faults(rows) == [
        "The ids of document 3 are not of its text.",
        "The ids of document 9 are not of its text.",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_tokens": 5}, "1 of 80 rows from row 0 on count their ids wrongly"),
        ({"input_ids": [CLS, 5000, SEP]}, "have ids outside a vocabulary of 60"),
        ({"input_ids": [CLS, -1, SEP]}, "have ids outside a vocabulary of 60"),
        ({"input_ids": [CLS, 7, 8]}, "lack special tokens at their ends"),
        ({"input_ids": [7, SEP]}, "lack special tokens at their ends"),
        ({"input_ids": [CLS]}, "lack special tokens at their ends"),
        ({"input_ids": []}, "lack special tokens at their ends"),
    ],
)
def test_wrong_row(case: Case, change: dict[str, Any], message: str) -> None:
    rows = case.tokens.to_pylist()
    rows[8] |= {"n_tokens": len(change.get("input_ids", []))} | change
    (fault,) = case.faults(rows)
    assert message in fault
    assert fault.endswith("the first is row 8.")


def test_too_long_row(
    write: Callable[..., Path], token_batch: Callable[..., TokenBatch]
) -> None:
    case = Case(write, token_batch, "truncate")
    rows = Case(write, token_batch).tokens.to_pylist()
    assert any("have over 16 tokens" in fault for fault in case.faults(rows))


@pytest.mark.parametrize("change", ["dropped", "swapped", "numbered", "changed"])
def test_wrong_windows(
    write: Callable[..., Path],
    token_batch: Callable[..., TokenBatch],
    change: str,
) -> None:
    case = Case(write, token_batch, "window")
    rows = case.tokens.to_pylist()
    places = [at for at, row in enumerate(rows) if row["doc_id"] == "d6"]
    assert len(places) > 2
    first, second = places[:2]
    if change == "dropped":
        del rows[second]
    elif change == "swapped":
        rows[first], rows[second] = rows[second], rows[first]
    elif change == "numbered":
        rows[second]["window"] = 7
    else:
        rows[second]["input_ids"][8] += 1
    (fault, *_) = case.faults(rows)
    expected = "are not of its text" if change == "changed" else "not the next window"
    assert expected in fault


@pytest.mark.parametrize(("rows", "decoded"), [(1, 1), (31, 31), (33, 17), (80, 27)])
def test_sample_is_spread_and_bounded(case: Case, rows: int, decoded: int) -> None:
    case.texts = case.texts.slice(0, rows)
    wrong = case.tokens.slice(0, rows).to_pylist()
    for row in wrong:
        row |= {"input_ids": [CLS, 4, SEP], "n_tokens": 3}
    faults = case.faults(wrong)
    assert len(faults) == decoded <= MOST_DECODED
    assert faults[0] == "The ids of document 0 are not of its text."


def test_unreadable_files(case: Case, tmp_path: Path) -> None:
    assert case.faults() == []
    whole = tmp_path / "texts.parquet"
    with pytest.raises(InputError, match="lacks the columns"):
        reconcile_tokens(whole, whole, case.expected)
    with pytest.raises(InputError, match=r"none\.parquet cannot be read"):
        reconcile_tokens(tmp_path / "none.parquet", whole, case.expected)


@examples(30)
@given(texts=st.lists(ANY_TEXT, min_size=1, max_size=4))
def test_packaged_tokenizer_raises_no_false_alarm(
    tokenizer: Any, texts: list[str]
) -> None:
    tokens = tokenizer.encode(pa.array(texts, pa.string()))
    for row, text in enumerate(texts):
        ids = tokens.values[tokens.offsets[row] + 1 : tokens.offsets[row + 1] - 1]
        backend = tokenizer.library
        assert decodes_to(backend, ids.tolist(), text)
        assert np.array_equal(tokens.values[tokens.offsets[:-1]], [101] * len(texts))
