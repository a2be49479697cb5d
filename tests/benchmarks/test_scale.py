from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.deduplication import matching
from benchmarks.deduplication.corpus import first_texts, salted_copies
from benchmarks.deduplication.plot import fit, svg_plot, text_plot
from benchmarks.deduplication.signatures import grouped, one_band

if TYPE_CHECKING:
    from pathlib import Path


def test_a_tenth_is_in_groups_that_share_bands() -> None:
    made = grouped(7_000, 25, 1)
    inside = made.group >= 0
    assert 0.09 < inside.mean() < 0.11
    sizes = np.bincount(made.group[inside])
    assert set(sizes.tolist()) == {2, 3, 4, 5}
    shared = []
    for group in range(40):
        members = np.flatnonzero(made.group == group)
        equal = (made.bands[:, members] == made.bands[:, members[:1]]).all(axis=1)
        shared.append(int(equal.sum()))
    assert shared[::2] == [25] * 20
    assert min(shared) >= 1
    assert len(set(shared[1::2])) > 5


def test_one_band_shares_just_one() -> None:
    bands = one_band(50, 25, 1).bands
    assert [len(np.unique(band)) for band in bands].count(1) == 1


@pytest.mark.parametrize("case", ["grouped", "one signature", "one band"])
def test_the_real_passes_find_the_planted_groups(tmp_path: Path, case: str) -> None:
    matching.prepare(tmp_path / "a", case, 700)
    found = matching.match(tmp_path / "a")
    assert found["entries"] == 700 * 25
    assert found["false_pairs"] == 0
    assert found["removed"] == found["expected"] > 40


def test_copies_of_one_text_never_reach_the_shuffle(tmp_path: Path) -> None:
    matching.prepare(tmp_path / "a", "one text", 300)
    found = matching.match(tmp_path / "a")
    assert (found["entries"], found["pairs"]) == (25, 0)


def test_copies_share_no_words() -> None:
    texts = pa.array(["One two, three 4", "\u6f22 x"])
    copies = [copy.to_pylist() for copy in salted_copies(texts, 50 / 1e6)]
    assert copies[:2] == [
        ["One two, three 4", "\u6f22 x"],
        ["Oneb twob, threeb 4", "\u6f22b xb"],
    ]
    assert len(copies) == 3
    assert first_texts(texts, 17 / 1e6).to_pylist() == ["One two, three 4"]
    assert len(first_texts(texts, 1)) == 2


def test_the_line_and_its_plots() -> None:
    line = fit([1, 2, 3], [3, 5, 7])
    assert (round(line.slope, 9), round(line.start, 9)) == (2, 1)
    assert line.r_squared == pytest.approx(1)
    bent = fit([1, 2, 3], [1, 4, 9])
    assert bent.r_squared == pytest.approx(1 - (2 / 3) / (98 / 3))
    plot = text_plot([1, 2, 3], [3, 5, 7], line)
    assert [row.count("#") for row in plot.splitlines()[:3]] == [21, 36, 50]
    assert svg_plot([1, 2, 3], [3, 5, 7], line, "t").count("<circle") == 3


def test_a_second_round_does_the_work_again(tmp_path: Path) -> None:
    matching.prepare(tmp_path / "a", "grouped", 400)
    first = matching.match(tmp_path / "a")
    for path in (tmp_path / "a" / "work" / "match").glob("*.npy"):
        path.write_bytes(b"of the first round")
    second = matching.match(tmp_path / "a")
    for name in ("entries", "pairs", "removed", "expected"):
        assert first[name] == second[name] > 0
