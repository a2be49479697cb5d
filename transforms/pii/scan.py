"""A loaded detector with the settings it is used under."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from isinglass.schemas.spans import FAILURES, FOUND
from isinglass.transforms.edits.leftovers import with_leftovers
from isinglass.transforms.pii.overlap import resolve_overlaps
from isinglass.transforms.read.identity import doc_id_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from isinglass.schemas.config import PiiConfig
    from isinglass.transforms.pii.detector import Detector


def key_mark(key: bytes) -> str:
    """A one-way mark by which equal keys can be told; empty for no key."""
    if not key:
        return ""
    return hmac.new(key, b"isinglass key mark", hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class CleanSettings:
    """What the result of cleaning depends on besides the input and the decisions.

    Attributes:
        pii: The `pii` section; None leaves texts as they are.
        key: Secret key of value keys and of the hash operator.
        seed: Seed of the canary sample.
        models: SHA-256 of each model and data file that the detector uses.
    """

    pii: PiiConfig | None
    key: bytes = field(repr=False)
    seed: int
    models: tuple[str, ...] = ()

    def identity(self) -> Any:
        """JSON-able; holds a one-way mark of the key instead of the key."""
        section = self.pii.model_dump() if self.pii else None
        return [section, key_mark(self.key), self.seed, list(self.models)]

    def sample(self, doc_ids: pa.StringArray, share: float) -> np.ndarray:
        """Which documents are sampled: by a keyed hash, so in any order the same.

        Args:
            doc_ids: Documents to choose from.
            share: Expected share that is chosen, 0 to 1.

        Returns:
            bool (n,).
        """
        label = f"canary sample {self.seed}".encode()
        salt = np.frombuffer(hashlib.blake2b(label, digest_size=16).digest(), "<u8")
        words = doc_id_words(doc_ids)
        mixed = (words[:, 0] ^ salt[0]) * (salt[1] | np.uint64(1))
        mixed = (mixed ^ (mixed >> np.uint64(29)) ^ words[:, 1]) * np.uint64(
            0xBF58476D1CE4E5B9
        )
        draw = (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53
        return np.asarray(draw < share)


@dataclass(frozen=True)
class Scanned:
    """What a scan of a batch leads to.

    Attributes:
        findings: `spans.FOUND` without overlaps.
        failures: `spans.FAILURES`: rows that could not be scanned.
        allowed: Findings left alone because a list of the user allows the value, by
            entity; not among the findings.
    """

    findings: pa.RecordBatch = field(repr=False)
    failures: pa.RecordBatch
    allowed: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Scanner:
    """A loaded detector with the settings it is used under.

    Attributes:
        settings: See `CleanSettings`.
        detector: None when the `pii` section is absent.
    """

    settings: CleanSettings
    detector: Detector | None

    @classmethod
    def load(
        cls, settings: CleanSettings, clock: Callable[[], float] | None = None
    ) -> Scanner:
        """Load the models named by the settings.

        Args:
            settings: What to look for and with what.
            clock: Seconds that only grow, for `pii.max_seconds_per_document`; without
                one only single patterns are bounded.

        Raises:
            MissingExtraError: A model is not installed.
        """
        if settings.pii is None:
            return cls(settings, None)
        # Presidio takes seconds to import; a run without PII needs none of it.
        from isinglass.transforms.pii.detector import (  # noqa: PLC0415
            build_detector,
        )

        return cls(settings, build_detector(settings.pii, clock))

    def scan(self, texts: pa.StringArray, languages: pa.StringArray) -> Scanned:
        """Find identifiers in a batch of texts, given with their language tags."""
        if self.detector is None:
            return Scanned(_nothing(FOUND), _nothing(FAILURES))
        detection = self.detector.detect(texts, languages)
        chosen = resolve_overlaps(detection.findings)
        whole = with_leftovers(detection.findings, chosen, texts)
        return Scanned(whole, detection.failures, detection.suppressed)


def _nothing(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=schema)
