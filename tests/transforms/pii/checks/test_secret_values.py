from __future__ import annotations

import pytest

from isinglass.transforms.pii.checks.secret_values import (
    entropy,
    is_jwt,
    is_password,
    is_random_key,
    is_token,
)


@pytest.mark.parametrize(("value", "bits"), [("aaaa", 0), ("abab", 1), ("abcd", 2)])
def test_entropy(value: str, bits: float) -> None:
    assert entropy(value) == pytest.approx(bits)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("9f86d081884c7d659a2feaa0c55ad015", True),
        ("F-~KQ8bKSeTxBKdZSS6woHSs9C", True),
        ("your_secret_key_here", False),
        ("production-2024-client", False),
        ("config.get(k1, k2, k3)", False),
        ("a1b2c3", False),
        ("aaaaaaaaaaaa1111", False),
    ],
)
def test_keys(value: str, *, expected: bool) -> None:
    assert is_random_key(value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("HelloCockro@ch123", True),
        ("Tr0ub4dor&3", True),
        ("password", False),
        ("getPassword()", False),
        ("user_password1", False),
        ("%(password)s1A!", False),
        ("AAAAAAa1", False),
    ],
)
def test_passwords(value: str, *, expected: bool) -> None:
    assert is_password(value) is expected


def test_tokens_are_no_placeholders() -> None:
    assert is_token("ghp_16C7e42F292c6912E7710c838347Ae178B4a")
    assert not is_token("ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", True),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0", False),
        ("eyJ0eXAiOiJKV1QifQ.eyJzdWIiOiIxIn0.c2ln", False),
        ("WyJhbGciXQ.eyJzdWIiOiIxIn0.c2ln", False),
        ("%%%.b.c", False),
    ],
)
def test_json_web_tokens(value: str, *, expected: bool) -> None:
    assert is_jwt(value) is expected
