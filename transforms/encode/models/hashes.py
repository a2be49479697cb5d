"""SHA-256 of what a model consists of."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def parts_sha256(digests: Mapping[str, str]) -> str:
    """One SHA-256 for weights that are spread over several files, hex.

    It is that of the text `sha256sum` prints: a line `digest  name` for every part,
    in the order of the names.

    Args:
        digests: File name to the SHA-256 of that file, hex; at least one. That of a
            single file is returned as it is.
    """
    if len(digests) == 1:
        return next(iter(digests.values()))
    lines = [f"{digest}  {name}\n" for name, digest in sorted(digests.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
