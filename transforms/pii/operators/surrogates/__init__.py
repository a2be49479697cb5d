"""Surrogates: made-up values of the same form, which are nobody's."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

import regex  # type: ignore[import-untyped]

from isinglass.transforms.pii.catalogue import load_catalogue
from isinglass.transforms.pii.operators.normalised import country_of, kind_of
from isinglass.transforms.pii.operators.surrogates.credentials import (
    fake_credential,
    is_fake_credential,
)
from isinglass.transforms.pii.operators.surrogates.numbers import (
    fake_card,
    fake_iban,
    holds_card,
    is_fake_card,
    is_fake_iban,
)
from isinglass.transforms.pii.operators.surrogates.persons import fake_person
from isinglass.transforms.pii.operators.surrogates.phones import (
    fake_phone,
    is_fake_phone,
)
from isinglass.transforms.pii.operators.surrogates.ranges import (
    fake_address,
    fake_email,
    fake_number,
    is_fake_address,
    is_fake_email,
    is_fake_number,
    range_of,
)
from isinglass.transforms.pii.operators.surrogates.shape import (
    MOST_TRIES,
    Stream,
    shaped,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from isinglass.transforms.pii.operators.surrogates.shape import Check

    Maker = Callable[[str, Stream], str | None]
    Guarded = tuple[tuple[regex.Pattern[str], ...], Callable[[str], bool]]

_MAKERS: dict[str, Maker] = {
    "card": fake_card,
    "email": fake_email,
    "iban": fake_iban,
    "ip": fake_address,
    "phone": fake_phone,
}
_MARKS: dict[str, Callable[[str], bool]] = {
    "card": is_fake_card,
    "email": is_fake_email,
    "iban": is_fake_iban,
    "ip": is_fake_address,
    "phone": is_fake_phone,
    "secret": is_fake_credential,
}


def surrogate(entity: str, value: str, mark: str, check: Check | None = None) -> str:
    """A made-up value of the same form.

    It depends on the key, the entity and the normalised value alone, and on how the
    value is written, so no state is shared and every spelling of a value gets the same
    fake, spelled alike. Different values may get the same fake where the docstring of
    the kind says that there are few.

    It is drawn again while digits in it pass as a payment card, of whatever kind it is:
    the fake of one kind must not be found as another.

    Args:
        entity: Kind of the value; one without a rule of its own keeps its shape.
        value: As it stands in the text; an empty one stays empty.
        mark: Its value key.
        check: Whether the check digits of a normalised value hold; the fake of a kind
            that has no reserved range is one for which they do not. By default the
            checks of the catalogue.
    """
    stream = Stream(mark)
    fake = _made(entity, value, stream, check)
    for _ in range(MOST_TRIES):
        if not holds_card(fake):
            break
        fake = _made(entity, value, stream, check)
    return fake


def _made(entity: str, value: str, stream: Stream, check: Check | None) -> str:
    looks = _looks_of(entity)
    if check is None:
        check = catalogue_check(entity) if looks is None else partial(_is_not, looks)
    kind = kind_of(entity)
    fake: str | None = None
    if kind == "secret" and value:
        return fake_credential(value, stream)
    if kind == "person":
        fake = fake_person(value, stream)
        fake = fake if fake != value else None
    elif (span := range_of(entity)) is not None:
        fake = fake_number(span, value, stream)
    elif kind in _MAKERS:
        fake = _MAKERS[kind](value, stream)
    return shaped(entity, value, stream, check) if fake is None else fake


def may_be_surrogate(entity: str, fake: str) -> bool:
    """Whether a text could be a surrogate, for who has neither value nor key.

    True for kinds without a reserved range, whose surrogates look like any value.
    """
    looks = _looks_of(entity)
    return not fake or looks is None or looks(fake)


def _looks_of(entity: str) -> Callable[[str], bool] | None:
    span = range_of(entity)
    if span is not None:
        return partial(is_fake_number, span)
    return _MARKS.get(kind_of(entity))


def _is_not(looks: Callable[[str], bool], fake: str) -> bool:
    return not looks(fake)


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
