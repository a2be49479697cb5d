"""Text to token ids, exactly as the tokenizer's own library gives them.

The library returns one Python object a document; ids are moved into one flat array
slice by slice, so that at most a slice of them is alive.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode import require
from isinglass.transforms.encode.batching import bounds
from isinglass.transforms.encode.models.find import MINILM, MINILM_NAME
from isinglass.transforms.encode.models.find import tokenizer_file as find_tokenizer
from isinglass.transforms.encode.tokenizers.batch import TokenBatch
from isinglass.transforms.encode.tokenizers.rules import Rules, read_rules

if TYPE_CHECKING:
    from isinglass.schemas.config import EncodeConfig

SLICE_BYTES = 1_000_000
"""Text that is tokenised at a time; the library holds about 70 bytes for each byte of
it. A text of 50 MB took 3.5 GB and 25 CPU seconds whole, 0.2 GB and 9 s in pieces."""


@dataclass(frozen=True)
class Reference:
    """A tokenizer with its truncation and padding switched off.

    The vocabulary has one more than the largest id. `special_tokens` open and close
    documents: `prefix_ids` before, `suffix_ids` behind each.
    """

    name: str
    sha256: str
    vocabulary_size: int
    special_tokens: bool
    prefix_ids: tuple[int, ...]
    suffix_ids: tuple[int, ...]
    library: Any
    rules: Rules
    slice_bytes: int = SLICE_BYTES

    def encode(self, texts: pa.StringArray) -> TokenBatch:
        """Token ids of texts and their special tokens, never cut and never padded.

        None is null; an empty one gives its special tokens alone.
        """
        parts, lengths = [np.zeros(0, np.int32)], [0]
        for rows in self._slices(texts):
            ids = self._long(rows[0]) if self._is_long(rows) else self._ids(rows)
            lengths += [len(one) for one in ids]
            parts.append(np.concatenate(ids))
        return TokenBatch(
            np.concatenate(parts),
            np.cumsum(lengths, dtype=np.int64),
            len(self.suffix_ids),
            len(self.prefix_ids),
        )

    def word_ids(self, texts: pa.StringArray) -> NDArray[np.int32]:
        """Number of the word that each token of `encode` belongs to.

        Words are what the tokenizer's own splitting makes of a document, counted from
        0; special tokens put around a document have -1.
        """
        parts = [np.zeros(0, np.int32)]
        for rows in self._slices(texts):
            encoded = self.library.encode_batch(
                rows, add_special_tokens=self.special_tokens
            )
            parts += [
                np.array([-1 if at is None else at for at in one.word_ids], np.int32)
                for one in encoded
            ]
        return np.concatenate(parts)

    def token_id(self, token: str) -> int | None:
        """Id of a token of the vocabulary; None where it has no such token."""
        found = self.library.token_to_id(token)
        return None if found is None else int(found)

    def _slices(self, texts: pa.StringArray) -> Iterator[list[str]]:
        sizes = pc.binary_length(texts).to_numpy(zero_copy_only=False)
        for start, stop in pairwise(bounds(sizes.astype(np.int64), self.slice_bytes)):
            yield texts.slice(start, stop - start).to_pylist()

    def _ids(
        self, texts: list[str], *, specials: bool = True
    ) -> list[NDArray[np.int32]]:
        encoded = self.library.encode_batch_fast(
            texts, add_special_tokens=specials and self.special_tokens
        )
        return [np.array(one.ids, np.int32) for one in encoded]

    def _is_long(self, texts: list[str]) -> bool:
        one = len(texts) == 1 and len(texts[0]) > self.slice_bytes
        return one and self.rules.cuts_at_spaces

    def _long(self, text: str) -> list[NDArray[np.int32]]:
        """A long text in pieces that end before a space; see `Rules`."""
        ids = [np.array(self.prefix_ids, np.int32)]
        for piece in _pieces(text, self.slice_bytes):
            ids += self._ids([piece], specials=False)
        ids.append(np.array(self.suffix_ids, np.int32))
        return [np.concatenate(ids)]


def load_reference(settings: EncodeConfig) -> Reference:
    """Load the tokenizer that `encode.tokenizer` names, without any fast library.

    Raises:
        MissingExtraError: The library or the packaged tokenizer is not installed.
        RefuseError: The file is missing or cannot be read.
    """
    require("tokenizers")
    file = find_tokenizer(settings)
    folder = file.resolve().parent.name
    name = MINILM_NAME if settings.tokenizer == MINILM else folder
    content = file.read_bytes()
    backend = read_library(content, str(file))
    return _build(backend, name, content, special=settings.special_tokens)


def read_library(content: bytes, path: str) -> Any:
    """The library's own tokenizer from the bytes of a tokenizer.json.

    Raises:
        RefuseError: The content is not a tokenizer; the message has the path.
    """
    import tokenizers  # noqa: PLC0415  (optional)

    try:
        return tokenizers.Tokenizer.from_buffer(content)
    except Exception as error:  # the library raises nothing narrower
        raise RefuseError(
            f"{path} cannot be read as a tokenizer. Save it again with "
            "save_pretrained of a fast tokenizer."
        ) from error


def _build(backend: Any, name: str, content: bytes, *, special: bool) -> Reference:
    backend.no_padding()
    backend.no_truncation()
    probe = backend.encode("a")
    text = np.flatnonzero(np.array(probe.special_tokens_mask) == 0)
    first, last = (text[0], text[-1] + 1) if len(text) else (0, len(probe.ids))
    return Reference(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        rules=read_rules(content),
        vocabulary_size=max(backend.get_vocab().values()) + 1,
        special_tokens=special,
        prefix_ids=tuple(probe.ids[:first]) if special else (),
        suffix_ids=tuple(probe.ids[last:]) if special else (),
        library=backend,
    )


def _pieces(text: str, size: int) -> Iterator[str]:
    start = 0
    while start < len(text):
        stop = len(text)
        if start + size < stop:
            space = text.rfind(" ", start + 1, start + size)
            space = space if space >= 0 else text.find(" ", start + size)
            stop = space if space >= 0 else stop
        yield text[start:stop]
        start = stop
