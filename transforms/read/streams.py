"""Bytes of a plain, gzip or Zstandard file, in bounded chunks.

The standard readers raise at the end of a truncated file and take with them what they
had already decompressed. Here everything that could be decompressed comes first, and
then `Damage` says what is wrong with the rest.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import zstandard

from isinglass.schemas.errors import InputError
from isinglass.transforms.read.formats import compression_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from isinglass.schemas.documents import Piece

CHUNK_BYTES = 2**20
"""Bytes read, or decompressed, at a time."""

# Little at a time: Zstandard hands out all that one piece of input decompresses to.
_ZSTD_INPUT = 8 * 2**10
_GZIP_INPUT = 64 * 2**10
# Files written with `zstd --long=31` need this much; it is allocated only for them.
_ZSTD_WINDOW = 2**31
_GZIP_WINDOW = 31


@dataclass(frozen=True)
class Damage:
    """The file ends, or becomes unreadable, before its end marker.

    Attributes:
        detail: What is wrong and where, in bytes of the compressed file.
        corrupt: The bytes are wrong; otherwise they just end.
    """

    detail: str
    corrupt: bool = False


def _gzip_member() -> Any:
    return zlib.decompressobj(_GZIP_WINDOW)


def _gzip_parts(member: Any, data: bytes) -> Iterator[bytes]:
    while data and not member.eof:
        yield member.decompress(data, CHUNK_BYTES)
        data = member.unconsumed_tail


def _zstandard_frame() -> Any:
    return zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()


def _zstandard_parts(frame: Any, data: bytes) -> Iterator[bytes]:
    yield frame.decompress(data)


def open_input(path: str, relative: str) -> io.BufferedReader:
    """Open a planned file for reading.

    Raises:
        InputError: It cannot be opened.
    """
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
    """Yield the content of a file from where it stands.

    Args:
        file: Opened in binary mode.
        name: Its name, by whose suffix `.gz` and `.zst` it is decompressed.

    Yields:
        Chunks that are not empty; at last one `Damage` if the end is missing.
    """
    compression = compression_of(name)
    if compression == "gz":
        yield from _decompressed(file, _GZIP_INPUT, _gzip_member, _gzip_parts)
    elif compression == "zst":
        yield from _decompressed(file, _ZSTD_INPUT, _zstandard_frame, _zstandard_parts)
    else:
        while data := file.read(CHUNK_BYTES):
            yield data


def _decompressed(
    file: BinaryIO,
    size: int,
    begin: Callable[[], Any],
    parts: Callable[[Any, bytes], Iterator[bytes]],
) -> Iterator[bytes | Damage]:
    """A file of members or frames; `begin` opens one, `parts` feeds it."""
    position = 0
    inner: Any = None
    while data := file.read(size):
        try:
            while data:
                inner = inner or begin()
                yield from filter(None, parts(inner, data))
                data = b""
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
    """Tell damage that was there from a file that was changed under our hands.

    Raises:
        InputError: The bytes of the file are not those that were planned.
    """
    with open_input(piece.path, piece.relative) as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if piece.sha256 and found != piece.sha256:
        raise changed(piece.relative, "its content is another")
