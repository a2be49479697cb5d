"""Strings that tokenizers disagree on, seeded, and what a library makes of them."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from isinglass.transforms.encode.tokenizers.batch import TokenBatch, differing_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from isinglass.transforms.encode.tokenizers.fast import FastLibrary

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
) -> NDArray[np.int64]:
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
    return plain.join(chr(one) for one in points if not 0xD800 <= one <= 0xDFFF)  # noqa: PLR2004


def _one_of(chance: np.random.Generator, texts: tuple[str, ...]) -> str:
    return texts[int(chance.integers(len(texts)))]
