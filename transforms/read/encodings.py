"""Bytes in the encoding that a person named -> the same text in UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from isinglass.schemas.documents import Piece
from isinglass.transforms.read.streams import Damage, changed, chunks

_HANDLER = "isinglass.invalid"
_INVALID = "\udcff"

_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""That of UTF-32 begins like that of UTF-16, and comes first."""

_HEAD_BYTES = 8


def recoded(parts: Iterable[bytes | Damage], encoding: str) -> Iterator[bytes | Damage]:
    """Yield chunks as UTF-8; those of no named encoding stay as they are.

    What is not valid in the encoding becomes a byte that is not valid in UTF-8, by
    which the check of all texts finds its record.
    """
    if not encoding:
        yield from parts
        return
    # Codecs find their handlers by name alone, one list a process.
    codecs.register_error(_HANDLER, _invalid)
    decoder = codecs.getincrementaldecoder(encoding)(_HANDLER)
    for part in parts:
        if isinstance(part, Damage):
            yield part
            return
        if text := decoder.decode(part):
            yield text.encode("utf-8", "surrogatepass")
    if text := decoder.decode(b"", final=True):
        yield text.encode("utf-8", "surrogatepass")


def stretch(file: BinaryIO, piece: Piece) -> Iterator[bytes | Damage]:
    """Yield the content of a piece in UTF-8; an `InputError` if the file is shorter."""
    if piece.stop < 0:
        yield from recoded(chunks(file, piece.path), piece.encoding)
        return
    file.seek(piece.start)
    left = piece.stop - piece.start
    for chunk in chunks(file, ""):
        assert isinstance(chunk, bytes)
        if left > 0:
            yield chunk[:left]
        left -= len(chunk)
        if left <= 0:
            return
    if left > 0:
        raise changed(piece.relative, f"it is {left} bytes shorter than planned")


def _invalid(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return _INVALID, error.end


def other_encoding(head: bytes) -> str:
    """Name the encoding of which a file's first bytes tell that it is not UTF-8.

    By its mark, or because of the NUL beside each letter of ASCII; else it is empty.
    """
    for mark, name in _MARKS.items():
        if head.startswith(mark):
            return name
    even, odd = head[:_HEAD_BYTES:2], head[1:_HEAD_BYTES:2]
    if len(head) >= _HEAD_BYTES:
        for zeros, letters, name in ((even, odd, "be"), (odd, even, "le")):
            if not any(zeros) and all(letters):
                return f"utf-16-{name}"
    return ""
