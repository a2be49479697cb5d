"""Places of texts in an order that is as good as random, and the same every time."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.transforms.mixing import splitmix64
from isinglass.transforms.read.identity import doc_id_words

Words = NDArray[np.uint64]


def salt(kind: str, label: str, seed: int) -> int:
    """The key of one draw: another kind, label or seed gives another order."""
    name = f"{seed}\0{kind}\0{label}".encode()
    digest = hashlib.blake2b(name, digest_size=8, person=b"isinglass review").digest()
    return int.from_bytes(digest, "little")


def draws(
    doc_ids: pa.StringArray, starts: NDArray[np.int64], salts: Words
) -> NDArray[np.uint64]:
    """A number for each place, by a keyed hash of its document and where it begins.

    The first so many places in ascending order are a simple random sample without
    replacement, of which a larger one takes in a smaller. What else is in a corpus
    does not matter.

    Args:
        doc_ids: Documents of the places, (n,).
        starts: First code points of the places, (n,).
        salts: Key of each place, (n,); see `salt`.
    """
    words = doc_id_words(doc_ids)
    mixed = splitmix64(words[:, 0] ^ salts)
    mixed = splitmix64(mixed ^ words[:, 1])
    return splitmix64(mixed ^ starts.astype(np.uint64))
