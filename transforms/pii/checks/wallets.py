"""Addresses of Bitcoin, Litecoin, Ethereum (EIP-55) and Monero.

Base58 with a checksum: Bitcoin developer reference, "Base58Check"; version bytes: the
chain parameters of Bitcoin Core and Litecoin Core. Segregated witness addresses: Bech32
(BIP 173) and Bech32m (BIP 350).

Keccak-256 in the form of Ethereum and Monero: the permutation is the one of FIPS 202,
section 3; the padding byte is 0x01 of the original submission (Bertoni et al. 2011),
where SHA-3 has 0x06, so that the function of `hashlib` cannot be used.
"""

from __future__ import annotations

import hashlib

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE58_VALUES = {char: value for value, char in enumerate(_BASE58)}
_BYTES = 25
_VERSIONS = (0x00, 0x05, 0x30, 0x32)
"""Of Bitcoin, and of Litecoin."""

_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_VALUES = {char: value for value, char in enumerate(_BECH32)}
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_FIRST, _LATER = 1, 0x2BC830A3
"""What the checksum leaves: in version 0 (BIP 173), and later (BIP 350)."""

_PREFIXES = ("bc", "ltc")
_CHECKSUM = 6
_LAST_VERSION = 16

_HALF = 8
_MONERO_LENGTH = 95
_MONERO_VERSIONS = (18, 19, 42)
_BLOCK = 11

_RATE = 136
_LANES = 25
_ROUNDS = 24
_MASK = (1 << 64) - 1


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
    parts = [from_base58(block, 8 if len(block) == _BLOCK else 5) for block in blocks]
    if any(part is None for part in parts):
        return False
    raw = b"".join(part for part in parts if part is not None)
    return raw[0] in _MONERO_VERSIONS and keccak256(raw[:-4])[:4] == raw[-4:]


def is_coin_address(value: str) -> bool:
    """Whether a Bitcoin or Litecoin address of either form has a correct checksum."""
    return is_base58check(value) or is_bech32(value)


def from_base58(text: str, length: int) -> bytes | None:
    """The bytes that a Base58 text stands for, or None.

    Args:
        text: Characters of the alphabet.
        length: Number of bytes that must come out.
    """
    number = 0
    for char in text:
        if char not in _BASE58_VALUES:
            return None
        number = number * 58 + _BASE58_VALUES[char]
    return number.to_bytes(length, "big") if number < 256**length else None


def is_base58check(value: str) -> bool:
    """Whether a value is a Bitcoin or Litecoin address with a correct checksum.

    The last four of 25 bytes begin the twofold SHA-256 of the others.
    """
    raw = from_base58(value, _BYTES)
    if raw is None or raw[0] not in _VERSIONS:
        return False
    # Zero bytes at the beginning are written as one "1" each.
    zeros = len(raw) - len(raw.lstrip(b"\0"))
    if zeros != len(value) - len(value.lstrip("1")):
        return False
    inner = hashlib.sha256(raw[:-4]).digest()
    return hashlib.sha256(inner).digest()[:4] == raw[-4:]


def is_bech32(value: str) -> bool:
    """Whether a value is a witness address of Bitcoin or Litecoin, checksum included.

    Version 0 takes the checksum of BIP 173, later versions the one of BIP 350; a
    program is of 2 to 40 bytes, of 20 or 32 in version 0. Upper and lower case may
    not be mixed.
    """
    if value not in (value.lower(), value.upper()):
        return False
    prefix, _, rest = value.lower().rpartition("1")
    if prefix not in _PREFIXES or not all(char in _BECH32_VALUES for char in rest):
        return False
    data = [_BECH32_VALUES[char] for char in rest]
    if len(data) <= _CHECKSUM + 1 or data[0] > _LAST_VERSION:
        return False
    wanted = _FIRST if data[0] == 0 else _LATER
    return _polymod([*_expand(prefix), *data]) == wanted and _holds_program(data)


def _holds_program(data: list[int]) -> bool:
    """Whether the groups of five bits make whole bytes, in an allowed number."""
    bits = 5 * (len(data) - 1 - _CHECKSUM)
    size, left = divmod(bits, 8)
    padding = data[-_CHECKSUM - 1] & ((1 << left) - 1)
    allowed = (20, 32) if data[0] == 0 else range(2, 41)
    return left < 5 and padding == 0 and size in allowed  # noqa: PLR2004 - bits


def _expand(prefix: str) -> list[int]:
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def _polymod(values: list[int]) -> int:
    state = 1
    for value in values:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            state ^= generator if top >> bit & 1 else 0
    return state


def keccak256(data: bytes) -> bytes:
    """Hash of 32 bytes."""
    padded = bytearray(data + b"\x01" + b"\0" * (-(len(data) + 1) % _RATE))
    padded[-1] |= 0x80
    state = [0] * _LANES
    for start in range(0, len(padded), _RATE):
        for lane in range(_RATE // 8):
            chunk = padded[start + 8 * lane : start + 8 * lane + 8]
            state[lane] ^= int.from_bytes(chunk, "little")
        state = _permute(state)
    return b"".join(lane.to_bytes(8, "little") for lane in state[:4])


def _turn(value: int, by: int) -> int:
    by %= 64
    return (value << by | value >> (64 - by)) & _MASK


def _permute(state: list[int]) -> list[int]:
    constants = 1
    for _ in range(_ROUNDS):
        parity = [
            state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20]
            for x in range(5)
        ]
        mixed = [parity[x - 1] ^ _turn(parity[(x + 1) % 5], 1) for x in range(5)]
        state = [lane ^ mixed[i % 5] for i, lane in enumerate(state)]
        state = _rotate(state)
        rows = [state[y : y + 5] for y in range(0, _LANES, 5)]
        state = [
            row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5] & _MASK)
            for row in rows
            for x in range(5)
        ]
        # Round constants come from a shift register, seven bits a round.
        for bit in range(7):
            constants = (constants << 1) ^ (0x171 if constants >> 7 else 0)
            if constants & 2:
                state[0] ^= 1 << ((1 << bit) - 1)
    return state


def _rotate(state: list[int]) -> list[int]:
    """Steps rho and pi: every lane is turned and moved."""
    moved = list(state)
    x, y, current = 1, 0, state[1]
    for step in range(_ROUNDS):
        x, y = y, (2 * x + 3 * y) % 5
        place = x + 5 * y
        current, moved[place] = (
            moved[place],
            _turn(current, (step + 1) * (step + 2) // 2),
        )
    return moved
