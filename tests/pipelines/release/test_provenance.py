from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from isinglass.pipelines.release.papers import text_sha256
from isinglass.pipelines.release.provenance import gate_results
from isinglass.schemas.config.release import ReleaseConfig
from isinglass.schemas.manifest import GateResult
from tests.pipelines.release.conftest import OWN, SAID

if TYPE_CHECKING:
    from isinglass.pipelines.release.facts import Facts
    from tests.pipelines.release.conftest import Make


def statement(told: dict[str, str], name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(told[name])
    return read


@pytest.mark.parametrize("name", ["provenance.intoto.json", "test-result.intoto.json"])
def test_subjects_are_what_is_published(
    facts: Facts, told: dict[str, str], name: str
) -> None:
    said = statement(told, name)
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    subjects = {one["name"]: one["digest"]["sha256"] for one in said["subject"]}
    papers = {
        paper: text_sha256(text)
        for paper, text in told.items()
        if not paper.endswith(".intoto.json")
    }
    tables = {file.path: file.sha256 for file in facts.files}
    assert subjects == {**OWN, **papers, **tables}
    private = ("quarantine/", "findings/", "ledger/", "work/", "paragraphs/")
    assert not [path for path in subjects if path.startswith(private)]


def test_provenance_names_everything_it_depends_on(
    facts: Facts, told: dict[str, str]
) -> None:
    said = statement(told, "provenance.intoto.json")
    assert said["predicateType"] == "https://slsa.dev/provenance/v1"
    definition = said["predicate"]["buildDefinition"]
    manifest = facts.manifest
    assert definition["externalParameters"]["config"] == manifest.config
    recorded = definition["externalParameters"]["release"]
    assert ReleaseConfig.model_validate(recorded) == ReleaseConfig.model_validate(SAID)
    found = definition["resolvedDependencies"]
    hashes = [one["digest"]["sha256"] for one in found if "digest" in one]
    wanted: list[Any] = [*manifest.inputs, *manifest.models, *manifest.lexicons]
    assert hashes == [one.sha256 for one in wanted]
    packages = {one["uri"] for one in found if "uri" in one}
    assert packages == {f"pkg:pypi/{k}@{v}" for k, v in manifest.packages.items()}
    details = said["predicate"]["runDetails"]
    assert details["metadata"]["invocationId"] == manifest.run_id
    assert details["metadata"]["finishedOn"] == manifest.created


def gate(severity: Any, *, passed: bool) -> GateResult:
    return GateResult(
        metric="pii.recall",
        slice={"entity": "PERSON"},
        op=">=",
        value=0.8,
        actual=0.7,
        severity=severity,
        passed=passed,
    )


@pytest.mark.parametrize(
    ("gates", "result", "lists"),
    [
        ([], "PASSED", (0, 0, 0)),
        ([gate("error", passed=True)], "PASSED", (1, 0, 0)),
        ([gate("warning", passed=False)], "WARNED", (0, 1, 0)),
        (
            [gate("warning", passed=False), gate("error", passed=False)],
            "FAILED",
            (0, 1, 1),
        ),
    ],
)
def test_gates(
    make: Make, gates: list[GateResult], result: str, lists: tuple[int, int, int]
) -> None:
    said = json.loads(gate_results(make(gates=gates), OWN))["predicate"]
    assert said["result"] == result
    kinds = ("passedTests", "warnedTests", "failedTests")
    assert tuple(len(said[kind]) for kind in kinds) == lists
    assert said["configuration"][0]["digest"]["sha256"] == OWN["manifest.json"]
    for kind in kinds:
        for told in said[kind]:
            assert told == "pii.recall entity=PERSON >= 0.8 (is 0.7)"
