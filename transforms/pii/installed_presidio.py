"""What the files of the installed Presidio say, read without importing it."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

import yaml

from isinglass.schemas.errors import MissingExtraError

_OWN_KIND = re.compile(r'supported_entity: str = "(\w+)"')
_BY_PATTERNS = re.compile("PatternRecognizer|COUNTRY_CODE")
"""Stands in sources of recognizers by patterns; some inherit from another country's."""


def presidio_folder() -> Path:
    """Where Presidio is installed; it is not imported."""
    spec = find_spec("presidio_analyzer")
    if spec is None or spec.origin is None:
        raise MissingExtraError(
            "presidio-analyzer is not installed; install it with: "
            "pip install presidio-analyzer"
        )
    return Path(spec.origin).parent


@cache
def presidio_entities() -> frozenset[str]:
    """Kinds that Presidio's predefined pattern recognizers find.

    They are read in its sources, since importing it takes seconds.
    """
    folder = presidio_folder() / "predefined_recognizers"
    sources = [path.read_text(encoding="utf-8") for path in folder.rglob("*.py")]
    named = (_OWN_KIND.findall(s) for s in sources if _BY_PATTERNS.search(s))
    return frozenset(chain.from_iterable(named))


@cache
def model_labels() -> dict[str, str]:
    """Entity by label of a spaCy model, as Presidio's default configuration maps them.

    That configuration ignores ORGANIZATION; here it is found if it is asked for.
    """
    path = presidio_folder() / "conf" / "default.yaml"
    model = yaml.load(path.read_bytes(), yaml.CSafeLoader)["ner_model_configuration"]
    mapping: dict[str, str] = model["model_to_presidio_entity_mapping"]
    return mapping
