"""Attributes of plain words without spaCy's tokenizer, which takes four times as long.

A stretch of ASCII letters that is no special case is one token, since English rules
split only at signs and digits. Whether this holds for a tokenizer is looked at when it
is loaded, on words of its vocabulary; else nothing goes this way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from isinglass.transforms.pii.ner.weights import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_CHECKED = 2_000
"""About so many words of the vocabulary are looked at."""

_GLUE = "\n\n\n\n"


class PlainWords:
    """Words whose tokens are known without tokenising.

    Attributes:
        works: Whether the tokenizer agreed on all words that were looked at.
    """

    def __init__(self, nlp: Any) -> None:
        from spacy.strings import get_string_id  # noqa: PLC0415 - loads spaCy

        getters = nlp.vocab.lex_attr_getters
        self._getters = [getters[nlp.vocab.strings[column]] for column in COLUMNS]
        # Names in spaCy's table of symbols have small numbers instead of hashes.
        self._number = get_string_id
        self._rules = frozenset(nlp.tokenizer.rules)
        self.works = True
        self.works = self._agrees(nlp)

    def _agrees(self, nlp: Any) -> bool:
        known = [word for word in nlp.vocab.strings if self.holds(word)]
        # The vocabulary is sorted, so its first words begin alike.
        words = known[:: max(1, len(known) // _CHECKED)]
        with nlp.memory_zone():
            doc = nlp.tokenizer(_GLUE.join(words))
            values = doc.to_array(list(COLUMNS)).reshape(len(doc), len(COLUMNS))
        expected = values[::2]
        return len(doc) == 2 * len(words) - 1 and np.array_equal(
            expected, self.keys(words)
        )

    def holds(self, chunk: str) -> bool:
        """Whether a stretch of text is a plain word."""
        return (
            self.works
            and chunk.isascii()
            and chunk.isalpha()
            and chunk not in self._rules
        )

    def keys(self, words: Sequence[str]) -> NDArray[np.uint64]:
        """Attributes of plain words.

        Returns:
            uint64 (n, 4).
        """
        number = self._number
        norm, prefix, suffix, shape = self._getters
        rows = [
            (number(norm(w)), number(prefix(w)), number(suffix(w)), number(shape(w)))
            for w in words
        ]
        return np.array(rows, np.uint64).reshape(len(words), len(COLUMNS))
