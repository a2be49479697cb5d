"""Near-duplicates by script and kind of edit, through the functions of a run.

Each text is joined from messages of one language. What is told is the share of edited
copies that are as similar to their text as `dedup.threshold` asks, by the shingles that
a run cuts and verifies; bands come before that (`benchmarks/dedup.py`).
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING

from benchmarks.measuring.processes import Target, table
from benchmarks.writing.catalogues import Messages, language_of, pieces
from isinglass.schemas.config.dedup import DedupConfig
from isinglass.transforms.characters import FORMAT, class_table
from isinglass.transforms.dedup.shared import compare

if TYPE_CHECKING:
    from collections.abc import Callable

CHARACTERS, MOST = 600, 8
LONGER = 2_000
"""Characters of texts in which letters are changed: six are many in shorter ones."""
ASKED = 0.99
SAME = (
    "soft hyphens",
    "decomposed",
    "joiners and marks of direction",
    "format removed",
)
"""Kinds of edit after which a text says the same."""
CHANGED = 6
CHANGES = "six characters changed"
LATIN = "This sentence was added by the editors of the site."
HINDI = "यह वाक्य इस साइट के संपादकों ने जोड़ा है।"


def _inserted(characters: str) -> Callable[[random.Random, str], str]:
    """Puts invisible characters behind letters, one in eight."""

    def edit(chance: random.Random, text: str) -> str:
        return "".join(
            letter + chance.choice(characters)
            if letter.isalpha() and chance.random() < 1 / 8
            else letter
            for letter in text
        )

    return edit


def _decomposed(_: random.Random, text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _without_format(_: random.Random, text: str) -> str:
    kinds = class_table()
    return "".join(letter for letter in text if kinds[ord(letter)] != FORMAT)


def _with_sentence(_: random.Random, text: str) -> str:
    return f"{text} {HINDI if text.isascii() else LATIN}"


def _changed(chance: random.Random, text: str) -> str:
    """Six letters are others of the same text."""
    places = [place for place, letter in enumerate(text) if letter.isalpha()]
    letters = list(text)
    for place in chance.sample(places, min(CHANGED, len(places))):
        letters[place] = text[chance.choice(places)]
    return "".join(letters)


EDITS = {
    "soft hyphens": _inserted("\u00ad"),
    "decomposed": _decomposed,
    "joiners and marks of direction": _inserted("\u200c\u200d\u200e\u200f\u2060"),
    "format removed": _without_format,
    "a sentence in another script": _with_sentence,
    CHANGES: _changed,
}


def script_of(text: str) -> str:
    """The script of most letters, by the first word of their names."""
    counts: dict[str, int] = defaultdict(int)
    for letter in filter(str.isalpha, text[:200]):
        counts[re.split(r"[ -]", unicodedata.name(letter, "OTHER"))[0]] += 1
    return max(counts, key=counts.__getitem__, default="OTHER").capitalize()


def run(catalogues: dict[str, Messages]) -> list[Target]:
    """Shares found, by script and by kind of edit."""
    config = DedupConfig()
    chance = random.Random(3)  # noqa: S311 - the same edits every time
    found: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for code, messages in catalogues.items():
        for kind, edit in EDITS.items():
            characters = LONGER if kind == CHANGES else CHARACTERS
            for text in pieces(messages.translated, characters, MOST):
                # Japanese is written in three scripts.
                name = "Japanese" if language_of(code) == "ja" else script_of(text)
                copy = edit(chance, text)
                alike = compare(text, copy, config.ngram, config.normalise).jaccard
                found[name][kind].append(alike >= config.threshold)
    rows = [
        (name, len(by["decomposed"]), *(_told(by[kind]) for kind in EDITS))
        for name, by in sorted(found.items())
    ]
    print(f"Copies of texts of {CHARACTERS} characters that are near-duplicates:\n")
    print(table(("script", "texts", *EDITS), rows))
    return [
        Target(
            f"{kind}, script of least recall",
            f">= {ASKED}",
            f"{min(_mean(by[kind]) for by in found.values()):.3f}",
            reached=all(_mean(by[kind]) >= ASKED for by in found.values()),
        )
        for kind in SAME
    ]


def _told(values: list[bool]) -> str:
    return f"{_mean(values):.3f}" if values else ""


def _mean(values: list[bool]) -> float:
    return sum(values) / len(values)
