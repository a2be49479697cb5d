"""Addresses of cryptocurrencies: the test vectors of their specifications."""

from __future__ import annotations

import hashlib

import pytest

from isinglass.transforms.pii.checks.wallets import (
    from_base58,
    is_bech32,
    is_coin_address,
    is_ethereum_address,
    is_monero_address,
    is_one_case_address,
    keccak256,
)

# The donation address of the Monero project, from its README.
MONERO = (
    "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2w"
    "fn3RVGQBEP3A"
)


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
    ],
)
def test_keccak(data: bytes, digest: str) -> None:
    assert keccak256(data).hex() == digest


def test_keccak_fills_and_passes_a_block() -> None:
    lengths = (135, 136, 137, 300)
    hashes = {keccak256(b"x" * length) for length in lengths}
    assert len(hashes) == len(lengths)
    assert all(
        h != hashlib.sha3_256(b"x" * n).digest() for n in lengths for h in hashes
    )


@pytest.mark.parametrize(
    "value",
    [
        # EIP-55.
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ],
)
def test_ethereum(value: str) -> None:
    assert is_ethereum_address(value)
    last = max(at for at, char in enumerate(value) if char.isalpha())
    changed = value[:last] + value[last].swapcase() + value[last + 1 :]
    assert not is_ethereum_address(changed)
    assert not is_one_case_address(value)
    assert is_one_case_address(value.lower())


def test_an_address_of_one_digit_is_none() -> None:
    assert not is_one_case_address("0x" + "0" * 40)


@pytest.mark.parametrize(
    "value",
    [
        "1BitcoinEaterAddressDontSendf59kuE",
        "1111111111111111111114oLvT2",
        "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
        # BIP 173 and BIP 350.
        "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
        "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
        "BC1SW50QGDZ25J",
        "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    ],
)
def test_coins(value: str) -> None:
    assert is_coin_address(value)
    assert not is_coin_address(value[:-1] + ("q" if value[-1] not in "qQ" else "p"))


@pytest.mark.parametrize(
    "value",
    [
        # Not valid, BIP 350: checksum of the version, mixed case, length, padding.
        "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",
        "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh",
        "tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47",
        "bc1pw5dgrnzv",
        "bc1gmk9yu",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf",
        "bc1Qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "",
        "1",
    ],
)
def test_invalid_witness_addresses(value: str) -> None:
    assert not is_bech32(value)
    assert not is_coin_address(value)


def test_monero() -> None:
    assert is_monero_address(MONERO)
    assert not is_monero_address(MONERO[:-1] + "B")
    assert not is_monero_address(MONERO[:-1])
    assert not is_monero_address("0" * 95)


def test_base58_numbers_that_are_too_large() -> None:
    assert from_base58("1z", 1) == b"\x39"
    assert from_base58("zz", 1) is None
    assert from_base58("0", 1) is None
