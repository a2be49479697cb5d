"""What a record is a duplicate of, and what was dropped for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pydantic

from isinglass.pipelines.explain.folder import RunFolder, whole_documents
from isinglass.pipelines.read_again import Missing, read_note
from isinglass.pipelines.stage import Line, Story
from isinglass.pipelines.stages.dedup.side_by_side import Beside
from isinglass.schemas.config.dedup import DedupConfig
from isinglass.schemas.errors import InputError
from isinglass.schemas.reasons import DUPLICATE_REASONS, DropReason, Outcome
from isinglass.transforms.dedup.shared import Comparison, Side, compare, pieces

if TYPE_CHECKING:
    from isinglass.schemas.marks import Kind

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
    found = _read(run, row, other)
    texts = [None if isinstance(one, Missing) else one for one in found]
    removed, kept = texts[0], texts[1] if other else None
    notes, clean = [], False
    if isinstance(found[0], Missing):
        notes.append(f"The dropped text cannot be read again: {found[0].why}.")
    if other is not None and isinstance(found[1], Missing):
        notes.append(f"The kept text cannot be read again: {found[1].why}.")
        kept = other[0].clean_text(other[1])
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


def _read(
    run: RunFolder, row: Mapping[str, Any], other: Located | None
) -> list[str | Missing]:
    """Source texts; those of one run are planned together."""
    if other is None:
        return run.source_texts([row])
    holder, kept = other
    if holder.folder == run.folder:
        return run.source_texts([row, kept])
    return [*run.source_texts([row]), *holder.source_texts([kept])]


MOST_REMOVED = 20


def story(run: RunFolder, row: Mapping[str, Any], *, full: bool) -> Story:
    """Of a duplicate both texts; of a kept document all that were dropped for it."""
    texts = None
    folder, located, notes = _kept(run, row)
    if row["reason"] in DUPLICATE_REASONS:
        texts, more = duplicate_texts(run, row, located)
        notes += more
    is_kept = row["outcome"] == Outcome.KEPT
    removed = _removed_for(run, row["doc_id"]) if is_kept else []
    shown = removed[:MOST_REMOVED]
    facts = {
        "removed_for_it": {"count": len(removed), "documents": shown},
        "comparison": comparison_facts(texts),
        "texts": texts_facts(texts),
    }
    if folder is not None:
        facts["evidence"] = {"kept_folder": folder}
    beside = []
    if texts is not None:
        kept_from = "clean text" if texts.kept_is_clean else "source text"
        titles = (
            f"dropped {row['doc_id'][:8]} (source text)",
            f"kept {(row['kept_doc_id'] or 'unknown')[:8]} ({kept_from})",
        )
        beside = [Beside(texts, titles, full)]
    return Story(
        facts=facts,
        lines=tuple(evidence_lines(row, folder, texts)),
        others=tuple(removed_lines(shown, len(removed))) if is_kept else (),
        notes=notes,
        texts=beside,
    )


def _removed_for(run: RunFolder, doc_id: str) -> list[dict[str, Any]]:
    columns = ["doc_id", "reason", "similarity", "kept_doc_id", "kept_in"]
    ours = (pc.field("kept_doc_id") == doc_id) & pc.field("kept_in").is_null()
    found = [
        row
        for _, table in run.each_ledger(columns)
        for row in table.filter(ours).select(columns[:3]).to_pylist()
    ]
    return sorted(found, key=itemgetter("doc_id"))


def _kept(
    run: RunFolder, row: Mapping[str, Any]
) -> tuple[str | None, Located | None, list[str]]:
    """Find the kept document, in this run or in an earlier one.

    Returns the folder of the earlier run that holds it, the run and the row of its
    ledger, each None if there is none or it is not found; and what could not be found.
    """
    holder, folder = run, None
    if row["kept_in"] is not None:
        earlier = _earlier(run, row["kept_in"])
        if earlier is None:
            note = (
                f"The earlier run {row['kept_in']} is not in any folder of "
                "dedup.against; its document cannot be shown."
            )
            return None, None, [note]
        holder, folder = earlier, str(earlier.folder)
    if row["kept_doc_id"] is None:
        return folder, None, []
    try:
        return folder, (holder, holder.find(row["kept_doc_id"])), []
    except InputError as error:
        return folder, None, [f"The kept document cannot be found: {error}"]


def _earlier(run: RunFolder, run_id: str) -> RunFolder | None:
    return dict(_earlier_runs(run)).get(run_id)


def _earlier_runs(run: RunFolder) -> Iterator[tuple[str, RunFolder]]:
    """The runs of `dedup.against` that are still there, by their run_id."""
    note = read_note(run.folder)
    base = Path(note["base"]) if note else Path.cwd()
    for folder in settings(run).against:
        try:
            earlier = RunFolder.open((base / Path(folder).expanduser()).resolve())
        except InputError:
            continue
        yield earlier.manifest["run_id"], earlier


def evidence_lines(
    row: Mapping[str, Any], kept_folder: str | None, texts: Texts | None
) -> Iterator[Line]:
    """Which document was kept instead, and how alike the two are."""
    if row["kept_doc_id"] is None:
        return
    where = "in this run"
    if row["kept_in"] is not None:
        where = f"in the earlier run {row['kept_in']}"
        if kept_folder is not None:
            where += f" ({kept_folder})"
    yield "kept instead", f"{row['kept_doc_id']} {where}"
    inside = row["reason"] == DropReason.CONTAINED
    if row["similarity"] is not None:
        name = "containment" if inside else "similarity"
        yield name, f"{row['similarity']:.6f} in the ledger"
    if texts is not None and texts.comparison is not None:
        yield "", _recomputed(texts, texts.comparison, inside=inside)


def _recomputed(texts: Texts, found: Comparison, *, inside: bool) -> str:
    if found.union:
        value = found.containment if inside else found.jaccard
        said = f"{value:.6f} computed again: of {found.union:,} shingles of "
        said += f"{found.ngram} {found.units}, {found.common:,} are in both "
        if inside:
            said += f"(Jaccard {found.jaccard:.6f})"
        else:
            said += f"({found.containment:.1%} of the dropped text's)"
    else:
        state = "equal" if found.equal else "not equal"
        said = f"both too short for a shingle, and {state} as whole texts"
    if texts.agrees is False:
        said += ". THE TWO DIFFER"
        if texts.kept_is_clean:
            said += " (the kept text is the cleaned one)"
    return said


def removed_lines(removed: Sequence[Mapping[str, Any]], total: int) -> Iterator[Line]:
    """What was dropped for a kept document: the first of so many."""
    if not total:
        yield "kept for", "no other document was dropped for this one"
        return
    plural = "" if total == 1 else "s"
    yield "kept for", f"{total:,} dropped document{plural}"
    for one in removed:
        words, similarity = one["reason"].replace("_", " "), one["similarity"]
        value = "" if similarity is None else f" {similarity:.6f}"
        yield "", f"{one['doc_id']} {words}{value}"
    more = total - len(removed)
    if more:
        yield "", f"and {more:,} more"


_JUDGED = (DropReason.NEAR_DUPLICATE, DropReason.CONTAINED)
_COLUMNS = ("doc_id", "chars_in", "reason", "kept_doc_id", "kept_in", "similarity")


def cases(run: RunFolder, kind: Kind) -> Iterator[pa.Table]:
    """Documents that were dropped for one that is alike; equal ones need no judging."""
    if kind != "removal" or run.manifest["config"].get("dedup") is None:
        return
    known = {run_id: str(one.folder) for run_id, one in _earlier_runs(run)}
    ids = pa.array(known, pa.string())
    folders = pa.array(known.values(), pa.string())
    for _, ledger in run.each_ledger(list(_COLUMNS)):
        some = ledger.filter(pc.is_in(ledger["reason"], value_set=pa.array(_JUDGED)))
        contained = pc.equal(some["reason"], DropReason.CONTAINED.value)
        least = pc.if_else(contained, *_thresholds(run))
        yield pa.table(
            {
                **whole_documents(some),
                "near": pc.abs(pc.subtract(some["similarity"], least)),
                "beside": some["kept_doc_id"],
                "beside_in": some["kept_in"],
                "beside_at": folders.take(pc.index_in(some["kept_in"], ids)),
                "similarity": some["similarity"],
                "threshold": least,
                "kept": some["kept_doc_id"],
                "kept_in": some["kept_in"],
            }
        )


def _thresholds(run: RunFolder) -> tuple[float, float]:
    """Least containment and least similarity of what was dropped."""
    config = settings(run)
    return config.containment or 1.0, config.threshold


def beside(run: RunFolder, reason: str, texts: tuple[str, str]) -> Beside | None:
    """Both texts as they were compared, shared parts opposite each other."""
    if reason not in DUPLICATE_REASONS:
        return None
    config = settings(run)
    compared = compare(*texts, config.ngram, config.normalise)
    both = Texts(*texts, kept_is_clean=False, comparison=compared, agrees=None)
    return Beside(both, ("dropped", "kept instead"), full=False)
