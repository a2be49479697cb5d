"""Texts of Django, Sphinx and Babel, and languages as other detectors tell them.

Run by the interpreter that has these packages installed (`make bench-peers`); it needs
nothing of isinglass. The question is a JSON object on stdin, the answer one on stdout.
"""

from __future__ import annotations

import gettext
import json
import re
import sys
import time
from collections import defaultdict
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKAGES = ("django", "sphinx")
PLACEHOLDER = re.compile(
    r"%\([A-Za-z_]+\)[sdr]|%[sdrifn]|<[^>]*>|\{[^}]*\}|&\w+;|:\w+:`[^`]*`"
)
LEAST_MESSAGE = 25
"""Characters of the English message; shorter ones are labels, not texts."""


def _files() -> Iterator[Path]:
    for package in PACKAGES:
        found = find_spec(package)
        for folder in (found.submodule_search_locations if found else None) or ():
            yield from sorted(Path(folder).rglob("LC_MESSAGES/*.mo"))


def catalogues() -> dict[str, Any]:
    """Pairs of an English message and its translation, by the package's own code."""
    told: dict[str, list[list[str]]] = defaultdict(list)
    for file in _files():
        with file.open("rb") as opened:
            catalogue = gettext.GNUTranslations(opened)._catalog  # type: ignore[attr-defined]  # noqa: SLF001
        for key, translated in catalogue.items():
            message = key[0] if isinstance(key, tuple) else key
            if len(message) < LEAST_MESSAGE or not translated:
                continue
            pair = [
                " ".join(PLACEHOLDER.sub("", text).split())
                for text in (message, translated)
            ]
            if pair[0] != pair[1] and all(pair):
                told[file.parts[-3]].append(pair)
    return {"messages": told, "versions": {p: _version(p) for p in PACKAGES}}


def names() -> dict[str, list[str]]:
    """What countries, languages and scripts are called, by locale."""
    if find_spec("babel") is None:
        return {}
    from babel import Locale, localedata  # noqa: PLC0415

    told = {}
    for code in localedata.locale_identifiers():
        # Of a country it is mostly the same as of its language.
        if re.fullmatch("[a-z]+(?:_[A-Z][a-z]+)?", code):
            one = Locale.parse(code)
            named = (one.territories, one.languages, one.scripts)
            told[code] = [name for kind in named for name in kind.values()]
    return told


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _cld2() -> Callable[[str], str]:
    import pycld2  # noqa: PLC0415

    def tell(text: str) -> str:
        shown = "".join(filter(str.isprintable, text))
        sure, _, found = pycld2.detect(shown, isPlainText=True)
        return found[0][1] if sure else "und"

    return tell


def _cld3() -> Callable[[str], str]:
    import gcld3  # noqa: PLC0415

    model = gcld3.NNetLanguageIdentifier(min_num_bytes=0, max_num_bytes=4000)

    def tell(text: str) -> str:
        found = model.FindLanguage(text=text)
        return str(found.language) if found.is_reliable else "und"

    return tell


def _py3langid() -> Callable[[str], str]:
    import py3langid  # noqa: PLC0415

    return lambda text: str(py3langid.classify(text)[0])


def _lingua() -> Callable[[str], str]:
    from lingua import LanguageDetectorBuilder  # noqa: PLC0415

    # In high accuracy it is ten times as slow.
    builder = LanguageDetectorBuilder.from_all_languages()
    model = builder.with_low_accuracy_mode().build()

    def tell(text: str) -> str:
        found = model.detect_language_of(text)
        return found.iso_code_639_1.name.lower() if found else "und"

    return tell


PEERS = {
    "pycld2": _cld2,
    "cld3-py": _cld3,
    "py3langid": _py3langid,
    "lingua-language-detector": _lingua,
}
"""By the names of their packages; `heliport` is GPL-3.0, and not among them."""


def detect(peer: str, texts: list[str]) -> dict[str, Any]:
    """Codes of languages as the peer tells them, and CPU seconds without its start."""
    version = _version(peer)
    if version is None:
        return {"version": None}
    tell = PEERS[peer]()
    tell("To warm up.")
    began = time.process_time()
    told = [tell(text) for text in texts]
    return {"version": version, "told": told, "cpu": time.process_time() - began}


if __name__ == "__main__":
    question = json.load(sys.stdin)
    if question is None:
        answer = catalogues()
    elif "names" in question:
        answer = names()
    else:
        answer = detect(question["peer"], question["texts"])
    print(json.dumps(answer))
