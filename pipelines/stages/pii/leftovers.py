"""What is probably left of personal data: for the head of the report, and to warn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from isinglass.pipelines.report.text import decimal, grouped
from isinglass.pipelines.stages.pii.recall import NO_NAMES, expected_leftovers
from isinglass.schemas.config import PiiConfig
from isinglass.schemas.manifest import ExpectedLeftovers, Manifest, Recall
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.language import UNDETERMINED, primary_language
from isinglass.transforms.pii.canaries.fakes import PERSON

FEW = 30
"""Planted values below which a share says little; such cells are marked."""

WEAK_SHARE = 0.9
"""Cells with a smaller share found are marked, and such kinds warned of."""

LEAST_UNREAD = 0.01
"""Share of the text in languages without a model that is worth a warning."""

MOST_NAMED = 5
"""Kinds that are told one by one."""

SEARCHED = (
    "Personal data was searched for by program alone: a person may still be "
    "recognised from what a text tells of them."
)


def remarks(manifest: Manifest) -> list[str]:
    """What is expected to be left, was not looked for, and could not be measured."""
    if manifest.config.get("pii") is None:
        return []
    left = _left(manifest.findings, manifest.recall)
    said = []
    # Where too few of every kind were planted, nothing found missing means nothing.
    if left or any(one.planted >= FEW for one in manifest.recall.values()):
        said.append(_left_sentence(left))
    few = [kind for kind, one in manifest.recall.items() if one.planted < FEW]
    if few:
        named, more = ", ".join(few[:MOST_NAMED]), len(few) - MOST_NAMED
        rest = f" and {more} more" if more > 0 else ""
        said.append(
            f"Too few were planted of {named}{rest} to say how many of them are missed."
        )
    if manifest.not_measured.get(PERSON) == NO_NAMES:
        said.append("Names of people were not searched for: pii.mode is identifiers.")
    return [*said, *_not_measured(manifest.not_measured), SEARCHED]


def short(manifest: Manifest) -> str:
    """What is left in a few words, or that it is not known."""
    if not manifest.recall:
        return "what was missed was not measured"
    left = _left(manifest.findings, manifest.recall)
    total = sum(one.expected or 0.0 for one in left.values())
    if _rounded(total) == "0":
        return "less than one probably left"
    return f"about {_rounded(total)} probably left"


def weak_recall(told: Mapping[str, Any]) -> list[str]:
    """A warning about kinds that occur, and of which many are missed."""
    recall: Mapping[str, Recall] = told.get("recall", {})
    left = _left(told.get("findings", {}), recall)
    weak = [
        f"{entity} ({100 * recall[entity].recall:.1f} %, so about "
        f"{one.expected or 0.0:,.0f} are left)"
        for entity, one in left.items()
        if recall[entity].planted >= FEW and recall[entity].recall < WEAK_SHARE
    ]
    if not weak:
        return []
    named, more = ", ".join(weak[:MOST_NAMED]), len(weak) - MOST_NAMED
    rest = f" and {more} more kinds" if more > 0 else ""
    return [f"Fewer than nine of ten planted ones were found of {named}{rest}."]


def unread_languages(
    pii: PiiConfig | None, statistics: Iterable[Statistic]
) -> list[str]:
    """A warning about text in languages that no model of names reads."""
    if pii is None or pii.mode == "identifiers" or PERSON not in pii.entities:
        return []
    characters = {
        row.language: row.value
        for row in statistics
        if (row.metric, row.when, row.source) == ("characters", "output", None)
    }
    total = characters.pop(None, 0.0)
    unread = {
        language: value / total
        for language, value in characters.items()
        if language not in (None, UNDETERMINED)
        and primary_language(language) not in pii.languages
        and total
    }
    if sum(unread.values()) < LEAST_UNREAD:
        return []
    most = sorted(unread, key=lambda name: (-unread[name], name))
    named = ", ".join(f"{n} {100 * unread[n]:.1f} %" for n in most[:MOST_NAMED])
    rest = f" and {len(most) - MOST_NAMED} more" if len(most) > MOST_NAMED else ""
    said = f"{100 * sum(unread.values()):.1f} % of the text is in languages without a "
    return [f"{said}model of names ({named}{rest}): no names were looked for in it."]


def _left(
    findings: Mapping[str, Any], recall: Mapping[str, Recall]
) -> dict[str, ExpectedLeftovers]:
    """Kinds of which at least one is expected to be left, most first."""
    left = expected_leftovers(findings, recall)
    some = [(e, one) for e, one in left.items() if _rounded(one.expected or 0.0) != "0"]
    return dict(sorted(some, key=lambda pair: (-(pair[1].expected or 0.0), pair[0])))


def _left_sentence(left: Mapping[str, ExpectedLeftovers]) -> str:
    if not left:
        return "Of no kind that was measured is even one expected to be left."
    parts = [
        f"{_rounded(one.expected or 0.0)} {entity}" for entity, one in left.items()
    ]
    more = len(parts) - MOST_NAMED
    rest = f" and some of {more} more kinds" if more > 0 else ""
    return f"Probably left in the texts: {', '.join(parts[:MOST_NAMED])}{rest}."


def _not_measured(reasons: Mapping[str, str]) -> Iterator[str]:
    """One sentence for each reason; names that were not looked for are told before."""
    by_reason: dict[str, list[str]] = {}
    for entity, why in reasons.items():
        if why != NO_NAMES:
            by_reason.setdefault(why, []).append(entity)
    for why, entities in by_reason.items():
        named, more = ", ".join(entities[:MOST_NAMED]), len(entities) - MOST_NAMED
        rest = f" and {more} more" if more > 0 else ""
        yield f"Not measured how much is missed of {named}{rest}: {why}."


def _rounded(number: float) -> str:
    """Whole, but for small numbers."""
    small = 10
    return decimal(number, 1) if 1 <= number < small else grouped(number)
