"""The checks that the files of `resources/recognizers` name, and their checksums."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any

from isinglass.schemas.errors import ConfigError
from isinglass.transforms.pii.checks.digits import (
    compact,
    passes_luhn,
    passes_verhoeff,
    weighted,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from isinglass.schemas.config.kinds import Checksum

    ValueCheck = Callable[[str], bool]

_PACKAGE = __name__.rpartition(".")[0]


def named_check(name: str, where: str) -> ValueCheck:
    """The function that says whether the check of a value holds.

    It is given the value as it stands in the text, with or without separators.

    Args:
        name: `module.function` of this package.
        where: File and key, for the message.

    Raises:
        ConfigError: There is no such function.
    """
    module, _, function = name.partition(".")
    try:
        found: Any = importlib.import_module(f"{_PACKAGE}.{module}")
        check: ValueCheck = getattr(found, function)
    except (ImportError, AttributeError):
        msg = (
            f"{where}: {name} is no function of transforms/pii/checks. Write "
            "module.function, such as brazil.is_cpf, or give a checksum instead"
        )
        raise ConfigError(msg) from None
    return check


def holds(checksum: Checksum, value: str) -> bool:
    """Whether a value has the form of a checksum, and its check digit fits.

    One that repeats a single character passes many checks and is nobody's: it fails.
    """
    number = compact(value)
    if re.fullmatch(checksum.form, number) is None or len(set(number)) == 1:
        return False
    digits = [int(character, 36) for character in number]
    if checksum.kind == "luhn":
        return passes_luhn(digits)
    if checksum.kind == "verhoeff":
        return passes_verhoeff(digits)
    return weighted(digits, checksum.weights) % checksum.modulo == 0
