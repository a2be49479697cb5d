"""Recognizers of Presidio: by class name, and of files in its YAML format.

The registry provider of Presidio is not used: it falls back to its own default list if
a file is missing, and makes one recognizer for each language, which would search every
text as often.
"""

from __future__ import annotations

import difflib
import inspect
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from presidio_analyzer import (
    EntityRecognizer,
    PatternRecognizer,
    predefined_recognizers,
)
from presidio_analyzer.input_validation.yaml_recognizer_models import (
    CustomRecognizerConfig,
    PredefinedRecognizerConfig,
)
from presidio_analyzer.predefined_recognizers import EmailRecognizer
from pydantic import ValidationError

from isinglass.schemas.config.explain import explain
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.pii.plugins.value_files import FLAGS, compiled, read_text

LOCAL_MODEL = frozenset(
    {"GLiNERRecognizer", "HuggingFaceNerRecognizer", "MedicalNERRecognizer"}
)
"""Load a model by name from a hub, or from a folder if one is given."""

_BY_ENGINE = frozenset(
    {"SpacyRecognizer", "StanzaRecognizer", "TransformersRecognizer"}
)

_TOP = frozenset(
    {"supported_languages", "supported_countries", "global_regex_flags", "recognizers"}
)
_CUSTOM = frozenset(
    {"name", "class_name", "enabled", "type", "context", "country_code"}
    | {"supported_language", "supported_languages"}
    | {"supported_entity", "supported_entities"}
    | {"patterns", "deny_list", "deny_list_score", "version"}
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
    except ImportError as error:
        needed = f"the package {error.name}" if error.name else "another package"
        msg = f"{key}: {name} needs {needed}. Install it, or leave {name} out"
        raise ConfigError(msg) from None
    except (TypeError, ValueError):
        given = ", ".join(options) or "none"
        msg = f"{key}: {name} cannot be made of these arguments: {given}. Correct them"
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


@cache
def all_classes() -> dict[str, type[Any]]:
    """Presidio's recognizers by class name; abstract ones are left out."""
    abstract = (EntityRecognizer, PatternRecognizer)
    return {
        name: kind
        for name, kind in inspect.getmembers(predefined_recognizers, inspect.isclass)
        if issubclass(kind, EntityRecognizer) and kind not in abstract
    }


def pattern_classes() -> list[type[Any]]:
    """Those that search by patterns, but the one that goes to the network.

    A few of a country search by its plan of telephone numbers.
    """
    return [
        kind
        for kind in all_classes().values()
        if (issubclass(kind, PatternRecognizer) or kind.COUNTRY_CODE is not None)
        and kind is not EmailRecognizer
    ]


def read_recognizers(name: str, key: str) -> list[Any]:
    """Recognizers of a file, in its order; those with `enabled: false` are left out.

    A recognizer with several languages becomes one with the context words of all:
    recognizers of the user are shown every text, whatever its language.

    Raises:
        ConfigError: The file cannot be read or used; names the file and the key in it.
    """
    content = _parse(name, key)
    where = f"{key}: {name}"
    unknown = sorted(str(k) for k in content if k not in _TOP)
    if unknown:
        msg = f"{where}: {unknown[0]} is no key; keys are {', '.join(sorted(_TOP))}"
        raise ConfigError(msg)
    flags = content.get("global_regex_flags", int(FLAGS))
    if not isinstance(flags, int) or isinstance(flags, bool):
        raise ConfigError(f"{where}: global_regex_flags must be an integer, such as 26")
    entries = content.get("recognizers")
    if not isinstance(entries, list) or not entries:
        raise ConfigError(f"{where}: recognizers must be a list of one or more")
    made = [
        _recognizer(entry, flags, f"{where}: recognizers.{index}")
        for index, entry in enumerate(entries)
    ]
    enabled = [recognizer for recognizer in made if recognizer is not None]
    for recognizer in enabled:
        # As in Presidio's loader.
        if isinstance(recognizer, PatternRecognizer):
            recognizer.global_regex_flags = flags
    return enabled


def _parse(name: str, key: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(read_text(name, key))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark else ""
        raise ConfigError(f"{key}: {name} is not YAML{line}") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{key}: {name}: `recognizers:` is missing at the top")
    return content


def _recognizer(entry: Any, flags: int, where: str) -> Any:
    """A recognizer of an entry; None if it is not enabled."""
    if isinstance(entry, str):
        return create(entry, where)
    if not isinstance(entry, dict):
        raise ConfigError(f"{where}: must be a name or a mapping")
    if "score_thresholds" in entry:
        raise ConfigError(
            f"{where}.score_thresholds: set pii.entities.<ENTITY>.threshold in the "
            "configuration instead"
        )
    if not entry.get("enabled", True):
        return None
    if entry.get("type", "custom") != "custom":
        return _predefined(entry, where)
    for given in entry:
        if given not in _CUSTOM:
            names = ", ".join(sorted(_CUSTOM))
            raise ConfigError(f"{where}.{given}: is no key; keys are {names}")
    if not (entry.get("patterns") or entry.get("deny_list")):
        raise ConfigError(f"{where}: finds nothing; give patterns or a deny_list")
    _check_patterns(entry, flags, where)
    checked = _validated(
        CustomRecognizerConfig, _plain(entry, where, custom=True), where
    )
    try:
        return PatternRecognizer.from_dict(checked)
    except (TypeError, ValueError):
        msg = f"{where}: Presidio refuses it. Correct its patterns, deny_list or scores"
        raise ConfigError(msg) from None


def _predefined(entry: dict[str, Any], where: str) -> Any:
    name = entry.get("class_name") or entry.get("name")
    if not isinstance(name, str):
        raise ConfigError(f"{where}.name: is missing")
    kind = find_class(name, f"{where}.name")
    plain = _plain(entry, where, custom=False)
    _validated(PredefinedRecognizerConfig, plain, where)
    country = plain.pop("country_code", kind.COUNTRY_CODE)
    if str(country).lower() != str(kind.COUNTRY_CODE).lower():
        raise ConfigError(f"{where}.country_code: {name} is of {kind.COUNTRY_CODE}")
    dropped = {"type", "class_name", "enabled"}
    if "class_name" not in entry:
        dropped.add("name")
    options = {k: v for k, v in plain.items() if k not in dropped and v is not None}
    return create(name, where, options)


def _plain(entry: dict[str, Any], where: str, *, custom: bool) -> dict[str, Any]:
    """An entry without languages: all context words in one list."""
    plain = dict(entry)
    words = plain.pop("context", None) or []
    if not isinstance(words, list):
        raise ConfigError(f"{where}.context: must be a list")
    words = list(words)
    languages = plain.pop("supported_languages", None) or ()
    for language in languages if isinstance(languages, list) else ():
        if isinstance(language, dict):
            words += language.get("context") or ()
    if words:
        plain["context"] = list(dict.fromkeys(words))
    entities = plain.get("supported_entities")
    if custom and isinstance(entities, list) and len(entities) > 1:
        msg = f"{where}.supported_entities: name one; write an entry for each other"
        raise ConfigError(msg)
    if custom:
        plain.setdefault("supported_language", "en")
        if isinstance(entities, list) and len(entities) == 1:
            del plain["supported_entities"]
            plain.setdefault("supported_entity", entities[0])
    return plain


def _check_patterns(entry: dict[str, Any], flags: int, where: str) -> None:
    patterns = entry.get("patterns") or []
    if not isinstance(patterns, list):
        raise ConfigError(f"{where}.patterns: must be a list")
    for index, pattern in enumerate(patterns):
        place = f"{where}.patterns.{index}"
        if not isinstance(pattern, dict) or not isinstance(pattern.get("regex"), str):
            raise ConfigError(f"{place}.regex: must be a string")
        unknown = sorted(set(pattern) - {"name", "regex", "score"})
        missing = sorted({"name", "regex", "score"} - set(pattern))
        for problem, names in (("is no key", unknown), ("is missing", missing)):
            if names:
                raise ConfigError(f"{place}.{names[0]}: {problem}")
        score = pattern["score"]
        if not (isinstance(score, int | float) and 0 <= score <= 1):
            raise ConfigError(f"{place}.score: must be a number from 0 to 1")
        compiled(pattern["regex"], flags, f"{place}.regex")


def _validated(model: type[Any], entry: dict[str, Any], where: str) -> dict[str, Any]:
    """The entry with defaults; Presidio's own rules, with our messages."""
    # Presidio's check of patterns fails on None, so an entry without any has a list.
    given = {"patterns": [], **entry} if model is CustomRecognizerConfig else entry
    try:
        checked = model.model_validate(given)
    except ValidationError as error:
        raise ConfigError(f"{where}:\n{explain(error, model)}") from None
    dropped = {"enabled", "type", "class_name", "supported_languages"}
    dropped |= {"score_thresholds"}
    values: dict[str, Any] = checked.model_dump(exclude_none=True, exclude=dropped)
    return values
