"""The two texts of a duplicate, from the inputs or from the clean data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pydantic

from isinglass.pipelines.read_again import Missing, find_place, source_texts
from isinglass.schemas.config.dedup import DedupConfig
from isinglass.schemas.errors import InputError
from isinglass.schemas.reasons import DropReason
from isinglass.transforms.dedup.shared import Comparison, Side, compare, pieces

if TYPE_CHECKING:
    from isinglass.pipelines.explain.folder import RunFolder

    Located = tuple[RunFolder, Mapping[str, Any]]
    """A run, and one row of its ledger."""

_SAME = 1e-9
"""Two similarities that differ by less are the same."""


@dataclass(frozen=True)
class Texts:
    """The text of a duplicate and that of the document kept instead.

    A text is None if it cannot be read; a kept one that is clean is from `data/`, so
    after cleaning. `agrees` says whether the similarity is that of the ledger; None if
    one of the two numbers is missing.
    """

    removed: str | None
    kept: str | None
    kept_is_clean: bool
    comparison: Comparison | None
    agrees: bool | None


def duplicate_texts(
    run: RunFolder, row: Mapping[str, Any], other: Located | None
) -> tuple[Texts, list[str]]:
    """Read both texts again and compare them as the run did; `other` was kept.

    Returns the texts, and notes on what could not be read.
    """
    found = _read([(run, row), *([other] if other else [])])
    texts = [None if isinstance(one, Missing) else one for one in found]
    removed, kept = texts[0], texts[1] if other else None
    notes, clean = [], False
    if isinstance(found[0], Missing):
        notes.append(f"The dropped text cannot be read again: {found[0].why}.")
    if other is not None and isinstance(found[1], Missing):
        notes.append(f"The kept text cannot be read again: {found[1].why}.")
        holder, place = other
        rows = holder.rows(place["shard"], "data", place["doc_id"], ["doc_id", "text"])
        kept = rows[0]["text"] if rows else None
        clean = kept is not None
    if clean:
        notes.append("The kept text is shown as it is in data/, after cleaning.")
    config = settings(run)
    comparison = agrees = None
    if removed is not None and kept is not None:
        comparison = compare(removed, kept, config.ngram, config.normalise)
    if comparison is not None and row["similarity"] is not None:
        inside = row["reason"] == DropReason.CONTAINED
        again = comparison.containment if inside else comparison.jaccard
        agrees = abs(again - row["similarity"]) <= _SAME
    return Texts(removed, kept, clean, comparison, agrees), notes


def comparison_facts(texts: Texts | None) -> dict[str, Any] | None:
    """The comparison as a JSON-able value; None if nothing was compared."""
    if texts is None or texts.comparison is None:
        return None
    found = texts.comparison
    return {
        "jaccard": found.jaccard,
        "containment": found.containment,
        "common_shingles": found.common,
        "shingles": {"removed": found.left.shingles, "kept": found.right.shingles},
        "equal_once_normalised": found.equal,
        "compared_by": found.left.compared_by,
        "ngram": found.ngram,
        "agrees_with_ledger": texts.agrees,
    }


def texts_facts(texts: Texts | None) -> dict[str, Any] | None:
    """Each text as pieces that join to it, JSON-able.

    `shared` of a piece is null where the other text is not at hand.
    """
    if texts is None:
        return None
    found = texts.comparison
    kept_from = "clean" if texts.kept_is_clean else "source"
    return {
        "removed": _pieces(texts.removed, found.left if found else None, "source"),
        "kept": _pieces(texts.kept, found.right if found else None, kept_from),
    }


def _pieces(text: str | None, side: Side | None, origin: str) -> dict[str, Any] | None:
    if text is None:
        return None
    cut = [piece._asdict() for piece in pieces(side)] if side else []
    return {"origin": origin, "pieces": cut or [{"text": text, "shared": None}]}


def settings(run: RunFolder) -> DedupConfig:
    """The settings by which documents were compared.

    Raises:
        InputError: This version does not read them.
    """
    section = run.manifest["config"].get("dedup") or {}
    try:
        return DedupConfig.model_validate(section)
    except pydantic.ValidationError:
        raise InputError(
            f"The dedup section in {run.folder / 'manifest.json'} is not one that "
            "this version reads. Explain the run with the version that made it."
        ) from None


def _read(wanted: list[Located]) -> list[str | Missing]:
    """Source texts; those of one run are planned together."""
    found: dict[int, str | Missing] = {}
    for folder in {run.folder for run, _ in wanted}:
        places, indices = [], []
        for index, (run, row) in enumerate(wanted):
            if run.folder != folder:
                continue
            inputs = run.manifest["inputs"]
            place = find_place(inputs, row["doc_id"], row["path"], row["row"])
            if place is None:
                found[index] = Missing(f"the manifest names no file {row['path']}")
            else:
                places.append(place)
                indices.append(index)
        found |= zip(indices, source_texts(folder, places), strict=True)
    return [found[index] for index in range(len(wanted))]
