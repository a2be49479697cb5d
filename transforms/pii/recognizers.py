"""Recognizers in Presidio's form: of the catalogue, and its own for anything else."""

from __future__ import annotations

import logging
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, NamedTuple

import phonenumbers
import regex  # type: ignore[import-untyped]

from isinglass.schemas.config import PiiConfig
from isinglass.schemas.config.countries import presidio_kinds
from isinglass.schemas.config.kinds import known_kinds
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.pii.catalogue import Entry, load_catalogue
from isinglass.transforms.pii.installed_presidio import model_labels, presidio_entities
from isinglass.transforms.pii.pattern_recognizer import (
    Pattern,
    PatternRecognizer,
    is_by_patterns,
)
from isinglass.transforms.pii.plugins.build import plug_ins
from isinglass.transforms.pii.reserved import PHONE_NUMBER
from isinglass.transforms.pii.rules import Context


class Match(NamedTuple):
    """One match.

    Attributes:
        score: 0 to 1, before context.
    """

    start: int
    end: int
    score: float
    rule: str
    valid: bool | None


@dataclass(frozen=True)
class Identifier:
    """A recognizer with what decides which texts it is shown.

    Attributes:
        patterns: Its patterns and their compiled forms; empty when it has a search
            of its own, which is then called as it is.
        gate: Byte pattern of the gate; empty to derive one from its patterns.
        window: `line`, `token`, or `text` for the whole text.
        separated: Whether it is shown spaces for letters of scripts without spaces.
        trusted: Whether it is of the user, whose findings are not judged again.
        near: Words next to which alone its matches count; empty for anywhere.
        behind_words: Whether these words are looked for before its gate.
    """

    entity: str
    recognizer: Any
    patterns: tuple[tuple[Any, regex.Pattern[str]], ...] = field(repr=False)
    context: Context = field(repr=False)
    gate: str = ""
    window: str = "text"
    separated: bool = True
    trusted: bool = False
    near: tuple[str, ...] = field(default=(), repr=False)
    behind_words: bool = False

    def matches(self, text: str, seconds: float) -> list[Match]:
        """Run the recognizer on a text.

        Raises:
            TimeoutError: A pattern ran out of time. (Presidio's own search logs this
                and goes on without the matches.)
        """
        if self.patterns:
            return _search(self, text, seconds)
        return [
            _match_of(result, self.recognizer.name)
            for result in self.recognizer.analyze(text, [self.entity], None)
        ]


def _match_of(result: Any, name: str) -> Match:
    explanation = result.analysis_explanation
    rule = getattr(explanation, "pattern_name", None) or name
    valid = getattr(explanation, "validation_result", None)
    return Match(result.start, result.end, float(result.score), rule, valid)


def _search(identifier: Identifier, text: str, seconds: float) -> list[Match]:
    """Match, validate and invalidate in the way of `PatternRecognizer.analyze`."""
    found = []
    recognizer = identifier.recognizer
    for pattern, compiled in identifier.patterns:
        rule = pattern.name or recognizer.name
        for match in compiled.finditer(text, timeout=seconds):
            value = match.group()
            if not value:
                continue
            valid = recognizer.validate_result(value)
            score = float(pattern.score if valid is None else valid)
            if score == 0 or recognizer.invalidate_result(value):
                continue
            start, end = match.span()
            found.append(Match(start, end, score, rule, valid))
    return without_contained(found)


def without_contained(matches: list[Match]) -> list[Match]:
    """Leave out matches that lie in one of at least their score.

    The rule of Presidio's `EntityRecognizer.remove_duplicates` for one entity, in
    n log n steps instead of n^2: a page of numbers has thousands of matches.
    The rest by descending score, then by start, then the longer first.
    """
    if len(matches) < 2:  # noqa: PLR2004 - nothing to compare
        return matches
    ordered = sorted(matches, key=lambda m: (-m.score, m.start, m.start - m.end))
    kept = []
    # Of the kept ones those that lie in no other, so that starts and ends ascend.
    starts: list[int] = []
    ends: list[int] = []
    for match in ordered:
        before = bisect_right(starts, match.start)
        if before and ends[before - 1] >= match.end:
            continue
        kept.append(match)
        low, high = bisect_left(starts, match.start), bisect_right(ends, match.end)
        if low < high:
            starts[low:high], ends[low:high] = [match.start], [match.end]
        else:
            starts.insert(low, match.start)
            ends.insert(low, match.end)
    return kept


def catalogue_recognizer(entry: Entry) -> PatternRecognizer:
    """The recognizer of an entry of the catalogue."""
    own = entry.recognizer
    patterns = (Pattern(f"{own.rule}.{p.name}", p.regex, p.score) for p in own.patterns)
    return PatternRecognizer(
        own.rule,
        (entry.entity,),
        tuple(patterns),
        context=tuple(own.context),
        check=entry.check,
        proof=own.proof,
    )


def build_identifiers(config: PiiConfig) -> list[Identifier]:
    """Recognizers of the configured entities that need no model.

    Telephone numbers have a search of their own (`phones.scanner`) and none here.
    Entities of the catalogue come with their gates; any other entity is looked up
    among Presidio's predefined pattern recognizers.

    Raises:
        ConfigError: An entity, also of an allow list, is known neither there nor to
            the models, or a phone region is not known.
    """
    _near(config, PHONE_NUMBER, ())
    for region in config.phone_regions:
        if region not in phonenumbers.SUPPORTED_REGIONS:
            raise ConfigError(
                f"pii.phone_regions: {region} is not known; regions are ISO 3166-1 "
                "codes in capitals, such as US or GB"
            )
    entries: dict[str, list[Entry]] = {}
    for entry in load_catalogue():
        entries.setdefault(entry.entity, []).append(entry)
    own_plug_ins = plug_ins(config.recognizers)
    named = {plug_in.entity for plug_in in own_plug_ins}
    known = named | entries.keys() | set(model_labels().values()) | {PHONE_NUMBER}
    # Before patterns are compiled, which takes half a second.
    for entity in sorted(config.entities.keys() - known):
        if entity not in presidio_entities():
            _require(entity, known, [], f"pii.entities.{entity}")
    result = []
    for entity in sorted(config.entities.keys() - {PHONE_NUMBER}):
        result += [_of_catalogue(config, entry) for entry in entries.get(entity, ())]
        if entity not in entries:
            found = _predefined(entity)
            _require(entity, known, found, f"pii.entities.{entity}")
            result += [_of_presidio(config, entity, one) for one in found]
    _check_allowed(config, known | config.entities.keys())
    for plug_in in own_plug_ins:
        shown = {"separated": plug_in.separated, "trusted": True}
        near = _near(config, plug_in.entity, plug_in.recognizer.context or ())
        made = plug_in.recognizer
        result.append(_identifier(plug_in.entity, made, near=near, **shown))
    return result


def _near(config: PiiConfig, entity: str, words: Sequence[str]) -> tuple[str, ...]:
    """Words next to which alone a kind counts; none if it counts anywhere.

    Raises:
        ConfigError: It needs a word, and none names it.
    """
    if not config.settings_of(entity).needs_word:
        return ()
    if not words:
        raise ConfigError(
            f"pii.entities.{entity}.needs_word: no word is known that names this kind; "
            "leave the key out, or set a threshold"
        )
    return tuple(words)


def _of_catalogue(config: PiiConfig, entry: Entry) -> Identifier:
    """One of ours; its words are looked for first where nothing counts without them.

    Not so for what is looked for by default, of which there is enough to pay for gates.
    """
    own, threshold = entry.recognizer, config.settings_of(entry.entity).threshold
    proven = entry.check is not None and own.proof != "never"
    bare = proven or any(p.score >= threshold for p in own.patterns)
    digits = all(any(map(str.isdigit, example)) for example in own.examples)
    default = known_kinds()[entry.entity].default
    near = _near(config, entry.entity, own.context)
    # The borders of these patterns work beside letters of any script.
    shown = {"gate": own.gate, "window": own.window, "separated": False, "near": near}
    if own.context and own.examples and digits and not (bare or default):
        shown |= {"behind_words": True, "near": own.context}
    return _identifier(entry.entity, catalogue_recognizer(entry), **shown)


def _of_presidio(config: PiiConfig, entity: str, recognizer: Any) -> Identifier:
    """One of Presidio's, which is shown whole texts, or lines with a word."""
    known = presidio_kinds().get(entity)
    words = (known and known.words) or recognizer.context or ()
    near = _near(config, entity, words)
    shown = {"near": near, "window": "line", "behind_words": True} if near else {}
    return _identifier(entity, recognizer, **shown)


def _identifier(entity: str, recognizer: Any, **shown: Any) -> Identifier:
    patterns: tuple[tuple[Any, regex.Pattern[str]], ...] = ()
    if is_by_patterns(recognizer):
        flags = recognizer.global_regex_flags
        patterns = tuple(
            (pattern, regex.compile(pattern.regex, flags))
            for pattern in recognizer.patterns
        )
    context = Context.of(shown.get("near") or recognizer.context or ())
    return Identifier(entity, recognizer, patterns, context, **shown)


def _predefined(entity: str) -> list[Any]:
    if entity not in presidio_entities():
        return []
    from isinglass.transforms.pii.plugins.presidio import pattern_classes  # noqa: PLC0415

    made = (kind() for kind in pattern_classes())
    return [r for r in made if entity in r.supported_entities]


def _check_allowed(config: PiiConfig, known: set[str]) -> None:
    """A list for an entity that nothing finds would allow nothing, without a word."""
    for index, listed in enumerate(config.recognizers.allow):
        for place, entity in enumerate(listed.entities):
            found = [] if entity in known else _predefined(entity)
            key = f"pii.recognizers.allow.{index}.entities.{place}"
            _require(entity, known, found, f"{key}: {entity}")


def _require(entity: str, known: set[str], found: list[Any], key: str) -> None:
    if found or entity in known:
        return
    names = known | presidio_entities()
    near = get_close_matches(entity, sorted(names), 1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise ConfigError(
        f"{key}: no recognizer finds this entity.{hint} Known are "
        f"{', '.join(sorted(names))}"
    )


def silence_presidio() -> None:
    """Keep Presidio's log quiet: some of its messages quote the text."""
    logging.getLogger("presidio-analyzer").setLevel(logging.CRITICAL + 1)
