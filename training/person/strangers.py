"""Places, streets, organisations and invented words that are nobody's name.

Names of people that the model never saw are capitalised words that it never saw. If all
such words in the texts were people, every other would be taken for one: so places and
organisations get strange names as often, some of them names of people.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import faker.providers.address as provided

from training.person.names import LATIN, Names, listed

if TYPE_CHECKING:
    import random

_PLACES = re.compile(r"(?:cities|city_names|towns|provinces|districts|province_lgus)$")
_STREETS = re.compile(r"streets?(?:_names|_titles)?$")
_MOST = 400
_SHORTEST = 3
_OWN_SHARE, _CAPITALS = 0.3, 1 / 15
_OWN_PLACES = (
    "{family}ville",
    "{family} Valley",
    "Mount {family}",
    "Port {family}",
    "Lake {family}",
    "{family} County",
    "Fort {family}",
    "{family} Park",
    "{family}",
    "{word}",
    "{word}",
    "San {given}",
    "{word} Hill",
)
_STREET_WAYS = (
    "{number} {street} Street",
    "{number} {family} Road",
    "{street} {number}",
    "{street}stra\u00dfe {number}",
    "Via {family} {number}",
    "Rua {given} {family}, {number}",
    "ul. {street} {number}",
    "{number} rue {given} {family}",
    "{street}gatan {number}",
    "{number} {family} Avenue, Apt. {small}",
    "Calle {family} {number}",
)
_COMPANIES = (
    "{word}",
    "{word}",
    "{word}",
    "{word} {kind}",
    "{word} {kind}",
    "{family} {kind}",
    "{family} {kind}",
    "{family} & {other}",
    "{family}-{other}",
    "{family}, {other} and {third}",
    "University of {place}",
    "{place} {kind}",
    "{acronym}",
    "{family}",
)
_KINDS = [
    "Group",
    "Ltd",
    "Inc.",
    "GmbH",
    "LLC",
    "plc",
    "Partners",
    "Bank",
    "University",
    "Institute",
    "Orchestra",
    "Records",
    "Foundation",
    "Brothers",
    "Holdings",
    "Industries",
    "Motors",
    "Airlines",
    "Hospital",
    "College",
    "Press",
    "Studios",
    "United",
    "FC",
    "Rovers",
    "Society",
    "Church",
    "Museum",
    "Laboratories",
    "Systems",
    "Software",
]
_ENDINGS = (
    "",
    "",
    "",
    "a",
    "o",
    "ix",
    "ify",
    "on",
    "ium",
    "us",
    "ly",
    "ex",
    "is",
    "en",
)


@dataclass(frozen=True)
class Strangers:
    """Draws what is no person.

    Attributes:
        names: People, whose names others have as well.
        places: Cities and provinces of many countries.
        streets: Names of streets.
    """

    names: Names = field(repr=False)
    places: tuple[str, ...] = field(repr=False)
    streets: tuple[str, ...] = field(repr=False)

    @classmethod
    def gather(cls, names: Names) -> Strangers:
        """Take lists of places from Faker's providers in Latin letters."""
        places: set[str] = set()
        streets: set[str] = set()
        for found in pkgutil.iter_modules(provided.__path__):
            module = importlib.import_module(f"{provided.__name__}.{found.name}")
            for name in dir(module.Provider):
                values = listed(getattr(module.Provider, name))
                step = max(1, len(values) // _MOST)
                kept = [x for x in values[::step] if LATIN.fullmatch(x) and x.strip()]
                if _PLACES.search(name):
                    places.update(kept)
                elif _STREETS.search(name):
                    streets.update(kept)
        return cls(names, tuple(sorted(places)), tuple(sorted(streets)))

    def word(self, draw: random.Random) -> str:
        """An invented word: the front of a name, the back of another, an ending."""
        front = self._part("{given}", draw)
        back = self._part("{family}", draw)
        cut = draw.randint(2, max(2, min(5, len(front) - 1)))
        word = front[:cut] + back[-draw.randint(2, 4) :].lower() + draw.choice(_ENDINGS)
        return word.capitalize()

    def place(self, draw: random.Random) -> str:
        """A place: a real one in seven of ten cases, in capitals in one of 15."""
        own = draw.random() < _OWN_SHARE
        place = self._filled(draw.choice(_OWN_PLACES), draw)
        place = place if own else draw.choice(self.places)
        return place.upper() if draw.random() < _CAPITALS else place

    def organisation(self, draw: random.Random) -> str:
        """A company, club, school or office."""
        return self._filled(draw.choice(_COMPANIES), draw)

    def street(self, draw: random.Random) -> str:
        """A street with a number."""
        return self._filled(draw.choice(_STREET_WAYS), draw)

    def like(self, mention: str, other: str) -> str:
        """Another name in the case of the mention."""
        if mention.islower():
            return other.lower()
        capitals = mention.isupper() and len(mention) > _SHORTEST
        return other.upper() if capitals else other

    def _part(self, way: str, draw: random.Random) -> str:
        return self.names.written(way, draw).split()[0]

    def _filled(self, way: str, draw: random.Random) -> str:
        letters = "ABCDEFGHIKLMNOPRSTUVW"
        return way.format(
            family=self.names.written("{family}", draw),
            other=self.names.written("{family}", draw),
            third=self.names.written("{family}", draw),
            given=self.names.written("{given}", draw),
            word=self.word(draw),
            kind=draw.choice(_KINDS),
            place=draw.choice(self.places),
            street=draw.choice(self.streets),
            number=draw.randint(1, 2000),
            small=draw.randint(1, 99),
            acronym="".join(draw.choices(letters, k=draw.randint(2, 5))),
        )
