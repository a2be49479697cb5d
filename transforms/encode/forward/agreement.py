"""Whether a fast kernel gives what the plain one gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from torch import Tensor


def agree(
    fast: Callable[..., Tensor],
    plain: Callable[..., Tensor],
    tolerance: float,
    *given: Any,
) -> bool:
    """Whether two functions give the same; one that raises does not agree.

    The tolerance of a difference is times the largest value if that is above 1. Both
    are called with what is `given`.
    """
    with torch.inference_mode():
        expected = plain(*given).float()
        try:
            result = fast(*given).float()
        except torch.OutOfMemoryError:
            raise
        except (AttributeError, IndexError, RuntimeError, TypeError):
            return False
    if result.shape != expected.shape:
        return False
    # A difference that is no number is no agreement either.
    largest = max(1.0, expected.abs().max().item())
    return (result - expected).abs().max().item() <= tolerance * largest
