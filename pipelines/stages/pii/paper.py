"""What the papers of a release say of personal data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isinglass.pipelines.stage import Paper
from isinglass.pipelines.stages.pii.leftovers import remarks, unsought
from isinglass.pipelines.stages.pii.recall import NO_NAMES

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData
    from isinglass.schemas.manifest import Manifest

NOT_SCANNED = "The texts were not searched for personal data."
LEAST = 0.95
"""Expected leftovers from which on their number is told."""

CLAIM = (
    "Direct identifiers removed by automatic detection, where they were found. That is "
    "no claim that nobody can be recognised."
)
CLASSES: dict[str | None, str] = {
    "removed": "a placeholder stands there, or nothing",
    "generalised": "something less exact stands there",
    "surrogate": "an invented value stands there",
    "pseudonymised": "a keyed hash stands there: whoever has the key can tell values",
    "kept": "it was found and left as it is",
}


def paper(data: ReportData) -> Paper:
    """Operators, counts, recall and what is probably left; never that nothing is."""
    manifest = data.manifest
    if manifest.config.get("pii") is None:
        return Paper(personal=[NOT_SCANNED], privacy={"searched": False})
    kinds = _kinds(manifest)
    said = [_sentence(name, kind) for name, kind in kinds.items() if kind["found"]]
    changed = [name for name, kind in kinds.items() if kind["class"] != "kept"]
    first = (
        "Direct identifiers of these kinds were removed by automatic detection, or "
        f"replaced, where they were found: {', '.join(changed) or 'none'}."
    )
    return Paper(
        personal=[first, *said],
        limits=[*unsought(manifest), *remarks(manifest)],
        privacy={
            "searched": True,
            "claim": CLAIM,
            "searched_columns": ["text"],
            "mode": (data.part("pii") or {}).get("mode"),
            "classes": CLASSES,
            "kinds": kinds,
            "not_measured": manifest.not_measured,
            "left_alone_by_a_list": manifest.allowed,
            "second_scan_documents": manifest.second_scan
            and manifest.second_scan.documents,
        },
    )


def _kinds(manifest: Manifest) -> dict[str, dict[str, Any]]:
    """Of each kind of identifier: what was done, what was found, what is missed."""
    again = manifest.second_scan.entities if manifest.second_scan else {}
    names = {*manifest.operators, *manifest.findings, *manifest.recall}
    names -= {k for k, why in manifest.not_measured.items() if why == NO_NAMES}
    return {name: _kind(manifest, name, again.get(name)) for name in sorted(names)}


def _kind(manifest: Manifest, name: str, again: Any) -> dict[str, Any]:
    used, count = manifest.operators.get(name), manifest.findings.get(name)
    recall, left = manifest.recall.get(name), manifest.expected_leftovers.get(name)
    return {
        "operator": used and used.operator,
        "class": used and used.privacy_class,
        "found": count.found if count else 0,
        "changed": count.changed if count else 0,
        "kept": count.kept if count else 0,
        "recall": recall and recall.model_dump(),
        "expected_leftovers": left and left.model_dump(),
        "second_scan": again and again.model_dump(),
    }


def _sentence(name: str, kind: dict[str, Any]) -> str:
    told = CLASSES.get(kind["class"], "by a stage from outside")
    line = f"{name}: {kind['found']:,} found, {kind['changed']:,} changed ({told})"
    recall, left = kind["recall"], kind["expected_leftovers"]
    if recall:
        line += (
            f"; {recall['found']:,} of {recall['planted']:,} planted ones were found"
        )
    if left and left["expected"] is not None:
        some = left["expected"] >= LEAST
        about = f"about {left['expected']:,.1f}" if some else "fewer than one"
        line += f", so {about} may be expected to be left"
    return f"{line}."
