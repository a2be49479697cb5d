"""Items of a source with their tokens and vectors: tokenise, encode, in order."""

from __future__ import annotations

from collections import deque
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from isinglass.schemas.errors import TooLargeError
from isinglass.transforms.encode.encoder.window import Encoded
from isinglass.transforms.encode.threads import pipelined
from isinglass.transforms.encode.tokenizers.batch import TokenBatch, cut, offsets_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from isinglass.transforms.encode.encoder.encoder import Encoder

A = TypeVar("A")


@dataclass(frozen=True)
class Streamed(Generic[A]):
    """One item of a source on its way out.

    `tokens` are as the encoder sees them, all without one; `encoded` is None then.
    """

    item: A
    tokens: TokenBatch
    encoded: Encoded | None = None


@dataclass(frozen=True)
class StreamSettings:
    """How `encode_stream` spreads its work.

    `threads` tokenise; 0 does everything in the calling thread. At most `depth` items
    are read and not yet in a window. Items are put into one window until the encoder
    sees `window_tokens` of them; 0 makes every item a window of its own. Windows depend
    on the items alone, never on threads.
    """

    threads: int = 0
    depth: int = 4
    window_tokens: int = 0
    hidden: bool = False


def encode_stream(
    source: Iterable[A],
    tokenise: Callable[[A], TokenBatch],
    encoder: Encoder | None,
    settings: StreamSettings,
) -> Generator[Streamed[A], None, None]:
    """Items with their tokens and vectors, in the order of the items.

    `tokenise` gives the tokens of an item's documents and is called by several threads;
    the encoder is run in the calling one, and None stops after the tokens.

    Raises:
        TooLargeError: A document alone does not fit into the memory of the encoder's
            device; says of which item it is.
    """

    def begin(item: A) -> Streamed[A]:
        tokens = tokenise(item)
        # Here, in the tokeniser's threads: the calling one feeds the device.
        seen = tokens if encoder is None else cut(tokens, encoder.max_tokens)
        return Streamed(item, seen)

    with closing(
        pipelined(source, begin, settings.threads, settings.depth)
    ) as tokenised:
        if encoder is None:
            yield from tokenised
        else:
            yield from _encoded(tokenised, encoder, settings)


def _encoded(
    tokenised: Iterator[Streamed[A]], encoder: Encoder, settings: StreamSettings
) -> Iterator[Streamed[A]]:
    under_way: deque[list[Streamed[A]]] = deque()

    def windows() -> Iterator[TokenBatch]:
        for group in _grouped(tokenised, settings.window_tokens):
            under_way.append(group)
            yield concatenated([one.tokens for one in group])

    with closing(encoder.run(windows(), hidden=settings.hidden)) as results:
        try:
            for encoded in results:
                yield from _split(under_way.popleft(), encoded)
        except TooLargeError as error:
            # Memory runs out where a batch is put in: in the window that came last.
            item, error.row = _owner(under_way[-1], error.row)
            error.item = item
            raise


def _grouped(
    tokenised: Iterator[Streamed[A]], window_tokens: int
) -> Iterator[list[Streamed[A]]]:
    """Neighbouring items, until the encoder sees enough tokens of them."""
    group: list[Streamed[A]] = []
    size = 0
    for one in tokenised:
        group.append(one)
        size += len(one.tokens.values)
        if size >= window_tokens:
            yield group
            group, size = [], 0
    if group:
        yield group


def _split(group: list[Streamed[A]], encoded: Encoded) -> Iterator[Streamed[A]]:
    """Give every item of a window the rows of its own documents."""
    first = 0
    for one in group:
        last = first + len(one.tokens.offsets) - 1
        offsets = encoded.offsets[first : last + 1]
        hidden = encoded.hidden
        if hidden is not None:
            hidden = hidden[offsets[0] : offsets[-1]]
        own = Encoded(encoded.vectors[first:last], offsets - offsets[0], hidden)
        yield replace(one, encoded=own)
        first = last


def _owner(group: list[Streamed[A]], row: int) -> tuple[A, int]:
    """Which item of a window a row is of, and which of its own rows it is."""
    for one in group:
        count = len(one.tokens.offsets) - 1
        if row < count:
            return one.item, row
        row -= count
    raise IndexError(row)


def concatenated(batches: list[TokenBatch]) -> TokenBatch:
    """Documents of several batches, one after the other, as one batch."""
    if len(batches) == 1:
        return batches[0]
    lengths = np.concatenate([batch.lengths for batch in batches])
    values = np.concatenate([batch.values for batch in batches])
    return replace(batches[0], values=values, offsets=offsets_of(lengths))
