"""What a token looks like, as far as a parser's sentence starts depend on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPACE, SIGN, CAPITAL = 1, 2, 4
"""Flags: white space; an at sign, or of several characters with one that is neither
letter nor digit (`U.S.`, `//`); beginning with a capital letter."""

_ASCII = 128


def marks(
    joined: str,
    places: NDArray[np.int64],
    lengths: NDArray[np.int64],
    spaces: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """Flags of tokens.

    Characters beyond ASCII count as letters, and as capitals only where Unicode's
    upper and lower case of Latin-1 say so: this is no more than a hint.
    """
    codes = np.frombuffer(joined.encode("utf-32-le"), np.uint32)
    sign = (codes < _ASCII) & ~_ALPHANUMERIC[np.minimum(codes, _ASCII - 1)]
    before = np.concatenate([[0], np.cumsum(sign)])
    signs = before[places + lengths] - before[places]
    first = codes[places]
    signed = (signs > 0) & ((lengths > 1) | (first == ord("@")))
    capital = (first < len(_CAPITAL)) & _CAPITAL[np.minimum(first, len(_CAPITAL) - 1)]
    flags = SPACE * spaces + SIGN * signed + CAPITAL * capital
    return np.asarray(flags, np.uint8)


_ALPHANUMERIC = np.array([chr(code).isalnum() for code in range(_ASCII)])
_CAPITAL = np.array([chr(code).isupper() for code in range(2 * _ASCII)])
