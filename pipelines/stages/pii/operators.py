"""What became of each kind of finding, in the words of the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.schemas.config.pii import PRIVACY_CLASSES
from isinglass.schemas.manifest import OperatorUse
from isinglass.transforms.erase.spans import erasing_operators

if TYPE_CHECKING:
    from collections.abc import Iterable

    from isinglass.schemas.config import RunConfig


def operators_used(config: RunConfig, found: Iterable[str]) -> dict[str, OperatorUse]:
    """Operator and privacy class of each kind that was looked for or found.

    Args:
        config: Without a `pii` or `erase` section nothing was looked for.
        found: Kinds that were found, which recognizers of the user may have added.
    """
    pii = config.pii
    if config.erase is not None:
        pii = erasing_operators(pii)
    if pii is None:
        return {}
    used = {}
    for entity in sorted({*pii.entities, *found}):
        operator = pii.settings_of(entity).operator
        used[entity] = OperatorUse(
            operator=operator, privacy_class=PRIVACY_CLASSES[operator]
        )
    return used
