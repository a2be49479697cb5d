"""Record batches as bytes, in messages of Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa


def arrow_bytes(batches: Sequence[pa.RecordBatch]) -> bytes:
    """Record batches of one schema, at least one, as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batches[0].schema) as stream:
        for batch in batches:
            stream.write_batch(batch)
    return sink.getvalue().to_pybytes()


def arrow_batches(content: bytes) -> Iterator[pa.RecordBatch]:
    """The record batches of an Arrow stream."""
    with pa.ipc.open_stream(content) as stream:
        yield from stream
