"""The checks that the fake of a kind must fail."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

import regex  # type: ignore[import-untyped]

from isinglass.transforms.pii.catalogue import load_catalogue
from isinglass.transforms.pii.operators.normalised import country_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from isinglass.transforms.pii.operators.surrogates.shape import Check

    Guarded = tuple[tuple[regex.Pattern[str], ...], Callable[[str], bool]]


@cache
def catalogue_check(entity: str) -> Check | None:
    """Whether a check that the catalogue has for an entity accepts a value.

    So do national ids that begin with 0: they look like phone numbers with a trunk
    prefix, and the fake of one kind must not be found as another.

    The check of a national id looks at its length itself; one without check digits is
    accepted by its pattern. The check of a wallet may take anything that the pattern
    of its entry lets through, so the pattern is asked too.

    Returns:
        None if it has none and is no national id.
    """
    guarded: list[Guarded] = []
    for entry in load_catalogue():
        if entry.entity != entity or not (entry.check or country_of(entity)):
            continue
        patterns = () if country_of(entity) and entry.check else entry.patterns
        compiled = tuple(regex.compile(p.regex) for p in patterns)
        guarded.append((compiled, entry.check or bool))
    check = partial(_any_accepts, tuple(guarded)) if guarded else None
    return partial(_is_national, check) if country_of(entity) else check


def _is_national(check: Check | None, value: str) -> bool:
    return value.startswith("0") or (check is not None and check(value) is True)


def _any_accepts(guarded: tuple[Guarded, ...], value: str) -> bool:
    return any(
        check(value)
        for patterns, check in guarded
        if not patterns or any(pattern.fullmatch(value) for pattern in patterns)
    )
