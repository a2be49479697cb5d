"""Where a special case of spaCy's tokenizer may match across white space.

Special cases are matched on the tokens of the whole text. A match over the border of
two stretches has no effect of its own, but it suppresses a shorter one that overlaps
it, within a stretch. Such texts are rare; they are left to spaCy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

TAIL, HEAD = 1, 2

_MOST_KNOWN = 1 << 15
"""Runs whose outcome is remembered."""


class CrossingRules:
    """Pairs of tokens that stand side by side in a special case."""

    def __init__(self, tokenizer: Any) -> None:
        plain = type(tokenizer)(
            tokenizer.vocab,
            rules={},
            prefix_search=tokenizer.prefix_search,
            suffix_search=tokenizer.suffix_search,
            infix_finditer=tokenizer.infix_finditer,
            token_match=tokenizer.token_match,
            url_match=tokenizer.url_match,
        )
        self._tokenizer = tokenizer
        self._pairs: set[tuple[str, str]] = set()
        several: list[str] = []
        for rule in tokenizer.rules:
            words = [token.text for token in plain(rule)]
            several += [rule] * (len(words) > 1)
            self._pairs.update(pairwise(words))
        self._tails = tuple(sorted({left for left, _ in self._pairs}))
        self._heads = tuple(sorted({right for _, right in self._pairs}))
        self._left, self._right = frozenset(self._tails), frozenset(self._heads)
        self._rules = re.compile("|".join(re.escape(rule) for rule in several))
        self._known: dict[str, bool] = {}
        self._lengths = sorted({(len(a), len(b)) for a, b in self._pairs})

    def borders(
        self, chunks: Sequence[str], firsts: NDArray[np.int64], lasts: NDArray[np.int64]
    ) -> NDArray[np.uint8]:
        """Flags TAIL and HEAD: whether a stretch ends, or begins, like half a pair.

        Args:
            chunks: Stretches without white space, or of nothing else.
            firsts: int64 (n,), length of the first token of each.
            lasts: int64 (n,), length of the last token.
        """
        flags = np.zeros(len(chunks), np.uint8)
        lengths = zip(chunks, firsts.tolist(), lasts.tolist(), strict=True)
        for i, (chunk, first, last) in enumerate(lengths):
            # A special case within has other tokens while matches are looked for.
            loose = first < len(chunk) and self._rules.search(chunk) is not None
            if chunk.endswith(self._tails):
                flags[i] |= TAIL * (loose or chunk[-last:] in self._left)
            if chunk.startswith(self._heads):
                flags[i] |= HEAD * (loose or chunk[:first] in self._right)
        return flags

    def may_cross(self, left: str, right: str) -> bool:
        """Whether a match may hold the end of one stretch and the start of the next."""
        return any((left[-n:], right[:m]) in self._pairs for n, m in self._lengths)

    def changes(self, chunks: Sequence[str]) -> bool:
        """Whether stretches side by side have other tokens than each by itself."""
        key = " ".join(chunks)
        known = self._known.get(key)
        if known is None:
            alone = [token for chunk in chunks for token in self._tokens(chunk)]
            known = self._tokens(key) != alone
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = known
        return known

    def _tokens(self, text: str) -> list[tuple[str, str]]:
        return [(token.text, token.norm_) for token in self._tokenizer(text)]
