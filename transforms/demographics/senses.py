"""What an ambiguous term means in its place, by the words around it.

No model is asked: of ten million words some thousands are judged, and tagging them
would take longer than everything else that is looked for in a text. The rules look for
what a tagger looks for: whether a word qualifies one for people, is said of one, stands
for people by itself, or is a name. Their lists come with the lexicon (`senses`).

| accepted by | what it says |
|---|---|
| qualifies | a word for people is behind it: `black voters`, `young and poor women` |
| predicate | it is said of people: `she is deaf`, `people who were poor` |
| collective | it stands for people: `the poor`, `blacks and whites` |
| place | a country, and nobody of that name: `in Jordan`, not `Michael Jordan` |
| people | a word for people, and nobody of that name: not `Christian Dior` |
| cased | it has its capitals, and is no other word at the start of a sentence |
| language | people, and not their language: `French voters`, not `in French` |
| nation | people, and not what they make: `American nurses`, not `American cars` |
| pronoun | a word goes on behind it as behind a pronoun |
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
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
    "place",
    "people",
    "cased",
    "language",
    "pronoun",
    "nation",
)
"""By number: why a match counts; 0 if it does not."""

_REACH_BYTES = 120
_TOKEN = re.compile(r"[^\W_]+|\n\s*\n|[^\w\s]|_+")
_MOST_SKIPPED = 7
_SHORTEST_PAST = 6
"""Letters of a word in -ed that is taken for a verb: not bed, speed, breed."""
_APOSTROPHES = frozenset("'\u2019")
_HYPHENS = frozenset("-\u2010\u2011")
_MARKS = frozenset({"/", ",", "&", "\u2013", *_HYPHENS, *_APOSTROPHES})
"""Signs that end neither a phrase nor a sentence."""
_NOTHING: frozenset[str] = frozenset()
_PEOPLE = ("person_nouns", "person_topics")


@dataclass(frozen=True)
class Place:
    """A match and the words around it, which are split where a rule asks for them.

    Attributes:
        text_before: Up to the match.
        written: The match as it is written.
        text_after: From its end on.
    """

    text_before: str
    written: str
    text_after: str

    @cached_property
    def before(self) -> list[str]:
        """Words before it, nearest last."""
        return _TOKEN.findall(self.text_before)

    @cached_property
    def after(self) -> list[str]:
        """Words behind it, nearest first."""
        return _TOKEN.findall(self.text_after)

    @property
    def begins(self) -> bool:
        """Whether it is the first word of a sentence, line or quotation."""
        before = self.before[-1] if self.before else "."
        return not before[-1].isalnum() and before not in _MARKS

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
    """

    lists: dict[str, frozenset[str]] = field(repr=False)
    terms: frozenset[str] = field(repr=False)

    @classmethod
    def of(cls, lexicon: DemographicLexicon) -> Judge:
        """The judge of one language."""
        forms = {form.lower() for _, term in lexicon.terms for form in term.written}
        return cls(lexicon.senses, frozenset(forms))

    def rule(self, term: Term, place: Place) -> int:
        """The rule that accepts a match, as a place in `RULES`."""
        if term.case and not _has_capitals(term, place.written):
            return 0
        if term.sense == "person":
            return self._person(term, place)
        if term.sense is None:
            return RULES.index("cased")
        accepts = {
            "place": self._is_place,
            "people": self._is_people,
            "cased": self._is_cased,
            "language": self._is_no_language,
            "nation": self._is_of_nation,
            "pronoun": self._is_pronoun,
        }[term.sense]
        return RULES.index(term.sense) if accepts(place) else 0

    def _has(self, name: str, word: str) -> bool:
        return word in self.lists.get(name, _NOTHING)

    def _closes(self, word: str) -> bool:
        """Whether no noun follows: the end, a mark, or a word that opens no noun."""
        mark = not word or not (word[0].isalnum() or word in _HYPHENS)
        return mark or self._has("function_words", word)

    def _person(self, term: Term, place: Place) -> int:
        if self._is_surname(place) or _is_acronym(place):
            return 0
        if self._qualifies(place):
            return RULES.index("qualifies")
        if self._closes(place.behind()):
            if self._is_said_of_people(place):
                return RULES.index("predicate")
            if self._stands_for_people(term, place):
                return RULES.index("collective")
        return 0

    def _is_surname(self, place: Place) -> bool:
        """Whether a given name or a title with a capital is right before it."""
        before = place.before[-1] if place.before else ""
        named = before[:1].isupper() and place.written[:1].isupper()
        return named and self._has("given_names", before.lower())

    def _qualifies(
        self, place: Place, first: int = 0, lists: tuple[str, ...] = _PEOPLE
    ) -> bool:
        """Whether a word of people ends what follows from the `first` word on."""
        for index in range(first, min(len(place.after), first + _MOST_SKIPPED)):
            word = place.behind(index)
            if self._has("compounds", word) and not self._closes(
                place.behind(index + 1)
            ):
                # A user is a person, a user interface is none.
                return False
            if any(self._has(name, word) for name in lists):
                return True
            skipped = word in _MARKS or word in self.terms or self._has("joiners", word)
            if not skipped and not self._has("modifiers", word):
                return False
        return False

    def _is_said_of_people(self, place: Place) -> bool:
        index, verbs = 1, 0
        while index <= _MOST_SKIPPED:
            word = place.ahead(index)
            verb = self._has("copulas", word)
            verbs += verb
            between = self._has("adverbs", word) or self._has("auxiliaries", word)
            if not verbs:
                between |= word in _MARKS or self._has("joiners", word)
                between |= word in self.terms or self._has("modifiers", word)
            elif word in _APOSTROPHES:
                between = True
            if not verb and not between:
                break
            index += 1
        subject = place.ahead(index)
        if not verbs or self._has("thing_pronouns", subject):
            return False
        people = ("person_pronouns", "person_nouns", "given_names")
        if any(self._has(name, subject) for name in people):
            return True
        return place.before[-index:][:1] != [] and self._has(
            "given_names", place.ahead(index + 1)
        )

    def _stands_for_people(self, term: Term, place: Place) -> bool:
        written = place.written.lower()
        if written == f"{term.term}s":
            return True
        article = self._has("articles", place.ahead()) or place.ahead() == "the"
        if term.pos == "noun" and article:
            return True
        index = 1
        while self._has("adverbs", place.ahead(index)):
            index += 1
        before = place.ahead(index)
        if self._has("group_adjectives", written) and before == "the":
            return True
        # The second of two: the young and old, the deaf and the blind.
        pair = self._has("joiners", before) and place.ahead(index + 1) in self.terms
        return pair and place.ahead(index + 2) == "the"

    def _is_named(self, place: Place) -> bool:
        """Whether the name of a person or a firm stands right beside it."""
        follows = place.after[0] if place.after else ""
        if follows[:1].isupper() and not self._is_no_name(follows.lower()):
            return True
        before = place.before[-1] if place.before else ""
        if self._has("given_names", before.lower()) and before[:1].isupper():
            return True
        return self._has("titles", before.lower())

    def _is_no_name(self, word: str) -> bool:
        lists = ("countries", "person_nouns", "person_topics", "place_after")
        known = any(self._has(name, word) for name in lists)
        return known or word in self.terms or self._closes(word)

    def _is_place(self, place: Place) -> bool:
        if not _is_capital(place.written) or self._is_named(place):
            return False
        near = [w.lower() for w in (*place.before[-5:], *place.after[:5])]
        if any(self._has("us_places", word) for word in near):
            return False
        if any(self._has(n, w) for w in near for n in ("countries", "capitals")):
            return True
        if self._has("place_before", place.ahead()):
            return True
        follows = place.behind()
        if follows in _APOSTROPHES:
            follows = place.behind(2)
        if self._has("person_verbs", follows):
            return False
        return self._has("place_after", follows)

    def _is_people(self, place: Place) -> bool:
        return not place.written[:1].isupper() or not self._is_named(place)

    def _is_cased(self, place: Place) -> bool:
        if not place.begins:
            return _is_capital(place.written)
        return not self._has("determiners", place.behind())

    def _is_no_language(self, place: Place) -> bool:
        language = self._has("language_nouns", place.behind())
        language |= self._has("language_before", place.ahead())
        return not language and self._is_of_nation(place)

    def _is_of_nation(self, place: Place) -> bool:
        """Whether a name for people is behind it, or it stands for people itself."""
        # Chinese and Indian merchants: what ends the series decides.
        end = index = 0
        while place.behind(index) in _MARKS or self._has(
            "joiners", place.behind(index)
        ):
            index += 1
            if place.behind(index) in self.terms:
                end = index = index + 1
        if not self._closes(place.behind(end)):
            if self._acts(place, end) and self._is_counted(place):
                return True
            return self._qualifies(place, end, (*_PEOPLE, "nation_groups"))
        # By itself it is a language or a thing, but for: she is French, the French.
        return self._is_counted(place) or self._is_said_of_people(place)

    def _is_counted(self, place: Place) -> bool:
        """Whether what is before it numbers people: the French, the first American."""
        index = 1
        while self._has("nation_modifiers", place.ahead(index)):
            index += 1
        beside = place.ahead(index)
        return self._has("determiners", beside) or self._has("articles", beside)

    def _acts(self, place: Place, index: int) -> bool:
        """Whether a verb is behind it: the French won, an American living in."""
        verb = place.behind(index)
        if verb.endswith("ing") and not self._closes(place.behind(index + 1)):
            return False
        past = verb.endswith("ed") and len(verb) >= _SHORTEST_PAST
        return past or self._has("nation_verbs", verb)

    def _is_pronoun(self, place: Place) -> bool:
        return self._closes(place.behind()) and not place.written.isupper()


def _is_capital(written: str) -> bool:
    """Whether it begins with a capital, or with a letter that has none."""
    return not written[:1].islower()


def _is_acronym(place: Place) -> bool:
    """Whether it is in capitals, and no word beside it is."""
    beside = [word for word in (*place.before[-1:], *place.after[:1]) if word.isalpha()]
    written = place.written
    return len(written) > 1 and written.isupper() and not any(map(str.isupper, beside))


def _has_capitals(term: Term, written: str) -> bool:
    """Whether a match has the capitals of a form; all of them if it is all capitals."""
    return any(
        all(w == f or not f.isupper() for w, f in zip(written, form, strict=False))
        for form in term.written
        if len(form) == len(written)
    )


@lru_cache(maxsize=8)
def _judges(lexicons: Lexicons) -> dict[str, Judge]:
    """The judge of each language; their sets of terms take longer than a batch."""
    return {one.language: Judge.of(one) for one in lexicons.all}


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
    judges = _judges(lexicons)
    view = data.data
    rules = np.zeros(len(matches[0]), np.uint8)
    columns = (column.tolist() for column in matches)
    for index, (row, start, stop, number) in enumerate(zip(*columns, strict=True)):
        lexicon, _, term = lexicons.terms[number]
        low = max(int(offsets[row]), start - _REACH_BYTES)
        high = min(int(offsets[row + 1]), stop + _REACH_BYTES)
        place = Place(
            str(view[low:start], "utf-8", "ignore"),
            str(view[start:stop], "utf-8"),
            str(view[stop:high], "utf-8", "ignore"),
        )
        rules[index] = judges[lexicon.language].rule(term, place)
    return rules
