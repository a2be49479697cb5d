"""What is probably left of personal data: for the head of the report, and to warn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from isinglass.pipelines.report.text import decimal, grouped
from isinglass.pipelines.stages.pii.recall import NO_NAMES, expected_leftovers
from isinglass.schemas.config import PiiConfig, RunConfig
from isinglass.schemas.manifest import ExpectedLeftovers, Manifest, Recall
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.language import UNDETERMINED, primary_language
from isinglass.transforms.pii.canaries.fakes import PERSON

FEW = 30
"""Planted values below which a share says little; such cells are marked."""

WEAK_SHARE = 0.9
"""Cells with a smaller share found are marked, and such kinds warned of."""

UNREAD = "pii.unread"

MOST_UNREAD = 0.01
"""Share of the text in languages without a model above which a run warns."""

MOST_NAMED = 5
"""Kinds that are told one by one."""

SEARCHED = (
    "Personal data was searched for by program alone: a person may still be "
    "recognised from what a text tells of them."
)


def remarks(manifest: Manifest) -> list[str]:
    """What is expected to be left, and could not be measured."""
    if manifest.config.get("pii") is None:
        return []
    left = _left(manifest.findings, manifest.recall)
    said = []
    # Where too few of every kind were planted, nothing found missing means nothing.
    blind = _blind(manifest.recall)
    if left or any(one.planted >= FEW for one in manifest.recall.values()):
        said += [_left_sentence(left)] if left or not blind else []
    if blind:
        named = ", ".join(blind[:MOST_NAMED])
        said.append(f"Nothing planted was found of {named}: any number may be left.")
    said += _too_few(manifest.findings, manifest.recall, occur=False)
    return [*said, *_not_measured(manifest.not_measured), SEARCHED]


def unsought(manifest: Manifest) -> list[str]:
    """Names, where they were not looked for."""
    if manifest.not_measured.get(PERSON) != NO_NAMES:
        return []
    return ["Names of people were not searched for: pii.mode is identifiers."]


def advice(manifest: Manifest) -> list[str]:
    """What to look at next: misses where some are to be expected."""
    if manifest.verb == "audit" or manifest.config.get("pii") is None:
        return []
    if not _left(manifest.findings, manifest.recall) and not _blind(manifest.recall):
        return []
    command = "`isinglass review RUN --kept`"
    return [f"Read passages of kept texts for what was missed: {command}."]


def short(manifest: Manifest) -> str:
    """What is left in a few words, or that it is not known."""
    if not manifest.recall:
        return "what was missed was not measured"
    left = _left(manifest.findings, manifest.recall)
    total = sum(one.expected or 0.0 for one in left.values())
    if _blind(manifest.recall):
        return "of some kinds any number may be left"
    if _rounded(total) == "0":
        return "less than one probably left"
    return f"about {_rounded(total)} probably left"


def small_samples(told: Mapping[str, Any]) -> list[str]:
    """A warning about kinds that occur, and of which too few were planted."""
    return _too_few(told.get("findings", {}), told.get("recall", {}), occur=True)


def _too_few(
    findings: Mapping[str, Any], recall: Mapping[str, Recall], *, occur: bool
) -> list[str]:
    """What cannot be said of kinds that occur in the texts, or of those that do not."""
    few = [
        kind
        for kind, one in recall.items()
        if one.planted < FEW
        and (kind in findings and findings[kind].found > 0) == occur
    ]
    if not few:
        return []
    named, more = ", ".join(few[:MOST_NAMED]), len(few) - MOST_NAMED
    rest = f" and {more} more" if more > 0 else ""
    return [
        f"Too few were planted of {named}{rest} to say how many of them are missed."
    ]


def weak_recall(told: Mapping[str, Any]) -> list[str]:
    """A warning about kinds that occur, or may, and of which many are missed."""
    recall: Mapping[str, Recall] = told.get("recall", {})
    left = _left(told.get("findings", {}), recall)
    weak = [
        f"{entity} ({100 * recall[entity].recall:.1f} %, so about "
        f"{one.expected or 0.0:,.0f} are left)"
        for entity, one in left.items()
        if recall[entity].planted >= FEW and recall[entity].recall < WEAK_SHARE
    ]
    none = [f"{kind} (none, so any number may be left)" for kind in _blind(recall)]
    weak = [*none, *weak]
    if not weak:
        return []
    named, more = ", ".join(weak[:MOST_NAMED]), len(weak) - MOST_NAMED
    rest = f" and {more} more kinds" if more > 0 else ""
    return [f"Fewer than nine of ten planted ones were found of {named}{rest}."]


def unread_statistics(pii: PiiConfig, texts: Iterable[Statistic]) -> list[Statistic]:
    """Share of the kept text in languages that no model of names reads, and in which.

    All of it where names are not looked for. Of text of unknown language is read what
    is in Latin letters; how much that is is not known, and it counts as read.
    """
    characters = {
        row.language: row.value
        for row in texts
        if (row.metric, row.when, row.source) == ("characters", "output", None)
    }
    total = characters.pop(None, 0.0)
    unread = {n: v for n, v in characters.items() if not _reads(pii, n or UNDETERMINED)}
    parts: list[tuple[dict[str, str | None], float]] = [({}, sum(unread.values()))]
    parts += [({"language": name}, value) for name, value in unread.items()]
    return [
        Statistic(
            metric=UNREAD,
            value=value / total if total else 0.0,
            unit="share of characters",
            when="output",
            characteristic="Identifiability",
            numerator=value,
            denominator=total,
            language=columns.get("language"),
        )
        for columns, value in parts
    ]


def names_wanted(pii: PiiConfig) -> bool:
    """Whether names are looked for at all."""
    return pii.mode != "identifiers" and PERSON in pii.entities


def _reads(pii: PiiConfig, language: str) -> bool:
    if not names_wanted(pii):
        return False
    own = "en" if language == UNDETERMINED else primary_language(language)
    return own in pii.languages


def unread_languages(config: RunConfig, statistics: Iterable[Statistic]) -> list[str]:
    """A warning about text in languages that no model of names reads.

    A gate about all of the text says how much is too much.
    """
    if config.pii is None or not names_wanted(config.pii):
        return []
    whole_text = (g for g in config.gates if g.metric == UNREAD and not g.slice)
    most = next((gate.value for gate in whole_text), MOST_UNREAD)
    rows = [row for row in statistics if row.metric == UNREAD]
    whole = sum(row.value for row in rows if row.language is None)
    if whole <= most:
        return []
    parts = [(row.language, row.value) for row in rows if row.language is not None]
    parts.sort(key=lambda part: (-part[1], part[0]))
    named = ", ".join(f"{name} {100 * part:.1f} %" for name, part in parts[:MOST_NAMED])
    more = len(parts) - MOST_NAMED
    rest = f" and {more} more" if more > 0 else ""
    said = f"{100 * whole:.1f} % of the text is in languages without a "
    return [f"{said}model of names ({named}{rest}): no names were looked for in it."]


def _blind(recall: Mapping[str, Recall]) -> list[str]:
    """Kinds of which enough was planted and nothing found."""
    return sorted(
        e for e, one in recall.items() if one.planted >= FEW and not one.found
    )


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
