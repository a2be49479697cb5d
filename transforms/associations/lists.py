"""Word lists and tests: the packaged ones, and YAML files of the user."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import Field, ValidationError

from isinglass.schemas.associations import AssociationFile, AssociationTest, WordKind
from isinglass.schemas.config.base import Section, expanded
from isinglass.schemas.config.explain import explain, hint
from isinglass.schemas.config.load import key_twice
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.manifest import Lexicon

KEY = "associations.lists"
_TEMPLATES = "templates.yaml"
_AN = frozenset("aeiouAEIOU")

Read = TypeVar("Read", bound=Section)


class _Bleached(Section):
    """The packaged sentences."""

    name: str
    version: str
    language: str
    source: str
    licence: str
    templates: dict[WordKind, tuple[str, ...]] = Field(min_length=3)


@dataclass(frozen=True)
class SetOfWords:
    """Words of a test, with the sentences that `seat` puts each into."""

    name: str
    words: tuple[str, ...]
    templates: tuple[str, ...]

    def sentences(self, known: Collection[str] | None = None) -> list[str]:
        """Every word in every sentence, word after word; of `known` words alone."""
        return [
            template.format(a="an" if word[0] in _AN else "a", word=word)
            for word in self.words
            if known is None or word in known
            for template in self.templates
        ]


@dataclass(frozen=True)
class Test:
    """A test with its words: two sets of targets, then two of attributes."""

    id: str
    title: str
    language: str
    collection: str
    sets: tuple[SetOfWords, SetOfWords, SetOfWords, SetOfWords]


@dataclass(frozen=True)
class Tests:
    """All tests that are asked for, and the files that they are from."""

    all: tuple[Test, ...]
    entries: tuple[Lexicon, ...]

    @property
    def words(self) -> frozenset[str]:
        """Every word of every test."""
        sets = (one for test in self.all for one in test.sets)
        return frozenset(word for one in sets for word in one.words)


def load_tests(
    named: Sequence[str] = (), *, packaged: bool = True, only: Sequence[str] = ()
) -> Tests:
    """The packaged tests and those of files, or `only` some of them by their ids.

    Raises:
        ConfigError: A file cannot be read or is wrong, two tests have one id, or there
            is no test of an id, or no test at all.
    """
    bleached, template_entry = _bleached()
    given = [
        parse_associations(read_list(name, f"{KEY}.{index}"), f"{KEY}.{index}: {name}")
        for index, name in enumerate(named)
    ]
    collections = [*(_of_package() if packaged else ()), *given]
    tests: dict[str, Test] = {}
    for collection, _ in collections:
        for test in collection.tests:
            if test.id in tests:
                raise ConfigError(
                    f"{KEY}: the test {test.id} is in {tests[test.id].collection} and "
                    f"in {collection.name}. Rename one, or set associations.packaged: "
                    "false."
                )
            tests[test.id] = _joined(collection, test, bleached.templates)
    for one in only:
        if one not in tests:
            msg = f"associations.tests: there is no test {one}; {hint(one, [*tests])}"
            raise ConfigError(msg)
    chosen = tuple(test for test in tests.values() if not only or test.id in only)
    if not chosen:
        raise ConfigError(
            f"{KEY}: there is no test; name a file, or set associations.packaged: true"
        )
    used = {test.collection for test in chosen}
    entries = [entry for collection, entry in collections if collection.name in used]
    return Tests(chosen, (*entries, template_entry))


def _joined(
    collection: AssociationFile,
    test: AssociationTest,
    bleached: dict[WordKind, tuple[str, ...]],
) -> Test:
    templates = {**bleached, **collection.templates}
    made = [
        SetOfWords(name, one.words, templates[one.kind])
        for name in (*test.targets, *test.attributes)
        for one in (collection.sets[name],)
    ]
    sets = made[0], made[1], made[2], made[3]
    return Test(test.id, test.title, collection.language, collection.name, sets)


def read_list(name: str, place: str) -> bytes:
    """Bytes of a file that the user names; a `ConfigError` if it cannot be read."""
    try:
        return expanded(name, place).read_bytes()
    except OSError as error:
        reason = error.strerror or "it is no file"
        raise ConfigError(f"{place}: {name} cannot be read ({reason})") from None


def parse_associations(content: bytes, place: str) -> tuple[AssociationFile, Lexicon]:
    """Read word lists from the bytes of a YAML file, and name them for `model.json`.

    Raises:
        ConfigError: It is not as `schemas/associations.py` says.
    """
    found = _parsed(AssociationFile, content, place)
    twice = key_twice(content)
    if twice is not None:
        raise ConfigError(
            f"{place}, line {twice[1]}: the key {twice[0]} stands there again; of two "
            "one would be lost"
        )
    return found


def _parsed(kind: type[Read], content: bytes, place: str) -> tuple[Read, Lexicon]:
    try:
        data: Any = yaml.load(content, yaml.CSafeLoader)
        read = kind.model_validate(data)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        raise ConfigError(f"{place}{line}: is no YAML") from None
    except ValidationError as error:
        raise ConfigError(f"{place}: {explain(error, kind)}") from None
    told = read.model_dump(include={"name", "language", "version", "licence"})
    return read, Lexicon(**told, sha256=hashlib.sha256(content).hexdigest())


@cache
def _of_package() -> tuple[tuple[AssociationFile, Lexicon], ...]:
    return tuple(
        _parsed(AssociationFile, content, name)
        for name, content in _resources()
        if name != _TEMPLATES
    )


@cache
def _bleached() -> tuple[_Bleached, Lexicon]:
    (content,) = (content for name, content in _resources() if name == _TEMPLATES)
    return _parsed(_Bleached, content, _TEMPLATES)


def _resources() -> Iterable[tuple[str, bytes]]:
    folder = files("isinglass.transforms") / "resources" / "associations"
    found = [one for one in folder.iterdir() if one.name.endswith(".yaml")]
    found.sort(key=lambda one: one.name)
    return [(one.name, one.read_bytes()) for one in found]


def with_absolute_lists(named: Iterable[str], base: Path) -> tuple[str, ...]:
    """Files of the user, relative to `base`, by their whole paths."""
    return tuple(str((base / expanded(name, KEY)).resolve()) for name in named)
