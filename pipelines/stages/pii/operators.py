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

    Args:
        config: The configuration.
        found: Kinds that were found, which recognizers of the user may have added;
            without those of stages from outside.
    """
    used = {}
    for entity in sorted({*configured(config), *found}):
        operator = operator_of(config, entity)
        if operator is not None:
            used[entity] = OperatorUse(
                operator=operator, privacy_class=PRIVACY_CLASSES[operator]
            )
    return used


def configured(config: RunConfig) -> set[str]:
    """Kinds that the configuration names or that stages take out without a choice."""
    named = set() if config.pii is None else set(config.pii.entities)
    return named | set(_fixed(config))


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
