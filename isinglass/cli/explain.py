"""`isinglass explain RUN DOC_ID`: what happened to a record, and why."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from isinglass.cli.finding_lines import finding_lines
from isinglass.cli.options import Format, FormatOption
from isinglass.schemas.reasons import DropReason, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from isinglass.pipelines.explain import Explanation
    from isinglass.transforms.dedup.shared import Comparison, Side

_NAME_WIDTH = 14


def explain(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    doc_id: Annotated[
        str, typer.Argument(help="Its doc_id, or at least the first 8 digits of it.")
    ],
    *,
    full: Annotated[
        bool, typer.Option("--full", help="Show whole texts; fold nothing.")
    ] = False,
    format_: FormatOption = Format.TEXT,
) -> int:
    """Tell where a record came from, what became of it and on what evidence.

    For a duplicate, shows its text beside that of the document kept instead.
    """
    # Heavy imports wait until the arguments are known to be right.
    from isinglass.pipelines.explain import explain as tell  # noqa: PLC0415

    told = tell(run, doc_id)
    if format_ is Format.JSON:
        typer.echo(json.dumps(as_json(told), indent=2))
    else:
        show(told, _console(), full=full)
    return 0


def _console() -> Console:
    from rich.console import Console  # noqa: PLC0415

    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that lacks a character shows its number instead.
        sys.stdout.reconfigure(errors="backslashreplace")
    return Console(highlight=False, markup=False, emoji=False)


def as_json(told: Explanation) -> dict[str, Any]:
    """The whole explanation as a JSON-able value; its form is part of the contract.

    `texts` holds each text as pieces that join to it. `shared` of a piece is null
    where the other text is not at hand.
    """
    return {
        "run": told.run,
        "record": asdict(told.record),
        "evidence": asdict(told.evidence) if told.evidence else None,
        "removed_for_it": {
            "count": told.removed_total,
            "documents": [asdict(removed) for removed in told.removed],
        },
        "comparison": _comparison_json(told),
        "texts": _texts_json(told),
        "notes": list(told.notes),
    }


def _comparison_json(told: Explanation) -> dict[str, Any] | None:
    if told.texts is None or told.texts.comparison is None:
        return None
    found = told.texts.comparison
    return {
        "jaccard": found.jaccard,
        "containment": found.containment,
        "common_shingles": found.common,
        "shingles": {"removed": found.left.shingles, "kept": found.right.shingles},
        "equal_once_normalised": found.equal,
        "compared_by": found.left.compared_by,
        "ngram": found.ngram,
        "agrees_with_ledger": told.texts.agrees,
    }


def _texts_json(told: Explanation) -> dict[str, Any] | None:
    from isinglass.transforms.dedup.shared import pieces  # noqa: PLC0415

    texts = told.texts
    if texts is None:
        return None

    def text_json(text: str | None, side: Side | None, origin: str) -> Any:
        if text is None:
            return None
        cut = [asdict(p) for p in pieces(side)] if side else []
        return {"origin": origin, "pieces": cut or [{"text": text, "shared": None}]}

    found = texts.comparison
    kept_from = "clean" if texts.kept_is_clean else "source"
    return {
        "removed": text_json(texts.removed, found.left if found else None, "source"),
        "kept": text_json(texts.kept, found.right if found else None, kept_from),
    }


def show(told: Explanation, console: Console, *, full: bool = False) -> None:
    """Print an explanation for a person."""
    from rich.text import Text  # noqa: PLC0415

    from isinglass.pipelines.report.text import visible  # noqa: PLC0415

    run = told.run
    head = f"Document {told.record.doc_id}"
    about = f"run {run['run_id']} ({run['name']}, {run['verb']}, {run['verdict']})"
    title = Text.assemble((visible(head), "bold"), visible(f" of {about}"))
    console.print(title, soft_wrap=True)
    console.print()
    for name, value in _lines(told, full=full):
        line = Text.assemble((f"{name:<{_NAME_WIDTH}}", "dim"), visible(value))
        console.print(line, soft_wrap=True)
    for note in told.notes:
        console.print(
            Text.assemble(("Note: ", "yellow"), visible(note)), soft_wrap=True
        )
    if told.texts is not None:
        console.print()
        _show_texts(told, console, full=full)


def _lines(told: Explanation, *, full: bool) -> Iterator[tuple[str, str]]:
    """Name and value of each line; a line that goes on has no name."""
    record = told.record
    words = (record.reason or "").replace("_", " ")
    yield "outcome", f"{record.outcome}: {words}" if words else record.outcome
    if record.sentence:
        yield "", record.sentence
    if record.detail:
        yield "detail", record.detail
    source = record.source or "source not found in the manifest"
    yield "from", f"{source}, {record.path}, row {record.row:,}"
    yield "shard", record.shard
    if record.rule:
        yield "rule", record.rule
    if record.compared_by:
        yield "compared by", record.compared_by.replace("_", " ")
    yield from _size_lines(told)
    yield from _evidence_lines(told)
    yield from finding_lines(told.record, full=full)
    if record.balance_weight is not None:
        yield "weight", f"{record.balance_weight:.6g}"
    if record.outcome == Outcome.KEPT:
        yield from _removed_lines(told)


def _size_lines(told: Explanation) -> Iterator[tuple[str, str]]:
    record = told.record
    if record.chars_in is not None:
        kept = record.outcome == Outcome.KEPT and record.chars_out is not None
        out = f", {record.chars_out:,} out" if kept else ""
        yield "characters", f"{record.chars_in:,} in{out}"


def _evidence_lines(told: Explanation) -> Iterator[tuple[str, str]]:
    evidence = told.evidence
    if evidence is None:
        return
    if evidence.kept_doc_id is not None:
        where = "in this run"
        if evidence.kept_in is not None:
            where = f"in the earlier run {evidence.kept_in}"
            if evidence.kept_folder is not None:
                where += f" ({evidence.kept_folder})"
        yield "kept instead", f"{evidence.kept_doc_id} {where}"
    if evidence.evaluation_item is not None:
        yield "found in it", evidence.evaluation_item
    if evidence.similarity is not None:
        name = "similarity"
        if evidence.evaluation_item is not None:
            name = "longest match"
        elif told.record.reason == DropReason.CONTAINED:
            name = "containment"
        yield name, f"{evidence.similarity:.6f} in the ledger"
    found = told.texts.comparison if told.texts else None
    if found is not None:
        yield "", _recomputed(told, found)


def _recomputed(told: Explanation, found: Comparison) -> str:
    assert told.texts is not None
    if found.union:
        inside = told.record.reason == DropReason.CONTAINED
        value = found.containment if inside else found.jaccard
        units = found.left.compared_by
        said = f"{value:.6f} computed again: of {found.union:,} shingles of "
        said += f"{found.ngram} {units}, {found.common:,} are in both "
        if inside:
            said += f"(Jaccard {found.jaccard:.6f})"
        else:
            said += f"({found.containment:.1%} of the dropped text's)"
    else:
        state = "equal" if found.equal else "not equal"
        said = f"both too short for a shingle, and {state} as whole texts"
    if told.texts.agrees is False:
        said += ". THE TWO DIFFER"
        if told.texts.kept_is_clean:
            said += " (the kept text is the cleaned one)"
    return said


def _removed_lines(told: Explanation) -> Iterator[tuple[str, str]]:
    if not told.removed_total:
        yield "kept for", "no other document was dropped for this one"
        return
    plural = "" if told.removed_total == 1 else "s"
    yield "kept for", f"{told.removed_total:,} dropped document{plural}"
    for removed in told.removed:
        words = removed.reason.replace("_", " ")
        value = "" if removed.similarity is None else f" {removed.similarity:.6f}"
        yield "", f"{removed.doc_id} {words}{value}"
    more = told.removed_total - len(told.removed)
    if more:
        yield "", f"and {more:,} more"


def _show_texts(told: Explanation, console: Console, *, full: bool) -> None:
    from rich.text import Text  # noqa: PLC0415

    from isinglass.cli.side_by_side import (  # noqa: PLC0415
        Look,
        one_text,
        side_by_side,
    )

    texts = told.texts
    assert texts is not None
    kept = told.evidence.kept_doc_id if told.evidence else None
    coloured = console.is_terminal and console.color_system and not console.no_color
    look = Look(marks=not coloured, full=full)
    kept_from = "clean text" if texts.kept_is_clean else "source text"
    titles = (
        f"dropped {told.record.doc_id[:8]} (source text)",
        f"kept {(kept or 'unknown')[:8]} ({kept_from})",
    )
    if texts.comparison is not None:
        table, left_out = side_by_side(texts.comparison, titles, look)
        console.print(table)
        if left_out:
            more = f"… {left_out:,} more rows; --full shows everything."
            console.print(Text(more, "dim"))
        console.print(Text(look.legend(), "dim"))
        return
    for title, text in zip(titles, (texts.removed, texts.kept), strict=True):
        if text is not None:
            console.print(Text(title, "bold"))
            console.print(one_text(text, look))
