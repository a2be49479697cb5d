"""An encoder that keeps what it gave, so that a stopped shard goes on behind it."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.transforms.encode.encoder.window import Encoded

if TYPE_CHECKING:
    from isinglass.pipelines.engine.parts import Parts
    from isinglass.transforms.encode.stages import Runs
    from isinglass.transforms.encode.tokenizers.batch import TokenBatch


@dataclass(frozen=True)
class KeptEncoder:
    """Runs an encoder on the windows of a shard that have no kept part."""

    encoder: Runs
    parts: Parts

    @property
    def max_tokens(self) -> int:
        """What the model sees of a document."""
        return self.encoder.max_tokens

    def run(
        self, windows: Iterable[TokenBatch], *, hidden: bool = False
    ) -> Generator[Encoded, None, None]:
        """Vectors of window after window, as `Encoder.run` gives them."""
        left = iter(windows)
        while (kept := self.parts.take()) is not None:
            next(left)
            yield from_batch(kept)
        for encoded in self.encoder.run(left, hidden=hidden):
            self.parts.keep(to_batch(encoded))
            yield encoded


def to_batch(encoded: Encoded) -> pa.RecordBatch:
    """Vectors as one row; arrays are written as they lie in memory."""
    hidden = encoded.hidden
    return pa.RecordBatch.from_pydict(
        {
            "documents": pa.array([len(encoded.vectors)], pa.int64()),
            "vectors": pa.array([encoded.vectors.tobytes()], pa.large_binary()),
            "dimensions": pa.array([encoded.vectors.shape[1]], pa.int64()),
            "offsets": pa.array([encoded.offsets.tobytes()], pa.large_binary()),
            "hidden": pa.array(
                [None if hidden is None else hidden.tobytes()], pa.large_binary()
            ),
            "width": pa.array([0 if hidden is None else hidden.shape[1]], pa.int64()),
        }
    )


def from_batch(row: pa.RecordBatch) -> Encoded:
    """Inverse of `to_batch`."""
    part = {name: row.column(name)[0].as_py() for name in row.schema.names}
    vectors = np.frombuffer(part["vectors"], np.float32)
    hidden = None
    if part["hidden"] is not None:
        hidden = np.frombuffer(part["hidden"], np.float16).reshape(-1, part["width"])
    return Encoded(
        vectors.reshape(part["documents"], part["dimensions"]),
        np.frombuffer(part["offsets"], np.int64),
        hidden,
    )
