from __future__ import annotations

import itertools
import re
from xml.etree import ElementTree as ET

import pytest

from isinglass.pipelines.report.svg import (
    Flow,
    Ratio,
    Shift,
    Whisker,
    capture_curve,
    flow,
    forest,
    shifts,
    whiskers,
)

HOSTILE = '"><script>alert(1)</script>\u202e' + "x" * 10_000


def _parse(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own output, whose syntax is tested


def _numbers(element: ET.Element, name: str) -> list[float]:
    return [
        float(found.attrib[name]) for found in element.iter() if name in found.attrib
    ]


def test_flow_bars_are_to_scale_and_start_at_the_same_height() -> None:
    svg = _parse(flow(100, [Flow("kept", 80, "kept"), Flow("empty", 20, "dropped")]))
    bars = {
        element.attrib["class"]: float(element.attrib["height"])
        for element in svg.iter("rect")
    }
    assert bars == {"mark-in": 150.0, "mark-kept": 120.0, "mark-dropped": 30.0}


def test_flow_of_nothing() -> None:
    svg = _parse(flow(0, [Flow("kept", 0, "kept")]))
    assert "0 records in" in "".join(svg.itertext())


def test_labels_do_not_run_into_each_other() -> None:
    flows = [Flow("kept", 10**6, "kept"), *(Flow(f"r{i}", 1, "held") for i in range(5))]
    svg = _parse(flow(10**6 + 5, flows))
    tops = sorted(
        float(text.attrib["y"])
        for text in svg.iter("text")
        if text.attrib["class"] == "strong" and float(text.attrib["x"]) > 100
    )
    assert min(b - a for a, b in itertools.pairwise(tops)) >= 38.0
    height = float(svg.attrib["viewBox"].split()[3])
    assert max(_numbers(svg, "y")) <= height


def test_capture_curve_goes_through_its_points() -> None:
    svg = _parse(capture_curve([(1.0, 1.0), (0.0, 0.0), (0.5, 0.25)], 0.75))
    line = svg.find("polyline")
    assert line is not None
    assert line.attrib["points"] == "48.0,190.0 228.0,148.0 408.0,22.0"
    assert "threshold 0.75" in "".join(svg.itertext())


@pytest.mark.parametrize(
    ("low", "start"), [(0.95, "90"), (0.85, "80"), (0.6, "50"), (0.2, "0"), (0.9, "90")]
)
def test_whiskers_start_the_axis_below_every_interval(low: float, start: str) -> None:
    svg = _parse(whiskers([Whisker("EMAIL", 0.97, low, 0.99)], "Recall"))
    axis = [text.text or "" for text in svg.iter("text")]
    assert axis[0].startswith(start + "\u202f")
    bar = next(svg.iter("rect")).attrib
    ends = (float(bar["x"]), float(bar["x"]) + float(bar["width"]))
    dot = next(svg.iter("circle"))
    assert 136.0 <= ends[0] <= float(dot.attrib["cx"]) <= ends[1] <= 356.0


def test_shifts_mark_before_after_and_target() -> None:
    svg = _parse(shifts([Shift("a", 0.0, 1.0, 0.5), Shift("b", 0.2, 0.2)], "Shares"))
    dots = [
        (dot.attrib["class"], float(dot.attrib["cx"])) for dot in svg.iter("circle")
    ]
    assert dots[:2] == [("dot-before", 136.0), ("dot", 356.0)]
    targets = [e for e in svg.iter("line") if e.attrib["class"] == "target"]
    assert [float(e.attrib["x1"]) for e in targets] == [246.0]


def test_an_interval_takes_the_place_of_the_line_between() -> None:
    svg = _parse(shifts([Shift("a", 0.0, 0.5, None, (0.25, 1.0))], "Shares"))
    (line,) = [e for e in svg.iter("line") if e.attrib["class"] == "whisker"]
    assert (float(line.attrib["x1"]), float(line.attrib["x2"])) == (191.0, 356.0)


@pytest.mark.parametrize(
    "svg",
    [
        flow(1, [Flow(HOSTILE, 1, "kept")]),
        whiskers([Whisker(HOSTILE, 0.5, 0.4, 0.6)], HOSTILE),
        shifts([Shift(HOSTILE, 0.5, 0.5, 0.5)], HOSTILE),
    ],
)
def test_labels_are_escaped_and_cut(svg: str) -> None:
    root = _parse(svg)
    assert not re.search(r"<script|\u202e", svg)
    assert len(svg) < 5_000
    assert root[0].tag == "title"
    assert root.attrib["role"] == "img"


def test_ratios_lie_on_a_scale_of_doublings() -> None:
    rows = [
        Ratio("a", 2.0, 1.0, 4.0, marked=True),
        Ratio("b", 0.5, 0.25, 1.0, marked=False),
    ]
    drawn = forest(rows, 2.0)
    dots = re.findall(r'cx="([\d.]+)" cy="[\d.]+" r="4.5" class="([\w ]+)"', drawn)
    (double, marked), (half, plain) = dots
    assert (marked, plain) == ("dot marked", "dot")
    lines = re.findall(
        r'<line x1="([\d.]+)" y1="[\d.]+" x2="([\d.]+)" .*?"(\w+)"/>', drawn
    )
    (one,) = [x for x, _, style in lines if style == "target"]
    (limit,) = [x for x, _, style in lines if style == "threshold"]
    assert limit == double
    assert float(double) - float(one) == pytest.approx(float(one) - float(half))
    whiskers = [(low, high) for low, high, style in lines if style == "whisker"]
    assert (whiskers[0][0], whiskers[1][1]) == (one, one)
    assert "a 2.00 (1.00 to 4.00); b 0.50 (0.25 to 1.00)" in drawn


@pytest.mark.parametrize(("low", "high"), [(1e-9, 1e9), (0.9, 1.1), (3.0, 40.0)])
def test_ratios_of_any_size_stay_in_the_picture(low: float, high: float) -> None:
    drawn = forest([Ratio("a", (low * high) ** 0.5, low, high, marked=False)], 1.25)
    places = [float(x) for x in re.findall(r'(?:x1|x2|cx)="([\d.]+)"', drawn)]
    assert min(places) >= 136
    assert max(places) <= 356
