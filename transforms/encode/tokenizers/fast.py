"""Fast libraries behind one call: Python strings in, flat ids out.

Each is a guess at what the reference does, and a good one; whether a library may be
used is never decided here but by the self-test of `choice` and the guard.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from isinglass.transforms.encode.batching import token_index

if TYPE_CHECKING:
    from isinglass.transforms.encode.tokenizers.rules import Kind

    Flat = Callable[[list[str]], tuple[bytes, bytes]]

_MODULES = {"wordpiece": "splintr", "bytes": "fastokens"}
_PACKAGES = {"splintr": "splintr-rs", "fastokens": "fastokens"}


@dataclass(frozen=True)
class FastLibrary:
    """A tokenizer of a fast library.

    `flat` gives ids as little-endian uint32 and n + 1 offsets as uint64. Prefix and
    suffix are special tokens that the library does not put around texts itself.
    """

    name: str
    version: str
    flat: Flat
    prefix: tuple[int, ...] = ()
    suffix: tuple[int, ...] = ()

    def encode(self, texts: list[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """All ids, and where each text's start and end, shape (n + 1,)."""
        flat, bounds = self.flat(texts)
        ids, offsets = np.frombuffer(flat, np.int32), np.frombuffer(bounds, np.int64)
        if not self.prefix and not self.suffix:
            return ids, offsets
        more = len(self.prefix) + len(self.suffix)
        moved = offsets + more * np.arange(len(offsets))
        values = np.empty(len(ids) + more * (len(offsets) - 1), np.int32)
        starts = moved[:-1] + len(self.prefix)
        values[token_index(starts, np.diff(offsets))] = ids
        for at, one in enumerate(self.prefix):
            values[moved[:-1] + at] = one
        for back, one in enumerate(reversed(self.suffix), start=1):
            values[moved[1:] - back] = one
        return values, moved


def load_fast(kind: Kind, content: str) -> FastLibrary | None:
    """Load the fast library for a tokenizer.json without truncation and padding.

    None where there is no such library, it is not installed, or does not accept the
    tokenizer.
    """
    module = _MODULES.get(kind)
    if module is None or find_spec(module) is None:
        return None
    package = _PACKAGES[module]
    try:
        found = version(package)
        flat: Flat
        if module == "splintr":
            import splintr  # noqa: PLC0415  (optional)

            flat = splintr.from_json_bytes(content.encode()).encode_batch_flat
        else:
            import fastokens  # type: ignore[import-untyped]  # noqa: PLC0415

            library = fastokens.Tokenizer.from_json_str(content)
            special = json.loads(content).get("post_processor") is not None
            flat = partial(library.encode_batch_flat, add_special_tokens=special)
    except (KeyboardInterrupt, SystemExit):
        raise
    except (PackageNotFoundError, BaseException):  # noqa: BLE001
        # Their panics derive from BaseException, their errors from nothing narrower.
        return None
    return FastLibrary(package, found, flat)
