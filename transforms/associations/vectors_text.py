"""Vectors of some words from text, as word2vec and GloVe write it.

A line holds a word and its values, with blanks between them. Lines are found, counted
and told apart on whole blocks; only those of words that are asked for are taken apart.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Integers, Singles
from isinglass.schemas.errors import InputError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

BLOCK_BYTES = 16 * 2**20
_LONGEST_LINE = 4 * 2**20
_BLANK, _TAB, _END, _RETURN = b" \t\n\r"
_HEADER = re.compile(rb"\s*(\d{1,12})[ \t]+(\d{1,7})\s*")
_KEY_BYTES = 8
"""First bytes of a word by which most others are told from those that are asked for."""


@dataclass
class TextRead:
    """What is known of a text file while it is gone through.

    Attributes:
        keys: First bytes of the wanted words, as numbers, sorted.
        wanted: The words by their bytes.
        announced: How many words the first line says that there are.
        twice: Wanted words that came again, and where.
        not_utf8: The first line that is not UTF-8.
    """

    path: Path
    keys: NDArray[np.uint64]
    wanted: dict[bytes, str]
    width: int = 0
    announced: int | None = None
    lines: int = 0
    words: int = 0
    vectors: dict[str, Singles] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)
    not_utf8: int | None = None

    def refuse(self, line: int, why: str) -> InputError:
        """An error about a line, counted from 1."""
        return InputError(f"vectors: {self.path}, line {line}: {why}")


def read_text(path: Path, wanted: frozenset[str]) -> TextRead:
    """Go through a file, and take the vectors of the words that are wanted.

    Raises:
        InputError: It is of another form or not whole, vectors differ in width, or a
            value that is wanted is no number.
    """
    coded = {word.encode(): word for word in wanted}
    keys = np.array([_key(word) for word in coded], np.uint64)
    read = TextRead(path, np.unique(keys), coded)
    with _opened(path) as file:
        _read_first(read, file.readline(_LONGEST_LINE))
        for block in _blocks(read, file):
            _read_block(read, block)
    if read.announced is not None and read.announced != read.words:
        raise InputError(
            f"vectors: {path} says in its first line that it holds {read.announced:,} "
            f"words, and it holds {read.words:,}: it is not whole, or was put together "
            "from several. Copy it again."
        )
    return read


def _opened(path: Path) -> AbstractContextManager[IO[bytes]]:
    if path.suffix == ".gz":
        return cast("AbstractContextManager[IO[bytes]]", gzip.open(path, "rb"))
    return path.open("rb")


def _key(word: bytes) -> int:
    return int.from_bytes(word[:_KEY_BYTES].ljust(_KEY_BYTES, b"\0"), "little")


def _read_first(read: TextRead, line: bytes) -> None:
    """Take the header, or a first word by which the width is known."""
    if not line.strip():
        raise InputError(f"vectors: {read.path} is empty or begins with an empty line.")
    if header := _HEADER.fullmatch(line):
        read.announced, read.width = int(header[1]), int(header[2])
        read.lines = 1
        if not read.width:
            raise read.refuse(1, "it says that vectors have 0 values.")
        return
    parts = line.split()
    if len(parts) < 3 or not all(map(_is_number, parts[-2:])):  # noqa: PLR2004
        raise read.refuse(
            1,
            "it is neither `number-of-words width` nor a word with its values. Word "
            "vectors are read as word2vec's or GloVe's text, or as .npz; other forms "
            "can be saved so (gensim: save_word2vec_format).",
        )
    read.width = len(parts) - 1
    _read_block(read, line)


def _is_number(part: bytes) -> bool:
    try:
        float(part)
    except ValueError:
        return False
    return True


def _blocks(read: TextRead, file: IO[bytes]) -> Iterator[bytes]:
    """Whole lines, some megabytes at a time; the last one may lack its end."""
    rest = b""
    while more := file.read(BLOCK_BYTES):
        cut = more.rfind(b"\n") + 1
        if not cut:
            rest += more
            if len(rest) > _LONGEST_LINE + BLOCK_BYTES:
                raise read.refuse(read.lines + 1, _BINARY)
            continue
        yield rest + more[:cut]
        rest = more[cut:]
    if rest:
        yield rest


_BINARY = (
    "it is no line of text. The binary form of word2vec is not read; save it as text "
    "(gensim: save_word2vec_format with binary=False) or as .npz."
)


def _read_block(read: TextRead, block: bytes) -> None:
    """Find the wanted words in whole lines."""
    data = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(data == _END)
    if not len(ends) or ends[-1] != len(data) - 1:
        ends = np.append(ends, len(data))
    starts = np.concatenate([[0], ends[:-1] + 1])
    first_line = read.lines + 1
    if b"\0" in block:
        raise read.refuse(first_line, _BINARY)
    _note_not_utf8(read, block, first_line)
    stops = _without_blanks(data, starts, ends)
    blanks = np.flatnonzero((data == _BLANK) | (data == _TAB))
    before = np.searchsorted(blanks, starts)
    values = np.searchsorted(blanks, stops) - before
    full = stops > starts
    _check_widths(read, block, (starts, stops), np.where(full, values, read.width))
    read.lines += len(starts)
    read.words += int(full.sum())
    # Words of several parts, of which GloVe has some, end before the last values.
    at = np.clip(before + values - read.width, 0, max(len(blanks) - 1, 0))
    stop_words = blanks[at] if len(blanks) else stops
    for row in np.flatnonzero(full & _may_be(read, data, starts, stop_words)):
        word = read.wanted.get(block[starts[row] : stop_words[row]])
        if word is not None:
            numbers = block[stop_words[row] : stops[row]]
            _take(read, word, numbers, first_line + int(row))


def _without_blanks(data: NDArray[np.uint8], starts: Integers, ends: Integers) -> Any:
    """Ends of lines before a carriage return and one blank, as word2vec writes it."""
    stops = ends.copy()
    for blank in (_RETURN, _BLANK):
        last = data[np.maximum(stops - 1, 0)]
        stops -= (stops > starts) & (last == blank)
    return stops


def _check_widths(
    read: TextRead, block: bytes, lines: tuple[Integers, Integers], values: Integers
) -> None:
    """Refuse a line with fewer values, or with more that are all numbers."""
    for row in np.flatnonzero(values != read.width):
        parts = block[lines[0][row] : lines[1][row]].split()
        count = len(parts) - 1
        short = count < read.width
        if short or all(map(_is_number, parts[1:])):
            raise read.refuse(
                read.lines + 1 + int(row),
                f"a vector has {count} values, and those before it have {read.width}. "
                "The file is damaged, or holds vectors of two models.",
            )


def _may_be(
    read: TextRead, data: NDArray[np.uint8], starts: Integers, stops: Integers
) -> Any:
    """Lines whose first bytes are those of a wanted word."""
    lengths = np.clip(stops - starts, 0, _KEY_BYTES)
    keys = np.zeros(len(starts), np.uint64)
    last = len(data) - 1
    for place in range(_KEY_BYTES):
        byte = data[np.minimum(starts + place, last)].astype(np.uint64)
        keys |= np.where(lengths > place, byte, np.uint64(0)) << np.uint64(8 * place)
    return np.isin(keys, read.keys)


def _take(read: TextRead, word: str, numbers: bytes, line: int) -> None:
    if word in read.vectors:
        read.twice.append(f"{word!r} (line {line})")
        return
    parts = numbers.split()
    if len(parts) != read.width:
        raise read.refuse(line, f"{word!r} has {len(parts)} values, not {read.width}.")
    try:
        vector = np.array(parts, np.bytes_).astype(np.float64)
    except ValueError:
        raise read.refuse(
            line, f"a value of {word!r} is no number. Save the vectors again."
        ) from None
    if not np.isfinite(vector).all():
        raise read.refuse(
            line,
            f"a value of {word!r} is not finite (NaN or infinite): no cosine can be "
            "taken. Save the vectors again, or leave the word out.",
        )
    read.vectors[word] = vector.astype(np.float32)


def _note_not_utf8(read: TextRead, block: bytes, first_line: int) -> None:
    if read.not_utf8 is not None:
        return
    try:
        block.decode()
    except UnicodeDecodeError as error:
        read.not_utf8 = first_line + block.count(b"\n", 0, error.start)
