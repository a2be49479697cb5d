"""Parameters of a call as the section of a run that says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from isinglass.schemas.config import PiiConfig
from isinglass.schemas.config.load import refusal
from isinglass.schemas.config.recognizers import RecognizersConfig
from isinglass.schemas.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def pii_section(
    pii: PiiConfig | None,
    entities: Iterable[str] | None,
    mode: str | None,
    operators: Mapping[str, str] | None = None,
) -> PiiConfig:
    """The `pii` section that parameters stand for.

    Args:
        pii: To begin with; by default that of a run, in mode identifiers.
        entities: The only kinds that are looked for. Each has the operator and the
            threshold of the section, or those of a run.
        mode: Takes the place of the mode of the section.
        operators: Take the place of those of the section.

    Raises:
        TypeError: `entities` is a single str.
        ConfigError: A mode or operator is not known; an operator is for a kind that is
            not looked for; or a kind cannot be found in this mode.
    """
    if isinstance(entities, str):
        raise TypeError(
            f"entities is a single str; give a list, such as [{entities!r}]"
        )
    base = pii or PiiConfig(mode="identifiers")
    chosen = base.entities if entities is None else _chosen(base, entities)
    kinds = {name: entity.model_dump() for name, entity in chosen.items()}
    for name, operator in (operators or {}).items():
        if name not in kinds:
            raise ConfigError(
                f"operators.{name}: this kind is not looked for; name it in entities"
            )
        kinds[name]["operator"] = operator
    section: dict[str, Any] = {**base.model_dump(), "entities": kinds}
    if mode is not None:
        section["mode"] = mode
    try:
        made = PiiConfig.model_validate(section)
    except ValidationError as error:
        raise ConfigError(refusal(error)) from None
    if entities is not None:
        _check_found(made)
    return made


def _chosen(base: PiiConfig, entities: Iterable[str]) -> dict[str, Any]:
    usual = PiiConfig()
    return {
        name: base.entities[name] if name in base.entities else usual.settings_of(name)
        for name in entities
    }


def _check_found(pii: PiiConfig) -> None:
    """Kinds that were asked for by name must not be passed over in silence."""
    if pii.mode != "identifiers" or pii.recognizers != RecognizersConfig():
        return
    # Presidio takes seconds to import, and is needed for the scan in any case.
    from isinglass.transforms.pii.recognizers import model_labels  # noqa: PLC0415

    for name in sorted(set(pii.entities) & set(model_labels().values())):
        raise ConfigError(
            f"entities: {name} is found by a model alone; give mode='fast', or leave "
            "it out"
        )
