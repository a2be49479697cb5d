"""Keccak-256 in the form of Ethereum and Monero.

The permutation is the one of FIPS 202, section 3; the padding byte is 0x01 of the
original submission (Bertoni et al. 2011), where SHA-3 has 0x06, so that the function
of `hashlib` cannot be used.
"""

from __future__ import annotations

_RATE = 136
_LANES = 25
_ROUNDS = 24
_MASK = (1 << 64) - 1


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
