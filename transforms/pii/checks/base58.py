"""Base58 with a checksum, as in Bitcoin addresses.

Alphabet and checksum: Bitcoin developer reference, "Base58Check"; version bytes: the
chain parameters of Bitcoin Core and Litecoin Core.
"""

from __future__ import annotations

import hashlib

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {char: value for value, char in enumerate(_ALPHABET)}
_BYTES = 25
_BITCOIN = (0x00, 0x05)
_LITECOIN = (0x30, 0x32)


def decode(text: str, length: int) -> bytes | None:
    """The bytes that a Base58 text stands for, or None.

    Args:
        text: Characters of the alphabet.
        length: Number of bytes that must come out.
    """
    number = 0
    for char in text:
        if char not in _VALUES:
            return None
        number = number * 58 + _VALUES[char]
    return number.to_bytes(length, "big") if number < 256**length else None


def is_base58check(value: str) -> bool:
    """Whether a value is a Bitcoin or Litecoin address with a correct checksum.

    The last four of 25 bytes begin the twofold SHA-256 of the others.
    """
    raw = decode(value, _BYTES)
    if raw is None or raw[0] not in (*_BITCOIN, *_LITECOIN):
        return False
    # Zero bytes at the beginning are written as one "1" each.
    zeros = len(raw) - len(raw.lstrip(b"\0"))
    if zeros != len(value) - len(value.lstrip("1")):
        return False
    inner = hashlib.sha256(raw[:-4]).digest()
    return hashlib.sha256(inner).digest()[:4] == raw[-4:]
