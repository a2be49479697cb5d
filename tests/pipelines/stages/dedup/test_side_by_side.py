"""The texts of a duplicate as a console shows them."""

from __future__ import annotations

import io
import unicodedata
from typing import Any

import pytest
from rich.console import Console

from isinglass.pipelines.stages.dedup.side_by_side import (
    MOST_ROWS,
    Beside,
    Look,
    side_by_side,
    tidy,
)
from isinglass.pipelines.stages.dedup.story import Texts
from isinglass.schemas.config.normalise import NormaliseConfig
from isinglass.transforms.dedup.shared import compare

TALE = (
    "The miller by the old bridge carried his flour over the river every morning "
    "and sold it at the market where the baker weighed it"
)
HOSTILE = "\x1b[31mred\x1b]0;title\x07 \u202egnol\u2066 \x00\x08 ⟦fake⟧ [bold]x[/bold]"
TITLES = ("dropped aaaaaaaa (source text)", "kept bbbbbbbb (source text)")


def both(left: str, right: str) -> Texts:
    comparison = compare(left, right, 5, NormaliseConfig())
    return Texts(left, right, False, comparison, True)  # noqa: FBT003


def printed(texts: Texts, *, full: bool = False, **settings: Any) -> str:
    file = io.StringIO()
    values: dict[str, Any] = {"width": 100, "highlight": False, "markup": False}
    Console(file=file, **(values | settings)).print(Beside(texts, TITLES, full))
    return file.getvalue()


def columns(text: str) -> list[tuple[str, str]]:
    """The two cells of each line of the table."""
    rows = [line.split("│") for line in text.splitlines() if "│" in line]
    return [(left.strip(), right.strip()) for left, right in rows]


def test_a_pipe_gets_brackets_around_what_is_not_shared() -> None:
    text = printed(both(f"{TALE} twice today", f"{TALE} once only"))
    cells = columns(text)
    assert cells[0] == (
        "dropped aaaaaaaa (source text)",
        "kept bbbbbbbb (source text)",
    )
    left = " ".join(cell for cell, _ in cells[1:])
    right = " ".join(cell for _, cell in cells[1:])
    assert left.split() == f"{TALE} ⟦twice today⟧".split()
    assert right.split() == f"{TALE} ⟦once only⟧".split()
    assert "⟦⟧ encloses what the other text does not share" in text
    assert "\x1b" not in text


HINDI = "क़लम और काग़ज़ मेज़ पर रखे थे पर रक्षा ने नहीं देखे क्योंकि उसका ध्यान कहीं और था"


@pytest.mark.parametrize(
    "other",
    [
        unicodedata.normalize("NFD", HINDI),
        unicodedata.normalize("NFC", HINDI),
        HINDI.replace("\u0915\u094d", "\u0915\u094d\u200d"),
        HINDI.replace("\u0915\u093c", "\u0958").replace("\u091c\u093c", "\u095b"),
    ],
    ids=["apart", "composed", "joined", "one code point"],
)
def test_spellings_of_the_same_hindi_words_are_shared(other: str) -> None:
    text = printed(both(other, HINDI), width=400)
    assert columns(text)[1] == (tidy(other, Look(marks=True, full=True)), HINDI)
    assert "Words are compared" in text


def test_the_legend_names_characters_of_scripts_without_spaces() -> None:
    han = "自然语言处理是人工智能领域中的一个重要方向"
    assert "Characters are compared" in printed(both(han, f"{han}它"))


def test_brackets_go_on_over_words_that_stand_opposite_equal_ones() -> None:
    cells = columns(printed(both(f"{TALE} end", f"{TALE} the end")))
    assert cells[-1][0].endswith("⟦end⟧")
    assert cells[-1][1].endswith("⟦the end⟧")


def test_a_terminal_gets_colours_and_no_brackets() -> None:
    told = both(f"{TALE} twice today", f"{TALE} once only")
    text = printed(told, force_terminal=True, color_system="standard", no_color=False)
    assert "\x1b[1;31mtwice today\x1b[0m" in text
    assert "\x1b[1;32monce only\x1b[0m" in text
    assert "⟦" not in text
    assert "coloured: what the other text does not share" in text


def test_a_terminal_without_colour_gets_brackets() -> None:
    told = both(f"{TALE} twice today", f"{TALE} once only")
    text = printed(told, force_terminal=True, color_system="standard", no_color=True)
    assert "⟦twice today⟧" in text
    assert "\x1b[31m" not in text


def test_a_missing_text_is_left_out() -> None:
    text = printed(Texts(None, f"{TALE} once", True, None, None))  # noqa: FBT003
    assert text.startswith(f"{TITLES[1]}\n{TALE[:40]}")
    assert TITLES[0] not in text


def long_pair() -> tuple[str, str]:
    words = [f"word{n}" for n in range(3_000)]
    left, right = list(words), list(words)
    left[1_000], right[1_000] = "this", "that"
    right[2_000:2_000] = [f"more{n}" for n in range(900)]
    return " ".join(left), " ".join(right)


def test_what_is_shared_at_length_is_folded() -> None:
    told = both(*long_pair())
    text = printed(told)
    assert "… 968 shared words …" in text
    assert "⟦this⟧" in text
    assert "⟦that⟧" in text
    right = " ".join(cell for _, cell in columns(text))
    assert "more79⟧ … 740 more words, 0 of them shared … ⟦more820" in right
    assert len(text.splitlines()) < 100
    whole = printed(told, full=True)
    assert "shared words …" not in whole
    assert all(f"word{n}" in whole for n in (0, 500, 1_500, 2_999))
    assert "more450" in whole


def test_equal_words_stand_opposite_each_other_again_after_a_change() -> None:
    cells = columns(printed(both(*long_pair())))
    for word in ("word984 ", "word1984", "word2000", "word2984"):
        index = next(i for i, (left, _) in enumerate(cells) if word in left)
        assert cells[index][0] == cells[index][1]


def test_very_many_differences_are_cut_and_counted() -> None:
    words = [f"word{n}" for n in range(20_000)]
    left = [w if n % 100 else "left" for n, w in enumerate(words)]
    told = both(" ".join(left), " ".join(words))
    assert told.comparison is not None
    look = Look(marks=True, full=False)
    table, left_out = side_by_side(told.comparison, ("a", "b"), look)
    assert table.row_count == MOST_ROWS
    assert left_out > MOST_ROWS
    assert f"… {left_out:,} more rows; --full shows everything." in printed(told)


@pytest.mark.parametrize("settings", [{}, {"force_terminal": True, "no_color": True}])
def test_hostile_text_cannot_steer_the_terminal(settings: dict[str, Any]) -> None:
    told = both(f"{TALE} {HOSTILE} twice", f"{HOSTILE} {TALE} once")
    text = bare = printed(told, **settings)
    for style in ("\x1b[1m", "\x1b[2m", "\x1b[0m"):
        bare = bare.replace(style, "")
    kinds = {unicodedata.category(character) for character in bare} - {"Zs"}
    assert not kinds & {"Cf", "Co", "Cs"}
    assert {c for c in bare if unicodedata.category(c) == "Cc"} <= {"\n"}
    assert "⟨U+202E⟩" in text
    assert "[bold]x[/bold]" in "".join(text.split("\n"))


def test_a_text_cannot_set_marks_itself() -> None:
    look = Look(marks=True, full=False)
    assert tidy("a ⟦b⟧\n\nc\td", look) == "a ⟨U+27E6⟩b⟨U+27E7⟩ ¶ c d"
    assert tidy("⟦b⟧", Look(marks=False, full=False)) == "⟦b⟧"
