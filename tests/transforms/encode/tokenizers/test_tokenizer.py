from __future__ import annotations

import dataclasses
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.errors import ConfigError, TokenizerDiffersError
from isinglass.transforms.encode.tokenizers import choice as choosing
from isinglass.transforms.encode.tokenizers import fast as libraries
from isinglass.transforms.encode.tokenizers import tokenizer as loading
from isinglass.transforms.encode.tokenizers.batch import TokenBatch, cut
from isinglass.transforms.encode.tokenizers.probe import adversarial
from isinglass.transforms.encode.tokenizers.texts import CodePoints
from isinglass.transforms.encode.tokenizers.tokenizer import (
    Tokenizer,
    load_tokenizer,
)
from tests.properties import examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from isinglass.transforms.encode.tokenizers.choice import Choice
    from isinglass.transforms.encode.tokenizers.fast import FastLibrary

NAMES = ["wordpiece", "gpt2"]
PLANES = [chr(plane << 16 | at) for plane in range(17) for at in (0x41, 0x4E00)]


def arrow(texts: list[str]) -> pa.Array:
    return pa.array(texts, pa.string())


def rows(tokens: TokenBatch) -> list[list[int]]:
    assert tokens.values.dtype == np.int32
    assert tokens.offsets.dtype == np.int64
    assert tokens.values.flags.writeable
    return [part.tolist() for part in np.split(tokens.values, tokens.offsets[1:-1])]


def expected(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    special = tokenizer.reference.special_tokens
    encode = tokenizer.reference.library.encode
    return [encode(text, add_special_tokens=special).ids for text in texts]


@pytest.fixture(params=NAMES)
def either(request: pytest.FixtureRequest) -> Tokenizer:
    found: Tokenizer = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def corpus(shared_data: Path) -> pa.Array:
    file = min((shared_data / "corpus").glob("*.parquet"))
    texts = pq.read_table(file, columns=["text"])["text"].combine_chunks()
    chosen = np.random.default_rng(3).choice(len(texts), 500, replace=False)
    return texts.take(pa.array(np.sort(chosen)))


@pytest.mark.parametrize(
    ("name", "module", "package"),
    [("wordpiece", "splintr", "splintr-rs"), ("gpt2", "fastokens", "fastokens")],
)
def test_fast_libraries_are_used(
    request: pytest.FixtureRequest, name: str, module: str, package: str
) -> None:
    pytest.importorskip(module)
    assert request.getfixturevalue(name).backend.startswith(f"{package} ")


def test_ids_of_a_corpus(either: Tokenizer, corpus: pa.Array) -> None:
    assert rows(either.encode(corpus)) == expected(either, corpus.to_pylist())


def test_ids_of_adversarial_strings(either: Tokenizer) -> None:
    texts = adversarial(2_000, seed=5)
    before = either.documents_by_reference
    assert rows(either.encode(arrow(texts))) == expected(either, texts)
    listed = either._choice.guard if either._choice else CodePoints([])
    held = sum(map(listed.holds, texts))
    assert either.documents_by_reference - before == held
    assert held < 100


@given(st.data())
@examples(150)
def test_ids_of_any_text(wordpiece: Tokenizer, gpt2: Tokenizer, data: Any) -> None:
    texts = data.draw(st.lists(st.text(max_size=40), max_size=6))
    for one in (wordpiece, gpt2):
        assert rows(one.encode(arrow(texts)))[: len(texts)] == expected(one, texts)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", [101, 102]),
        (" \t\n", [101, 102]),
        ("[CLS]", [101, 101, 102]),
        ("[cls]", [101, 1031, 18856, 2015, 1033, 102]),
        ("a[SEP]b", [101, 1037, 102, 1038, 102]),
        ("a" * 1_000_000, [101, 100, 102]),
        ("Hello, world", [101, 7592, 1010, 2088, 102]),
        ("##ing", [101, 1001, 1001, 13749, 102]),
    ],
)
def test_table_of_wordpiece(wordpiece: Tokenizer, text: str, ids: list[int]) -> None:
    found = rows(wordpiece.encode(arrow([text])))
    assert found == [ids] == expected(wordpiece, [text])


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", []),
        ("<|endoftext|>", [50256]),
        ("<|endoftext|", [27, 91, 437, 1659, 5239, 91]),
        ("Hello, world", [15496, 11, 995]),
        ("a  b", [64, 220, 275]),
        ("a\n", [64, 198]),
    ],
)
def test_table_of_gpt2(gpt2: Tokenizer, text: str, ids: list[int]) -> None:
    assert rows(gpt2.encode(arrow([text]))) == [ids] == expected(gpt2, [text])


@pytest.mark.parametrize("text", ["-", "\u4e2d", "ab1", "\u0301"])
def test_a_megabyte_without_a_space(either: Tokenizer, text: str) -> None:
    whole = text * (1_000_000 // len(text.encode()))
    tokens = either.encode(arrow(["a b", whole, ""]))
    mine = tokens.values[tokens.offsets[1] : tokens.offsets[2]]
    reference = either.reference.encode(arrow([whole]))
    assert np.array_equal(mine, reference.values)


@pytest.mark.parametrize("plane", PLANES)
def test_every_plane(wordpiece: Tokenizer, gpt2: Tokenizer, plane: str) -> None:
    texts = [plane, f"a{plane}b", f"a {plane} b", plane * 101]
    for one in (wordpiece, gpt2):
        assert rows(one.encode(arrow(texts))) == expected(one, texts)


def test_slices_large_strings_and_no_texts(either: Tokenizer) -> None:
    texts = adversarial(60)
    whole = rows(either.encode(arrow(texts)))
    assert rows(either.encode(arrow(texts)[20:40])) == whole[20:40]
    large = pa.array(texts, pa.large_string())
    assert rows(either.encode(large[7:])) == whole[7:]
    for limit in (None, 8):
        none = either.encode(arrow([]), limit)
        assert none.values.tolist() == []
        assert none.offsets.tolist() == [0]
        assert either.word_ids(arrow([])).tolist() == []


def test_texts_are_taken_in_slices(
    either: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = arrow(adversarial(60))
    whole = rows(either.encode(texts))
    monkeypatch.setattr(loading, "SLICE_BYTES", 100)
    assert rows(either.encode(texts)) == whole


@pytest.mark.parametrize("limit", [2, 3, 8, 31])
def test_limit_is_a_cut_of_the_whole(
    either: Tokenizer, corpus: pa.Array, limit: int
) -> None:
    texts = [*adversarial(300), *corpus[:100].to_pylist(), "x" * 900, "- " * 900]
    texts += ["word " * 900, " " * 900 + "a", "[SEP] " * 300, "<|endoftext|> " * 300]
    array = arrow(texts)
    found, whole = either.encode(array, limit), cut(either.encode(array), limit)
    assert rows(found) == rows(whole)
    assert (found.prefix, found.suffix) == (whole.prefix, whole.suffix)
    library = either.reference.library.from_str(either.reference.library.to_str())
    library.enable_truncation(limit)
    assert rows(found) == [library.encode(text).ids for text in texts]


@given(st.data())
@examples(100)
def test_limit_of_any_text(wordpiece: Tokenizer, gpt2: Tokenizer, data: Any) -> None:
    piece = st.sampled_from(
        [" ", "  ", "\n", "a", "word", "\u00e9", "'s", ".", "x" * 80]
    )
    texts = data.draw(st.lists(st.lists(piece, max_size=200).map("".join), max_size=4))
    limit = data.draw(st.integers(2, 12))
    for one in (wordpiece, gpt2):
        array = arrow(texts)
        assert rows(one.encode(array, limit)) == rows(cut(one.encode(array), limit))


def test_only_the_beginning_of_long_texts_is_tokenised(
    either: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    assert either._choice is not None
    fast = either._choice.fast

    def flat(texts: list[str]) -> tuple[bytes, bytes]:
        taken.extend(map(len, texts))
        return fast.flat(texts)

    watched = dataclasses.replace(
        either._choice, fast=dataclasses.replace(fast, flat=flat)
    )
    monkeypatch.setattr(either, "_choice", watched)
    either.encode(arrow(["word " * 5_000, "x" * 900, "short"]), 16)
    assert taken == [129, 900, 5]
    taken.clear()
    # Too few tokens in the beginning: the whole is taken after all.
    either.encode(arrow([" responsibilities" * 40]), 16)
    assert taken == [136, 680]


@pytest.mark.parametrize("name", NAMES)
def test_without_special_tokens(request: pytest.FixtureRequest, name: str) -> None:
    file = request.getfixturevalue(f"{name}_file")
    one = load_tokenizer(EncodeConfig(tokenizer=str(file), special_tokens=False))
    assert one.backend == request.getfixturevalue(name).backend
    assert (one.reference.prefix_ids, one.reference.suffix_ids) == ((), ())
    texts = [*adversarial(200), "", "word " * 300]
    tokens = one.encode(arrow(texts))
    assert rows(tokens) == expected(one, texts)
    assert (tokens.prefix, tokens.suffix) == (0, 0)
    assert rows(one.encode(arrow(texts), 8)) == [ids[:8] for ids in rows(tokens)]
    assert -1 not in one.word_ids(arrow(texts))


def test_attributes(wordpiece: Tokenizer, gpt2: Tokenizer) -> None:
    assert (wordpiece.reference.prefix_ids, wordpiece.reference.suffix_ids) == (
        (101,),
        (102,),
    )
    assert (gpt2.reference.prefix_ids, gpt2.reference.suffix_ids) == ((), ())
    sizes = wordpiece.reference.vocabulary_size, gpt2.reference.vocabulary_size
    assert sizes == (30522, 50257)
    assert wordpiece.reference.name == "all-MiniLM-L6-v2"
    assert wordpiece.reference.sha256.startswith("be50c362")
    assert wordpiece.reference.token_id("[MASK]") == 103
    assert wordpiece.reference.token_id("no such token") is None
    tokens = wordpiece.encode(arrow(["a"]))
    assert (tokens.prefix, tokens.suffix) == (1, 1)


def test_reference_alone(wordpiece: Tokenizer) -> None:
    alone = load_tokenizer(EncodeConfig(tokenizer_backend="reference"))
    assert alone.backend.startswith("tokenizers ")
    texts = arrow([*adversarial(100), "word " * 900])
    assert rows(alone.encode(texts)) == rows(wordpiece.encode(texts))
    assert rows(alone.encode(texts, 9)) == rows(wordpiece.encode(texts, 9))
    assert alone.documents_compared == alone.documents_by_reference == 0


def test_a_library_that_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, gpt2_file: Path
) -> None:
    monkeypatch.setattr(libraries, "find_spec", lambda _: None)
    for name in ("minilm", str(gpt2_file)):
        one = load_tokenizer(EncodeConfig(tokenizer=name))
        assert one.backend.startswith("tokenizers ")


@pytest.mark.parametrize("module", ["splintr", "fastokens"])
def test_a_library_that_cannot_be_imported(
    monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    pytest.importorskip(module)
    monkeypatch.setitem(sys.modules, module, None)
    kind = "wordpiece" if module == "splintr" else "bytes"
    assert libraries.load_fast(kind, "{}") is None  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["wordpiece", "bytes", "other"])
def test_a_file_that_a_library_does_not_take(kind: Any) -> None:
    assert libraries.load_fast(kind, "{}") is None


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"encode\.tokenizer: .*nothing-here"):
        load_tokenizer(EncodeConfig(tokenizer=str(tmp_path / "nothing-here")))


def with_choice(tokenizer: Tokenizer, choice: Choice, share: float) -> Tokenizer:
    return Tokenizer(tokenizer.reference, choice, share)


LISTED = "\u0898"
"""One of the code points on which splintr 0.22.0 differs."""


def test_a_wrong_guard_is_found_by_the_comparison(wordpiece: Tokenizer) -> None:
    pytest.importorskip("splintr")
    assert wordpiece._choice is not None
    assert wordpiece._choice.guard.holds(LISTED)
    wrong = dataclasses.replace(wordpiece._choice, guard=CodePoints([(1, 1)]))
    texts = arrow(["plain", f"secret{LISTED}word", "plain again"])
    everything = with_choice(wordpiece, wrong, 1.0)
    with pytest.raises(
        TokenizerDiffersError, match="tokenizer_backend to reference"
    ) as one:
        everything.encode(texts)
    assert "secret" not in str(one.value)
    assert "splintr-rs" in str(one.value)
    with pytest.raises(TokenizerDiffersError):
        everything.encode(texts, 4)
    # The first document of all is compared even where none is asked for.
    with pytest.raises(TokenizerDiffersError):
        with_choice(wordpiece, wrong, 0.0).encode(texts[1:])
    unseen = with_choice(wordpiece, wrong, 0.0)
    assert rows(unseen.encode(texts))[1] != expected(wordpiece, [texts[1].as_py()])[0]
    assert (unseen.documents_compared, unseen.documents_by_reference) == (1, 0)


def test_counts(wordpiece: Tokenizer) -> None:
    pytest.importorskip("splintr")
    assert wordpiece._choice is not None
    one = with_choice(wordpiece, wordpiece._choice, 0.0)
    one.encode(arrow([f"a{LISTED}", "b", "c"]))
    assert (one.documents_compared, one.documents_by_reference) == (1, 1)
    one.encode(arrow([f"a{LISTED}", f"{LISTED}", "b", "", "word " * 900]), 8)
    assert (one.documents_compared, one.documents_by_reference) == (1, 3)
    every = with_choice(wordpiece, wordpiece._choice, 1.0)
    every.encode(arrow([f"a{LISTED}", "b", "c"]))
    assert (every.documents_compared, every.documents_by_reference) == (2, 1)


def pretend(
    monkeypatch: pytest.MonkeyPatch, library: FastLibrary, ranges: Any = ()
) -> None:
    monkeypatch.setattr(choosing, "load_fast", lambda *_: library)
    monkeypatch.setattr(choosing, "find_table", lambda *_: list(ranges))


def test_a_library_that_fails_its_test_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
    wordpiece_file: Path,
    pretender: Callable[..., FastLibrary],
) -> None:
    content = json.loads(wordpiece_file.read_text())
    pretend(monkeypatch, pretender(content))
    assert load_tokenizer(EncodeConfig()).backend == "pretender 1.0"
    pretend(monkeypatch, pretender(content), [(0x61, 0x61)])
    assert load_tokenizer(EncodeConfig()).backend.startswith("tokenizers ")
    model = {**content["model"], "max_input_chars_per_word": 99}
    pretend(monkeypatch, pretender(content, model=model))
    assert load_tokenizer(EncodeConfig()).backend.startswith("tokenizers ")


def test_tokens_spelled_out_go_to_the_reference_where_they_must(
    monkeypatch: pytest.MonkeyPatch,
    wordpiece_file: Path,
    pretender: Callable[..., FastLibrary],
) -> None:
    content = json.loads(wordpiece_file.read_text())
    pretend(monkeypatch, pretender(content, added_tokens=content["added_tokens"][:-1]))
    one = load_tokenizer(EncodeConfig())
    assert one.backend == "pretender 1.0"
    texts = ["a [MASK] b", "[SEP]", "[mask]", "a"]
    assert rows(one.encode(arrow(texts))) == expected(one, texts)
    assert rows(one.encode(arrow(texts[1:3]))) == expected(one, texts[1:3])
    assert one.documents_by_reference == 3
    assert rows(one.encode(arrow([]))) == [[]]


def test_a_table_is_made_once(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    wordpiece_file: Path,
    pretender: Callable[..., FastLibrary],
) -> None:
    library = pretender(json.loads(wordpiece_file.read_text()))
    made: list[str] = []

    def make(reference: Any, *_: Any) -> list[tuple[int, int]]:
        made.append(reference.rules.sha256)
        return [(0x898, 0x89F)]

    monkeypatch.setattr(choosing, "load_fast", lambda *_: library)
    monkeypatch.setattr(choosing, "make_table", make)
    for _ in range(2):
        one = load_tokenizer(EncodeConfig(), tmp_path / "tables")
        assert one._choice is not None
        assert one._choice.guard.listed.sum() == 8
        one.encode(arrow(["\u0899", "a"]))
        assert one.documents_by_reference == 1
    assert len(made) == 1
    load_tokenizer(EncodeConfig())
    assert len(made) == 2


def test_a_cache_that_cannot_be_written_is_gone_without(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    wordpiece_file: Path,
    pretender: Callable[..., FastLibrary],
    caplog: pytest.LogCaptureFixture,
) -> None:
    library = pretender(json.loads(wordpiece_file.read_text()))
    monkeypatch.setattr(choosing, "load_fast", lambda *_: library)
    monkeypatch.setattr(choosing, "make_table", lambda *_: [(0x898, 0x89F)])
    (tmp_path / "file").write_text("in the way")
    tables = tmp_path / "file" / "tables"
    one = load_tokenizer(EncodeConfig(), tables)
    assert rows(one.encode(arrow(["\u0899", "a"]))) == expected(one, ["\u0899", "a"])
    assert one.documents_by_reference == 1
    (said,) = [record.getMessage() for record in caplog.records]
    assert f"{tables} cannot be written (Not a directory)" in said


def test_several_threads(either: Tokenizer) -> None:
    parts = [arrow(adversarial(50, seed=seed)) for seed in range(8)]
    alone = [rows(either.encode(part)) for part in parts]
    with ThreadPoolExecutor(4) as pool:
        assert [rows(one) for one in pool.map(either.encode, parts)] == alone


def test_word_ids(either: Tokenizer, corpus: pa.Array) -> None:
    texts = [*adversarial(400), *corpus[:60].to_pylist(), "", "x" * 300, "don't [SEP]"]
    texts += ["un##affable ##ing", "unaffable-unaffable", "\u4e2d\u6587unaffable"]
    encode = either.reference.library.encode
    words = [
        -1 if one is None else one for text in texts for one in encode(text).word_ids
    ]
    array = arrow(texts)
    found = either.word_ids(array)
    assert found.dtype == np.int32
    assert found.tolist() == words
    assert either.word_ids(array, either.encode(array)).tolist() == words
    assert len(found) == len(either.encode(array).values)


LLAMA = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def token(at: int, content: str, *, lstrip: bool = False) -> dict[str, Any]:
    no = dict.fromkeys(("single_word", "rstrip", "normalized"), False)
    return {"id": at, "content": content, "special": True, "lstrip": lstrip, **no}


def like_roberta(content: dict[str, Any]) -> dict[str, Any]:
    more = [token(50257, "<mask>", lstrip=True), token(50258, "<s>")]
    around = {"sep": ["</s>", 50259], "cls": ["<s>", 50258], "trim_offsets": True}
    around |= {"type": "RobertaProcessing", "add_prefix_space": False}
    added = [*content["added_tokens"], *more, token(50259, "</s>")]
    return {**content, "added_tokens": added, "post_processor": around}


def like_llama(content: dict[str, Any]) -> dict[str, Any]:
    split: dict[str, Any] = {
        "type": "Split",
        "pattern": {"Regex": LLAMA},
        "invert": False,
    }
    split["behavior"] = "Isolated"
    level = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}
    level |= {"trim_offsets": True}
    model = {**content["model"], "ignore_merges": True}
    splitter = {"type": "Sequence", "pretokenizers": [split, level]}
    return {**content, "pre_tokenizer": splitter, "model": model}


@pytest.mark.parametrize("like", [like_roberta, like_llama])
def test_other_tokenizers_of_bytes(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    gpt2_file: Path,
    like: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    pytest.importorskip("fastokens")
    content = like(json.loads(gpt2_file.read_text()))
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    # Their tables are empty, as measured by the whole probe.
    monkeypatch.setattr(choosing, "make_table", lambda *_: [])
    one = load_tokenizer(EncodeConfig(tokenizer=str(tmp_path)))
    assert one.backend.startswith("fastokens ")
    texts = [
        *adversarial(600, seed=11, added=one.reference.rules.added),
        "",
        "word " * 400,
    ]
    texts += ["we <mask> it " * 60]
    array = arrow(texts)
    assert rows(one.encode(array)) == expected(one, texts)
    assert rows(one.encode(array, 8)) == rows(cut(one.encode(array), 8))
    assert one.word_ids(array).tolist() == one.reference.word_ids(array).tolist()
