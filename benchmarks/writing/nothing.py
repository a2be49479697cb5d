"""Texts of no language: code, numbers, names, and languages in turn."""

from __future__ import annotations

import base64
import random
import re
import sysconfig
from pathlib import Path

import yaml

from benchmarks.measuring.processes import ROOT
from benchmarks.writing.catalogues import Messages, language_of

NAMES = ROOT / "transforms" / "resources" / "names" / "by_country.yaml"
MIXED = ("de", "fr", "it", "pl", "nl", "fi", "hu", "tr", "vi", "id", "eu", "sq", "lv")
IN_TURN = 4
SENTENCE = 120
_COMMENT = re.compile(r"\"\"\"(.|\n)*?\"\"\"|#.*")
_C_COMMENT = re.compile(r"/\*(.|\n)*?\*/|//.*")


def texts_of_nothing(
    catalogues: dict[str, Messages], characters: int, most: int
) -> dict[str, list[str]]:
    """At most so many texts of so many characters, by kind."""
    chance = random.Random(5)  # noqa: S311 - the same texts every time
    python = _files(Path(sysconfig.get_path("stdlib")), "*.py")
    headers = _files(Path(sysconfig.get_path("include")), "**/*.h")
    kinds = {
        "Python": python,
        "Python, no comments": _COMMENT.sub("", python),
        "C headers, no comments": _C_COMMENT.sub("", headers),
        "names": _names(chance),
        "tables": "".join(_row(chance) for _ in range(2_000)),
        "hexadecimal": " ".join(f"{chance.getrandbits(64):x}" for _ in range(4_000)),
        "base64": base64.b64encode(chance.randbytes(40_000)).decode(),
        "web addresses": "".join(_address(chance) for _ in range(1_500)),
    }
    found = {}
    for kind, text in kinds.items():
        starts = range(0, len(text) - characters, characters)
        some = chance.sample(starts, min(most, len(starts)))
        found[kind] = [text[start : start + characters] for start in some]
    latin = [code for code in catalogues if language_of(code) in MIXED]
    # A shorter text is of one of them.
    if latin and characters >= IN_TURN * SENTENCE:
        found["four languages in turn"] = [
            _in_turn(chance, catalogues, latin, characters) for _ in range(most)
        ]
    return {kind: texts for kind, texts in found.items() if texts}


def _files(folder: Path, pattern: str) -> str:
    files = sorted(folder.glob(pattern))[:80]
    return "\n".join(
        file.read_text(encoding="utf-8", errors="ignore")[:20_000] for file in files
    )


def _names(chance: random.Random) -> str:
    countries = yaml.safe_load(NAMES.read_text(encoding="utf-8"))["countries"].values()
    names = [
        f"{chance.choice(country['given'])} {chance.choice(country['family'])}"
        for country in countries
        for _ in range(30)
    ]
    chance.shuffle(names)
    return ", ".join(names)


def _row(chance: random.Random) -> str:
    numbers = "\t".join(f"{chance.uniform(0, 999):.2f}" for _ in range(4))
    return f"{chance.choice('ABCDEFGH')}{chance.randrange(99)}\t{numbers} kg\n"


def _address(chance: random.Random) -> str:
    host = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=7))
    end = chance.choice(("com", "org", "net", "io"))
    return f"https://www.{host}.{end}/p/{chance.randrange(10**6)}?ref=x\n"


def _in_turn(
    chance: random.Random,
    catalogues: dict[str, Messages],
    codes: list[str],
    characters: int,
) -> str:
    chosen = chance.sample(codes, IN_TURN)
    text = ""
    while len(text) < characters:
        for code in chosen:
            text += chance.choice(catalogues[code].translated)[:SENTENCE] + "\n"
    return text[:characters]
