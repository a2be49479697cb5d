from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from benchmarks.vectors.peers import (
    Question,
    ask_peer,
    differences,
    load_loop,
    load_sentence_transformers,
)
from benchmarks.vectors.random_models import save_random

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = ["", "A word.", "Many words " * 40, "Some more of them."]


@pytest.fixture
def question(tmp_path: Path, tokenizer_file: Path) -> Question:
    folder = save_random("random:bert-tiny", tokenizer_file, tmp_path / "model")
    return Question(
        folder=folder,
        tokenizer=tokenizer_file,
        pad=0,
        max_tokens=32,
        pooling="mean",
        normalise=True,
        device=torch.device("cpu"),
        batches=(1, 3),
    )


def test_loop_gives_what_sentence_transformers_gives(question: Question) -> None:
    loop = load_loop(question)(TEXTS, 3)
    other = load_sentence_transformers(question)(TEXTS, 2)
    assert differences(loop, other)[0] < 1e-6
    # Texts differ, or the comparison would say nothing.
    assert differences(loop[:1], loop[2:3])[1] < 0.999


@pytest.mark.parametrize("pooling", ["cls", "pooler"])
def test_loop_pools_otherwise(question: Question, pooling: str) -> None:
    mean = load_loop(question)(TEXTS, 4)
    other = load_loop(replace(question, pooling=pooling))(TEXTS, 4)
    assert differences(mean, other)[1] < 0.99


def test_peer_without_its_library(
    question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    answer = ask_peer(question, TEXTS)
    assert answer.name.startswith("transformers, padded loop")
    assert set(answer.seconds) == {1, 3}
    assert answer.vectors.shape == (4, 128)


def test_late_peer_runs_once(question: Question) -> None:
    answer = ask_peer(replace(question, rounds=2, deadline=0.0), TEXTS)
    assert set(answer.seconds) == {1}


def test_differences_of_known_vectors() -> None:
    left = np.array([[1, 0], [0, 2]], np.float32)
    right = np.array([[1, 0], [2, 0]], np.float32)
    assert differences(left, left) == (0.0, 1.0)
    assert differences(left, right) == (2.0, 0.0)
