"""Documents of each group by language, length and what became of them: they add up.

Everything that is said of retention comes from these, so that nothing as large as
documents times groups is ever held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.arrays import Flags, Floats, Integers

if TYPE_CHECKING:
    from isinglass.transforms.demographics.counts import MentionCounts
    from isinglass.transforms.demographics.lexicon import Group

Pairs = Iterable[tuple[Integers, Integers]]
"""Documents and groups that they mention, each pair once, a chunk at a time."""

CLASSES = 10
"""Classes of length, with about equally many documents each."""

_CHUNK = 1 << 18
"""Documents that are looked at at once."""


@dataclass(frozen=True)
class Population:
    """Some of the n documents, and which groups these mention.

    Attributes:
        names: The g groups.
        pairs: Goes through documents, an index below n, and groups, below g.
        members: bool (n,): documents that are compared with each other.
        classes: int64 (n,), language and length of each member; see `classes_of`.
        known: bool (g, languages): in which a group could be mentioned. Others are not
            compared with it.
    """

    names: tuple[Group, ...]
    pairs: Callable[[], Pairs]
    members: Flags
    classes: Integers
    known: Flags

    def among(self, members: Flags) -> Population:
        """Only those of its members that are among these, in the same classes."""
        return replace(self, members=self.members & members)


@dataclass(frozen=True)
class Tally:
    """Documents of a population by class and outcome.

    Attributes:
        names: The g groups.
        groups: int64 (g, classes, outcomes), documents that mention the group.
        whole: int64 (classes, outcomes), all documents.
        known: bool (g, classes), where a group could be mentioned.
    """

    names: tuple[Group, ...]
    groups: Integers
    whole: Integers
    known: Flags

    @property
    def documents(self) -> Integers:
        """Documents that mention each group, (g,)."""
        return np.asarray(self.groups.sum(axis=(1, 2)))

    def first(self, outcome: int) -> tuple[Integers, Integers]:
        """Documents of each group with an outcome, and all of them: (g, classes)."""
        return self.groups[:, :, outcome], self.groups.sum(axis=2)

    def around(self, outcome: int) -> tuple[Integers, Integers]:
        """The same of all documents that could mention the group."""
        some, every = self.whole[:, outcome], self.whole.sum(axis=1)
        return self.known * some, self.known * every

    def rest(self, outcome: int) -> tuple[Integers, Integers]:
        """The same of those that could mention the group, and do not."""
        both = zip(self.around(outcome), self.first(outcome), strict=True)
        some, every = (whole - own for whole, own in both)
        return some, every


@dataclass(frozen=True)
class Moments:
    """Sums over documents, and over those that mention each group.

    Attributes:
        groups: float64 (3, g): documents, sum of a number, sum of its squares.
        around: float64 (3, g), the same of all that could mention the group.
        whole: float64 (3,), the same of all documents.
    """

    names: tuple[Group, ...]
    groups: Floats
    around: Floats
    whole: Floats


def mention_pairs(mentions: MentionCounts) -> Iterator[tuple[Integers, Integers]]:
    """Documents and the groups that they mention, from the counts."""
    count = len(mentions.covered)
    for start in range(0, count, _CHUNK):
        stop = min(start + _CHUNK, count)
        begins = mentions.starts[start : stop + 1]
        documents = np.repeat(np.arange(start, stop), np.diff(begins))
        yield documents, mentions.groups[begins[0] : begins[-1]].astype(np.int64)


def length_classes(words: Integers, members: Flags) -> Integers:
    """Class of length of each document, int64 (n,): deciles of the members' `words`.

    Equal lengths are in one class, so that no order of documents matters; a class may
    be empty then.
    """
    lengths = np.sort(words[members])
    if len(lengths) == 0:
        return np.zeros(len(words), np.int64)
    last = (np.arange(1, CLASSES) * len(lengths) + CLASSES - 1) // CLASSES - 1
    return np.searchsorted(lengths[last], words, side="left")


def classes_of(words: Integers, languages: Integers) -> Integers:
    """Language and length of each document, int64 (n,).

    Each language has `CLASSES` of its own, by the lengths in it, which are not the same
    in all: a Chinese character is a word. `languages` (n,) are numbers from 0 on; of
    those below 0 nothing is told.
    """
    found = np.zeros(len(words), np.int64)
    for language in np.unique(languages[languages >= 0]).tolist():
        own = languages == language
        lengths = words[own]
        every = np.ones(len(lengths), np.bool_)
        found[own] = language * CLASSES + length_classes(lengths, every)
    return found


def tally(population: Population, outcomes: Integers, count: int) -> Tally:
    """Count documents; `outcomes` (n,) are below `count`."""
    known = np.repeat(population.known, CLASSES, axis=1)
    shape = (known.shape[1], count)
    width = shape[0] * count
    cells = population.classes * count + outcomes
    found = np.zeros(len(population.names) * width, np.int64)
    for documents, groups in population.pairs():
        chosen = population.members[documents]
        keys = groups[chosen] * width + cells[documents[chosen]]
        found += np.bincount(keys, minlength=len(found))
    whole = np.bincount(cells[population.members], minlength=width)
    groups_found = found.reshape(len(population.names), *shape)
    return Tally(population.names, groups_found, whole.reshape(shape), known)


def moments(population: Population, values: Floats) -> Moments:
    """Add up a number of each document, float64 (n,)."""
    count = len(population.names)
    found = np.zeros((3, count))
    for documents, groups in population.pairs():
        chosen = population.members[documents]
        labels, x = groups[chosen], values[documents[chosen]]
        for place, weights in enumerate((None, x, x * x)):
            found[place] += np.bincount(labels, weights, minlength=count)
    # Groups of an axis are known in the same languages, and many axes in all.
    patterns, own = np.unique(population.known, axis=0, return_inverse=True)
    language = population.classes // CLASSES
    parts = [
        _sums(values[population.members & pattern[language]]) for pattern in patterns
    ]
    around = np.array(parts).reshape(len(patterns), 3).T[:, own.ravel()]
    return Moments(population.names, found, around, _sums(values[population.members]))


def _sums(x: Floats) -> Floats:
    return np.array([len(x), x.sum(), (x * x).sum()], np.float64)


def outcomes_of(reason: pa.Array) -> tuple[Integers, list[str]]:
    """What became of documents, (n,): 0 where the reason is null, else 1 and so on.

    Returns:
        The codes, and the reasons in the order of their codes from 1 on.
    """
    names: list[Any] = sorted(reason.unique().drop_null().to_pylist())
    codes = pc.index_in(reason, value_set=pa.array(names, reason.type))
    filled = pc.fill_null(codes, -1).to_numpy(zero_copy_only=False)
    return filled.astype(np.int64) + 1, names
