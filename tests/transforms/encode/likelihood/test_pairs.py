"""Scores of pairs: equal to a plain loop after the formula, whatever is batched."""

from __future__ import annotations

import csv
import difflib
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
import transformers

from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.errors import InputError, RefuseError
from isinglass.transforms.encode.likelihood import heads
from isinglass.transforms.encode.likelihood.heads import Head, head_of, load_head
from isinglass.transforms.encode.likelihood.pairs import (
    COLUMNS,
    NOTHING_IN_COMMON,
    TOO_LONG,
    PairScores,
    read_pairs,
    score_pairs,
    shared_places,
)
from isinglass.transforms.encode.likelihood.scores import Scorer
from isinglass.transforms.encode.tokenizers.reference import load_reference
from tests.small_models import save_bert, save_gpt, write_tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MORE = [
    "The nurse was a woman.",
    "He was very strong, and he was loud at work.",
    "She sings.",
    "The doctor is a man and the nurse is a woman.",
    "The teacher was kind.",
    "Man.",
]
LESS = [
    "The nurse was a man.",
    "She was very strong, and she was loud at work.",
    "The doctor sings.",
    "The doctor is a woman and the nurse is a man.",
    "The singer and the teacher was kind.",
    "Woman .",
]


def scorer(folder: Path) -> Scorer:
    settings = EncodeConfig(model=str(folder), tokenizer=str(folder), max_tokens=8)
    return Scorer.of(load_head(settings), load_reference(settings))


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bert(tmp_path_factory.mktemp("model") / "bert")


@pytest.fixture(scope="module")
def causal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_gpt(tmp_path_factory.mktemp("model") / "gpt")


def plain_loop(folder: Path, more: Sequence[str], less: Sequence[str]) -> np.ndarray:
    """Nangia et al. (2020), one forward pass a token, as published code does it."""
    model = transformers.BertForMaskedLM.from_pretrained(folder).eval()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"), mask_token="[MASK]"
    )
    scores = []
    for pair in zip(more, less, strict=True):
        ids = [tokenizer.encode(text) for text in pair]
        left, right = ([str(one) for one in row] for row in ids)
        blocks = difflib.SequenceMatcher(None, left, right).get_opcodes()
        spans: list[list[int]] = [[], []]
        for name, a, b, c, d in blocks:
            if name == "equal":
                spans[0] += range(a, b)
                spans[1] += range(c, d)
        told = [0.0, 0.0]
        for side in (0, 1):
            for place in spans[side][1:-1]:
                given = torch.tensor([ids[side]])
                given[0, place] = tokenizer.mask_token_id
                with torch.no_grad():
                    logits = model(given).logits[0, place]
                told[side] += float(logits.log_softmax(0)[ids[side][place]])
        scores.append(told)
    return np.array(scores)


def test_scores_are_those_of_a_plain_loop(masked: Path) -> None:
    found = score_pairs(scorer(masked), MORE, LESS)
    expected = plain_loop(masked, MORE, LESS)
    assert found.skipped == {}
    assert found.scores == pytest.approx(expected, abs=1e-4)
    assert np.abs(expected[:, 0] - expected[:, 1]).min() > 1e-2
    assert found.preferences().tolist() == (expected[:, 0] > expected[:, 1]).tolist()
    assert found.tokens[:, 0].tolist() == [5, 10, 3, 10, 6, 1]


def test_scores_do_not_depend_on_batches(
    masked: Path, causal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (masked, causal):
        first = score_pairs(scorer(folder), MORE, LESS)
        with monkeypatch.context() as patch:
            patch.setattr(heads, "_TOKENS", 1)
            patch.setattr(Head, "_words", lambda _: None)
            one_by_one = score_pairs(scorer(folder), MORE, LESS)
        assert first.scores == pytest.approx(one_by_one.scores, abs=1e-4)


def test_a_causal_model_reads_the_whole_sentence(causal: Path) -> None:
    found = score_pairs(scorer(causal), MORE, LESS)
    model = transformers.GPT2LMHeadModel.from_pretrained(causal).eval()
    ids = scorer(causal).tokenizer.library.encode(MORE[0]).ids
    with torch.no_grad():
        logits = model(torch.tensor([[2, *ids]])).logits[0].log_softmax(-1)
    expected = sum(float(logits[at, token]) for at, token in enumerate(ids))
    assert found.scores[0, 0] == pytest.approx(expected, abs=1e-4)
    assert found.tokens[0].tolist() == [6, 6]
    assert found.tokens[4].tolist() == [6, 10]


def test_where_nothing_begins_a_text_its_first_token_is_not_counted(
    tmp_path: Path,
) -> None:
    found = score_pairs(scorer(save_gpt(tmp_path, None)), ["a man", "a"], ["a", "a"])
    assert found.tokens.tolist() == [[1, 0], [0, 0]]
    assert found.scores[1].tolist() == [0, 0]


def test_pairs_that_cannot_be_scored_are_told(masked: Path) -> None:
    long = "the man was " * 8
    more, less = ["man", long, "a man"], ["woman", "the man", "a woman"]
    found = score_pairs(scorer(masked), more, less)
    assert found.skipped == {1: TOO_LONG, 0: NOTHING_IN_COMMON}
    assert np.isnan(found.scores).any(axis=1).tolist() == [True, True, False]
    assert np.isnan(found.preferences()).tolist() == [True, True, False]
    fits = "the man was " * 7 + "a"
    assert score_pairs(scorer(masked), [fits], [fits]).skipped == {}


def test_close_scores_are_a_tie() -> None:
    scores = np.array([[-1.0, -2], [-2, -1], [-1.00001, -1], [-1.002, -1]])
    tokens = np.array([[1, 4], [1, 1], [1, 1], [1, 1]])
    found = PairScores(scores, tokens, {})
    assert found.preferences().tolist() == [1, 0, 0.5, 0]
    assert found.preferences(each_token=True).tolist() == [0, 0, 0.5, 0]


@pytest.mark.parametrize(
    ("one", "other", "places"),
    [
        ([1, 5, 2], [1, 6, 2], ([0, 2], [0, 2])),
        ([1, 5, 5, 2], [1, 5, 2], ([0, 1, 3], [0, 1, 2])),
        ([7], [8], ([], [])),
    ],
)
def test_shared_places(
    one: list[int], other: list[int], places: tuple[list[int], list[int]]
) -> None:
    found = shared_places(np.array(one), np.array(other))
    assert tuple(part.tolist() for part in found) == places


@pytest.mark.parametrize(
    ("kind", "head"),
    [("BertForMaskedLM", "masked"), ("BertForPreTraining", "masked")],
)
def test_heads_are_found(tmp_path: Path, kind: str, head: str) -> None:
    folder = save_bert(tmp_path, kind)
    assert head_of(folder) == head
    assert scorer(folder).head.longest == 24


def test_a_causal_head_is_found(causal: Path) -> None:
    assert head_of(causal) == "causal"
    assert scorer(causal).head.longest == 24


@pytest.mark.parametrize(
    "kind", ["BertModel", "BertForNextSentencePrediction", "BertForTokenClassification"]
)
def test_other_models_are_refused_by_name(tmp_path: Path, kind: str) -> None:
    with pytest.raises(RefuseError, match=f"holds {kind}, which has no head"):
        head_of(save_bert(tmp_path, kind))


def test_a_head_without_weights_is_refused(tmp_path: Path) -> None:
    folder = save_bert(tmp_path, "BertModel")
    config = folder / "config.json"
    config.write_text(config.read_text().replace("BertModel", "BertForMaskedLM"))
    with pytest.raises(RefuseError, match=r"weights without cls\.predictions"):
        scorer(folder)


def test_a_causal_head_that_sees_what_follows_is_refused(tmp_path: Path) -> None:
    folder = save_bert(tmp_path, "BertLMHeadModel")
    assert head_of(folder) == "causal"
    with pytest.raises(RefuseError, match="sees the words that follow"):
        scorer(folder)
    config = folder / "config.json"
    config.write_text(
        json.dumps({**json.loads(config.read_text()), "is_decoder": True})
    )
    assert scorer(folder).head.kind == "causal"


def test_a_tokenizer_without_a_blank_is_refused(tmp_path: Path) -> None:
    folder = save_bert(tmp_path)
    write_tokenizer(folder, around=True)
    file = folder / "tokenizer.json"
    file.write_text(file.read_text().replace("[MASK]", "[BLANK]"))
    with pytest.raises(RefuseError, match=r"has neither \[MASK\] nor <mask>"):
        scorer(folder)


def write_csv(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("", *COLUMNS), *rows])
    return path


def test_pairs_are_read(tmp_path: Path) -> None:
    rows = [["0", 'A "man",\nhe', "A woman", "antistereo", "gender"]]
    found = read_pairs(write_csv(tmp_path / "p.csv", rows))
    assert found.more == ['A "man",\nhe']
    assert (found.directions, found.types) == (["antistereo"], ["gender"])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "holds no pairs"),
        ([["0", "secret", "", "stereo", "age"]], "line 2: sent_less is empty"),
        ([["0", "secret", "b"]], "line 2: stereo_antistereo is empty"),
        ([["0", "secret", "b", "both", "age"]], "must be stereo or antistereo"),
    ],
)
def test_pairs_that_are_not_complete(
    tmp_path: Path, rows: list[list[str]], said: str
) -> None:
    with pytest.raises(InputError, match=said) as error:
        read_pairs(write_csv(tmp_path / "p.csv", rows))
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no file"),
        (b"", "has no column sent_more"),
        (b"sent_more,sent_less,bias_type\n", "has no column stereo_antistereo"),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_files_of_another_form(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "p.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_pairs(path)


def test_the_published_pairs_are_read(shared_data: Path) -> None:
    path = shared_data / "fairness" / "crows_pairs" / "crows_pairs_anonymized.csv"
    if not path.is_file():
        pytest.skip(f"no pairs at {path}")
    found = read_pairs(path)
    assert len(found.more) == 1508
    assert len(set(found.types)) == 9
    assert found.directions.count("antistereo") == 218
