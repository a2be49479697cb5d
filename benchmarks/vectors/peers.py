"""The same texts by `sentence-transformers`, or by a plain loop over `transformers`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.vectors.machine import (
    peak_device_mb,
    peak_host_mb,
    reset_peaks,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import torch
    from numpy.typing import NDArray

    Encode = Callable[[list[str], int], NDArray[np.float32]]

BATCHES = {"cuda": (32, 256), "cpu": (32,)}
"""Batch sizes the peer is given; 32 is the default of sentence-transformers."""
_LEAST_NORM = 1e-12
# Warmed by the longest texts, which take the most memory.
_WARM_TEXTS = 64


@dataclass(frozen=True)
class Question:
    """What the peer does.

    Attributes:
        folder: Of the model.
        tokenizer: Its tokenizer.json.
        pad: Id that fills batches up.
        max_tokens: Tokens of a document that the model sees.
        pooling: `mean`, `cls` or `pooler`.
        normalise: Whether vectors are brought to unit length.
        device: Where.
        precision: A dtype of torch by its name.
        batches: Batch sizes to try.
        rounds: How often each is run.
        deadline: By `time.perf_counter`; only the first run begins after it.
    """

    folder: Path
    tokenizer: Path
    pad: int
    max_tokens: int
    pooling: str
    normalise: bool
    device: torch.device
    precision: str = "float32"
    batches: tuple[int, ...] = (32,)
    rounds: int = 1
    deadline: float = float("inf")


@dataclass(frozen=True)
class Answer:
    """What the peer took.

    Attributes:
        name: Of the peer.
        seconds: By batch size, the best of some rounds.
        core_seconds: Of processor time in the fastest of all rounds.
        vectors: Of all texts.
        host_mb: Peak of the resident size in MiB.
        device_mb: Peak of the GPU's memory in MiB.
    """

    name: str
    seconds: dict[int, float]
    core_seconds: float
    vectors: NDArray[np.float32]
    host_mb: float
    device_mb: float | None


def ask_peer(question: Question, texts: list[str]) -> Answer:
    """Time the peer on Python strings that are in memory already.

    It is spared reading the file, and making strings of what is read.
    """
    try:
        name, encode = "sentence-transformers", load_sentence_transformers(question)
    except ImportError as error:
        name = f"transformers, padded loop, as sentence-transformers lacks {error.name}"
        encode = load_loop(question)
    encode(sorted(texts, key=len)[-_WARM_TEXTS:], min(question.batches))
    reset_peaks(question.device)
    seconds: dict[int, float] = {}
    core_seconds: list[tuple[float, float]] = []
    vectors = np.zeros((0, 0), np.float32)
    for size in question.batches * question.rounds:
        if seconds and time.perf_counter() > question.deadline:
            break
        before, spent = time.perf_counter(), time.process_time()
        vectors = encode(texts, size)
        took, spent = time.perf_counter() - before, time.process_time() - spent
        seconds[size] = min(took, seconds.get(size, took))
        core_seconds.append((took, spent))
    return Answer(
        name=name,
        seconds=seconds,
        core_seconds=min(core_seconds)[1],
        vectors=vectors,
        host_mb=peak_host_mb(),
        device_mb=peak_device_mb(question.device),
    )


def load_sentence_transformers(question: Question) -> Encode:
    """`SentenceTransformer.encode`; by `half` in half precision."""
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415  (optional)

    model = SentenceTransformer(str(question.folder), device=str(question.device))
    model.max_seq_length = question.max_tokens
    if question.precision == "float16":
        model.half()

    def encode(texts: list[str], size: int) -> NDArray[np.float32]:
        vectors = model.encode(
            texts,
            batch_size=size,
            normalize_embeddings=question.normalise,
            show_progress_bar=False,
        )
        return np.asarray(vectors, np.float32)

    return encode


def load_loop(question: Question) -> Encode:
    """`AutoModel` over batches of similar length, filled up to the longest."""
    import tokenizers  # noqa: PLC0415  (optional)
    import torch  # noqa: PLC0415  (optional)
    import transformers  # noqa: PLC0415  (optional)

    tokenizer = tokenizers.Tokenizer.from_file(str(question.tokenizer))
    tokenizer.no_padding()
    tokenizer.enable_truncation(question.max_tokens)
    model: Any = transformers.AutoModel.from_pretrained(
        question.folder,
        local_files_only=True,
        use_safetensors=True,
        dtype=getattr(torch, question.precision),
    )
    model.eval().to(question.device)

    def encode(texts: list[str], size: int) -> NDArray[np.float32]:
        # As sentence-transformers does: the longest texts first.
        order = np.argsort([-len(text) for text in texts], kind="stable")
        parts = []
        for start in range(0, len(texts), size):
            batch = [texts[row] for row in order[start : start + size]]
            ids = [one.ids for one in tokenizer.encode_batch_fast(batch)]
            with torch.inference_mode():
                parts.append(_padded(model, ids, question).cpu().numpy())
        vectors = np.concatenate(parts)
        return vectors[np.argsort(order)]

    return encode


def _padded(model: Any, ids: list[list[int]], question: Question) -> torch.Tensor:
    """Vectors of one batch, float32."""
    import torch  # noqa: PLC0415  (optional)

    lengths = np.array([len(one) for one in ids])
    mask = np.arange(lengths.max()) < lengths[:, None]
    filled = np.full(mask.shape, question.pad, np.int64)
    filled[mask] = np.concatenate(ids)
    seen = torch.from_numpy(mask).to(question.device)
    output = model(
        input_ids=torch.from_numpy(filled).to(question.device),
        attention_mask=seen.long(),
    )
    if question.pooling == "pooler":
        vectors = output.pooler_output.float()
    elif question.pooling == "cls":
        vectors = output.last_hidden_state[:, 0].float()
    else:
        hidden = output.last_hidden_state.float() * seen.unsqueeze(-1)
        vectors = hidden.sum(1) / seen.sum(1, keepdim=True)
    if question.normalise:
        norms = torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
        vectors = vectors / norms.clamp_min(_LEAST_NORM)
    return torch.as_tensor(vectors)


def differences(
    ours: NDArray[np.float32], theirs: NDArray[np.float32]
) -> tuple[float, float]:
    """Greatest difference of a value, and least cosine of two vectors of a text."""
    left, right = ours.astype(np.float64), theirs.astype(np.float64)
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    cosines = (left * right).sum(1) / np.maximum(norms, _LEAST_NORM)
    return float(np.abs(left - right).max()), float(cosines.min())
