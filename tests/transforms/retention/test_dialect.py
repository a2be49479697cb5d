"""The dialect model: its inference against plain code, and files that are none."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from isinglass.schemas.errors import ConfigError
from isinglass.transforms.retention.dialect import DialectModel, load_dialect

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "term\taae\thispanic\tother\twhite"
ROWS = {
    "finna": (90, 5, 0, 5),
    "gon": (60, 10, 0, 30),
    "the": (100, 100, 10, 400),
    "y'all": (40, 20, 0, 30),
    "meeting": (2, 10, 1, 200),
    "!!": (30, 30, 20, 30),
    "café": (1, 40, 2, 20),
}


def write(folder: Path, lines: list[str]) -> Path:
    path = folder / "model.tsv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
    return path


def rows() -> list[str]:
    return [
        "\t".join([term, *(f"{c:g}" for c in counts)]) for term, counts in ROWS.items()
    ]


@pytest.fixture
def model(tmp_path: Path) -> DialectModel:
    return load_dialect(write(tmp_path, [HEAD, *rows()]))


def plain(words: list[str]) -> float:
    """The proportion as its authors compute it, one word at a time."""
    counts = np.array(list(ROWS.values()), float)
    likely = (counts + 1) / counts.sum(axis=0)
    known = [list(ROWS).index(word) for word in words if word in ROWS]
    if not known or len(known) < 0.2 * len(words):
        return float("nan")
    own = likely[known] / likely[known].sum(axis=1, keepdims=True)
    now = own.copy()
    for _ in range(4):
        for place in range(len(known)):
            others = now.sum(axis=0) - now[place]
            now[place] = own[place] * (others + 1)
            now[place] /= now[place].sum()
    return float(now.sum(axis=0)[0] / now.sum())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Finna gon!!", ["finna", "gon", "!!"]),
        ("the meeting", ["the", "meeting"]),
        ("THE\n\tCAFÉ  y'all", ["the", "café", "y'all"]),
        ("finna gon gon y'all finna", ["finna", "gon", "gon", "y'all", "finna"]),
        # One of five known words is enough, one of six is not.
        ("gon a b c d", ["gon", "a", "b", "c", "d"]),
        ("gon a b c d e", ["gon", "a", "b", "c", "d", "e"]),
        ("finnaly", ["finnaly"]),
        ("", []),
        (" \n", []),
    ],
)
def test_proportions_are_those_of_plain_code(
    model: DialectModel, text: str, words: list[str]
) -> None:
    (found,) = model.proportions(pa.array([text], pa.string()))
    assert found == pytest.approx(plain(words), nan_ok=True)


def test_flags_are_for_english_that_is_known(model: DialectModel) -> None:
    texts = ["finna gon finna y'all finna", "the meeting", "qqq zzz", "finna", "finna"]
    languages = ["en-US", "en", "en", "es", None]
    whole = pa.array(["", *texts], pa.string()), pa.array(["", *languages], pa.string())
    found = model.flags(*(column.slice(1) for column in whole))
    assert found.to_pylist() == [True, False, None, None, None]
    assert model.flags(whole[0][:0], whole[1][:0]).to_pylist() == []


def test_documents_do_not_depend_on_each_other(model: DialectModel) -> None:
    texts = ["finna gon", "", "the meeting !!", "nothing known here at all", "café"]
    alone = [model.proportions(pa.array([text], pa.string()))[0] for text in texts]
    together = model.proportions(pa.array(texts[::-1], pa.string()))[::-1]
    assert np.array_equal(together, alone, equal_nan=True)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "has no first line"),
        ([HEAD.replace("aae", "a"), *rows()], "has no first line"),
        ([HEAD], "has a line that is not a term and four numbers"),
        ([HEAD, *rows(), "word\t1\t2\t3"], "is not a term and four numbers"),
        ([HEAD, *rows(), "word\t1\t2\t3\tx"], "has a count that is no number"),
        ([HEAD, *rows(), "word\t1\t2\t3\tnan"], "without an end"),
        ([HEAD, *rows(), "word\t1\t2\t3\t-1"], "counts below 0"),
        ([HEAD, "word\t1\t2\t0\t1"], "none of a topic"),
        ([HEAD, *rows(), "the\t1\t2\t3\t4"], "has a term twice"),
    ],
)
def test_what_is_no_model_is_refused(
    tmp_path: Path, lines: list[str], why: str
) -> None:
    path = write(tmp_path, lines)
    with pytest.raises(ConfigError, match=rf"retention.dialect: {path} .*{why}.*Name"):
        load_dialect(path)


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read \(No such file"):
        load_dialect(tmp_path / "none.tsv.gz")
    with pytest.raises(ConfigError, match=r"cannot be read \(Is a directory"):
        load_dialect(tmp_path)
    plain_text, cut = tmp_path / "a.tsv", tmp_path / "b.tsv.gz"
    plain_text.write_text("\n".join([HEAD, *rows()]))
    cut.write_bytes(gzip.compress(HEAD.encode(), mtime=0)[:-4])
    for path in (plain_text, cut):
        with pytest.raises(ConfigError, match="is not text compressed by gzip"):
            load_dialect(path)


def test_the_released_model(shared_data: Path) -> None:
    path = shared_data / "fairness/dialect/twitteraae_model.tsv.gz"
    if not path.is_file():
        pytest.skip("the released model is not here")
    model = load_dialect(path)
    texts = [
        "he be trippin lol ain't nobody got time for dat smh",
        "The committee will meet on Tuesday to discuss the annual report.",
    ]
    dialect, other = model.proportions(pa.array(texts, pa.string()))
    assert dialect > 0.8
    assert other < 0.2
    assert re.fullmatch("[0-9a-f]{64}", model.sha256)
