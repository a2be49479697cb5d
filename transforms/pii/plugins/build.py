"""Recognizers of the user: Presidio's by name, YAML, patterns, deny lists.

Presidio is imported for those of its own only. Nothing is ever fetched: recognizers
that need a download, a service or the network are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from os.path import commonprefix
from typing import Any

import regex  # type: ignore[import-untyped]

from isinglass.schemas.config.recognizers import (
    DenyConfig,
    PatternConfig,
    RecognizersConfig,
)
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.pii.pattern_recognizer import (
    Pattern,
    PatternRecognizer,
    is_unnamed,
)
from isinglass.transforms.pii.plain import plain_text
from isinglass.transforms.pii.plugins.value_files import FLAGS, compiled, listed_values
from isinglass.transforms.pii.rules import UNSPACED

# Escapes that may mean letters of scripts without spaces.
_ANY_LETTER = re.compile(r"\\[uUxpPN]")


@dataclass(frozen=True)
class PlugIn:
    """A recognizer of the user, for one of its entities.

    Attributes:
        separated: Whether it is shown spaces in place of letters of scripts without
            spaces, so that word boundaries fire. False where it looks for such letters.
    """

    entity: str
    recognizer: Any = field(repr=False)
    separated: bool = True


def plug_ins(config: RecognizersConfig) -> list[PlugIn]:
    """All recognizers that the section names, each once.

    Raises:
        ConfigError: A name, country, file or pattern is wrong; says where and how.
    """
    found: dict[tuple[str, str], PlugIn] = {}
    for recognizer in _recognizers(config):
        patterns = getattr(recognizer, "patterns", None) or []
        separated = not any(_names_unspaced(p.regex) for p in patterns)
        name = str(recognizer.name)
        for entity in recognizer.supported_entities:
            key = (entity, name)
            if key in found and is_unnamed(recognizer):
                msg = (
                    f"pii.recognizers: two recognizers of {entity} are called "
                    f"{name}; give one another name"
                )
                raise ConfigError(msg)
            found[key] = PlugIn(entity, recognizer, separated)
    return list(found.values())


def _recognizers(config: RecognizersConfig) -> Iterator[Any]:
    if config.predefined or config.files:
        yield from _of_presidio(config)
    for index, entry in enumerate(config.patterns):
        yield _ad_hoc(entry, f"pii.recognizers.patterns.{index}")
    for index, listed in enumerate(config.deny):
        yield _deny(listed, index)


def _of_presidio(config: RecognizersConfig) -> Iterator[Any]:
    from isinglass.transforms.pii.plugins.presidio import (  # noqa: PLC0415
        create,
        read_recognizers,
    )

    for index, name in enumerate(config.predefined):
        yield create(name, f"pii.recognizers.predefined.{index}")
    for index, name in enumerate(config.files):
        yield from read_recognizers(name, f"pii.recognizers.files.{index}")


def _ad_hoc(entry: PatternConfig, key: str) -> PatternRecognizer:
    compiled(entry.regex, FLAGS, f"{key}.regex")
    return PatternRecognizer(
        entry.name,
        (entry.entity,),
        (Pattern(entry.name, entry.regex, entry.score),),
        context=tuple(entry.context),
        global_regex_flags=FLAGS,
    )


def _deny(listed: DenyConfig, index: int) -> PatternRecognizer:
    key = f"pii.recognizers.deny.{index}"
    given = listed_values(map(str.strip, listed.values), listed.file, key)
    # Recognizers are shown plain texts.
    values = [value for value in map(plain_text, given) if value]
    flags = FLAGS if listed.ignore_case else FLAGS & ~regex.IGNORECASE
    return PatternRecognizer(
        f"deny_list.{index}",
        (listed.entity,),
        (Pattern("deny_list", deny_pattern(values), 1.0),),
        global_regex_flags=flags,
    )


def deny_pattern(values: Sequence[str]) -> str:
    """A pattern of whole values, the longest first.

    As in Presidio, a value stands between ends of the text or characters that are no
    word characters. Letters of scripts without spaces end no word, so values may stand
    between them, and values of such letters may stand anywhere.
    """
    groups: dict[tuple[bool, bool], list[str]] = {}
    for value in sorted(set(values)):
        edges = (not _unspaced(value[0]), not _unspaced(value[-1]))
        groups.setdefault(edges, []).append(value)
    word = rf"[^\W{UNSPACED[1:-1]}]"
    parts = []
    for (left, right), group in groups.items():
        before = rf"(?<!{word})" if left else ""
        after = rf"(?!{word})" if right else ""
        parts.append(f"{before}{_tree(group)}{after}")
    return "|".join(parts)


def _tree(values: list[str]) -> str:
    """A pattern of sorted, distinct values that tells them apart from left to right.

    Engines try the branches of one letter instead of all values.
    """
    branches = []
    for _, equal in groupby(filter(None, values), key=itemgetter(0)):
        group = list(equal)
        # What the first and the last begin with, all between them do.
        shared = commonprefix([group[0], group[-1]])  # noqa: RUF071 - of letters
        rest = [value[len(shared) :] for value in group]
        branches.append(_escape(shared) + (_tree(rest) if rest != [""] else ""))
    return f"(?:{'|'.join(branches)})" + ("" if values[0] else "?")


def _escape(value: str) -> str:
    # Line ends and blanks as escapes that every engine reads in the same way.
    return re.sub(r"([^\w\s])", r"\\\1", value)


def _unspaced(char: str) -> bool:
    return re.match(UNSPACED, char) is not None


def _names_unspaced(expression: str) -> bool:
    if _ANY_LETTER.search(expression):
        return True
    return re.search(UNSPACED, expression) is not None
