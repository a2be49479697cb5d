"""What an ambiguous term means in its place, by the words around it.

No model is asked: of ten million words some thousands are judged, and tagging them
would take longer than everything else that is looked for in a text. The rules look for
what a tagger looks for: whether a word qualifies one for people, is said of one, stands
for people by itself, or is a name. Their lists come with the lexicon (`senses`).

| rule | accepts |
|---|---|
| qualifies | a word for people behind it: `black voters`, `young and poor women` |
| predicate | said of people: `she is deaf`, `people who were poor` |
| collective | people by themselves: `the poor`, `for the elderly` |
| plural | its plural: `blacks and whites` |
| place | a country, no person of that name: `in Jordan`, not `Michael Jordan` |
| people | a word for people, no person of that name: not `Christian Dior` |
| cased | with its capitals, and no other word at the start of a sentence |
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.lexicon import Term

if TYPE_CHECKING:
    from isinglass.transforms.demographics.lexicon import DemographicLexicon, Lexicons

RULES = (
    "rejected",
    "qualifies",
    "predicate",
    "collective",
    "plural",
    "place",
    "people",
    "cased",
)
"""By number: why a match counts; 0 if it does not."""

_REACH_BYTES = 120
_TOKEN = re.compile(r"[^\W_]+|\n\s*\n|[^\w\s]|_+")
_MOST_SKIPPED = 6
_SUBJECT_REACH = 4
_ENDS = frozenset(".!?;:\u3002\uff01\uff1f")
_JOINS = frozenset({"and", "or", ",", "/", "-", "&", "\u2013", "\u2011", "nor", "but"})
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Place:
    """Words around a match, nearest last before it and first behind it.

    Attributes:
        written: The match as it is written.
    """

    before: list[str]
    written: str
    after: list[str]

    @property
    def begins(self) -> bool:
        """Whether it is the first word of a sentence, line or quotation."""
        return not self.before or not self.before[-1][-1].isalnum()

    def behind(self, index: int = 0) -> str:
        """A word behind it in small letters; empty where nothing is."""
        return self.after[index].lower() if index < len(self.after) else ""

    def ahead(self, index: int = 1) -> str:
        """A word before it in small letters; empty where nothing is."""
        return self.before[-index].lower() if index <= len(self.before) else ""


@dataclass(frozen=True)
class Judge:
    """The rules with the lists of a lexicon.

    Attributes:
        lists: `DemographicLexicon.senses`.
        terms: All single words that are terms, folded.
        places: Those that are names of places.
    """

    lists: dict[str, frozenset[str]] = field(repr=False)
    terms: frozenset[str] = field(repr=False)
    places: frozenset[str] = field(repr=False)

    @classmethod
    def of(cls, lexicon: DemographicLexicon) -> Judge:
        """The judge of one language."""
        forms = {form.lower() for _, term in lexicon.terms for form in term.written}
        named = {
            form.lower()
            for _, term in lexicon.terms
            if term.pos == "name"
            for form in term.written
        }
        return cls(lexicon.senses, frozenset(forms), frozenset(named))

    def rule(self, term: Term, place: Place) -> int:
        """The rule that accepts a match, as a place in `RULES`."""
        if term.case and not _has_capitals(term, place.written):
            return 0
        if term.sense == "person":
            return self._person(place)
        if term.sense == "place":
            return RULES.index("place") if self._is_place(place) else 0
        if term.sense == "people":
            return RULES.index("people") if self._is_people(place) else 0
        return RULES.index("cased") if self._is_cased(place) else 0

    def _has(self, name: str, word: str) -> bool:
        return word in self.lists.get(name, _NOTHING)

    def _closes(self, word: str) -> bool:
        """Whether no noun follows: the end, a mark, or a word that opens no noun."""
        return not word or not word[0].isalnum() or self._has("function_words", word)

    def _person(self, place: Place) -> int:
        if self._qualifies(place):
            return RULES.index("qualifies")
        if self._is_said_of_people(place):
            return RULES.index("predicate")
        written = place.written.lower()
        closed = self._closes(place.behind()) or self._has("verbs", place.behind())
        if self._has("collectives", written) and closed:
            before = place.ahead()
            if self._has("collective_openers", before):
                return RULES.index("collective")
            # The second of two: the young and old, the deaf and the blind.
            if before in _JOINS and self._has("collectives", place.ahead(2)):
                return RULES.index("collective")
        if self._has("plurals", written) and not self._has("things", place.ahead()):
            return RULES.index("plural") if closed or place.begins else 0
        return 0

    def _qualifies(self, place: Place) -> bool:
        for index in range(min(len(place.after), _MOST_SKIPPED)):
            word = place.behind(index)
            if self._has("person_nouns", word):
                follows = place.behind(index + 1)
                # A user is one, a user interface is none.
                return not self._has("compounds", word) or self._closes(follows)
            skipped = (
                word in _JOINS or word in self.terms or self._has("modifiers", word)
            )
            if not skipped:
                return False
        return False

    def _is_said_of_people(self, place: Place) -> bool:
        if not self._closes(place.behind()):
            return False
        index = 1
        while self._has("adverbs", place.ahead(index)) or (
            place.ahead(index) in _JOINS and place.ahead(index + 1) in self.terms
        ):
            index += 1 if self._has("adverbs", place.ahead(index)) else 2
        if not self._has("copulas", place.ahead(index)):
            return False
        for near in range(index + 1, index + 1 + _SUBJECT_REACH):
            word = place.ahead(near)
            if self._has("subjects", word) or self._has("person_nouns", word):
                return True
            if not word or word in _ENDS or self._has("determiners", word):
                return False
        return False

    def _is_name(self, place: Place) -> bool:
        """Whether a name stands right beside it, as of a person or a firm."""
        follows, before = place.after[:1], place.before[-1:]
        if follows and follows[0][0].isupper() and not self._is_known(follows[0]):
            return True
        if not before or not before[0][0].isupper() or place.begins:
            return False
        return not self._closes(before[0].lower()) and not self._is_known(before[0])

    def _is_known(self, word: str) -> bool:
        """Whether a word with a capital is no part of a name of a person."""
        folded = word.lower()
        return folded in self.terms or self._has("not_names", folded)

    def _is_place(self, place: Place) -> bool:
        if not place.written[:1].isupper() or self._is_name(place):
            return False
        around = [*place.before[-4:], *place.after[:4]]
        if any(word.lower() in self.places for word in around):
            return True
        if self._has("place_openers", place.ahead()):
            return True
        follows = (
            place.behind(2) if place.behind() in ("'", "\u2019") else place.behind()
        )
        if place.behind() in ("'", "\u2019"):
            follows = place.behind(2)
            return self._has("place_belongings", follows)
        if self._has("person_verbs", follows) or self._has("vocatives", place.ahead()):
            return False
        return self._has("place_verbs", follows)

    def _is_people(self, place: Place) -> bool:
        return not place.written[:1].isupper() or not self._is_name(place)

    def _is_cased(self, place: Place) -> bool:
        if not place.begins:
            return place.written[:1].isupper()
        return not self._has("determiners", place.behind())


def _has_capitals(term: Term, written: str) -> bool:
    """Whether a match has the capitals of a form; all of them if it is all capitals."""
    return any(
        all(w == f or not f.isupper() for w, f in zip(written, form, strict=False))
        for form in term.written
        if len(form) == len(written)
    )


def judge_matches(
    data: NDArray[np.uint8],
    offsets: NDArray[Any],
    matches: tuple[NDArray[np.int64], ...],
    lexicons: Lexicons,
) -> NDArray[np.uint8]:
    """By which rule each match (rows, starts, stops, terms) means its group.

    Returns:
        Places in `RULES`, (m,).
    """
    judges = {one.language: Judge.of(one) for one in lexicons.all}
    view = data.data
    rules = np.zeros(len(matches[0]), np.uint8)
    columns = (column.tolist() for column in matches)
    for index, (row, start, stop, number) in enumerate(zip(*columns, strict=True)):
        lexicon, _, term = lexicons.terms[number]
        low = max(int(offsets[row]), start - _REACH_BYTES)
        high = min(int(offsets[row + 1]), stop + _REACH_BYTES)
        place = Place(
            _TOKEN.findall(str(view[low:start], "utf-8", "ignore")),
            str(view[start:stop], "utf-8"),
            _TOKEN.findall(str(view[stop:high], "utf-8", "ignore")),
        )
        rules[index] = judges[lexicon.language].rule(term, place)
    return rules
