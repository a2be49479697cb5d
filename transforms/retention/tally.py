"""Documents of each group by length and by what became of them: counts that add up.

Everything that is said of retention comes from these, so that nothing as large as
documents times groups is ever held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
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
        classes: int64 (n,), class of length of each member; see `length_classes`.
    """

    names: tuple[Group, ...]
    pairs: Callable[[], Pairs]
    members: Flags
    classes: Integers

    def among(self, members: Flags) -> Population:
        """Only those of its members that are among these, in the same classes."""
        both = self.members & members
        return Population(self.names, self.pairs, both, self.classes)


@dataclass(frozen=True)
class Tally:
    """Documents of a population by class of length and outcome.

    Attributes:
        names: The g groups.
        groups: int64 (g, classes, outcomes), documents that mention the group.
        whole: int64 (classes, outcomes), all documents.
    """

    names: tuple[Group, ...]
    groups: Integers
    whole: Integers

    @property
    def documents(self) -> Integers:
        """Documents that mention each group, (g,)."""
        return np.asarray(self.groups.sum(axis=(1, 2)))

    def first(self, outcome: int) -> tuple[Integers, Integers]:
        """Documents of each group with an outcome, and all of them: (g, classes)."""
        return self.groups[:, :, outcome], self.groups.sum(axis=2)

    def rest(self, outcome: int) -> tuple[Integers, Integers]:
        """The same of the documents that do not mention the group."""
        some, every = self.first(outcome)
        return self.whole[:, outcome] - some, self.whole.sum(axis=1) - every


@dataclass(frozen=True)
class Moments:
    """Sums over documents, and over those that mention each group.

    Attributes:
        groups: float64 (3, g): documents, sum of a number, sum of its squares.
        whole: float64 (3,), the same of all documents.
    """

    names: tuple[Group, ...]
    groups: Floats
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


def tally(population: Population, outcomes: Integers, count: int) -> Tally:
    """Count documents; `outcomes` (n,) are below `count`."""
    width = CLASSES * count
    cells = population.classes * count + outcomes
    found = np.zeros(len(population.names) * width, np.int64)
    for documents, groups in population.pairs():
        chosen = population.members[documents]
        keys = groups[chosen] * width + cells[documents[chosen]]
        found += np.bincount(keys, minlength=len(found))
    whole = np.bincount(cells[population.members], minlength=width)
    shape = (CLASSES, count)
    groups_found = found.reshape(len(population.names), *shape)
    return Tally(population.names, groups_found, whole.reshape(shape))


def moments(population: Population, values: Floats) -> Moments:
    """Add up a number of each document, float64 (n,)."""
    count = len(population.names)
    found = np.zeros((3, count))
    for documents, groups in population.pairs():
        chosen = population.members[documents]
        labels, x = groups[chosen], values[documents[chosen]]
        for place, weights in enumerate((None, x, x * x)):
            found[place] += np.bincount(labels, weights, minlength=count)
    x = values[population.members]
    whole = np.array([len(x), x.sum(), (x * x).sum()], np.float64)
    return Moments(population.names, found, whole)


def outcomes_of(reason: pa.Array) -> tuple[Integers, list[str]]:
    """What became of documents, (n,): 0 where the reason is null, else 1 and so on.

    Returns:
        The codes, and the reasons in the order of their codes from 1 on.
    """
    names: list[Any] = sorted(reason.unique().drop_null().to_pylist())
    codes = pc.index_in(reason, value_set=pa.array(names, reason.type))
    filled = pc.fill_null(codes, -1).to_numpy(zero_copy_only=False)
    return filled.astype(np.int64) + 1, names
