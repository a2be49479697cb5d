"""Counterfactual token fairness: a term of an axis replaced by others of the axis.

Garg et al. 2019: a number should not hang on which group a text speaks of. All mentions
of one term of a document are replaced by another term; how far the number moves is the
gap. The text around stays as it is: an article may no longer fit, and a sentence may no
longer be true.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from isinglass.schemas.arrays import Integers

if TYPE_CHECKING:
    from isinglass.schemas.lexicon import Term
    from isinglass.transforms.demographics.lexicon import Lexicons


class Mention(NamedTuple):
    """Where a term stands in a text, in code points; `term` is a place in the terms."""

    start: int
    stop: int
    term: int


class Swap(NamedTuple):
    """A term of a document, and the one that takes its place."""

    term: int
    other: int


def others(lexicons: Lexicons, term: int) -> Integers:
    """Terms that can take the place of one: of its language, axis and part of speech.

    Those that style guides advise against are never put into a text.
    """
    own, (axis, _), said = lexicons.terms[term]
    found = [
        place
        for place, (lexicon, (other, _), one) in enumerate(lexicons.terms)
        if lexicon.language == own.language
        and other == axis
        and one.pos == said.pos
        and one.status == "reviewed"
        and one.term != said.term
    ]
    return np.array(found, np.int64)


def drawn_swaps(
    lexicons: Lexicons, mentions: Sequence[Mention], most: int, key: Sequence[int]
) -> list[Swap]:
    """At most so many of all swaps of a document, each as likely as any other.

    Equal keys draw equal swaps.
    """
    terms = sorted({mention.term for mention in mentions})
    every = [
        Swap(term, int(other)) for term in terms for other in others(lexicons, term)
    ]
    chance = np.random.default_rng(list(key))
    chosen = chance.permutation(len(every))[:most]
    return [every[place] for place in sorted(chosen.tolist())]


def swapped(
    text: str, mentions: Sequence[Mention], lexicons: Lexicons, swap: Swap
) -> str:
    """A text with all mentions of a term replaced; its capitals are kept."""
    term, other = (lexicons.terms[place][2] for place in swap)
    parts, end = [], 0
    for start, stop, place in sorted(mentions):
        if place == swap.term and start >= end:
            written = text[start:stop]
            parts += [text[end:start], _cased(_form(written, term, other), written)]
            end = stop
    return "".join([*parts, text[end:]])


def _form(written: str, term: Term, other: Term) -> str:
    """The form of a term that stands where the written one does among its own."""
    forms = [form.casefold() for form in term.written]
    same = len(forms) == len(other.written) and written.casefold() in forms
    return other.written[forms.index(written.casefold())] if same else other.term


def _cased(form: str, written: str) -> str:
    if len(written) > 1 and written.isupper():
        return form.upper()
    return form[:1].upper() + form[1:] if written[:1].isupper() else form
