from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from isinglass.pipelines.release.croissant import croissant
from tests.pipelines.release.strict import faults

if TYPE_CHECKING:
    from isinglass.pipelines.release.facts import Facts
    from tests.pipelines.release.conftest import Make

    Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def graph(facts: Facts) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(croissant(facts))
    return made


def refused_by_theirs(graph: dict[str, Any], folder: Path) -> bool:
    """Whether the library of the format refuses a graph."""
    library = pytest.importorskip("mlcroissant", reason="of the extra `dev`")
    path = folder / "croissant.json"
    path.write_text(json.dumps(graph))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            library.Dataset(str(path))
        except Exception:  # noqa: BLE001 - it raises what it pleases
            return True
    return False


def gone(*keys: str) -> Change:
    def change(graph: dict[str, Any]) -> None:
        *parents, last = keys
        node: Any = graph
        for key in parents:
            node = node[int(key) if key.isdecimal() else key]
        del node[last]

    return change


def other(value: Any, *keys: str) -> Change:
    def change(graph: dict[str, Any]) -> None:
        *parents, last = keys
        node: Any = graph
        for key in parents:
            node = node[int(key) if key.isdecimal() else key]
        node[last] = value

    return change


def twice(graph: dict[str, Any]) -> None:
    fields = graph["recordSet"][0]["field"]
    fields.append(copy.deepcopy(fields[0]))


FILE, FIELD = ("distribution", "1"), ("recordSet", "0", "field", "2")
WRONG: dict[str, Change] = {
    "no context": gone("@context"),
    "no type": gone("@type"),
    "another type": other("sc:Thing", "@type"),
    "no version of the format": gone("conformsTo"),
    "an unknown version": other("http://mlcommons.org/croissant/7", "conformsTo"),
    "another vocabulary": other("http://e.vil/", "@context", "cr"),
    **{
        f"no {key}": gone(key)
        for key in [
            "name",
            "description",
            "license",
            "url",
            "creator",
            "datePublished",
            "version",
            "distribution",
            "recordSet",
            "rai:dataBiases",
            "rai:dataLimitations",
            "rai:dataSocialImpact",
            "rai:dataUseCases",
            "rai:hasSyntheticData",
            "rai:personalSensitiveInformation",
        ]
    },
    "an empty name": other("", "name"),
    "a name that is a number": other(7, "name"),
    "a version that is a list": other(["1"], "version"),
    "a date that is none": other("soon", "datePublished"),
    "a term that the library writes": other("x", "rai:dataCollectionTimeFrame"),
    "another such term": other("x", "rai:dataDataManipulationProtocol"),
    "an unknown relation": other({}, "prov:wasDreamtOf"),
    "a null": other(None, "publisher"),
    "a file without hash": gone(*FILE, "sha256"),
    "a file with another hash": other("abc", *FILE, "sha256"),
    "a file without name": gone(*FILE, "name"),
    "a file without address": gone(*FILE, "contentUrl"),
    "a file outside": other("../data/x", *FILE, "contentUrl"),
    "a file of no format": gone(*FILE, "encodingFormat"),
    "a file of the registered type": other(
        "application/vnd.apache.parquet", *FILE, "encodingFormat"
    ),
    "a file of another type": other("sc:Thing", *FILE, "@type"),
    "a file without id": gone(*FILE, "@id"),
    "files that include nothing": gone("distribution", "0", "includes"),
    "a field without id": gone(*FIELD, "@id"),
    "a field without name": gone(*FIELD, "name"),
    "a field without type": gone(*FIELD, "dataType"),
    "a field of an unknown type": other("sc:Stuff", *FIELD, "dataType"),
    "a field without source": gone(*FIELD, "source"),
    "a field of no file": other({"@id": "x"}, *FIELD, "source", "fileSet"),
    "a field without column": gone(*FIELD, "source", "extract"),
    "a field twice": twice,
    "no fields": other([], "recordSet", "0", "field"),
    "records without id": gone("recordSet", "0", "@id"),
}
"""Graphs made wrong on purpose."""


def test_the_graph_is_right(graph: dict[str, Any], tmp_path: Path) -> None:
    assert faults(graph) == []
    assert not refused_by_theirs(graph, tmp_path)


def test_a_graph_with_open_questions_is_right_too(make: Make, tmp_path: Path) -> None:
    graph = json.loads(croissant(make({})))
    assert faults(graph) == []
    assert not refused_by_theirs(graph, tmp_path)


@pytest.mark.parametrize("name", WRONG)
def test_ours_refuses_a_wrong_graph(graph: dict[str, Any], name: str) -> None:
    WRONG[name](graph)
    assert faults(graph)


def test_ours_refuses_whatever_theirs_does(
    graph: dict[str, Any], tmp_path: Path
) -> None:
    refused = set()
    for name, change in WRONG.items():
        wrong = copy.deepcopy(graph)
        change(wrong)
        if refused_by_theirs(wrong, tmp_path):
            refused.add(name)
            assert faults(wrong), name
    assert {"a field of no file", "a file without hash"} <= refused
    # What makes ours worth having.
    assert "another such term" not in refused
    assert "no license" not in refused


def test_what_the_graph_tells(facts: Facts, graph: dict[str, Any]) -> None:
    assert graph["license"] == "https://spdx.org/licenses/CC-BY-4.0"
    assert graph["rai:dataCollectionTimeframe"] == ["2026-01", "2026-10"]
    assert graph["rai:hasSyntheticData"] == "no"
    assert graph["prov:wasGeneratedBy"]["prov:endedAtTime"] == facts.manifest.created
    names = [one["prov:label"] for one in graph["prov:wasDerivedFrom"]]
    assert names == facts.names
    files = {f["contentUrl"]: f["sha256"] for f in graph["distribution"][1:]}
    assert files == {file.path: file.sha256 for file in facts.data}
    assert not [path for path in files if not path.startswith("data/")]
    (count,) = graph["recordSet"][0]["annotation"]
    assert count["value"] == facts.whole.documents
    assert count["dataType"] == "wd:Q4049983"


@pytest.mark.parametrize(
    ("said", "licence"),
    [
        ({"licence": "MIT OR Apache-2.0"}, "MIT OR Apache-2.0"),
        ({"licence": "LicenseRef-Ours"}, "LicenseRef-Ours"),
        (
            {"licence": "LicenseRef-Ours", "licence_url": "https://a.b/c"},
            "https://a.b/c",
        ),
        ({}, "MISSING: release.licence"),
    ],
)
def test_how_a_licence_is_told(make: Make, said: dict[str, Any], licence: str) -> None:
    assert json.loads(croissant(make(said)))["license"] == licence


@pytest.mark.parametrize(
    ("kinds", "types", "synthetic"),
    [
        (["crawled", "synthetic", "user"], 3, "yes: guides"),
        (["public", "user", "other"], 1, "no"),
        (["crawled", None, "crawled"], 1, "MISSING: release.sources"),
        ([None, None, None], 1, "MISSING: release.sources"),
    ],
)
def test_how_sources_are_told(
    make: Make, kinds: list[str | None], types: int, synthetic: str
) -> None:
    names = ["licences", "guides", "readmes"]
    sources = {n: {"kind": kind} for n, kind in zip(names, kinds, strict=True) if kind}
    graph = json.loads(croissant(make({"sources": sources})))
    assert len(graph["rai:dataCollectionType"]) == types
    assert graph["rai:hasSyntheticData"] == synthetic


@pytest.mark.parametrize(
    ("kind", "told", "several"),
    [
        (pa.large_string(), "sc:Text", False),
        (pa.int8(), "sc:Integer", False),
        (pa.float32(), "sc:Float", False),
        (pa.bool_(), "sc:Boolean", False),
        (pa.date32(), "sc:Date", False),
        (pa.timestamp("us"), "sc:DateTime", False),
        (pa.list_(pa.string()), "sc:Text", True),
        (pa.list_(pa.list_(pa.int8())), None, False),
        (pa.binary(), None, False),
    ],
)
def test_how_columns_are_told(
    make: Make, kind: pa.DataType, told: str | None, *, several: bool
) -> None:
    columns = pa.schema([("text", pa.string()), ("more", kind)])
    graph = json.loads(croissant(make(columns=columns)))
    (records,) = graph["recordSet"]
    fields = {field["@id"]: field for field in records["field"]}
    if told is None:
        assert fields.keys() == {"documents/text"}
        assert records["description"].endswith("among its fields: more.")
    else:
        assert fields["documents/more"]["dataType"] == told
        assert ("repeated" in fields["documents/more"]) == several
