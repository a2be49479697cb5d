"""The tokenizer by itself, on a sample, in one thread."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.vectors.texts import text_bytes

if TYPE_CHECKING:
    from benchmarks.vectors.texts import Texts
    from isinglass.transforms.encode.tokenizers.tokenizer import Tokenizer

SAMPLE_BYTES = 16_000_000


@dataclass(frozen=True)
class Alone:
    """What tokenising a sample took, with and without cutting it.

    Attributes:
        documents: In the sample.
        bytes: Of their texts.
        seconds: Of processor time in all threads, texts cut to the model's limit.
        helpers: How much more that is than in the calling thread: above 1 where a
            library has threads of its own.
        whole_seconds: The same for whole texts.
        whole_tokens: Of whole texts.
    """

    documents: int
    bytes: int
    seconds: float
    helpers: float
    whole_seconds: float
    whole_tokens: int


def tokenise_alone(tokenizer: Tokenizer, texts: Texts, limit: int) -> Alone:
    """Tokenise the first documents twice: cut to `limit` tokens, and whole."""
    sample, size = [], 0
    for batch in texts.batches():
        sample.append(batch)
        size += text_bytes(batch)
        if size >= SAMPLE_BYTES:
            break
    # Caches of words are as warm as they are in the middle of a run.
    tokenizer.encode(sample[0], limit)
    process, thread = time.process_time(), time.thread_time()
    for batch in sample:
        tokenizer.encode(batch, limit)
    seconds, own = time.process_time() - process, time.thread_time() - thread
    process, tokens = time.process_time(), 0
    for batch in sample:
        tokens += int(tokenizer.encode(batch).offsets[-1])
    return Alone(
        documents=sum(len(batch) for batch in sample),
        bytes=size,
        seconds=max(seconds, 1e-9),
        helpers=max(1.0, seconds / max(own, 1e-9)),
        whole_seconds=max(time.process_time() - process, 1e-9),
        whole_tokens=tokens,
    )
