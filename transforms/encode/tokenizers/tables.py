"""Tables of the code points on which libraries differ, as files.

A table is of one fast library, one version of the reference and one set of rules. A
few come with the package; others are made once and kept in a folder that the caller
names, because making one takes seconds.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

Ranges = list[tuple[int, int]]
"""Code points; both ends belong to a range."""

_LAST = 0x10FFFF


@dataclass(frozen=True)
class TableKey:
    """What a table is of: a fast library, a `tokenizers`, a tokenizer's `Rules`."""

    library: str
    library_version: str
    reference_version: str
    rules_sha256: str

    @property
    def file_name(self) -> str:
        """Name of the file that holds the table."""
        versions = f"{self.library_version}-{self.reference_version}"
        return f"{self.library}-{versions}-{self.rules_sha256[:16]}.json"


def find_table(key: TableKey, folder: Path | None) -> Ranges | None:
    """The table of a key, from the package or a folder.

    A file that is damaged, of another key, or cannot be read counts as none.
    """
    packaged = files("isinglass.transforms") / "resources" / "tokenizers"
    found = _read(packaged / key.file_name, key)
    if found is None and folder is not None:
        found = _read(folder / key.file_name, key)
    return found


def table_text(key: TableKey, ranges: Ranges, name: str) -> str:
    """A table as the JSON of its file; the name of the tokenizer is for readers."""
    head = {
        "name": f"Code points that {key.library} reads otherwise, {name}",
        "language": "any",
        "version": 1,
        "source": "own measurement: every code point but the surrogates, and pairs of "
        "one code point of each Unicode class, through both libraries "
        "(isinglass.transforms.encode.tokenizers.probe)",
        "licence": "Apache-2.0",
        **key.__dict__,
        "code_points": sum(last - first + 1 for first, last in ranges),
    }
    lines = [f"  {json.dumps(one)}: {json.dumps(value)}" for one, value in head.items()]
    rows = ",\n".join(f"    [{first}, {last}]" for first, last in ranges)
    body = f"[\n{rows}\n  ]" if ranges else "[]"
    return "{\n" + ",\n".join(lines) + f',\n  "ranges": {body}\n' + "}\n"


def write_table(folder: Path, key: TableKey, ranges: Ranges, name: str) -> None:
    """Write a table; several processes may do so at once, the last one stays.

    Raises:
        OSError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle, made = tempfile.mkstemp(dir=folder, prefix=".table-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(table_text(key, ranges, name))
        # Temporary files are the owner's alone; a table may be read by everybody.
        Path(made).chmod(0o644)
        Path(made).replace(folder / key.file_name)
    except OSError:
        Path(made).unlink(missing_ok=True)
        raise


def _read(file: Traversable, key: TableKey) -> Ranges | None:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        ranges = [(int(first), int(last)) for first, last in content["ranges"]]
        whole = _is_whole(content, ranges, key)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return ranges if whole else None


def _is_whole(content: dict[str, Any], ranges: Ranges, key: TableKey) -> bool:
    same = all(content[name] == value for name, value in key.__dict__.items())
    bounds = [-1, *(at for pair in ranges for at in (pair[0], pair[1] + 1)), _LAST + 2]
    ordered = all(one < other for one, other in pairwise(bounds))
    count = sum(last - first + 1 for first, last in ranges)
    return same and ordered and count == content["code_points"]
