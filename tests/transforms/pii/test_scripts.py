"""Values beside text of every script: found whole, and nothing else taken."""

from __future__ import annotations

import pyarrow as pa
import pytest

from isinglass.schemas.config.pii import EntityConfig, PiiConfig
from isinglass.transforms.pii.detector import Detector, build_detector
from isinglass.transforms.pii.found import resolve_overlaps

# A word of each script, from its own name of writing or language.
WORDS = {
    "Latin": "nota",
    "accents apart": "note\u0301",
    "Cyrillic": "\u043f\u0438\u0441\u044c\u043c\u043e",
    "Greek": "\u03b3\u03c1\u03b1\u03c6\u03ae",
    "Armenian": "\u0563\u056b\u0580",
    "Georgian": "\u10d0\u10dc\u10d1\u10d0\u10dc\u10d8",
    "Hebrew": "\u05db\u05b0\u05ea\u05b8\u05d1",
    "Arabic": "\u0643\u0650\u062a\u0627\u0628\u0670",
    "Syriac": "\u071f\u072c\u0712\u0710",
    "Thaana": "\u078c\u07a7\u0782\u07a6",
    "Devanagari": "\u0932\u093f\u092a\u093f",
    "Bengali": "\u09b2\u09bf\u09aa\u09bf",
    "Gurmukhi": "\u0a32\u0a3f\u0a2a\u0a40",
    "Gujarati": "\u0ab2\u0abf\u0aaa\u0abf",
    "Tamil": "\u0b8e\u0bb4\u0bc1\u0ba4\u0bcd\u0ba4\u0bc1",
    "Telugu": "\u0c32\u0c3f\u0c2a\u0c3f",
    "Kannada": "\u0cb2\u0cbf\u0caa\u0cbf",
    "Malayalam": "\u0d32\u0d3f\u0d2a\u0d3f",
    "Sinhala": "\u0d85\u0d9a\u0dd4\u0dbb\u0dd4",
    "Thai": "\u0e17\u0e35\u0e48",
    "Lao": "\u0e97\u0eb5\u0ec8",
    "Burmese": "\u1005\u102c",
    "Khmer": "\u17a2\u1780\u17d2\u179f\u179a",
    "Tibetan": "\u0f61\u0f72\u0f0b\u0f42\u0f7a",
    "Ethiopic": "\u134a\u12f0\u120d",
    "Hangul": "\ubb38\uc790",
    "Kana": "\u3082\u3058",
    "Han": "\u6587\u5b57",
    "emoji": "\u2709\ufe0f",
}
VALUES = [
    ("EMAIL_ADDRESS", "jan.nowak@interia.pl"),
    ("PHONE_NUMBER", "+49 30 2270 2270"),
    ("CREDIT_CARD", "4539237301631479"),
    ("IBAN_CODE", "DE61370400440532013019"),
    ("IP_ADDRESS", "81.2.69.160"),
    ("URL_CREDENTIALS", "writer7:h4KvuyzxCz"),
]
ADDRESS = ("URL", "https://mail-firma.net/a/b")
AROUND = [
    "{word} {value} {word}",
    "{word}({value}){word}",
    "{word}\uff08{value}\uff09{word}",
    "{word}\u300c{value}\u300d",
    "{word}: {value}.",
    "{word}\uff1a{value}\u3002",
    "{word}\u200b{value}\u200b{word}",
    "{word} \u200e{value}\u200e {word}",
    "\u202b{word} {value}\u202c",
    "{value}\u060c {word}",
]
BESIDE = "{word}{value}{word}"
"""Without anything between, as scripts without spaces are written."""

UNSPACED = ("Thai", "Lao", "Burmese", "Khmer", "Kana", "Han")


def shown(entity: str, value: str) -> str:
    """Credentials stand in an address."""
    if entity == "URL_CREDENTIALS":
        return f"https://{value}@db.home.arpa/x"
    return value


def wrong(
    detector: Detector, script: str, values: list[tuple[str, str]]
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Texts in which not the value alone is found, and what is."""
    word = WORDS[script]
    around = [*AROUND, BESIDE] if script in UNSPACED else AROUND
    cases = [
        (frame.replace("{word}", word).replace("{value}", shown(*value)), value)
        for frame in around
        for value in values
    ]
    texts = [text for text, _ in cases]
    detection = detector.detect(pa.array(texts), pa.nulls(len(texts), pa.string()))
    found: list[list[tuple[str, str]]] = [[] for _ in texts]
    for row in resolve_overlaps(detection.findings).to_pylist():
        text = texts[row["row"]]
        found[row["row"]].append((row["entity"], text[row["start"] : row["end"]]))
    return [
        (text, own)
        for (text, value), own in zip(cases, found, strict=True)
        if own != [value]
    ]


@pytest.mark.parametrize("script", WORDS)
def test_values_stand_beside_every_script(script: str, identifiers: Detector) -> None:
    assert wrong(identifiers, script, VALUES) == []


@pytest.mark.parametrize("script", WORDS)
def test_addresses_stand_beside_every_script(script: str) -> None:
    entities = {"URL": EntityConfig(threshold=0.5)}
    detector = build_detector(PiiConfig(mode="identifiers", entities=entities))
    assert wrong(detector, script, [ADDRESS]) == []


DIGITS = {
    "Arabic-Indic": 0x660,
    "Persian": 0x6F0,
    "Devanagari": 0x966,
    "Bengali": 0x9E6,
    "Thai": 0xE50,
    "Khmer": 0x17E0,
    "Burmese": 0x1040,
    "full width": 0xFF10,
    "mathematical": 0x1D7CE,
}


@pytest.mark.parametrize("script", DIGITS)
@pytest.mark.parametrize(
    ("entity", "value", "word"),
    [
        ("PHONE_NUMBER", "+49 30 2270 2270", ""),
        ("CREDIT_CARD", "4539 2373 0163 1479", ""),
        ("IP_ADDRESS", "81.2.69.160", "IP"),
        ("IN_AADHAAR", "3928 4756 1028", ""),
    ],
)
def test_digits_of_every_script_are_digits(
    script: str, entity: str, value: str, word: str, identifiers: Detector
) -> None:
    zero = DIGITS[script]
    native = "".join(chr(zero + int(c)) if c.isdigit() else c for c in value)
    text = f"{word} {native} ."
    findings = identifiers.detect(pa.array([text]), pa.nulls(1, pa.string())).findings
    spans = [
        (row["entity"], text[row["start"] : row["end"]])
        for row in resolve_overlaps(findings).to_pylist()
    ]
    assert spans == [(entity, native)]
