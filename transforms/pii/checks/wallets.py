"""Addresses of Ethereum (EIP-55) and Monero."""

from __future__ import annotations

from isinglass.transforms.pii.checks.base58 import decode, is_base58check
from isinglass.transforms.pii.checks.bech32 import is_bech32
from isinglass.transforms.pii.checks.keccak import keccak256

_HALF = 8
_MONERO_LENGTH = 95
_MONERO_VERSIONS = (18, 19, 42)
_BLOCK = 11


def is_ethereum_address(value: str) -> bool:
    """Whether the case of an address is its checksum (EIP-55).

    A letter is a capital where the hash of the address in small letters has a hex
    digit of 8 or more.

    Args:
        value: 0x and 40 hex digits in mixed case.
    """
    digits = value[2:]
    hashed = keccak256(digits.lower().encode()).hex()
    return all(
        char == (char.upper() if int(mark, 16) >= _HALF else char.lower())
        for char, mark in zip(digits, hashed, strict=False)
    )


def is_one_case_address(value: str) -> bool:
    """Whether an Ethereum address is all in one case, and so without a checksum."""
    digits = value[2:]
    return digits in (digits.lower(), digits.upper()) and len(set(digits)) > _HALF


def is_monero_address(value: str) -> bool:
    """Whether the last four bytes of a Monero address begin the hash of the others.

    Base58 in blocks of eight bytes (eleven characters), the last of five (seven).
    """
    if len(value) != _MONERO_LENGTH:
        return False
    blocks = [value[i : i + _BLOCK] for i in range(0, _MONERO_LENGTH, _BLOCK)]
    parts = [decode(block, 8 if len(block) == _BLOCK else 5) for block in blocks]
    if any(part is None for part in parts):
        return False
    raw = b"".join(part for part in parts if part is not None)
    return raw[0] in _MONERO_VERSIONS and keccak256(raw[:-4])[:4] == raw[-4:]


def is_coin_address(value: str) -> bool:
    """Whether a Bitcoin or Litecoin address of either form has a correct checksum."""
    return is_base58check(value) or is_bech32(value)
