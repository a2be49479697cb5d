"""Facts of the run that is written by hand, as somebody would release it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from isinglass.pipelines.release.facts import Facts, make_facts
from isinglass.pipelines.release.papers import papers
from isinglass.schemas.config.release import ReleaseConfig
from isinglass.schemas.manifest import Manifest
from isinglass.schemas.tables import DATA

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., Facts]

MEMORY = 51_234_567
OWN = {"manifest.json": "a" * 64, "report.html": "b" * 64}
COLUMNS = DATA.append(pa.field("stars", pa.int64()))
SAID: dict[str, Any] = {
    "title": "Web documents",
    "licence": "CC-BY-4.0",
    "purpose": "Pretraining of language models.",
    "contact": "data@example.org",
    "description": "Documentation of software.",
    "url": "https://example.org/data",
    "creators": ["Example Ltd"],
    "collection": {
        "how": "From public repositories.",
        "collected_from": "2026-01",
        "collected_to": "2026-10",
    },
    "known_limits": "English, for the most part.",
    "social_impact": "None is known.",
    "sources": {
        name: {"kind": "public", "licence": "MIT"}
        for name in ("licences", "readmes", "guides")
    },
}


@pytest.fixture
def make(statistics: pa.Table, run_fields: dict[str, Any]) -> Make:
    """Facts of the run, with other words, fields of the manifest, or columns."""

    def made(
        said: dict[str, Any] | None = None,
        columns: pa.Schema = COLUMNS,
        table: pa.Table = statistics,
        **fields: Any,
    ) -> Facts:
        manifest = Manifest(**run_fields | fields)
        settings = ReleaseConfig.model_validate(SAID if said is None else said)
        return make_facts(manifest, table, settings, (columns, MEMORY))

    return made


@pytest.fixture
def facts(make: Make) -> Facts:
    """Facts of which nothing is missing."""
    return make()


@pytest.fixture
def told(facts: Facts) -> dict[str, str]:
    """Papers of which nothing is missing."""
    return papers(facts, OWN)
