"""The checks that the fake of a kind must fail."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

import regex  # type: ignore[import-untyped]

from isinglass.transforms.pii.catalogue import load_catalogue
from isinglass.transforms.pii.checks.table import CHECKS
from isinglass.transforms.pii.normalised import country_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from isinglass.transforms.pii.surrogates.shape import Check

    Guarded = tuple[tuple[regex.Pattern[str], ...], Callable[[str], bool]]


@cache
def catalogue_check(entity: str) -> Check | None:
    """Whether a check that the catalogue has for an entity accepts a value.

    The check of a national id looks at its length itself. That of a wallet may take
    anything that the pattern of its entry lets through, so the pattern is asked too.

    Returns:
        None if it has none.
    """
    guarded: list[Guarded] = []
    for entry in load_catalogue():
        if entry.entity == entity and entry.check:
            patterns = () if country_of(entity) else entry.patterns
            compiled = tuple(regex.compile(p.regex) for p in patterns)
            guarded.append((compiled, CHECKS[entry.check]))
    return partial(_any_accepts, tuple(guarded)) if guarded else None


def _any_accepts(guarded: tuple[Guarded, ...], value: str) -> bool:
    return any(
        check(value)
        for patterns, check in guarded
        if not patterns or any(pattern.fullmatch(value) for pattern in patterns)
    )
