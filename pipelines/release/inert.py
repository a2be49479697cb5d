"""Foreign strings in Markdown, YAML and JSON: shown as they are, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from isinglass.pipelines.report.text import visible

_MARKS = re.compile(r"[\\`*_{}\[\]#|~!$=+@^]|(?<=\{)%|%(?=\})")
_TAGS = {ord("<"): "&lt;", ord(">"): "&gt;", ord("&"): "&amp;"}
_LEADING = re.compile(r"^(-|\d+(?=[.)](?: |$)))")
_LINKS = re.compile(r"(?i)(?<=www)\.|:(?=//|\w*:)|(?<=mailto):|(?<=script):")
_TEMPLATE = re.compile(r"\{(?=[{%#])")
_FENCE = re.compile(r"`{3,}|~{3,}")


class Markdown(str):
    """Markdown that we wrote; whatever it quotes is inert already."""

    __slots__ = ()


def prose(text: str) -> Markdown:
    """A string in a line of Markdown: no mark-up, link, HTML or template in it.

    White space becomes one blank, so it never begins a line of its own.
    """
    line = visible(" ".join(text.split()))
    line = _LINKS.sub(lambda found: f"\\{found[0]}", _MARKS.sub(r"\\\g<0>", line))
    # At the beginning, a dash or a number with a point would be an item of a list.
    line = _LEADING.sub(lambda m: "\\-" if m[0] == "-" else f"{m[0]}\\", line)
    # Inert as well where somebody takes Markdown for HTML.
    return Markdown(line.translate(_TAGS))


def fenced(text: str) -> Markdown:
    """Lines as they are, in a block of code that they cannot end."""
    lines = [visible(line) for line in text.splitlines()]
    longest = max((len(m) for line in lines for m in _FENCE.findall(line)), default=2)
    fence = "`" * (longest + 1)
    return Markdown("\n".join([fence, *lines, fence]))


_STAND_INS = {ord(mark): 0xE000 + place for place, mark in enumerate("<>&{}")}
"""The library escapes these of no use in names, and not those that a page obeys."""


class _Dumper(yaml.SafeDumper):
    """YAML in which a string never breaks a line."""


def _one_line(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    marked = text.translate(_STAND_INS)
    plain = text.isprintable() and marked == text
    style = None if plain else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", marked, style=style)


def _as_it_is(dumper: yaml.SafeDumper, text: Markdown) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text))


_Dumper.add_representer(str, _one_line)
_Dumper.add_representer(Markdown, _as_it_is)


def front_matter(values: Mapping[str, Any]) -> Markdown:
    """The head of a card; what a page or a template obeys is escaped.

    `Markdown` is ours, and stands there as it is.
    """
    text = yaml.dump(dict(values), Dumper=_Dumper, sort_keys=False, width=10**9)
    for mark, stand_in in _STAND_INS.items():
        text = text.replace(f"\\u{stand_in:04X}", f"\\x{mark:02X}")
    return Markdown(f"---\n{text}---\n")


def json_text(value: Any) -> str:
    """Indented JSON of ASCII alone, which may stand in a page or a template."""
    text = json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False)
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    # Brackets of its own stand at the ends of lines.
    return _TEMPLATE.sub(r"\\u007b", text) + "\n"
