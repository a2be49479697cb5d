"""What became of each kind of finding, in the words of the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.schemas.config.pii import PRIVACY_CLASSES
from isinglass.schemas.manifest import OperatorUse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from isinglass.schemas.config import RunConfig
    from isinglass.schemas.config.pii import Operator


def operators_used(config: RunConfig, found: Iterable[str]) -> dict[str, OperatorUse]:
    """Operator and privacy class of each kind that was looked for or found.

    Recognizers of the user may have added kinds that were `found`; those of stages
    from outside are not among them.
    """
    named = () if config.pii is None else config.pii.entities
    used = {}
    for entity in sorted({*named, *_fixed(config), *found}):
        operator = operator_of(config, entity)
        if operator is not None:
            privacy = PRIVACY_CLASSES[operator]
            used[entity] = OperatorUse(operator=operator, privacy_class=privacy)
    return used


def operator_of(config: RunConfig, entity: str) -> Operator | None:
    """What is done about a kind; None for one that nobody looks for."""
    operator = _fixed(config).get(entity)
    if operator is None and config.pii is not None:
        return config.pii.settings_of(entity).operator
    return operator


def _fixed(config: RunConfig) -> dict[str, Operator]:
    """Kinds of other stages, which leave no choice of the operator."""
    # The list of stages imports this room.
    from isinglass.pipelines.stages import in_order  # noqa: PLC0415

    return {e: o for stage in in_order(config) for e, o in stage.entities.items()}
