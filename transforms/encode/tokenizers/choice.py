"""Whether a fast library takes the place of the reference for a tokenizer.

What it is kept away from is a table of code points on which the two differ: of one fast
library, one version of the reference and one set of rules. A few come with the package;
others are made once and kept in a folder that the caller names, because making one
takes seconds.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from dataclasses import dataclass, replace
from importlib.metadata import version
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isinglass.transforms.encode.tokenizers.fast import FastLibrary, load_fast
from isinglass.transforms.encode.tokenizers.probe import (
    COUNT,
    adversarial,
    differing,
    encoder_of,
    probe,
    splitting_pair,
)
from isinglass.transforms.encode.tokenizers.texts import CodePoints

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from isinglass.transforms.encode.tokenizers.reference import Reference
    from isinglass.transforms.encode.tokenizers.rules import Rules

LOGGER = logging.getLogger(__name__)
_VISIBLE = slice(0x20, 0x7F)

MOST_ADDED = 64
"""Added tokens that the self-test tries one by one."""


@dataclass(frozen=True)
class Choice:
    """A fast library that passed its test, and what it is kept away from.

    Documents that hold a code point of `guard`, or spell out a token of `spelled`, go
    to the reference.
    """

    fast: FastLibrary
    guard: CodePoints
    spelled: tuple[str, ...] = ()


def choose(reference: Reference, tables: Path | None) -> Choice | None:
    """Load and test the fast library for a tokenizer.

    `tables` is the folder in which tables of code points are kept; None makes a missing
    one in memory: about 5 CPU seconds for WordPiece, 15 for byte pairs. None where
    there is no library whose ids are the reference's.
    """
    rules = reference.rules
    # Other spellings of a token, and tokens beyond what is tried, would go untested.
    if rules.matches_normalised or len(rules.added) > MOST_ADDED:
        return None
    fast = _load(reference)
    ranges = None if fast is None else _ranges(reference, fast, tables)
    if fast is None or ranges is None:
        return None
    guard = CodePoints(ranges)
    if guard.listed[_VISIBLE].any():
        return None
    texts = adversarial(COUNT, added=rules.added)
    texts = [text for text in texts if not guard.holds(text)]
    encode = encoder_of(reference)
    if len(differing(texts, encode, fast)) == 0:
        return Choice(fast, guard)
    for token in rules.added:
        texts = [text.replace(token, " ") for text in texts]
    alike = len(differing(texts, encode, fast)) == 0
    return Choice(fast, guard, rules.added) if alike else None


def table_key(rules: Rules, fast: FastLibrary) -> TableKey:
    """What the table of a tokenizer and a library is kept under."""
    return TableKey(fast.name, fast.version, version("tokenizers"), rules.sha256)


def make_table(reference: Reference, fast: FastLibrary) -> Ranges | None:
    """Measure the code points on which two libraries differ; takes seconds."""
    rules = reference.rules
    return probe(rules, encoder_of(reference), fast, splitting_pair(rules))


def _load(reference: Reference) -> FastLibrary | None:
    """The fast library; where it cannot put special tokens around, they are put."""
    rules, special = reference.rules, reference.special_tokens
    fast = load_fast(rules.kind, rules.for_library(special_tokens=special))
    if fast is not None or not special:
        return fast
    bare = load_fast(rules.kind, rules.for_library(special_tokens=False))
    if bare is None:
        return None
    return replace(bare, prefix=reference.prefix_ids, suffix=reference.suffix_ids)


def _ranges(
    reference: Reference, fast: FastLibrary, tables: Path | None
) -> Ranges | None:
    key = table_key(reference.rules, fast)
    found = find_table(key, tables)
    if found is None:
        found = make_table(reference, fast)
        if found is not None and tables is not None:
            try:
                write_table(tables, key, found, reference.name)
            except OSError as error:
                # A cache that cannot be written costs time alone.
                LOGGER.warning(
                    "%s cannot be written (%s): what the fast tokenizer is kept away "
                    "from is measured again by every process. Set XDG_CACHE_HOME to "
                    "another folder.",
                    tables,
                    error.strerror,
                )
    return found


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
