from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from isinglass.pipelines.release.registry import lacking, registry, still_open
from isinglass.schemas.config.release import ReleaseConfig

if TYPE_CHECKING:
    from tests.pipelines.release.conftest import Make

EVERYTHING = [
    "licence",
    "purpose",
    "contact",
    "description",
    "url",
    "creators",
    "collection.how",
    "collection.period",
    "known_limits",
    "social_impact",
]


def opened(said: dict[str, Any], sources: list[str]) -> list[str]:
    settings = ReleaseConfig.model_validate(said)
    items = still_open(registry(settings, sources).values())
    return [one.path.removeprefix("release.") for one in items]


@pytest.mark.parametrize(
    ("said", "sources", "left"),
    [
        ({}, [], EVERYTHING),
        (
            {"licence": "MIT", "creators": ["A"]},
            [],
            [*EVERYTHING[1:5], *EVERYTHING[6:]],
        ),
        ({"collection": {"collected_from": "2026-01"}}, [], EVERYTHING),
        (
            {},
            ["b", "a"],
            [
                *EVERYTHING,
                "sources.b.kind",
                "sources.b.licence",
                "sources.a.kind",
                "sources.a.licence",
            ],
        ),
        (
            {"sources": {"a": {"kind": "synthetic", "licence": "MIT"}}},
            ["a"],
            [*EVERYTHING, "sources.a.synthetic_by"],
        ),
        (
            {"sources": {"a": {"kind": "crawled", "crawler": "Bot"}}},
            ["a"],
            [*EVERYTHING, "opt_outs", "sources.a.licence"],
        ),
    ],
)
def test_what_is_open(
    said: dict[str, Any], sources: list[str], left: list[str]
) -> None:
    assert opened(said, sources) == left


@pytest.mark.parametrize(
    ("require", "said", "lack"),
    [
        ([], {}, []),
        (["licence"], {}, ["licence"]),
        (["licence"], {"licence": "MIT"}, []),
        (["sources"], {}, ["sources.a.kind", "sources.a.licence"]),
        (["purpose", "contact"], {"contact": "x"}, ["purpose"]),
        (["opt_outs"], {}, []),
    ],
)
def test_what_is_required(
    require: list[str], said: dict[str, Any], lack: list[str]
) -> None:
    settings = ReleaseConfig.model_validate({**said, "require": require})
    items = lacking(settings, registry(settings, ["a"]).values())
    assert [one.path for one in items] == [f"release.{path}" for path in lack]


def test_all_asks_for_everything() -> None:
    settings = ReleaseConfig(require=("all",))
    items = registry(settings, ["a"])
    assert lacking(settings, items.values()) == list(items.values())


def test_nothing_is_open_where_all_was_said(make: Make) -> None:
    assert make().open == []
