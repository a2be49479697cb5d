"""What `weat`, `seat` and `ceat` have in common: results, statistics, and the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.svg import Effect, effects
from isinglass.pipelines.report.text import decimal, grouped, shorten
from isinglass.pipelines.stages.encode.evaluation.kind import Measured
from isinglass.pipelines.statistics import RUN
from isinglass.schemas.associations import LEAST_WORDS
from isinglass.schemas.errors import InputError
from isinglass.schemas.evaluation import (
    AssociationResult,
    Associations,
    FoundWords,
    NotDone,
)
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.associations.permutation import holm
from isinglass.transforms.draws import salt

if TYPE_CHECKING:
    from isinglass.transforms.associations.lists import Test, Tests

LEVEL = 0.05
"""Corrected probability below which an effect is called significant."""

_EACH = ("group",)
_LONGEST_LIST = 200
_LEAST_SHOWN = 1e-15


def metrics(kind: str) -> dict[str, tuple[str, ...]]:
    """Ids of the statistics of a kind, and the columns that each is told by."""
    by_test = ("effect_size", "p", "p_holm", "words_found")
    overall = ("mean_absolute_effect_size", "significant", "tests")
    return {
        **{f"{kind}.{name}": _EACH for name in by_test},
        **{f"{kind}.{name}": () for name in overall},
    }


@dataclass(frozen=True)
class Found:
    """Results, not yet corrected for how many they are, and tests without one."""

    results: tuple[AssociationResult, ...]
    not_done: tuple[NotDone, ...]


def words_of(test: Test, known: Callable[[str], bool]) -> list[FoundWords]:
    """Words of each set of a test that can be used, and those that cannot."""
    told = []
    for one in test.sets:
        missing = [word for word in one.words if not known(word)]
        found = len(one.words) - len(missing)
        told.append(FoundWords(name=one.name, found=found, missing=missing))
    return told


def too_few(words: Sequence[FoundWords], why: str) -> str:
    """Why a test cannot be done; empty if every set has enough words."""
    for one in words:
        if one.found < LEAST_WORDS:
            size = one.found + len(one.missing)
            lacking = shorten(", ".join(one.missing), _LONGEST_LIST)
            return (
                f"of the {size} words of {one.name} {one.found} {why}, and at least "
                f"{LEAST_WORDS} are needed. Missing: {lacking}."
            )
    return ""


def key_of(kind: str, test: str, seed: int) -> int:
    """The key of what is drawn for a test, whatever other tests there are."""
    return salt(kind, test, seed)


def summary(kind: str, found: Found) -> Associations:
    """All results of a kind, corrected for how many they are.

    Raises:
        InputError: None of the tests could be done.
    """
    if not found.results:
        first = found.not_done[0]
        raise InputError(
            f"{kind}: none of the {len(found.not_done)} tests can be done. "
            f"{first.id}: {first.why}"
        )
    adjusted = holm(np.array([one.p for one in found.results]))
    tests = [
        one.model_copy(update={"p_holm": float(p)})
        for one, p in zip(found.results, adjusted, strict=True)
    ]
    mean = float(np.mean([abs(one.effect_size) for one in tests]))
    return Associations(
        tests=tests,
        not_done=list(found.not_done),
        mean_absolute_effect_size=mean,
    )


@dataclass(frozen=True)
class Telling:
    """What is said of a kind of test, whatever came out.

    Attributes:
        bar: What the bars of the picture are.
        note: What is to be known of the probabilities.
    """

    kind: str
    title: str
    bar: str
    note: str


def told(telling: Telling, part: Associations, tests: Tests) -> Measured:
    """Statistics, the part of the page, and lines for a terminal."""
    kind = telling.kind
    warnings = tuple(
        f"{kind.upper()} {one.id} was not done: {one.why.partition('. Missing')[0]}."
        for one in part.not_done
    )
    return Measured(
        part=part,
        statistics=tuple(_statistics(kind, part)),
        section=_section(telling, part),
        lines=tuple(_lines(kind, part)),
        lexicons=tests.entries,
        warnings=warnings,
    )


def _statistics(kind: str, part: Associations) -> list[Statistic]:
    def row(name: str, value: float, unit: str, **columns: Any) -> Statistic:
        return Statistic(f"{kind}.{name}", value, unit, RUN, **columns)

    rows = []
    for one in part.tests:
        low, high = _interval(one)
        found = sum(words.found for words in one.words)
        size = found + sum(len(words.missing) for words in one.words)
        rows += [
            row(
                "effect_size",
                one.effect_size,
                "standard deviations",
                group=one.id,
                low=low,
                high=high,
            ),
            row("p", one.p, "probability", group=one.id),
            row("p_holm", one.p_holm, "probability", group=one.id),
            row(
                "words_found",
                found / size,
                "share",
                group=one.id,
                numerator=found,
                denominator=size,
            ),
        ]
    significant = sum(one.p_holm < LEVEL for one in part.tests)
    mean = part.mean_absolute_effect_size
    return [
        *rows,
        row("mean_absolute_effect_size", mean, "standard deviations"),
        row("significant", significant, "tests"),
        row("tests", len(part.tests), "tests"),
    ]


def _interval(one: AssociationResult) -> tuple[float | None, float | None]:
    """95 % of a combined effect; that of one set of words has none."""
    effects_ = one.random_effects
    return (effects_.low, effects_.high) if effects_ else (None, None)


def _bar(one: AssociationResult) -> tuple[float, float]:
    if one.random_effects is not None:
        return one.random_effects.spread_low, one.random_effects.spread_high
    assert one.permutations is not None
    return one.permutations.low, one.permutations.high


def _section(telling: Telling, part: Associations) -> page.Section:
    rows = [
        Effect(one.id, one.effect_size, *_bar(one), one.p_holm < LEVEL)
        for one in part.tests
    ]
    drawn = page.Figure(
        effects(rows, f"Effect sizes, and {telling.bar}"), _caption(telling.bar)
    )
    heads = page.columns(
        "<Test", "<What is compared", "Effect size", "p", "p by Holm", "<How", "Words"
    )
    rows_ = [_row(one) for one in part.tests]
    table = page.table("Effects", heads, rows_, note=telling.note)
    made: list[page.Block] = [drawn, table]
    missing = [
        f"{one.id}, {words.name}: {', '.join(words.missing)}"
        for one in part.tests
        for words in one.words
        if words.missing
    ]
    if missing:
        made.append(page.Fold("Words that could not be used", lines=tuple(missing)))
    if part.not_done:
        heads = page.columns("<Test", "<What is compared", "<Why it was not done")
        lines = [[one.id, one.title, one.why] for one in part.not_done]
        made.append(page.table("Not done", heads, lines))
    return page.Section(telling.kind, telling.title, tuple(made), said=_said(part))


def _caption(bar: str) -> str:
    return (
        f"A dot is an effect size, from -2 to 2: above 0 the first targets go with the "
        f"first attributes. A bar is {bar}. Marked dots are significant at "
        f"{LEVEL:g} after Holm's correction."
    )


def _row(one: AssociationResult) -> list[page.Cell | str]:
    found = sum(words.found for words in one.words)
    size = found + sum(len(words.missing) for words in one.words)
    return [
        page.Cell(one.id),
        one.title,
        page.Cell(decimal(one.effect_size, 3)),
        page.Cell(_probability(one.p)),
        page.Cell(_probability(one.p_holm)),
        _how(one),
        page.Cell(f"{grouped(found)} of {grouped(size)}"),
    ]


def _how(one: AssociationResult) -> str:
    if one.random_effects is not None:
        drawn = one.random_effects
        return f"{grouped(drawn.sets)} sets, seed {drawn.seed}"
    assert one.permutations is not None
    found = one.permutations
    more = (
        f"{grouped(found.greater)} of {grouped(found.partitions)} partitions give more"
    )
    return f"{more}; all" if found.exact else f"{more}; drawn, seed {found.seed}"


def _probability(p: float) -> str:
    if p < _LEAST_SHOWN:
        return f"<{_LEAST_SHOWN:g}"
    return f"{p:.4f}" if p >= 0.001 else f"{p:.1e}"  # noqa: PLR2004 - digits


def _said(part: Associations) -> str:
    significant = sum(one.p_holm < LEVEL for one in part.tests)
    count = len(part.tests)
    return (
        f"p by Holm is below {LEVEL:g} in {grouped(significant)} of {grouped(count)} "
        f"tests; mean effect without sign {decimal(part.mean_absolute_effect_size)}."
    )


def _lines(kind: str, part: Associations) -> list[str]:
    lines = [f"{kind.upper()}: {_said(part)}"]
    lines += [
        f"  {one.id}: d {one.effect_size:+.3f}, p {_probability(one.p)}, by Holm "
        f"{_probability(one.p_holm)}"
        for one in part.tests
    ]
    return lines
