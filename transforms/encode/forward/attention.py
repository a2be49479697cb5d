"""Attention of each document to itself, over documents laid end to end.

Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.2. Which kernel
computes it depends on what torch has for the device, and a kernel that is not sure to
be there is compared with the plain one on a few random documents before it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention

from isinglass.transforms.encode.forward.agreement import agree
from isinglass.transforms.encode.forward.batch import DeviceBatch

if TYPE_CHECKING:
    from torch import Tensor

    Attention = Callable[[Tensor, DeviceBatch], Tensor]
    # query, key, value: (tokens, heads, size); starts; tokens of the longest document
    Kernel = Callable[[Tensor, Tensor, Tensor, Tensor, int], Tensor]

BY_LENGTH = "by_length"

# Lengths of the documents in the comparison: one tile of a kernel, more, and less.
_SELF_TEST_LENGTHS = (200, 129, 64, 64, 17, 1)
# Twice the spacing of numbers in [1, 2), where the largest of the outputs lie.
_SELF_TEST_TOLERANCE = {torch.bfloat16: 2**-6, torch.float16: 2**-9}
# What flash attention takes (Dao, "FlashAttention-2", 2023).
_HEAD_SIZE_STEP = 8
_LARGEST_HEAD_SIZE = 256


@dataclass(frozen=True)
class Varlen:
    """One call of a kernel, of `kernels`, that takes where the documents begin."""

    heads: int
    kernel: Kernel

    def __call__(self, mixed: Tensor, batch: DeviceBatch) -> Tensor:
        """See `ByLength`."""
        tokens = mixed.shape[0]
        query, key, value = mixed.view(tokens, 3, self.heads, -1).unbind(1)
        seen = self.kernel(query, key, value, batch.starts, batch.longest)
        return seen.reshape(tokens, -1)


def choose_attention(
    heads: int, width: int, precision: torch.dtype, device: torch.device
) -> tuple[Attention, str]:
    """The fastest attention that is sound here, and its name.

    It is `by_length` on a CPU, in float32, and wherever no other kernel runs and agrees
    with it; otherwise the name of the kernel.
    """
    plain = ByLength(heads)
    size = width // heads
    if (
        device.type != "cuda"
        or precision not in _SELF_TEST_TOLERANCE
        or size % _HEAD_SIZE_STEP
        or size > _LARGEST_HEAD_SIZE
    ):
        return plain, BY_LENGTH
    tolerance = _SELF_TEST_TOLERANCE[precision]
    sample = _sample(width, precision, device)
    for name, kernel in kernels().items():
        fast = Varlen(heads, kernel)
        if agree(fast, plain, tolerance, *sample):
            return fast, name
    return plain, BY_LENGTH


def kernels() -> dict[str, Kernel]:
    """Kernels for documents of different lengths that this torch has, best first."""
    found: dict[str, Kernel] = {}
    try:
        from torch.nn.attention.varlen import varlen_attn  # noqa: PLC0415  (optional)
    except ImportError:
        pass
    else:
        found["varlen"] = partial(_attend, varlen_attn, ())
    operator = getattr(torch.ops.aten, "_flash_attention_forward", None)
    if operator is not None:
        # No dropout, not causal, no mask for debugging.
        found["flash"] = partial(_attend, operator, (0.0, False, False))
    return found


def _attend(operator: Any, options: tuple[Any, ...], *given: Any) -> Tensor:
    """Call an operator with the arguments of a `Kernel`, and its own options."""
    *vectors, starts, longest = given
    result = operator(*vectors, starts, starts, longest, longest, *options)
    # Auxiliary outputs, which are not asked for, come behind.
    output: Tensor = result[0] if isinstance(result, tuple | list) else result
    return output


def _sample(
    width: int, precision: torch.dtype, device: torch.device
) -> tuple[Tensor, DeviceBatch]:
    """A few random documents."""
    lengths = np.array(_SELF_TEST_LENGTHS, np.int64)
    generator = torch.Generator().manual_seed(1)
    mixed = torch.randn(int(lengths.sum()), 3 * width, generator=generator)
    mixed = mixed.to(device, precision)
    starts = torch.from_numpy(np.cumsum([0, *lengths]).astype(np.int32)).to(device)
    return mixed, DeviceBatch(mixed[:, 0], starts, lengths)


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

        `mixed` is query, key and value side by side, shape (tokens, 3 * width), where
        the heads divide the width; the result is (tokens, width).
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
