"""Names of people of many origins, put together in the usual ways.

Given and family names are those of Faker's providers in Latin letters (MIT licence) and
of `names.yaml`. Names of the evaluation table are left out, so that what is measured by
planting them was never seen.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import faker.providers.person as provided
import yaml

if TYPE_CHECKING:
    import random

ENGLISH = ("en", "en_GB", "en_US", "en_IE", "en_NZ")
_ENGLISH_SHARE = 0.55
_MONONYM_SHARE = 0.3
_LEAST = 20
LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u0259\u1e00-\u1eff\s'\u2019\u02bb-]+")
_WAYS = (
    ("{given} {family}", 52),
    ("{given}", 12),
    ("{family}", 12),
    ("{initial}. {family}", 6),
    ("{given} {initial}. {family}", 6),
    ("{given} {middle} {family}", 5),
    ("{given} {family}-{other}", 3),
    ("{initial}. {second}. {family}", 2),
    ("{given} {family} Jr.", 1),
    ("{given} {family} {other}", 1),
)


@dataclass(frozen=True)
class Origin:
    """Names of one country or language."""

    given: tuple[str, ...]
    family: tuple[str, ...]
    family_first: bool = False
    mononym: bool = False


@dataclass(frozen=True)
class Names:
    """Pools to draw from.

    Attributes:
        english: Origins of English-speaking countries.
        others: All others.
    """

    english: tuple[Origin, ...]
    others: tuple[Origin, ...]

    def origin(self, draw: random.Random) -> Origin:
        """An origin: an English-speaking one in 55 of 100 cases."""
        pool = self.english if draw.random() < _ENGLISH_SHARE else self.others
        return draw.choice(pool)

    def person(self, draw: random.Random) -> str:
        """A name in one of the usual ways to write it."""
        (way,) = draw.choices(
            [way for way, _ in _WAYS], [share for _, share in _WAYS], k=1
        )
        return self.written(way, draw)

    def written(self, way: str, draw: random.Random) -> str:
        """A name in a given way, such as `{initial}. {family}`."""
        origin = self.origin(draw)
        if way == "{given} {family}":
            if origin.family_first:
                way = "{family} {given}"
            elif origin.mononym and draw.random() < _MONONYM_SHARE:
                way = "{given}"
        given, middle = draw.choice(origin.given), draw.choice(origin.given)
        return way.format(
            given=given,
            middle=middle,
            family=draw.choice(origin.family),
            other=draw.choice(origin.family),
            initial=given[0].upper(),
            second=middle[0].upper(),
        )

    def like(self, mention: str, draw: random.Random) -> str:
        """Another name of about the form of a mention: its words and its case."""
        words = mention.split()
        if len(words) == 1:
            name = self.written(draw.choice(("{given}", "{family}")), draw)
        elif len(words[0].rstrip(".")) == 1:
            name = self.written("{initial}. {family}", draw)
        elif len(words) > 2:  # noqa: PLR2004 - given, middle and family name
            name = self.written(
                draw.choice(
                    ("{given} {middle} {family}", "{given} {initial}. {family}")
                ),
                draw,
            )
        else:
            name = self.written("{given} {family}", draw)
        if mention.islower():
            return name.lower()
        return name.upper() if mention.isupper() and len(mention) > 1 else name


def read_names(own: Path, evaluation: Path) -> Names:
    """Gather the pools.

    Args:
        own: `names.yaml`.
        evaluation: Table of names that no pool may hold.
    """
    left_out = _held_out(evaluation)
    english: list[Origin] = []
    others: list[Origin] = []
    for found in pkgutil.iter_modules(provided.__path__):
        module = importlib.import_module(f"{provided.__name__}.{found.name}")
        origin = _origin(*_of_provider(module.Provider), left_out)
        if origin is not None:
            (english if found.name in ENGLISH else others).append(origin)
    listed = yaml.safe_load(own.read_text(encoding="utf-8"))["origins"]
    for entry in listed.values():
        origin = _origin(entry["given"], entry["family"], left_out)
        if origin is not None:
            first = entry.get("order") == "family_first"
            single = entry.get("mononym", False)
            others.append(replace(origin, family_first=first, mononym=single))
    return Names(tuple(english), tuple(others))


def _held_out(path: Path) -> frozenset[str]:
    countries = yaml.safe_load(path.read_text(encoding="utf-8"))["countries"]
    return frozenset(
        name.casefold()
        for country in countries.values()
        for part in ("given", "family")
        for name in country[part]
    )


def _of_provider(provider: type) -> tuple[list[str], list[str]]:
    given, family = [], []
    for name in dir(provider):
        if name.startswith("first_name"):
            given += listed(getattr(provider, name))
        elif name.startswith("last_name"):
            family += listed(getattr(provider, name))
    return given, family


def listed(value: object) -> list[str]:
    """Strings of an attribute of a provider, if it is a list of some kind."""
    if isinstance(value, dict | tuple | list):
        return [name for name in value if isinstance(name, str)]
    return []


def _origin(
    given: Iterable[str], family: Iterable[str], left_out: frozenset[str]
) -> Origin | None:
    pools = []
    for names in (given, family):
        fit = {
            name
            for name in names
            if name.casefold() not in left_out
            and any(map(str.isupper, name))
            and LATIN.fullmatch(name)
        }
        if len(fit) < _LEAST:
            return None
        pools.append(tuple(sorted(fit)))
    return Origin(given=pools[0], family=pools[1])
