from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
import yaml
from datasets import Features

from isinglass.pipelines.release.card import card, features, size_category
from isinglass.schemas.tables import DATA

if TYPE_CHECKING:
    from isinglass.pipelines.release.facts import Facts
    from tests.pipelines.release.conftest import Make

HEADINGS = """Dataset Details
Dataset Description
Dataset Sources
Uses
Direct Use
Out-of-Scope Use
Dataset Structure
Dataset Creation
Curation Rationale
Source Data
Data Collection and Processing
Who are the source data producers?
Annotations
Personal and Sensitive Information
Bias, Risks, and Limitations
Recommendations
Citation
Glossary
Dataset Card Contact
Files to publish""".splitlines()


def head(facts: Facts) -> dict[str, Any]:
    text = card(facts)
    told: dict[str, Any] = yaml.safe_load(text[4 : text.index("\n---\n")])
    return told


def test_the_head(facts: Facts) -> None:
    told = head(facts)
    assert told["pretty_name"] == "Web documents"
    assert told["license"] == "cc-by-4.0"
    assert told["language"] == ["en", "de"]
    assert told["multilinguality"] == ["multilingual"]
    (config,) = told["configs"]
    assert config["data_files"] == [{"split": "train", "path": "data/*.parquet"}]
    info = told["dataset_info"]
    (split,) = info["splits"]
    assert split["num_bytes"] == info["dataset_size"] == facts.memory
    assert split["num_examples"] == sum(file.rows for file in facts.data)
    assert info["download_size"] == sum(file.bytes for file in facts.data)


def test_readers_find_the_headings_of_the_hub(facts: Facts) -> None:
    lines = card(facts).splitlines()
    found = [line.lstrip("# ") for line in lines if line.startswith("##")]
    assert found == HEADINGS


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, {"license": "unknown"}),
        ({"licence": "MIT"}, {"license": "mit"}),
        ({"licence": "GPL-3.0-or-later"}, {"license": "gpl-3.0"}),
        ({"licence": "ODC-By-1.0"}, {"license": "odc-by"}),
        ({"licence": "0BSD"}, {"license": "other", "license_name": "0BSD"}),
        (
            {"licence": "MIT OR ISC", "licence_url": "https://a.b"},
            {
                "license": "other",
                "license_name": "MIT OR ISC",
                "license_link": "https://a.b",
            },
        ),
    ],
)
def test_licences_as_the_hub_has_them(
    make: Make, said: dict[str, Any], told: dict[str, str]
) -> None:
    found = head(make(said))
    assert {key: v for key, v in found.items() if key.startswith("license")} == told


@pytest.mark.parametrize(
    ("count", "name"),
    [
        (0, "n<1K"),
        (999, "n<1K"),
        (1_000, "1K<n<10K"),
        (9_999_999, "1M<n<10M"),
        (10**9, "1B<n<10B"),
        (10**12, "n>1T"),
    ],
)
def test_sizes(count: int, name: str) -> None:
    assert size_category(count) == name


SCHEMAS = {
    "data": DATA,
    "numbers": pa.schema(
        [
            ("a", pa.int8()),
            ("b", pa.uint64()),
            ("c", pa.float16()),
            ("d", pa.float32()),
            ("e", pa.bool_()),
            ("f", pa.timestamp("us", "UTC")),
            ("g", pa.date32()),
            ("h", pa.decimal128(10, 2)),
        ]
    ),
    "texts": pa.schema(
        [("a", pa.large_string()), ("b", pa.binary()), ("c", pa.large_binary())]
    ),
    "nested": pa.schema(
        [
            ("a", pa.list_(pa.int32())),
            ("b", pa.list_(pa.list_(pa.string()))),
            ("c", pa.struct([("d", pa.int64()), ("e", pa.list_(pa.float64()))])),
            ("f", pa.list_(pa.struct([("g", pa.string())]))),
        ]
    ),
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_columns_are_told_as_the_library_of_the_hub_does(name: str) -> None:
    schema = SCHEMAS[name]
    told = features(schema)
    assert Features._from_yaml_list(told) == Features.from_arrow_schema(schema)
