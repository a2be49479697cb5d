"""Fast libraries behind one call: Python strings in, flat ids out.

Each is a guess at what the reference does, and a good one; whether a library may be
used is never decided here but by `self_test` and the guard.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from isinglass.transforms.encode.tokenizers.rules import Kind

    Flat = Callable[[list[str]], tuple[bytes, bytes]]

_MODULES = {"wordpiece": "splintr", "bytes": "fastokens"}
_PACKAGES = {"splintr": "splintr-rs", "fastokens": "fastokens"}


@dataclass(frozen=True)
class FastLibrary:
    """A tokenizer of a fast library.

    Attributes:
        name: Of the package.
        version: Of the package.
        flat: Ids as little-endian uint32 and n + 1 offsets as uint64.
    """

    name: str
    version: str
    flat: Flat

    def encode(self, texts: list[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """All ids, and where each text's start and end, shape (n + 1,)."""
        ids, offsets = self.flat(texts)
        return np.frombuffer(ids, np.int32), np.frombuffer(offsets, np.int64)


def load_fast(kind: Kind, content: str) -> FastLibrary | None:
    """Load the fast library for a kind of tokenizer.

    Args:
        kind: Of the tokenizer.
        content: Its tokenizer.json, without truncation and padding.

    Returns:
        None where there is no such library, it is not installed, or does not accept
        the tokenizer.
    """
    module = _MODULES.get(kind)
    if module is None or find_spec(module) is None:
        return None
    package = _PACKAGES[module]
    try:
        found = version(package)
        flat = _splintr(content) if module == "splintr" else _fastokens(content)
    except (KeyboardInterrupt, SystemExit):
        raise
    except (PackageNotFoundError, BaseException):  # noqa: BLE001
        # Their panics derive from BaseException, their errors from nothing narrower.
        return None
    return FastLibrary(package, found, flat)


def _splintr(content: str) -> Flat:
    import splintr  # noqa: PLC0415  (optional)

    library = splintr.from_json_bytes(content.encode())
    flat: Flat = library.encode_batch_flat
    return flat


def _fastokens(content: str) -> Flat:
    import fastokens  # type: ignore[import-untyped]  # noqa: PLC0415  (optional)

    library = fastokens.Tokenizer.from_json_str(content)
    special = json.loads(content).get("post_processor") is not None
    return lambda texts: library.encode_batch_flat(texts, add_special_tokens=special)
