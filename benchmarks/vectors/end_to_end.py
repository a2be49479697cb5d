"""One run from the Parquet file to vectors on the host, and what it took."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from benchmarks.vectors.books import watch
from benchmarks.vectors.machine import (
    peak_device_mb,
    peak_host_mb,
    reset_peaks,
)
from isinglass.schemas.tables import embeddings_schema
from isinglass.transforms.encode.outputs.rows import embeddings_batch, storage_of
from isinglass.transforms.encode.stages import (
    StreamSettings,
    encode_stream,
    writing,
)
from isinglass.transforms.write import TableWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.vectors.texts import Texts
    from isinglass.transforms.encode.encoder.encoder import Encoder
    from isinglass.transforms.encode.tokenizers.batch import TokenBatch
    from isinglass.transforms.encode.tokenizers.tokenizer import Tokenizer

WINDOW_TOKENS = 2**20
"""Tokens whose documents are put into batches together, at least."""
_DEPTH = 4


@dataclass(frozen=True)
class Job:
    """What every run does.

    Attributes:
        texts: Encoded in every run.
        tokenizer: Shared by the threads.
        encoder: Each run takes a copy, with a token budget of its own.
        threads: Of the tokenizer; 0 does everything in one thread.
        kept: Vectors that are kept for comparison, of the first documents.
        output: Folder to write to; None writes nothing.
    """

    texts: Texts
    tokenizer: Tokenizer
    encoder: Encoder
    threads: int
    kept: int
    output: Path | None


@dataclass
class Run:
    """What a run took.

    Attributes:
        budget: Most tokens in a batch, at its start.
        seconds: Of wall time, from opening the file to the last vector on the host,
            and on the disk where they are written.
        tokenizer_seconds: Of processor time in the threads of the tokenizer.
        process_seconds: Of processor time in all threads of the process.
        tokens: That the model saw.
        squares: Sum of the squares of the documents' tokens.
        documents: Number of documents.
        vectors: Of the first documents.
        batches: Forward passes.
        fill: Share of the budgets that held a token.
        padding: Share of the positions that held none.
        busy: Seconds in which the device ran a batch.
        idle: Share of the encoder's time in which it ran none.
        halvings: How often the device's memory ran out.
        host_mb: Peak of the resident size in MiB.
        device_mb: Peak of the GPU's memory in MiB.
    """

    budget: int
    seconds: float = 0.0
    tokenizer_seconds: float = 0.0
    process_seconds: float = 0.0
    tokens: int = 0
    squares: int = 0
    documents: int = 0
    vectors: list[NDArray[np.float32]] = field(default_factory=list)
    batches: int = 0
    fill: float = 0.0
    padding: float = 0.0
    busy: float = 0.0
    idle: float = 0.0
    halvings: int = 0
    host_mb: float = 0.0
    device_mb: float | None = None


def run_once(job: Job, budget: int, documents: int | None = None) -> Run:
    """Read, tokenise, encode and, where asked for, write.

    Args:
        job: What is done.
        budget: Most tokens in a batch.
        documents: Only the first so many, to warm up.
    """
    encoder = replace(job.encoder, batch_tokens=budget)
    books = watch(encoder)
    device, run = encoder.model.device, Run(budget)
    timed = _Timed(job.tokenizer, encoder.max_tokens)
    reset_peaks(device)
    began, spent = time.perf_counter(), time.process_time()
    with ExitStack() as stack:
        put = _writer(job, stack)
        for streamed in encode_stream(
            job.texts.batches(documents),
            timed.encode,
            encoder,
            StreamSettings(job.threads, _DEPTH + job.threads, WINDOW_TOKENS),
        ):
            assert streamed.encoded is not None
            _count(run, streamed.tokens)
            vectors = streamed.encoded.vectors
            put(vectors)
            if run.documents < job.kept + len(vectors):
                run.vectors.append(vectors)
    ended = time.perf_counter()
    run.seconds = ended - began
    run.process_seconds = time.process_time() - spent
    run.tokenizer_seconds = timed.seconds
    run.batches, run.fill, run.padding = books.batches, books.fill, books.padding
    run.busy, run.idle = books.busy(), books.idle(ended)
    run.halvings = budget.bit_length() - encoder.batch_tokens.bit_length()
    run.host_mb, run.device_mb = peak_host_mb(), peak_device_mb(device)
    return run


def kept_vectors(run: Run, documents: int) -> NDArray[np.float32]:
    """Vectors of the first documents of a run."""
    return np.concatenate(run.vectors)[:documents]


class _Timed:
    """A tokenizer, and the processor time of the threads that call it."""

    def __init__(self, tokenizer: Tokenizer, limit: int) -> None:
        self._tokenizer = tokenizer
        self._limit = limit
        self._lock = threading.Lock()
        self.seconds = 0.0

    def encode(self, texts: pa.StringArray) -> TokenBatch:
        before = time.thread_time()
        tokens = self._tokenizer.encode(texts, self._limit)
        took = time.thread_time() - before
        with self._lock:
            self.seconds += took
        return tokens


def _count(run: Run, tokens: TokenBatch) -> None:
    lengths = tokens.lengths
    run.documents += len(lengths)
    run.tokens += int(lengths.sum())
    run.squares += int((lengths**2).sum())


def _writer(job: Job, stack: ExitStack) -> Callable[[NDArray[np.float32]], None]:
    """A function that takes vectors; writes them in a thread where asked for."""
    if job.output is None:
        return _nothing
    job.output.mkdir(parents=True, exist_ok=True)
    table = TableWriter(
        job.output / "embeddings.parquet",
        embeddings_schema(job.encoder.dimensions),
        storage=storage_of("float32"),
    )
    rows = 0

    def write(vectors: NDArray[np.float32]) -> None:
        nonlocal rows
        numbers = pa.array(np.arange(rows, rows + len(vectors))).cast(pa.string())
        table.write(embeddings_batch(numbers, vectors))
        rows += len(vectors)

    def end(kind: Any, *_: object) -> None:
        table.abort() if kind else table.finish()

    stack.push(end)
    return stack.enter_context(writing(write, _DEPTH))


def _nothing(vectors: NDArray[np.float32]) -> None:
    """Write nothing."""
