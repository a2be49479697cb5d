"""What a record is a duplicate of, and what was dropped for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from isinglass.pipelines.explain.folder import RunFolder
from isinglass.pipelines.read_again import read_note
from isinglass.pipelines.stage import Story
from isinglass.pipelines.stages.dedup.side_by_side import Beside
from isinglass.pipelines.stages.dedup.story_lines import (
    Removed,
    evidence_lines,
    removed_lines,
)
from isinglass.pipelines.stages.dedup.texts import (
    comparison_facts,
    duplicate_texts,
    settings,
    texts_facts,
)
from isinglass.schemas.errors import InputError
from isinglass.schemas.reasons import DUPLICATE_REASONS, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from isinglass.pipelines.stages.dedup.texts import Located, Texts

MOST_REMOVED = 20


@dataclass(frozen=True)
class _Kept:
    """What was found of the document that was kept instead.

    Attributes:
        folder: Of the earlier run that holds it; None for this run, or if that is
            not found.
        located: The run and the row of its ledger; None if it is not found.
        notes: What could not be found.
    """

    folder: str | None = None
    located: Located | None = None
    notes: tuple[str, ...] = ()


def story(run: RunFolder, row: Mapping[str, Any], *, full: bool) -> Story:
    """Of a duplicate both texts; of a kept document all that were dropped for it.

    Args:
        run: The run.
        row: Row of the ledger.
        full: Whether to fold nothing in the texts.

    Raises:
        InputError: A table or the settings of the run cannot be read.
    """
    kept = _kept(run, row)
    texts, notes = None, list(kept.notes)
    if row["reason"] in DUPLICATE_REASONS:
        texts, more = duplicate_texts(run, row, kept.located)
        notes += more
    is_kept = row["outcome"] == Outcome.KEPT
    removed = _removed_for(run, row["doc_id"]) if is_kept else []
    shown = removed[:MOST_REMOVED]
    documents = [asdict(one) for one in shown]
    facts = {
        "removed_for_it": {"count": len(removed), "documents": documents},
        "comparison": comparison_facts(texts),
        "texts": texts_facts(texts),
    }
    if kept.folder is not None:
        facts["evidence"] = {"kept_folder": kept.folder}
    return Story(
        facts=facts,
        lines=tuple(evidence_lines(row, kept.folder, texts)),
        others=tuple(removed_lines(shown, len(removed))) if is_kept else (),
        notes=notes,
        texts=() if texts is None else (_beside(row, texts, full=full),),
    )


def _beside(row: Mapping[str, Any], texts: Texts, *, full: bool) -> Beside:
    kept_from = "clean text" if texts.kept_is_clean else "source text"
    titles = (
        f"dropped {row['doc_id'][:8]} (source text)",
        f"kept {(row['kept_doc_id'] or 'unknown')[:8]} ({kept_from})",
    )
    return Beside(texts, titles, full)


def _removed_for(run: RunFolder, doc_id: str) -> list[Removed]:
    columns = ["doc_id", "reason", "similarity", "kept_doc_id", "kept_in"]
    ours = (pc.field("kept_doc_id") == doc_id) & pc.field("kept_in").is_null()
    found = [
        Removed(row["doc_id"], row["reason"], row["similarity"])
        for _, table in run.each_ledger(columns)
        for row in table.filter(ours).to_pylist()
    ]
    return sorted(found, key=lambda removed: removed.doc_id)


def _kept(run: RunFolder, row: Mapping[str, Any]) -> _Kept:
    """Find the kept document, in this run or in an earlier one."""
    holder, folder = run, None
    if row["kept_in"] is not None:
        earlier = _earlier(run, row["kept_in"])
        if earlier is None:
            note = (
                f"The earlier run {row['kept_in']} is not in any folder of "
                "dedup.against; its document cannot be shown."
            )
            return _Kept(notes=(note,))
        holder, folder = earlier, str(earlier.folder)
    if row["kept_doc_id"] is None:
        return _Kept(folder)
    try:
        return _Kept(folder, (holder, holder.find(row["kept_doc_id"])))
    except InputError as error:
        return _Kept(folder, notes=(f"The kept document cannot be found: {error}",))


def _earlier(run: RunFolder, run_id: str) -> RunFolder | None:
    note = read_note(run.folder)
    base = Path(note["base"]) if note else Path.cwd()
    for folder in settings(run).against:
        try:
            earlier = RunFolder.open((base / Path(folder).expanduser()).resolve())
        except InputError:
            continue
        if earlier.manifest["run_id"] == run_id:
            return earlier
    return None
