"""Bytes of a plain, gzip or Zstandard file, in bounded chunks or blocks of lines.

The standard readers raise at the end of a truncated file and take with them what they
had already decompressed. Here everything that could be decompressed comes first, and
then `Damage` says what is wrong with the rest.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

import zstandard

from isinglass.schemas.documents import Piece
from isinglass.schemas.errors import InputError
from isinglass.transforms.read.batches import BATCH_BYTES
from isinglass.transforms.read.checks import LEAST_RECORD_BYTES
from isinglass.transforms.read.formats import compression_of

CHUNK_BYTES = 2**20
"""Bytes read, or decompressed, at a time."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

BLANK = b" \t\r"
"""A line of nothing else is blank, and no record."""

# Little at a time: Zstandard hands out all that one piece of input decompresses to,
# which is up to 32,768 times as much.
_ZSTD_INPUT = 2 * 2**10
_GZIP_INPUT = 64 * 2**10
# Files written with `zstd --long=31` need this much; it is allocated only for them.
_ZSTD_WINDOW = 2**31
_GZIP_WINDOW = 31


@dataclass(frozen=True)
class TooLong:
    """A line of so many bytes, of which only the beginning is held."""

    bytes: int
    blank: bool = False


@dataclass(frozen=True)
class Damage:
    """The file ends, or becomes `corrupt`, before its end marker.

    The detail says where, in bytes of the compressed file.
    """

    detail: str
    corrupt: bool = False


def open_input(path: str, relative: str) -> io.BufferedReader:
    """Open a planned file for reading; an `InputError` if that is not possible."""
    try:
        return io.BufferedReader(io.FileIO(path))
    except OSError as error:
        raise changed(relative, error.strerror or "it cannot be opened") from None


def changed(relative: str, what: str) -> InputError:
    """Return the error that a file is not as it was when the run was planned."""
    return InputError(
        f"{relative}: {what}. The input changed after it was planned; "
        "restore the file or start the run again."
    )


def chunks(file: BinaryIO, name: str) -> Iterator[bytes | Damage]:
    """Yield the content of a file from where it stands, by its name decompressed.

    Chunks are not empty; at last comes one `Damage` if the end is missing.
    """
    compression = compression_of(name)
    if compression == "gz":
        begin = partial(zlib.decompressobj, _GZIP_WINDOW)
        yield from _decompressed(file, _GZIP_INPUT, begin, CHUNK_BYTES)
    elif compression == "zst":
        frames = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        for part in _decompressed(file, _ZSTD_INPUT, frames.decompressobj):
            yield from _bounded(part)
    else:
        while data := file.read(CHUNK_BYTES):
            yield data


def _bounded(part: bytes | Damage) -> Iterator[bytes | Damage]:
    """A chunk in pieces of at most `CHUNK_BYTES`."""
    if isinstance(part, Damage) or len(part) <= CHUNK_BYTES:
        yield part
        return
    for start in range(0, len(part), CHUNK_BYTES):
        yield part[start : start + CHUNK_BYTES]


def _decompressed(
    file: BinaryIO, size: int, begin: Callable[[], Any], *most: int
) -> Iterator[bytes | Damage]:
    """A file of members or frames, which `begin` opens; gzip takes a `most` to give."""
    position = 0
    inner: Any = None
    while data := file.read(size):
        try:
            while data:
                inner = inner or begin()
                if part := inner.decompress(data, *most):
                    yield part
                data = inner.unconsumed_tail
                if inner.eof:
                    # Padding with zeros may follow (gzip manual, "Tapes").
                    data, inner = inner.unused_data.lstrip(b"\0"), None
        except (zlib.error, zstandard.ZstdError):
            yield Damage(f"corrupt compressed data near byte {position}", corrupt=True)
            return
        position = file.tell()
    if inner is not None:
        yield Damage(f"the compressed file ends early, at byte {position}")


def require_unchanged(piece: Piece) -> None:
    """Raise an `InputError` if the file was changed under our hands.

    Damage that was there when the run was planned is none.
    """
    with open_input(piece.path, piece.relative) as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if piece.sha256 and found != piece.sha256:
        raise changed(piece.relative, "its content is another")


def blocks(
    parts: Iterable[bytes | Damage], most: int = LEAST_RECORD_BYTES
) -> Iterator[tuple[bytes, Damage | TooLong | None]]:
    """Regroup chunks into blocks of complete lines, of about `BATCH_BYTES`.

    They end in a newline, but for the last one of a file that does not. A longer line
    is in a block that ends with it; of one of more than `most` bytes comes the
    beginning, with its length. At last, if the file is damaged, comes what stands after
    the last complete line, maybe nothing, with the damage.
    """
    held: list[bytes] = []
    size = 0
    complete = False
    for part in _without_long_lines(parts, most):
        if not isinstance(part, bytes):
            whole, rest = _split(b"".join(held))
            if whole:
                yield whole, None
            yield rest, part
            held, size, complete = [], 0, False
            continue
        held.append(part)
        size += len(part)
        complete = complete or b"\n" in part
        if size >= BATCH_BYTES and complete:
            whole, rest = _split(b"".join(held))
            yield whole, None
            held, size, complete = [rest] if rest else [], len(rest), False
    if held:
        yield b"".join(held), None


def _without_long_lines(
    parts: Iterable[bytes | Damage], most: int
) -> Iterator[bytes | Damage | TooLong]:
    """The chunks; of a longer line the beginning, and `TooLong` in place of its end.

    Nothing comes after damage.
    """
    line, blank = 0, True
    for part in parts:
        if isinstance(part, Damage):
            yield part
            return
        stop = part.find(b"\n")
        if stop < 0:
            if line <= most:
                yield part
            line += len(part)
            blank = blank and not part.strip(BLANK)
            continue
        if line + stop > most:
            yield TooLong(line + stop, blank and not part[:stop].strip(BLANK))
            part = part[stop + 1 :]  # noqa: PLW2901 - what is left of it
        if part:
            yield part
        last = part[part.rfind(b"\n") + 1 :]
        line, blank = len(last), not last.strip(BLANK)
    if line > most:
        yield TooLong(line, blank)


def _split(data: bytes) -> tuple[bytes, bytes]:
    stop = data.rfind(b"\n") + 1
    return data[:stop], data[stop:]


def split_lines(block: bytes) -> list[bytes]:
    r"""Return the lines of a block without their `\n`."""
    lines = block.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines
