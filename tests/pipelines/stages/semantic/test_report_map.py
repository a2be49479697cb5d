from __future__ import annotations

from collections.abc import Callable, Sequence
from xml.etree import ElementTree as ET

import pytest

from isinglass.pipelines.stages.semantic.report_map import (
    NAMED,
    Circle,
    cluster_key,
    cluster_map,
)

HOSTILE = '"><script>alert(1)</script>\u202e&amp;' + "x" * 10_000


def _parse(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own output, whose syntax is tested


def _circles(count: int) -> list[Circle]:
    return [
        Circle(
            (place % 13 + 0.5) / 13,
            (place // 13 + 0.5) / 13,
            0.03,
            1000 - place,
            500,
            (f"word{place}", "second", "third", "fourth"),
            f"source {place % 8}",
        )
        for place in range(count)
    ]


def _texts(svg: ET.Element) -> list[str]:
    return [element.text or "" for element in svg.iter("text")]


def test_disc_and_ring_are_to_scale() -> None:
    one = Circle(0.5, 0.25, 0.1, before=400, after=100, terms=("steam",), source="web")
    svg = _parse(cluster_map([one]))
    disc, ring = (element.attrib for element in svg.findall("g/circle"))
    assert (ring["cx"], ring["cy"], ring["r"]) == ("210.0", "72.5", "29.00")
    assert disc["r"] == "14.50"
    assert "steam: 400 → 100 documents" in [e.text for e in svg.iter("title")]


def test_title_and_description_say_it_in_words() -> None:
    svg = _parse(cluster_map(_circles(20)))
    assert svg.attrib["role"] == "img"
    title, description = svg[0], svg[1]
    assert (title.tag, description.tag) == ("title", "desc")
    assert "20 clusters" in (title.text or "")
    assert "1: word0, second, third, 1\u202f000 to 500;" in (description.text or "")
    assert "word10" not in (description.text or "")


def test_the_largest_are_named_in_any_order() -> None:
    svg = cluster_map(_circles(40))
    assert cluster_map(_circles(40)[::-1]) == svg
    key = cluster_key(_circles(40))
    assert cluster_key(_circles(40)[::-1]) == key
    texts = [*_texts(_parse(svg)), *_texts(_parse(key))]
    named = [text for text in texts if text.startswith("word")]
    assert named == [f"word{place}, second, third" for place in range(NAMED)]
    # Once in the map and once in the key.
    assert all(texts.count(str(place)) == 2 for place in range(1, NAMED + 1))


def test_six_sources_have_colours_and_the_rest_is_other() -> None:
    svg = _parse(cluster_key(_circles(40)))
    legend = [text for text in _texts(svg) if "source" in text]
    assert legend == [*(f"source {place}" for place in range(6)), "other sources"]
    colours = {element.attrib["fill"] for element in svg.iter("rect")}
    assert len(colours) == 7


@pytest.mark.parametrize("picture", [cluster_map, cluster_key])
@pytest.mark.parametrize("count", [1, 12, 60])
def test_nothing_is_cut_off(
    picture: Callable[[Sequence[Circle]], str], count: int
) -> None:
    svg = _parse(picture(_circles(count)))
    height = float(svg.attrib["viewBox"].split()[3])
    places = [float(text.attrib["y"]) for text in svg.iter("text")]
    assert max(places) + 4 <= height <= 300
    assert all(0 <= float(text.attrib["x"]) <= 420 for text in svg.iter("text"))


@pytest.mark.parametrize("picture", [cluster_map, cluster_key])
def test_hostile_words_are_escaped_and_cut(
    picture: Callable[[Sequence[Circle]], str],
) -> None:
    one = Circle(0.5, 0.5, 0.1, 10, 5, (HOSTILE, HOSTILE), HOSTILE)
    text = str(picture([one]))
    assert "<script" not in text
    assert "\u202e" not in text
    assert len(text) < 10_000
    svg = _parse(text)
    assert {element.tag for element in svg.iter()} <= {
        *("svg", "title", "desc", "g", "circle", "text", "rect")
    }
    assert all(len(label) < 80 for label in _texts(svg))


def test_odd_clusters_are_drawn() -> None:
    odd = [Circle(0.5, 0.5, 0.0, 0, 0), Circle(0.1, 0.1, 0.001, 1, 1)]
    texts = _texts(_parse(cluster_key(odd)))
    assert texts.count("no telling words") == 2
    assert "all sources" in texts
    assert "0 clusters" in str(cluster_map([]))
