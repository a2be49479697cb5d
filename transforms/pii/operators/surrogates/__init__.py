"""Surrogates: made-up values of the same form, which are nobody's."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING

import regex  # type: ignore[import-untyped]

from isinglass.schemas.config.kinds import known_kinds
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
from isinglass.transforms.pii.plain import plain_value

if TYPE_CHECKING:
    from isinglass.transforms.pii.operators.surrogates.shape import Check

    Looks = Callable[[str], bool]
    Maker = Callable[[str, Stream], str | None]
    Guarded = tuple[tuple[regex.Pattern[str], ...], Callable[[str], bool]]

_TRUNK_GROUP = regex.compile(" 0[0-9]{3} ")

_RULES: dict[str, tuple[Maker | None, Looks | None]] = {
    "card": (fake_card, is_fake_card),
    "email": (fake_email, is_fake_email),
    "iban": (fake_iban, is_fake_iban),
    "ip": (fake_address, is_fake_address),
    "person": (fake_person, None),
    "phone": (fake_phone, is_fake_phone),
    "secret": (fake_credential, is_fake_credential),
}


def _rule(entity: str) -> tuple[Maker | None, Looks | None]:
    """What makes fakes of a kind, and what tells them; None where there is none."""
    span = range_of(entity)
    if span is not None:
        return partial(fake_number, span), partial(is_fake_number, span)
    return _RULES.get(kind_of(entity), (None, None))


def surrogate(entity: str, value: str, mark: str) -> str:
    """A made-up value of the same form.

    It depends on the key, the entity and the normalised value alone, and on how the
    value is written, so no state is shared and every spelling of a value gets the same
    fake, spelled alike, but always in plain characters: one of full width or with
    invisible characters would be in no reserved range for who reads it as it stands.
    Different values may get the same fake where the docstring of the kind says that
    there are few. The fake of a kind that has no reserved range is one for which the
    checks of the catalogue do not hold.

    It is drawn again while digits in it pass as a payment card, or the whole as an
    identity number of another kind: the fake of one kind must not be found as another.
    """
    stream, value = Stream(mark), plain_value(value)
    fake = _made(entity, value, stream)
    for _ in range(MOST_TRIES):
        if not holds_card(fake) and not _is_another(entity, fake):
            break
        fake = _made(entity, value, stream)
    return fake


def _made(entity: str, value: str, stream: Stream) -> str:
    maker, looks = _rule(entity)
    fake = None if maker is None else maker(value, stream)
    if fake is not None:
        return fake
    check = catalogue_check(entity) if looks is None else partial(_is_not, looks)
    return shaped(entity, value, stream, check)


def may_be_surrogate(entity: str, fake: str) -> bool:
    """Whether a text could be a surrogate, for who has neither value nor key.

    True for kinds without a reserved range, whose surrogates look like any value.
    """
    looks = _rule(entity)[1]
    return not fake or looks is None or looks(fake)


def _is_not(looks: Looks, fake: str) -> bool:
    return not looks(fake)


def _is_another(entity: str, fake: str) -> bool:
    """Whether a fake is an identity number of another kind that needs no word.

    Or its last groups may be dialled: `957 0805 1280 87`.
    """
    if range_of(entity) is None and _TRUNK_GROUP.search(fake):
        return country_of(entity) is not None
    return any(
        check(fake)
        for other, pattern, check in _certain_numbers()
        if other != entity and pattern.fullmatch(fake)
    )


@cache
def _certain_numbers() -> tuple[tuple[str, regex.Pattern[str], Looks], ...]:
    """Patterns with a check of identity numbers that count without a word."""
    return tuple(
        (entry.entity, regex.compile(pattern.regex), entry.check)
        for entry in load_catalogue()
        if entry.check is not None and country_of(entry.entity) is not None
        for pattern in entry.recognizer.patterns
        if pattern.score >= known_kinds()[entry.entity].threshold
        or entry.recognizer.proof != "never"
    )


@cache
def catalogue_check(entity: str) -> Check | None:
    """Whether a check that the catalogue has for an entity accepts a value.

    So do national ids that begin with 0: they look like phone numbers with a trunk
    prefix, and the fake of one kind must not be found as another.

    The check of a national id looks at its length itself; one without check digits is
    accepted by its pattern. The check of a wallet may take anything that the pattern
    of its entry lets through, so the pattern is asked too.
    None if it has none and is no national id.
    """
    national = country_of(entity) is not None
    guarded: list[Guarded] = []
    for entry in load_catalogue():
        if entry.entity == entity and (entry.check or national):
            patterns = () if national and entry.check else entry.recognizer.patterns
            compiled = tuple(regex.compile(pattern.regex) for pattern in patterns)
            guarded.append((compiled, entry.check or bool))
    if not guarded and not national:
        return None

    def accepts(value: str) -> bool:
        if national and value.startswith("0"):
            return True
        return any(
            check(value)
            for patterns, check in guarded
            if not patterns or any(pattern.fullmatch(value) for pattern in patterns)
        )

    return accepts
