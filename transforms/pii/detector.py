"""The batch detector: texts and languages in, one flat table of findings out.

Identifiers are looked for in every text. Names and other entities of a model are
looked for only in texts whose language has a model in `pii.languages`, and texts in
Latin letters whose language is unknown are read by the model for English; texts in
other languages get identifiers only.

In mode `exact`, texts whose language has a model get the findings of stock Presidio; of
identifiers, only kinds that it does not know are looked for in the ordinary way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.config.pii import PiiConfig
from isinglass.schemas.manifest import Model
from isinglass.transforms.language import UNDETERMINED, primary_language
from isinglass.transforms.pii.budget import Budget, failures_batch
from isinglass.transforms.pii.confirm import Confirmer, trunk_model
from isinglass.transforms.pii.found import FoundColumns
from isinglass.transforms.pii.identifiers import IdentifierScanner
from isinglass.transforms.pii.installed_presidio import model_labels
from isinglass.transforms.pii.markup import without_markup
from isinglass.transforms.pii.models import confirms, recognizer_code, wanted_models
from isinglass.transforms.pii.names import NameFinder
from isinglass.transforms.pii.ner.engine import load_engine
from isinglass.transforms.pii.plain import make_plain, whole_clusters
from isinglass.transforms.pii.plugins.allow import Allowed
from isinglass.transforms.pii.plugins.value_files import user_files

if TYPE_CHECKING:
    from isinglass.transforms.pii.models import SpacyModel
    from isinglass.transforms.pii.stock.scanner import StockScanner

ENGLISH = "en"


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
    names: dict[str, NameFinder] = field(repr=False)
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
        shown = without_markup(plain) if self.names else plain
        for language, finder in self.names.items():
            inside = _is_in(languages, language)
            if language == ENGLISH:
                inside |= _may_be_english(texts, languages)
            if inside.any():
                finder.scan(shown, np.flatnonzero(inside), budget, found)
        batch = found.batch(self.thresholds)
        if not self.exact:
            batch = whole_clusters(batch, texts)
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


def _may_be_english(
    texts: pa.StringArray, languages: pa.StringArray
) -> NDArray[np.bool_]:
    """Whether each text is of unknown language and mostly in Latin letters.

    Names in a short text are names in any language that is written like English, and
    the language of a short text is seldom known.
    """
    unknown = pc.fill_null(pc.equal(languages, UNDETERMINED), fill_value=True)
    inside = np.asarray(unknown.to_numpy(zero_copy_only=False)).copy()
    rows = np.flatnonzero(inside)
    if len(rows):
        some = texts.take(pa.array(rows))
        latin = pc.count_substring_regex(some, r"\p{Latin}").to_numpy()
        letters = pc.count_substring_regex(some, r"\p{L}").to_numpy()
        inside[rows] = 2 * latin > letters
    return inside


def without_texts(texts: pa.StringArray, mask: NDArray[np.bool_]) -> pa.StringArray:
    """Texts with empty ones in place of some, so that rows keep their numbers."""
    return pc.if_else(pa.array(mask), "", texts)


def check_models(config: PiiConfig) -> list[Model]:
    """Find and fingerprint what the detector depends on, without loading it.

    Raises:
        MissingExtraError: A model is not installed or not the pinned one.
    """
    models = wanted_models(config, frozenset(model_labels().values()))
    found = [recognizer_code(), *(model.fingerprint() for model in models)]
    if config.mode == "fast" and any(confirms(config, model) for model in models):
        found.append(trunk_model())
    return found


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
    names, exact = {}, {}
    for model in wanted_models(config, named):
        if config.mode == "exact":
            exact[model.language] = _load_exact(model, config)
        else:
            names[model.language] = _load_names(model, config, named)
    return Detector(
        models=check_models(config),
        identifiers=IdentifierScanner.build(config),
        names=names,
        thresholds={name: e.threshold for name, e in config.entities.items()},
        allowed=Allowed.of(config.recognizers),
        seconds=config.max_seconds_per_document,
        clock=clock,
        exact=exact,
    )


def _load_names(
    model: SpacyModel, config: PiiConfig, named: frozenset[str]
) -> NameFinder:
    confirmed = confirms(config, model)
    wanted = named.intersection(config.entities)
    engine = load_engine(model, wanted, model.bias(confirmed=confirmed))
    assert model.head is not None or not confirmed
    head = model.head if confirmed else None
    return NameFinder(engine, Confirmer.load(head) if head else None)


def _load_exact(
    model: SpacyModel, config: PiiConfig
) -> tuple[StockScanner, IdentifierScanner]:
    from isinglass.transforms.pii.stock.scanner import (  # noqa: PLC0415 - brings spaCy
        StockScanner,
    )

    # Stock cannot ask for a word.
    anywhere = (k for k, kind in config.entities.items() if not kind.needs_word)
    stock = StockScanner.load(model, frozenset(anywhere))
    rest = {k: v for k, v in config.entities.items() if k not in stock.entities}
    return stock, IdentifierScanner.build(config.model_copy(update={"entities": rest}))
