"""Personal data beside words of every language: values whole, and nothing else."""

from __future__ import annotations

import random
import unicodedata
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import pyarrow as pa

from benchmarks.measuring.processes import Target, table
from isinglass.schemas.config import PiiConfig
from isinglass.schemas.config.pii import EntityConfig
from isinglass.transforms.pii.scan import load_detector, scan

if TYPE_CHECKING:
    from benchmarks.writing.catalogues import Messages
    from isinglass.transforms.pii.detector import Detector

ASKED = 0.99
VALUES = {
    "e-mail": "jan.nowak@interia.pl",
    "phone": "+49 30 2270 2270",
    "card": "4539237301631479",
    "IBAN": "DE61370400440532013019",
    "IP": "81.2.69.160",
    "URL": "https://mail-firma.net/a/b",
}
ENTITIES = {
    "e-mail": "EMAIL_ADDRESS",
    "phone": "PHONE_NUMBER",
    "card": "CREDIT_CARD",
    "IBAN": "IBAN_CODE",
    "IP": "IP_ADDRESS",
    "URL": "URL",
}
AROUND = {
    "blanks": "{0} {value} {1}",
    "brackets": "{0}({value}){1}",
    "wide brackets": "{0}\uff08{value}\uff09{1}",
    "colon": "{0}: {value}.",
    "zero width space": "{0}\u200b{value}\u200b{1}",
    "marks of direction": "{0} \u200e{value}\u200f {1}",
    "accents apart": "{0} {value} {1}",
}
WORDS = 40
"""Words of each language that values are written between."""


def script_of(text: str) -> str:
    """The script of most letters of a text, as their names begin."""
    names = (unicodedata.name(c, "?").split()[0] for c in text if c.isalpha())
    return Counter(names).most_common(1)[0][0].capitalize()


def _words(texts: list[str]) -> list[str]:
    words = {
        word.strip(".,:;!?()[]\"'\u3002\uff0c")
        for text in texts
        for word in text.split()
    }
    # Long ones are sentences without spaces; any piece of them is as good.
    kept = sorted({w[:12] for w in words if len(w) > 1 and _is_word(w[:12])})
    if not kept:
        return []
    # English words among those of another script are names of things, such as UUID.
    script = script_of("".join(kept))
    kept = [word for word in kept if script_of(word) == script]
    random.Random(1).shuffle(kept)  # noqa: S311 - the same words every time
    return kept


def _is_word(text: str) -> bool:
    """Whether a text is of letters and their marks alone."""
    return all(unicodedata.category(c)[0] in "LM" for c in text)


def run(catalogues: dict[str, Messages], names: dict[str, list[str]]) -> list[Target]:
    """A row a script: the share of values found exactly, by what stands around."""
    # Of no country and not looked for by default.
    web = {"URL": EntityConfig(threshold=0.5)}
    detectors = {
        **dict.fromkeys(VALUES, load_detector(PiiConfig(mode="identifiers"))),
        "URL": load_detector(PiiConfig(mode="identifiers", entities=web)),
    }
    found: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    texts = [
        *(messages.translated for messages in catalogues.values()),
        *names.values(),
    ]
    for own_texts in texts:
        words = _words(own_texts)[: 2 * WORDS]
        if len(words) < 2 * WORDS:
            continue
        script = script_of(" ".join(words))
        for name, frame in AROUND.items():
            for kind, detector in detectors.items():
                exact = _exact(detector, words, kind, (name, frame))
                found[script][name] += exact
                found[script][kind] += exact
    columns = [*AROUND, *VALUES]
    rows = [
        (script, len(own["blanks"]), *(f"{_share(own[name]):.3f}" for name in columns))
        for script, own in sorted(found.items())
    ]
    print(table(("script", "values", *columns), rows))
    worst = min(_share(own[name]) for own in found.values() for name in columns)
    return [
        Target(
            "values found exactly, each script, kind and surrounding",
            f"{ASKED}",
            f"{worst:.3f}",
            reached=worst >= ASKED,
        )
    ]


def _exact(
    detector: Detector, words: list[str], kind: str, around: tuple[str, str]
) -> list[bool]:
    """Whether a value is found alone and whole, for each pair of words."""
    name, frame = around
    form = "NFD" if name == "accents apart" else "NFC"
    value = VALUES[kind]
    pairs = zip(words[::2], words[1::2], strict=True)
    texts = [
        unicodedata.normalize(form, frame.format(*pair, value=value)) for pair in pairs
    ]
    column = pa.array(texts, pa.string())
    findings = scan(detector, column, pa.nulls(len(texts), pa.string())).findings
    own: list[list[tuple[str, str]]] = [[] for _ in texts]
    for row in findings.to_pylist():
        text = texts[row["row"]]
        own[row["row"]].append((row["entity"], text[row["start"] : row["end"]]))
    return [spans == [(ENTITIES[kind], value)] for spans in own]


def _share(outcomes: list[bool]) -> float:
    return sum(outcomes) / len(outcomes) if outcomes else 1.0
