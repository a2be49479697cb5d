"""Where a fast library differs from the reference: code points, and hard strings.

Every code point but the surrogates is put through both libraries, in texts that show
whether it is dropped, mapped, or taken for a letter, a digit, a space or something
else; then neighbours that one library could read together and the other apart.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib.resources import files
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.schemas.arrays import Flags, Integers
from isinglass.transforms.encode.tokenizers.batch import TokenBatch, differing_rows
from isinglass.transforms.encode.tokenizers.fast import FastLibrary, load_fast
from isinglass.transforms.encode.tokenizers.reference import Reference, read_library
from isinglass.transforms.encode.tokenizers.texts import CODE_POINTS, ranges_of

if TYPE_CHECKING:
    from isinglass.transforms.encode.tokenizers.rules import Rules

    Encode = Callable[[list[str]], TokenBatch]

CONTEXT = "a{0}b {0} x{0} "
"""Inside a word, alone and at the end of a word. Behind a lower-case letter, in front
of one: a piece of WordPiece is looked up differently in each place."""

CLASS_CONTEXT = "a{0}a1{0}A.{0} {0}'\n'{0}\n"
"""Behind and in front of a letter of either case, a digit, a mark of punctuation, a
space and a line's end: every class of the splitting expressions in use. What follows
a code point ends a stretch itself, so that it is free to join the code point."""

SHORT_CONTEXT = "a{0}.1{0}A\n"
"""The same for code points that no text holds, 955,000 of them, at a third of the
time: a letter joins `a`, a digit joins `1`, neither joins the full stop."""

_SURROGATES = range(0xD800, 0xE000)
_NO_TEXT = {"Cn", "Co", "Cs"}
_GROUP = 256
_PLAIN = "aA1. '\n"
_NEIGHBOURS = "aA1. '\n\t-_#\u00df\u0130\u017f\u03a3\u03c2\u212a\ufb01\u200d\ufeff"


def probe(
    rules: Rules,
    reference: Encode,
    fast: FastLibrary,
    splitting: tuple[Encode, FastLibrary] | None,
    points: Sequence[str] | None = None,
) -> list[tuple[int, int]] | None:
    """Ranges of the code points on which two libraries differ.

    `splitting` are both libraries with the same splitting but a vocabulary that shows
    where stretches end; see `splitting_rules`. It is needed for byte-pair encoding,
    whose own vocabulary hides most of it. `points` are the code points to look at, None
    for all. None if a byte-pair tokenizer cannot be probed.
    """
    listed = np.zeros(CODE_POINTS, bool)
    if points is None:
        points = [chr(one) for one in range(CODE_POINTS) if one not in _SURROGATES]
    if rules.kind == "bytes":
        if splitting is None:
            return None
        empty = [one for one in points if unicodedata.category(one) in _NO_TEXT]
        points = [one for one in points if unicodedata.category(one) not in _NO_TEXT]
        _list(listed, empty, SHORT_CONTEXT, *splitting)
        _list(listed, points, CLASS_CONTEXT, *splitting)
    _list(listed, points, CONTEXT, reference, fast)
    strings = [*_decomposed(), *map("".join, product(_neighbours(listed), repeat=2))]
    if splitting is not None:
        _list(listed, strings, CONTEXT, *splitting)
    _list(listed, strings, CONTEXT, reference, fast)
    return ranges_of(listed)


def splitting_rules(rules: Rules) -> str | None:
    """A tokenizer.json with the same splitting, whose ids show where stretches end.

    Its pieces are single bytes, and two bytes of which one is a plain neighbour of
    `CLASS_CONTEXT`: such a pair is one piece only inside a stretch. None where the
    tokenizer is not a byte-pair encoding of bytes.
    """
    if rules.kind != "bytes":
        return None
    alphabet = _byte_alphabet()
    plain = [alphabet[ord(one)] for one in _PLAIN]
    pairs = dict.fromkeys([*product(plain, alphabet), *product(alphabet, plain)])
    pieces = [*alphabet, *dict.fromkeys("".join(pair) for pair in pairs)]
    model = {
        **rules.content["model"],
        "vocab": {piece: at for at, piece in enumerate(pieces)},
        "merges": [list(pair) for pair in pairs],
        "ignore_merges": False,
    }
    content = {**rules.content, "model": model, "added_tokens": []}
    nothing = {"truncation": None, "padding": None, "post_processor": None}
    return json.dumps({**content, **nothing}, ensure_ascii=False)


def splitting_pair(rules: Rules) -> tuple[Encode, FastLibrary] | None:
    """Both libraries with the vocabulary of `splitting_rules`."""
    content = splitting_rules(rules)
    fast = None if content is None else load_fast(rules.kind, content)
    if content is None or fast is None:
        return None
    library = read_library(content.encode(), "probe")

    def encode(texts: list[str]) -> TokenBatch:
        ids = [np.array(one.ids, np.int32) for one in library.encode_batch_fast(texts)]
        lengths = np.cumsum([0, *map(len, ids)], dtype=np.int64)
        return TokenBatch(np.concatenate(ids), lengths, 0)

    return encode, fast


def _list(
    listed: Flags,
    strings: Sequence[str],
    context: str,
    reference: Encode,
    fast: FastLibrary,
) -> None:
    """Add the code points of strings that differ; of several the highest new one."""
    for string in _differing(strings, context, reference, fast):
        points = [ord(one) for one in string]
        if not listed[points].any():
            listed[max(points)] = True


def _differing(
    strings: Sequence[str], context: str, reference: Encode, fast: FastLibrary
) -> Iterable[str]:
    """Strings that differ; only groups that differ are looked at one by one."""
    placed = [context.format(one) for one in strings]
    groups = ["".join(placed[at : at + _GROUP]) for at in range(0, len(placed), _GROUP)]
    for row in differing(groups, reference, fast):
        start = row * _GROUP
        for at in differing(placed[start : start + _GROUP], reference, fast):
            yield strings[start + at]


def _decomposed() -> list[str]:
    """Every canonically decomposable character, decomposed: they could be composed."""
    every = (chr(one) for one in range(sys.maxunicode + 1))
    apart = ((one, unicodedata.normalize("NFD", one)) for one in every)
    return [parts for one, parts in apart if parts != one]


def _neighbours(listed: Flags) -> list[str]:
    """The first and last code point of each class that Unicode's rules look at."""
    classes: dict[tuple[str, int], list[str]] = {}
    for point in np.flatnonzero(~listed).tolist():
        one = chr(point)
        category = unicodedata.category(one)
        if category != "Cs":
            key = (category, unicodedata.combining(one))
            classes[key] = [*classes.get(key, [one])[:1], one]
    ends = [one for pair in classes.values() for one in pair]
    return sorted({*ends, *(one for one in _NEIGHBOURS if not listed[ord(one)])})


def _byte_alphabet() -> list[str]:
    """The character that stands for each byte in a byte-level vocabulary.

    The printable ones of Latin-1 stand for themselves, the others for the code points
    from 256 on, in their order (Radford et al. 2019, the released encoder of GPT-2).
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = (one for one in range(256) if one not in printable)
    moved = {byte: 256 + at for at, byte in enumerate(others)}
    return [chr(moved.get(byte, byte)) for byte in range(256)]


def encoder_of(tokenizer: Reference) -> Encode:
    """Ids of Python strings by a tokenizer that takes Arrow arrays."""
    return lambda texts: tokenizer.encode(pa.array(texts, pa.large_string()))


COUNT = 800
"""Strings that are tried whenever a fast library is loaded."""

SEED = 20


def adversarial(count: int, seed: int = SEED, added: Sequence[str] = ()) -> list[str]:
    """Strings that are hard on tokenizers; the same ones for the same arguments.

    The first half is known difficulties, each alone and then put together, the second
    random code points of all planes but the surrogates.
    `added` are tokens that the tokenizer finds in texts as they are written.
    """
    chance = np.random.default_rng(seed)
    half = count // 2
    fragments = [*_fragments(), *added]
    alone = fragments[: count - half]
    built = (_structured(chance, fragments) for _ in range(count - half - len(alone)))
    return [*alone, *built, *(_random(chance) for _ in range(half))]


def differing(
    texts: list[str], reference: Callable[[list[str]], TokenBatch], fast: FastLibrary
) -> Integers:
    """Rows of the texts whose ids differ."""
    if not texts:
        return np.zeros(0, np.int64)
    return differing_rows(reference(texts), TokenBatch(*fast.encode(texts)))


@cache
def _fragments() -> tuple[str, ...]:
    folder = files("isinglass.transforms") / "resources" / "tokenizers"
    content = json.loads((folder / "adversarial.json").read_text(encoding="utf-8"))
    # Every plane, at the place of a letter, of an ideograph and at its end.
    places = (0x41, 0x4E00, 0xFFFD)
    planes = [chr(plane << 16 | at) for plane in range(17) for at in places]
    kinds = [one for kind in content["fragments"].values() for one in kind]
    return (*planes, *kinds, *(text * times for text, times in content["runs"]))


def _structured(chance: np.random.Generator, fragments: Sequence[str]) -> str:
    count = int(chance.integers(1, 12))
    parts = [fragments[at] for at in chance.integers(len(fragments), size=count)]
    return _one_of(chance, ("", "", " ", " ", "\n", "a")).join(parts)


def _random(chance: np.random.Generator) -> str:
    """Code points of all planes, of the first one, or of both with plain letters."""
    top = (0x110000, 0x10000, 0x3000)[int(chance.integers(3))]
    points = chance.integers(top, size=int(chance.integers(1, 24))).tolist()
    plain = _one_of(chance, ("", "a", " ", "1"))
    return plain.join(chr(one) for one in points if one not in _SURROGATES)


def _one_of(chance: np.random.Generator, texts: tuple[str, ...]) -> str:
    return texts[int(chance.integers(len(texts)))]
