from __future__ import annotations

import numpy as np
import pyarrow as pa

from isinglass.schemas.config import DedupConfig
from isinglass.transforms.dedup.removals import (
    SIZES,
    cluster_statistics,
    removal_gates,
    removal_statistics,
    removal_sums,
    removal_warnings,
)
from isinglass.transforms.statistics.sums import add_into


def test_shares_by_source_and_language_and_the_worst() -> None:
    sums = removal_sums(
        np.array([True, False, True, True]),
        pa.array(["a", "a", "b", None]),
        pa.array(["en", "en", "de", "en"]),
    )
    add_into(sums, removal_sums(np.array([False]), pa.array(["b"]), pa.array(["de"])))
    found = [
        (s.metric, s.source, s.language, s.position, s.numerator, s.denominator)
        for s in removal_statistics(sums)
    ]
    assert found == [
        ("dedup.removed", None, None, None, 3, 5),
        ("dedup.removed", "", None, None, 1, 1),
        ("dedup.removed", "a", None, None, 1, 2),
        ("dedup.removed", "b", None, None, 1, 2),
        ("dedup.removed", None, "de", None, 1, 2),
        ("dedup.removed", None, "en", None, 2, 3),
        ("dedup.most_removed", None, None, "source", 1, 1),
        ("dedup.most_removed", None, None, "language", 2, 3),
    ]


def test_of_no_documents_none_are_removed() -> None:
    sums = removal_sums(np.zeros(0, np.bool_), pa.array([], "str"), pa.array([], "str"))
    found = [(s.metric, s.position, s.value) for s in removal_statistics(sums)]
    assert found == [
        ("dedup.most_removed", "source", 0.0),
        ("dedup.most_removed", "language", 0.0),
    ]
    clusters = cluster_statistics(pa.chunked_array([], pa.string()))
    assert len(clusters) == 2 * len(SIZES)
    assert {s.value for s in clusters} == {0.0}


def test_clusters_by_size() -> None:
    kept = ["a"] * 1 + ["b"] * 2 + ["c"] * 4 + ["d"] * 5 + ["e"] * 1000 + [None] * 9
    found = cluster_statistics(pa.chunked_array([pa.array(kept)]))
    clusters = {s.group: s.value for s in found if s.metric == "dedup.clusters"}
    removed = {
        s.group: s.numerator for s in found if s.metric == "dedup.cluster_removed"
    }
    none = {"11-100": 0, "101-1000": 0}
    assert clusters == {"2": 1, "3-5": 2, "6-10": 1, "1001+": 1, **none}
    assert removed == {"2": 1, "3-5": 6, "6-10": 5, "1001+": 1000, **none}
    assert {s.denominator for s in found if s.denominator} == {1012}


def test_limits_become_gates() -> None:
    limits = {"source": 0.9, "sources": {"web": 0.5}}
    dedup = DedupConfig.model_validate({"max_removed": limits})
    found = [(g.metric, g.slice, g.op, g.value) for g in removal_gates(dedup)]
    assert found == [
        ("dedup.most_removed", {"position": "source"}, "<=", 0.9),
        ("dedup.removed", {"source": "web"}, "<=", 0.5),
    ]
    assert removal_gates(DedupConfig()) == removal_gates(None) == ()


def test_warnings_name_who_loses_much() -> None:
    gone = np.arange(303) % 101 < 51
    names = pa.array(["a"] * 101 + ["b"] * 101 + ["c"] * 101)
    gone[101:202] = np.arange(101) < 50
    sums = removal_sums(gone, names, pa.array(["en"] * 303))
    small = removal_sums(
        np.ones(99, np.bool_), pa.array(["d"] * 99), pa.array(["x"] * 99)
    )
    add_into(sums, small)
    clusters = cluster_statistics(pa.chunked_array([pa.array(["k"] * 1000)]))
    found = removal_warnings([*removal_statistics(sums), *clusters])
    assert [warning.partition(" were removed")[0] for warning in found] == [
        "50% of the documents of source a",
        "50% of the documents of source c",
        "50% of the documents of language en",
        "1 documents stand for 1,001 or more that",
    ]
    assert removal_warnings(cluster_statistics(pa.chunked_array([["k"] * 999]))) == []
