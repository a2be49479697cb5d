"""Which word a piece of WordPiece belongs to, from the ids alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isinglass.transforms.encode.tokenizers.batch import special_tokens_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.transforms.encode.tokenizers.batch import TokenBatch
    from isinglass.transforms.encode.tokenizers.rules import Rules


def continuing(rules: Rules, size: int) -> NDArray[np.bool_] | None:
    """Which ids continue the word before them, shape (size,).

    Returns:
        None where the ids alone do not say so. BERT's do: its splitting makes words
        of their own of punctuation marks, so no word begins with the `##` that marks
        the pieces inside one.
    """
    if rules.kind != "wordpiece" or rules.continuing != "##":
        return None
    inside = np.zeros(size, bool)
    vocabulary: dict[str, int] = rules.content["model"]["vocab"]
    marked = [at for piece, at in vocabulary.items() if piece.startswith("##")]
    inside[marked] = True
    inside[[token["id"] for token in rules.content.get("added_tokens") or []]] = False
    return inside


def number_words(tokens: TokenBatch, inside: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Number of each token's word in its document, -1 for the special ones around it.

    Args:
        tokens: With their special tokens.
        inside: Which ids continue a word; see `continuing`.
    """
    starts = ~inside[tokens.values]
    special = special_tokens_mask(tokens) > 0
    count = np.concatenate([[0], np.cumsum(starts & ~special)])
    before = np.repeat(count[tokens.offsets[:-1]], tokens.lengths)
    return np.where(special, -1, count[1:] - before - 1).astype(np.int32)
