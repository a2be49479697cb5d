"""Lexicons of demographic terms, one YAML file a language."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from isinglass.schemas.config.base import expanded
from isinglass.schemas.config.demographics import DemographicsConfig
from isinglass.schemas.config.explain import explain
from isinglass.schemas.config.load import key_twice
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.lexicon import LexiconFile, Term, shown
from isinglass.schemas.manifest import Lexicon
from isinglass.transforms.demographics.words import split_words
from isinglass.transforms.language import primary_language

Group = tuple[str, str]
"""Axis and group, e.g. `("gender", "female")`."""

Words = list[tuple[int, ...]]
"""Folded code points of each word."""

_KEY = "demographics.lexicons"


@dataclass(frozen=True)
class DemographicLexicon:
    """The demographic terms of one language.

    Attributes:
        entries: The files, as the manifest lists them; the version of one changes
            whenever a count could change.
        aliases: Other codes of the language (ISO 639-2 and 639-3).
        terms: Every term with its group.
        vetoes: Phrases that count for nothing.
        senses: Lists of words that the sense rules read, folded.
    """

    language: str
    entries: tuple[Lexicon, ...]
    aliases: tuple[str, ...]
    terms: tuple[tuple[Group, Term], ...] = field(repr=False)
    vetoes: tuple[str, ...] = field(repr=False)
    senses: dict[str, frozenset[str]] = field(repr=False, default_factory=dict)


@dataclass(frozen=True, eq=False)
class Lexicons:
    """The lexicons of a run, at most one a language, sorted by it.

    Attributes:
        all: The lexicons.
        measured: Those of `ambiguous` of which is known that what is accepted means
            the group.
    """

    all: tuple[DemographicLexicon, ...]
    measured: frozenset[str] = frozenset()

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Axis and group of each column of counts: all groups of all lexicons."""
        return tuple(sorted({group for one in self.all for group, _ in one.terms}))

    @cached_property
    def terms(self) -> tuple[tuple[DemographicLexicon, Group, Term], ...]:
        """Every term, by language, axis, group and name."""
        return tuple(
            (one, group, term) for one in self.all for group, term in one.terms
        )

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """A name of each term: `language/axis/group/term`, of which the last is any."""
        return tuple(
            f"{one.language}/{axis}/{group}/{term.term}"
            for one, (axis, group), term in self.terms
        )

    @cached_property
    def vetoes(self) -> tuple[tuple[DemographicLexicon, str], ...]:
        """Every phrase that counts for nothing, by language."""
        return tuple((one, veto) for one in self.all for veto in one.vetoes)

    @cached_property
    def ambiguous(self) -> tuple[str, ...]:
        """The names of the ambiguous terms."""
        pairs = zip(self.labels, self.terms, strict=True)
        return tuple(label for label, (_, _, term) in pairs if term.ambiguous)

    @cached_property
    def entries(self) -> tuple[Lexicon, ...]:
        """All files, as the manifest lists them."""
        return tuple(entry for one in self.all for entry in one.entries)

    def comparable(self, axis: str) -> tuple[str, ...]:
        """Groups of an axis of which parity can be asked, sorted.

        Those with a term that has a pair in another one; all groups where none has.
        """
        group_of = {
            (one.language, term.term): group
            for one, (own, group), term in self.terms
            if own == axis
        }
        paired = {
            group
            for one, (own, group), term in self.terms
            if own == axis
            and term.pair is not None
            and group_of[one.language, term.pair] != group
        }
        return tuple(sorted(paired or set(group_of.values())))

    def find(self, language: str) -> DemographicLexicon | None:
        """That of an ISO 639 code or BCP 47 tag in any case; None without one."""
        wanted = primary_language(language)
        for one in self.all:
            if wanted == one.language or wanted in one.aliases:
                return one
        return None


def load_lexicons(
    config: DemographicsConfig | None = None, measured: frozenset[str] = frozenset()
) -> Lexicons:
    """The lexicons that a configuration asks for, once a process for equal ones.

    `measured` is that of the result.

    Raises:
        ConfigError: A file cannot be read or is wrong, or no lexicon has an axis.
    """
    config = config or DemographicsConfig()
    given = tuple(
        (f"{_KEY}.{index}: {name}", _read(name, f"{_KEY}.{index}: {name}"))
        for index, name in enumerate(config.lexicons)
    )
    return _load(config.axes, given, measured)


def with_absolute_lexicons(
    config: DemographicsConfig, base: Path
) -> DemographicsConfig:
    """Name files of the user, relative to `base`, so that any worker understands it."""
    paths = (base / expanded(name, _KEY) for name in config.lexicons)
    named = tuple(str(path.resolve()) for path in paths)
    return config.model_copy(update={"lexicons": named})


def read_lexicon(name: str, place: str) -> tuple[LexiconFile, Lexicon]:
    """Read a file as `parse_lexicon` does."""
    return parse_lexicon(_read(name, place), place)


def _read(name: str, place: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        reason = error.strerror or "it is no file"
        raise ConfigError(f"{place} cannot be read ({reason})") from None


@cache
def _load(
    axes: tuple[str, ...],
    given: tuple[tuple[str, bytes], ...],
    measured: frozenset[str],
) -> Lexicons:
    own = {read.language: (read, entry) for read, entry in _of_package()}
    asked: dict[str, tuple[LexiconFile, Lexicon]] = {}
    for place, content in given:
        read, entry = parse_lexicon(content, place)
        if read.language in asked:
            raise ConfigError(f"{place} is a second lexicon of {read.language}")
        asked[read.language] = read, entry
    made = []
    for language in sorted(own.keys() | asked.keys()):
        parts = [part for part in (own.get(language), asked.get(language)) if part]
        one = _joined(parts, axes)
        if one.terms:
            made.append(one)
    known = sorted(
        {axis for part in (*own.values(), *asked.values()) for axis in part[0].axes}
    )
    for index, axis in enumerate(axes):
        if axis not in known:
            raise ConfigError(
                f"demographics.axes.{index}: no lexicon has {axis}; known: "
                f"{', '.join(known)}"
            )
    return Lexicons(tuple(made), measured)


@cache
def _languages() -> frozenset[str]:
    path = files("isinglass.transforms") / "resources" / "labels" / "languages.yaml"
    content: Any = yaml.load(path.read_bytes(), yaml.CSafeLoader)
    return frozenset(content["codes"].split())


@cache
def _of_package() -> tuple[tuple[LexiconFile, Lexicon], ...]:
    folder = files("isinglass.transforms") / "resources" / "lexicons"
    found = [one for one in folder.iterdir() if one.name.endswith(".yaml")]
    # That all their words can be matched is tested; here it would take as long as all.
    return tuple(_parsed(one.read_bytes(), one.name) for one in found)


def _joined(
    parts: Sequence[tuple[LexiconFile, Lexicon]], axes: tuple[str, ...]
) -> DemographicLexicon:
    """The lexicon of a language; an axis of a later file takes the place of another."""
    named: dict[str, LexiconFile] = {}
    for read, _ in parts:
        named |= dict.fromkeys(read.axes, read)
    terms = [
        ((axis, group), term)
        for axis, read in named.items()
        if not axes or axis in axes
        for group, own in read.axes[axis].items()
        for term in own
    ]
    terms.sort(key=lambda pair: (pair[0], pair[1].term))
    vetoes = {veto for read, _ in parts for veto in read.vetoes}
    vetoes |= {veto for _, term in terms for veto in term.veto}
    senses: dict[str, frozenset[str]] = {}
    for read, _ in parts:
        for name, words in read.senses.items():
            senses[name] = senses.get(name, frozenset()) | set(map(str.lower, words))
    return DemographicLexicon(
        language=parts[0][0].language,
        entries=tuple(entry for _, entry in parts),
        aliases=tuple({alias for read, _ in parts for alias in read.aliases}),
        terms=tuple(terms),
        vetoes=tuple(sorted(vetoes)),
        senses=senses,
    )


def parse_lexicon(content: bytes, place: str) -> tuple[LexiconFile, Lexicon]:
    """Read a lexicon from the bytes of its YAML file, and name it for the manifest.

    Raises:
        ConfigError: It is not as `schemas/lexicon.py` says; `place` is where it is.
    """
    read, entry = _parsed(content, place)
    twice = key_twice(content)
    if twice is not None:
        raise ConfigError(
            f"{place}, line {twice[1]}: the key {twice[0]} stands there again; of two "
            "one would be lost"
        )
    others = [code for code in read.aliases if code in _languages() - {read.language}]
    if others:
        raise ConfigError(f"{place}: aliases: {others[0]} is a language of its own")
    try:
        for written in _written(read):
            split_words(written)
        _check_groups(read)
        _check_vetoes(read)
    except ValueError as error:
        raise ConfigError(f"{place}: {error}") from None
    return read, entry


def _check_groups(read: LexiconFile) -> None:
    """Forms that only look different, as with another hyphen, are one form."""
    for axis, groups in read.axes.items():
        seen: dict[tuple[tuple[int, ...], ...], tuple[str, str]] = {}
        for group, terms in groups.items():
            for form in (form for term in terms for form in term.written):
                other, first = seen.setdefault(tuple(split_words(form)), (group, form))
                if other != group:
                    raise ValueError(
                        f"{shown(form)} in {axis}/{group} is matched like "
                        f"{shown(first)} in "
                        f"{axis}/{other}; keep it in one of them"
                    )


def _check_vetoes(read: LexiconFile) -> None:
    """A veto of a term that holds no form of it would keep back nothing."""
    for axis, groups in read.axes.items():
        for term in (term for terms in groups.values() for term in terms):
            forms = [split_words(form) for form in term.written]
            for veto in term.veto:
                if not any(_holds(split_words(veto), form) for form in forms):
                    raise ValueError(
                        f"{axis}: the veto {shown(veto)} of {shown(term.term)} is no "
                        "longer phrase that holds a form of it, and would never be "
                        "met; write the whole phrase"
                    )


def _holds(phrase: Words, form: Words) -> bool:
    """Whether a longer phrase holds a form."""
    size = len(form)
    places = range(len(phrase) - size + 1)
    inside = any(phrase[place : place + size] == form for place in places)
    return inside and len(phrase) > size


def _fault(content: bytes, error: yaml.YAMLError) -> str:
    """Where a file is no YAML, or in another encoding."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as broken:
        line, byte = content.count(b"\n", 0, broken.start) + 1, content[broken.start]
        return (
            f", line {line}: is not UTF-8: the byte 0x{byte:02x} is no letter of it, "
            "as in files that are saved as Latin-1 or Windows-1252. Save it as UTF-8"
        )
    mark = getattr(error, "problem_mark", None)
    return f"{'' if mark is None else f', line {mark.line + 1}'}: is no YAML"


def _parsed(content: bytes, place: str) -> tuple[LexiconFile, Lexicon]:
    try:
        data: Any = yaml.load(content, yaml.CSafeLoader)
        read = LexiconFile.model_validate(data)
    except yaml.YAMLError as error:
        raise ConfigError(f"{place}{_fault(content, error)}") from None
    except ValidationError as error:
        raise ConfigError(f"{place}: {explain(error, LexiconFile)}") from None
    if read.language not in _languages():
        raise ConfigError(
            f"{place}: language: {read.language} is no code of a language; write ISO "
            "639-1, as in en"
        )
    told = read.model_dump(include={"name", "language", "version", "licence"})
    return read, Lexicon(**told, sha256=hashlib.sha256(content).hexdigest())


def _written(read: LexiconFile) -> Iterable[str]:
    terms = [
        term for own in read.axes.values() for group in own.values() for term in group
    ]
    for term in terms:
        yield from (*term.written, *term.veto)
    yield from read.vetoes
