"""Attention of each document to itself, over documents laid end to end.

Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.2. Which kernel
computes it depends on what torch has for the device, and a kernel that is not sure to
be there is compared with the plain one on a few random documents before it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from isinglass.transforms.encode.forward.agreement import agree
from isinglass.transforms.encode.forward.batch import DeviceBatch
from isinglass.transforms.encode.forward.by_length import ByLength

if TYPE_CHECKING:
    from collections.abc import Callable

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

    Returns:
        `by_length` on a CPU, in float32, and wherever no other kernel runs and agrees
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
    tolerance, sample = (
        _SELF_TEST_TOLERANCE[precision],
        _sample(width, precision, device),
    )
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

        def public(
            query: Tensor, key: Tensor, value: Tensor, starts: Tensor, longest: int
        ) -> Tensor:
            spans = (starts, starts, longest, longest)
            result = varlen_attn(query, key, value, *spans)
            # With an auxiliary output, which is not asked for, it gives two.
            return result[0] if isinstance(result, tuple) else result

        found["varlen"] = public
    operator = getattr(torch.ops.aten, "_flash_attention_forward", None)
    if operator is not None:

        def private(
            query: Tensor, key: Tensor, value: Tensor, starts: Tensor, longest: int
        ) -> Tensor:
            spans = (starts, starts, longest, longest)
            # No dropout, not causal, no mask for debugging.
            result = operator(query, key, value, *spans, 0.0, False, False)  # noqa: FBT003
            output: Tensor = result[0]
            return output

        found["flash"] = private
    return found


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
