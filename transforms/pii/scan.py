"""Personal data of a batch: found, and as spans that are changed."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from isinglass.schemas.config import PiiConfig
from isinglass.transforms.edits.edits import Edits, Write
from isinglass.transforms.edits.leftovers import with_leftovers
from isinglass.transforms.pii.found import resolve_overlaps

if TYPE_CHECKING:
    from isinglass.transforms.edits.view import View
    from isinglass.transforms.pii.detector import Detection, Detector


def key_mark(key: bytes) -> str:
    """A one-way mark by which equal keys can be told; empty for no key."""
    if not key:
        return ""
    return hmac.new(key, b"isinglass key mark", hashlib.sha256).hexdigest()


def load_detector(
    config: PiiConfig, clock: Callable[[], float] | None = None
) -> Detector:
    """`detector.build_detector`, imported when it is needed.

    Presidio takes seconds to import; a run without PII needs none of it.
    """
    from isinglass.transforms.pii.detector import build_detector  # noqa: PLC0415

    return build_detector(config, clock)


def scan(
    detector: Detector, texts: pa.StringArray, languages: pa.StringArray
) -> Detection:
    """Find personal data in a batch of texts, given with their language tags.

    Returns:
        Findings that do not overlap, and what could not be scanned.
    """
    detection = detector.detect(texts, languages)
    chosen = resolve_overlaps(detection.findings)
    return replace(
        detection, findings=with_leftovers(detection.findings, chosen, texts)
    )


def pii_edits(detector: Detector, view: View, write: Write) -> Edits:
    """Find personal data in what is read of a batch now.

    Returns:
        Its spans and failures; `allowed.<entity>` counts findings left alone because
        a list of the user allows the value.
    """
    found = scan(detector, view.texts, view.languages)
    allowed = {f"allowed.{entity}": many for entity, many in found.suppressed.items()}
    return Edits(
        view.in_source(found.findings),
        write,
        failures=found.failures,
        counts=Counter(allowed),
    )
