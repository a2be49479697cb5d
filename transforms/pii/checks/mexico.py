"""Mexican identity numbers: CURP, RFC of people, and the key of voters."""

from __future__ import annotations

import re

from isinglass.transforms.pii.checks.digits import compact, is_date, is_day, weighted

_CURP_CHARACTERS = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
"""Values of characters: RENAPO, Instructivo normativo para la asignación de la CURP."""

_RFC_CHARACTERS = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"
_RFC_CHECKS = "0A987654321"
"""By remainder: Servicio de Administración Tributaria, algorithm of the homoclave."""

_CURP = re.compile(r"[A-ZÑ]{4}([0-9]{6})[HMX][A-ZÑ]{5}([0-9A-Z])[0-9]")
_RFC = re.compile(r"[A-ZÑ&]{4}([0-9]{6})(?:[1-9A-NP-V][1-9A-NP-Z][0-9A])?")
_VOTER = re.compile(r"[A-ZÑ]{6}([0-9]{6})([0-9]{2})[HM][0-9]{3}")

_RFC_LENGTH = 13
_STATES = frozenset({*range(1, 33), 87, 88})
"""Of birth; the last two are abroad: Instituto Nacional Electoral."""


def is_curp(value: str) -> bool:
    """Whether birth date and check digit of a CURP hold (weights 18 to 2, mod 10).

    The last but one character is a letter for births since 2000.
    """
    number = compact(value)
    written = _CURP.fullmatch(number)
    if written is None:
        return False
    year, month, day = (int(written[1][at : at + 2]) for at in (0, 2, 4))
    recent = written[2].isalpha()
    born = is_date(2000 + year, month, day) if recent else _is_day(written[1])
    values = [_CURP_CHARACTERS.index(character) for character in number]
    return born and weighted(values, range(18, 0, -1)) % 10 == 0


def is_rfc(value: str) -> bool:
    """Whether birth date and check character of an RFC hold (weights 13 to 2, mod 11).

    About one in a hundred was given with another check character.
    """
    number = compact(value)
    if len(number) != _RFC_LENGTH or not has_rfc_form(value):
        return False
    values = [_RFC_CHARACTERS.index(character) for character in number[:-1]]
    return _RFC_CHECKS[weighted(values, range(13, 1, -1)) % 11] == number[-1]


def has_rfc_form(value: str) -> bool:
    """Whether letters and birth date of an RFC hold, with or without what follows.

    The two characters before the last are never 0 or O, so that the numbers of the
    general public and of foreigners without one, such as XAXX010101000, are none.
    """
    written = _RFC.fullmatch(compact(value))
    return written is not None and _is_day(written[1])


def is_voter_key(value: str) -> bool:
    """Whether birth date and state of birth in the key of a voter exist."""
    written = _VOTER.fullmatch(compact(value))
    return written is not None and _is_day(written[1]) and int(written[2]) in _STATES


def _is_day(digits: str) -> bool:
    return is_day([int(digit) for digit in digits])
