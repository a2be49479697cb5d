"""Whether a string looks drawn at random, as keys and tokens are."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections import Counter
from itertools import pairwise

_TOKEN_BITS = 2.8
_KEY_BITS = 3.2
_KEY_LENGTH = 12
_WORD = 7
_JWT_PARTS = 3


def entropy(value: str) -> float:
    """Bits of information a character, by the counts of characters (Shannon 1948)."""
    counts = Counter(value).values()
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts)


def is_token(value: str) -> bool:
    """Whether what follows a known prefix is no placeholder such as xxxx or your-key.

    It has many different characters, and digits or both small letters and capitals.
    """
    mixed = value.lower() != value and any(char.islower() for char in value)
    return entropy(value) >= _TOKEN_BITS and (mixed or any(c.isdigit() for c in value))


def is_random_key(value: str) -> bool:
    """Whether a value is a key and no word, name, path or call.

    It has letters and digits, at least three changes between them, and more
    information a character than words have. The threshold of 3.2 bits lies between
    file names and hex strings of 32 characters (3.5 to 3.9).
    """
    if len(value) < _KEY_LENGTH or entropy(value) < _KEY_BITS:
        return False
    kinds = [char.isdigit() for char in value if char.isalnum()]
    changes = sum(one != two for one, two in pairwise(kinds))
    return changes >= 3 and not any(c in "(){}[]<>$ " for c in value)  # noqa: PLR2004


def is_password(value: str) -> bool:
    """Whether a quoted value is a password and no word: three kinds of characters.

    Kinds are small letters, capitals, digits and other signs.
    """
    if any(char in "(){}[]<>$% \\" for char in value) or entropy(value) < _TOKEN_BITS:
        return False
    kinds = (
        any(char.islower() for char in value),
        any(char.isupper() for char in value),
        any(char.isdigit() for char in value),
        any(not char.isalnum() for char in value.replace("_", "").replace(".", "")),
    )
    return kinds[2] and sum(kinds) >= 3  # noqa: PLR2004


def is_jwt(value: str) -> bool:
    """Whether the header of a JSON web token is JSON with an algorithm (RFC 7515)."""
    parts = value.split(".")
    if len(parts) < _JWT_PARTS:
        return False
    head = parts[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (binascii.Error, ValueError):
        return False
    return isinstance(header, dict) and "alg" in header
