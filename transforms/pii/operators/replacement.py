"""What happens to a finding: replaced, masked, generalised, a surrogate or other."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import lru_cache

from isinglass.schemas.config import PiiConfig
from isinglass.transforms.characters import without_marks
from isinglass.transforms.edits.edits import Write, Written
from isinglass.transforms.pii.operators.generalise import generalise
from isinglass.transforms.pii.operators.normalised import normalised
from isinglass.transforms.pii.operators.surrogates import surrogate

LEAST_KEY = 16
"""Characters; shorter secrets can be guessed from a list of hashed values."""

KEY_DIGITS = 32
"""Hexadecimal digits of a value key: 128 bits, so that equal keys mean equal values."""

HASH_DIGITS = 16
"""Hexadecimal digits in the text, where the hash operator puts them."""

_REMEMBERED_VALUES, _REMEMBERED_CHARS = 16_384, 128
"""Bounds of the memo: the same names and addresses come again and again in a corpus.
At most 16,384 values of up to 128 code points, some megabytes a process."""


def value_key(key: bytes, entity: str, value: str) -> str:
    """Keyed mark of a value: equal for equal values under one key, else unlinkable.

    Spellings that `normalised` makes equal have equal marks.
    """
    message = f"{entity}\0{normalised(entity, value)}".encode()
    return hmac.digest(key, message, "sha256").hex()[:KEY_DIGITS]


_OPERATORS: dict[str, Callable[[str, str, str], str]] = {
    "replace": lambda entity, _value, _mark: f"<{entity}>",
    "mask": lambda _entity, value, _mark: "".join(
        "*" if char.isalnum() else char for char in without_marks(value)
    ),
    "redact": lambda _entity, _value, _mark: "",
    "generalise": lambda entity, value, _mark: generalise(entity, value),
    "hash": lambda entity, _value, mark: f"<{entity}:{mark[:HASH_DIGITS]}>",
    "surrogate": surrogate,
    "keep": lambda _entity, value, _mark: value,
}


def operate(operator: str, entity: str, value: str, mark: str) -> str:
    """What an operator puts in the place of a value.

    The mark is its value key. Surrogates are drawn from it, so that they can be proved
    without the secret key; to who has no key it is noise.

    Raises:
        ValueError: There is no such operator.
    """
    if operator in _OPERATORS:
        return _OPERATORS[operator](entity, value, mark)
    raise ValueError(f"operator {operator!r} is not known")


def writer(config: PiiConfig, key: bytes) -> Write:
    """Make what says which value takes the place of a found one, under a secret key.

    It remembers what it wrote last, so keep it for many batches.
    """

    def write(entity: str, value: str) -> Written:
        operator = config.settings_of(entity).operator
        mark = value_key(key, entity, value)
        return Written(operator, operate(operator, entity, value, mark), mark)

    remembered = lru_cache(maxsize=_REMEMBERED_VALUES)(write)

    def write_remembering(entity: str, value: str) -> Written:
        short = len(value) <= _REMEMBERED_CHARS
        return remembered(entity, value) if short else write(entity, value)

    return write_remembering
