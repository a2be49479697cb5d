"""Single terms, and groups that stand together, in sampled documents.

The share of a term is of the documents in its language that mention its axis (Touvron
et al. 2023, section 4.1, tables 9a and 9b), so those of an axis do not add up to 1.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from isinglass.schemas.demographics import GroupsTogether, TermShare
from isinglass.transforms.demographics.counts import count_mentions
from isinglass.transforms.demographics.lexicon import Lexicons
from isinglass.transforms.demographics.measured import lexicon_places
from isinglass.transforms.statistics.intervals import FEW

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from isinglass.transforms.demographics.counts import MentionCounts
    from isinglass.transforms.demographics.lexicon import Group


def term_shares(
    texts: pa.StringArray, languages: pa.StringArray, lexicons: Lexicons, most: int
) -> list[TermShare]:
    """Terms that most documents hold, at most `most` an axis, most frequent first."""
    single = _by_term(lexicons)
    counts, _ = count_mentions(texts, languages, single)
    place = np.array([int(number) for _, number in single.groups], np.int64)
    documents = np.bincount(counts.groups, minlength=len(place))
    axes = np.array([axis for axis, _ in single.groups])
    languages_of = lexicon_places(languages, lexicons)
    found: list[TermShare] = []
    for axis in sorted({axis for axis, _ in lexicons.groups}):
        columns = np.flatnonzero(axes == axis)
        rows = np.unique(counts.rows[np.isin(counts.groups, columns)])
        whole = np.bincount(languages_of[rows], minlength=len(lexicons.all))
        order = sorted(columns.tolist(), key=lambda c: (-documents[c], place[c]))
        for column in order[:most]:
            lexicon, (_, group), term = lexicons.terms[place[column]]
            if documents[column]:
                share = TermShare(
                    axis=axis,
                    group=group,
                    term=term.term,
                    language=lexicon.language,
                    documents=int(documents[column]),
                    of=int(whole[lexicons.all.index(lexicon)]),
                )
                found.append(share)
    return found


def _by_term(lexicons: Lexicons) -> Lexicons:
    """The same lexicons with a group for each term, called by its place."""
    made, first = [], 0
    for one in lexicons.all:
        numbered = enumerate(one.terms, first)
        terms = (((axis, f"{n:06}"), term) for n, ((axis, _), term) in numbered)
        made.append(replace(one, terms=tuple(terms)))
        first += len(one.terms)
    return Lexicons(tuple(made))


def together(
    mentions: MentionCounts, documents: NDArray[np.int64], groups: Sequence[Group]
) -> list[GroupsTogether]:
    """Groups of different axes that share sentences, most frequent first.

    Args:
        mentions: Of sentences.
        documents: Document of each sentence.
        groups: Columns of the counts.
    """
    rows, columns = mentions.rows, mentions.groups.astype(np.int64)
    known = np.unique(columns).tolist()
    inside = {column: rows[columns == column] for column in known}
    found = []
    for first, second in combinations(known, 2):
        if groups[first][0] == groups[second][0]:
            continue
        both = np.intersect1d(inside[first], inside[second], assume_unique=True)
        if len(both) >= FEW:
            pair = GroupsTogether(
                axis=groups[first][0],
                group=groups[first][1],
                with_axis=groups[second][0],
                with_group=groups[second][1],
                sentences=len(both),
                documents=len(np.unique(documents[both])),
            )
            found.append(pair)
    key = lambda p: (-p.sentences, p.axis, p.group, p.with_axis, p.with_group)  # noqa: E731
    return sorted(found, key=key)
