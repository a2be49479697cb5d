"""What slow steps of a unit found, kept on the way.

A unit is committed as a whole, and one that needs a model can take minutes. What the
model said is therefore kept every few seconds, and the next attempt goes on behind it:
only the model is spared, all else is done again. Parts are gone once the unit is done.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from isinglass.pipelines.engine.workspace import (
    Workspace,
    arrow_batches,
    arrow_bytes,
    read_bytes,
    remove,
    write_atomically,
)

KEEP_SECONDS, KEEP_BYTES = 3.0, 64 * 2**20
"""Steps that take less in all are not worth a file; more bytes are not held."""

_DIGEST = hashlib.sha256().digest_size


class Parts:
    """The kept steps of one unit, in order; a step is a record batch.

    First those of earlier attempts come back from `take`, then others are given to
    `keep`. Steps count only under the fingerprint that they were made under.
    """

    def __init__(
        self, workspace: Workspace, pass_name: str, unit: str, fingerprint: str
    ) -> None:
        self._stem = workspace.pass_folder(pass_name) / unit
        self._fingerprint = fingerprint.encode()
        self._files = 0
        self._earlier = self._read()
        self._new: list[pa.RecordBatch] = []
        self._since = time.monotonic()

    def take(self) -> pa.RecordBatch | None:
        """The next step that an earlier attempt kept; None if there is none left."""
        step = next(self._earlier, None)
        self._since = time.monotonic()
        return step

    def keep(self, step: pa.RecordBatch) -> None:
        """Keep a step, once they have taken a while, or much memory."""
        self._new.append(step)
        held = sum(step.nbytes for step in self._new)
        if time.monotonic() - self._since < KEEP_SECONDS and held < KEEP_BYTES:
            return
        content = arrow_bytes(self._new)
        write_atomically(self._path(self._files), self._digest(content) + content)
        self._files += 1
        self._new = []
        self._since = time.monotonic()

    def remove(self) -> None:
        """Remove what was kept, of this attempt and of earlier ones."""
        number = 0
        while remove(self._path(number)):
            number += 1

    def _read(self) -> Iterator[pa.RecordBatch]:
        while True:
            try:
                content = read_bytes(self._path(self._files))
            except FileNotFoundError:
                return
            if content[:_DIGEST] != self._digest(content[_DIGEST:]):
                return
            self._files += 1
            yield from arrow_batches(content[_DIGEST:])

    def _path(self, number: int) -> Path:
        return self._stem.with_name(f"{self._stem.name}.part-{number:05d}")

    def _digest(self, content: bytes) -> bytes:
        place = f"{self._files}:".encode()
        return hashlib.sha256(self._fingerprint + place + content).digest()
