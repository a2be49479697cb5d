"""Texts without the escapes of addresses and of HTML, and the way back.

`jane%40mailbox.io` (RFC 3986, section 2.1) and `jane&#64;mailbox.io` (HTML, section
13.5, named and numeric character references) say `jane@mailbox.io`. Escapes may be
escaped again: `%2540`, `&amp;#64;`. One layer is taken off at a time.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.arrays import Integers

MOST_LAYERS = 3
"""Escapes of escapes that are looked through."""

# Browsers take numeric references without the semicolon, too.
_ESCAPE = (
    r"(?:%[0-9A-Fa-f]{2})+|&#[0-9]{1,12};?|&#[xX][0-9A-Fa-f]{1,10};?"
    r"|&[A-Za-z][A-Za-z0-9]{1,31};"
)
_PATTERN = re.compile(_ESCAPE)
_OCTET = 3


def escaped_rows(texts: pa.StringArray) -> Integers:
    """Rows of the texts that may hold an escape, ascending."""
    found = pc.match_substring_regex(texts, _ESCAPE)
    return np.flatnonzero(found.to_numpy(zero_copy_only=False))


def unescaped(text: str) -> str:
    """The text without one layer of escapes; what is none stays as it is."""
    return _PATTERN.sub(lambda match: _decoded(match.group()), text)


def source_places(text: str, layers: int) -> tuple[Integers, Integers]:
    """Where each code point of an unescaped text comes from.

    Returns begins and ends (n,), end exclusive, in code points of the source, of each
    code point of the unescaped text. That of an escape has the whole escape, of several
    octets those of its own.
    """
    begins = np.arange(len(text), dtype=np.int64)
    ends = begins + 1
    for _ in range(layers):
        lower = list(_pieces(text))
        starts = np.concatenate([np.zeros(0, np.int64), *(piece[0] for piece in lower)])
        stops = np.concatenate([np.zeros(0, np.int64), *(piece[1] for piece in lower)])
        begins, ends = begins[starts], ends[stops - 1]
        text = unescaped(text)
    return begins, ends


def _pieces(text: str) -> Iterator[tuple[Integers, Integers]]:
    """Begins and ends of one layer, stretch by stretch."""
    done = 0
    for match in _PATTERN.finditer(text):
        first, last = match.span()
        decoded = _decoded(match.group())
        if decoded == match.group():
            continue
        plain = np.arange(done, first, dtype=np.int64)
        yield plain, plain + 1
        if match.group()[0] == "%":
            sizes = [_OCTET * size for size in _octets(match.group(), decoded)]
            stops = first + np.cumsum(sizes, dtype=np.int64)
            yield stops - sizes, stops
        else:
            # A few references stand for two code points: each is the whole of it.
            yield np.full(len(decoded), first), np.full(len(decoded), last)
        done = last
    plain = np.arange(done, len(text), dtype=np.int64)
    yield plain, plain + 1


def _decoded(escape: str) -> str:
    if escape[0] == "&":
        return html.unescape(escape)
    octets = bytes.fromhex(escape.replace("%", ""))
    try:
        return octets.decode()
    except UnicodeDecodeError:
        # What browsers sent from pages in Latin-1.
        return octets.decode("latin-1")


def _octets(escape: str, decoded: str) -> list[int]:
    """Octets of each code point of a run of percent escapes."""
    sizes = [len(character.encode()) for character in decoded]
    whole = len(escape) == _OCTET * sum(sizes)
    return sizes if whole else [1] * len(decoded)
