"""Part `speed`: CPU seconds of texts to vectors, in one process and in turns.

The texts are cut into slices, and every side encodes a slice before the next slice
begins, so that a noisy neighbour meets them all; of each slice the best round counts.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from benchmarks.encoding.corpus import long_texts, openings, read_texts, spread
from benchmarks.measuring.processes import Target, table
from benchmarks.vectors.peers import differences
from isinglass.schemas.config import EncodeConfig
from isinglass.transforms.encode.encoder.device import configure_threads
from isinglass.transforms.encode.encoder.encoder import load_encoder
from isinglass.transforms.encode.models.find import model_folder
from isinglass.transforms.encode.tokenizers.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Encode = Callable[[pa.StringArray], NDArray[np.float32]]

PEER = "sentence-transformers, float32"
FLOAT32, BFLOAT16 = "isinglass, float32", "isinglass, bfloat16"
LEAST_RATIO = {FLOAT32: 1.25, BFLOAT16: 2.0}
MOST_DIFFERENCE, LEAST_COSINE = 1e-5, 0.9995
SHORT_CHARACTERS = 120
LONG_CHARACTERS = 6
"""For each token the model takes."""
SLICES, ROUNDS = 3, 2


def run(corpus: Path, limit: int, *, small: bool) -> list[Target]:
    """Print a table for each kind of texts; returns the targets."""
    texts = read_texts(corpus)
    sides = build_sides(limit)
    whole = spread(texts, 45 if small else 300)
    short = openings(spread(texts, 90 if small else 900), SHORT_CHARACTERS)
    # They fill the model, so that nothing is gained by leaving out padding.
    full = spread(long_texts(texts, LONG_CHARACTERS * limit), 15 if small else 150)
    tokenizer = load_tokenizer(EncodeConfig())
    targets = []
    kinds = {"whole texts": whole, "short texts": short, "long texts": full}
    for name, chosen in kinds.items():
        spent, vectors = _take_turns(sides, chosen)
        tokens = int(tokenizer.encode(chosen, limit).offsets[-1])
        print(f"{len(chosen)} {name}, {tokens:,} tokens of at most {limit} a text\n")
        _print(spent, vectors, len(chosen), tokens)
        targets += _targets(name, spent, vectors)
    if BFLOAT16 not in sides:
        print("This processor has no bfloat16 instructions: not measured.")
    return targets


def has_bfloat16() -> bool:
    """Whether the processor has instructions for products in bfloat16."""
    info = Path("/proc/cpuinfo")
    flags = info.read_text(encoding="utf-8") if info.exists() else ""
    return "avx512_bf16" in flags or "amx_bf16" in flags


def build_sides(limit: int) -> dict[str, Encode]:
    """Every side, loaded and warm."""
    configure_threads(1)
    sides = {PEER: load_peer(limit), FLOAT32: load_own("float32", limit)}
    if has_bfloat16():
        sides[BFLOAT16] = load_own("bfloat16", limit)
    for encode in sides.values():
        encode(pa.array(["To warm up.", "word " * limit]))
    return sides


def load_own(precision: str, limit: int) -> Encode:
    """Texts to vectors here, tokenising included."""
    chosen: Any = precision
    settings = EncodeConfig(precision=chosen, max_tokens=limit, device="cpu")
    tokenizer, encoder = load_tokenizer(settings), load_encoder(settings)

    def encode(texts: pa.StringArray) -> NDArray[np.float32]:
        return encoder.encode(tokenizer.encode(texts, limit))

    return encode


def load_peer(limit: int) -> Encode:
    """Texts to vectors by sentence-transformers; the strings are made by the way."""
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    model = SentenceTransformer(str(model_folder(EncodeConfig())), device="cpu")
    model.max_seq_length = limit
    encode = partial(model.encode, normalize_embeddings=True, show_progress_bar=False)
    return lambda texts: np.asarray(encode(texts.to_pylist()))


def _take_turns(
    sides: dict[str, Encode], texts: pa.StringArray
) -> tuple[dict[str, float], dict[str, NDArray[np.float32]]]:
    best: dict[str, list[float]] = {name: [] for name in sides}
    parts: dict[str, list[NDArray[np.float32]]] = {name: [] for name in sides}
    for number in range(SLICES):
        part = texts.take(pa.array(range(number, len(texts), SLICES)))
        for name, encode in sides.items() if number % 2 else reversed(sides.items()):
            rounds = [_seconds(encode, part) for _ in range(ROUNDS)]
            best[name].append(min(took for took, _ in rounds))
            parts[name].append(rounds[-1][1])
    spent = {name: sum(slices) for name, slices in best.items()}
    return spent, {name: np.concatenate(rows) for name, rows in parts.items()}


def _seconds(
    encode: Encode, texts: pa.StringArray
) -> tuple[float, NDArray[np.float32]]:
    before = time.process_time()
    vectors = encode(texts)
    return time.process_time() - before, vectors


def _print(
    spent: dict[str, float],
    vectors: dict[str, NDArray[np.float32]],
    documents: int,
    tokens: int,
) -> None:
    rows = []
    for name, took in spent.items():
        difference, cosine = differences(vectors[name], vectors[PEER])
        rows.append(
            [
                name,
                f"{took:.2f}",
                f"{documents / took:.1f}",
                f"{tokens / took:,.0f}",
                f"{spent[PEER] / took:.2f}",
                f"{difference:.1e}",
                f"{cosine:.5f}",
            ]
        )
    header = ("encoder", "CPU s", "documents/s", "tokens/s", "ratio")
    print(table((*header, "greatest difference", "least cosine"), rows) + "\n")


def _targets(
    name: str, spent: dict[str, float], vectors: dict[str, NDArray[np.float32]]
) -> list[Target]:
    targets = []
    for side, least in LEAST_RATIO.items():
        what = f"{side}, {name}: times the peer"
        if side not in spent:
            targets.append(Target(what, f">= {least}", "", None))
            continue
        ratio = spent[PEER] / spent[side]
        targets.append(Target(what, f">= {least}", f"{ratio:.2f}", ratio >= least))
        targets.append(_nearness(f"{side}, {name}", side, vectors))
    return targets


def _nearness(what: str, side: str, vectors: dict[str, NDArray[np.float32]]) -> Target:
    difference, cosine = differences(vectors[side], vectors[PEER])
    if side == FLOAT32:
        return Target(
            f"{what}: greatest difference",
            f"<= {MOST_DIFFERENCE}",
            f"{difference:.1e}",
            difference <= MOST_DIFFERENCE,
        )
    return Target(
        f"{what}: least cosine",
        f">= {LEAST_COSINE}",
        f"{cosine:.5f}",
        cosine >= LEAST_COSINE,
    )
