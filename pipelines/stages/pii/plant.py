"""The detector before a run, and planted identifiers in it.

Imported where there is a `pii` section only: Presidio takes seconds to import.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.config import PiiConfig
from isinglass.schemas.manifest import Lexicon, Model
from isinglass.transforms.pii.canaries.plant import Sampled, plant
from isinglass.transforms.pii.canaries.recall import measure
from isinglass.transforms.pii.data import data_files
from isinglass.transforms.pii.detector import Detector, check_models
from isinglass.transforms.pii.installed_presidio import model_labels
from isinglass.transforms.pii.models import wanted_models
from isinglass.transforms.pii.plugins.allow import Allowed
from isinglass.transforms.pii.plugins.value_files import user_files, with_absolute_files
from isinglass.transforms.pii.recognizers import build_identifiers

if TYPE_CHECKING:
    from isinglass.transforms.edits import View


def check_detector(
    config: PiiConfig, base: Path
) -> tuple[PiiConfig, tuple[Model, ...], tuple[Lexicon, ...]]:
    """Name the user's files for any worker; find models and data files.

    Raises:
        ConfigError: An unknown entity or region, or a file that cannot be read.
        MissingExtraError: A model is missing.
    """
    config = with_absolute_files(config, base)
    # Looked for first: to compile patterns and to hash models takes a second.
    wanted_models(config, frozenset(model_labels().values()))
    # Without the gate, which takes half a second and refuses nothing.
    build_identifiers(config)
    Allowed.of(config.recognizers)
    models = tuple(check_models(config))
    return config, models, (*data_files(), *user_files(config.recognizers))


def plant_some(
    config: PiiConfig,
    seed: int,
    detector: Detector,
    view: View,
    sample: NDArray[np.bool_],
) -> dict[str, list[int]]:
    """Plant identifiers in copies of some documents; count those that are found.

    Sums as `measure` has them.
    """
    chosen = pa.array(sample)
    if not chosen.true_count:
        return {}
    sources = view.documents.column("source")
    columns = (view.texts, view.doc_ids, view.languages, sources)
    sampled = Sampled(*(column.filter(chosen) for column in columns))
    planted = plant(sampled, config, seed)
    return measure(detector, planted)
