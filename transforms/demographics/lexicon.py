"""Lexicons of demographic terms, one YAML file a language."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from isinglass.schemas.manifest import Lexicon
from isinglass.transforms.language import primary_language

Group = tuple[str, str]
"""Axis and group, e.g. `("gender", "female")`."""


@dataclass(frozen=True)
class DemographicLexicon:
    """The demographic terms of one language.

    Attributes:
        entry: The lexicon as the manifest lists it; language is an ISO 639-1 code, and
            the version changes whenever a count could change.
        aliases: Other codes of the language (ISO 639-2 and 639-3).
        terms: Every form of every term as written in the file, with its group.
    """

    entry: Lexicon
    aliases: tuple[str, ...]
    terms: tuple[tuple[str, Group], ...]
    vetoes: tuple[str, ...]

    @property
    def language(self) -> str:
        """ISO 639-1 code."""
        return self.entry.language


def load_lexicon(language: str) -> DemographicLexicon | None:
    """The lexicon of an ISO 639 code or BCP 47 tag in any case; None without one."""
    wanted = primary_language(language)
    for lexicon in all_lexicons():
        if wanted == lexicon.language or wanted in lexicon.aliases:
            return lexicon
    return None


@cache
def group_names() -> tuple[Group, ...]:
    """Axis and group of each column of counts: all groups of all lexicons, sorted."""
    return tuple(
        sorted({group for lexicon in all_lexicons() for _, group in lexicon.terms})
    )


@cache
def all_lexicons() -> tuple[DemographicLexicon, ...]:
    """All lexicons of the package, by language; raises as `parse_lexicon` does."""
    folder = files("isinglass.transforms") / "resources" / "lexicons"
    entries = [entry for entry in folder.iterdir() if entry.name.endswith(".yaml")]
    found = [parse_lexicon(entry.read_bytes()) for entry in entries]
    return tuple(sorted(found, key=lambda lexicon: lexicon.language))


def parse_lexicon(content: bytes) -> DemographicLexicon:
    """Read a lexicon from the bytes of its YAML file.

    Raises:
        ValueError: One form is listed in two groups of an axis.
    """
    data = yaml.load(content, yaml.CSafeLoader)
    forms = {
        (form, (axis, group))
        for axis, groups in data["axes"].items()
        for group, terms in groups.items()
        for term in terms
        for form in (term["term"], *term.get("forms", ()))
    }
    terms = tuple(sorted(forms))
    seen: dict[tuple[str, str], str] = {}
    for form, (axis, group) in terms:
        other = seen.setdefault((axis, form), group)
        if other != group:
            raise ValueError(
                f"lexicon {data['name']}: {form!r} is in {axis}/{other} and "
                f"{axis}/{group}; keep it in one of them"
            )
    told = {name: data[name] for name in ("name", "language", "version", "licence")}
    return DemographicLexicon(
        entry=Lexicon(**told, sha256=hashlib.sha256(content).hexdigest()),
        aliases=tuple(data["aliases"]),
        terms=terms,
        vetoes=tuple(sorted(data["vetoes"])),
    )
