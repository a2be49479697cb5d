"""In-toto statements: how the files came to be (SLSA), and how the gates went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from isinglass import __version__
from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.release.inert import json_text
from isinglass.pipelines.report.text import visible

if TYPE_CHECKING:
    from isinglass.pipelines.release.facts import Facts
    from isinglass.schemas.manifest import GateResult

STATEMENT = "https://in-toto.io/Statement/v1"
SLSA = "https://slsa.dev/provenance/v1"
TESTS = "https://in-toto.io/attestation/test-result/v0.1"
BUILD = "urn:isinglass:run:v1"
BUILDER = "urn:isinglass:builder"


def provenance(facts: Facts, hashes: Mapping[str, str]) -> str:
    """How the published files came to be; `hashes` are of those, by path.

    The settings that the papers were made with stand in it, so that the papers can be
    made again and compared.
    """
    manifest = facts.manifest
    settings = facts.settings.model_dump(mode="json", exclude_defaults=True)
    definition = {
        "buildType": BUILD,
        "externalParameters": {
            "verb": manifest.verb,
            "config": manifest.config,
            "release": settings,
        },
        "internalParameters": {
            "release_version": __version__,
            "open": [visible(one.path) for one in facts.open],
        },
        "resolvedDependencies": _dependencies(facts),
    }
    details = {
        "builder": {
            "id": BUILDER,
            "version": {"isinglass": manifest.isinglass_version},
        },
        "metadata": {
            "invocationId": manifest.run_id,
            "finishedOn": manifest.created,
        },
    }
    return _statement(
        hashes, SLSA, {"buildDefinition": definition, "runDetails": details}
    )


def gate_results(facts: Facts, hashes: Mapping[str, str]) -> str:
    """How each gate of the run went."""
    gates = facts.manifest.gates
    failed = [g for g in gates if not g.passed]
    warned = [_gate(g) for g in failed if g.severity == "warning"]
    fatal = [_gate(g) for g in failed if g.severity == "error"]
    result = "FAILED" if fatal else "WARNED" if warned else "PASSED"
    reference = {
        "name": "manifest.json",
        "digest": {"sha256": hashes["manifest.json"]},
    }
    predicate = {
        "result": result,
        "configuration": [reference],
        "passedTests": [_gate(g) for g in gates if g.passed],
        "warnedTests": warned,
        "failedTests": fatal,
    }
    return _statement(hashes, TESTS, predicate)


def release_id(hashes: Mapping[str, str]) -> str:
    """One hash over the sorted paths and hashes of what is published."""
    return digest(sorted(hashes.items()))


def _statement(hashes: Mapping[str, str], kind: str, predicate: Any) -> str:
    subjects = [
        {"name": name, "digest": {"sha256": sha256}}
        for name, sha256 in sorted(hashes.items())
    ]
    return json_text(
        {
            "_type": STATEMENT,
            "subject": subjects,
            "predicateType": kind,
            "predicate": predicate,
        }
    )


def _gate(gate: GateResult) -> str:
    where = "".join(f" {k}={v}" for k, v in sorted(gate.slice.items()))
    least = f"{gate.op} {gate.value!r}"
    return visible(f"{gate.metric}{where} {least} (is {gate.actual!r})")


def _dependencies(facts: Facts) -> list[dict[str, Any]]:
    manifest = facts.manifest
    inputs = [(f"input {one.source}/{one.path}", one.sha256) for one in manifest.inputs]
    models = [(f"model {one.name}", one.sha256) for one in manifest.models]
    lexicons = [(f"lexicon {one.name}", one.sha256) for one in manifest.lexicons]
    found: list[dict[str, Any]] = [
        {"name": visible(name), "digest": {"sha256": sha256}}
        for name, sha256 in [*inputs, *models, *lexicons]
        if sha256
    ]
    packages = sorted(manifest.packages.items())
    return found + [{"uri": f"pkg:pypi/{name}@{version}"} for name, version in packages]
