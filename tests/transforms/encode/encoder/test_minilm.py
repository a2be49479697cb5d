from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.errors import ConfigError, RefuseError
from isinglass.transforms.encode.encoder.encoder import load_encoder
from isinglass.transforms.encode.tokenizers.batch import TokenBatch

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from isinglass.transforms.encode.encoder.encoder import Encoder
    from isinglass.transforms.encode.tokenizers.reference import Reference

torch = pytest.importorskip("torch")

# Many lengths, some equal, in no order; a few are cut at 256.
TEXTS = [f"number {i} " + "some more words " * ((i * 37) % 90) for i in range(33)]
SOME = 5


def test_golden_vectors(
    tokenizer: Reference, encoder: Encoder, shared_data: Path
) -> None:
    folder = shared_data / "models" / "golden_minilm"
    texts = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    golden = np.load(folder / "golden.npz")["mean_pooled_normalised"]
    vectors = encoder.encode(tokenizer.encode(pa.array(texts)))
    assert vectors.dtype == np.float32
    assert np.abs(vectors - golden).max() < 1e-5


def test_cosines_of_the_model_card(tokenizer: Reference, encoder: Encoder) -> None:
    texts = [
        "That is a happy person",
        "That is a happy dog",
        "That is a very happy person",
        "Today is a sunny day",
    ]
    vectors = encoder.encode(tokenizer.encode(pa.array(texts)))
    cosines = vectors[1:] @ vectors[0]
    assert np.abs(cosines - [0.695, 0.943, 0.257]).max() < 6e-4


@pytest.fixture(scope="module")
def alone(tokenizer: Reference, encoder: Encoder) -> NDArray[np.float32]:
    """Vectors of some texts, each encoded by itself."""
    chosen = TEXTS[::SOME]
    return np.concatenate(
        [encoder.encode(tokenizer.encode(pa.array([text]))) for text in chosen]
    )


@pytest.mark.parametrize("budget", [256, 1024, 100_000])
def test_batch_mates_do_not_matter(
    tokenizer: Reference, encoder: Encoder, alone: NDArray[np.float32], budget: int
) -> None:
    encoder = dataclasses.replace(encoder, batch_tokens=budget)
    order = np.random.default_rng(budget).permutation(len(TEXTS))
    tokens = tokenizer.encode(pa.array([TEXTS[row] for row in order]))
    together = np.empty((len(TEXTS), encoder.dimensions), np.float32)
    together[order] = encoder.encode(tokens)
    assert np.abs(together[::SOME] - alone).max() <= 1e-6
    if budget == 1024:
        again = encoder.encode(tokens)
        assert again.tobytes() == together[order].tobytes()


def test_vector_depends_on_the_seen_tokens_alone(
    tokenizer: Reference, encoder: Encoder
) -> None:
    start = "word " * 254
    texts = [start, start + "and more of it", "word " * 253]
    vectors = encoder.encode(tokenizer.encode(pa.array(texts)))
    assert np.abs(vectors[0] - vectors[1]).max() <= 1e-6
    assert np.abs(vectors[0] - vectors[2]).max() > 1e-6


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t ",
        "[CLS]",
        "x" * 1_000_000,
        "- " * 500_000,
        "".join(chr(plane * 0x10000 + 0x4E2D) for plane in range(17)),
    ],
    ids=["empty", "blank", "special", "no space", "punctuation", "planes"],
)
def test_odd_texts_have_a_vector(
    tokenizer: Reference, encoder: Encoder, text: str
) -> None:
    vectors = encoder.encode(tokenizer.encode(pa.array([text, "a normal one"])))
    assert np.isfinite(vectors).all()
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-6


def test_no_documents(tokenizer: Reference, encoder: Encoder) -> None:
    vectors = encoder.encode(tokenizer.encode(pa.array([], pa.string())))
    assert vectors.shape == (0, encoder.dimensions) == (0, 384)


def test_without_normalising(tokenizer: Reference, encoder: Encoder) -> None:
    tokens = tokenizer.encode(pa.array(TEXTS[:5]))
    plain = dataclasses.replace(encoder, normalise=False).encode(tokens)
    norms = np.linalg.norm(plain, axis=1, keepdims=True)
    assert np.abs(norms - 1).min() > 0.1
    assert np.abs(plain / norms - encoder.encode(tokens)).max() < 1e-6


def test_id_beyond_the_vocabulary(encoder: Encoder) -> None:
    tokens = TokenBatch(np.array([101, 30522, 102], np.int32), np.array([0, 3]))
    with pytest.raises(RefuseError, match=r"30522 is beyond .* 30522"):
        encoder.encode(tokens)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is present")
def test_device_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"encode\.device"):
        load_encoder(EncodeConfig(device="cuda"))


@pytest.mark.parametrize(
    ("error", "raised", "match"),
    [
        (torch.OutOfMemoryError("none left"), RefuseError, "free memory of cpu"),
        (RuntimeError("shapes differ"), RuntimeError, "shapes differ"),
    ],
)
def test_model_that_does_not_fit(
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    raised: type[Exception],
    match: str,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("isinglass.transforms.encode.encoder.encoder.load_model", fail)
    with pytest.raises(raised, match=match):
        load_encoder(EncodeConfig(device="cpu"))


@pytest.mark.slow
def test_same_bytes_in_another_process(tokenizer: Reference, encoder: Encoder) -> None:
    code = (
        "import hashlib, json, sys\n"
        "import pyarrow as pa\n"
        "from isinglass.schemas.config import EncodeConfig\n"
        "from isinglass.transforms.encode.encoder.device import configure_threads\n"
        "from isinglass.transforms.encode.encoder.encoder import load_encoder\n"
        "from isinglass.transforms.encode.tokenizers.reference import load_reference\n"
        "configure_threads(1)\n"
        "texts = pa.array(json.load(sys.stdin))\n"
        "tokens = load_reference(EncodeConfig()).encode(texts)\n"
        "vectors = load_encoder(EncodeConfig()).encode(tokens)\n"
        "print(hashlib.sha256(vectors.tobytes()).hexdigest())\n"
    )
    tokens = tokenizer.encode(pa.array(TEXTS))
    here = hashlib.sha256(encoder.encode(tokens).tobytes()).hexdigest()
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(TEXTS),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == here
