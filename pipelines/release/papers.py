"""All papers of a release, by name, in the order in which they are written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from isinglass.pipelines.release.card import card
from isinglass.pipelines.release.croissant import croissant
from isinglass.pipelines.release.privacy import privacy
from isinglass.pipelines.release.provenance import gate_results, provenance
from isinglass.pipelines.release.render import render
from isinglass.pipelines.release.training_content import (
    training_content,
    training_content_json,
)

if TYPE_CHECKING:
    from isinglass.pipelines.release.facts import Facts


def papers(facts: Facts, own: Mapping[str, str]) -> dict[str, str]:
    """Text of each paper; `own` are hashes of `manifest.json` and `report.html`."""
    told = {
        "README.md": card(facts),
        "croissant.json": croissant(facts),
        "DATASHEET.md": render("DATASHEET.md.j2", facts),
        "eu-training-content.md": training_content(facts),
        "eu-training-content.json": training_content_json(facts),
        "privacy.json": privacy(facts),
    }
    hashes = {file.path: file.sha256 for file in facts.files} | dict(own)
    hashes |= {name: text_sha256(text) for name, text in told.items()}
    return {
        "provenance.intoto.json": provenance(facts, hashes),
        **told,
        "test-result.intoto.json": gate_results(facts, hashes),
    }


def text_sha256(text: str) -> str:
    """SHA-256 of a text as a file has it, hex."""
    return hashlib.sha256(text.encode()).hexdigest()
