"""Strings that tokenizers disagree on, seeded, and what a library makes of them."""

from __future__ import annotations

import json
import random
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from isinglass.transforms.encode.tokenizers.batch import TokenBatch, differing_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from isinglass.transforms.encode.tokenizers.fast import FastLibrary

COUNT = 800
"""Strings that are tried whenever a fast library is loaded."""

SEED = 20


def adversarial(count: int, seed: int = SEED, added: Sequence[str] = ()) -> list[str]:
    """Strings that are hard on tokenizers; the same ones for the same arguments.

    The first half is known difficulties, each alone and then put together, the second
    random code points of all planes but the surrogates.

    Args:
        count: Strings wanted.
        seed: Of the choice.
        added: Tokens that the tokenizer finds in texts as they are written.
    """
    chance = random.Random(seed)  # noqa: S311
    half = count // 2
    fragments = [*_fragments(), *added]
    alone = fragments[: count - half]
    built = (_structured(chance, fragments) for _ in range(count - half - len(alone)))
    return [*alone, *built, *(_random(chance) for _ in range(half))]


def differing(
    texts: Sequence[str],
    reference: Callable[[list[str]], TokenBatch],
    fast: FastLibrary,
) -> NDArray[np.int64]:
    """Rows of the texts whose ids differ."""
    rows = list(texts)
    found = TokenBatch(*fast.encode(rows))
    return differing_rows(reference(rows), found)


@cache
def _fragments() -> tuple[str, ...]:
    folder = files("isinglass.transforms") / "resources" / "tokenizers"
    content = json.loads((folder / "adversarial.json").read_text(encoding="utf-8"))
    # Every plane, at the place of a letter, of an ideograph and at its end.
    places = (0x41, 0x4E00, 0xFFFD)
    planes = [chr(plane << 16 | at) for plane in range(17) for at in places]
    kinds = [one for kind in content["fragments"].values() for one in kind]
    return (*planes, *kinds, *(text * times for text, times in content["runs"]))


def _structured(chance: random.Random, fragments: Sequence[str]) -> str:
    parts = chance.choices(fragments, k=chance.randrange(1, 12))
    return chance.choice(["", "", " ", " ", "\n", "a"]).join(parts)


def _random(chance: random.Random) -> str:
    """Code points of all planes, of the first one, or of both with plain letters."""
    top = chance.choice([0x110000, 0x10000, 0x3000])
    count = chance.randrange(1, 24)
    points = (chance.randrange(top) for _ in range(count))
    plain = chance.choice(["", "a", " ", "1"])
    return plain.join(chr(one) for one in points if not 0xD800 <= one <= 0xDFFF)  # noqa: PLR2004
