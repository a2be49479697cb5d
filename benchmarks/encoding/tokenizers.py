"""Part `tokenizers`: MB of text to ids a CPU second, beside the reference library."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.encoding.corpus import SHARED, TOKENIZER, read_texts, spread
from benchmarks.measuring.processes import Target, table
from isinglass.schemas.config import EncodeConfig
from isinglass.transforms.encode.tokenizers.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from isinglass.transforms.encode.tokenizers.tokenizer import Tokenizer

CHOICES = {
    "WordPiece": str(TOKENIZER),
    "GPT-2": str(SHARED / "models" / "gpt2_bpe"),
}
LEAST_RATIO = 8.0


def run(corpus: Path, *, small: bool) -> list[Target]:
    """Print the table; returns the targets."""
    texts = spread(read_texts(corpus), 300 if small else 3000)
    rows, targets = [], []
    for name, choice in CHOICES.items():
        fast = load_tokenizer(EncodeConfig(tokenizer=choice))
        slow = load_tokenizer(
            EncodeConfig(tokenizer=choice, tokenizer_backend="reference")
        )
        rates = {}
        for tokenizer in (slow, fast):
            tokenizer.encode(texts[:1])
            rates[tokenizer.backend] = _rate(tokenizer, texts)
            rate, base = rates[tokenizer.backend], rates[slow.backend]
            row = [f"{name}, {tokenizer.backend}", f"{rate:.1f}", f"{rate / base:.1f}"]
            rows.append(row)
        one, other = slow.encode(texts), fast.encode(texts)
        same = np.array_equal(one.values, other.values) and np.array_equal(
            one.offsets, other.offsets
        )
        ratio = rates[fast.backend] / rates[slow.backend]
        targets += [
            Target(
                f"{name}, times the reference",
                f">= {LEAST_RATIO:g}",
                f"{ratio:.1f}",
                ratio >= LEAST_RATIO,
            ),
            Target(
                f"{name}, the reference's ids", "all", "all" if same else "no", same
            ),
        ]
    size = texts.nbytes / 1e6
    print(f"{len(texts)} whole texts, {size:.1f} MB\n")
    print(table(("tokenizer", "MB/s", "times the reference"), rows))
    return targets


def _rate(tokenizer: Tokenizer, texts: pa.StringArray) -> float:
    """Megabytes a CPU second, guard and comparison included, in the first pass.

    Later passes are up to three times as fast where a library remembers words.
    """
    before = time.process_time()
    tokenizer.encode(texts)
    return float(texts.nbytes) / 1e6 / (time.process_time() - before)
