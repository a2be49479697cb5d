from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from isinglass.pipelines.report.distributions import (
    MOST_BARS,
    Bar,
    Bin,
    bars,
    histogram,
)

HOSTILE = '"><script>alert(1)</script>\u202e' + "x" * 10_000


def _boxes(drawn: str) -> list[tuple[str, float, float]]:
    """Style, width and height of each box."""
    svg = ET.fromstring(drawn)  # noqa: S314 - our own output, whose syntax is tested
    return [
        (
            box.attrib["class"],
            float(box.attrib["width"]),
            float(box.attrib["height"]),
        )
        for box in svg.iter("rect")
    ]


@pytest.mark.parametrize(
    ("bins", "heights"),
    [
        ([], []),
        ([Bin(1.0, 1.0, 5)], [170.0]),
        # A step of nothing has no bar, one of little can be seen.
        ([Bin(0, 1, 3), Bin(1, 2, 0), Bin(2, 3, 600)], [1.5, 170.0]),
        ([Bin(0, 1, 50, 100), Bin(1, 2, 0, 25)], [170.0, 85.0, 42.5]),
    ],
)
def test_bars_of_a_histogram_are_to_scale(
    bins: list[Bin], heights: list[float]
) -> None:
    drawn = histogram(bins, "Things", "{:.0f}".format)
    assert [height for _, _, height in _boxes(drawn)] == heights


def test_a_histogram_says_its_numbers() -> None:
    drawn = histogram([Bin(0, 1, 50, 100), Bin(1, 2, 3)], "Things", "{:.0f}".format)
    assert "<title>Things: 0 to 1: 100 → 50; 1 to 2: 3</title>" in drawn
    assert [style for style, *_ in _boxes(drawn)] == ["hollow", *["mark-kept"] * 2]


def test_bars_before_and_after_are_to_scale() -> None:
    drawn = bars([Bar("a", 200, 100), Bar("b", 50, 50), Bar("c", 0, 0)], "Things")
    widths = [(style, width) for style, width, _ in _boxes(drawn)]
    assert widths == [
        *(("hollow", 158.0), ("mark-kept", 79.0)),
        *(("hollow", 39.5), ("mark-kept", 39.5)),
    ]
    assert "<title>Things: a 200 → 100; b 50; c 0</title>" in drawn


def test_many_bars_are_low_enough_and_hostile_names_cut() -> None:
    drawn = bars([Bar(HOSTILE, 2, 1)] * 40, "Things")
    assert len(_boxes(drawn)) == 2 * MOST_BARS
    assert float(re.findall(r'viewBox="0 0 420 (\d+)"', drawn)[0]) <= 300
    assert not re.search(r"<script|\u202e", drawn)
    assert len(drawn) < 10_000
