"""`croissant.json`: Croissant 1.1 with its RAI vocabulary and PROV-O.

Written by hand: the library that belongs to the format spells two RAI terms in other
ways than its vocabulary does.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from isinglass.pipelines.release.inert import json_text
from isinglass.pipelines.release.registry import missing
from isinglass.pipelines.release.render import NOT_SAID, said_by
from isinglass.pipelines.report.text import visible

if TYPE_CHECKING:
    from isinglass.pipelines.release.facts import Facts, Source
    from isinglass.schemas.commit import OutputFile

CROISSANT = "http://mlcommons.org/croissant/1.1"
RAI = "http://mlcommons.org/croissant/RAI/1.0"
PARQUET = "application/x-parquet"
"""As the library knows it; the registered name of the type it does not."""

_TERMS = (
    "annotation citeAs column equivalentProperty extract field fileProperty fileObject "
    "fileSet format includes isLiveDataset jsonPath key md5 parentField path recordSet "
    "references regex repeated replace samplingRate separator source subField "
    "transform value"
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "wd": "http://www.wikidata.org/entity/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in _TERMS.split()},
}
COUNT = "wd:Q4049983"
"""What the format calls the number of records."""

_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
_ONE_LICENCE = re.compile(r"[A-Za-z0-9.+-]+")
_FILES = "data-files"


def croissant(facts: Facts) -> str:
    """The whole graph."""
    said, settings = said_by(facts), facts.settings
    languages = facts.named_languages
    graph: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [CROISSANT, RAI],
        "name": visible(facts.title),
        "description": visible(said["description"]),
        "license": _licence(facts, said["licence"]),
        "url": said["url"],
        "creator": [
            {"@type": "sc:Organization", "name": visible(name)}
            for name in settings.creators or [said["creators"]]
        ],
        "publisher": {"@type": "sc:Organization", "name": visible(said["contact"])},
        "datePublished": facts.published,
        "dateCreated": facts.created,
        "version": settings.version,
        "isLiveDataset": False,
        "keywords": ["pretraining corpus", "text"],
        **({"inLanguage": [visible(name) for name in languages]} if languages else {}),
        **({"citeAs": visible(settings.citation)} if settings.citation else {}),
        **_rai(facts, said),
        **_origin(facts),
        "distribution": [_file_set(), *(_file(file) for file in facts.data)],
        "recordSet": [_records(facts)],
    }
    return json_text(graph)


def _licence(facts: Facts, said: str) -> str:
    """An address where there is one, as the format recommends."""
    licence = facts.settings.licence
    if facts.settings.licence_url:
        return facts.settings.licence_url
    if licence and _ONE_LICENCE.fullmatch(licence) and "LicenseRef" not in licence:
        return f"https://spdx.org/licenses/{licence}"
    return said


def _rai(facts: Facts, said: dict[str, str]) -> dict[str, Any]:
    """What the vocabulary asks of responsible data, as far as it is known."""
    collection, sources = facts.settings.collection, facts.sources
    kinds = {one.said.kind for one in sources}
    ends = [collection.collected_from, collection.collected_to]
    tools = [f"{m.name} {m.version} ({m.role})" for m in facts.manifest.models]
    return {
        "rai:dataCollection": visible(said["collection.how"]),
        "rai:dataCollectionType": _collected_by(kinds),
        "rai:dataCollectionTimeframe": ends if all(ends) else said["collection.period"],
        "rai:dataPreprocessingProtocol": [visible(step) for step in facts.steps],
        "rai:machineAnnotationTools": [visible(tool) for tool in tools],
        "rai:personalSensitiveInformation": [
            visible(line) for line in facts.each("personal")
        ],
        "rai:dataBiases": [
            visible(line) for line in [said["known_limits"], *facts.each("biases")]
        ],
        "rai:dataLimitations": [
            visible(line) for line in [said["known_limits"], *facts.limits]
        ],
        "rai:dataSocialImpact": visible(said["social_impact"]),
        "rai:dataUseCases": visible(said["purpose"]),
        "rai:dataReleaseMaintenancePlan": visible(
            facts.settings.maintenance or NOT_SAID
        ),
        "rai:hasSyntheticData": _synthetic(sources),
    }


def _collected_by(kinds: AbstractSet[str | None]) -> list[str]:
    known = {"crawled": "Web Scraping", "synthetic": "Synthetic Data Generation"}
    named = [term for kind, term in known.items() if kind in kinds]
    if kinds - {None, *known}:
        named.append("Secondary Data Analysis")
    return named or [missing("release.sources")]


def _synthetic(sources: list[Source]) -> str:
    """Whether a model wrote some of it, as declared; no detector is asked."""
    by = [one for one in sources if one.said.kind == "synthetic"]
    if by:
        return "yes: " + visible(", ".join(one.name for one in by))
    return "no" if all(one.said.kind for one in sources) else missing("release.sources")


def _origin(facts: Facts) -> dict[str, Any]:
    """What the data were made from, and by what."""
    manifest = facts.manifest
    return {
        "prov:wasDerivedFrom": [
            {
                "@type": "prov:Entity",
                "prov:label": visible(one.name),
                "sc:license": visible(one.answer("licence")),
                **({"sc:url": one.said.url} if one.said.url else {}),
            }
            for one in facts.sources
        ],
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "prov:label": f"isinglass {manifest.verb}, run {manifest.run_id}",
            "prov:endedAtTime": manifest.created,
            "prov:wasAssociatedWith": {
                "@type": "prov:SoftwareAgent",
                "prov:label": f"isinglass {manifest.isinglass_version}",
            },
        },
    }


def _file_set() -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": _FILES,
        "name": _FILES,
        "description": "All files of documents.",
        "encodingFormat": PARQUET,
        "includes": "data/*.parquet",
    }


def _file(file: OutputFile) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "contentUrl": file.path,
        "contentSize": f"{file.bytes} B",
        "encodingFormat": PARQUET,
        "sha256": file.sha256,
    }


def _records(facts: Facts) -> dict[str, Any]:
    fields = [
        _field(number, column)
        for number, column in enumerate(facts.columns)
        if _kind(column.type)
    ]
    nested = [visible(c.name) for c in facts.columns if not _kind(c.type)]
    others = (
        f" Nested, and not among its fields: {', '.join(nested)}." if nested else ""
    )
    return {
        "@type": "cr:RecordSet",
        "@id": "documents",
        "name": "documents",
        "description": f"{facts.whole.documents} documents, one a row.{others}",
        "annotation": [
            {
                "@type": "cr:Field",
                "@id": "documents/count",
                "name": "documents/count",
                "value": facts.whole.documents,
                "dataType": COUNT,
            }
        ],
        "field": fields,
    }


def _field(number: int, column: pa.Field) -> dict[str, Any]:
    plain = _PLAIN.fullmatch(column.name)
    name = column.name if plain else f"column-{number}"
    several = pa.types.is_list(column.type) or pa.types.is_large_list(column.type)
    return {
        "@type": "cr:Field",
        "@id": f"documents/{name}",
        "name": f"documents/{name}",
        "description": f"Column {visible(column.name)}.",
        "dataType": _kind(column.type),
        **({"repeated": True} if several else {}),
        "source": {
            "fileSet": {"@id": _FILES},
            "extract": {"column": column.name},
        },
    }


def _kind(kind: pa.DataType) -> str:
    """A type of schema.org; empty for what has none."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = kind.value_type
        return "" if pa.types.is_nested(inner) else _kind(inner)
    tests = {
        "sc:Text": (pa.types.is_string, pa.types.is_large_string),
        "sc:Integer": (pa.types.is_integer,),
        "sc:Float": (pa.types.is_floating,),
        "sc:Boolean": (pa.types.is_boolean,),
        "sc:Date": (pa.types.is_date,),
        "sc:DateTime": (pa.types.is_timestamp,),
    }
    return next(
        (name for name, each in tests.items() if any(t(kind) for t in each)), ""
    )
