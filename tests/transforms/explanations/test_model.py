"""The same vectors as the run writes, and gradients and attention besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest
import torch

from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode.encoder.device import configure_threads
from isinglass.transforms.encode.encoder.encoder import load_encoder
from isinglass.transforms.encode.tokenizers.batch import TokenBatch
from isinglass.transforms.explanations.gradients import integrated_gradients
from isinglass.transforms.explanations.model import load_open
from isinglass.transforms.explanations.rollout import rollout, row_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Save = Callable[..., Path]

IDS = np.array([101, 1996, 3899, 2938, 2006, 1996, 13523, 102])
TEXT = np.array([False, *[True] * 6, False])


@pytest.mark.parametrize(
    ("kind", "pooling"),
    [
        ("Bert", "mean"),
        ("Bert", "cls"),
        ("Bert", "pooler"),
        ("DistilBert", "mean"),
        ("Roberta", "mean"),
        ("Electra", "cls"),
    ],
)
def test_vectors_are_those_of_the_run(
    save_model: Save, kind: str, pooling: Literal["mean", "cls"]
) -> None:
    folder = save_model(kind)
    configure_threads(1)
    settings = EncodeConfig(
        model=str(folder), tokenizer=str(folder), pooling=pooling, max_tokens=32
    )
    tokens = TokenBatch(IDS.astype(np.int32), np.array([0, len(IDS)]))
    (encoded,) = load_encoder(settings).run([tokens])
    opened = load_open(folder, pooling, normalised=True)
    with torch.no_grad():
        own = opened.vectors(opened.embed(IDS)[None])[0].numpy()
    assert own == pytest.approx(encoded.vectors[0], abs=2e-5)
    assert opened.dimensions == len(own)


def test_attention_is_of_every_layer_and_head(save_model: Save) -> None:
    opened = load_open(save_model("Bert"), "mean", normalised=True)
    attention = opened.attention(IDS)
    assert attention is not None
    assert attention.shape == (2, 3, 8, 8)
    assert row_error(attention) < 1e-5
    assert row_error(rollout(attention)) < 1e-5


def test_the_baseline_has_padding_in_the_place_of_text(save_model: Save) -> None:
    opened = load_open(save_model("Bert"), "mean", normalised=True)
    baseline, given = opened.baseline(IDS, TEXT), opened.embed(IDS)
    same = (baseline == given).all(dim=1).tolist()
    assert same == (~TEXT).tolist()
    assert torch.equal(baseline[1], opened.embed(np.array([0]))[0])


def test_gradients_are_complete_and_leave_out_what_stands_around(
    save_model: Save,
) -> None:
    opened = load_open(save_model("Bert"), "mean", normalised=True)
    weight = torch.randn(24, generator=torch.Generator().manual_seed(1))
    found = integrated_gradients(
        lambda embedded: opened.vectors(embedded) @ weight,
        opened.embed(IDS),
        opened.baseline(IDS, TEXT),
    )
    assert found.complete
    assert found.tokens.sum() == pytest.approx(found.value - found.baseline, rel=0.05)
    assert not found.tokens[~TEXT].any()
    assert np.abs(found.tokens[TEXT]).min() > 0


def test_a_model_that_has_no_attention_says_so(save_model: Save) -> None:
    folder = save_model("Mamba", hidden_size=24, state_size=4)
    opened = load_open(folder, "mean", normalised=True)
    assert opened.attention(IDS) is None


def test_a_model_that_takes_no_embeddings_is_refused(
    save_model: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    import transformers  # noqa: PLC0415

    folder = save_model("Bert")
    whole = transformers.BertModel.forward

    def forward(self: object, input_ids: object = None, **rest: object) -> object:
        if input_ids is None:
            raise ValueError("You have to specify input_ids")
        return whole(self, input_ids, **rest)

    monkeypatch.setattr(transformers.BertModel, "forward", forward)
    with pytest.raises(RefuseError, match="does not take embeddings"):
        load_open(folder, "mean", normalised=True)
