"""The pair of files that Megatron-LM trains on.

The layout is that of `IndexedDataset` in `megatron/core/datasets/indexed_dataset.py`.
`.bin` holds the ids of all documents one after the other. `.idx` holds, little-endian:

    magic              9 bytes    4d 4d 49 44 49 44 58 00 00 ("MMIDIDX")
    version            uint64     1
    type of the ids    uint8      8 is uint16, 4 is int32
    sequences          uint64     s
    document borders   uint64     documents + 1
    sequence lengths   int32[s]   tokens
    sequence starts    int64[s]   bytes in `.bin`
    document borders   int64[]    sequences before each document, and s at the end

Here a document is one sequence. A document of no tokens has none, and its two borders
are equal, as `tools/preprocess_data.py` of Megatron-LM writes it.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.errors import IsinglassError

if TYPE_CHECKING:
    from isinglass.transforms.encode.tokenizers.batch import TokenBatch

MAGIC = b"MMIDIDX\x00\x00"
VERSION = 1
HEADER = struct.Struct("<9sQBQQ")
TYPES: dict[int, np.dtype[Any]] = {8: np.dtype("<u2"), 4: np.dtype("<i4")}
UINT16_BELOW = 65_500
"""Megatron-LM takes uint16 for vocabularies of fewer ids (`DType.optimal_dtype`)."""


BIN, IDX = ".bin", ".idx"


def half_path(prefix: Path, suffix: str) -> Path:
    """File of the ids (`BIN`), or the one that says where documents are (`IDX`)."""
    return prefix.with_name(prefix.name + suffix)


def id_type(vocabulary_size: int) -> Literal["uint16", "int32"]:
    """Type of the ids in `.bin`, by the number of ids there are."""
    return "uint16" if vocabulary_size < UINT16_BELOW else "int32"


class MegatronWriter:
    """Streams documents into a pair of files; only their lengths stay in memory.

    `prefix` is the path of both files without `.bin` and `.idx`; the folder must exist.
    """

    def __init__(self, prefix: Path, vocabulary_size: int) -> None:
        self._index = half_path(prefix, IDX)
        self._vocabulary_size = vocabulary_size
        self._code = 8 if id_type(vocabulary_size) == "uint16" else 4
        self._lengths: list[NDArray[np.int32]] = []
        self._file = half_path(prefix, BIN).open("wb")

    def write(self, tokens: TokenBatch) -> None:
        """Add documents.

        Raises:
            IsinglassError: An id is not in the vocabulary.
        """
        largest = int(tokens.values.max(initial=0))
        if largest >= self._vocabulary_size:
            raise IsinglassError(
                f"Ids up to {largest} do not fit a vocabulary of "
                f"{self._vocabulary_size} ids. Write the ids of its own tokenizer."
            )
        self._file.write(tokens.values.astype(TYPES[self._code]).tobytes())
        self._lengths.append(tokens.lengths.astype("<i4"))

    def finish(self) -> tuple[int, int]:
        """Write the index, close both files; returns documents and tokens."""
        self._file.close()
        lengths = np.concatenate([np.zeros(0, "<i4"), *self._lengths])
        told = len(lengths), int(lengths.sum(dtype=np.int64))
        borders = np.append(0, np.cumsum(lengths > 0)).astype("<i8")
        lengths = lengths[lengths > 0]
        sizes = lengths.astype("<i8") * TYPES[self._code].itemsize
        head = HEADER.pack(MAGIC, VERSION, self._code, len(lengths), len(borders))
        parts = (lengths, np.cumsum(sizes) - sizes, borders)
        self._index.write_bytes(head + b"".join(part.tobytes() for part in parts))
        return told
