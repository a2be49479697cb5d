"""Personal data beside words of every language: values whole, and nothing else."""

from __future__ import annotations

import random
import unicodedata
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import pyarrow as pa

from benchmarks.measuring.processes import Target, table
from isinglass.schemas.config import PiiConfig
from isinglass.transforms.pii.scan import load_detector, scan

if TYPE_CHECKING:
    from benchmarks.writing.catalogues import Messages

ASKED = 0.99
VALUES = {
    "e-mail": "jan.nowak@interia.pl",
    "phone": "+49 30 2270 2270",
    "card": "4539237301631479",
    "IBAN": "DE61370400440532013019",
    "IP": "81.2.69.160",
}
ENTITIES = {
    "e-mail": "EMAIL_ADDRESS",
    "phone": "PHONE_NUMBER",
    "card": "CREDIT_CARD",
    "IBAN": "IBAN_CODE",
    "IP": "IP_ADDRESS",
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


def _words(messages: Messages) -> list[str]:
    words = {
        word.strip(".,:;!?()[]\"'\u3002\uff0c")
        for text in messages.translated
        for word in text.split()
    }
    # Long ones are sentences without spaces; any piece of them is as good.
    kept = sorted({w[:12] for w in words if len(w) > 1 and _is_word(w[:12])})
    # English words among those of another script are names of things, such as UUID.
    script = script_of("".join(kept))
    kept = [word for word in kept if script_of(word) == script]
    random.Random(1).shuffle(kept)  # noqa: S311 - the same words every time
    return kept


def _is_word(text: str) -> bool:
    """Whether a text is of letters and their marks alone."""
    return all(unicodedata.category(c)[0] in "LM" for c in text)


def run(catalogues: dict[str, Messages]) -> list[Target]:
    """A row a script: the share of values found exactly, by what stands around."""
    detector = load_detector(PiiConfig(mode="identifiers"))
    found: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for messages in catalogues.values():
        words = _words(messages)[: 2 * WORDS]
        if len(words) < 2 * WORDS:
            continue
        script = script_of(" ".join(words))
        for name, frame in AROUND.items():
            for kind, exact in _exact(detector, words, name, frame):
                found[script][name].append(exact)
                found[script][kind].append(exact)
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
    detector: object, words: list[str], name: str, frame: str
) -> list[tuple[str, bool]]:
    texts, wanted = [], []
    form = "NFD" if name == "accents apart" else "NFC"
    for index in range(0, len(words), 2):
        for kind, value in VALUES.items():
            text = frame.format(*words[index : index + 2], value=value)
            texts.append(unicodedata.normalize(form, text))
            wanted.append((kind, value))
    column = pa.array(texts, pa.string())
    findings = scan(detector, column, pa.nulls(len(texts), pa.string())).findings  # type: ignore[arg-type]
    own: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for row in findings.to_pylist():
        text = texts[row["row"]]
        own[row["row"]].append((row["entity"], text[row["start"] : row["end"]]))
    return [
        (kind, own[row] == [(ENTITIES[kind], value)])
        for row, (kind, value) in enumerate(wanted)
    ]


def _share(outcomes: list[bool]) -> float:
    return sum(outcomes) / len(outcomes) if outcomes else 1.0
