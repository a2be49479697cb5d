"""Whether a fast library takes the place of the reference for a tokenizer."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

from isinglass.transforms.encode.tokenizers.fast import FastLibrary, load_fast
from isinglass.transforms.encode.tokenizers.guard import CodePoints
from isinglass.transforms.encode.tokenizers.probe import (
    encoder_of,
    probe,
    splitting_pair,
)
from isinglass.transforms.encode.tokenizers.self_test import (
    COUNT,
    adversarial,
    differing,
)
from isinglass.transforms.encode.tokenizers.tables import (
    Ranges,
    TableKey,
    find_table,
    write_table,
)

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.transforms.encode.tokenizers.reference import Reference
    from isinglass.transforms.encode.tokenizers.rules import Rules

LOGGER = logging.getLogger(__name__)
_VISIBLE = slice(0x20, 0x7F)

MOST_ADDED = 64
"""Added tokens that the self-test tries one by one."""


@dataclass(frozen=True)
class Choice:
    """A fast library that passed its test, and what it is kept away from.

    Attributes:
        guard: Documents that hold one of these code points go to the reference.
        spelled: Documents that spell one of these tokens out do so too.
    """

    fast: FastLibrary
    guard: CodePoints
    spelled: tuple[str, ...] = ()


def choose(reference: Reference, tables: Path | None) -> Choice | None:
    """Load and test the fast library for a tokenizer.

    Args:
        reference: The tokenizer.
        tables: Folder in which tables of code points are kept; None makes a missing
            table in memory: about 5 CPU seconds for WordPiece, 15 for byte pairs.

    Returns:
        None where there is no library whose ids are the reference's.
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
