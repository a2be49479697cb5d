"""Sentences, forms, tables and code made from templates, with their names labelled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any

import yaml
from faker import Faker

from training.person.corpus import LABELS

if TYPE_CHECKING:
    import random

    from training.person.strangers import Strangers

_PERSON, _ORGANISATION, _PLACE = (LABELS.index(x) for x in ("PERSON", "ORG", "LOC"))
_WAYS = {
    "given": "{given}",
    "family": "{family}",
    "last_first": "{family}, {given}",
    "initial_family": "{initial}. {family}",
}

_NEW = 0.6
"""Share of values that are made up where there is a list as well."""

_CHEMICAL = (
    ("", "", "acetyl", "meth", "ethyl", "nor", "hydroxy", "di", "benz", "fluor"),
    ("", "", "phen", "prop", "keto", "oxy", "but", "thi", "am", "ethyl", "hydro"),
    ("ora", "epi", "mor", "fent", "code", "cloni", "barbi", "peri", "meto", "tri"),
    ("phan", "mor", "thad", "pamp", "tri", "zep", "dip", "caf", "nal", "tor"),
    ("ine", "ol", "one", "ate", "ide", "ane", "am", "an", "ene", "il"),
)
"""Parts of names of substances, which look like family names in a list."""

Filled = tuple[str, list[tuple[int, int, int]]]


class Templates:
    """Draws texts.

    Args:
        path: `templates.yaml`.
        fillers: `fillers.yaml`, words for what is no name.
        strangers: People, and what bears names like theirs.
        draw: Source of all choices.
    """

    def __init__(
        self, path: Path, fillers: Path, strangers: Strangers, draw: random.Random
    ) -> None:
        kinds = yaml.safe_load(path.read_text(encoding="utf-8"))["templates"]
        self._kinds = [[parse(text) for text in texts] for texts in kinds.values()]
        self._words = yaml.safe_load(fillers.read_text(encoding="utf-8"))["fillers"]
        self._names, self._draw = strangers.names, draw
        self._faker = Faker("en_US")
        self._faker.seed_instance(draw.getrandbits(32))
        self._fakes = _fakes(self._faker) | {
            "organisation": lambda: strangers.organisation(draw),
            "place": lambda: strangers.place(draw),
            "product": lambda: strangers.word(draw),
            "street": lambda: strangers.street(draw),
        }
        self._identifier = self._fakes["identifier"]
        self._fakes["identifier"] = lambda: self._odd_identifier(strangers)

    def sample(self) -> Filled:
        """A text and its labels: start, end (code points) and number of the label."""
        kind = self._draw.choices(self._kinds, [len(k) for k in self._kinds], k=1)[0]
        parts: list[str] = []
        labels: list[tuple[int, int, int]] = []
        length = 0
        for literal, field in self._draw.choice(kind):
            parts.append(literal)
            length += len(literal)
            if field:
                value, number = self._value(field)
                if number is not None:
                    labels.append((length, length + len(value), number))
                parts.append(value)
                length += len(value)
        return "".join(parts), labels

    def _value(self, field: str) -> tuple[str, int | None]:
        draw = self._draw
        if field in _WAYS:
            return self._names.written(_WAYS[field], draw), _PERSON
        if field == "person":
            return self._names.person(draw), _PERSON
        if field == "upper_person":
            return self._names.person(draw).upper(), _PERSON
        if field == "lower_person":
            return self._names.person(draw).lower(), _PERSON
        number = {"place": _PLACE, "organisation": _ORGANISATION}.get(field)
        if field in self._fakes and (field not in self._words or draw.random() < _NEW):
            return str(self._fakes[field]()), number
        return str(draw.choice(self._words[field])), number

    def _odd_identifier(self, strangers: Strangers) -> str:
        """An identifier of words, or of one that is no word."""
        if self._draw.random() < 0.5:  # noqa: PLR2004 - half of them
            return str(self._identifier())
        word = strangers.word(self._draw)
        return self._draw.choice((word, word.lower(), word.upper()))


def parse(template: str) -> list[tuple[str, str]]:
    """Literal text and the placeholder behind it, `""` for none."""
    return [(text, field or "") for text, field, _, _ in Formatter().parse(template)]


def _fakes(fake: Any) -> dict[str, Callable[[], Any]]:
    """What is made up anew each time, by placeholder."""
    number = fake.random_int
    letters = "ABCDEFGHIJKLMNOPRSTUVWXYZ"
    return {
        "acronym": lambda: "".join(fake.random_choices(letters, number(2, 5))),
        "chemical": lambda: "".join(map(fake.random_element, _CHEMICAL)).capitalize(),
        "amount": lambda: f"${number(1, 99999):,}.{number(0, 99):02d}",
        "date": lambda: fake.date(
            fake.random_element(("%Y-%m-%d", "%d %B %Y", "%B %d, %Y", "%d/%m/%y"))
        ),
        "email": fake.email,
        "handle": lambda: f"@{fake.user_name()}",
        "identifier": lambda: fake.random_element(
            (
                f"{fake.word()}_{fake.word()}",
                f"{fake.word()}{fake.word().title()}",
                f"{fake.word().title()}{fake.word().title()}",
                f"{fake.word()}.{fake.word()}",
            )
        ),
        "month": fake.month_name,
        "number": lambda: number(0, 10 ** fake.random_digit_not_null()),
        "path": fake.file_path,
        "phone": fake.phone_number,
        "role": fake.job,
        "time": lambda: fake.time("%H:%M"),
        "url": fake.url,
        "version": lambda: f"{number(0, 20)}.{number(0, 30)}.{number(0, 9)}",
        "weekday": fake.day_of_week,
    }
