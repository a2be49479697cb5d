"""The batch detector: texts and languages in, one flat table of findings out.

Identifiers are looked for in every text. Names and other entities of a model are
looked for only in texts whose language has a model in `pii.languages`; texts in other
languages, or in an unknown one, get identifiers only.

In mode `exact`, texts whose language has a model get the findings of stock Presidio; of
identifiers, only kinds that it does not know are looked for in the ordinary way.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.config.pii import PiiConfig
from isinglass.transforms.language import primary_language
from isinglass.transforms.pii.budget import Budget, failures_batch
from isinglass.transforms.pii.found import FoundColumns
from isinglass.transforms.pii.identifiers import IdentifierScanner
from isinglass.transforms.pii.models import recognizer_code, wanted_models
from isinglass.transforms.pii.ner.engine import NerEngine, load_engine
from isinglass.transforms.pii.plain import make_plain
from isinglass.transforms.pii.plugins.allow import Allowed
from isinglass.transforms.pii.plugins.value_files import user_files
from isinglass.transforms.pii.recognizers import model_labels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from isinglass.schemas.manifest import Model
    from isinglass.transforms.pii.models import SpacyModel
    from isinglass.transforms.pii.stock.scanner import StockScanner


@dataclass(frozen=True)
class Detection:
    """What a scan found, and what it could not scan.

    Attributes:
        findings: `spans.FOUND`, sorted by row, start, end and entity. Thresholds are
            applied; spans may overlap.
        failures: `spans.FAILURES`. These rows have no findings and count as unscanned.
        suppressed: Findings left out because a list of the user allows them, by entity.
    """

    findings: pa.RecordBatch = field(repr=False)
    failures: pa.RecordBatch
    suppressed: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Detector:
    """Loaded recognizers and models. Built in the worker; not to be pickled.

    Attributes:
        exact: Stock Presidio by language, in mode `exact`, and what looks for kinds
            that it does not know.
        clock: Monotonic seconds, or None to bound regular expressions only.
    """

    models: list[Model]
    identifiers: IdentifierScanner = field(repr=False)
    engines: dict[str, NerEngine] = field(repr=False)
    thresholds: dict[str, float]
    allowed: Allowed
    seconds: float
    clock: Callable[[], float] | None = None
    exact: dict[str, tuple[StockScanner, IdentifierScanner]] = field(
        default_factory=dict, repr=False
    )

    def detect(self, texts: pa.StringArray, languages: pa.StringArray) -> Detection:
        """Scan a batch of texts.

        An exception or a timeout in one text fails that text and no other.

        Args:
            texts: Strings without nulls.
            languages: Language tag of each; null and `und` are unknown.

        Raises:
            ValueError: The arrays differ in length, or a text is null.
        """
        if len(texts) != len(languages):
            raise ValueError(f"{len(texts)} texts but {len(languages)} languages")
        budget = Budget(self.seconds, self.clock)
        found = FoundColumns()
        ordinary = texts
        for language, (stock, rest) in self.exact.items():
            inside = _is_in(languages, language)
            if inside.any():
                rows = np.flatnonzero(inside)
                stock.scan(texts.take(pa.array(rows)), rows, budget, found)
                rest.scan(without_texts(texts, ~inside), budget, found)
                ordinary = without_texts(ordinary, inside)
        plain, before = make_plain(ordinary), len(found)
        self.identifiers.scan(plain.texts, budget, found)
        found.relocate(plain.places, before)
        for language, engine in self.engines.items():
            rows = np.flatnonzero(_is_in(languages, language))
            if len(rows):
                engine.scan(texts.take(pa.array(rows)), rows, budget, found)
        batch = found.batch(self.thresholds)
        failed = pa.array(sorted(budget.failed), pa.int32())
        scanned = pc.invert(pc.is_in(batch.column("row"), failed))
        kept, suppressed = self.allowed.keep(batch.filter(scanned), texts)
        failures = failures_batch(budget.failed)
        return Detection(kept, failures, suppressed)


def _is_in(languages: pa.StringArray, language: str) -> NDArray[np.bool_]:
    """Whether each language tag is of a primary language."""
    tags = pc.unique(languages).to_pylist()
    same = [t for t in tags if t is not None and primary_language(t) == language]
    mask = pc.is_in(languages, value_set=pa.array(same, pa.string()))
    return np.asarray(mask.to_numpy(zero_copy_only=False))


def without_texts(texts: pa.StringArray, mask: NDArray[np.bool_]) -> pa.StringArray:
    """Texts with empty ones in place of some, so that rows keep their numbers."""
    return pc.if_else(pa.array(mask), "", texts)


def check_models(config: PiiConfig) -> list[Model]:
    """Find and fingerprint what the detector depends on, without loading it.

    Raises:
        MissingExtraError: A model is not installed or not the pinned one.
    """
    models = wanted_models(config, frozenset(model_labels().values()))
    return [recognizer_code(), *(model.fingerprint() for model in models)]


def build_detector(
    config: PiiConfig, clock: Callable[[], float] | None = None
) -> Detector:
    """Load recognizers and models; once a process for equal configurations.

    Args:
        config: The `pii` section.
        clock: Monotonic seconds, such as `time.monotonic`, by which
            `max_seconds_per_document` is held. Transforms read no clock themselves:
            without one, only regular expressions are bounded.

    Raises:
        MissingExtraError: A model is not installed or not the pinned one.
        ConfigError: An entity or a phone region is not known.
    """
    files = tuple(entry.sha256 for entry in user_files(config.recognizers))
    return _build(config.model_dump_json(), files, clock)


@cache
def _build(
    serialised: str,
    _files: tuple[str, ...],  # with other contents, another detector
    clock: Callable[[], float] | None,
) -> Detector:
    config = PiiConfig.model_validate_json(serialised)
    named = frozenset(model_labels().values())
    engines, exact = {}, {}
    for model in wanted_models(config, named):
        if config.mode == "exact":
            exact[model.language] = _load_exact(model, config)
        else:
            wanted = named.intersection(config.entities)
            engines[model.language] = load_engine(model, wanted)
    return Detector(
        models=check_models(config),
        identifiers=IdentifierScanner.build(config),
        engines=engines,
        thresholds={name: e.threshold for name, e in config.entities.items()},
        allowed=Allowed.of(config.recognizers),
        seconds=config.max_seconds_per_document,
        clock=clock,
        exact=exact,
    )


def _load_exact(
    model: SpacyModel, config: PiiConfig
) -> tuple[StockScanner, IdentifierScanner]:
    from isinglass.transforms.pii.stock.scanner import (  # noqa: PLC0415 - brings spaCy
        StockScanner,
    )

    stock = StockScanner.load(model, frozenset(config.entities))
    rest = {k: v for k, v in config.entities.items() if k not in stock.entities}
    return stock, IdentifierScanner.build(config.model_copy(update={"entities": rest}))
