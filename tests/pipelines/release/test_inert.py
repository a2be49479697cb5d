from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from isinglass.pipelines.release.inert import fenced, front_matter, json_text, prose

PLAIN = {"paragraph_open", "inline", "paragraph_close", "text"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words, (in brackets).", "plain words, (in brackets)."),
        ("1. first", "1\\. first"),
        ("12) twelfth", "12\\) twelfth"),
        ("1.0.0", "1.0.0"),
        ("2026-11", "2026-11"),
        ("- item", "\\- item"),
        ("a - b", "a - b"),
        ("=SUM(A1)", "\\=SUM(A1)"),
        ("+1", "\\+1"),
        ("@me", "\\@me"),
        ("a\n\n# b", "a \\# b"),
        ("a\n---\nb", "a --- b"),
        ("{{ 7 * 7 }}{% raw %}", "\\{\\{ 7 \\* 7 \\}\\}\\{\\% raw \\%\\}"),
        ("<script>", "&lt;script&gt;"),
        ("[x](javascript:alert(1))", "\\[x\\](javascript\\:alert(1))"),
        ("https://e.vil", "https\\://e.vil"),
        ("www.e.vil", "www\\.e.vil"),
        ("a|b", "a\\|b"),
        ("a\u202eb", "a⟨U\\+202E⟩b"),
        ("\x1b[31m", "⟨U\\+001B⟩\\[31m"),
        ("&lt;", "&amp;lt;"),
        ("50 % of {a}", "50 % of \\{a\\}"),
        ("", ""),
    ],
)
def test_prose(text: str, expected: str) -> None:
    assert prose(text) == expected


@given(st.text(max_size=60))
def test_prose_is_one_line_of_text(text: str) -> None:
    line = prose(text)
    assert "\n" not in line
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(f"x {line}")
    inner = [child for token in tokens for child in token.children or ()]
    assert {token.type for token in (*tokens, *inner)} <= PLAIN | {"text_special"}
    alone = MarkdownIt("gfm-like", {"linkify": False}).parse(line)
    assert {token.type for token in alone} <= PLAIN


@pytest.mark.parametrize("text", ["a", "```\n# b", "````\n```", "~~~\n`x`", "a\x1b\nb"])
def test_a_fence_is_ended_by_nothing_in_it(text: str) -> None:
    tokens = MarkdownIt().parse(f"{fenced(text)}\n\n# after\n")
    kinds = [token.type for token in tokens]
    assert kinds == ["fence", "heading_open", "inline", "heading_close"]
    assert tokens[0].content.isprintable() or "\x1b" not in tokens[0].content


@pytest.mark.parametrize(
    "values",
    [
        {"a": "x\n---\ny"},
        {"a": ["\u202ex", "{{x}}", "- b", "yes", "1.0", "!!python/object x"]},
        {"c\n---\nd": {"e": "a: b #c", "f": 12}},
        {"a": "\x1b[31m", "b": True, "c": None},
        {"a": ["</script><b>", "a & b", "n\\<x"], "<k>": "{% raw %}"},
    ],
)
def test_front_matter_is_read_back_and_holds_no_border(values: dict[str, Any]) -> None:
    text = front_matter(values)
    first, *inside, last = text.splitlines()
    assert first == last == "---"
    assert "---" not in inside
    assert text.replace("\n", "").isascii()
    assert text.replace("\n", "").isprintable()
    assert not set("<>&{}") & set(text)
    assert yaml.safe_load("\n".join(inside)) == values


def test_json_may_stand_in_a_page() -> None:
    value: dict[str, Any] = {
        "</script><b>": "\u202e&\x1b\u2028",
        "n": [1, 2.5, None, True, {}, {"a": {}}],
        "{{ 7 }}": "\\{{{%{#",
    }
    text = json_text(value)
    assert json.loads(text) == value
    assert not set("<>&") & set(text)
    assert not [mark for mark in ("{{", "{%", "{#") if mark in text]
    assert text.replace("\n", "").isascii()
    assert text.replace("\n", "").isprintable()


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        json_text({"n": float("nan")})
