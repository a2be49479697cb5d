"""The detector before a run: every recognizer can be built, every model is there.

Imported where there is a `pii` section only: Presidio takes seconds to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.transforms.pii.detector import check_models, data_files
from isinglass.transforms.pii.identifiers import IdentifierScanner
from isinglass.transforms.pii.plugins.allow import Allowed
from isinglass.transforms.pii.plugins.value_files import (
    user_files,
    with_absolute_files,
)

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.schemas.config import PiiConfig
    from isinglass.schemas.manifest import Lexicon, Model


def check_detector(
    config: PiiConfig, base: Path
) -> tuple[PiiConfig, tuple[Model, ...], tuple[Lexicon, ...]]:
    """Name the user's files for any worker; find models and data files.

    Args:
        config: The `pii` section.
        base: Folder that relative names start from.

    Raises:
        ConfigError: An unknown entity or region, or a file that cannot be read.
        MissingExtraError: A model is missing.
    """
    config = with_absolute_files(config, base)
    IdentifierScanner.build(config)
    Allowed.of(config.recognizers)
    models = tuple(check_models(config))
    return config, models, (*data_files(), *user_files(config.recognizers))
