"""How a delimited file is written: what the person said, and what its bytes show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from isinglass.schemas.config import InputConfig
from isinglass.schemas.documents import Dialect
from isinglass.schemas.errors import InputError
from isinglass.transforms.read.counts import Tally, tally
from isinglass.transforms.read.delimited import (
    parse_header,
    preamble,
    record_blocks,
    split_header,
)
from isinglass.transforms.read.formats import delimiter_of

if TYPE_CHECKING:
    from isinglass.transforms.read.streams import Damage

_USUAL = {
    ",": "a comma",
    "\t": "a tab",
    ";": "a semicolon",
    "|": "a vertical bar",
    "\x01": "the control character 1",
}
"""Delimiters that are recognised in a header."""


class Delimited(NamedTuple):
    """A delimited file as planned; without names it is empty or breaks off before."""

    dialect: Dialect
    names: list[str] | None
    records: int


def examine(
    path: str, config: InputConfig, content: Callable[[], Iterator[bytes | Damage]]
) -> Delimited:
    """Find dialect and header of a file, and count its records.

    `content` gives its chunks from the beginning, in UTF-8.

    Raises:
        InputError: It shows that a setting is missing: another delimiter than the
            expected one, or quotes that may be content or not.
        ValueError: The header cannot be parsed.
    """
    first = next(content(), b"")
    told = preamble(first)[1] if isinstance(first, bytes) else ""
    dialect = Dialect(
        delimiter=config.delimiter or told or delimiter_of(path),
        quote='"' if config.quote is None else config.quote,
        escape=config.escape or "",
    )
    header = _header(content(), dialect)
    names = None
    if header is not None:
        names = _names(path, config, header, dialect)
    counted = tally(content(), dialect)
    if names and counted.quoted and config.quote is None and dialect.delimiter == "\t":
        literal = replace(dialect, quote="")
        if _same_names(header, names, literal):
            other = tally(content(), literal)
            if _is_literal(path, counted, other):
                dialect, counted = literal, other
    dialect = replace(dialect, mixed=counted.mixed)
    return Delimited(dialect, names, counted.records)


def _header(parts: Iterator[bytes | Damage], dialect: Dialect) -> bytes | None:
    for block in record_blocks(parts, dialect):
        header, _ = split_header(block.records)
        if header is not None:
            return header
    return None


def _names(
    path: str, config: InputConfig, header: bytes, dialect: Dialect
) -> list[str]:
    """The names of the columns, unless another delimiter makes more sense of them."""
    names, fault = [], ""
    try:
        names = parse_header(header, dialect)
    except ValueError as error:
        fault = str(error)
    if config.columns.text in names:
        return names
    if len(names) <= 1:
        _recognise(path, config, header, dialect)
    if fault:
        raise ValueError(fault)
    return names


def _recognise(path: str, config: InputConfig, header: bytes, dialect: Dialect) -> None:
    """Refuse a file in whose header another delimiter than the expected one stands."""
    found: dict[str, list[str]] = {}
    for mark in _USUAL:
        if mark in {dialect.delimiter, dialect.quote, dialect.escape}:
            continue
        try:
            names = parse_header(header, replace(dialect, delimiter=mark))
        except ValueError:
            continue
        if len(names) > 1:
            found[mark] = names
    if not found:
        return
    best = max(found, key=lambda m: (config.columns.text in found[m], len(found[m])))
    expected = _USUAL.get(dialect.delimiter, repr(dialect.delimiter))
    written = {"\t": "\\t", "\x01": "\\x01"}.get(best, best)
    raise InputError(
        f"{path}: the delimiter seems to be {_USUAL[best]}, not {expected}: the header "
        f'names {len(found[best])} columns by it. Set `delimiter: "{written}"` for '
        "this input."
    )


def _same_names(header: bytes | None, names: list[str], literal: Dialect) -> bool:
    try:
        return header is not None and parse_header(header, literal) == names
    except ValueError:
        return False


def _is_literal(path: str, quoted: Tally, literal: Tally) -> bool:
    """Tell whether the quotes of a tab separated file are content.

    By its standard (IANA, text/tab-separated-values) they are, and by the habit of
    programs that write it, they enclose fields. The reading stays that leaves no record
    malformed, or fewer of them. Where both leave none and find other records, or where
    text stands behind closing quotes and lines do not fit either, nothing can be told;
    nor where most fields in quotes are sound, and damage spoiled the others.
    """
    fewer = literal.malformed < quoted.malformed
    if fewer and 2 * quoted.misquoted >= quoted.quoted:
        return True
    equally_well = not quoted.malformed and not literal.malformed
    if quoted.misquoted or (equally_well and quoted.records != literal.records):
        raise InputError(
            f"{path}: quotes may enclose fields here ({quoted.records} records), or be "
            f"content ({literal.records} records). For this input, set `quote: '\"'` "
            'if they enclose, or `quote: ""` if they are content.'
        )
    return False
