"""Texts in about 100 languages: message catalogues of packages that are installed.

They are BSD (names of Babel: Unicode-3.0) and are read where they are; nothing of them
is copied into the project.
"""

from __future__ import annotations

import random
import sys
import unicodedata
from pathlib import Path
from typing import NamedTuple

from benchmarks.measuring.processes import ROOT, run_process

PEER = Path(__file__).with_name("peers.py")
DEFAULT_PEERS = ROOT / "build" / "peers" / "bin" / "python"

# Codes of the packages that are others in the model.
LANGUAGES = {"nb": "no"}
UNKNOWN = frozenset({"ig", "kab", "udm", "cak"})
"""Languages that no label of the model means."""
FEWEST = 5
"""Texts of a language that a share is told of."""


class Messages(NamedTuple):
    """English messages and their translations."""

    english: list[str]
    translated: list[str]


def python_with_peers(given: Path | None) -> str:
    """The interpreter with the catalogues: the one given, that of peers, or this."""
    if given is not None:
        return str(given.absolute())
    return str(DEFAULT_PEERS) if DEFAULT_PEERS.exists() else sys.executable


def language_of(code: str) -> str:
    """The model's language of a code: `no` of `nb_NO`, `zh` of `zh_Hans`."""
    primary = code.replace("@", "_").partition("_")[0]
    return LANGUAGES.get(primary, primary)


def read_catalogues(python: str) -> dict[str, Messages]:
    """Messages by code; empty if no package with catalogues is installed."""
    found = run_process([python, str(PEER)], None).answer
    if not found["messages"]:
        print(
            "Neither Django nor Sphinx is installed, so that there are no texts: "
            "`make bench-peers`, or name an interpreter that has them by --peers."
        )
        return {}
    print(f"Message catalogues of {found['versions']}.\n")
    return {
        code: Messages(*map(list, zip(*pairs, strict=True)))
        for code, pairs in sorted(found["messages"].items())
        # Variants of English are the messages themselves.
        if language_of(code) != "en" or code in {"en_GB", "en_AU"}
    }


def read_names(python: str) -> dict[str, list[str]]:
    """Names of countries, languages and scripts by locale; none without Babel."""
    found: dict[str, list[str]] = run_process(
        [python, str(PEER)], {"names": True}
    ).answer
    return found


def pieces(messages: list[str], characters: int, most: int) -> list[str]:
    """At most so many texts of so many characters, of messages in a random order."""
    shuffled = sorted(set(messages))
    random.Random(1).shuffle(shuffled)  # noqa: S311 - the same texts every time
    joined = unicodedata.normalize("NFC", " ".join(shuffled))
    count = min(most, len(joined) // characters)
    return [joined[i * characters : (i + 1) * characters] for i in range(count)]
