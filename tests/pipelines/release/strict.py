"""A check of Croissant graphs that is stricter than the format's own library.

The library takes a graph without a licence, with RAI terms that do not exist and with
any triple of PROV; people who read graphs do not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

CROISSANT = "http://mlcommons.org/croissant/1.1"
RAI = "http://mlcommons.org/croissant/RAI/1.0"
NAMESPACES = {
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
}
REQUIRED = (
    "name description license url creator datePublished version distribution recordSet"
)
MINIMAL = (
    "dataBiases dataLimitations dataSocialImpact dataUseCases hasSyntheticData "
    "personalSensitiveInformation"
)
TERMS = {
    *MINIMAL.split(),
    *[
        "annotationsPerItem",
        "annotatorDemographics",
        "dataAnnotationAnalysis",
        "dataAnnotationPlatform",
        "dataAnnotationProtocol",
        "dataCollection",
        "dataCollectionMissingData",
        "dataCollectionRawData",
        "dataCollectionTimeframe",
        "dataCollectionType",
        "dataImputationProtocol",
        "dataManipulationProtocol",
        "dataPreprocessingProtocol",
        "dataReleaseMaintenancePlan",
        "machineAnnotationTools",
    ],
}
PROV = {
    *("Entity", "Activity", "SoftwareAgent"),
    *("wasDerivedFrom", "wasGeneratedBy", "wasAssociatedWith", "label", "endedAtTime"),
}
TYPES = {"sc:Text", "sc:Integer", "sc:Float", "sc:Boolean", "sc:Date", "sc:DateTime"}
_SHA256 = re.compile(r"[0-9a-f]{64}")


def faults(graph: Any) -> list[str]:
    """What is wrong with a graph."""
    if not isinstance(graph, dict):
        return ["it is no object"]
    return [
        *_head(graph),
        *_vocabulary(graph),
        *_distribution(graph),
        *_records(graph),
        *_ids(graph),
    ]


def _head(graph: dict[str, Any]) -> Iterator[str]:
    context = graph.get("@context")
    context = context if isinstance(context, dict) else {}
    for name, address in NAMESPACES.items():
        if context.get(name) != address:
            yield f"@context: {name} is not {address}"
    if graph.get("@type") != "sc:Dataset":
        yield "@type is not sc:Dataset"
    if graph.get("conformsTo") != [CROISSANT, RAI]:
        yield "conformsTo does not name Croissant 1.1 and RAI 1.0"
    yield from _values(graph)


def _values(graph: dict[str, Any]) -> Iterator[str]:
    for key in REQUIRED.split():
        if not graph.get(key):
            yield f"{key} is missing"
    for key in ("name", "description", "license", "url", "version"):
        if not isinstance(graph.get(key), str):
            yield f"{key} is no text"
    for key in ("datePublished", "dateCreated"):
        try:
            date.fromisoformat(f"{graph.get(key)}-01"[:10])
        except ValueError:
            yield f"{key} is no date"
    for creator in _several(graph.get("creator")):
        if not isinstance(creator, dict) or not creator.get("name"):
            yield "a creator has no name"


def _vocabulary(graph: dict[str, Any]) -> Iterator[str]:
    for term in MINIMAL.split():
        if not graph.get(f"rai:{term}"):
            yield f"rai:{term} is missing"
    for key, value in _keys(graph):
        prefix, _, term = key.partition(":")
        if prefix == "rai" and term not in TERMS:
            yield f"{key} is no term of the RAI vocabulary"
        if prefix == "prov" and term not in PROV:
            yield f"{key} is not expected of PROV"
        if value is None:
            yield f"{key} is null"


def _distribution(graph: dict[str, Any]) -> Iterator[str]:
    for file in _several(graph.get("distribution")):
        name = file.get("@id") or "a file without @id"
        if not file.get("@id"):
            yield "a file has no @id"
        if not file.get("name"):
            yield f"{name} has no name"
        if file.get("encodingFormat") != "application/x-parquet":
            yield f"{name} has no known encodingFormat"
        if file.get("@type") != "cr:FileSet":
            yield from _file(file, name)
        elif not file.get("includes"):
            yield f"{name} includes nothing"


def _file(file: dict[str, Any], name: str) -> Iterator[str]:
    if file.get("@type") != "cr:FileObject":
        yield f"{name} is neither FileObject nor FileSet"
    address = str(file.get("contentUrl", ""))
    if not address or address.startswith("/") or ".." in address.split("/"):
        yield f"{name} has no contentUrl within the folder"
    if not _SHA256.fullmatch(str(file.get("sha256", ""))):
        yield f"{name} has no sha256"
    if not re.fullmatch(r"\d+ B", str(file.get("contentSize", ""))):
        yield f"{name} has no contentSize"


def _records(graph: dict[str, Any]) -> Iterator[str]:
    files = {file.get("@id") for file in _several(graph.get("distribution"))}
    for records in _several(graph.get("recordSet")):
        if records.get("@type") != "cr:RecordSet" or not records.get("@id"):
            yield "a record set has no @type or @id"
        if not records.get("field"):
            yield "a record set has no field"
        for field in _several(records.get("field")):
            name = field.get("@id") or "a field without @id"
            if field.get("@type") != "cr:Field" or not field.get("@id"):
                yield f"{name} has no @type or @id"
            if not field.get("name"):
                yield f"{name} has no name"
            if field.get("dataType") not in TYPES:
                yield f"{name} has no known dataType"
            source = field.get("source")
            source = source if isinstance(source, dict) else {}
            of = [source.get(kind) for kind in ("fileSet", "fileObject")]
            ids = [one.get("@id") for one in of if isinstance(one, dict)]
            if len(ids) != 1 or ids[0] not in files:
                yield f"{name} has no source among the files"
            if not (source.get("extract") or {}).get("column"):
                yield f"{name} extracts no column"


def _ids(graph: dict[str, Any]) -> Iterator[str]:
    nodes = [*_several(graph.get("distribution")), *_several(graph.get("recordSet"))]
    nodes += [f for r in _several(graph.get("recordSet")) for f in r.get("field") or ()]
    counted = Counter(node.get("@id") for node in nodes)
    yield from (f"{name} is used {n} times" for name, n in counted.items() if n > 1)


def _keys(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key != "@context":
                yield key, item
                yield from _keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
