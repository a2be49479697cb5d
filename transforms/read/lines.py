"""Blocks of complete lines out of chunks of bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from isinglass.transforms.read.batches import BATCH_BYTES
from isinglass.transforms.read.streams import Damage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Tail:
    """What stands after the last complete line of a damaged file.

    Attributes:
        data: The beginning of a line, maybe empty.
        damage: What is wrong with the file.
    """

    data: bytes
    damage: Damage


def blocks(chunks: Iterable[bytes | Damage]) -> Iterator[bytes | Tail]:
    r"""Regroup chunks into blocks of complete lines.

    Args:
        chunks: Of any size, none empty; a `Damage` can only be the last.

    Yields:
        Blocks of about `BATCH_BYTES` that end in a newline, but for the last one of
        a file that does not. A longer line is in a block that ends with it. At last a
        `Tail` if the file is damaged.
    """
    held: list[bytes] = []
    size = 0
    complete = False
    for chunk in chunks:
        if isinstance(chunk, Damage):
            whole, rest = _split(b"".join(held))
            if whole:
                yield whole
            yield Tail(rest, chunk)
            return
        held.append(chunk)
        size += len(chunk)
        complete = complete or b"\n" in chunk
        if size >= BATCH_BYTES and complete:
            whole, rest = _split(b"".join(held))
            yield whole
            held, size, complete = [rest] if rest else [], len(rest), False
    if held:
        yield b"".join(held)


def _split(data: bytes) -> tuple[bytes, bytes]:
    stop = data.rfind(b"\n") + 1
    return data[:stop], data[stop:]


def split_lines(block: bytes) -> list[bytes]:
    r"""Return the lines of a block without their `\n`."""
    lines = block.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines
