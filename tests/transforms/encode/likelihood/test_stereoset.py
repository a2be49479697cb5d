"""StereoSet: scores of fillers, and the shares that are made of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import transformers

from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.errors import InputError
from isinglass.transforms.encode.likelihood.heads import load_head
from isinglass.transforms.encode.likelihood.scores import Scorer
from isinglass.transforms.encode.likelihood.stereoset import (
    LABELS,
    Item,
    icat,
    read_items,
    score_items,
    shares_of,
)
from isinglass.transforms.encode.tokenizers.reference import load_reference
from tests.small_models import save_bert, save_gpt

if TYPE_CHECKING:
    from pathlib import Path

FILLERS = ("kind", "loud", "banana")
ITEMS = [
    Item("nurse", "gender", "The nurse was BLANK at work.", FILLERS),
    Item("singer", "profession", "BLANK is a singer.", ("Sheed", "teachers", "home")),
]


def scorer(folder: Path) -> Scorer:
    settings = EncodeConfig(model=str(folder), tokenizer=str(folder), max_tokens=8)
    return Scorer.of(load_head(settings), load_reference(settings))


def row(**changes: Any) -> dict[str, Any]:
    """An item as the published file has it."""
    sentences = [
        {"id": str(n), "sentence": f"The nurse was {word} at work", "gold_label": label}
        for n, (word, label) in enumerate(zip(FILLERS, LABELS, strict=True))
    ]
    return {
        "id": "1",
        "target": "nurse",
        "bias_type": "gender",
        "context": "The nurse was BLANK at work.",
        "sentences": sentences[::-1],
        **changes,
    }


def write(path: Path, rows: list[dict[str, Any]], others: int = 0) -> Path:
    data = {"intrasentence": rows, "intersentence": [{}] * others}
    path.write_text(json.dumps({"version": "1", "data": data}))
    return path


def test_items_are_read(tmp_path: Path) -> None:
    found = read_items(write(tmp_path / "dev.json", [row()], 3))
    assert found.items == [ITEMS[0]]
    assert found.two_sentences == 3


@pytest.mark.parametrize(
    ("context", "sentence", "filler"),
    [
        ("BLANK is here.", "Smith is here.", "Smith"),
        ("She is BLANK.", "She is very kind.", "very kind"),
        ("She is BLANK!", "she is kind", "kind"),
    ],
)
def test_fillers_are_found(
    tmp_path: Path, context: str, sentence: str, filler: str
) -> None:
    sentences = [{"sentence": sentence, "gold_label": label} for label in LABELS]
    given = row(context=context, sentences=sentences)
    found = read_items(write(tmp_path / "dev.json", [given]))
    assert found.items[0].fillers == (filler, filler, filler)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"context": "The nurse was secret."}, "must hold BLANK once"),
        ({"context": "BLANK and BLANK"}, "must hold BLANK once"),
        ({"context": "Secret is BLANK."}, "is not its context"),
        ({"sentences": []}, "needs target"),
        ({"sentences": None}, "needs target"),
    ],
)
def test_items_of_another_form(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=f"item 0: .*{said}") as error:
        read_items(write(tmp_path / "dev.json", [row(**changes)]))
    assert "secret" not in str(error.value).lower()


@pytest.mark.parametrize("content", ["", "[]", '{"data": {}}', '{"data": 3}'])
def test_files_of_another_form(tmp_path: Path, content: str) -> None:
    path = tmp_path / "dev.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"not of the form of dev\.json"):
        read_items(path)
    with pytest.raises(InputError, match="no items of one sentence"):
        read_items(write(path, []))


def test_masked_scores_are_those_of_a_plain_loop(tmp_path: Path) -> None:
    made = scorer(save_bert(tmp_path))
    model = transformers.BertForMaskedLM.from_pretrained(tmp_path).eval()
    library = made.tokenizer.library

    def plain(context: str, filler: str) -> float:
        tokens = library.encode(filler, add_special_tokens=False)
        told = []
        for step, token in enumerate(tokens.ids):
            before = "".join(tokens.tokens[:step]).replace("##", "")
            given = library.encode(context.replace("BLANK", f"{before}[MASK]"))
            place = given.tokens.index("[MASK]")
            with torch.no_grad():
                logits = model(torch.tensor([given.ids])).logits[0, place]
            told.append(float(logits.softmax(0)[token]))
        return float(np.mean(told))

    expected = [[plain(one.context, word) for word in one.fillers] for one in ITEMS]
    assert score_items(made, ITEMS) == pytest.approx(np.array(expected), abs=1e-6)


def test_causal_scores_are_means_over_the_sentence(tmp_path: Path) -> None:
    made = scorer(save_gpt(tmp_path))
    found = score_items(made, ITEMS[:1])
    rows = made.ids([f"The nurse was {word} at work." for word in FILLERS])
    sums, tokens = made.following(rows)
    assert tokens.tolist() == [7, 7, 7]
    assert found[0] == pytest.approx(sums / 7)


def test_items_that_are_too_long_have_no_score(tmp_path: Path) -> None:
    long = Item("nurse", "gender", "The nurse was BLANK" + " at work" * 20, FILLERS)
    for save in (save_bert, save_gpt):
        found = score_items(scorer(save(tmp_path / save.__name__)), [long, ITEMS[0]])
        assert np.isnan(found).all(axis=1).tolist() == [True, False]


@pytest.mark.parametrize(
    ("lms", "ss", "expected"),
    [
        (84.17, 60.28, 66.86),
        (85.47, 58.69, 70.63),
        (100.0, 50.0, 100.0),
        (100.0, 0.0, 0.0),
        (80.0, 40.0, 64.0),
        (80.0, 60.0, 64.0),
    ],
)
def test_icat(lms: float, ss: float, expected: float) -> None:
    # The first two are as printed for BERT by Meade et al. (2022), of rounded numbers.
    assert icat(lms, ss) == pytest.approx(expected, abs=0.03)


def test_icat_of_published_scores() -> None:
    assert round(icat(84.17, 60.28), 2) == 66.86


def test_shares_are_means_over_terms() -> None:
    # One term of three items, all stereotyped; one of a single item, which is not.
    scores = np.array([[3, 2, 1], [3, 1, 2], [3, 2, 1], [1, 2, 3.0]])
    found = shares_of(["a", "a", "a", "b"], scores)
    assert (found.items, found.terms) == (4, 2)
    assert found.lms == pytest.approx((100 * 5 / 6 + 0) / 2)
    assert found.ss == 50
    assert found.icat == pytest.approx(found.lms)
    intervals = [found.ss_interval, shares_of(["a"], scores[:1]).ss_interval]
    assert intervals == [(0, 100), None]
    # A tie is no preference for the stereotype, and none for what makes sense.
    tie = shares_of(["a"], np.ones((1, 3)))
    assert (tie.lms, tie.ss) == (0, 0)
