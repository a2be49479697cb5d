"""Attention by stretches of equally long documents, on any device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import scaled_dot_product_attention

if TYPE_CHECKING:
    from torch import Tensor

    from isinglass.transforms.encode.forward.batch import DeviceBatch

# Lengths for which three steps beat one on a CPU in bfloat16. Below, the calls cost
# more than they save; above, the scores, which grow with the square, leave the cache.
# It depends on the length alone, so that a document does not depend on its batch.
_SHORTEST_STEPS = 64
_LONGEST_STEPS = 256
# Scores computed at a time: they should stay in the second-level cache.
_SCORES = 800_000


@dataclass(frozen=True)
class ByLength:
    """One call of torch's attention for every stretch of equally long documents."""

    heads: int

    def __call__(self, mixed: Tensor, batch: DeviceBatch) -> Tensor:
        """What each token takes from its document.

        Args:
            mixed: Query, key and value side by side, shape (tokens, 3 * width), where
                the heads divide the width.
            batch: Its documents.

        Returns:
            Shape (tokens, width).
        """
        context = mixed.new_empty(mixed.shape[0], mixed.shape[1] // 3)
        for run in batch.runs:
            step = self._documents_at_a_time(mixed, run.documents, run.length)
            shape = (run.documents, run.length, 3, self.heads, -1)
            split = mixed[run.start : run.stop].view(shape)
            target = context[run.start : run.stop].view(*shape[:2], self.heads, -1)
            if step == 0:
                _in_one(split, target)
                continue
            for first in range(0, run.documents, step):
                part = slice(first, first + step)
                _in_steps(split[part], target[part])
        return context

    def _documents_at_a_time(self, mixed: Tensor, count: int, length: int) -> int:
        """For the three steps; 0 where one kernel does them all."""
        if (
            mixed.dtype != torch.bfloat16
            or mixed.device.type != "cpu"
            or not _SHORTEST_STEPS <= length <= _LONGEST_STEPS
        ):
            return 0
        return min(count, max(1, _SCORES // (self.heads * length * length)))


def _in_one(split: Tensor, target: Tensor) -> None:
    """By torch's kernel; `split` is (documents, length, 3, heads, size)."""
    query, key, value = split.permute(2, 0, 3, 1, 4).unbind(0)
    seen = scaled_dot_product_attention(query, key, value)
    target.copy_(seen.transpose(1, 2))


def _in_steps(split: Tensor, target: Tensor) -> None:
    """As two products, which have bfloat16 instructions, and a softmax between.

    torch's own kernel for a CPU gains nothing from bfloat16. The scores are rounded to
    bfloat16 here, as everything between two products is.
    """
    documents, length, _, heads, size = split.shape
    # A copy, because products of strided matrices cost more than it does.
    ordered = split.permute(2, 0, 3, 1, 4).reshape(3, documents * heads, length, size)
    query, key, value = ordered.unbind(0)
    nothing = query.new_empty(1, 1, 1)
    scores = torch.baddbmm(
        nothing, query, key.transpose(1, 2), beta=0, alpha=size**-0.5
    )
    seen = torch.bmm(torch.softmax(scores, -1), value)
    target.copy_(seen.view(documents, heads, length, size).transpose(1, 2))
