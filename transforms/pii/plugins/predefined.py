"""Presidio's own recognizers, by class name and by country."""

from __future__ import annotations

import difflib
import inspect
from functools import cache
from pathlib import Path
from typing import Any

from presidio_analyzer import (
    EntityRecognizer,
    PatternRecognizer,
    predefined_recognizers,
)
from presidio_analyzer.predefined_recognizers import EmailRecognizer

from isinglass.schemas.errors import ConfigError

LOCAL_MODEL = frozenset(
    {"GLiNERRecognizer", "HuggingFaceNerRecognizer", "MedicalNERRecognizer"}
)
"""Load a model by name from a hub, or from a folder if one is given."""

_BY_ENGINE = frozenset(
    {"SpacyRecognizer", "StanzaRecognizer", "TransformersRecognizer"}
)


def create(name: str, key: str, options: dict[str, Any] | None = None) -> Any:
    """Make one of Presidio's recognizers.

    Raises:
        ConfigError: There is none of this name, it needs what is not on this machine,
            or it refuses the arguments.
    """
    options = options or {}
    kind = find_class(name, key)
    refuse_remote(name, options, key)
    accepted = inspect.signature(kind.__init__).parameters
    for option in options:
        if option not in accepted:
            msg = f"{key}.{option}: {name} takes no such argument"
            raise ConfigError(msg)
    try:
        return kind(**options)
    except (ImportError, TypeError, ValueError) as error:
        msg = f"{key}: {name} cannot be made ({type(error).__name__}: {error})"
        raise ConfigError(msg) from None


def find_class(name: str, key: str) -> type[Any]:
    """A class of Presidio's recognizers; what is none is refused, with the nearest."""
    known = all_classes()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "see Presidio's list of recognizers."
    raise ConfigError(f"{key}: Presidio has no recognizer {name}; {hint}")


def refuse_remote(name: str, options: dict[str, Any], key: str) -> None:
    """Refuse what would go to the network or needs another engine; says what to use."""
    if name == EmailRecognizer.__name__:
        raise ConfigError(
            f"{key}: {name} fetches a list from the network. Use "
            "pii.entities.EMAIL_ADDRESS, which has the list with it"
        )
    if name in _BY_ENGINE:
        raise ConfigError(
            f"{key}: {name} reads the results of Presidio's language engine, which is "
            "not run here. Name a spaCy model in pii.languages instead"
        )
    if name in LOCAL_MODEL:
        model = options.get("model_name")
        if model is None or not Path(str(model)).is_dir():
            raise ConfigError(
                f"{key}: {name} would download a model, and nothing is downloaded. "
                "Name it in a file of pii.recognizers.files, with model_name set to a "
                "folder on this machine"
            )
    if ".third_party." in all_classes()[name].__module__:
        raise ConfigError(
            f"{key}: {name} sends texts to a service or a language model; recognizers "
            "must run on this machine"
        )


def of_country(country: str, key: str) -> list[Any]:
    """All recognizers of a country by Presidio's code, such as pl; by class name."""
    wanted = country.strip().lower()
    kinds = [kind for kind in all_classes().values() if wanted == kind.COUNTRY_CODE]
    if not kinds:
        codes = {str(k.COUNTRY_CODE) for k in all_classes().values() if k.COUNTRY_CODE}
        raise ConfigError(
            f"{key}: Presidio has no recognizer of {country}; countries are "
            f"{', '.join(sorted(codes))}"
        )
    return [kind() for kind in kinds]


@cache
def all_classes() -> dict[str, type[Any]]:
    """Presidio's recognizers by class name; abstract ones are left out."""
    abstract = (EntityRecognizer, PatternRecognizer)
    return {
        name: kind
        for name, kind in inspect.getmembers(predefined_recognizers, inspect.isclass)
        if issubclass(kind, EntityRecognizer) and kind not in abstract
    }
