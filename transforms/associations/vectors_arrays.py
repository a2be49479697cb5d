"""Vectors of some words from the arrays `words` and `vectors` of an `.npz` file."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Singles
from isinglass.schemas.errors import InputError

BLOCK_BYTES = 16 * 2**20


Found = tuple[dict[str, Singles], int, int, list[str]]


def read_arrays(path: Path, wanted: frozenset[str]) -> Found:
    """Vectors by word, their width, how many words there are, and which come again.

    Raises:
        InputError: There are no such arrays, or not of the right types and shapes, or a
            value that is wanted is not finite.
    """
    with zipfile.ZipFile(path) as archive:
        names = {Path(name).stem for name in archive.namelist()}
        if not {"words", "vectors"} <= names:
            raise InputError(
                f"vectors: {path} holds the arrays {', '.join(sorted(names)) or 'none'}"
                "; it must hold `words` (n,) and `vectors` (n, width), as "
                "numpy.savez(path, words=words, vectors=vectors) writes them."
            )
        rows, count, twice = _rows_of(path, archive, wanted)
        vectors, width = _vectors_of(path, archive, rows, count)
    return vectors, width, count, twice


def _rows_of(
    path: Path, archive: zipfile.ZipFile, wanted: frozenset[str]
) -> tuple[dict[int, str], int, list[str]]:
    """Which rows are of wanted words, how many there are, and words that come again."""
    with archive.open("words.npy") as file:
        shape, kind = _header(path, file, "words")
        if len(shape) != 1 or kind.kind != "U":
            raise InputError(
                f"vectors: {path}: `words` is of type {kind} and shape {shape}; it "
                "must be a flat array of strings (numpy.array(words, dtype=str))."
            )
        rows: dict[int, str] = {}
        twice: list[str] = []
        asked = np.array(sorted(wanted) or [""])
        for start, words in _chunks(file, shape, kind):
            for place in np.flatnonzero(np.isin(words, asked)):
                word, row = str(words[place]), start + int(place)
                if word in rows.values():
                    twice.append(f"{word!r} (row {row})")
                else:
                    rows[row] = word
    return rows, shape[0], twice


def _vectors_of(
    path: Path, archive: zipfile.ZipFile, rows: dict[int, str], count: int
) -> tuple[dict[str, Singles], int]:
    found: dict[str, Singles] = {}
    with archive.open("vectors.npy") as file:
        shape, kind = _header(path, file, "vectors")
        if len(shape) != 2 or shape[0] != count or not shape[1] or kind.kind != "f":  # noqa: PLR2004
            raise InputError(
                f"vectors: {path}: `vectors` is of type {kind} and shape {shape}; it "
                f"must be of floats, ({count}, width): a row for each of the words."
            )
        order = np.array(sorted(rows), np.int64)
        for start, part in _chunks(file, shape, kind):
            here = order[np.searchsorted(order, start) :]
            for row in here[: np.searchsorted(here, start + len(part))]:
                vector = part[row - start].astype(np.float32)
                if not np.isfinite(vector).all():
                    raise InputError(
                        f"vectors: {path}, row {row}: a value of {rows[int(row)]!r} is "
                        "not finite (NaN or infinite): no cosine can be taken."
                    )
                found[rows[int(row)]] = vector
    return found, shape[1]


def _header(path: Path, file: IO[bytes], name: str) -> tuple[tuple[int, ...], Any]:
    """Shape and type of an array; the file stands at its first value then."""
    try:
        version = np.lib.format.read_magic(file)
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, fortran, kind = read(file)
    except ValueError:
        raise InputError(f"vectors: {path}: `{name}` is no array of numpy.") from None
    if kind.hasobject or (fortran and len(shape) > 1):
        why = "holds Python objects" if kind.hasobject else "is stored by columns"
        raise InputError(
            f"vectors: {path}: `{name}` {why}; save it as numpy.ascontiguousarray of "
            "strings (dtype=str) or floats."
        )
    return shape, kind


def _chunks(
    file: IO[bytes], shape: tuple[int, ...], kind: Any
) -> Iterator[tuple[int, NDArray[Any]]]:
    """Rows of an array, some megabytes at a time, each with the number of its first."""
    width = int(np.prod(shape[1:], dtype=np.int64)) * max(1, kind.itemsize)
    step = max(1, BLOCK_BYTES // max(1, width))
    for start in range(0, shape[0], step):
        count = min(step, shape[0] - start)
        content = file.read(count * width)
        if len(content) < count * width:
            raise EOFError
        yield start, np.frombuffer(content, kind).reshape(count, *shape[1:])
