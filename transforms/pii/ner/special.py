"""Where a special case of spaCy's tokenizer may match across white space.

Special cases are matched on the tokens of the whole text. A match over the border of
two stretches has no effect of its own, but it suppresses a shorter one that overlaps
it, within a stretch. Such texts are rare; they are left to spaCy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TAIL, HEAD = 1, 2


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
        for rule in tokenizer.rules:
            words = [token.text for token in plain(rule)]
            self._pairs.update(zip(words, words[1:], strict=False))
        self._tails = tuple(sorted({left for left, _ in self._pairs}))
        self._heads = tuple(sorted({right for _, right in self._pairs}))
        self._lengths = sorted({(len(a), len(b)) for a, b in self._pairs})

    def borders(self, chunks: Sequence[str]) -> NDArray[np.uint8]:
        """Flags TAIL and HEAD: whether a stretch ends, or begins, like a half of a pair.

        Args:
            chunks: Stretches without white space, or of nothing else.
        """
        flags = [
            TAIL * chunk.endswith(self._tails) + HEAD * chunk.startswith(self._heads)
            for chunk in chunks
        ]
        return np.array(flags, np.uint8)

    def may_cross(self, left: str, right: str) -> bool:
        """Whether a match may hold the end of one stretch and the start of the next."""
        return any((left[-n:], right[:m]) in self._pairs for n, m in self._lengths)

    def changes(self, chunks: Sequence[str]) -> bool:
        """Whether stretches side by side have other tokens than each by itself.

        Args:
            chunks: All stretches that a match may hold together.
        """
        alone = [token for chunk in chunks for token in self._tokens(chunk)]
        return self._tokens(" ".join(chunks)) != alone

    def _tokens(self, text: str) -> list[tuple[str, str]]:
        return [(token.text, token.norm_) for token in self._tokenizer(text)]
